"""SQL text: deterministic, bound, and never without the viewer's scope."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from warehouse.compile import Slice, Sql, Window, applications, facts, people
from warehouse.errors import DefinitionError
from warehouse.metrics.model import Count, Cumulative, Percentile, Share, Sum, Trait
from warehouse.model import Grain, Period, Role, Scope, Viewer
from warehouse.rollups import FACT, PERSON_DAY, USAGE_DAY

PERIOD = Period(start=date(2024, 1, 1), end=date(2024, 3, 1))
SOME = Viewer(name="x", role=Role.OFFICIAL, scope=Scope(districts=frozenset({"north", "south"})))


class Names:
    """Tables by name, so that a text can be read; nothing is run here."""

    def table(
        self, dataset: str, table: str, *, period: Period | None, columns: tuple[str, ...] = ()
    ) -> str:
        return f"<{table} {' '.join(columns)}>"

    def select(self, sql: str, parameters: object = ()) -> list[tuple[object, ...]]:
        raise AssertionError("compiling reads nothing")


def _part(**more: object) -> Slice:
    plain = Slice(
        dataset="service_event",
        window=Window(period=PERIOD, grain=Grain.MONTH),
        viewer=SOME,
        zone=ZoneInfo("Asia/Shanghai"),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


LOANS = {"dataset": "loan_event"}
STATEMENTS = {
    "fact": lambda: facts.statement(Names(), _part(), [Count()], FACT),
    "usage_day": lambda: facts.statement(Names(), _part(), [Count()], USAGE_DAY),
    "contributors": lambda: facts.contributors(Names(), _part(), [()], from_rollups=False),
    "contributors rolled": lambda: facts.contributors(Names(), _part(), [()], from_rollups=True),
    "bound": lambda: facts.bound(Names(), _part(), [()]),
    "growth": lambda: people.accounting(Names(), _part(), PERIOD, PERIOD.start),
    "served": lambda: people.first_completed(Names(), _part(), PERIOD.start),
    "loans": lambda: applications.statement(Names(), _part(**LOANS), [Count()]),
    "applications": lambda: applications.lattice(Names(), _part(**LOANS), [()]),
    "reached": lambda: applications.reached(Names(), _part(**LOANS)),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_when_compiled_then_carries_the_scope_and_binds_it(name: str) -> None:
    sql: Sql = STATEMENTS[name]()
    assert '"district" IN (?, ?)' in sql.text
    assert sql.text.count("?") == len(sql.parameters)
    assert "north" not in sql.text and set(sql.parameters) == {"north", "south"}
    assert sql == STATEMENTS[name]()


def test_statement_when_filtered_then_members_are_parameters() -> None:
    part = _part(where=(("scene", ("'; DROP TABLE x --",)),), by=("channel",))
    sql = facts.statement(Names(), part, [Count()], USAGE_DAY)
    assert "DROP" not in sql.text
    assert sql.parameters == ("north", "south", "'; DROP TABLE x --")


def test_statement_when_cut_within_a_day_then_instant_is_bound_last() -> None:
    until = datetime(2024, 2, 10, 7, 30)
    part = _part(window=Window(period=PERIOD, until=until))
    sql = facts.statement(Names(), part, [Count()], FACT)
    assert '"occurred_at" <= ?' in sql.text
    assert sql.parameters[-1] == until


@pytest.mark.parametrize(
    ("measure", "text"),
    [
        (Count(), "count(*) FILTER (WHERE TRUE)"),
        (Sum(column="volume"), 'coalesce(CAST(sum("volume") AS BIGINT), 0)'),
        (
            Percentile(column="latency_ms", at=0.5),
            'round(percentile_cont(0.5) WITHIN GROUP (ORDER BY "latency_ms")'
            " FILTER (WHERE TRUE), 3)",
        ),
    ],
)
def test_value_when_compiled_then_standard_sql(measure: Count | Sum, text: str) -> None:
    assert facts.value(measure) == text


def test_value_when_rolled_up_then_weighs_by_the_summed_events() -> None:
    share = Share(test=Trait.COMPLETED, base=Trait.FINISHED)
    text = facts.value(share, "events")
    assert text.count("sum(events)") == 2 and "nullif" in text


def test_value_when_kind_needs_history_then_definition_error() -> None:
    with pytest.raises(DefinitionError, match="Cumulative"):
        facts.value(Cumulative())


def test_table_when_chosen_then_reads_only_its_columns() -> None:
    sql = facts.statement(Names(), _part(by=("scene",)), [Count()], USAGE_DAY)
    assert "<usage_day scene day district events>" in sql.text
    assert f"<{PERSON_DAY} day district person>" in STATEMENTS["contributors rolled"]().text
