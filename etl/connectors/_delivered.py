"""What places elsewhere that hold delivered files have in common: which are whole, and where those
go that were read."""

from fnmatch import fnmatchcase

from etl.control import CONTROL_ENDING, read_totals
from etl.declaration import Declaration
from etl.delivery import Totals
from etl.landing import MOST_BYTES
from warehouse.errors import ContractBroken, SourceUnavailable, nearest
from warehouse.sentences import say

MOST_LISTED = 200_000
"""A list of more does not fit in the memory set aside for it (about 300 bytes each)."""

MOST_TOTALS_BYTES = 64 << 10

_UNFINISHED = (".part", ".tmp")


def is_delivered(name: str, pattern: str) -> bool:
    """Whether a file or object of this name is for us: wanted, and not a writer's own draft."""
    last = name.rpartition("/")[2]
    return (
        bool(last)
        and not last.startswith(".")
        and not last.endswith((*_UNFINISHED, CONTROL_ENDING))
        and fnmatchcase(name, pattern)
    )


def totals_name(name: str) -> str:
    """Where the control totals of a delivery lie, if its source delivers them."""
    return name + CONTROL_ENDING


def totals_from(name: str, content: bytes) -> Totals:
    """`content` is at most a byte more than may be. Raises `ContractBroken`."""
    if len(content) > MOST_TOTALS_BYTES:
        raise ContractBroken(f"{name}: {say('totals_long')}.")
    return read_totals(name, content.decode("utf-8", "replace"))


def check_count(listed: int, place: str) -> None:
    """Raises `SourceUnavailable` when there is too much to list in bounded memory."""
    if listed > MOST_LISTED:
        raise SourceUnavailable(f"{place}: {say('too_many', most=format(MOST_LISTED, ','))}.")


def check_size(name: str, size: int) -> None:
    """Raises `ContractBroken` for what is not worth fetching: it would be refused at its end."""
    if size > MOST_BYTES:
        raise ContractBroken(
            f"{name}: {say('too_large_parts', most=format(MOST_BYTES // 2**20, ','))}."
        )


def check_read(name: str, read: int, listed: int) -> None:
    """Raises `SourceUnavailable` unless as many bytes came as were listed."""
    if read != listed:
        raise changed(name)


def changed(name: str) -> SourceUnavailable:
    return SourceUnavailable(f"{name}: {say('changed_fetched')}.")


def gone(name: str) -> SourceUnavailable:
    return SourceUnavailable(f"{name}: {say('gone_fetched')}.")


def read_done_folder(declaration: Declaration) -> str:
    """Where loaded deliveries are moved, without slashes around; empty: they stay."""
    after = declaration.text(("connector", "after"), "keep")
    folder = declaration.text(("connector", "done_folder"))
    if after not in ("keep", "move"):
        remedy = nearest(after, ("keep", "move")) or " Write keep or move."
        declaration.problem(("connector", "after"), f"{after!r} is not known.{remedy}")
    elif after == "move" and not folder:
        declaration.problem(("connector", "done_folder"), "is missing. Name the folder.")
    elif after == "keep" and folder:
        declaration.problem(("connector", "after"), "must be 'move' for done_folder.")
    return folder
