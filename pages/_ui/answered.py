"""What became of one panel: a face, or the reason why there is none."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pages._ui.panel import Drawing, Face, Panel
from pages._ui.restated import shown_in
from pages._ui.text import _
from warehouse.model import CellState, Result, SourceStatus
from warehouse.operations import Restatement

Reason = Literal["empty", "error", "forbidden", "suppressed", "large", "calendar"]

_WORDS: Mapping[Reason, tuple[str, str]] = {
    "empty": ("所选条件下没有记录", "请调整时段或筛选条件。"),
    "error": ("数据暂时无法读取", "系统已记录，其他图表不受影响。"),
    "forbidden": ("权限不足", "当前账号不能查看此项，请联系本单位数据管理员。"),
    "large": ("所选条件组合过细", "请缩短时段、加大时间粒度或减少筛选条件。"),
    "calendar": ("放假安排未知", "所选时段含尚未收录放假安排的年份，不能按工作日均计算。"),
    "suppressed": ("样本过少，不予显示", "为保护个人信息已隐去；放宽筛选条件后可查看。"),
}


@dataclass(frozen=True, kw_only=True)
class Blank:
    """A card without a face. `reference`: the number under which the log names the error."""

    reason: Reason
    reference: str = ""

    @property
    def title(self) -> str:
        return _(_WORDS[self.reason][0])

    @property
    def advice(self) -> str:
        text = _(_WORDS[self.reason][1])
        mark = _("（编号 {reference}）").format(reference=self.reference) if self.reference else ""
        return text + mark


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Exactly one of `face` and `blank` is there. `drawing` is None where asking failed."""

    panel: Panel
    drawing: Drawing | None = None
    face: Face | None = None
    blank: Blank | None = None

    @property
    def results(self) -> tuple[Result, ...]:
        return self.drawing.results if self.drawing else ()

    @property
    def is_partial(self) -> bool:
        return any(row.is_partial for result in self.results[:1] for row in result.rows)

    @property
    def suppressed(self) -> int:
        return sum(result.suppressed for result in self.results[:1])

    @property
    def restated(self) -> tuple[Restatement, ...]:
        """The changed numbers among those it shows, the latest first."""
        if not self.drawing or not self.results or self.panel.follows_sources:
            return ()
        return shown_in(self.results[0].query, self.drawing.restated)

    @property
    def stale(self) -> tuple[SourceStatus, ...]:
        return tuple({s.name: s for result in self.results for s in result.stale}.values())


def answered(panel: Panel, drawing: Drawing) -> Answered:
    """Draw the panel, or say why it stays blank."""
    if any(_is_hidden(result) for result in drawing.results[:1]):
        return Answered(panel=panel, drawing=drawing, blank=Blank(reason="suppressed"))
    face = panel.draw(drawing)
    if face is None:
        is_hidden = any(result.suppressed for result in drawing.results[:1])
        reason: Reason = "suppressed" if is_hidden else "empty"
        return Answered(panel=panel, drawing=drawing, blank=Blank(reason=reason))
    return Answered(panel=panel, drawing=drawing, face=face)


def refused(panel: Panel, reason: Reason, reference: str = "") -> Answered:
    """A panel that could not be asked at all."""
    return Answered(panel=panel, blank=Blank(reason=reason, reference=reference))


def stamp(one: Answered, address: str) -> str:
    """`numbers.time`: the first half moves with what is drawn, the second with as-of and lateness.

    What the browser holds under the same stamp, it keeps.
    """
    drawing = one.drawing
    numbers = [address, one.blank.reason if one.blank else ""]
    times = [one.blank.reference if one.blank else ""]
    if drawing:
        numbers += [drawing.theme, drawing.language]
        numbers += [result.data_version for result in drawing.results]
        times += [str(result.as_of) for result in drawing.results]
        times += [source.name for source in one.stale]
        times.append(str(drawing.now.astimezone(drawing.zone).date()))
        times += [f"{r.generation} {r.metric} {r.member} {r.start}" for r in one.restated]
    if drawing and not drawing.results:  # made of records: what is shown is all it depends on
        numbers.append(repr(one.face))
    if drawing and one.panel.follows_sources:
        times += [
            f"{s.name} {s.watermark} {s.last_run_at} {s.is_stale(drawing.now)}"
            for s in drawing.sources
        ]
    return f"{_digest(numbers)}.{_digest(times)}"


def _digest(parts: list[str]) -> str:
    return hashlib.blake2s("\x1f".join(parts).encode(), digest_size=6).hexdigest()


def _is_hidden(result: Result) -> bool:
    cells = [cell for row in result.rows for cell in row.cells]
    return bool(cells) and all(cell.state is CellState.SUPPRESSED for cell in cells)
