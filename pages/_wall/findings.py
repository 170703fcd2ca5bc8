"""Sentences computed from the numbers of a drawing; empty where nothing can be said."""

from dataclasses import replace

from pages._figures.values import Point, Series
from pages._ui.numbers import NONE, fixed, format_change, format_value
from pages._wall.model import Answers
from warehouse.model import UNKNOWN, Grain


def _text(value: float, series: Series, answers: Answers) -> str:
    return str(format_value(value, series.unit, answers.style.language)).replace(" ", "\u00a0")


def _known(series: Series) -> list[Point]:
    return [point for point in series.points if point.value is not None]


def moved(series: Series, answers: Answers) -> str:
    """Where the last unit stands and how it changed.

    Of days only those that are over count, against the same weekday of the week before.
    """
    points = [p for p in series.points if not (p.is_partial and series.grain is Grain.DAY)]
    if not points or (value := points[-1].value) is None:
        return ""
    is_daily = series.grain is Grain.DAY
    base = points[-8].value if is_daily and len(points) > 7 else points[-1].cell.base
    cell = replace(points[-1].cell, base=base)
    change = format_change(
        cell.change(series.unit), series.unit, series.polarity, answers.style.language
    )
    than = answers.say("较上周同日", "on last week") if is_daily else ""
    if points[-1].is_partial:
        than = answers.say("环比同期", "on the same span")
    than = than or answers.say("环比", "on last period")
    moved = answers.say(f"，{than} {change.signed}", f", {change.signed} {than}")
    said = _text(value, series, answers)
    is_told = change.text != NONE and not cell.is_broken
    return f"{series.label} {said}" + (moved if is_told else "")


def against_goal(series: Series, goal: Series, answers: Answers) -> str:
    """How the last unit that is over stands to its target."""
    targets = {p.period: p.value for p in goal.points}
    over = [p for p in _known(series) if not p.is_partial and targets.get(p.period)]
    if not over or over[-1].value is None:
        return moved(series, answers)
    share = fixed(over[-1].value / (targets[over[-1].period] or 1) * 100, 1)
    said = _text(over[-1].value, series, answers)
    return answers.say(
        f"上月{series.label} {said}，为目标的 {share}%",
        f"{share}% of the goal last month: {said}",
    )


def most(series: Series, answers: Answers) -> str:
    """Who leads."""
    known = sorted(_known(series), key=lambda p: -(p.value or 0))
    if len(known) < 2 or known[0].value is None:
        return ""
    first, said = known[0], _text(known[0].value, series, answers)
    return answers.say(f"{first.label}居首，{said}", f"{first.label} leads with {said}")


def least(series: Series, answers: Answers) -> str:
    """Who comes last, where all are close together."""
    known = [p for p in _known(series) if p.code != UNKNOWN]
    if len(known) < 2:
        return ""
    last = min(known, key=lambda p: p.value or 0)
    said = _text(last.value or 0, series, answers)
    return answers.say(f"{last.label}最低，{said}", f"{last.label} lowest at {said}")


def share_of_most(series: Series, answers: Answers) -> str:
    """How much of the whole the largest part is; the parts add up."""
    known = [v for v in series.values if v is not None]
    if len(known) < len(series.points) or sum(known) == 0:
        return ""
    top = max(series.points, key=lambda p: p.value or 0)
    share = fixed((top.value or 0) / sum(known) * 100, 1)
    return answers.say(f"{top.label}占 {share}%", f"{top.label}: {share}%")


def range_of(series: Series, answers: Answers) -> str:
    """The highest and the lowest member."""
    known = sorted(_known(series), key=lambda p: p.value or 0)
    if len(known) < 2 or known[0].value is None or known[-1].value is None:
        return ""
    low, high = _text(known[0].value, series, answers), _text(known[-1].value, series, answers)
    return answers.say(
        f"{known[-1].label}最高 {high}，{known[0].label}最低 {low}",
        f"{known[-1].label} highest at {high}, {known[0].label} lowest at {low}",
    )


def converted(series: Series, answers: Answers) -> str:
    """From the first to the last step."""
    known = series.values
    if len(known) < 2 or not known[0] or known[-1] is None:
        return ""
    share = fixed(known[-1] / known[0] * 100, 1)
    return answers.say(
        f"{series.points[0].label}到{series.points[-1].label}转化 {share}%",
        f"{share}% from {series.points[0].label.lower()} to {series.points[-1].label.lower()}",
    )


def peak(points: list[Point], answers: Answers) -> str:
    """The strongest cell of a heat map."""
    known = [point for point in points if point.value]
    if not known:
        return ""
    top = max(known, key=lambda p: p.value or 0)
    return answers.say(f"办事高峰在{top.label}", f"The peak is on {top.label}")


def kept(series: Series, limit: float, name: str, answers: Answers) -> str:
    """How many units stayed within a promise."""
    known = _known(series)
    if not known:
        return ""
    over = sum(1 for point in known if (point.value or 0) > limit)
    if over == 0:
        return answers.say(
            f"近 {len(known)} 日 {name} 均在 {limit:g} 秒内",
            f"{name} within {limit:g} s on all of {len(known)} days",
        )
    return answers.say(
        f"近 {len(known)} 日 {name} 有 {over} 日超过 {limit:g} 秒",
        f"{name} over {limit:g} s on {over} of {len(known)} days",
    )


def balance(came: list[Series], went: Series, answers: Answers) -> str:
    """What came less what went in the last unit that is over: who left shows at its end."""
    over = [i for i, p in enumerate(went.points) if p.value is not None and not p.is_partial]
    if not over or not came:
        return ""
    parts = [series.values[over[-1]] for series in came]
    if None in parts:
        return ""
    net = sum(part or 0 for part in parts) - (went.values[over[-1]] or 0)
    sign = "+" if net >= 0 else ""
    said = sign + _text(net, went, answers)
    return answers.say(
        f"上月活跃人数净变化 {said}", f"Net change of active people last month {said}"
    )
