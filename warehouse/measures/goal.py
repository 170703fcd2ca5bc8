"""The growth goal: a path that compounds from the active people of a base month."""

from datetime import date, datetime, time

from warehouse.compile import Slice, Window
from warehouse.measures.ground import Ground, Hides, Patterns, Values
from warehouse.measures.people import active_people
from warehouse.metrics.model import Measure
from warehouse.model import Grain, Period


def goal(ground: Ground, part: Slice, _: Measure) -> Values:
    """The path from the base month on, for each unit of the window, also those to come."""
    base = active_people(ground, part.over(goal_window(ground.goal_from)))
    found: Values = {}
    for unit in part.window.units:
        months = _months(ground.goal_from, unit.start)
        for (_base, members), count in base.items() if months >= 0 else ():
            found[unit.start, members] = round((count or 0) * (1 + ground.goal_growth) ** months, 3)
    return found


def gap(ground: Ground, part: Slice, measure: Measure) -> Values:
    """Active people less the goal; in months that have not begun there is neither."""
    now = active_people(ground, part)
    return {
        cell: round((now.get(cell) or 0) - (wanted or 0), 3)
        for cell, wanted in goal(ground, part, measure).items()
        if datetime.combine(cell[0], time()) < ground.complete
    }


def goal_window(base: date) -> Window:
    """The month the goal compounds from."""
    period = Period(start=base, end=Grain.MONTH.shift(base, 1))
    return Window(period=period, grain=Grain.MONTH)


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def hides_goal(_: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """The path tells the people of its base month."""
    base = patterns(part.over(goal_window(ground.goal_from)))
    return lambda unit, members, number: base.hides(ground.goal_from, members)


def hides_gap(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """With the active people, or with the path."""
    now, path = patterns(part), hides_goal(measure, part, patterns, ground)
    return lambda unit, members, number: now.hides(unit, members) or path(unit, members, number)
