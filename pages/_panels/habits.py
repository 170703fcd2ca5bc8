"""Cohorts, active days and scene flow: what people make of the services after their first use."""

from dataclasses import replace
from datetime import date

from pages._figures import distribution, lines, matrix
from pages._figures.matrix import Grid
from pages._figures.values import Point, series, tick_text
from pages._panels import findings
from pages._panels.charts import unit_note
from pages._ui.numbers import exact, fixed, short
from pages._ui.panel import Chart, Draw, Drawing
from pages._ui.text import _
from warehouse.datasets import NO_SCENE
from warehouse.metrics import find
from warehouse.model import Cell, CellState, Grain, Period, Row, Unit

MOST_SCENES = 10
NEAR = 0.25
"""From this share of the registered population on, its line stands in the chart of those served;
below, it would press them flat."""


# --- people active --------------------------------------------------------------------------


def active_lines(drawing: Drawing) -> Chart | None:
    """Daily people beside those of the last 7 and 28 days."""
    names = ("growth.active_28d", "growth.active_7d", "growth.dau")
    labels = (_("近 28 日"), _("近 7 日"), _("当日"))
    found = [
        series(drawing.result, find(name), drawing.style, label)
        for name, label in zip(names, labels, strict=True)
    ]
    if not any(findings.is_telling(one) for one in found):
        return None
    return Chart(
        figure=lines.draw(found, drawing.style),
        finding=_from_to(found[0].points, drawing),
        note=unit_note(found[0], drawing),
    )


def _from_to(points: tuple[Point, ...], drawing: Drawing) -> str:
    known = [p.value for p in points if p.value is not None and not p.is_partial]
    if len(known) < 2:
        return ""
    first, last = (short(v, Unit.PEOPLE, drawing.language) for v in (known[0], known[-1]))
    if first == last:
        return _("近 28 日活跃人数稳定在 {last}").format(last=last)
    template = _("近 28 日活跃人数由 {first} 升至 {last}")
    if known[-1] < known[0]:
        template = _("近 28 日活跃人数由 {first} 降至 {last}")
    return template.format(first=first, last=last)


def quick_ratio(drawing: Drawing) -> Chart | None:
    """The ratio of each month against one, where people stay as many."""
    one = series(drawing.result, find("growth.quick_ratio"), drawing.style)
    if not findings.is_telling(one):
        return None
    closed = [p.value for p in one.points if p.value is not None and not p.is_partial]
    finding = ""
    if closed:
        template = _("上月速动比 {ratio}，用户在增长") if closed[-1] > 1 else ""
        template = template or _("上月速动比 {ratio}，流失多于新增与回流")
        finding = template.format(ratio=fixed(closed[-1], 2))
    figure = lines.draw([one], drawing.style, target=1.0, target_label=_("1：不增不减"))
    return Chart(figure=figure, finding=finding, note=_("（新增 + 回流）÷ 流失"))


def days_active(drawing: Drawing) -> Chart | None:
    """How many people are active on one day, two days, … of the month."""
    one = series(drawing.result, find("growth.active_days"), drawing.style)
    if not findings.known(one):
        return None
    points = tuple(replace(p, label=p.code) for p in one.points)
    shown = replace(one, points=points, grain=None)
    total = sum(p.value or 0 for p in points)
    finding = ""
    if total and points[0].code == "1" and points[0].value is not None:
        finding = _("{share}% 的人当月只来 1 天").format(
            share=fixed(100 * points[0].value / total, 1)
        )
        if any(p.is_suppressed for p in points):
            finding = ""
    return Chart(
        figure=distribution.draw(shown, drawing.style, highlight=("1",)),
        finding=finding or _most_come(points, drawing),
        note=_("{unit} · 横轴为当月活跃天数").format(unit=unit_note(one, drawing)),
    )


def _most_come(points: tuple[Point, ...], drawing: Drawing) -> str:
    top = max((p for p in points if p.value), key=lambda p: p.value or 0, default=None)
    if top is None:
        return ""
    value = short(top.value, Unit.PEOPLE, drawing.language)
    return _("活跃 {n} 天的人最多，{value}").format(n=top.code, value=value)


def scenes_used(drawing: Drawing) -> Chart | None:
    """People by how many scenes they used."""
    one = series(drawing.result, find("growth.scenes_used"), drawing.style)
    if not findings.known(one):
        return None
    total = sum(p.value or 0 for p in one.points)
    many = sum(p.value or 0 for p in one.points if p.code != "1")
    is_whole = total and not any(p.is_suppressed for p in one.points)
    finding = _("{share}% 的人用过不止一个场景").format(share=fixed(100 * many / (total or 1), 1))
    return Chart(
        figure=distribution.draw(one, drawing.style),
        finding=finding if is_whole else "",
        note=_("{unit} · 每人只计一次").format(unit=unit_note(one, drawing)),
    )


def served(drawing: Drawing) -> Chart | None:
    """People served so far; with the registered population where they come near to it."""
    one = series(drawing.result, find("growth.cumulative_people"), drawing.style)
    if not findings.known(one):
        return None
    chosen = dict(drawing.result.query.where).get("district")
    registered = sum(d.population for d in drawing.city.districts if not chosen or d.code in chosen)
    top = findings.known(one)[-1].value or 0
    note = unit_note(one, drawing)
    if registered:
        people = short(registered, Unit.PEOPLE, drawing.language)
        share = fixed(100 * top / registered, 1)
        note = _("{unit} · 登记人口 {people}，已服务 {share}%").format(
            unit=note, people=people, share=share
        )
    near = float(registered) if registered and top >= NEAR * registered else None
    return Chart(
        figure=lines.draw([one], drawing.style, target=near, target_label=_("登记人口")),
        finding=findings.rise(one, drawing),
        note=note,
    )


# --- cohorts --------------------------------------------------------------------------------


def retention(metric: str, grain: Grain) -> Draw:
    """Cohorts from the oldest down, units since their first to the right."""

    def draw(drawing: Drawing) -> Chart | None:
        grid = _cohorts(drawing, metric, grain)
        if not any(p is not None and p.value is not None for row in grid.points for p in row):
            return None
        values = [p.value for row in grid.points for p in row if p is not None and p.value]
        return Chart(
            figure=matrix.draw(grid, drawing.style, most=max(values, default=1.0)),
            finding=_next_unit(drawing, grain),
            note=_("% · 每行为同期首次使用的人，虚线框为未结束的期"),
        )

    return draw


def _cohorts(drawing: Drawing, metric: str, grain: Grain) -> Grid:
    """Without offset 0, which is everybody, and without offsets that have not begun."""
    result, index = drawing.result, drawing.result.query.metrics.index(metric)
    place = result.query.by.index("offset")
    found: dict[tuple[Period | None, int], Row] = {}
    for row in result.rows:
        found[row.period, int(row.members[place])] = row
    cohorts = sorted({row.period for row in result.rows if row.period}, key=lambda p: p.start)
    begun = [c for c in cohorts if _is_there(found.get((c, 1)), index)]
    offsets = [n for n in range(1, 32) if any(_is_there(found.get((c, n)), index) for c in begun)]
    return Grid(
        rows=tuple(_cohort_name(c.start, grain, drawing) for c in begun),
        columns=tuple(str(n) for n in offsets),
        points=tuple(
            tuple(
                _cohort_point(found.get((c, n)), index, drawing, grain)
                if _is_there(found.get((c, n)), index)
                else None
                for n in offsets
            )
            for c in begun
        ),
        unit=find(metric).unit,
        heads=_("首次使用后第几个月") if grain is Grain.MONTH else _("首次使用后第几周"),
    )


def _cohort_name(start: date, grain: Grain, drawing: Drawing) -> str:
    text = tick_text(start, grain, drawing.language)
    if grain is Grain.MONTH:
        return _("{year}年{month}").format(year=f"{start:%y}", month=text)
    return text


def _is_there(row: Row | None, index: int) -> bool:
    return row is not None and row.cells[index].state is not CellState.MISSING


def _cohort_point(row: Row | None, index: int, drawing: Drawing, grain: Grain) -> Point | None:
    if row is None or row.period is None:
        return None
    name = _cohort_name(row.period.start, grain, drawing)
    return Point(
        label=_("{cohort} 首次使用，第 {n} 期").format(cohort=name, n=row.members[-1]),
        cell=row.cells[index],
        period=row.period,
        is_partial=row.is_partial,
    )


def _next_unit(drawing: Drawing, grain: Grain) -> str:
    """What share of the last cohort whose next unit is over came again in it."""
    rows = [
        row
        for row in drawing.result.rows
        if row.members[-1] == "1" and not row.is_partial and row.cells[0].value is not None
    ]
    if not rows or rows[-1].period is None:
        return ""
    name = tick_text(rows[-1].period.start, grain, drawing.language)
    share = fixed(100 * (rows[-1].cells[0].value or 0), 1)
    if grain is Grain.MONTH:
        return _("{name}首次使用的人，{share}% 次月再来").format(name=name, share=share)
    return _("{name}当周首次使用的人，{share}% 次周再来").format(name=name, share=share)


# --- scene to scene -------------------------------------------------------------------------


def flow(drawing: Drawing) -> Chart | None:
    """From each first scene, which share went on to which other one; the largest first scenes."""
    counts = {row.members: row.cells[0] for row in drawing.results[0].rows}
    sizes = {
        row.members[0]: row.cells[0].value
        for row in drawing.results[1].rows
        if row.cells[0].value is not None
    }
    firsts = sorted((c for c in sizes if sizes[c]), key=lambda c: -(sizes[c] or 0))[:MOST_SCENES]
    if len(firsts) < 2:
        return None
    nexts = [*firsts, NO_SCENE]
    style = drawing.style
    grid = Grid(
        rows=tuple(
            f"{n} {style.label('first_scene', code)}" for n, code in enumerate(firsts, start=1)
        ),
        columns=(*(str(n) for n in range(1, len(nexts))), _("尚无")),
        points=tuple(
            tuple(_step(counts.get((a, b)), sizes[a], (a, b), drawing) for b in nexts)
            for a in firsts
        ),
        unit=Unit.SHARE,
    )
    shown = [p.value for row in grid.points for p in row[:-1] if p is not None and p.value]
    return Chart(
        figure=matrix.draw(grid, style, most=max(shown, default=None)),
        finding=_main_way(counts, firsts, drawing),
        note=_("首个场景用户中转向各场景的 % · 行为首个场景，列为下一场景，编号相同"),
    )


def _step(
    cell: Cell | None, size: float | None, pair: tuple[str, str], drawing: Drawing
) -> Point | None:
    if pair[0] == pair[1] or not size:
        return None
    first, following = drawing.label("first_scene", pair[0]), drawing.label("next_scene", pair[1])
    cell = cell or Cell(value=0)
    if cell.value is None:
        return Point(label=f"{first} → {following}", cell=cell)
    people = exact(cell.value, Unit.PEOPLE, drawing.language)
    share = replace(cell, value=cell.value / size, base=None)
    return Point(label=f"{first} → {following} · {people}", cell=share)


def _main_way(counts: dict[tuple[str, ...], Cell], firsts: list[str], drawing: Drawing) -> str:
    ways = [
        (cell.value, pair)
        for pair, cell in counts.items()
        if cell.value and pair[1] != NO_SCENE and pair[0] in firsts
    ]
    if not ways:
        return ""
    people, (first, following) = max(ways, key=lambda way: (way[0], way[1]))
    return _("{first} → {following} 最多，{people}").format(
        first=drawing.label("first_scene", first),
        following=drawing.label("next_scene", following),
        people=short(people, Unit.PEOPLE, drawing.language),
    )
