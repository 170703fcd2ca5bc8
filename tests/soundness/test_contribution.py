"""Why a number changed: parts add up to the last digit, and are what plain Python counts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import build_home
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.contribution import (
    HIDDEN,
    MIXED,
    OVERLAP,
    PEOPLE,
    SUMS,
    Contribution,
    Part,
    split_people,
    split_shares,
    split_sums,
)
from warehouse.errors import DefinitionError, NotDecomposable, QueryError
from warehouse.metrics import CATALOGUE
from warehouse.metrics.model import Share
from warehouse.model import Compare, Grain, MetricQuery, Period, Role, Scope, Viewer

# --- pure: random tables ----------------------------------------------------------------------

_COUNTS = st.integers(0, 10**12)
_PAIR = st.tuples(_COUNTS, _COUNTS).map(lambda p: (Fraction(p[0]), Fraction(p[1])))
_TABLE = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), _PAIR, max_size=12)
_LEFT_OUT = st.sets(st.integers(0, 11), max_size=12)
_HALF = Fraction(1, 2)


def _sum(pairs: Sequence[tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction]:
    return sum((p[0] for p in pairs), Fraction(0)), sum((p[1] for p in pairs), Fraction(0))


def _change(parts: Sequence[Part]) -> Fraction:
    return sum((part.change for part in parts), Fraction(0))


@given(_TABLE, _LEFT_OUT)
def test_sums_when_split_then_parts_add_up(
    table: dict[str, tuple[Fraction, Fraction]], gone: set[int]
) -> None:
    total = _sum(list(table.values()))
    shown = {m: None if i in gone else p for i, (m, p) in enumerate(table.items())}
    parts = split_sums(total, shown)
    assert _change(parts) == total[0] - total[1]
    sizes = [abs(part.change) for part in parts]
    assert sizes == sorted(sizes, reverse=True)
    assert (HIDDEN in {part.member for part in parts}) == (None in shown.values())


@given(_PAIR, _TABLE, _LEFT_OUT)
def test_people_when_split_then_overlap_makes_it_add_up(
    total: tuple[Fraction, Fraction], table: dict[str, tuple[Fraction, Fraction]], gone: set[int]
) -> None:
    shown = {m: None if i in gone else p for i, (m, p) in enumerate(table.items())}
    parts = split_people(total, shown)
    assert _change(parts) == total[0] - total[1]
    names = {part.member for part in parts}
    assert HIDDEN not in names
    assert (MIXED in names) == (None in shown.values())


_SHARE = st.tuples(_COUNTS, _COUNTS, _COUNTS, _COUNTS).map(
    lambda n: (
        (Fraction(min(n[0], n[1])), Fraction(min(n[2], n[3]))),
        (Fraction(max(n[0], n[1])), Fraction(max(n[2], n[3]))),
    )
)


@given(
    st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), _SHARE, min_size=1, max_size=12),
    _LEFT_OUT,
)
def test_shares_when_split_then_mix_and_rate_add_up_without_residual(
    table: dict[str, Any], gone: set[int]
) -> None:
    tests = _sum([own[0] for own in table.values()])
    bases = _sum([own[1] for own in table.values()])
    if not all(bases):
        return
    shown = {m: None if i in gone else own for i, (m, own) in enumerate(table.items())}
    parts = split_shares(tests, bases, shown)
    assert _change(parts) == tests[0] / bases[0] - tests[1] / bases[1]
    for part in parts:
        assert part.mix is not None and part.rate is not None
        assert part.mix + part.rate == part.change


def test_shares_when_worked_by_hand_then_these_parts() -> None:
    """A: 50 of 100 -> 90 of 200; B: 90 of 100 -> 48 of 50. R0 = 0.7, R1 = 138/250 = 0.552."""
    both = {"A": ((Fraction(90), Fraction(50)), (Fraction(200), Fraction(100))),
            "B": ((Fraction(48), Fraction(90)), (Fraction(50), Fraction(100)))}  # fmt: skip
    second, first = split_shares(
        (Fraction(138), Fraction(140)), (Fraction(250), Fraction(200)), both
    )
    middle = Fraction("0.626")
    assert (first.member, second.member) == ("B", "A")  # -0.0702 and -0.0778
    assert second.rate == (Fraction("0.45") - _HALF) * (Fraction("0.8") + _HALF) / 2
    assert second.mix == (Fraction("0.8") - _HALF) * (Fraction("0.475") - middle)
    assert first.rate == (Fraction("0.96") - Fraction("0.9")) * (Fraction("0.2") + _HALF) / 2
    assert first.mix == (Fraction("0.2") - _HALF) * (Fraction("0.93") - middle)
    assert first.change + second.change == Fraction("-0.148")
    assert second.weight == (Fraction("0.8"), _HALF)


def test_shares_when_member_is_new_then_all_of_it_is_mix() -> None:
    both = {"A": ((Fraction(5), Fraction(5)), (Fraction(10), Fraction(10))),
            "N": ((Fraction(9), Fraction(0)), (Fraction(10), Fraction(0)))}  # fmt: skip
    parts = split_shares((Fraction(14), Fraction(5)), (Fraction(20), Fraction(10)), both)
    new = next(part for part in parts if part.member == "N")
    assert new.rate == 0 and new.base is None and new.mix == new.change != 0


def test_split_when_members_do_not_add_up_then_never_shown() -> None:
    with pytest.raises(DefinitionError):
        split_sums((Fraction(3), Fraction(0)), {"a": (Fraction(2), Fraction(0))})
    pair = (Fraction(2), Fraction(2))
    with pytest.raises(DefinitionError):
        split_shares((Fraction(3), Fraction(2)), pair, {"a": (pair, pair)})


# --- through the door: a history, and the same in plain Python --------------------------------

NOW = datetime(2024, 3, 20, 4, tzinfo=UTC)
ALL = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
MARCH = Period(start=date(2024, 3, 1), end=date(2024, 4, 1))
FEBRUARY = Period(start=date(2024, 2, 1), end=date(2024, 3, 1))


def _history() -> list[dict[str, Any]]:
    random = Random(4)
    rows = []
    for day in range(79):  # 1 January to 19 March
        at = datetime(2024, 1, 1, 4, tzinfo=UTC) + timedelta(days=day)
        for _ in range(40 + day // 2):
            rows.append(
                {
                    "occurred_at": at + timedelta(minutes=random.randrange(600)),
                    "person": f"p{random.randrange(160)}" if random.random() < 0.9 else None,
                    "scene": random.choice(["fund", "tax", "tax", "school"]),
                    "district": random.choices(["east", "west", "north"], [5, 3, 1 + day % 7])[0],
                    "channel": random.choice(["counter", "bank_app", "web"]),
                    "outcome": random.choices(
                        ["completed", "failed", "open"], [8, 1 + day / 40, 1]
                    )[0],
                }
            )
    rare = datetime(2024, 3, 2, 4, tzinfo=UTC)
    rows += [{"occurred_at": rare, "person": f"p{i}", "scene": "rare", "district": "east",
              "outcome": "completed"} for i in range(3)]  # fmt: skip
    return rows


ROWS = _history()


def _loans() -> list[dict[str, Any]]:
    random = Random(5)
    rows = []
    for number in range(300):
        at = datetime(2024, 1, 1, 4, tzinfo=UTC) + timedelta(days=number % 79)
        common = {"application": f"a{number}", "person": f"p{number}",
                  "product": random.choice(["green", "micro"]),
                  "district": random.choice(["east", "west"])}  # fmt: skip
        wait = timedelta(seconds=random.choice([20, 40, 90]))
        steps = ["applied", random.choice(["approved", "approved", "declined"])]
        for step, after in zip([*steps, "disbursed"], (0, 1, 2), strict=True):
            if "declined" not in steps or step != "disbursed":
                flags = dict.fromkeys(("credit_bureau", "public_trust"), True)
                rows.append({**common, **flags, "occurred_at": at + after * wait, "step": step,
                             "judicial": random.random() < 0.7, "amount": 100_33 + number,
                             "manual": random.random() < 0.3})  # fmt: skip
    return rows


LOANS = _loans()
RATINGS = [
    {**{n: row[n] for n in ("occurred_at", "person", "scene", "district")},
     "level": ("very_satisfied", "satisfied", "dissatisfied")[i % 3]}
    for i, row in enumerate(ROWS) if row["outcome"] == "completed"
]  # fmt: skip
VOLUMES = [
    {"occurred_at": row["occurred_at"], "scene": row["scene"], "district": row["district"],
     "volume": 7 * i % 40} for i, row in enumerate(ROWS)
]  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with clock.frozen_at(NOW):
        settings = build_home(
            tmp_path_factory.mktemp("contribution"),
            service_events=ROWS,
            loan_events=LOANS,
            ratings=RATINGS,
            volumes=VOLUMES,
        )
    opened = Warehouse.open(settings)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.frozen_at(NOW):
        yield


def _query(metric: str, **more: Any) -> MetricQuery:
    given = {"period": FEBRUARY, "compare": Compare.PREVIOUS, **more}
    return replace(MetricQuery(metrics=(metric,)), **given)


def _within(start: date, end: date, until: datetime = NOW) -> list[dict[str, Any]]:
    """Rows of local days from `start` to before `end`, none after `until`."""
    local = timedelta(hours=8)
    return [
        row
        for row in ROWS
        if start <= (row["occurred_at"] + local).date() < end and row["occurred_at"] <= until
    ]


JANUARY_ROWS = _within(date(2024, 1, 1), date(2024, 2, 1))
FEBRUARY_ROWS = _within(date(2024, 2, 1), date(2024, 3, 1))


def _changes(found: Contribution) -> Mapping[str, Fraction]:
    return {part.member: part.change for part in found.parts}


@pytest.mark.parametrize("dimension", ["district", "scene", "channel", "hour", "weekday"])
def test_events_when_split_then_each_member_is_counted_so(house: Warehouse, dimension: str) -> None:
    found = house.contribution(_query("usage.events"), dimension, ALL)

    def member(row: Mapping[str, Any]) -> str:
        local = row["occurred_at"] + timedelta(hours=8)
        clocks = {"hour": str(local.hour), "weekday": str(local.isoweekday())}
        return clocks.get(dimension) or row[dimension]

    now, base = Counter(map(member, FEBRUARY_ROWS)), Counter(map(member, JANUARY_ROWS))
    wanted = {m: now[m] - base[m] for m in {*now, *base}}
    shown = _changes(found)
    if HIDDEN in shown:
        assert found.hidden > 1
    assert {m: c for m, c in shown.items() if m != HIDDEN}.items() <= wanted.items()
    assert sum(shown.values()) == found.change == len(FEBRUARY_ROWS) - len(JANUARY_ROWS)


def test_share_when_split_then_formula_in_plain_python(house: Warehouse) -> None:
    found = house.contribution(_query("usage.success_share"), "district", ALL)

    def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
        done = [row for row in rows if row["outcome"] != "open"]
        return {
            d: (
                sum(r["district"] == d and r["outcome"] == "completed" for r in done),
                sum(r["district"] == d for r in done),
            )
            for d in ("east", "west", "north")
        }

    now, base = counts(FEBRUARY_ROWS), counts(JANUARY_ROWS)
    all_now, all_base = (sum(n for _, n in side.values()) for side in (now, base))
    r1 = Fraction(sum(n for n, _ in now.values()), all_now)
    r0 = Fraction(sum(n for n, _ in base.values()), all_base)
    assert (found.now, found.base) == (r1, r0)
    for part in found.parts:
        (t1, n1), (t0, n0) = now[part.member], base[part.member]
        rate = (
            (Fraction(t1, n1) - Fraction(t0, n0))
            * (Fraction(n1, all_now) + Fraction(n0, all_base))
            / 2
        )
        mix = (Fraction(n1, all_now) - Fraction(n0, all_base)) * (
            (Fraction(t1, n1) + Fraction(t0, n0)) / 2 - (r0 + r1) / 2
        )
        assert (part.rate, part.mix) == (rate, mix)
    assert _change(found.parts) == r1 - r0 != 0


def test_people_when_split_by_scene_then_overlap_is_one_term(house: Warehouse) -> None:
    found = house.contribution(_query("usage.people"), "scene", ALL)

    def people(rows: Sequence[Mapping[str, Any]], scene: str = "") -> int:
        return len({r["person"] for r in rows if r["person"] and scene in ("", r["scene"])})

    scenes = ("fund", "tax", "school")
    wanted: dict[str, int] = {
        scene: people(FEBRUARY_ROWS, scene) - people(JANUARY_ROWS, scene) for scene in scenes
    }
    total = people(FEBRUARY_ROWS) - people(JANUARY_ROWS)
    wanted[OVERLAP] = total - sum(wanted.values())
    assert {m: c for m, c in _changes(found).items() if c} == {m: c for m, c in wanted.items() if c}
    assert found.change == total


def test_split_when_period_is_not_over_then_base_is_cut_at_the_same_instant(
    house: Warehouse,
) -> None:
    """The newest record is the end of the data: 18 March plus so many hours."""
    found = house.contribution(_query("usage.events", period=MARCH), "district", ALL)
    end = max(row["occurred_at"] for row in ROWS)
    base = _within(date(2024, 2, 1), date(2024, 3, 1), until=end - timedelta(days=29))
    assert found.is_partial
    assert found.base == len(base)
    assert found.now == len(_within(date(2024, 3, 1), date(2024, 4, 1)))
    assert _change(found.parts) == found.change


def test_split_when_members_are_hidden_then_one_row_of_several(house: Warehouse) -> None:
    """`rare` has three people in March; a sibling is hidden with it, so the row tells nothing."""
    found = house.contribution(_query("usage.events", period=MARCH), "scene", ALL)
    names = {part.member for part in found.parts}
    assert HIDDEN in names and "rare" not in names and found.hidden >= 2
    assert _change(found.parts) == found.change
    people = house.contribution(_query("usage.people", period=MARCH), "scene", ALL)
    assert MIXED in {part.member for part in people.parts}


def test_split_when_by_month_then_last_unit(house: Warehouse) -> None:
    both = Period(start=date(2024, 1, 1), end=date(2024, 3, 1))
    one = house.contribution(_query("growth.mau", period=both), "district", ALL)
    assert one.period == FEBRUARY and one.base_period.start == date(2024, 1, 1)
    answer = house.answer(_query("growth.mau", grain=Grain.MONTH), ALL).rows[0].cells[0]
    assert (float(one.now), float(one.base)) == (answer.value, answer.base)
    assert _change(one.parts) == one.change


def test_split_when_scope_is_small_then_only_its_districts(house: Warehouse) -> None:
    east = Viewer(name="e", role=Role.OFFICIAL, scope=Scope(districts=frozenset({"east"})))
    found = house.contribution(_query("usage.events"), "district", east)
    assert set(_changes(found)) == {"east"}
    nobody = Viewer(name="n", role=Role.OFFICIAL, scope=Scope())
    with pytest.raises(NotDecomposable):
        house.contribution(_query("usage.events"), "district", nobody)


@pytest.mark.parametrize(
    "metric", ["usage.latency_p95", "growth.stickiness", "growth.penetration", "growth.goal"]
)
def test_split_when_kind_cannot_be_split_then_a_sentence(house: Warehouse, metric: str) -> None:
    with pytest.raises(NotDecomposable, match="cannot be split") as raised:
        house.contribution(_query(metric), "district", ALL)
    assert raised.value.zh


def test_split_when_nothing_to_compare_with_then_a_sentence(house: Warehouse) -> None:
    january = Period(start=date(2024, 1, 1), end=date(2024, 2, 1))
    with pytest.raises(NotDecomposable, match="no number to compare"):
        house.contribution(_query("usage.events", period=january), "district", ALL)


def test_split_when_question_is_of_many_numbers_then_query_error(house: Warehouse) -> None:
    with pytest.raises(QueryError, match="one number"):
        house.contribution(_query("usage.events", by=("scene",)), "district", ALL)
    with pytest.raises(QueryError, match="no dimension"):
        house.contribution(_query("usage.events"), "colour", ALL)


def test_split_when_a_single_member_would_be_hidden_then_refused() -> None:
    from warehouse.block import Sides
    from warehouse.changes import _refuse_hidden
    from warehouse.model import Cell, CellState

    hidden, shown = (Cell(state=CellState.SUPPRESSED),), (Cell(value=20),)
    sides = Sides(now={("a",): hidden, ("b",): shown}, base={("a",): shown, ("b",): shown},
                  is_partial=False)  # fmt: skip
    with pytest.raises(NotDecomposable, match="single member"):
        _refuse_hidden({"a": None, "b": ()}, sides)


@pytest.mark.parametrize("name", CATALOGUE)
def test_metric_of_the_catalogue_when_split_then_adds_up_to_what_the_card_shows(
    house: Warehouse, name: str
) -> None:
    metric = CATALOGUE[name]
    where = (("step", ("approved",)),) if "step" in metric.dimensions else ()
    query = _query(name, where=where)
    if not isinstance(metric.measure, (*SUMS, *PEOPLE, Share)) or metric.dataset == "pipeline_run":
        return
    row = house.answer(query, ALL).rows[-1]
    for dimension in sorted({"district", "product", "scene"}.intersection(metric.dimensions)):
        try:
            found = house.contribution(query, dimension, ALL)
        except NotDecomposable as error:
            assert "hidden" in str(error)
            continue
        assert _change(found.parts) == found.change
        assert row.cells[0].value == pytest.approx(float(found.now), abs=5e-7)
        assert row.cells[0].base == pytest.approx(float(found.base), abs=5e-7)
