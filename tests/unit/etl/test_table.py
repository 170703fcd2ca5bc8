"""Tables for a terminal line up, with Chinese text too."""

from etl.table import text_table


def test_columns_line_up_with_wide_signs_and_numbers_stand_right() -> None:
    shown = text_table(("名", "rows"), [("公积金", 1_234_567), ("tax", 9), ("none", None)])

    assert shown.splitlines() == [
        "名           rows",
        "公积金  1,234,567",
        "tax             9",
        "none            —",
    ]


def test_table_without_rows_is_its_header() -> None:
    assert text_table(("source", "state"), []) == "source  state"
