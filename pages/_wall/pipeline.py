"""Scene: whether the numbers can be trusted today: sources, lags, broken rows."""

from collections.abc import Callable
from datetime import datetime

from pages._figures import ranking
from pages._figures.values import MISSING, Point, Series
from pages._ui.numbers import fixed, format_value
from pages._wall.model import Answers, Card, Number, Numbers, Picture, Scene, Table
from warehouse.datasets import DATASETS
from warehouse.model import Cell, Label, Polarity, SourceStatus, Unit

_MOST_ROWS = 14


def span(seconds: float | None, answers: Answers) -> str:
    """A duration in its natural unit, or a dash."""
    return str(format_value(seconds, Unit.SECONDS, answers.style.language))


def _state(source: SourceStatus, answers: Answers) -> tuple[str, str]:
    """What is wrong with a source, and how bad that is; tone empty: nothing."""
    if source.watermark is None:
        return answers.say("暂无数据", "no data yet"), "warn"
    if source.last_run_state == "failed":
        return answers.say("运行失败", "failed"), "bad"
    if source.is_stale(answers.now):
        return answers.say("延迟", "late"), "warn"
    return answers.say("正常", "on time"), ""


def _rank(source: SourceStatus, answers: Answers) -> tuple[int, float]:
    tone = _state(source, answers)[1]
    return ("bad", "warn", "").index(tone), -(source.lag_seconds(answers.now) or 0)


def _clock(moment: datetime | None, answers: Answers) -> str:
    return "—" if moment is None else moment.astimezone(answers.zone).strftime("%m-%d %H:%M")


def _sources(answers: Answers) -> Table | None:
    if not answers.sources:
        return None
    shown = sorted(answers.sources, key=lambda source: _rank(source, answers))[:_MOST_ROWS]
    tones = {i: tone for i, s in enumerate(shown) if (tone := _state(s, answers)[1])}
    late = sum(1 for s in answers.sources if _state(s, answers)[1])
    finding = (
        answers.say(f"{late} 个数据源需要关注", f"{late} sources need attention")
        if late
        else answers.say("全部数据源按时", "All sources are on time")
    )
    return Table(
        head=_head(answers),
        rows=tuple(_row(s, answers) for s in shown),
        tones=tones,
        finding=finding,
    )


def _head(answers: Answers) -> tuple[str, ...]:
    zh = ("数据源", "标准", "状态", "数据到", "延迟", "承诺", "入库", "重复", "隔离")
    en = (
        "Source",
        "Contract",
        "State",
        "Data to",
        "Lag",
        "Promise",
        "Loaded",
        "Again",
        "Kept apart",
    )
    return en if answers.say("zh", "en") == "en" else zh


def _row(source: SourceStatus, answers: Answers) -> tuple[str, ...]:
    language = answers.style.language
    dataset = DATASETS.get(source.dataset)
    return (
        source.label.text(language),
        dataset.label.text(language) if dataset else source.dataset,
        _state(source, answers)[0],
        _clock(source.watermark, answers),
        span(source.lag_seconds(answers.now), answers),
        span(source.promise_seconds, answers),
        fixed(source.rows_loaded, 0),
        fixed(source.rows_duplicate, 0),
        fixed(source.rows_quarantined, 0),
    )


def _totals(answers: Answers) -> Numbers | None:
    sources = answers.sources
    if not sources:
        return None
    good = sum(1 for s in sources if not _state(s, answers)[1])
    lags = [lag for s in sources if (lag := s.lag_seconds(answers.now)) is not None]
    first = Number(
        label=answers.say("按时的数据源", "Sources on time"),
        value=str(good),
        unit=f"/ {len(sources)}",
        tone="good" if good == len(sources) else "bad",
    )
    slowest = format_value(max(lags, default=None), Unit.SECONDS, answers.style.language)
    worst = Number(
        label=answers.say("最长延迟", "Longest lag"), value=slowest.number, unit=slowest.unit
    )
    counts = (
        (answers.say("读取行数", "Rows read"), sum(s.rows_read for s in sources)),
        (answers.say("入库行数", "Rows loaded"), sum(s.rows_loaded for s in sources)),
        (answers.say("重复行数", "Rows seen before"), sum(s.rows_duplicate for s in sources)),
        (answers.say("隔离行数", "Rows kept apart"), sum(s.rows_quarantined for s in sources)),
    )
    return Numbers(lines=(first, worst, *(_count(name, n, answers) for name, n in counts)))


def _count(name: str, count: int, answers: Answers) -> Number:
    text = format_value(count, Unit.ROWS, answers.style.language)
    return Number(label=name, value=text.number, unit=text.unit)


def _by_source(
    answers: Answers, value: Callable[[SourceStatus], float | None], unit: Unit
) -> Series:
    return Series(
        label="",
        unit=unit,
        polarity=Polarity.DOWN,
        points=tuple(
            Point(
                label=s.label.text(answers.style.language),
                code=s.name,
                cell=MISSING if (number := value(s)) is None else Cell(value=number),
            )
            for s in answers.sources
        ),
    )


def _lags(answers: Answers) -> Picture | None:
    def share(source: SourceStatus) -> float | None:
        lag = source.lag_seconds(answers.now)
        return None if lag is None else lag / source.promise_seconds

    shown = _by_source(answers, share, Unit.SHARE)
    late = sum(1 for value in shown.values if value is not None and value > 1)
    figure = ranking.draw(shown, answers.style, limit=6, highlight=late)
    return Picture(figure=figure) if shown.points else None


def _loaded(answers: Answers) -> Picture | None:
    shown = _by_source(answers, lambda source: source.rows_loaded, Unit.ROWS)
    figure = ranking.draw(shown, answers.style, limit=6, highlight=0)
    return Picture(figure=figure) if shown.points else None


def _kept_apart(answers: Answers) -> Picture | None:
    shown = _by_source(answers, lambda source: source.rows_quarantined, Unit.ROWS)
    figure = ranking.draw(shown, answers.style, limit=6, highlight=0)
    return Picture(figure=figure) if shown.points else None


SCENE = Scene(
    name="pipeline",
    label=Label(zh="数据管道", en="Pipeline"),
    arrangement="three",
    cards=(
        Card(
            id="pipeline_numbers",
            area="n",
            title=Label(zh="数据源", en="Sources"),
            note=Label(zh="各次运行累计", en="sums of all runs"),
            kind="numbers",
            asks=lambda _day: (),
            draw=_totals,
        ),
        Card(
            id="pipeline_sources",
            area="a",
            title=Label(zh="数据源状态", en="State of the sources"),
            kind="table",
            asks=lambda _day: (),
            draw=_sources,
        ),
        Card(
            id="pipeline_lag",
            area="b",
            title=Label(zh="延迟占承诺的比例", en="Lag against promise"),
            note=Label(zh="100% 为承诺", en="100%: the promise"),
            asks=lambda _day: (),
            draw=_lags,
        ),
        Card(
            id="pipeline_loaded",
            area="d",
            title=Label(zh="入库行数", en="Rows loaded"),
            note=Label(zh="各次运行累计 · 按数据源", en="all runs, by source"),
            asks=lambda _day: (),
            draw=_loaded,
        ),
        Card(
            id="pipeline_quarantined",
            area="c",
            title=Label(zh="隔离行数", en="Rows kept apart"),
            note=Label(zh="各次运行累计 · 按数据源", en="all runs, by source"),
            asks=lambda _day: (),
            draw=_kept_apart,
        ),
    ),
)
