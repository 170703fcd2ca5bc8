"""Drawings that more than one page shows: goal path, funnel, map, hours, approval times."""

from dataclasses import replace

from pages._figures import bars_with_target, district_map, heatmap, lines, ranking, stacked
from pages._figures import funnel as funnel_figure
from pages._figures.values import Point, Series, series
from pages._panels import findings
from pages._panels.charts import unit_note
from pages._panels.tiles import label_of
from pages._ui.numbers import MINUS, fixed
from pages._ui.panel import Chart, Draw, Drawing
from pages._ui.text import _, named
from warehouse.datasets import ENDS, STEPS
from warehouse.metrics import find
from warehouse.metrics.model import ADDITIVE

PROMISE_SECONDS = 60.0
"""What the city promises for a loan decision; the metric `loans.within_60s_share` counts it."""


def accounts_to(drawing: Drawing) -> Chart | None:
    """Active people of each month against the goal path."""
    people = series(drawing.result, find("growth.mau"), drawing.style)
    if not any(people.values):
        return None
    goal = series(drawing.result, find("growth.goal"), drawing.style)
    figure = bars_with_target.draw(
        people, drawing.style, targets=goal.values, target_label=_("目标")
    )
    rate = fixed(drawing.goal * 100, 0)
    note = _("{unit} · 短线为月增 {rate}% 的目标路径").format(
        unit=unit_note(people, drawing), rate=rate
    )
    finding = findings.run_of_growth(people, label_of("growth.mau")) or _gap(people, goal)
    return Chart(figure=figure, finding=finding, note=note)


def _gap(people: Series, goal: Series) -> str:
    """How far the last whole month stood from its goal."""
    pairs = [
        (p.value, g.value)
        for p, g in zip(people.points, goal.points, strict=True)
        if p.value is not None and g.value and not p.is_partial
    ]
    if not pairs:
        return ""
    share = (pairs[-1][0] or 0) / (pairs[-1][1] or 1) - 1
    text = ("+" if share >= 0 else MINUS) + fixed(abs(share) * 100, 1)
    return _("上月月活较目标 {gap}%").format(gap=text)


def funnel(drawing: Drawing) -> Chart | None:
    """Applied to disbursed, with the conversion from step to step."""
    steps = steps_of(drawing, tuple(STEPS))
    if not steps.points or not steps.points[0].value:
        return None
    return Chart(
        figure=funnel_figure.draw(steps, drawing.style),
        finding=findings.conversion(steps.points),
        note=_funnel_note(drawing, steps.points[0]),
    )


def _funnel_note(drawing: Drawing, applied: Point) -> str:
    """Says why the first step is smaller than all applications: a source may skip the step."""
    note, everyone = _("笔数与逐级转化"), drawing.results[1].column("loans.applications")
    without = funnel_figure.skipped(everyone[0], applied) if everyone else 0
    return note if not without else f"{note} · " + _("另有 {n} 笔缺申请记录").format(n=without)


def ends(drawing: Drawing) -> Chart | None:
    """How applications ended that were not paid out."""
    shown = steps_of(drawing, tuple(ENDS))
    if not shown.points:
        return None
    return Chart(
        figure=ranking.draw(shown, drawing.style, highlight=1),
        finding=findings.leader(shown, drawing, adds_up=True),
        note=unit_note(shown, drawing),
        is_bare=True,
    )


def steps_of(drawing: Drawing, codes: tuple[str, ...]) -> Series:
    """The points of these steps, in this order, of the only metric that is asked."""
    one = series(drawing.result, find(drawing.result.query.metrics[0]), drawing.style)
    by_code = {p.code: p for p in one.points}
    names = {**STEPS, **ENDS}
    points = tuple(
        replace(by_code[code], label=named(names[code])) for code in codes if code in by_code
    )
    return replace(one, points=points)


def map_or_ranking(metric: str) -> Draw:
    """Districts on the schematic map; as a ranking where the city gives no outlines."""
    adds_up = isinstance(find(metric).measure, ADDITIVE)

    def draw(drawing: Drawing) -> Chart | None:
        one = series(drawing.result, find(metric), drawing.style)
        if not findings.known(one):
            return None
        finding = findings.leader(_located(one), drawing, adds_up=adds_up)
        finding = finding or findings.only(_located(one), drawing)
        is_mapped = drawing.result.query.by == ("district",)
        if is_mapped and any(d.outline for d in drawing.city.districts):
            note = named(drawing.city.map_note)
            figure = district_map.draw(one, drawing.city, drawing.style, note=note)
        else:
            figure = ranking.draw(one, drawing.style, limit=13)
        return Chart(figure=figure, finding=finding, note=unit_note(one, drawing), is_bare=True)

    return draw


def _located(one: Series) -> Series:
    """Without the people whose district is not known."""
    return replace(one, points=tuple(p for p in one.points if p.code != "unknown"))


def hours(metric: str) -> Draw:
    """The week by hour."""

    def draw(drawing: Drawing) -> Chart | None:
        one = series(drawing.result, find(metric), drawing.style)
        if not findings.known(one):
            return None
        return Chart(
            figure=heatmap.draw(drawing.result, find(metric), drawing.style),
            finding=findings.busiest(one.points),
        )

    return draw


def approval_times(drawing: Drawing) -> Chart | None:
    """P95 and P50 over time against the promise."""
    slow, usual = (
        series(drawing.result, find(name), drawing.style, label)
        for name, label in (
            ("loans.approval_seconds_p95", "P95"),
            ("loans.approval_seconds_p50", "P50"),
        )
    )
    if not findings.known(slow) and not findings.known(usual):
        return None
    figure = lines.draw(
        [usual, slow], drawing.style, target=PROMISE_SECONDS, target_label=_("60 秒承诺线")
    )
    return Chart(figure=figure, finding=findings.within(slow, PROMISE_SECONDS, _("审批 P95 ")))


def accounting(drawing: Drawing) -> Chart | None:
    """New, retained and resurrected people above zero, churned ones below."""
    parts = {
        name: series(drawing.result, find(f"growth.{name}"), drawing.style)
        for name in ("retained", "resurrected", "new", "churned")
    }
    if not any(findings.known(one) for one in parts.values()):
        return None
    above = [parts["retained"], parts["resurrected"], parts["new"]]
    return Chart(
        figure=stacked.draw(above, parts["churned"], drawing.style),
        finding=_quick(parts["new"], parts["resurrected"], parts["churned"]),
        note=unit_note(parts["retained"], drawing),
    )


def _quick(new: Series, back: Series, gone: Series) -> str:
    """Quick ratio of the last unit that is over."""
    rows = [
        (n.value + b.value, g.value)
        for n, b, g in zip(new.points, back.points, gone.points, strict=True)
        if n.value is not None and b.value is not None and g.value and not n.is_partial
    ]
    if not rows:
        return ""
    ratio = fixed(rows[-1][0] / rows[-1][1], 1)
    return _("上月每流失 1 人，新增与回流 {ratio} 人").format(ratio=ratio)
