"""Drawings of the loans page: its funnel, times, promise, coverage, amounts and dealers."""

from dataclasses import replace

from pages._figures import distribution, lines
from pages._figures import funnel as funnel_figure
from pages._figures.values import Series, series
from pages._panels import findings
from pages._panels.charts import unit_note
from pages._panels.drawings import PROMISE_SECONDS, steps_of
from pages._ui.cells import Entry, Named
from pages._ui.filters import Filters
from pages._ui.funnels import REACHED, in_words
from pages._ui.numbers import exact, format_value
from pages._ui.panel import Chart, Draw, Drawing, Sheet
from pages._ui.questions import ask
from pages._ui.text import _, named
from warehouse.datasets import STEPS
from warehouse.metrics import find
from warehouse.model import UNKNOWN, Cell, CellState, MetricQuery, Unit


def asked_funnel(filters: Filters) -> MetricQuery:
    """Applications by step, as the address wants them counted."""
    if is_reached(filters):
        return ask(filters, "loans.reached", by=("step",))
    return ask(filters, "loans.converted", by=("step",), funnel=True)


def is_reached(filters: Filters) -> bool:
    return dict(filters.own).get("order") == REACHED


def asked_shares(filters: Filters) -> MetricQuery:
    """From step to step, maturing applications left out; beside the view without order too."""
    return ask(filters, "loans.step_conversion_share", by=("step",), funnel=True)


def funnel(drawing: Drawing) -> Chart | None:
    """The steps; the conversion beside them is that of settled applications."""
    steps = steps_of(drawing, tuple(STEPS))
    if not steps.points or not steps.points[0].value:
        return None
    shares = None if is_reached(drawing.filters) else _shares(drawing)
    return Chart(
        figure=funnel_figure.draw(steps, drawing.style, shares=shares),
        finding=findings.conversion(steps.points),
        note=" · ".join(text for text in (_how(drawing), _maturing(drawing)) if text),
    )


def _shares(drawing: Drawing) -> dict[str, float | None]:
    result = drawing.results[1]
    cells = zip(result.rows, result.column("loans.step_conversion_share"), strict=True)
    return {
        row.members[0]: None if cell.value is None else float(cell.value) for row, cell in cells
    }


def _how(drawing: Drawing) -> str:
    return in_words(dict(drawing.filters.own))


def _maturing(drawing: Drawing) -> str:
    """How many are neither converted nor lost yet."""
    found = drawing.results[2].column("loans.maturing")
    if is_reached(drawing.filters) or not found or found[0].value is None:
        return ""
    value = format_value(found[0].value, Unit.APPLICATIONS, drawing.language)
    return _("未到期 {value} 不计入转化率").format(value=value)


def several(*metrics: tuple[str, str], target: float | None = None, label: str = "") -> Draw:
    """A line for each (metric, short name); the finding is told of the first against `target`."""

    def draw(drawing: Drawing) -> Chart | None:
        drawn = [series(drawing.result, find(n), drawing.style, _(word)) for n, word in metrics]
        if not any(findings.is_telling(one) for one in drawn):
            return None
        unit = drawn[0].unit
        figure = lines.draw(
            drawn,
            drawing.style,
            target=target,
            target_label=_(label) if label else "",
            from_zero=unit is not Unit.SHARE,
        )
        said = findings.level(drawn[0], drawn[0].label, drawing)
        if target is not None:
            said = findings.within(drawn[0], target, f"{drawn[0].label} ")
        return Chart(figure=figure, finding=said, note=unit_note(drawn[0], drawing))

    return draw


def times(drawing: Drawing) -> Chart | None:
    """How long decisions took, by class of time; the promise is a line between two of them."""
    one = series(drawing.result, find("loans.time_distribution"), drawing.style)
    if not any(one.values):
        return None
    inside = [p.code for p in one.points if _ends(p.code) <= PROMISE_SECONDS]
    figure = distribution.draw(
        replace(one, points=tuple(replace(p, label=_brief(p.code)) for p in one.points)),
        drawing.style,
        highlight=inside,
        line_after=inside[-1] if inside else "",
        line_label=_("60 秒"),
    )
    return Chart(figure=figure, finding=_within(one, inside, drawing), note=unit_note(one, drawing))


def _ends(code: str) -> float:
    """Where a class ends, in seconds."""
    high = code.partition("-")[2]
    return float(high) if high.isdigit() else float("inf")


def _brief(code: str) -> str:
    """A class as it stands under an axis: `≤10`, `≤2m`, `>7d`."""
    low, _dash, high = code.partition("-")
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        edge = int(high or low or 0) if (high or low).isdigit() else 0
        if edge and edge % size == 0 and (edge >= 2 * size or size == 1 or edge == size > 60):
            return f"{'≤' if high else '>'}{edge // size}{unit}"
    return code


def _within(one: Series, inside: list[str], drawing: Drawing) -> str:
    if any(point.value is None for point in one.points):
        return ""
    whole = sum(v or 0 for v in one.values)
    kept = sum(p.value or 0 for p in one.points if p.code in inside)
    share = format_value(kept / whole, Unit.SHARE, drawing.language) if whole else ""
    return _("{share} 在 60 秒内得出结论").format(share=share) if share else ""


# --- tables ---------------------------------------------------------------------------------

STEP_TIMES = ("p50", "p90", "p95", "p99", "mean")


def asked_step_times(filters: Filters) -> MetricQuery:
    """By step from the one before it; what needs an order is asked with one."""
    names = (f"loans.step_seconds_{name}" for name in STEP_TIMES)
    return ask(filters, *names, by=("step",))


def asked_whole_times(filters: Filters) -> MetricQuery:
    return ask(filters, *(f"loans.end_to_end_seconds_{name}" for name in STEP_TIMES))


def step_times(drawing: Drawing) -> Sheet | None:
    """One row a step and one for the whole way."""
    rows = [
        (named(STEPS[row.members[0]]), row.cells)
        for row in drawing.result.rows
        if row.members[0] in STEPS
    ]
    rows += [(_("申请到放款"), row.cells) for row in drawing.results[1].rows]
    if not any(cell.value is not None for _name, cells in rows for cell in cells):
        return None
    return Sheet(
        head=(_("步骤"), "P50", "P90", "P95", "P99", _("平均")),
        rows=tuple(
            (name, *(_text(c, Unit.SECONDS, drawing) for c in cells)) for name, cells in rows
        ),
        numeric=frozenset(range(1, 6)),
        note=_("从上一步骤起，窗口 7 天"),
    )


LEAGUE = (
    "loans.applications",
    "loans.approval_share",
    "loans.within_60s_share",
    "loans.zero_touch_share",
    "loans.amount",
)
_LONGEST_LEAGUE = 20


def league(drawing: Drawing) -> Sheet | None:
    """Dealers by their applications, each a button that filters the page."""
    rows = [row for row in drawing.result.rows if row.members[0] != UNKNOWN]
    if not rows:
        return None
    ordered = sorted(rows, key=lambda row: -(row.cells[0].value or 0))[:_LONGEST_LEAGUE]
    units = [find(name).unit for name in LEAGUE]
    made: list[tuple[Entry, ...]] = []
    for place, row in enumerate(ordered, 1):
        name = drawing.label("dealer", row.members[0])
        first = Named(text=name, pick=drawing.pick(drawing.result, row))
        cells = [_text(c, unit, drawing) for c, unit in zip(row.cells, units, strict=True)]
        made.append((str(place), first, *cells))
    heads = (named(find(name).label) for name in LEAGUE)
    return Sheet(
        head=(_("名次"), _("经销商"), *heads),
        rows=tuple(made),
        numeric=frozenset({0, *range(2, 2 + len(LEAGUE))}),
        note=_("按申请笔数"),
    )


def _text(cell: Cell, unit: Unit, drawing: Drawing) -> str:
    if cell.state is CellState.SUPPRESSED:
        return _("已隐去")
    return exact(cell.value, unit, drawing.language)
