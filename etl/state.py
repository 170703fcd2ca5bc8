"""The ETL's books in `live/state.duckdb`: runs, what each batch came to, how far items are read."""

from etl.books.attempts import Attempts
from etl.books.book import aware, naive
from etl.books.deliveries import Deliveries
from etl.books.folding import Folding
from etl.books.older import Older
from etl.books.requests import Requests
from etl.books.restatements import Restatements
from etl.books.runs import Runs
from warehouse.writer import Writer

__all__ = ["State", "aware", "naive"]


class State(Runs, Deliveries, Attempts, Requests, Restatements, Folding):
    """All of the books. Used under the loader's lock only."""

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        Older(writer).bring_up()

    def resume(self) -> None:
        """Close what a killed process left open. We hold the only lock, so nobody is at it."""
        self.close_interrupted()
        self.reopen_requests()
