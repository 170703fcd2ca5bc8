"""The ordered funnel: how many applications come how far within the window, and how fast."""

from collections.abc import Sequence

from warehouse.compile import Slice, applications, fetch
from warehouse.compile.applications import STEP
from warehouse.compile.funnel import followed
from warehouse.datasets import STEPS
from warehouse.measures.ground import Ground, Hides, Patterns, Values, column
from warehouse.measures.loans import by_step, share, small_counts, with_pattern, without
from warehouse.metrics.model import Conversion, EndToEnd, EndToEndWithin, Measure, StepTime
from warehouse.windows import utc

_STEPS = tuple(STEPS)
_LAST = len(_STEPS)


def _asked(ground: Ground, part: Slice, values: Sequence[str]) -> tuple[Slice, list[Values]]:
    """A value of each SQL text in the cells of `part` without steps."""
    plain = without(part, STEP)
    edge = utc(ground.complete, ground.zone)
    rows = applications.cohort(ground.tables, plain)
    kept = ("unit", *(f"by_{i}" for i in range(len(plain.by))))
    rows = followed(rows, ground.funnel, plain.window, edge, kept)
    sql = applications.grouped(rows, plain, values)
    found = fetch(ground.tables, sql)
    return plain, [column(found, plain, i) for i in range(len(values))]


def _counts(ground: Ground, part: Slice) -> tuple[list[Values], list[Values], Values]:
    """Applications that come to each step; the settled ones of them; and the maturing ones.

    One statement for all of them, whose rows the metrics of a question share.
    """
    every = [f"count(c{k})" for k in range(1, _LAST + 1)]
    settled = [f"{count} FILTER (WHERE NOT is_maturing)" for count in every]
    values = (*every, *settled, "count(*) FILTER (WHERE is_maturing)")
    _, found = _asked(ground, part, values)
    return found[:_LAST], found[_LAST:-1], found[-1]


def converted(ground: Ground, part: Slice, _: Measure) -> Values:
    return by_step(part, _STEPS, _counts(ground, part)[0])


def conversion(ground: Ground, part: Slice, measure: Measure) -> Values:
    assert isinstance(measure, Conversion)
    settled = _counts(ground, part)[1]
    bases = settled[:-1] if measure.from_before else [settled[0]] * (_LAST - 1)
    shares = [
        {cell: share(number, base.get(cell)) for cell, number in own.items()}
        for own, base in zip(settled[1:], bases, strict=True)
    ]
    return by_step(part, _STEPS[1:], shares)


def maturing(ground: Ground, part: Slice, _: Measure) -> Values:
    return _counts(ground, part)[2]


def hides_maturing(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """As the dataset's pattern does, and where few applications are still maturing."""
    small = small_counts(part, lambda whole: maturing(ground, whole, measure), ground)
    return with_pattern(patterns(part), small)


def step_time(ground: Ground, part: Slice, measure: Measure) -> Values:
    assert isinstance(measure, StepTime)
    spans = [f"c{k + 1} - c{k}" for k in range(1, _LAST)]
    _, found = _asked(ground, part, [_middle(span, measure.at) for span in spans])
    return by_step(part, _STEPS[1:], [_seconds(values) for values in found])


def end_to_end(ground: Ground, part: Slice, measure: Measure) -> Values:
    assert isinstance(measure, EndToEnd)
    return _seconds(_asked(ground, part, [_middle(f"c{_LAST} - c1", measure.at)])[1][0])


def within(ground: Ground, part: Slice, measure: Measure) -> Values:
    assert isinstance(measure, EndToEndWithin)
    most = measure.seconds * 1_000_000
    inside = f"count(*) FILTER (WHERE c{_LAST} - c1 <= {most})"
    _, (within, timed) = _asked(ground, part, [inside, f"count(c{_LAST})"])
    return {cell: share(within[cell], count) for cell, count in timed.items()}


def _middle(span: str, at: float | None) -> str:
    """SQL of a percentile, exact and continuous, or of the mean; NULL where there is no span."""
    if at is None:
        return f"avg({span})"
    return f"percentile_cont({at}) WITHIN GROUP (ORDER BY {span})"


def _seconds(values: Values) -> Values:
    return {c: None if us is None else round(us / 1_000_000, 3) for c, us in values.items()}
