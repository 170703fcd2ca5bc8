"""Sends what is due to one target, oldest first, and tries again later what did not arrive.

At least once: a process killed between sending and writing that down sends once more, with the
same message id. Nothing here waits for anybody but the target.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import Protocol
from zoneinfo import ZoneInfo

from etl.alarms.incidents import Notice
from etl.alarms.mail import MailPost
from etl.alarms.watch import Watch
from etl.alarms.webhook import WebhookPost
from etl.alarms.wording import Message, message_of
from warehouse import clock
from warehouse.errors import Undelivered
from warehouse.model import Label
from warehouse.settings import Settings

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 600.0
MOST_TRIES = 150
"""About a day of a target that cannot be reached; then the message is given up, and logged."""


class Post(Protocol):
    """A way of telling somebody."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str:
        """Where it goes, for people; without anything secret."""

    def send(self, message: Message) -> None:
        """Raises `Undelivered`."""


def posts(settings: Settings) -> tuple[Post, ...]:
    """The targets that are set."""
    found: list[Post] = []
    if settings.mail is not None:
        found.append(MailPost(settings.mail))
    if settings.webhook is not None:
        found.append(WebhookPost(settings.webhook))
    return tuple(found)


class Outbox:
    """What one target still has to be told. Used by one thread at a time."""

    def __init__(
        self, post: Post, watch: Watch, zone: ZoneInfo, label_of: Callable[[str], Label | None]
    ) -> None:
        self.post = post
        self._watch = watch
        self._zone = zone
        self._label_of = label_of
        self._tries = 0
        self._not_before = 0.0

    def send_due(self) -> None:
        """Sends until nothing is due, or one does not arrive: then a pause that grows."""
        if time.monotonic() < self._not_before:
            return
        while (due := self._watch.next_due(self.post.name)) is not None:
            notice, incident = due
            message = message_of(notice, incident, self._label_of(incident.source), self._zone)
            try:
                self.post.send(message)
            except Undelivered as error:
                self._failed(notice, error)
                return
            self._tries = 0
            self._watch.sent(notice, clock.now())

    def _failed(self, notice: Notice, error: Undelivered) -> None:
        self._tries += 1
        self._not_before = time.monotonic() + pause_seconds(self._tries)
        fields = {"target": self.post.name, "id": notice.message_id, "why": str(error)}
        log.warning("alarm.undelivered", extra={"fields": {**fields, "tries": self._tries}})
        if self._tries >= MOST_TRIES:
            log.error("alarm.given_up", extra={"fields": fields})
            self._watch.given_up(notice, clock.now())
            self._tries = 0


def pause_seconds(tries: int) -> float:
    """Twice as long each time, up to ten minutes, and never in step with others."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(tries - 1, 10))
    return longest * random.uniform(0.75, 1.0)
