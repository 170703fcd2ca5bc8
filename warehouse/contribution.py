"""Why a number changed: its change split exactly over the members of a dimension. Pure.

All arithmetic is on fractions, so the parts of a split add up to the change to the last digit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from warehouse.errors import DefinitionError, NotDecomposable
from warehouse.metrics.model import (
    BY_STEP,
    Active,
    Converted,
    Count,
    Cumulative,
    Distinct,
    Growth,
    Maturing,
    Measure,
    Reached,
    Rolling,
    Share,
    Sum,
)
from warehouse.model import MetricQuery, Period

HIDDEN = "(hidden)"
"""The part that stands for all members hidden in one of the two periods."""
OVERLAP = "(overlap)"
"""The part for people who count in several members and once in the whole."""
MIXED = "(hidden+overlap)"
"""Both at once: which is which would tell of the hidden ones."""
TOGETHER = (HIDDEN, OVERLAP, MIXED)

SUMS = (Count, Sum, Reached, Converted, Maturing)
"""Kinds whose members add up to the whole; steps do not, see `check`."""
PEOPLE = (Distinct, Active, Rolling, Cumulative, Growth)
"""Kinds that count different people: members overlap."""

Pair = tuple[Fraction, Fraction]
"""A value now, and the one it is compared with."""
Pairs = Mapping[str, Pair | None]
"""By member; None where it is hidden in either period."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one member did to the change. `mix + rate = change`, for shares.

    now, base  the member's own value; None where there is none (a share without records).
    mix        because the member's part of all records changed; None but for shares.
    rate       because the member's own rate changed; None but for shares.
    weight     the member's part of all records (now, base), 0..1; None but for shares.
    """

    member: str
    now: Fraction | None
    base: Fraction | None
    change: Fraction
    mix: Fraction | None = None
    rate: Fraction | None = None
    weight: Pair | None = None


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """The split of one change. The changes of `parts` add up to `change` exactly.

    query   the question of the one number, with its period.
    parts   the largest effect first, up or down.
    hidden  how many members stand behind the part `HIDDEN` or `MIXED`.
    is_partial  the period is not over: it stands against the same elapsed part of `base_period`.
    """

    query: MetricQuery
    dimension: str
    period: Period
    base_period: Period
    is_partial: bool
    now: Fraction
    base: Fraction
    parts: tuple[Part, ...]
    hidden: int
    data_version: str

    @property
    def metric(self) -> str:
        return self.query.metrics[0]

    @property
    def change(self) -> Fraction:
        return self.now - self.base


def check(name: str, measure: Measure, dimension: str) -> None:
    """Raises `NotDecomposable` where members do not make up the whole in a known way."""
    if not isinstance(measure, (*SUMS, *PEOPLE, Share)):
        raise NotDecomposable(
            f"{name} is no plain sum, share or number of people: its change cannot be split over"
            " members. Compare the members' own values instead.",
            zh="该指标不是简单的合计、占比或人数，其变化不能拆分到各成员；请直接比较各成员的数值。",
        )
    if isinstance(measure, BY_STEP) and dimension == "step":
        raise NotDecomposable(
            f"The steps of {name} hold each other: split one step by another dimension.",
            zh="各步骤逐级包含，不能按步骤拆分；请选定一个步骤，按其他维度拆分。",
        )


def exact(value: float | int) -> Fraction:
    """A value of the warehouse as the decimal it is printed as."""
    return Fraction(str(value))


def split_sums(total: Pair, members: Pairs) -> tuple[Part, ...]:
    """Each member's own difference; what is hidden is what the others leave.

    Raises `DefinitionError` when nothing is hidden and the members do not add up.
    """
    known = _known(members)
    rest = _rest(total, known.values())
    parts = [Part(member=m, now=p[0], base=p[1], change=p[0] - p[1]) for m, p in known.items()]
    if len(known) < len(members):
        parts.append(Part(member=HIDDEN, now=rest[0], base=rest[1], change=rest[0] - rest[1]))
    elif any(rest):
        raise DefinitionError("The members of a sum do not add up to it: it is declared wrongly.")
    return ranked(parts)


def split_people(total: Pair, members: Pairs) -> tuple[Part, ...]:
    """Each member's difference, and one term for people who are in several members.

    overlap = |A| - sum of the members' |A_i|, now less then. With hidden members it holds
    them too, because apart it would tell how many they are.
    """
    known = _known(members)
    rest = _rest(total, known.values())
    parts = [Part(member=m, now=p[0], base=p[1], change=p[0] - p[1]) for m, p in known.items()]
    name = MIXED if len(known) < len(members) else OVERLAP
    if name == MIXED or any(rest):
        parts.append(Part(member=name, now=rest[0], base=rest[1], change=rest[0] - rest[1]))
    return ranked(parts)


def split_shares(
    tests: Pair, bases: Pair, members: Mapping[str, tuple[Pair, Pair] | None]
) -> tuple[Part, ...]:
    """The mix and the rate effect of each member, with no residual.

    With r the member's rate, w its part of all base records and R the whole's rate, 1 now and
    0 then, and R* = (R0 + R1) / 2:

        rate_i = (r1 - r0) * (w0 + w1) / 2
        mix_i  = (w1 - w0) * ((r0 + r1) / 2 - R*)

    Summed over i this is R1 - R0, since sum w r = R and sum (w1 - w0) = 0. It is the midpoint
    (Marshall-Edgeworth) form of Kitagawa's decomposition: E. M. Kitagawa, "Components of a
    Difference Between Two Rates", Journal of the American Statistical Association 50 (1955).
    A member without base records in one period has the rate of the other: all of it is mix.

    tests, bases  counts of the whole, (now, base); `members` has (tests, bases) of each.
    Raises `DefinitionError` when nothing is hidden and the members do not add up.
    """
    known = {member: both for member, both in members.items() if both is not None}
    rest = (_rest(tests, (t for t, _ in known.values())),
            _rest(bases, (b for _, b in known.values())))  # fmt: skip
    if len(known) < len(members):
        known = {**known, HIDDEN: rest}
    elif any(rest[0]) or any(rest[1]):
        raise DefinitionError("The members of a share do not add up to it: it is declared wrongly.")
    middle = (tests[0] / bases[0] + tests[1] / bases[1]) / 2
    return ranked([_effect(m, own, bases, middle) for m, own in known.items()])


def _effect(member: str, own: tuple[Pair, Pair], bases: Pair, middle: Fraction) -> Part:
    (test_now, test_base), (all_now, all_base) = own
    weight = all_now / bases[0], all_base / bases[1]
    now = test_now / all_now if all_now else None
    base = test_base / all_base if all_base else None
    first, second = _both(now, base)
    rate = (first - second) * (weight[0] + weight[1]) / 2
    mix = (weight[0] - weight[1]) * ((first + second) / 2 - middle)
    return Part(
        member=member, now=now, base=base, change=mix + rate, mix=mix, rate=rate, weight=weight
    )


def _both(now: Fraction | None, base: Fraction | None) -> Pair:
    """The two rates; one that is missing is taken to be the other."""
    known = next((rate for rate in (now, base) if rate is not None), Fraction(0))
    return (known if now is None else now), (known if base is None else base)


def _known(members: Pairs) -> dict[str, Pair]:
    return {member: pair for member, pair in members.items() if pair is not None}


def _rest(total: Pair, members: Iterable[Pair]) -> Pair:
    now, base = total
    for pair in members:
        now, base = now - pair[0], base - pair[1]
    return now, base


def ranked(parts: list[Part]) -> tuple[Part, ...]:
    """The largest effect first; members that were and are nothing are left out."""
    telling = [p for p in parts if p.now or p.base or p.change or p.member in TOGETHER]
    return tuple(sorted(telling, key=lambda part: (-abs(part.change), part.member)))
