"""Drawings that several scenes share: from a card's answers to its picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pages._figures import (
    bars_with_target,
    distribution,
    district_map,
    funnel,
    heatmap,
    lines,
    ranking,
    shares,
)
from pages._figures.values import MISSING, Point, series
from pages._wall import findings
from pages._wall.model import Answers, Picture, ordered
from warehouse.metrics import find
from warehouse.model import UNKNOWN, Label, Result

Draw = Callable[[Answers], Picture | None]

MAP_HEIGHT = 400.0
"""Pixels of the map on the smallest wall, before everything is scaled to the wall at hand."""


def bars(metric: str, goal: str = "") -> Draw:
    """Months of a metric; the goal, where there is one, is the second answer."""

    def draw(answers: Answers) -> Picture | None:
        shown = answers.series(metric)
        if not shown.points:
            return None
        if not goal:
            figure = bars_with_target.draw(shown, answers.style)
            return Picture(figure=figure, finding=findings.moved(shown, answers))
        wished = answers.series(goal, 1)
        by_start = {p.period.start: p.value for p in wished.points if p.period}
        targets = [by_start.get(p.period.start) if p.period else None for p in shown.points]
        return Picture(
            figure=bars_with_target.draw(shown, answers.style, targets=targets),
            finding=findings.against_goal(shown, wished, answers),
        )

    return draw


def ranked(metric: str, *, limit: int = 8, highlight: int = 3) -> Draw:
    """Members from most to least; `unknown` stands where its number puts it."""

    def draw(answers: Answers) -> Picture | None:
        shown = answers.series(metric)
        if not shown.points:
            return None
        said = findings.least if ranking.is_close(shown) else findings.most
        return Picture(
            figure=ranking.draw(shown, answers.style, limit=limit, highlight=highlight),
            finding=said(shown, answers),
            about=shown.label,
        )

    return draw


def by_district(metric: str) -> Draw:
    """The map; without outlines the same values as a ranking."""

    def draw(answers: Answers) -> Picture | None:
        shown = answers.series(metric)
        real = tuple(p for p in shown.points if p.code != UNKNOWN)
        if not real:
            return None
        shown = replace(shown, points=real)
        finding = findings.range_of(shown, answers)
        if any(district.outline for district in answers.city.districts):
            figure = district_map.draw(shown, answers.city, answers.style, height=MAP_HEIGHT)
            note = answers.city.map_note.text(answers.style.language)
            return Picture(figure=figure, finding=finding, note=note, about=shown.label)
        figure = ranking.draw(shown, answers.style, limit=13)
        return Picture(figure=figure, finding=finding, about=shown.label)

    return draw


def by_hour(metric: str) -> Draw:
    def draw(answers: Answers) -> Picture | None:
        result = answers.results[0]
        if not result.rows:
            return None
        points = heatmap.grid(result, find(metric), answers.style)
        return Picture(
            figure=heatmap.draw(result, find(metric), answers.style),
            finding=findings.peak(list(points), answers),
        )

    return draw


def parts(metric: str, dimension: str) -> Draw:
    """Shares of the members over time."""

    def draw(answers: Answers) -> Picture | None:
        drawn = answers.series_by(metric, dimension)
        return Picture(figure=shares.draw(drawn, answers.style)) if drawn else None

    return draw


def over_time(
    *metrics: str, names: Sequence[Label] = (), promise: float | None = None, zero: bool = True
) -> Draw:
    """Lines; with a promise, the last one is held against it."""

    def draw(answers: Answers) -> Picture | None:
        drawn = [answers.series(metric) for metric in metrics]
        if names:
            drawn = [
                replace(s, label=n.text(answers.style.language))
                for s, n in zip(drawn, names, strict=True)
            ]
        if not any(s.points for s in drawn):
            return None
        label = answers.say(f"{promise:g} 秒承诺", f"{promise:g} s promise") if promise else ""
        figure = lines.draw(
            drawn, answers.style, target=promise, target_label=label, from_zero=zero
        )
        finding = (
            findings.kept(drawn[-1], promise, drawn[-1].label, answers)
            if promise
            else findings.moved(answers.series(metrics[0]), answers)
        )
        return Picture(figure=figure, finding=finding)

    return draw


def approval_times() -> Draw:
    """Half and nearly all of the loan decisions, against what the city promises."""
    return over_time(
        "loans.approval_seconds_p50",
        "loans.approval_seconds_p95",
        names=(Label(zh="P50", en="P50"), Label(zh="P95", en="P95")),
        promise=60,
    )


def steps(metric: str, codes: tuple[str, ...]) -> Draw:
    """A funnel over these steps; a step nobody reached is missing, not left out.

    The second question counts all applications: the note says how many skip the first step.
    """

    def draw(answers: Answers) -> Picture | None:
        result = answers.results[0]
        if not result.rows:
            return None
        shown = series(_only(result, codes), find(metric), answers.style)
        known = {point.code: point for point in shown.points}
        points = tuple(
            known.get(code)
            or Point(label=answers.style.label("step", code), cell=MISSING, code=code)
            for code in codes
        )
        shown = replace(shown, points=points)
        everyone = answers.results[1].column("loans.applications")
        n = funnel.skipped(everyone[0], points[0]) if everyone else 0
        return Picture(
            figure=funnel.draw(shown, answers.style),
            finding=findings.converted(shown, answers),
            note=answers.say(f"另有 {n} 笔缺申请记录", f"{n} more have no record of applying")
            if n
            else "",
        )

    return draw


def classes(metric: str, codes: tuple[str, ...]) -> Draw:
    """How often each class of an ordered vocabulary occurs."""

    def draw(answers: Answers) -> Picture | None:
        shown = series(_only(answers.results[0], codes), find(metric), answers.style)
        if not shown.points:
            return None
        return Picture(
            figure=distribution.draw(shown, answers.style),
            finding=findings.share_of_most(shown, answers),
            about=shown.label,
        )

    return draw


def _only(result: Result, codes: tuple[str, ...]) -> Result:
    return replace(result, rows=ordered(result, codes))
