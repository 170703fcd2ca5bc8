"""The identities of growth accounting, held against people's own days before each publication.

|A(t)| = new + retained + resurrected, |A(t-1)| = retained + churned, for everything together and
for every member of a dimension (DEFINITIONS, People). Answers take new and retained people from
what the sums store; here the others are counted another way, from who was there.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from etl.people import DATASET
from warehouse.certificates import is_destroyed
from warehouse.errors import StorageError
from warehouse.rollups import CUTS
from warehouse.schema import statements_of
from warehouse.sentences import say
from warehouse.settings import Settings
from warehouse.writer import Writer

_NOBODY = "SELECT 0 AS person, '' AS member WHERE FALSE"


def check_identities(settings: Settings, writer: Writer, touched: Iterable[str]) -> None:
    """Raises `StorageError` for the first of the months `touched` that breaks an identity."""
    months = sorted(
        file.stem
        for file in (settings.live / DATASET).glob("*.duckdb")
        if not is_destroyed(settings, DATASET, file.stem)
    )
    for month in sorted(set(touched).intersection(months)):
        for cut in CUTS:
            broken = _broken(writer, month, months[: months.index(month)], cut)
            if broken:
                raise StorageError(say("identities", month=month, cut=cut or "-", n=broken) + ".")


def _broken(writer: Writer, month: str, earlier: Sequence[str], cut: str) -> int:
    """How many members of the cut break an identity in the month."""
    alias, member = writer.attach(DATASET, month), cut or "''"
    first = date.fromisoformat(f"{month}-01")
    before = f"{first - timedelta(days=1):%Y-%m}"
    days = writer.attach(DATASET, before) if before in earlier else alias
    is_there = "TRUE" if before in earlier else "FALSE"
    firsts = (
        f"SELECT person, member FROM {writer.attach(DATASET, one)}.person_first"
        f" WHERE cut = '{cut}' AND is_new"
        for one in earlier
    )
    (select,) = statements_of("checks/growth", alias)
    sql = select.format(
        member=member,
        cut=cut,
        first=first,
        last=f"SELECT * FROM {days}.person_day WHERE {is_there}",
        ever=" UNION ALL ".join(firsts) or _NOBODY,
    )
    return int(writer.execute(sql)[0][0])
