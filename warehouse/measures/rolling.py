"""People active in the last days, as they stand on each day or on the last one of a unit."""

from collections import defaultdict
from datetime import UTC, date, timedelta

from warehouse.compile import Slice, Window, fetch, rolling
from warehouse.errors import DefinitionError
from warehouse.measures.ground import Ground, Hides, Patterns, Values
from warehouse.measures.parts import small_parts
from warehouse.metrics.model import Measure, Rolling
from warehouse.model import Grain, Period
from warehouse.policy import Members
from warehouse.windows import ONE_DAY, local, whole_units

_WEEK = 7


def active(ground: Ground, part: Slice, measure: Measure) -> Values:
    """The running sum of the changes, read on the last day of each unit that has data."""
    rows = fetch(ground.tables, rolling.changes(ground.tables, part, _days(measure)))
    changes: dict[Members, dict[date, int]] = defaultdict(dict)
    for day, *members, change in rows:
        changes[tuple(members)][day] = change
    lasts = _last_days(ground, part)
    found: Values = {}
    for cell, steps in changes.items():
        total, days = 0, sorted(steps, reverse=True)
        for last, unit in lasts:
            while days and days[-1] <= last:
                total += steps[days.pop()]
            found[unit.start, cell] = total
    return found


def _days(measure: Measure) -> int:
    if not isinstance(measure, Rolling):
        raise DefinitionError(f"{type(measure).__name__} counts no rolling days.")
    return measure.days


def _last_days(ground: Ground, part: Slice) -> list[tuple[date, Period]]:
    """Each unit that has begun with its last day of which anything is known."""
    window = part.window
    if window.until is None:
        known = (ground.complete - timedelta.resolution).date()
    else:
        known = local(window.until.replace(tzinfo=UTC), part.zone).date()
    ends = ((min(unit.end - ONE_DAY, known), unit) for unit in window.units)
    if window.grain is Grain.DAY:  # a day beyond the watermark has what there is of it
        return [(unit.start, unit) for unit in window.units]
    return [(last, unit) for last, unit in ends if last >= unit.start]


def hides_rolling(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """Where few people were active in those days, or in the calendar unit they reach back to.

    Calendar weeks (months for more days) stand for the rolling days in what filters and sums
    of members would tell: a pattern for each day would cost as much as all the answers.
    """
    length = _days(measure)
    grain = Grain.WEEK if length <= _WEEK else Grain.MONTH
    lasts = {unit.start: last for last, unit in _last_days(ground, part)}
    back = timedelta(days=length - 1)
    if not lasts:
        return lambda unit, members, number: False
    reach = Period(start=min(lasts.values()) - back, end=max(lasts.values()) + ONE_DAY)
    whole: Window = whole_units(reach, grain)
    pattern = patterns(part.over(whole))
    small = small_parts(part, lambda asked: active(ground, asked, measure), ground)
    return lambda unit, members, number: (
        small(unit, members, number)
        or (unit in lasts and pattern.hides(grain.floor(lasts[unit] - back), members))
    )
