"""A saved view as a value, and why one may be refused."""

from dataclasses import dataclass
from enum import StrEnum

from warehouse.errors import QueryError

MOST_VIEWS = 100
"""Of one person."""
LONGEST_TITLE = 60


@dataclass(frozen=True, kw_only=True)
class View:
    """address: path and query string of a page."""

    number: int
    owner: str
    title: str
    address: str
    is_shared: bool


class Refusal(StrEnum):
    TITLE = "title"
    TAKEN = "taken"
    MANY = "many"
    MISSING = "missing"
    ADDRESS = "address"


_WORDS = {
    Refusal.TITLE: f"The name of a view has 1 to {LONGEST_TITLE} printable characters"
    " and no space at its ends.",
    Refusal.TAKEN: "There is a view of this name already. Choose another name.",
    Refusal.MANY: f"There are {MOST_VIEWS} views already. Delete one first.",
    Refusal.MISSING: "There is no such view of yours. Reload the page.",
    Refusal.ADDRESS: "This address is of no page that has filters. Save another one.",
}


class ViewRefused(QueryError):
    """A view that is not kept, or not there."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(_WORDS[refusal])
        self.refusal = refusal
