"""Which published numbers have changed since, and why."""

from pages._ui.cells import Entry, Pair
from pages._ui.numbers import NONE, fixed, format_change
from pages._ui.panel import Drawing, Panel, Sheet, Tile
from pages._ui.restated import cause_words, cell_words, metric_words, value_words
from pages._ui.text import _
from pages._ui.words import comma, moment_words
from warehouse.metrics import CATALOGUE, find
from warehouse.model import Unit
from warehouse.operations import Restatement

_MOST_ROWS = 300


def found_in(drawing: Drawing) -> tuple[Restatement, ...]:
    """Those whose day or month lies in the bar's period: the latest change first; of one moment
    months before days, the city before its districts, and what has changed most before the rest."""
    period = drawing.filters.period
    own = [one for one in drawing.restated if one.start < period.end and period.start < one.end]
    return tuple(sorted(own, key=_order))


def _order(one: Restatement) -> tuple[float, int, bool, float, str]:
    days = (one.end - one.start).days
    return -one.seen_at.timestamp(), -days, bool(one.dimension), -_moved(one), one.metric


def _moved(one: Restatement) -> float:
    """By which part of itself; of a number that was or is not there: wholly."""
    if not one.old or one.new is None:
        return 1.0
    return abs(one.new - one.old) / abs(one.old)


def restatements_sheet(drawing: Drawing) -> Sheet | None:
    """One row a number: what it was, what it is, by how much, why, since when."""
    found = found_in(drawing)
    metrics = {one.metric for one in found}
    said = _("{n} 个数字已修订，涉及 {k} 个指标").format(n=len(found), k=len(metrics))
    return Sheet(
        head=(
            _("指标"),
            _("时段"),
            _("区县"),
            _("原值"),
            _("新值"),
            _("变化"),
            _("原因"),
            _("修订时间"),
        ),
        rows=tuple(_row(one, drawing) for one in found[:_MOST_ROWS]),
        numeric=frozenset({3, 4, 5}),
        finding=said if found else _("所选时段没有修订"),
        note=_("时段结束并发布之后又改变的数字；图表与导出文件同样标出"),
    )


def _row(one: Restatement, drawing: Drawing) -> tuple[Entry, ...]:
    language = drawing.language
    names = comma().join(drawing.label("source", source) for source in one.sources[:3])
    rows = _("{n} 行").format(n=fixed(one.rows, 0)) if one.rows else ""
    where = drawing.label("district", one.member) if one.dimension == "district" else _("全市")
    return (
        Pair(main=metric_words(one), below=one.metric, href=f"/catalogue#{_anchor(one)}"),
        cell_words(one),
        where,
        value_words(one.old, one, language),
        value_words(one.new, one, language),
        _change(one, language),
        Pair(
            main=cause_words(one),
            below=" · ".join(text for text in (names, rows) if text),
            is_wrapped=True,
        ),
        moment_words(one.seen_at, drawing.now, drawing.zone),
    )


def _anchor(one: Restatement) -> str:
    return one.metric.replace(".", "-")


def _change(one: Restatement, language: str) -> str:
    """By how much, coloured by goodness; words where one of the two is not there."""
    if one.old is None or one.new is None:
        return _("由无到有") if one.old is None else _("不再显示")
    if one.metric not in CATALOGUE:
        return NONE
    metric = find(one.metric)
    if metric.unit is Unit.SHARE:
        by: float | None = one.new - one.old
    else:
        by = (one.new - one.old) / one.old if one.old else None
    change = format_change(by, metric.unit, metric.polarity, language)
    if by is not None and not change.arrow and one.old != one.new:
        return _("不到 0.1 个百分点") if metric.unit is Unit.SHARE else _("不到 0.1%")
    return change.signed


def _count_tile(drawing: Drawing) -> Tile | None:
    found = found_in(drawing)
    return Tile(
        value=fixed(len(found), 0),
        unit=_("个数字"),
        context=_("涉及 {n} 个指标").format(n=len({one.metric for one in found})),
    )


def _last_tile(drawing: Drawing) -> Tile | None:
    found = found_in(drawing)
    if not found:
        return Tile(value=NONE, context=_("所选时段没有修订"))
    when = moment_words(found[0].seen_at, drawing.now, drawing.zone)
    return Tile(value=when, context=cause_words(found[0]))


def _most_tile(drawing: Drawing) -> Tile | None:
    """The largest relative change of a count."""
    moved = [
        (abs(one.new - one.old) / abs(one.old), one)
        for one in found_in(drawing)
        if one.old and one.new is not None and not _is_share(one)
    ]
    if not moved:
        return Tile(value=NONE)
    _by, one = max(moved, key=lambda pair: pair[0])
    change = _change(one, drawing.language)
    return Tile(value=str(change), context=f"{metric_words(one)} {cell_words(one)}")


def _is_share(one: Restatement) -> bool:
    return one.metric in CATALOGUE and find(one.metric).unit is Unit.SHARE


def _cause_tile(drawing: Drawing) -> Tile | None:
    counts: dict[str, int] = {}
    for one in found_in(drawing):
        counts[cause_words(one)] = counts.get(cause_words(one), 0) + 1
    if not counts:
        return Tile(value=NONE)
    cause, most = max(counts.items(), key=lambda pair: pair[1])
    whole = sum(counts.values())
    return Tile(value=cause, context=f"{fixed(most, 0)} / {fixed(whole, 0)}")


PANELS: tuple[Panel, ...] = (
    Panel(id="count", kind="tile", title="已修订数字", query=None, draw=_count_tile, width=3),
    Panel(id="most", kind="tile", title="最大变化", query=None, draw=_most_tile, width=3),
    Panel(id="cause", kind="tile", title="主要原因", query=None, draw=_cause_tile, width=3),
    Panel(id="last", kind="tile", title="最近修订", query=None, draw=_last_tile, width=3),
    Panel(
        id="restatements",
        kind="table",
        title="数据修订",
        query=None,
        draw=restatements_sheet,
        is_news=True,
        width=12,
    ),
)
