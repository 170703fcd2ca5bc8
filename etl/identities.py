"""The identities of growth accounting, held against people's own days before each publication.

|A(t)| = new + retained + resurrected and |A(t-1)| = retained + churned (DEFINITIONS, People) in
every month whose sums of people were made again. Answers take new and retained people from what
the sums store; here the others are counted another way, from who was there.

For everybody together on each load: 0.4 s of CPU a month of 400,000 people's days (measured). The
members of each dimension cost as much again each; `python -m warehouse verify` looks at those.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from etl.people import DATASET
from warehouse.certificates import is_destroyed
from warehouse.errors import StorageError
from warehouse.schema import statements_of
from warehouse.sentences import say
from warehouse.settings import Settings
from warehouse.writer import Writer

_NOBODY = "SELECT CAST(0 AS BIGINT) AS person WHERE FALSE"


def check_identities(settings: Settings, writer: Writer, touched: Iterable[str]) -> None:
    """Raises `StorageError` for the first of the months `touched` that breaks an identity."""
    months = sorted(
        file.stem
        for file in (settings.live / DATASET).glob("*.duckdb")
        if not is_destroyed(settings, DATASET, file.stem)
    )
    for month in sorted(set(touched).intersection(months)):
        if not _holds(writer, month, months[: months.index(month)]):
            raise StorageError(say("identities", month=month) + ".")


def _holds(writer: Writer, month: str, earlier: Sequence[str]) -> bool:
    alias = writer.attach(DATASET, month)
    first = date.fromisoformat(f"{month}-01")
    before = f"{first - timedelta(days=1):%Y-%m}"
    days = writer.attach(DATASET, before) if before in earlier else alias
    is_there = "TRUE" if before in earlier else "FALSE"
    firsts = (
        f"SELECT person FROM {writer.attach(DATASET, one)}.person_first WHERE cut = '' AND is_new"
        for one in earlier
    )
    (select,) = statements_of("checks/growth", alias)
    sql = select.format(
        first=first,
        last=f"SELECT person FROM {days}.person_day WHERE {is_there}",
        ever=" UNION ALL ".join(firsts) or _NOBODY,
    )
    return bool(writer.execute(sql)[0][0])
