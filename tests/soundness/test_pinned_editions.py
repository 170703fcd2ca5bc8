"""A definition that changes on a day: history keeps its number, units are never mixed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.tiny import build_home
from warehouse import metrics
from warehouse.answer import Warehouse
from warehouse.errors import DefinitionError, NotDecomposable
from warehouse.metrics.model import Count, Distinct, Edition, Metric, Trait
from warehouse.model import (
    Cell,
    Compare,
    EditionUse,
    Grain,
    Label,
    MetricQuery,
    Period,
    Result,
    Role,
    Scope,
    Viewer,
)

ALL = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
NEW_DAY = date(2026, 2, 16)
SAID = Label(zh="示", en="said")
OLD = Edition(
    since=date(2024, 1, 1),
    sentence=Label(zh="全部事件。", en="All events."),
    formula="count(events)",
    measure=Count(),
    owner=SAID,
)


def _changed(name: str, **more: Any) -> Metric:
    """`usage.events` under another name; from 16 February only completed events count."""
    base = metrics.CATALOGUE["usage.events"]
    change = Label(zh="只计办结", en="Only completed ones")
    own = {"since": NEW_DAY, "earlier": (OLD,), "change": change, **more}
    return replace(base, name=name, measure=Count(test=Trait.COMPLETED), **own)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    changed = _changed("test.events")
    catalogue = MappingProxyType({**metrics.CATALOGUE, changed.name: changed})
    monkeypatch.setattr(metrics, "CATALOGUE", catalogue)
    rows = [
        *_crowd(5, "2026-01-05"),
        *_crowd(3, "2026-01-05", outcome="failed"),
        *_crowd(7, "2026-02-10"),
        *_crowd(4, "2026-02-10", outcome="failed"),
        *_crowd(6, "2026-02-20"),
        *_crowd(3, "2026-02-20", outcome="failed"),
        *_crowd(8, "2026-03-10", scene="tax"),
        *_crowd(9, "2026-03-10", scene="tax", outcome="failed"),
        *_crowd(3, "2026-04-01"),
    ]
    warehouse = Warehouse.open(replace(build_home(tmp_path, service_events=rows), small_cell=3))

    yield warehouse
    warehouse.close()


@pytest.fixture
def ask(house: Warehouse) -> Any:
    def question(*names: str, days: tuple[str, str], **more: Any) -> Result:
        start, end = (date.fromisoformat(day) for day in days)
        period = Period(start=start, end=end)
        return house.answer(MetricQuery(metrics=names, period=period, **more), ALL)

    return question


def _crowd(count: int, day: str, **more: Any) -> list[dict[str, Any]]:
    at = datetime.fromisoformat(f"{day}T04:00:00+00:00")
    row = {"occurred_at": at, "scene": "fund", "outcome": "completed", **more}
    return [{**row, "person": f"p{i}"} for i in range(count)]


def _days(text: str) -> Period:
    start, end = text.split("/")
    return Period(start=date.fromisoformat(start), end=date.fromisoformat(end))


def test_days_when_the_definition_changes_then_each_by_the_edition_of_its_own(ask: Any) -> None:
    result = ask("test.events", days=("2026-02-10", "2026-02-21"), grain=Grain.DAY)
    numbers = {str(row.period.start)[8:]: row.cells[0].value for row in result.rows}
    assert (numbers["10"], numbers["20"]) == (11, 6)
    assert [(use.number, use.period, use.overtaken) for use in result.editions] == [
        (1, _days("2026-02-10/2026-02-16"), None),
        (2, _days("2026-02-16/2026-02-21"), None),
    ]


def test_month_when_it_holds_the_change_then_counted_by_its_first_day_and_says_so(
    ask: Any,
) -> None:
    result = ask(
        "test.events", "usage.events", days=("2026-01-01", "2026-04-01"), grain=Grain.MONTH
    )
    assert [tuple(cell.value for cell in row.cells) for row in result.rows] == [
        (8, 8),
        (20, 20),  # all of February by the first edition, also what came after the change
        (8, 17),
    ]
    assert result.editions == (
        EditionUse(
            metric="test.events",
            number=1,
            since=date(2024, 1, 1),
            period=_days("2026-01-01/2026-03-01"),
            overtaken=NEW_DAY,
        ),
        EditionUse(
            metric="test.events", number=2, since=NEW_DAY, period=_days("2026-03-01/2026-04-01")
        ),
        EditionUse(
            metric="usage.events",
            number=1,
            since=date(2024, 1, 1),
            period=_days("2026-01-01/2026-04-01"),
        ),
    )


def test_period_when_without_units_then_by_the_edition_of_its_first_day(ask: Any) -> None:
    old = ask("test.events", days=("2026-02-10", "2026-04-01"))
    new = ask("test.events", days=("2026-02-16", "2026-04-01"))
    assert [r.rows[0].cells[0].value for r in (old, new)] == [7 + 4 + 9 + 17, 6 + 8]


def test_comparison_when_it_crosses_the_change_then_marked(ask: Any) -> None:
    result = ask(
        "test.events",
        "usage.events",
        days=("2026-02-01", "2026-04-01"),
        grain=Grain.MONTH,
        compare=Compare.PREVIOUS,
    )
    assert [row.cells for row in result.rows] == [
        (Cell(value=20, base=8), Cell(value=20, base=8)),
        (Cell(value=8, base=20, is_broken=True), Cell(value=17, base=20)),
    ]


def test_split_when_the_change_crosses_an_edition_then_refused_else_by_its_own(
    house: Warehouse,
) -> None:
    query = MetricQuery(
        metrics=("test.events",),
        period=_days("2026-03-01/2026-04-01"),
        grain=Grain.MONTH,
        compare=Compare.PREVIOUS,
    )
    with pytest.raises(NotDecomposable, match=r"definition of test\.events changed"):
        house.contribution(query, "scene", ALL)
    february = replace(query, period=_days("2026-02-01/2026-03-01"))
    split = house.contribution(february, "scene", ALL)
    assert (split.now, split.base) == (20, 8)


def test_members_when_only_one_edition_knows_them_then_zero_in_the_others_units(
    ask: Any,
) -> None:
    result = ask("test.events", days=("2026-02-01", "2026-04-01"), grain=Grain.MONTH, by=("scene",))
    found = {(str(row.period.start)[5:7], *row.members): row.cells[0] for row in result.rows}
    assert found == {
        ("02", "fund"): Cell(value=20),
        ("02", "tax"): Cell(value=0),
        ("03", "fund"): Cell(value=0),
        ("03", "tax"): Cell(value=8),
    }


def test_edition_when_a_day_is_before_the_first_then_the_first(ask: Any) -> None:
    metric = metrics.find("test.events")
    assert metric.edition_on(date(2020, 1, 1)).number == 1
    assert metric.edition_on(date(2026, 2, 15)).number == 1
    assert metric.edition_on(NEW_DAY).number == 2
    assert [edition.formula for edition in metric.editions] == ["count(events)", "count(events)"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"since": date(2024, 1, 1)}, "do not follow"),
        ({"change": Label(zh="", en="")}, "says no change"),
        ({"earlier": (replace(OLD, number=2),)}, "do not follow"),
        ({"earlier": (replace(OLD, measure=Distinct(column="person")),)}, "add up"),
    ],
)
def test_metric_when_its_editions_are_declared_wrongly_then_refused(
    more: dict[str, Any], says: str
) -> None:
    with pytest.raises(DefinitionError, match=says):
        _changed("test.events", **more)
