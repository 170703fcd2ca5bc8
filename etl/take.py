"""The deliveries of one run: each is read, checked, and loaded as a whole or refused.

A delivery that cannot be read as a whole is refused: none of its rows count as read, the run fails
and says why, the others load. Every row of the others is loaded, a duplicate or quarantined.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from etl.books.attempts import MOST_TRIES, Attempt
from etl.control import check_totals
from etl.delivery import Delivery, Fetched, Item, Position, Window
from etl.drift import drifts, sentence
from etl.failpoints import step
from etl.load import Loader
from etl.marks import batch_id, identity_mark, is_read, position_of
from etl.model import Batch, OnBroken, RunState, Source
from etl.positions import Positions
from etl.reading.job import Job, Piece, Survey
from etl.reading.process import READERS
from etl.times import known_until
from warehouse import clock
from warehouse.errors import CockpitError, ContractBroken, NoSpace, ReaderEnded, SourceUnavailable
from warehouse.operations import RunKind
from warehouse.sentences import say

Progress = Callable[[str, int], None]
"""Called with a source's name and the bytes of it that have just been dealt with."""


LONGEST_IN_VAIN = 20.0
"""Seconds a look may spend on items that cannot be fetched; then the place counts as away."""


@dataclass(kw_only=True)
class Run:
    """A run while it lasts. It stands in the books from when something is new."""

    source: Source
    mark: str
    kind: RunKind = RunKind.LOAD
    asked_by: str = ""
    window: Window | None = None
    asked: str = ""
    """Keeps the batches of a range that is read again apart from their first delivery."""
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    is_open: bool = False
    tells_parked: bool = False
    parked: int = 0
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    no_space: NoSpace | None = None
    """Nothing the source can help: who schedules it waits until there is space."""

    def open(self, loader: Loader) -> None:
        """From now on it stands in the books."""
        if self.is_open:
            return
        with loader.working(), step("start_run"):
            loader.state.start_run(
                self.run_id,
                self.source.name,
                self.source.contract.name,
                clock.now(),
                kind=self.kind,
                asked_by=self.asked_by,
            )
        self.is_open = True


class Taking:
    """What is taken in during one run."""

    def __init__(
        self,
        loader: Loader,
        run: Run,
        positions: Positions,
        *,
        progress: Progress,
        check_stop: Callable[[], None],
    ) -> None:
        self._loader = loader
        self._run = run
        self._positions = positions
        self._progress = progress
        self._check_stop = check_stop
        self._in_vain = 0.0

    def take_all(self) -> None:
        """Everything that is new. Raises what is wrong with the source as a whole."""
        run = self._run
        known = self._positions.of(run.source)
        with self._loader.working():
            self._loader.state.note_personal(run.source)
            self._check_identity()
            tried = self._loader.state.attempts(run.source.name)
        seen: set[str] = set()
        for delivery in run.source.connector.deliveries(dict(known), run.window):
            self._check_stop()
            item = delivery.item
            seen.add(item.name)
            if run.window is None and is_read(item, known.get(item.name), run.mark):
                self._clear(item.name, tried)
                self._finish(item)  # a kill may have come before it
                continue
            attempt = tried.get(item.name)
            if attempt is not None and item.version and _is_parked(attempt, _version(run, item)):
                run.parked += 1
                if run.tells_parked:
                    run.refusals.append(attempt.reason)
                continue
            is_taken = self._take_item(delivery)
            if is_taken:
                self._clear(item.name, tried)
            self._progress(run.source.name, item.size)
            if not is_taken and (not item.version or self._in_vain >= LONGEST_IN_VAIN):
                return  # a page that fails must not be jumped over
        if run.window is None:
            self._positions.forget(run.source, seen)
            for gone in tried.keys() - seen:
                self._clear(gone, tried)

    def _check_identity(self) -> None:
        """Rows that are stored must not come again as others: they would count twice."""
        source, state = self._run.source, self._loader.state
        mark, before = identity_mark(source), state.identity(source.name)
        if before not in ("", mark) and state.totals(source.name).loaded:
            raise ContractBroken(
                f"{source.file.name}: [identity], or what is personal in it, is not what it was, so"
                " that stored rows would count again. Set it back, or give the source a new name."
            )
        if mark != before:
            state.keep_identity(source.name, mark)

    def _clear(self, item: str, tried: Mapping[str, Attempt]) -> None:
        """The item was read, or went away."""
        if self._run.window is None and item in tried:
            with self._loader.working():
                self._loader.state.clear(self._run.source.name, item)

    def _take_item(self, delivery: Delivery) -> bool:
        """Load one delivery; False, and the reason in the books, when it is refused."""
        item = delivery.item
        fetched = self._fetch(delivery)
        if fetched is None:
            return False
        try:
            self._load(item, fetched)
        except (SourceUnavailable, ContractBroken) as error:
            self._refuse(item, error, tries=1 if isinstance(error, ReaderEnded) else MOST_TRIES)
            return False
        finally:
            if fetched.content.key is not None:
                fetched.content.path.unlink(missing_ok=True)
        self._finish(item)
        return True

    def _fetch(self, delivery: Delivery) -> Fetched | None:
        """The content; None where it cannot be had now, which says nothing about the item."""
        begun = time.monotonic()
        try:
            with step("extract"):
                return delivery.fetch(self._loader.landing)
        except SourceUnavailable as error:
            self._in_vain += time.monotonic() - begun
            self._refuse(delivery.item, error, tries=0)
        except ContractBroken as error:
            self._refuse(delivery.item, error, tries=MOST_TRIES)
        return None

    def _finish(self, item: Item) -> None:
        try:
            with step("finish"):
                self._run.source.connector.finished(item)
        except SourceUnavailable as error:  # it is loaded all the same
            self._run.notes.append(str(error))

    def _refuse(self, item: Item, error: CockpitError, *, tries: int) -> None:
        """An item that is wrong in itself is parked at once; one that ended its reader may pass.

        A page has no version by which it could be known again: it is tried at every look. Until
        it is read the watermark waits for it; a range that is read again moves no watermark.
        """
        if self._run.window is None:
            version = _version(self._run, item)
            with self._loader.working():
                self._loader.state.tried(
                    self._run.source.name,
                    item.name,
                    version,
                    str(error),
                    tries=tries if item.version else 0,
                )
        self._tell(error)

    def _tell(self, error: CockpitError) -> None:
        """Fails the run; says nothing where the last run said the same and nothing is new."""
        if self._run.is_open or not was_told(self._loader, self._run.source, error):
            self._run.open(self._loader)
            self._run.refusals.append(str(error))

    # --- loading ----------------------------------------------------------------------------

    def _load(self, item: Item, fetched: Fetched) -> None:
        position = position_of(item, fetched, self._run.mark)
        known = self._positions.of(self._run.source).get(item.name)
        is_same = known is not None and known.sha256 == position.sha256
        if self._run.window is None and is_same:
            is_empty = self._survey(fetched).is_empty if item.version else False
            self._move(position, self._quiet_until(item, fetched, is_empty=is_empty))
            return
        survey = self._survey(fetched)
        self._check_survey(item, fetched, survey)
        quiet_until = self._quiet_until(item, fetched, is_empty=survey.is_empty)
        if survey.is_empty and not self._is_open_or_failed():
            self._move(position, quiet_until)
            return
        self._run.open(self._loader)
        self._load_pieces(item, fetched, position, quiet_until)

    def _is_open_or_failed(self) -> bool:
        """A delivery without rows is no run of its own, unless it shows that all is well again."""
        if self._run.is_open:
            return True
        with self._loader.working():
            last = self._loader.state.last_run(self._run.source.name)
        return last is not None and last.state is not RunState.DONE

    def _load_pieces(
        self,
        item: Item,
        fetched: Fetched,
        position: Position,
        quiet_until: datetime | None,
    ) -> None:
        broken = 0
        for ordinal, piece in enumerate(READERS.read(self._job(fetched))):
            self._check_stop()
            batch = self._batch(
                item, piece, batch_id(self._run.source, position, ordinal, self._run.asked)
            )
            ends = piece.is_last and self._run.window is None
            if ends:
                batch = batch.quiet(quiet_until)
            broken += self._loader.load(batch, position if ends else None).quarantined
        if self._run.window is None:
            self._positions.of(self._run.source)[item.name] = position
        if broken and self._run.source.on_broken is OnBroken.WARN:
            self._run.notes.append(f"{item.name}: {say('rows_broken', n=broken)}.")

    def _batch(self, item: Item, piece: Piece, name: str) -> Batch:
        """Of a range that is read again nothing is known of what lies before it."""
        zone = self._loader.settings.zone
        return Batch(
            batch_id=name,
            source=self._run.source,
            run_id=self._run.run_id,
            item=item.name,
            read=piece.read,
            rows=piece.rows,
            quarantined=piece.quarantined,
            is_last=piece.is_last,
            cause="late" if self._run.window is None else "backfill",
            event_until=None if self._run.window else known_until(piece.rows, zone),
        )

    def _job(self, fetched: Fetched) -> Job:
        return Job(
            source=self._run.source,
            content=fetched.content,
            zone=self._loader.settings.zone,
            now=clock.now(),
            pseudonym_key=self._loader.keyring.key("pseudonym"),
            window=self._run.window,
        )

    def _quiet_until(self, item: Item, fetched: Fetched, *, is_empty: bool) -> datetime | None:
        """Until when nothing else has happened; what was refused holds the watermark back."""
        if self._run.window is not None:
            return None
        return fetched.complete_until or (item.written_at if is_empty else None)

    def _move(self, position: Position, quiet_until: datetime | None) -> None:
        with self._loader.working():
            self._loader.state.move(self._run.source.name, position, quiet_until)
        self._positions.of(self._run.source)[position.item] = position

    # --- before anything of it loads --------------------------------------------------------

    def _survey(self, fetched: Fetched) -> Survey:
        """Looks through the whole delivery; half of one must not load."""
        totals = fetched.totals
        is_thorough = self._run.source.on_broken is OnBroken.STOP or totals is not None
        job = self._job(fetched)
        return READERS.survey(
            job.surveying(is_thorough=is_thorough, sums=tuple(totals.sums) if totals else ())
        )

    def _check_survey(self, item: Item, fetched: Fetched, survey: Survey) -> None:
        if fetched.totals is not None and self._run.window is None:
            check_totals(item.name, fetched.totals, survey.rows or 0, survey.sums)
        if self._run.source.on_broken is OnBroken.STOP and survey.first_broken:
            raise ContractBroken(
                f"{item.name}: {say('stops_at_broken', broken=survey.first_broken)}."
            )
        self._note_drift(item, survey)

    def _note_drift(self, item: Item, survey: Survey) -> None:
        """Columns that are not what they were are named; a new one is never stored unasked."""
        if survey.is_empty:
            return
        with self._loader.working():
            before = self._loader.state.columns(self._run.source.name)
        found = drifts(self._run.source, item.name, before, survey)
        if found or not before:
            with self._loader.working():
                self._loader.state.keep_columns(self._run.source.name, survey.shapes, found)
        self._run.notes.extend(sentence(drift) for drift in found)


def was_told(loader: Loader, source: Source, error: CockpitError) -> bool:
    """The last run has failed for the same reason; saying it again helps nobody."""
    with loader.working():
        last = loader.state.last_run(source.name)
    return last is not None and last.state is RunState.FAILED and last.message == str(error)


def _is_parked(attempt: Attempt, version: str) -> bool:
    return attempt.version == version and attempt.tries >= MOST_TRIES


def _version(run: Run, item: Item) -> str:
    """What must change before a refused delivery is looked at again."""
    return f"{item.version}:{run.mark}:{run.source.on_broken.value}"
