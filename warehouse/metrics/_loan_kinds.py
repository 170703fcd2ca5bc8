"""What is measured of loan applications alone."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reached:
    """Applications that ever had a step, one row a step. Does not add up over steps."""


@dataclass(frozen=True, kw_only=True)
class Binned:
    """Timed applications by the bin of their decision time; its members are all timed ones."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """Applications that come to a step in the ordered funnel, one row a step."""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Applications that come to a step, among those at the first or at the step before.

    Maturing ones are in neither.
    """

    from_before: bool


@dataclass(frozen=True, kw_only=True)
class Maturing:
    """Applications without an end that are younger than the funnel's window."""


@dataclass(frozen=True, kw_only=True)
class StepTime:
    """From one step of the earliest chain to the next, one row a step. `at` None: the mean."""

    at: float | None


@dataclass(frozen=True, kw_only=True)
class EndToEnd:
    """From the first to the last step of the earliest chain. `at` None: the mean."""

    at: float | None


@dataclass(frozen=True, kw_only=True)
class EndToEndWithin:
    """Applications disbursed on their earliest chain within `seconds`, among all those so."""

    seconds: int


@dataclass(frozen=True, kw_only=True)
class ErrorBudget:
    """How much of the late decisions that the objective allows is left; below zero: overdrawn."""
