"""What was checked before publishing, and columns of sources that are not what they were."""

from pages._ui.cells import Chip, Entry, Pair, Tone
from pages._ui.numbers import fixed
from pages._ui.panel import Draw, Drawing, Panel, Sheet, Tile
from pages._ui.text import _, named
from pages._ui.words import moment_words
from warehouse.datasets import DATASETS
from warehouse.operations import CheckResult, Drift, Severity
from warehouse.quality import CHECKS
from warehouse.sentences.values import CHANGES, SHAPES

SEVERITIES: dict[Severity, tuple[str, Tone]] = {
    Severity.BLOCKING: ("阻断", "bad"),
    Severity.WARNING: ("警告", "warn"),
}
_DRIFT_REMEDIES = {
    "new": "不影响入库；需要时在声明中接入。",
    "missing": "必填列缺失时整批停放，不会悄悄入空值；请来源恢复该列或修改声明。",
    "renamed": "修改声明中的列名后重放。",
    "retyped": "核对格式与单位；不合格的行已隔离，修改声明后重放。",
}


def checks_sheet(drawing: Drawing) -> Sheet | None:
    """One row a check of a partition: broken ones first, blocking before warning."""
    found = sorted(drawing.records.checks(), key=_order)
    if not found:
        return None
    broken = [one for one in found if one.rows]
    said = _("{n} 项检查未通过").format(n=len(broken)) if broken else _("全部检查通过")
    return Sheet(
        head=(_("结果"), _("严重程度"), _("检查"), _("数据集"), _("月份"), _("问题行"), _("时间")),
        rows=tuple(_check_row(one, drawing) for one in found),
        numeric=frozenset({5}),
        finding=said,
        note=_("阻断：不发布，保留上一版；警告：照常发布并通知"),
        tones={
            i: "bad" if one.severity is Severity.BLOCKING else "warn"
            for i, one in enumerate(broken)
        },
    )


def _order(one: CheckResult) -> tuple[bool, bool, str, str, str]:
    return not one.rows, one.severity is Severity.WARNING, one.check, one.dataset, one.month


def _check_row(one: CheckResult, drawing: Drawing) -> tuple[Entry, ...]:
    word, tone = SEVERITIES[one.severity]
    passed = (
        Chip(text=_("通过"), tone="good") if not one.rows else Chip(text=_("未通过"), tone=tone)
    )
    dataset = DATASETS.get(one.dataset)
    return (
        passed,
        _(word),
        named(CHECKS[one.check].label) if one.check in CHECKS else one.check,
        named(dataset.label) if dataset else one.dataset,
        one.month or "—",
        one.rows,
        moment_words(one.checked_at, drawing.now, drawing.zone),
    )


def drifts_sheet(drawing: Drawing) -> Sheet | None:
    """One row a column that changed: what it was, what it is, what to do."""
    found = sorted(drawing.records.drifts(), key=lambda one: one.seen_at, reverse=True)
    said = _("{n} 处列变化").format(n=len(found)) if found else _("没有列变化")
    return Sheet(
        head=(_("变化"), _("数据源"), _("列"), _("原来"), _("现在"), _("处理"), _("发现")),
        rows=tuple(_drift_row(one, drawing) for one in found),
        finding=said,
        note=_("新增列不影响入库；缺列不会悄悄入空值"),
        tones={i: "warn" for i, one in enumerate(found) if one.kind != "new"},
    )


def _drift_row(one: Drift, drawing: Drawing) -> tuple[Entry, ...]:
    remedy = _DRIFT_REMEDIES.get(one.kind, "")
    return (
        Chip(
            text=named(CHANGES[one.kind]) if one.kind in CHANGES else one.kind,
            tone="quiet" if one.kind == "new" else "warn",
        ),
        Pair(main=drawing.label("source", one.source), below=one.item),
        one.column_name,
        _shape(one.was),
        _shape(one.now),
        Pair(main=_(remedy) if remedy else "—", below="", is_wrapped=True),
        moment_words(one.seen_at, drawing.now, drawing.zone),
    )


def _shape(text: str) -> str:
    """What a column looked like, or the name it had."""
    return named(SHAPES[text]) if text in SHAPES else text or "—"


def _broken_tile(severity: Severity) -> Draw:
    def draw(drawing: Drawing) -> Tile | None:
        own = [one for one in drawing.records.checks() if one.severity is severity]
        broken = [one for one in own if one.rows]
        chip = Chip(text=_("正常"), tone="good")
        if broken:
            chip = Chip(text=_(SEVERITIES[severity][0]), tone=SEVERITIES[severity][1])
        return Tile(
            value=str(len(broken)),
            unit=f"/ {len(own)}",
            context=_("{n} 行").format(n=fixed(sum(one.rows for one in broken), 0)),
            chips=(chip,),
        )

    return draw


def _drift_tile(drawing: Drawing) -> Tile | None:
    found = drawing.records.drifts()
    sources = {one.source for one in found}
    return Tile(
        value=str(len(found)),
        unit=_("处变化"),
        context=_("来自 {n} 个数据源").format(n=len(sources)) if found else _("没有列变化"),
    )


def _time_tile(drawing: Drawing) -> Tile | None:
    last = max((one.checked_at for one in drawing.records.checks()), default=None)
    return Tile(value=moment_words(last, drawing.now, drawing.zone), context=_("每次发布前检查"))


PANELS: tuple[Panel, ...] = (
    Panel(
        id="blocking",
        kind="tile",
        title="阻断项未通过",
        query=None,
        draw=_broken_tile(Severity.BLOCKING),
        width=3,
    ),
    Panel(
        id="warning",
        kind="tile",
        title="警告项未通过",
        query=None,
        draw=_broken_tile(Severity.WARNING),
        width=3,
    ),
    Panel(id="drift_count", kind="tile", title="列变化", query=None, draw=_drift_tile, width=3),
    Panel(id="last", kind="tile", title="最近检查", query=None, draw=_time_tile, width=3),
    Panel(
        id="checks",
        kind="table",
        title="质量检查",
        query=None,
        draw=checks_sheet,
        is_news=True,
        width=12,
    ),
    Panel(id="drifts", kind="table", title="列变化", query=None, draw=drifts_sheet, width=12),
)
