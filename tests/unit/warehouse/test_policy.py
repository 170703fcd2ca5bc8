"""The rule of small cells, on tables made by hand and at random."""

from datetime import date
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from warehouse.policy import hidden_cells, is_safe

DAY = date(2024, 1, 1)
K = 10


def _line(**people: int) -> dict[tuple[date, tuple[str, ...]], int]:
    return {(DAY, (code,)): count for code, count in people.items()}


def _codes(hidden: frozenset[tuple[date, tuple[str, ...]]]) -> set[str]:
    return {",".join(members) for _, members in hidden}


def test_hidden_when_all_large_then_none() -> None:
    assert not hidden_cells(("d",), {("d",): _line(a=10, b=11)}, K)


def test_hidden_when_one_small_then_the_next_smallest_too() -> None:
    cells = _line(a=3, b=50, c=20, d=30)
    assert _codes(hidden_cells(("d",), {("d",): cells}, K)) == {"a", "c"}


def test_hidden_when_small_ones_stay_below_k_together_then_one_more() -> None:
    cells = _line(a=3, b=4, c=20, d=30)
    assert _codes(hidden_cells(("d",), {("d",): cells}, K)) == {"a", "b", "c"}


def test_hidden_when_small_ones_reach_k_together_then_enough() -> None:
    cells = _line(a=6, b=7, c=20)
    assert _codes(hidden_cells(("d",), {("d",): cells}, K)) == {"a", "b"}


def test_hidden_when_zero_then_shown_and_no_help() -> None:
    cells = _line(a=3, b=0, c=20)
    assert _codes(hidden_cells(("d",), {("d",): cells}, K)) == {"a", "c"}


def test_hidden_when_total_alone_is_small_then_hidden() -> None:
    assert hidden_cells((), {(): {(DAY, ()): 9}}, K) == {(DAY, ())}
    assert not hidden_cells((), {(): {(DAY, ()): 10}}, K)


def test_hidden_when_total_above_is_hidden_then_all_below_it() -> None:
    table = {
        ("a",): _line(x=5, y=40, z=60),
        ("b",): _line(u=50, v=55),
        ("a", "b"): {
            (DAY, ("x", "u")): 5,
            (DAY, ("y", "u")): 20,
            (DAY, ("y", "v")): 20,
            (DAY, ("z", "u")): 25,
            (DAY, ("z", "v")): 35,
        },
    }
    # x is small and hides y with it; were y's cells shown, their sum would be y.
    assert _codes(hidden_cells(("a", "b"), table, K)) >= {"x,u", "y,u", "y,v"}


def test_hidden_when_units_differ_then_each_is_decided_alone() -> None:
    later = date(2024, 2, 1)
    cells = {(DAY, ("a",)): 3, (DAY, ("b",)): 20, (later, ("a",)): 30, (later, ("b",)): 20}
    assert hidden_cells(("d",), {("d",): cells}, K) == {(DAY, ("a",)), (DAY, ("b",))}


tables = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), st.integers(0, 40), min_size=1
)


@given(tables)
def test_hidden_when_any_table_then_every_line_is_safe(table: dict[tuple[str, str], int]) -> None:
    cells = {(DAY, members): count for members, count in table.items()}
    lattice = {("a", "b"): cells}
    for place, name in enumerate("ab"):
        sums: dict[tuple[date, tuple[str, ...]], int] = {}
        for members, count in table.items():
            cell = (DAY, (members[place],))
            sums[cell] = sums.get(cell, 0) + count
        lattice[name,] = sums
    hidden = hidden_cells(("a", "b"), lattice, K)
    assert all(cell in hidden for cell, count in cells.items() if 0 < count < K)
    for place, code in product((0, 1), "abcdwxyz"):
        line = [cell for cell in cells if cell[1][place] == code]
        out = [cells[cell] for cell in line if cell in hidden]
        shown = [cell for cell in line if cell not in hidden and cells[cell]]
        assert is_safe(out, K) or not shown


@given(tables, st.randoms())
def test_hidden_when_cells_come_in_any_order_then_the_same_pattern(
    table: dict[tuple[str, str], int], dice: Random
) -> None:
    """Every process and every refresh hides the same cells."""
    cells = [((DAY, members), count) for members, count in table.items()]
    first = hidden_cells(("a", "b"), {("a", "b"): dict(cells)}, K)
    dice.shuffle(cells)
    assert hidden_cells(("a", "b"), {("a", "b"): dict(cells)}, K) == first
