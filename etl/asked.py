"""What operators asked for, done one after the other: replay and backfill."""

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from etl.delivery import Window
from etl.load import Loader
from etl.model import RunReport, RunState, Source
from etl.run import Runner
from etl.slots import Slots
from warehouse.errors import CockpitError, NoSpace, SourceError
from warehouse.operations import Request, RequestState, RunKind
from warehouse.requests import done
from warehouse.requests import waiting as left
from warehouse.sentences import say

log = logging.getLogger(__name__)


class Asked:
    """The requests in the books. One thread at a time."""

    def __init__(self, loader: Loader, runner: Runner, slots: Slots) -> None:
        self._loader = loader
        self._runner = runner
        self._slots = slots
        with loader.working():
            loader.state.reopen_requests()

    def do_next(self, sources: Callable[[], Mapping[str, Source]]) -> bool:
        """Does the request that waits longest; False when none does.

        sources  as they are declared at that moment: who mends a declaration asks right after.

        Never at the same time as the source's own run. Raises `NoSpace`; then it waits again.
        """
        self._take_in()
        with self._loader.working():
            waiting = self._loader.state.requests(RequestState.WAITING)
        if not waiting:
            return False
        request = waiting[0]
        with self._slots.held(request.source) as is_mine:
            if is_mine:
                self._do(request, sources().get(request.source))
        return is_mine

    def _take_in(self) -> None:
        """Enter what was left in the home; a file that a kill left is entered once all the same."""
        for request in left(self._loader.settings, self._loader.keyring):
            with self._loader.working():
                self._loader.state.take_request(request)
            done(self._loader.settings, request)

    def _do(self, request: Request, source: Source | None) -> None:
        self._mark(request, RequestState.RUNNING)
        try:
            report = self._run(request, source)
        except NoSpace:
            self._mark(request, RequestState.WAITING)
            raise
        except CockpitError as error:
            self._mark(request, RequestState.FAILED, message=str(error))
            return
        if report.state is RunState.INTERRUPTED:
            return  # it counts as running, so the next start does it again
        is_done = report.state is RunState.DONE
        state = RequestState.DONE if is_done else RequestState.FAILED
        self._mark(request, state, run_id=report.run_id, message=report.message)

    def _run(self, request: Request, source: Source | None) -> RunReport:
        if source is None:
            raise SourceError(say("no_source", name=request.source) + ".")
        if request.kind is RunKind.BACKFILL:
            if request.start is None or request.end is None or request.end <= request.start:
                raise SourceError(say("no_range") + ".")
            zone = self._loader.settings.zone
            window = Window(start=_midnight(request.start, zone), end=_midnight(request.end, zone))
            return self._runner.backfill(source, window, request.asked_by)
        return self._runner.replay(source, request.reason, request.asked_by)

    def _mark(
        self, request: Request, state: RequestState, run_id: str = "", message: str = ""
    ) -> None:
        with self._loader.working():
            self._loader.state.mark_request(request.request_id, state, run_id, message)
        fields = {"request": request.request_id, "kind": request.kind, "source": request.source}
        log.info("request", extra={"fields": {**fields, "state": state, "run": run_id}})


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
