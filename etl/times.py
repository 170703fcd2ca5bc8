"""Their times as instants: UTC, with the day and hour of the reporting time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from etl.model import Source
from warehouse import clock, reasons

FIRST_YEAR, LAST_YEAR = 1990, 2100
MOST_AHEAD = timedelta(days=1)
"""A later time is a wrong clock or a wrong zone, not an event."""

UNREADABLE = reasons.words("time_unreadable")
NOT_EXISTING = reasons.words("time_skipped")
OUTSIDE = reasons.words("time_outside", first=FIRST_YEAR, last=LAST_YEAR)
AHEAD = reasons.words("time_ahead")

_NAIVE = pl.Datetime("us")
_AWARE = pl.Datetime("us", "UTC")
_OFFSET = r"(?:Z|z|[+-]\d{2}:?\d{2})$"
# Polars reads the first two of each separator several times faster than `%.f`, which is for all
# other fractions.
_ISO_CLOCK = ("%H:%M:%S.%6f", "%H:%M:%S", "%H:%M:%S%.f", "%H:%M")
_ISO_LOCAL = tuple(f"%Y-%m-%d{separator}{clock}" for clock in _ISO_CLOCK for separator in "T ")
_ISO_DAY = "%Y-%m-%d"
_CLOCK_FIELDS = ("%H", "%I", "%M", "%S", "%s", "%T", "%R", "%X", "%c", "%r", "%f")


def read_times(texts: pl.Series, source: Source, zone: ZoneInfo) -> pl.DataFrame:
    """For each text: `at` (UTC, naive), `day`, `hour` (of `zone`; null without time of day) and
    `problem` (null, or what is wrong with it). A null text gives nulls.

    A local time that happened twice is the first of the two.
    """
    if source.time_format == "iso":
        parsed = _iso(texts, source.zone)
    elif source.time_format.startswith("epoch_"):
        parsed = _epoch(texts, source.time_format)
    else:
        parsed = _pattern(texts, source.time_format, source.zone)
    return _finish(parsed, zone)


def _frame(at: pl.Series, problem: pl.Series, day: pl.Series | None = None) -> pl.DataFrame:
    """`at` aware; `date` is filled where only a day is known."""
    date = pl.Series("date", [None], dtype=pl.Date).new_from_index(0, len(at))
    whole_day = date if day is None else day
    return pl.DataFrame([at.alias("at"), problem.alias("problem"), whole_day.alias("date")])


def _unread(texts: pl.Series) -> pl.DataFrame:
    """Nothing could be made of these texts."""
    problem = (
        texts.is_not_null()
        .to_frame("p")
        .select(pl.when("p").then(pl.lit(UNREADABLE)).alias("problem"))
    )
    at = pl.Series("at", [None], dtype=_AWARE).new_from_index(0, len(texts))
    return _frame(at, problem.to_series())


def _iso(texts: pl.Series, zone: ZoneInfo) -> pl.DataFrame:
    """Each form is tried on what the forms before it left over."""
    parts: list[pl.DataFrame] = []
    rest = pl.DataFrame([texts.alias("text"), pl.int_range(len(texts), eager=True).alias("row")])
    forms = [*_ISO_LOCAL, *(f + "%z" for f in _ISO_LOCAL), _ISO_DAY]
    while forms and not rest.is_empty():
        form = _next_form(rest["text"], forms)
        forms.remove(form)
        found = _try_form(rest["text"], form, zone).with_columns(rest["row"])
        done = found["problem"].ne_missing(UNREADABLE)
        parts.append(found if done.all() else found.filter(done))
        rest = rest.filter(~done)
    if len(parts) != 1 or not rest.is_empty():
        parts.append(_unread(rest["text"]).with_columns(rest["row"]))
        parts = [pl.concat(parts).sort("row")]
    return parts[0].drop("row")


def _next_form(texts: pl.Series, forms: list[str]) -> str:
    """The form that fits the first text, if one does."""
    first = texts.drop_nulls().head(1)
    return next((form for form in forms if _parse(first, form).is_not_null().all()), forms[0])


def _parse(texts: pl.Series, form: str) -> pl.Series:
    """As days, instants or local times; null where the form does not fit."""
    if form == _ISO_DAY:
        return texts.str.to_date(form, strict=False)
    plain = texts.str.replace("[Zz]$", "+00:00") if form.endswith("%z") else texts
    return plain.str.to_datetime(form, time_unit="us", strict=False)


def _try_form(texts: pl.Series, form: str, zone: ZoneInfo) -> pl.DataFrame:
    if form == _ISO_DAY:
        return _days(texts, form, zone)
    if form.endswith("%z"):
        return _instants(texts, _parse(texts, form))
    return _local(texts, _parse(texts, form), zone)


def _instants(texts: pl.Series, at: pl.Series) -> pl.DataFrame:
    problem = texts.is_not_null() & at.is_null()
    return _frame(at.cast(_AWARE), _worded(problem, UNREADABLE))


def _local(texts: pl.Series, local: pl.Series, zone: ZoneInfo) -> pl.DataFrame:
    at = local.dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")
    unread = texts.is_not_null() & local.is_null()
    skipped = local.is_not_null() & at.is_null()
    problem = _worded(unread, UNREADABLE)
    if skipped.any():
        problem = problem.zip_with(~skipped, _worded(skipped, NOT_EXISTING))
    return _frame(at.dt.convert_time_zone("UTC"), problem)


def _days(texts: pl.Series, form: str, zone: ZoneInfo) -> pl.DataFrame:
    day = texts.str.to_date(form, strict=False)
    midnight = pl.Series("at", [None], dtype=_AWARE).new_from_index(0, len(texts))
    problem = _worded(texts.is_not_null() & day.is_null(), UNREADABLE)
    return _frame(midnight, problem, day)


def _worded(where: pl.Series, text: str) -> pl.Series:
    return where.to_frame("w").select(pl.when("w").then(pl.lit(text)).alias("problem")).to_series()


def _epoch(texts: pl.Series, form: str) -> pl.DataFrame:
    scale = 1_000_000 if form == "epoch_s" else 1_000
    number = texts.cast(pl.Float64, strict=False)
    number = number.set(~number.is_finite().fill_null(False), None)
    micros = (number * scale).round().cast(pl.Int64, strict=False)
    return _instants(texts, micros.cast(_AWARE))


def _pattern(texts: pl.Series, form: str, zone: ZoneInfo) -> pl.DataFrame:
    form = form.replace(".%f", "%.f").replace("%f", "%6f")
    if "%z" in form:
        return _instants(texts, texts.str.to_datetime(form, time_unit="us", strict=False))
    if not any(name in form for name in (*_CLOCK_FIELDS, "%.f", "%6f")):
        return _days(texts, form, zone)
    return _local(texts, texts.str.to_datetime(form, time_unit="us", strict=False), zone)


def _finish(parsed: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    """Cuts day and hour in `zone`, and checks that the time can be true.

    A day without a time of day stays that day everywhere: its instant is the day's first in
    `zone`, so that it falls into the same month as the day.
    """
    parsed = parsed.with_columns(pl.coalesce("at", _first_instant(pl.col("date"), zone)))
    local = pl.col("at").dt.convert_time_zone(zone.key)
    limit = clock.now() + MOST_AHEAD
    low, high = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    year = pl.when((pl.col("at") < low) | (pl.col("at") >= high)).then(pl.lit(OUTSIDE))
    ahead = pl.when(pl.col("at") > limit).then(pl.lit(AHEAD))
    return parsed.select(
        at=pl.col("at").dt.replace_time_zone(None),
        day=pl.coalesce("date", local.dt.date()),
        hour=pl.when(pl.col("date").is_null()).then(local.dt.hour().cast(pl.UInt8)),
        problem=pl.coalesce("problem", year, ahead),
    )


def known_until(rows: pl.DataFrame, zone: ZoneInfo) -> datetime | None:
    """The latest instant that `rows` (as in `Batch`) speak of, aware; None without rows.

    A row without time of day stands for its whole day, as `zone` cuts it.
    """
    day_end = _first_instant(pl.col("day") + pl.duration(days=1), zone).dt.replace_time_zone(None)
    until = pl.when(pl.col("hour").is_null()).then(day_end).otherwise("occurred_at")
    latest: datetime | None = rows.select(until.max()).item()
    return None if latest is None else latest.replace(tzinfo=UTC)


def _first_instant(day: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    """In UTC; a day may begin at one o'clock, where the clocks change at midnight."""
    start = day.cast(_NAIVE)
    return pl.coalesce(*(_zoned(start + pl.duration(hours=hours), zone) for hours in (0, 1)))


def _zoned(local: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    zoned = local.dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC")
