"""The example city delivers what its declared sources can read, at every time of day."""

import hashlib
import json
import statistics
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from etl.connectors.files import Files
from etl.contract import apply, new_columns
from etl.demo import calendar, deliver_live, vocabulary, write_history
from etl.demo.bureaus import BUREAUS, Bureau
from etl.demo.delivery import deliver
from etl.demo.loans import APPLIED, APPROVED, DECLINED, steps
from etl.demo.plan import planned
from etl.demo.population import path
from etl.demo.ratings import ratings
from etl.demo.usage import INCIDENT, events
from etl.identity import Identifier
from etl.model import Source
from etl.reading.content import read_content
from etl.sources import read_sources
from tests.unit.etl.declared import contents_in
from warehouse.errors import StorageError
from warehouse.settings import ROOT, Settings

NOW = datetime(2026, 3, 18, 2, 30, tzinfo=UTC)
FIRST = date(2024, 3, 1)
NAMES = [bureau.name for bureau in BUREAUS]
SMALL = tuple(b for b in BUREAUS if b.name in ("housing_fund", "hall_machines"))


def _settings(home: Path) -> Settings:
    return Settings.from_env({"COCKPIT_HOME": str(home)})


def _bureau(name: str) -> Bureau:
    return next(bureau for bureau in BUREAUS if bureau.name == name)


def _sources(inbox: Path) -> dict[str, Source]:
    env = {"COCKPIT_INBOX": str(inbox), "COCKPIT_HOME": str(inbox.parent)}
    return {source.name: source for source in read_sources(ROOT / "sources", env).sources}


def _keyed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def _share(holds: pl.Series) -> float:
    return int(holds.sum()) / len(holds)


def _read(source: Source) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good and broken rows of everything that lies in the source's inbox."""
    good, broken = [], []
    for content in contents_in(_files(source)):
        identifier = Identifier(source, _keyed)
        for chunk in read_content(content):
            frame = identifier.identify(chunk.frame)
            rows, bad = apply(frame, source, pseudonym=_keyed, zone=calendar.ZONE)
            good.append(rows)
            broken.append(bad)
    return pl.concat(good), pl.concat(broken)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = _settings(tmp_path_factory.mktemp("city"))
    write_history(settings, NOW, bureaus=SMALL)
    return settings


# --- what is delivered fits what is declared -------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_delivery_when_read_as_declared_then_only_meant_rows_break(
    name: str, tmp_path: Path
) -> None:
    bureau = _bureau(name)
    rows = planned(bureau, FIRST, 17).drop("delivered")
    deliver(rows, tmp_path / name, f"{name}-202508", bureau)
    source = _sources(tmp_path)[name]

    good, broken = _read(source)

    assert len(good) + len(broken) == len(rows)
    assert len(good) > 300
    assert len(broken) <= 0.004 * len(rows)
    assert set(broken["column_name"]) <= {
        "occurred_at",
        "outcome",
        "identity",
        "amount",
        "application",
        "level",
    }


@pytest.mark.parametrize("name", NAMES)
def test_delivery_when_compared_with_its_source_then_every_column_is_declared(
    name: str, tmp_path: Path
) -> None:
    source = _sources(tmp_path)[name]
    columns = [theirs for _, theirs in _bureau(name).columns]

    assert new_columns(columns, source) == ()
    assert set(source.personal) | set(source.dropped) <= set(columns)


@pytest.mark.parametrize("name", NAMES)
def test_member_when_a_source_brings_it_then_it_has_a_name_in_both_languages(
    name: str, tmp_path: Path
) -> None:
    env = {"COCKPIT_INBOX": str(tmp_path), "COCKPIT_HOME": str(tmp_path)}
    declared = read_sources(ROOT / "sources", env)
    source = next(s for s in declared.sources if s.name == name)
    closed = {"outcome", "audience", "step", "level"}
    for dimension, values in source.values.items():
        for code in set(values.values()) if dimension not in closed else ():
            label = declared.labels[dimension][code]
            assert label.zh and label.en


def test_numbers_of_people_when_delivered_then_no_real_one_can_match() -> None:
    rows = planned(_bureau("housing_fund"), FIRST, 17)
    numbers = rows["证件号码"].drop_nulls()
    assert numbers.str.len_chars().unique().to_list() == [18]
    assert numbers.str.starts_with("000000").all()
    assert rows["手机号"].drop_nulls().str.starts_with("0").all()


def test_one_person_when_met_in_two_bureaus_then_the_number_is_the_same() -> None:
    first = planned(_bureau("housing_fund"), FIRST, 17)["证件号码"].drop_nulls().unique()
    other = planned(_bureau("public_security"), FIRST, 17)["holder_no"].drop_nulls().unique()
    assert first.is_in(other.implode()).sum() > 100


# --- history ---------------------------------------------------------------------------------


def test_history_when_written_twice_then_the_files_are_the_same(
    history: Settings, tmp_path: Path
) -> None:
    again = _settings(tmp_path)
    write_history(again, NOW, bureaus=SMALL)
    for file in sorted(history.inbox.glob("*/*")):
        assert (again.inbox / file.relative_to(history.inbox)).read_bytes() == file.read_bytes()


def _files(source: Source) -> Files:
    assert isinstance(source.connector, Files)
    return replace(source.connector, settle_seconds=0.0)


def _times(settings: Settings, file_part: str) -> list[str]:
    """The times in one of the provident fund's files."""
    source = _sources(settings.inbox)["housing_fund"]
    wanted = next(c for c in contents_in(_files(source)) if c.name.endswith(file_part))
    chunks = read_content(wanted)
    return [t for chunk in chunks for t in chunk.frame["办理时间"].to_list() if t]


def test_history_when_written_then_it_spans_two_years_and_the_running_month(
    history: Settings,
) -> None:
    assert len(list(history.inbox.glob("housing_fund/*"))) == 11 + 1, "the last one has no rows"
    oldest = _times(history, "202403-202502.csv.gz")
    newest = [t for t in _times(history, "202603.csv.gz") if not t.startswith("2099")]
    assert min(oldest)[:7] == "2024-03"
    assert "2026-03-18 08:00:00" < max(newest) <= "2026-03-18 10:30:00"


def test_history_when_written_then_one_file_lies_there_twice(history: Settings) -> None:
    files = [f.read_bytes() for f in (history.inbox / "housing_fund").iterdir()]
    assert sorted(Counter(files).values())[-2:] == [1, 2]
    assert not list(history.inbox.glob("*/*.part"))


def test_history_when_rows_are_late_then_they_lie_in_a_later_file(history: Settings) -> None:
    months = Counter(text[:7] for text in _times(history, "202511.csv.gz"))
    assert months["2025-10"] > 0
    assert months["2025-11"] > 20 * months["2025-10"]


def test_history_when_written_then_progress_ends_at_its_total(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    machines = (_bureau("hall_machines"),)
    write_history(
        _settings(tmp_path), NOW, lambda done, total: seen.append((done, total)), bureaus=machines
    )
    assert [done for done, _ in seen] == list(range(1, 11))
    assert {total for _, total in seen} == {10}


# --- the story -------------------------------------------------------------------------------


def test_active_people_when_months_pass_then_growth_is_steep_and_bends() -> None:
    active = path(25).active
    growth = [b / a - 1 for a, b in pairwise(active)]
    assert 0.27 < statistics.median(growth[:16]) < 0.33
    assert all(0.10 < g < 0.13 for g in growth[-3:])
    assert min(growth) < 0.15
    assert 50_000 < active[23] < 65_000


def test_people_served_when_the_history_ends_then_more_than_120_000() -> None:
    served: set[int] = set()
    for month in range(24):
        done = events(FIRST, month).filter(pl.col("outcome") == 0)
        served.update(done["person"].drop_nulls().to_list())
    assert len(served) > 115_000
    running = events(FIRST, 24).filter((pl.col("outcome") == 0) & (pl.col("at").dt.day() < 18))
    assert len(served | set(running["person"].drop_nulls().to_list())) > 120_000


def test_counter_share_when_two_years_pass_then_it_falls_but_not_in_one_district() -> None:
    def share(month: int, district: int | None) -> float:
        rows = events(FIRST, month)
        if district is not None:
            rows = rows.filter(pl.col("district") == district)
        return _share(rows["channel"] == vocabulary.COUNTER)

    assert share(13, None) > share(23, None) + 0.05
    assert share(23, vocabulary.LAGGING_DISTRICT) > 2 * share(23, None)


def test_incident_when_it_lasts_then_answers_are_slow_and_ratings_sour() -> None:
    rows = events(FIRST, INCIDENT.month).filter(pl.col("scene").is_in(INCIDENT.scenes))
    during = pl.col("at").dt.day().is_in(INCIDENT.days)
    slow, usual = (rows.filter(c)["latency_ms"].quantile(0.95) for c in (during, ~during))
    assert slow is not None and usual is not None and slow > 4 * usual

    def bad(first_day: int, last_day: int) -> float:
        month = ratings(events(FIRST, INCIDENT.month), FIRST, INCIDENT.month)
        felt = month.filter(
            pl.col("scene").is_in(INCIDENT.scenes)
            & pl.col("at").dt.day().is_between(first_day, last_day)
        )
        return _share(felt["level"] >= 3)

    assert bad(12, 25) > 3 * bad(1, 10)


def test_ratings_when_counted_then_few_rate_and_nearly_all_are_satisfied() -> None:
    done = events(FIRST, 17).filter(pl.col("outcome") == 0)
    rated = ratings(events(FIRST, 17), FIRST, 17)
    assert 0.07 < len(rated) / len(done) < 0.095
    assert 0.96 < _share(rated["level"] <= 2) < 0.985


@pytest.mark.parametrize("for_dealers", [False, True], ids=["people", "dealers"])
def test_approval_when_timed_then_it_takes_about_22_seconds(for_dealers: bool) -> None:
    rows = steps(FIRST, 22, for_dealers=for_dealers)
    applied = rows.filter(pl.col("step") == APPLIED).select("number", pl.col("at").alias("start"))
    decided = rows.filter(pl.col("step").is_in([APPROVED, DECLINED])).join(applied, on="number")
    seconds = (decided["at"] - decided["start"]).dt.total_milliseconds() / 1000
    assert 20 < (seconds.quantile(0.5) or 0) < 24
    assert 40 < (seconds.quantile(0.95) or 0) < 62
    assert 0.02 < _share(seconds > 60) < 0.05


def test_dealers_when_the_history_ends_then_more_than_800_have_applied() -> None:
    seen = set[int]()
    for month in range(25):
        seen.update(steps(FIRST, month, for_dealers=True)["person"].to_list())
    assert 800 < len(seen) <= 900


def test_steps_when_an_application_goes_on_then_they_follow_each_other() -> None:
    rows = steps(FIRST, 20, for_dealers=False)
    times = rows.pivot("step", index="number", values="at", aggregate_function="first")
    for before, after in (("0", "1"), ("1", "2"), ("2", "3"), ("0", "4"), ("0", "5"), ("1", "7")):
        both = times.drop_nulls([before, after])
        assert len(both) == times[after].count() > 0
        assert (both[after] > both[before]).all()


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2025, 10, 1), False),
        (date(2025, 9, 28), True),
        (date(2026, 2, 17), False),
        (date(2026, 3, 18), True),
        (date(2031, 3, 17), True),
        (date(2031, 3, 16), False),
    ],
    ids=["national day", "make-up sunday", "spring festival", "wednesday", "later", "later sunday"],
)
def test_working_day_when_holidays_are_moved_then_it_follows(day: date, working: bool) -> None:
    assert calendar.is_working_day(day) is working


# --- live ------------------------------------------------------------------------------------


def _ids(settings: Settings, name: str = "social_security") -> list[str]:
    source = _sources(settings.inbox)[name]
    found: list[str] = []
    for content in contents_in(_files(source)) if _files(source).path.exists() else ():
        for chunk in read_content(content):
            found.extend(chunk.frame["event_no"].drop_nulls().to_list())
    return found


def _file_count(settings: Settings) -> int:
    return len(list(settings.inbox.glob("*/*")))


def test_live_when_the_night_is_quiet_then_each_minute_says_so(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    night = datetime(2026, 3, 17, 19, 0, tzinfo=UTC)
    deliver_live(settings, night)
    for call in range(1, 25):
        deliver_live(settings, night + timedelta(seconds=5 * call))
    for name in set(NAMES) - {"hall_machines"}:
        files = (settings.inbox / name).iterdir()
        minutes = {file.name.split("T")[1][:4] for file in files}
        assert {"0301", "0302"} <= minutes, name
    assert not list(settings.inbox.glob("*/*.part"))
    assert not _rows(settings, "education"), "no pupil is awake"


DAY_BEGIN = datetime(2026, 3, 16, 16, 0, tzinfo=UTC)


LIVE_DAY = ("social_security", "hall_machines", "citizen_loan", "dealer_loan", "ratings")


@pytest.fixture(scope="module")
def live_day(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[tuple[str, ...]]]:
    """A bureau's rows of a day that was delivered every hour and a half."""
    settings = _settings(tmp_path_factory.mktemp("live"))
    deliver_live(settings, DAY_BEGIN)
    found = {name: Counter[tuple[str, ...]]() for name in LIVE_DAY}
    for call in range(1, 17):
        before = set(settings.inbox.glob("*/*"))
        deliver_live(settings, DAY_BEGIN + timedelta(minutes=90 * call))
        fresh = set(settings.inbox.glob("*/*")) - before
        for name in LIVE_DAY:
            found[name] += _rows(settings, name, fresh)
    return found


def test_live_when_a_day_goes_by_then_the_history_would_have_held_it(
    live_day: dict[str, Counter[tuple[str, ...]]], tmp_path: Path
) -> None:
    bureau = _bureau("social_security")
    held = []
    for until in (DAY_BEGIN, DAY_BEGIN + timedelta(days=1)):
        settings = _settings(tmp_path / f"{until:%d}")
        write_history(settings, until, bureaus=(bureau,))
        held.append(_rows(settings, bureau.name))
    assert live_day[bureau.name] == held[1] - held[0]
    assert live_day[bureau.name].total() > 1000


@pytest.mark.parametrize("name", LIVE_DAY)
def test_live_when_a_day_goes_by_then_it_is_the_day_of_the_plan(
    live_day: dict[str, Counter[tuple[str, ...]]], name: str
) -> None:
    bureau = _bureau(name)
    rows = pl.concat([planned(bureau, FIRST, month) for month in (22, 23, 24)])
    of_day = rows.filter(pl.col("delivered").dt.date() == date(2026, 3, 17)).drop("delivered")
    wanted = Counter(of_day.select(pl.all().cast(pl.String)).rows())
    assert live_day[name] == wanted
    assert wanted.total() > 50


def _rows(
    settings: Settings, name: str, files: set[Path] | None = None
) -> Counter[tuple[str, ...]]:
    """What lies in the inbox of `name`, or in `files` of it, as text."""
    source = _sources(settings.inbox)[name]
    columns = [pl.col(theirs).cast(pl.String) for _, theirs in _bureau(name).columns]
    found = Counter[tuple[str, ...]]()
    for content in contents_in(_files(source)) if _files(source).path.exists() else ():
        if files is None or content.path in files:
            for chunk in read_content(content):
                if not chunk.frame.is_empty():
                    found.update(chunk.frame.select(columns).rows())
    return found


def test_live_when_restarted_then_no_number_comes_twice_but_the_meant_ones(
    tmp_path: Path,
) -> None:
    settings = _settings(tmp_path)
    for minutes in (0, 1, 2, 9, 40):
        deliver_live(settings, NOW + timedelta(minutes=minutes))
    ids = [i for i in _ids(settings) if i]
    assert len(ids) > 50
    assert len(ids) - len(set(ids)) <= 0.02 * len(ids)


def test_live_when_called_twice_for_one_moment_then_nothing_more_comes(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    deliver_live(settings, NOW)
    before = _file_count(settings)
    deliver_live(settings, NOW)
    deliver_live(settings, NOW - timedelta(seconds=30))
    assert _file_count(settings) == before


def test_live_when_two_homes_run_alike_then_they_deliver_the_same(tmp_path: Path) -> None:
    homes = [_settings(tmp_path / name) for name in ("one", "two")]
    for settings in homes:
        for seconds in (0, 5, 11):
            deliver_live(settings, NOW + timedelta(seconds=seconds))
    one, two = (
        {f.relative_to(s.inbox): f.read_bytes() for f in s.inbox.glob("*/*")} for s in homes
    )
    assert one == two


def test_live_when_it_follows_the_history_then_no_planned_row_is_lost(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    bureau = _bureau("social_security")
    write_history(settings, NOW, bureaus=(bureau,))
    later = NOW + timedelta(minutes=80)
    deliver_live(settings, NOW + timedelta(minutes=30))
    deliver_live(settings, later)
    due = later.astimezone(calendar.ZONE).replace(tzinfo=None)
    expected = pl.concat([planned(bureau, FIRST, month) for month in (22, 23, 24)])
    arrived = set(_ids(settings))
    wanted = expected.filter(pl.col("delivered") <= due)["event_no"].drop_nulls()
    assert set(wanted.to_list()) - arrived == set()
    future = expected.filter(pl.col("delivered") > due)["event_no"].drop_nulls()
    assert set(future.to_list()) & arrived <= {""}


def test_live_when_away_for_a_week_then_two_days_come(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    deliver_live(settings, NOW)
    back = NOW + timedelta(days=7)
    deliver_live(settings, back)
    days = Counter(_days(settings, "real_estate"))
    assert days[date(2026, 3, 24)] > 100
    late_only = sum(days[date(2026, 3, day)] for day in (19, 20, 21, 22))
    assert late_only < 0.1 * days[date(2026, 3, 24)]


def test_live_when_an_hour_has_passed_then_old_files_go_and_the_history_stays(
    tmp_path: Path,
) -> None:
    settings = _settings(tmp_path)
    write_history(settings, NOW, bureaus=(_bureau("hall_machines"),))
    history = set(settings.inbox.glob("hall_machines/*"))
    deliver_live(settings, NOW + timedelta(seconds=30))
    first = set(settings.inbox.glob("*/*")) - history
    deliver_live(settings, NOW + timedelta(minutes=70))
    left = set(settings.inbox.glob("*/*"))
    assert first and not first & left
    assert history <= left


def test_live_when_the_month_turns_then_the_plan_goes_on(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    before = datetime(2026, 3, 31, 15, 50, tzinfo=UTC)
    deliver_live(settings, before)
    deliver_live(settings, before + timedelta(minutes=30))
    state = json.loads((settings.inbox / ".demo-state.json").read_text("utf-8"))
    assert state["first"] == "2024-03-01"
    days = {day for name in NAMES if name != "hall_machines" for day in _days(settings, name)}
    assert {date(2026, 3, 31), date(2026, 4, 1)} <= days


def _days(settings: Settings, name: str) -> list[date]:
    source = _sources(settings.inbox)[name]
    if not _files(source).path.exists():
        return []
    return list(_read(source)[0]["day"].to_list())


def test_live_when_its_state_is_damaged_then_the_error_names_the_file(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    settings.inbox.mkdir(parents=True)
    (settings.inbox / ".demo-state.json").write_text("{", encoding="utf-8")
    with pytest.raises(StorageError, match=r"demo-state\.json is damaged"):
        deliver_live(settings, NOW)


# --- the map ---------------------------------------------------------------------------------

Point = tuple[float, float]


def test_city_when_read_then_its_districts_are_those_of_the_plan(tmp_path: Path) -> None:
    env = {"COCKPIT_INBOX": str(tmp_path), "COCKPIT_HOME": str(tmp_path)}
    city = read_sources(ROOT / "sources", env).city
    assert [d.code for d in city.districts] == [code for code, _, _ in vocabulary.DISTRICTS]
    assert [d.label.zh for d in city.districts] == [zh for _, zh, _ in vocabulary.DISTRICTS]
    assert sum(d.population for d in city.districts) == 1_304_500
    assert "示意" in city.map_note.zh


def test_outlines_when_laid_together_then_there_is_no_gap_and_no_overlap(tmp_path: Path) -> None:
    env = {"COCKPIT_INBOX": str(tmp_path), "COCKPIT_HOME": str(tmp_path)}
    rings = [d.outline for d in read_sources(ROOT / "sources", env).city.districts]
    assert all(ring[0] == ring[-1] and 20 <= len(ring) <= 60 for ring in rings)
    borders = Counter(frozenset(side) for ring in rings for side in pairwise(ring))
    assert set(borders.values()) == {1, 2}
    outside = _walk([tuple(side) for side, count in borders.items() if count == 1])
    assert abs(_area(outside)) == pytest.approx(sum(abs(_area(list(ring))) for ring in rings))


def _walk(sides: list[tuple[Point, ...]]) -> list[Point]:
    """The one ring that uses every side; fails if there is more than one."""
    rest, ring = sides[1:], list(sides[0])
    while rest:
        step = next(side for side in rest if ring[-1] in side)
        rest.remove(step)
        ring.append(step[0] if step[1] == ring[-1] else step[1])
    assert ring[0] == ring[-1]
    return ring


def _area(ring: list[Point]) -> float:
    pairs = pairwise(ring)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2
