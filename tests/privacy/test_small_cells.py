"""No cell with 1..k-1 people is shown, and none can be had by subtraction."""

from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest

from tests.privacy.conftest import EVERYTHING, Town, viewer
from tests.soundness.oracle import contributors
from tests.tiny import build_home
from warehouse.answer import Warehouse
from warehouse.metrics import CATALOGUE
from warehouse.model import CellState, Compare, Grain, MetricQuery, Period, Result, Viewer

VIEWERS = {"all": EVERYTHING, "two": viewer("north", "south")}
PAIRS = list(combinations(("scene", "district", "channel", "age_band"), 2))


def _hidden(result: Result) -> set[Any]:
    return {
        (row.period, row.members)
        for row in result.rows
        if row.cells[0].state is CellState.SUPPRESSED
    }


@pytest.mark.parametrize("who", VIEWERS)
@pytest.mark.parametrize("by", PAIRS, ids=["-".join(pair) for pair in PAIRS])
@pytest.mark.parametrize("grain", [None, Grain.MONTH])
def test_small_cell_when_totals_are_shown_then_cannot_be_derived(
    town: Town, by: tuple[str, str], who: str, grain: Grain | None
) -> None:
    """An attacker with every table over `by` and its totals solves what one unknown gives away."""
    known: dict[Any, float] = {}
    unknown: set[Any] = set()
    for cut in chain([()], [(name,) for name in by], [by]):
        query = MetricQuery(metrics=("usage.events",), by=cut, grain=grain)
        for row in town.warehouse.answer(query, VIEWERS[who]).rows:
            cell = (row.period, tuple(dict(zip(cut, row.members, strict=True)).get(n) for n in by))
            if row.cells[0].value is None:
                unknown.add(cell)
            else:
                known[cell] = float(row.cells[0].value)
    solved = _solve(known, unknown)
    period = Period(start=min(r["day"] for r in town.oracle.rows), end=_end(town))
    wanted = town.oracle.cells(period, grain, by, _districts(VIEWERS[who]))
    for (start, members), rows in wanted.items():
        people = contributors(rows)
        if people < town.settings.small_cell:
            cell = next(c for c in {*known, *unknown} if _is(c, start, members))
            assert cell in unknown, f"{cell} with {people} people is shown"
            assert cell not in solved, f"{cell} with {people} people follows from totals"


def _is(cell: Any, start: Any, members: Any) -> bool:
    return cell[1] == members and (cell[0] is None or cell[0].start == start)


def _end(town: Town) -> Any:
    return max(row["day"] for row in town.oracle.rows) + timedelta(days=1)


def _districts(who: Viewer) -> dict[str, Any]:
    return {} if who.scope.everything else {"district": who.scope.districts}


def _solve(known: dict[Any, float], unknown: set[Any]) -> set[Any]:
    """The cells that a sum with one unknown gives, again and again."""
    known, unknown, solved = dict(known), set(unknown), set()
    while True:
        found = next((cell for cell in _sums(known, unknown)), None)
        if found is None:
            return solved
        unknown.discard(found)
        known[found] = 0.0
        solved.add(found)


def _sums(known: dict[Any, float], unknown: set[Any]) -> Any:
    cells = {*known, *unknown}
    for total in cells:
        for place in (0, 1):
            if total[1][place] is None:
                parts = [c for c in cells if c[0] == total[0] and _is_part(c[1], total[1], place)]
                open_cells = [c for c in (total, *parts) if c in unknown]
                if parts and len(open_cells) == 1:
                    yield open_cells[0]


def _is_part(members: Any, total: Any, place: int) -> bool:
    other = 1 - place
    return members[place] is not None and members[other] == total[other]


@pytest.mark.parametrize("by", [("scene",), ("district", "channel"), ("scene", "age_band")])
def test_pattern_when_metrics_differ_then_is_the_same(town: Town, by: tuple[str, ...]) -> None:
    patterns = [
        _hidden(
            town.warehouse.answer(MetricQuery(metrics=(name,), by=by, grain=Grain.WEEK), EVERYTHING)
        )
        for name in ("usage.events", "usage.people", "usage.success_share", "usage.latency_p95")
        if set(by) <= set(CATALOGUE[name].dimensions)
    ]
    assert patterns[0]
    assert all(pattern == patterns[0] for pattern in patterns)


def test_filter_when_one_member_then_hides_what_the_table_hides(town: Town) -> None:
    table = town.warehouse.answer(
        MetricQuery(metrics=("usage.events",), by=("scene", "age_band", "district")), EVERYTHING
    )
    wanted = {members[1:] for _, members in _hidden(table) if members[0] == "fines"}
    filtered = MetricQuery(
        metrics=("usage.events",), by=("age_band", "district"), where=(("scene", ("fines",)),)
    )
    found = {members for _, members in _hidden(town.warehouse.answer(filtered, EVERYTHING))}
    assert wanted and found == wanted


def test_filter_when_all_but_one_small_member_then_does_not_tell_the_rest(town: Town) -> None:
    """total − (all members but the small one) would be the small one."""
    by_all = MetricQuery(metrics=("usage.events",), by=("age_band",), grain=Grain.WEEK)
    by_cells = MetricQuery(metrics=("usage.events",), by=("age_band", "scene"), grain=Grain.WEEK)
    but_fines = MetricQuery(
        metrics=("usage.events",),
        by=("age_band",),
        grain=Grain.WEEK,
        where=(("scene", ("fund", "tax")),),
    )
    totals = {(r.period, r.members): r.cells[0] for r in _rows(town, by_all)}
    cells = {(r.period, r.members): r.cells[0] for r in _rows(town, by_cells)}
    checked = 0
    for row in _rows(town, but_fines):
        band = row.members[0]
        small = cells.get((row.period, (band, "fines")))
        if small is not None and small.state is CellState.SUPPRESSED:
            checked += 1
            total = totals[row.period, row.members]
            assert total.value is None or row.cells[0].value is None
    assert checked


def _rows(town: Town, query: MetricQuery) -> Any:
    return town.warehouse.answer(query, EVERYTHING).rows


def test_growth_when_either_unit_is_hidden_then_hidden(town: Town) -> None:
    names = ("growth.churned", "growth.retained", "usage.people")
    query = MetricQuery(metrics=names, by=("scene",), grain=Grain.WEEK)
    last: dict[Any, Any] = {}
    seen = 0
    for row in town.warehouse.answer(query, EVERYTHING).rows:
        before = last.get(row.members)
        if before is CellState.SUPPRESSED or row.cells[2].state is CellState.SUPPRESSED:
            seen += 1
            assert {c.state for c in row.cells[:2]} == {CellState.SUPPRESSED}
        last[row.members] = row.cells[2].state
    assert seen


@pytest.mark.parametrize("by", [(), ("scene",), ("age_band", "district")])
@pytest.mark.parametrize("grain", [Grain.WEEK, Grain.MONTH])
def test_growth_when_few_people_of_a_kind_then_hidden_and_not_told_by_the_sums(
    town: Town, by: tuple[str, ...], grain: Grain
) -> None:
    names = ("growth.new", "growth.retained", "growth.resurrected", "growth.churned")
    query = MetricQuery(metrics=names, by=by, grain=grain)
    hidden = 0
    for row in town.warehouse.answer(query, EVERYTHING).rows:
        new, retained, resurrected, churned = row.cells
        shown = [cell.value for cell in row.cells if cell.value]
        assert all(value >= town.settings.small_cell for value in shown)
        # |A(t)| and |A(t-1)| are shown elsewhere: no sum has a single unknown.
        for sum_ in ((new, retained, resurrected), (retained, churned)):
            states = [cell.state for cell in sum_]
            hidden += states.count(CellState.SUPPRESSED)
            assert states.count(CellState.SUPPRESSED) != 1
    assert hidden


def test_base_when_hidden_then_none_and_hidden_cell_has_no_base(town: Town) -> None:
    query = MetricQuery(
        metrics=("usage.events",), by=("scene",), grain=Grain.WEEK, compare=Compare.PREVIOUS
    )
    result = town.warehouse.answer(query, EVERYTHING)
    assert result.suppressed == len(_hidden(result)) > 0
    last: dict[Any, Any] = {}
    for row in result.rows:
        cell = row.cells[0]
        if cell.state is CellState.SUPPRESSED:
            assert cell.value is None and cell.base is None
        elif last.get(row.members) is CellState.SUPPRESSED and not row.is_partial:
            assert cell.base is None
        last[row.members] = cell.state


def test_loan_step_when_few_applications_then_hidden(town: Town) -> None:
    query = MetricQuery(metrics=("loans.reached",), by=("step", "product"))
    result = town.warehouse.answer(query, EVERYTHING)
    shown = [c.value for row in result.rows for c in row.cells if c.value]
    assert result.suppressed
    assert min(shown) >= town.settings.small_cell


def test_volumes_when_small_then_shown(town: Town) -> None:
    rows = _rows(town, MetricQuery(metrics=("usage.volume",), by=("scene",)))
    assert [(row.members, row.cells[0].value) for row in rows] == [(("web",), 2)]


def test_filter_of_several_members_when_its_sum_is_small_then_siblings_do_not_tell_it(
    tmp_path: Path,
) -> None:
    """d1 has 3 and 4 people in `a` and `b`: their sum must not be the total less the others."""
    start, districts = datetime(2024, 1, 10, 4, tzinfo=UTC), {"d1": (3, 4, 3, 4), "d2": (50,) * 4}
    districts |= {"d3": (90,) * 4, "d4": (95,) * 4}
    rows = [
        {
            "occurred_at": start + timedelta(minutes=i),
            "person": f"{district}{scene}{i}",
            "scene": scene,
            "district": district,
        }
        for district, counts in districts.items()
        for scene, count in zip("abce", counts, strict=True)
        for i in range(count)
    ]
    house = Warehouse.open(build_home(tmp_path, service_events=rows))
    query = MetricQuery(metrics=("usage.events",), by=("district",), where=(("scene", ("a", "b")),))
    hidden = _hidden(house.answer(query, EVERYTHING))
    house.close()
    assert len(hidden) > 1
