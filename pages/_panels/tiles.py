"""Tiles: one number of the catalogue with its change, its trend and what it stands beside."""

from collections.abc import Callable
from dataclasses import dataclass

from pages._figures.values import series
from pages._ui.cells import Chip
from pages._ui.filters import Filters
from pages._ui.notes import against
from pages._ui.numbers import NONE, format_change, format_value
from pages._ui.panel import Drawing, Panel, Question, Tile
from pages._ui.questions import ask, trace
from pages._ui.text import _, named
from warehouse.metrics import Metric, find
from warehouse.model import Cell, CellState, Grain, Polarity

Context = Callable[[Drawing], str]
Chips = Callable[[Drawing, Cell], tuple[Chip, ...]]


@dataclass(frozen=True, kw_only=True)
class Extras:
    """context  what stands at the foot of the tile, from the further answers.
    chips    marks made from the number.
    also     further questions; they follow the trend in `Drawing.results`.
    leads    the page where its detail lives.
    is_news  whether the number belongs into the line under the page's name.
    """

    context: Context = lambda _drawing: ""
    chips: Chips = lambda _drawing, _cell: ()
    also: tuple[Question, ...] = ()
    leads: str = ""
    is_news: bool = False


def tile(
    name: str,
    title: str,
    metric: str,
    extras: Extras | None = None,
    *,
    main: Question | None = None,
    trend: Question | None = None,
) -> Panel:
    """A tile of `metric`; `main` and `trend` default to the bar's period and its unit."""
    more = extras or Extras()
    return Panel(
        id=name,
        kind="tile",
        title=title,
        query=main or (lambda filters: ask(filters, metric, compare=True)),
        extra=(trend or (lambda filters: trace(filters, metric)), *more.also),
        draw=lambda drawing: _draw(drawing, title, find(metric), more),
        width=3,
        leads=more.leads,
    )


def monthly(metric: str) -> tuple[Question, Question]:
    """Main question and trend of a number that has a meaning only by month."""

    def now(filters: Filters) -> object:
        return ask(
            filters, metric, period=filters.back(Grain.MONTH, 1), grain=Grain.MONTH, compare=True
        )

    return now, year_of_months(metric)  # type: ignore[return-value]


def year_of_months(metric: str) -> Question:
    """Twelve months that are over, the last of them as near to the bar's period as may be."""
    return lambda filters: ask(
        filters, metric, period=filters.back_whole(Grain.MONTH, 12), grain=Grain.MONTH
    )


def _draw(drawing: Drawing, title: str, metric: Metric, more: Extras) -> Tile | None:
    if not drawing.result.rows:
        return None
    cell = drawing.result.column(metric.name)[-1]
    text = format_value(cell.value, metric.unit, drawing.language)
    # Where the definition changed in between, the change is neither good nor bad.
    polarity = Polarity.NEUTRAL if cell.is_broken else metric.polarity
    change = format_change(cell.change(metric.unit), metric.unit, polarity, drawing.language)
    is_hidden = cell.state is CellState.SUPPRESSED
    chips = more.chips(drawing, cell)
    per = _("/工作日") if drawing.result.query.per_workday and text.unit else ""
    said = _finding(drawing, title, f"{text}{per}" if per else str(text), change.signed)
    return Tile(
        value=text.number,
        unit=text.unit + per,
        change=f"{change.arrow} {change.text}".strip() if change.text != NONE else "",
        tone="good" if change.tone == "good" else "bad" if change.tone == "bad" else "quiet",
        context=_("样本过少，已隐去") if is_hidden else more.context(drawing),
        trend=series(drawing.results[1], metric, drawing.style).values,
        chips=chips,
        finding=_("，").join((said, *(c.text for c in chips))) if said and more.is_news else "",
    )


def _finding(drawing: Drawing, title: str, value: str, change: str) -> str:
    if value == NONE:
        return ""
    word = against(drawing)
    gap = " "
    moved = f"{_('，')}{word} {change}" if word and change != NONE else ""
    return f"{_(title)}{gap}{value}{moved}"


def beside(metric: str, template: str, *, index: int = 2) -> Context:
    """A context made from a further answer of one value: `template` with `{value}`."""

    def context(drawing: Drawing) -> str:
        if len(drawing.results) <= index or not drawing.results[index].rows:
            return ""
        cell = drawing.results[index].column(metric)[-1]
        value = format_value(cell.value, find(metric).unit, drawing.language)
        return _(template).format(value=value) if cell.value is not None else ""

    return context


def label_of(metric: str) -> str:
    """The catalogue's name of a metric, in the language of the request."""
    return named(find(metric).label)
