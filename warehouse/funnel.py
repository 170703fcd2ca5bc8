"""How an ordered funnel is asked: the order of its steps, and the windows between them."""

from dataclasses import dataclass
from enum import StrEnum

from warehouse.errors import QueryError


class Order(StrEnum):
    """How the steps of a funnel must follow each other."""

    ORDERED = "ordered"  # in their order, whatever lies between
    STRICT = "strict"  # in their order, and no other event of the application between
    ANY = "any"  # all of them within the window, in whatever order


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """How the ordered funnel is asked.

    window_seconds  from the first step; DEFINITIONS calls it W.
    step_seconds    of each further step from the one before it; empty: only the window counts.
    """

    order: Order = Order.ORDERED
    window_seconds: int = 7 * 86_400
    step_seconds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.window_seconds <= 366 * 86_400:
            raise QueryError("The window of a funnel is one second to 366 days. Choose another.")
        if self.step_seconds and (len(self.step_seconds) != 3 or min(self.step_seconds) < 1):
            raise QueryError("A funnel has three windows between its steps. Give three or none.")
        if self.step_seconds and self.order is Order.ANY:
            raise QueryError("Windows between steps need an order. Leave them out, or the order.")
