"""The runs of the sources, the newest first, with their counts."""

from statistics import median

from pages._panels.problems import RUN_STATES
from pages._panels.sources import three_counts
from pages._ui.cells import Chip, Entry, Meter, Pair, Tone
from pages._ui.numbers import fixed
from pages._ui.panel import Drawing, Panel, Sheet, Tile
from pages._ui.text import _, told
from pages._ui.words import moment_words, span_words
from warehouse.operations import Run, RunKind

KIND_WORDS = {RunKind.LOAD: "定时", RunKind.REPLAY: "重放", RunKind.BACKFILL: "回补"}
_MOST_SHOWN = 200


def chosen(drawing: Drawing) -> tuple[Run, ...]:
    """The runs the bar leaves, the newest first."""
    sources, states = (drawing.filters.members(key) for key in ("source", "state"))
    given = [drawing.records.runs(source) for source in sources or ("",)]
    found = [run for runs in given for run in runs if not states or run.state in states]
    return tuple(sorted(found, key=lambda run: run.started_at, reverse=True)[:_MOST_SHOWN])


def seconds(run: Run, drawing: Drawing) -> float:
    """How long it took, or has been running."""
    return max(0.0, ((run.ended_at or drawing.now) - run.started_at).total_seconds())


def runs_sheet(drawing: Drawing) -> Sheet | None:
    """One row a run."""
    runs = chosen(drawing)
    if not runs:
        return None
    longest = max(seconds(run, drawing) for run in runs) or 1.0
    failed = sum(run.state == "failed" for run in runs)
    said = _("最近 {n} 次运行").format(n=fixed(len(runs), 0))
    worse = _("，{n} 次失败").format(n=failed) if failed else _("，没有失败")
    return Sheet(
        head=(
            _("开始"),
            _("数据源"),
            _("类型"),
            _("状态"),
            _("用时"),
            _("读取"),
            _("去向"),
            _("说明"),
        ),
        rows=tuple(_row(run, drawing, longest) for run in runs),
        numeric=frozenset({5}),
        finding=said + worse,
        note=_("读取 = 入库 + 重复 + 隔离；重放不读取，离开隔离区的行以负数计"),
        tones={i: "bad" for i, run in enumerate(runs) if run.state == "failed"},
    )


def _row(run: Run, drawing: Drawing, longest: float) -> tuple[Entry, ...]:
    word, tone = RUN_STATES.get(run.state, (run.state, "quiet"))
    took = seconds(run, drawing)
    by = _("由 {name} 发起").format(name=run.asked_by) if run.asked_by else ""
    return (
        moment_words(run.started_at, drawing.now, drawing.zone),
        drawing.label("source", run.source),
        Pair(main=_(KIND_WORDS[run.kind]), below=by),
        Chip(text=_(word), tone=_tone(tone)),
        Meter(text=span_words(took) if took >= 1 else _("不到 1 秒"), share=took / longest),
        run.read,
        three_counts(run.loaded, run.duplicate, run.quarantined),
        Pair(main=told(run.message, drawing.zone) or "—", below="", is_wrapped=True),
    )


def _tone(name: str) -> Tone:
    tones: dict[str, Tone] = {"good": "good", "warn": "warn", "bad": "bad"}
    return tones.get(name, "quiet")


def _count_tile(drawing: Drawing) -> Tile | None:
    runs = chosen(drawing)
    asked = sum(run.kind is not RunKind.LOAD for run in runs)
    return Tile(
        value=fixed(len(runs), 0),
        unit=_("次"),
        context=_("其中人工发起 {n} 次").format(n=asked),
        trend=tuple(seconds(run, drawing) for run in runs[:30][::-1]),
    )


def _failed_tile(drawing: Drawing) -> Tile | None:
    runs = chosen(drawing)
    failed = [run for run in runs if run.state in ("failed", "interrupted")]
    last = moment_words(failed[0].started_at, drawing.now, drawing.zone) if failed else ""
    chip = Chip(text=_("失败"), tone="bad") if failed else Chip(text=_("正常"), tone="good")
    return Tile(
        value=fixed(len(failed), 0),
        unit=_("次"),
        context=_("最近 {when}").format(when=last) if failed else _("没有失败"),
        chips=(chip,),
    )


def _time_tile(drawing: Drawing) -> Tile | None:
    runs = [run for run in chosen(drawing) if run.ended_at]
    if not runs:
        return None
    spans = [seconds(run, drawing) for run in runs]
    return Tile(
        value=fixed(median(spans), 1),
        unit=_("秒"),
        context=_("最长 {span}").format(span=span_words(max(spans))),
    )


def _rows_tile(drawing: Drawing) -> Tile | None:
    runs = chosen(drawing)
    read, loaded = sum(run.read for run in runs), sum(run.loaded for run in runs)
    return Tile(
        value=fixed(read, 0),
        unit=_("行"),
        context=_("新入库 {n}").format(n=fixed(loaded, 0)),
    )


PANELS: tuple[Panel, ...] = (
    Panel(id="count", kind="tile", title="运行次数", query=None, draw=_count_tile, width=3),
    Panel(id="failed", kind="tile", title="失败与中断", query=None, draw=_failed_tile, width=3),
    Panel(id="time", kind="tile", title="用时中位数", query=None, draw=_time_tile, width=3),
    Panel(id="rows", kind="tile", title="读取行数", query=None, draw=_rows_tile, width=3),
    Panel(
        id="runs",
        kind="table",
        title="运行记录",
        query=None,
        draw=runs_sheet,
        is_news=True,
        width=12,
    ),
)
