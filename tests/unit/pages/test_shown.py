"""Cells of tables as the browser gets them."""

import pytest

from pages._ui.cells import Act, Acts, Chip, Entry, Line, Meter, Pair, Part, Split
from pages._ui.panel import Fold, Sheet
from pages._ui.shown import shown
from pages._ui.tables import sheet_table, whole_sheet


@pytest.mark.parametrize(
    ("cell", "holds"),
    [
        (Meter(text="9 h", share=3.0, mark=0.5), ("'width': '100.0%'", "'left': '50.0%'", "9 h")),
        (Meter(text="0", share=-1.0), ("'width': '0.0%'",)),
        (
            Split(text="", parts=(Part(name="入库", count=3, kind="loaded"),)),
            ("入库 3", "'width': '100.0%'"),
        ),
        (Pair(main="税务", below="服务事件", href="/x"), ("href='/x'", "服务事件")),
        (Line(values=(("a", "1"), ("b", "")), marked="b"), ("∅", "value-marked")),
        (Chip(text="已修订", tone="quiet", tip="why", href="/y"), ("title='why'", "href='/y'")),
        (
            Acts(acts=(Act(key="replay:empty", text="重放", spoken="重放：空"),)),
            ("'replay:empty'", "重放：空"),
        ),
        (12_345, ("12,345",)),
        ("<b>", ("<b>",)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_cell_when_shown_then_holds_its_words_and_sizes(
    cell: Entry, holds: tuple[str, ...]
) -> None:
    text = str(shown(cell))
    assert [part for part in holds if part not in text] == []


def test_split_when_rows_left_the_quarantine_then_no_bar_is_negative() -> None:
    parts = (
        Part(name="入库", count=40, kind="loaded"),
        Part(name="隔离", count=-40, kind="quarantined"),
    )
    text = str(shown(Split(text="", parts=parts)))
    assert "'width': '100.0%'" in text and text.count("'width'") == 1


SHEET = Sheet(
    head=("a", "b"),
    rows=(("1", "2"), ("3", "4")),
    tones={0: "bad"},
    notes={0: ("broken", "mend it")},
    folds={1: Fold(summary="1 more", sheet=Sheet(head=("c",), rows=(("5",),)))},
    acts=(Act(key="backfill:", text="回补", spoken="回补"),),
)


def test_table_when_rows_say_more_then_it_stands_beneath_them_over_the_whole_width() -> None:
    text = str(sheet_table(SHEET, "title"))
    assert text.count("colSpan=2") == 2
    assert text.index("'1'") < text.index("mend it") < text.index("'3'") < text.index("1 more")
    assert "row-bad has-more" in text


def test_table_when_it_is_empty_then_its_buttons_still_stand() -> None:
    bare = Sheet(head=("a",), rows=(), finding="没有待处理的请求", acts=SHEET.acts)
    text = str(whole_sheet(bare, "title"))
    assert "没有待处理的请求" in text and "backfill:" in text and "Table" not in text
