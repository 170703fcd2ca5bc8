"""Each kind of column: what is read, what is refused with which reason, what is never stored."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl import contract
from etl.formats.chunk import LINE, BrokenLine
from etl.identity import IDENTITY
from etl.model import Source
from tests.unit.etl.declared import SHANGHAI, source_in
from warehouse import clock
from warehouse.errors import ContractBroken

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
GOOD = {
    "no": "N1",
    "at": "2026-03-02 09:30:00",
    "citizen": "110",
    "channel": "app",
    "result": "成功",
    "ms": "120",
    "name": "李",
}


def number(text: str) -> int:
    return sum(text.encode())


def frame_of(*rows: dict[str, str | None]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    schema = dict.fromkeys(names, pl.String())
    frame = pl.DataFrame([{n: row.get(n) for n in names} for row in rows], schema=schema)
    lines = pl.int_range(2, len(rows) + 2, dtype=pl.Int64, eager=True)
    return frame.with_columns(lines.alias(LINE), pl.lit("id").alias(IDENTITY))


def applied(
    source: Source, *rows: dict[str, str | None], zone: ZoneInfo = SHANGHAI
) -> tuple[pl.DataFrame, pl.DataFrame]:
    with clock.frozen_at(NOW):
        return contract.apply(frame_of(*rows), source, pseudonym=number, zone=zone)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return source_in(tmp_path)


def reason(source: Source, **changes: str | None) -> tuple[str, str]:
    """Column and reason of a row that is good but for `changes`."""
    rows, broken = applied(source, {**GOOD, **changes})
    assert rows.is_empty()
    return broken["column_name"][0], broken["reason"][0]


def value(source: Source, column: str, **changes: str | None) -> object:
    """What a good row with `changes` loads into `column`."""
    rows, broken = applied(source, {**GOOD, **changes})
    assert broken.is_empty(), broken["reason"].to_list()
    return rows[column][0]


def test_good_row_comes_out_in_the_contracts_types(source: Source) -> None:
    rows, broken = applied(source, GOOD)

    assert broken.is_empty()
    row = rows.row(0, named=True)
    assert row == {
        "occurred_at": datetime(2026, 3, 2, 1, 30),
        "day": date(2026, 3, 2),
        "hour": 9,
        "person": number("110"),
        "case": None,
        "scene": "hall",
        "channel": "app",
        "outcome": "completed",
        "latency_ms": 120,
        **dict.fromkeys(
            ("service", "action", "device", "district", "street", "age_band", "audience"),
            "unknown",
        ),
        "identity": "id",
        "line": 2,
    }
    kinds = [rows.schema[name] for name in ("occurred_at", "hour", "person", "line")]
    assert kinds == [pl.Datetime("us"), pl.UInt8, pl.Int64, pl.Int64]


def test_every_row_is_either_good_or_broken(source: Source) -> None:
    rows, broken = applied(source, GOOD, {**GOOD, "at": "x"}, GOOD, {**GOOD, "ms": "-1"})

    assert (rows["line"].to_list(), broken["line"].to_list()) == ([2, 4], [3, 5])


# --- times ----------------------------------------------------------------------------------

LOCAL = datetime(2026, 3, 2, 1, 30)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-02 09:30:00", LOCAL),
        ("2026-03-02T09:30:00", LOCAL),
        ("2026-03-02T09:30", LOCAL),
        ("2026-03-02 09:30:00.250", LOCAL.replace(microsecond=250_000)),
        ("2026-03-02T01:30:00Z", LOCAL),
        ("2026-03-02T02:30:00+01:00", LOCAL),
        ("2026-03-02T02:30:00.5+0100", LOCAL.replace(microsecond=500_000)),
        ("2026-03-01 20:30:00-05:00", LOCAL),
    ],
)
def test_iso_time_is_read_with_and_without_offset(source: Source, text: str, at: datetime) -> None:
    assert value(source, "occurred_at", at=text) == at


def test_iso_forms_mixed_in_one_file_are_all_read(source: Source) -> None:
    texts = ["2026-03-02", "2026-03-02T01:30:00Z", "2026-03-02 09:30:00", "soon", None]
    rows, broken = applied(source, *({**GOOD, "at": text} for text in texts))

    assert rows["hour"].to_list() == [None, 9, 9]
    assert broken["reason"].to_list() == [
        "is no time in the declared format",
        "is empty but required",
    ]


def test_date_without_time_keeps_its_day_and_has_no_hour(tmp_path: Path) -> None:
    auckland = source_in(tmp_path, ('"Asia/Shanghai"', '"Pacific/Auckland"'))
    rows, _ = applied(auckland, {**GOOD, "at": "2026-03-01"})

    assert rows.select("day", "hour").row(0) == (date(2026, 3, 1), None)
    assert rows["occurred_at"][0] == datetime(2026, 2, 28, 16), "the day's start where it is cut"


def test_day_and_hour_are_cut_in_the_reporting_zone(source: Source) -> None:
    rows, _ = applied(source, {**GOOD, "at": "2026-03-01T16:05:00Z"})

    assert rows.select("day", "hour").row(0) == (date(2026, 3, 2), 0)


@pytest.mark.parametrize(
    ("form", "text", "at"),
    [
        ("epoch_s", "1772415000", LOCAL),
        ("epoch_s", "1772415000.25", LOCAL.replace(microsecond=250_000)),
        ("epoch_ms", "1772415000250", LOCAL.replace(microsecond=250_000)),
        ("%d/%m/%Y %H:%M", "02/03/2026 09:30", LOCAL),
        ("%Y%m%d%H%M%S", "20260302093000", LOCAL),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-03-02 09:30:00.250000", LOCAL.replace(microsecond=250_000)),
        ("%Y-%m-%d %H:%M:%S %z", "2026-03-02 02:30:00 +0100", LOCAL),
        ("%d.%m.%Y", "02.03.2026", datetime(2026, 3, 1, 16)),
    ],
)
def test_declared_time_format_is_read(tmp_path: Path, form: str, text: str, at: datetime) -> None:
    source = source_in(tmp_path, ("[time]", f'[time]\nformat = "{form}"'))

    assert value(source, "occurred_at", at=text) == at


def test_local_time_the_clocks_jumped_over_is_broken(tmp_path: Path) -> None:
    amsterdam = source_in(tmp_path, ('"Asia/Shanghai"', '"Europe/Amsterdam"'))

    column, told = reason(amsterdam, at="2025-03-30 02:30:00")

    assert column == "occurred_at"
    assert "does not exist in its time zone" in told


def test_local_time_that_came_twice_is_the_first_of_the_two(tmp_path: Path) -> None:
    amsterdam = source_in(tmp_path, ('"Asia/Shanghai"', '"Europe/Amsterdam"'))

    assert value(amsterdam, "occurred_at", at="2025-10-26 02:30:00") == datetime(
        2025, 10, 26, 0, 30
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tomorrow", "is no time in the declared format"),
        ("2026-02-30 10:00:00", "is no time in the declared format"),
        ("1989-12-31 10:00:00", "outside the years"),
        ("0001-01-01 00:00:00", "outside the years"),
        ("9999-12-31 23:59:59", "outside the years"),
        ("2026-03-12 12:00:00", "more than one day in the future"),
        ("", "is empty but required"),
        (None, "is empty but required"),
    ],
)
def test_time_that_cannot_be_true_is_broken(source: Source, text: str | None, told: str) -> None:
    column, found = reason(source, at=text)

    assert column == "occurred_at"
    assert told in found


@pytest.mark.parametrize("text", ["NaN", "inf", "1e308", "x"])
def test_epoch_that_is_no_number_of_seconds_is_broken(tmp_path: Path, text: str) -> None:
    source = source_in(tmp_path, ("[time]", '[time]\nformat = "epoch_s"'))

    assert reason(source, at=text)[0] == "occurred_at"


def test_time_slightly_ahead_is_accepted(source: Source) -> None:
    assert value(source, "occurred_at", at="2026-03-11 11:59:00") == datetime(2026, 3, 11, 3, 59)


# --- dimensions -----------------------------------------------------------------------------


def test_unmapped_value_names_itself_and_the_nearest(source: Source) -> None:
    assert reason(source, result="成功了") == (
        "outcome",
        "'成功了' is not mapped. Did you mean '成功'?",
    )


def test_fallback_takes_every_other_value_but_not_an_empty_one(tmp_path: Path) -> None:
    source = source_in(tmp_path, ('"失败" = "failed"', '"*" = "failed"'))

    assert value(source, "outcome", result="whatever") == "failed"
    assert value(source, "outcome", result=" ") == "unknown"


def test_empty_value_can_be_mapped(tmp_path: Path) -> None:
    source = source_in(tmp_path, ('"失败" = "failed"', '"" = "open"\n"*" = "completed"'))

    assert value(source, "outcome", result=None) == "open"
    assert value(source, "outcome", result="2026-01-01") == "completed"


def test_value_outside_a_closed_vocabulary_is_broken(tmp_path: Path) -> None:
    source = source_in(tmp_path, ('[values.outcome]\n"成功" = "completed"\n"失败" = "failed"', ""))

    assert value(source, "outcome", result="completed") == "completed"
    assert value(source, "outcome", result="unknown") == "unknown"
    assert reason(source, result="complete")[1].endswith("Did you mean 'completed'?")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a" * 201, "longer than 200 characters"),
        ("a\x07b", "control characters"),
        ("a\u202eb", "control characters"),
        ("a\x00b", "control characters"),
    ],
    ids=["long", "bell", "direction", "nul"],
)
def test_text_that_must_not_be_shown_is_broken(source: Source, text: str, told: str) -> None:
    column, found = reason(source, channel=text)

    assert column == "channel"
    assert told in found


def test_text_is_trimmed_and_an_empty_one_is_unknown(source: Source) -> None:
    assert value(source, "channel", channel="  app\t") == "app"
    assert value(source, "channel", channel="   ") == "unknown"


def test_many_different_unmapped_values_do_not_flood_the_reasons(source: Source) -> None:
    _, broken = applied(source, *({**GOOD, "result": f"r{n}"} for n in range(100)))

    assert len(broken) == 100
    assert broken["reason"].n_unique() == 21


# --- numbers and flags ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fast", "is no number"),
        ("NaN", "is no number"),
        ("inf", "is no number"),
        ("1.5", "is no whole number"),
        ("-1", "is negative"),
        ("1e308", "is too large"),
        ("99999999999999999999", "is too large"),
    ],
)
def test_number_that_cannot_be_true_is_broken(source: Source, text: str, told: str) -> None:
    assert reason(source, ms=text) == ("latency_ms", told)


@pytest.mark.parametrize(("text", "number"), [("120", 120), ("120.0", 120), ("", None), ("0", 0)])
def test_whole_number_is_read(source: Source, text: str, number: int | None) -> None:
    assert value(source, "latency_ms", ms=text) == number


LOAN = {"at": "2026-03-02 09:30:00", "loan": "L1", "what": "applied", "yuan": "1.5", "court": "有"}


@pytest.fixture
def loans(tmp_path: Path) -> Source:
    from tests.unit.etl.test_sources import LOANS

    return source_in(
        tmp_path,
        ('[values.judicial]\n"有" = true', ""),
        toml=LOANS.replace('[values.step]\n"申请" = "applied"', ""),
    )


def loan(loans: Source, **changes: str) -> dict[str, object]:
    rows, broken = applied(loans, {**LOAN, **changes})
    assert broken.is_empty(), broken["reason"].to_list()
    return rows.row(0, named=True)


@pytest.mark.parametrize(
    ("yuan", "fen"),
    [("1.5", 150), ("19.99", 1999), ("0.1", 10), ("300000", 30_000_000), ("0", 0), ("", None)],
)
def test_yuan_become_fen_exactly(loans: Source, yuan: str, fen: int | None) -> None:
    assert loan(loans, yuan=yuan)["amount"] == fen


@pytest.mark.parametrize(
    ("text", "flag"),
    [("是", True), ("否", False), ("TRUE", True), ("0", False), ("present", True), ("", None)],
)
def test_flag_is_read(loans: Source, text: str, flag: bool | None) -> None:
    assert loan(loans, court=text)["judicial"] is flag


def test_constant_flag_stands_in_every_row(loans: Source) -> None:
    assert loan(loans)["manual"] is False


def test_flag_that_is_neither_is_broken(loans: Source) -> None:
    _, broken = applied(loans, {**LOAN, "court": "perhaps"})

    assert broken.select("column_name", "reason").row(0) == ("judicial", "is neither yes nor no")


# --- people ---------------------------------------------------------------------------------


def test_number_that_came_as_a_float_is_the_same_person(source: Source) -> None:
    assert value(source, "person", citizen="13085.0") == number("13085")
    assert value(source, "person", citizen=" 13085 ") == number("13085")


@pytest.mark.parametrize("text", ["", "NaN", None], ids=["empty", "nan", "null"])
def test_missing_person_is_nobody(source: Source, text: str | None) -> None:
    assert value(source, "person", citizen=text) is None


def test_pseudonym_is_asked_once_a_distinct_value(source: Source) -> None:
    asked: list[str] = []

    def count(text: str) -> int:
        asked.append(text)
        return 7

    frame = frame_of(*({**GOOD, "citizen": str(n % 3)} for n in range(30)))
    contract.apply(frame, source, pseudonym=count, zone=SHANGHAI)

    assert sorted(asked) == ["0", "1", "2"]


def test_required_pseudonym_missing_is_broken(loans: Source) -> None:
    _, broken = applied(loans, {**LOAN, "loan": ""})

    assert broken.select("column_name", "reason").row(0) == ("application", "is empty but required")


def test_broken_row_keeps_no_personal_dropped_or_undeclared_value(source: Source) -> None:
    row = {**GOOD, "citizen": "110101199001011234", "name": "李某", "memo": "note", "ms": "x"}
    _, broken = applied(source, row)

    kept = json.loads(broken["original"][0])
    assert kept["citizen"] == number("110101199001011234")
    assert "name" not in kept and "memo" not in kept
    assert kept["ms"] == "x"
    for secret in ("110101199001011234", "李某", "note"):
        assert secret not in broken["original"][0] + broken["reason"][0]


def test_line_without_fields_keeps_no_text_where_something_is_personal(
    source: Source, tmp_path: Path
) -> None:
    line = BrokenLine(line=3, reason="has fewer fields than the header", text="110101199001011234")
    free = source_in(
        tmp_path,
        ('person = "citizen"\n', ""),
        ('columns = ["citizen"]\ndrop = ["name"]', "drop = []"),
    )

    assert contract.broken_lines([line], source).row(0) == (3, "", line.reason, "{}", None)
    assert "110101199001011234" in contract.broken_lines([line], free)["original"][0]


# --- columns --------------------------------------------------------------------------------


def test_missing_column_is_named_with_the_nearest(source: Source) -> None:
    with pytest.raises(ContractBroken, match=r"no column 'channel'. Did you mean 'chanel'\?"):
        contract.check_columns(["no", "at", "citizen", "chanel", "result", "ms"], source)


def test_sparse_format_may_leave_out_what_is_not_required(source: Source) -> None:
    contract.check_columns(["no", "at"], source, is_sparse=True)

    with pytest.raises(ContractBroken, match="'at'"):
        contract.check_columns(["no", "channel"], source, is_sparse=True)
    rows, _ = applied(source, {"no": "1", "at": GOOD["at"]})
    assert rows.select("channel", "person", "latency_ms").row(0) == ("unknown", None, None)


def test_undeclared_column_is_told_and_not_stored(source: Source) -> None:
    assert contract.new_columns([*GOOD, "memo", LINE], source) == ("memo",)


def test_row_without_any_identity_is_broken(source: Source) -> None:
    frame = frame_of(GOOD).with_columns(pl.lit(None, dtype=pl.String).alias(IDENTITY))
    _, broken = contract.apply(frame, source, pseudonym=number, zone=SHANGHAI)

    assert broken["reason"].to_list() == ["is empty in every identity column"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.fixed_dictionaries(
            {name: st.none() | st.text(max_size=12) | st.just(good) for name, good in GOOD.items()}
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_delivered_every_row_is_accounted_for(
    source: Source, rows: list[dict[str, str | None]]
) -> None:
    good, broken = applied(source, *rows)

    assert sorted([*good["line"], *broken["line"]]) == list(range(2, len(rows) + 2))
    assert broken["reason"].null_count() == 0
