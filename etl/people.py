"""Who was there before: the sums of people that look across the months of a dataset.

`gap_day` counts the people of a day by the day they were there before, `person_first` holds the
day each was there (or completed something) for the first time, each for everything together and
for every member of one dimension (`CUTS`). From the first follow |A(t)| and who is retained for
any period of two months, from the second who is new and how many were served so far.

Both are made again from a day on (`dirty_first`, `dirty_gap`), each in a transaction that takes
its mark away. What a late row changes in later files is written before its own mark goes: a kill
anywhere leaves a mark, and whatever is marked is made again from the rows.
"""

from collections.abc import Collection
from datetime import date, timedelta

from etl.failpoints import step
from warehouse.certificates import is_destroyed
from warehouse.compile.slice import literal
from warehouse.connection import Rows
from warehouse.rollups import CHOICES, CUTS, REACH_DAYS
from warehouse.settings import Settings
from warehouse.writer import Writer

DATASET = "service_event"

_CANDIDATES = """
CREATE OR REPLACE TEMP TABLE candidate AS
SELECT person, {member} AS member, min(day) AS first, min(day) FILTER (completed) AS served
FROM {db}.person_day WHERE day >= $1 GROUP BY ALL
"""
_KNOWN = """
CREATE OR REPLACE TEMP TABLE known AS
SELECT person, member, bool_or(is_new) AS is_new, bool_or(is_served) AS is_served
FROM ({rows}) SEMI JOIN candidate USING (person, member)
GROUP BY ALL
"""
_OPENING = """
INSERT INTO {db}.person_first
WITH opening AS (
    SELECT person, member,
        CASE WHEN is_new IS NOT TRUE THEN first END AS first,
        CASE WHEN is_served IS NOT TRUE THEN served END AS served
    FROM candidate LEFT JOIN known USING (person, member)
)
SELECT person, unnest(CASE
        WHEN served IS NULL OR served = first THEN [first]
        WHEN first IS NULL THEN [served]
        ELSE [first, served] END) AS day,
    '{cut}', member, coalesce(day = first, FALSE), coalesce(day = served, FALSE)
FROM opening WHERE first IS NOT NULL OR served IS NOT NULL
"""
_COUNTED = (
    "DELETE FROM {db}.first_day WHERE day >= $1",
    "INSERT INTO {db}.first_day SELECT day, cut, member, count(*) FILTER (is_new),"
    " count(*) FILTER (is_served) FROM {db}.person_first WHERE day >= $1 GROUP BY ALL ORDER BY ALL",
)
_MOVED = """
CREATE OR REPLACE TEMP TABLE moved AS
SELECT f.person, f.member, f.day, c.served IS NOT NULL AS served
FROM {db}.person_first AS f JOIN candidate AS c USING (person, member)
WHERE f.cut = '{cut}' AND (f.is_new OR (f.is_served AND c.served IS NOT NULL))
"""
_MOVE = (
    "UPDATE {db}.person_first AS f SET is_new = FALSE, is_served = f.is_served AND NOT m.served"
    " FROM moved AS m WHERE f.person = m.person AND f.cut = '{cut}'"
    " AND f.member = m.member AND f.day = m.day",
    "DELETE FROM {db}.person_first WHERE NOT is_new AND NOT is_served",
    "DELETE FROM {db}.first_day WHERE day IN (SELECT day FROM moved)",
    "INSERT INTO {db}.first_day SELECT day, cut, member, count(*) FILTER (is_new),"
    " count(*) FILTER (is_served) FROM {db}.person_first WHERE day IN (SELECT day FROM moved)"
    " GROUP BY ALL ORDER BY ALL",
)
_MONTH = """
INSERT INTO {db}.people_month
SELECT DATE '{first}', {columns}, count(*)
FROM (SELECT DISTINCT person, {names} FROM {db}.person_day)
GROUP BY {names} ORDER BY {names}
"""
_BEFORE = """
CREATE OR REPLACE TEMP TABLE before AS
SELECT person, scene, district, channel, age_band, max(day) AS day
FROM ({rows}) SEMI JOIN (SELECT person FROM {db}.person_day WHERE day >= $1) USING (person)
GROUP BY ALL
"""
_GAP = """
INSERT INTO {db}.gap_day
SELECT day, '{cut}', member, CASE WHEN day - before <= {reach} THEN before END AS before, count(*)
FROM (
    SELECT member, day, lag(day) OVER (PARTITION BY person, member ORDER BY day) AS before
    FROM (
        SELECT DISTINCT person, {member} AS member, day FROM {db}.person_day WHERE day >= $1
        UNION ALL
        SELECT person, {member} AS member, max(day) FROM before GROUP BY ALL
    )
)
WHERE day >= $1
GROUP BY ALL ORDER BY day, member, before
"""


def sum_people(
    settings: Settings, writer: Writer, unsummed: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Make again what is marked in the months of `unsummed`; the partitions that were changed.

    A late row may change later months too: they are added to `unsummed`, also when this raises.
    """
    marked = {month for dataset, month in unsummed if dataset == DATASET}
    if not marked:
        return set()
    try:
        return {(DATASET, month) for month in People(settings, writer, marked).sum()}
    finally:
        unsummed |= {(DATASET, month) for month in marked}


class People:
    """The sums of people of one home. `marked` is shared: months to look at, also of a later try.

    Used under the loader's lock only. Whatever raises leaves the marks of what is still to do.
    """

    def __init__(self, settings: Settings, writer: Writer, marked: set[str]) -> None:
        folder = settings.live / DATASET
        self._months = sorted(
            file.stem
            for file in folder.glob("*.duckdb")
            if not is_destroyed(settings, DATASET, file.stem)
        )
        self._writer = writer
        self._marked = marked

    def sum(self) -> set[str]:
        """Make again what is marked, from the oldest month on; the months that were changed."""
        changed: set[str] = set()
        for month in sorted(self._marked):
            self._mark_orphan(month)
            if (span := self._span(month, "dirty_first")) is not None:
                changed |= self._sum_firsts(month, *span)
        for month in sorted(self._marked):
            if (span := self._span(month, "dirty_gap")) is not None:
                changed.add(month)
                self._sum_gaps(month, span[0])
        return changed

    def _span(self, month: str, mark: str) -> tuple[date, date] | None:
        """The first and the last marked day; None without a mark."""
        first, last = self._rows(f"SELECT min(day), max(day) FROM {self._at(month)}.{mark}")[0]
        return None if first is None else (first, last)

    def _mark_orphan(self, month: str) -> None:
        """A month that stands on one that is gone is made again from its first day on."""
        alias = self._at(month)
        gone = {row[0] for row in self._rows(f"SELECT month FROM {alias}.stands_on")}
        if not gone.difference(self._months):
            return
        with self._writer.transaction():
            self._rows(f"INSERT INTO {alias}.dirty_first VALUES ($1)", _first(month))
            self._rows(f"INSERT INTO {alias}.dirty_gap VALUES ($1)", _first(month))
            self._stand_on(month, self._before(month))

    def _sum_firsts(self, month: str, since: date, until: date) -> set[str]:
        """Who was there or completed something for the first time from `since` on."""
        alias, before = self._at(month), self._before(month)
        changed = self._move(month, since, until)
        for earlier in before:
            self._at(earlier)
        with step("firsts"), self._writer.transaction():
            self._rows(f"DELETE FROM {alias}.person_first WHERE day >= $1", since)
            for cut in CUTS:
                self._candidates(month, cut, since)
                rows = " UNION ALL ".join(
                    f"SELECT * FROM {self._at(m)}.person_first WHERE cut = '{cut}'"
                    for m in (*before, month)
                )
                self._rows(_KNOWN.format(rows=rows))
                self._rows(_OPENING.format(db=alias, cut=cut))
            for statement in _COUNTED:
                self._rows(statement.format(db=alias), since)
            self._stand_on(month, before)
            self._rows(f"DELETE FROM {alias}.dirty_first")
        return {month, *changed}

    def _candidates(self, month: str, cut: str, since: date) -> None:
        """Who was there from `since` on in this month."""
        self._rows(_CANDIDATES.format(db=self._at(month), member=_member(cut)), since)

    def _move(self, month: str, since: date, until: date) -> set[str]:
        """Take what is no first time any more from later months, and mark them within reach."""
        later = [m for m in self._months if m > month]
        held = [m for m in later if self._rows(f"FROM {self._at(m)}.person_first LIMIT 1")]
        changed = set[str]()
        for cut in CUTS if held else ():
            self._candidates(month, cut, since)
            changed |= {m for m in held if self._move_of(m, cut, month)}
        for near in (m for m in later if (_first(m) - until).days <= REACH_DAYS):
            with self._writer.transaction():
                self._rows(f"INSERT INTO {self._at(near)}.dirty_gap VALUES ($1)", _first(near))
                self._stand_on(near, {month}, keep=True)
            changed.add(near)
        self._marked |= changed
        return changed

    def _move_of(self, later: str, cut: str, month: str) -> bool:
        alias = self._at(later)
        self._rows(_MOVED.format(db=alias, cut=cut))
        if not self._rows("SELECT 1 FROM moved LIMIT 1"):
            return False
        with step("moved"), self._writer.transaction():
            for statement in _MOVE:
                self._rows(statement.format(db=alias, cut=cut))
            self._stand_on(later, {month}, keep=True)
        return True

    def _sum_gaps(self, month: str, since: date) -> None:
        """The people of each day from `since` on, by the day they were there before."""
        alias = self._at(month)
        oldest = since - timedelta(days=REACH_DAYS)
        near = (m for m in self._months if f"{oldest:%Y-%m}" <= m <= month)
        rows = " UNION ALL ".join(
            f"SELECT * FROM {self._at(m)}.person_day"
            f" WHERE day >= {literal(oldest)} AND day < {literal(since)}"
            for m in near
        )
        self._rows(_BEFORE.format(db=alias, rows=rows), since)
        with step("gaps"), self._writer.transaction():
            self._rows(f"DELETE FROM {alias}.gap_day WHERE day >= $1", since)
            for cut in CUTS:
                text = _GAP.format(db=alias, cut=cut, member=_member(cut), reach=REACH_DAYS)
                self._rows(text, since)
            self._rows(f"DELETE FROM {alias}.people_month")
            for choice in CHOICES:
                columns = ", ".join(name if name in choice else "NULL" for name in CUTS if name)
                names = ", ".join(choice)
                own = {"db": alias, "first": _first(month), "columns": columns, "names": names}
                self._rows(_MONTH.format(**own))
            self._rows(f"DELETE FROM {alias}.dirty_gap")

    def _stand_on(self, month: str, before: Collection[str], *, keep: bool = False) -> None:
        """Enter the earlier months that this one's sums looked into; `keep`: besides others."""
        alias = self._at(month)
        gone = "month IN (SELECT unnest($1))" if keep else "$1 IS NOT NULL"
        self._rows(f"DELETE FROM {alias}.stands_on WHERE {gone}", list(before))
        self._rows(f"INSERT INTO {alias}.stands_on SELECT unnest($1)", list(before))

    def _before(self, month: str) -> list[str]:
        return [m for m in self._months if m < month]

    def _at(self, month: str) -> str:
        return self._writer.attach(DATASET, month)

    def _rows(self, sql: str, *parameters: object) -> Rows:
        return self._writer.execute(sql, parameters)


def _member(cut: str) -> str:
    return cut or "''"


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
