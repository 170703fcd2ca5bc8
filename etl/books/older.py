"""Homes made by an older cockpit: their books are brought up once, each step whole or not."""

from etl.books.book import Book
from warehouse.schema import statements_of

_HAS_COLUMN = """
SELECT 1 FROM duckdb_columns()
WHERE database_name = 'state' AND table_name = ? AND column_name = ?
"""


class Older(Book):
    def bring_up(self) -> None:
        if self._has("position", "size"):
            self._apply("schema/state_position")
        if self._has("run", "run_id") and not self._has("run", "kind"):
            self._apply("schema/state_run")
        is_older = self._has("run", "run_id") and not self._has("batch", "batch")
        with self._transaction():
            self._run("schema/state")
            if is_older:
                self._run("schema/state_again")
        if not self._has("attempt", "held_at"):
            self._apply("schema/state_attempt")
        lacks = "SELECT 1 FROM {db}.run WHERE NOT EXISTS (SELECT 1 FROM {db}.standing) LIMIT 1"
        if self._execute(lacks):
            self._apply("schema/state_fill")

    def _has(self, table: str, column: str) -> bool:
        return bool(self._execute(_HAS_COLUMN, table, column))

    def _apply(self, script: str) -> None:
        with self._transaction():
            self._run(script)

    def _run(self, script: str) -> None:
        for statement in statements_of(script, self.alias):
            self._execute(statement)
