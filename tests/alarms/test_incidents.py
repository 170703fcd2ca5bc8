"""An incident is told once when it opens and once when it is over, whatever happens between."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.alarms import outbox as sending
from etl.alarms.incidents import Event, IncidentBook
from etl.alarms.mail import MailPost
from etl.alarms.outbox import Outbox, Post, pause_seconds
from etl.alarms.trouble import Key, drift_trouble, troubles_of
from etl.alarms.watch import Watch
from etl.alarms.webhook import WebhookPost
from etl.alarms.wording import Message
from etl.load import Loader
from tests.alarms import servers
from tests.tiny import tiny_settings
from warehouse.alarm_targets import MailTarget, MailTls, WebhookTarget
from warehouse.errors import NoSpace, Undelivered
from warehouse.keys import Keyring
from warehouse.model import Label, SourceStatus
from warehouse.operations import Drift
from warehouse.settings import Settings
from warehouse.troubles import REMEDIES, TITLES, Kind

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
FAILED: Mapping[Key, str] = {("fund", "failed"): "cannot be reached"}
CALM = 300.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def loader(settings: Settings) -> Iterator[Loader]:
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        yield loader


class Told:
    """Somebody who is told, and may be out of reach."""

    name = "told"
    place = "here"

    def __init__(self) -> None:
        self.is_down = False
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        if self.is_down:
            raise Undelivered("nobody is here.")
        self.messages.append(message)

    @property
    def ids(self) -> list[str]:
        return [f"{m.fields['kind']} {m.event}" for m in self.messages]


def outbox_of(watch: Watch, post: Post, settings: Settings) -> Outbox:
    return Outbox(post, watch, settings.zone, lambda source: Label(zh="公积金", en="Fund"))


def test_incident_when_the_trouble_lasts_then_opened_once_and_told_once(
    loader: Loader, settings: Settings
) -> None:
    watch, told = Watch(loader, ["told"]), Told()
    outbox = outbox_of(watch, told, settings)
    for second in range(5):
        watch.note({("fund", "failed"): f"reason {second}"}, AT, second)
        outbox.send_due()

    (incident,) = watch.open_incidents()
    assert told.ids == ["failed opened"]
    assert incident.message == "reason 4" and incident.told_at is not None
    assert IncidentBook(loader).unfinished()[0] == (incident,)


def test_incident_when_well_for_long_enough_then_closed_and_told_once(
    loader: Loader, settings: Settings
) -> None:
    watch, told = Watch(loader, ["told"]), Told()
    outbox = outbox_of(watch, told, settings)
    for second, troubles in ((0, FAILED), (10, {}), (309, {}), (310, {}), (311, {})):
        watch.note(troubles, AT + timedelta(seconds=second), second)
        outbox.send_due()

    assert told.ids == ["failed opened", "failed closed"]
    assert watch.open_incidents() == ()
    assert told.messages[1].fields["closed_at"] == (AT + timedelta(seconds=310)).isoformat()


def test_incident_when_the_source_comes_and_goes_then_told_once(
    loader: Loader, settings: Settings
) -> None:
    watch, told = Watch(loader, ["told"]), Told()
    outbox = outbox_of(watch, told, settings)
    for turn in range(40):
        watch.note(FAILED if turn % 2 else {}, AT, turn * (CALM - 1))
        outbox.send_due()

    assert told.ids == ["failed opened"]


def test_incident_when_nothing_can_be_said_then_stays_as_it_is(loader: Loader) -> None:
    watch = Watch(loader)
    watch.note(FAILED, AT, 0)
    for second in (10, 1000, 2000):
        watch.note({}, AT, second, unsure={("fund", "failed")})

    assert len(watch.open_incidents()) == 1


def test_incident_when_restarted_then_neither_opened_nor_told_again(
    loader: Loader, settings: Settings
) -> None:
    first, told = Watch(loader, ["told"]), Told()
    first.note(FAILED, AT, 0)
    outbox_of(first, told, settings).send_due()
    second = Watch(loader, ["told"])
    second.note(FAILED, AT, 0)
    outbox_of(second, told, settings).send_due()
    second.note({}, AT, 1)
    second.note({}, AT, 1 + CALM)
    third = Watch(loader, ["told"])
    outbox_of(third, told, settings).send_due()
    outbox_of(Watch(loader, ["told"]), told, settings).send_due()

    assert told.ids == ["failed opened", "failed closed"]


def test_message_when_killed_before_it_was_written_down_then_sent_again_with_the_same_id(
    loader: Loader, settings: Settings
) -> None:
    watch, told = Watch(loader, ["told"]), Told()
    watch.note(FAILED, AT, 0)
    due = watch.next_due("told")
    assert due is not None and due[0].event is Event.OPENED
    outbox_of(Watch(loader, ["told"]), told, settings).send_due()  # sent, not known to the next
    outbox_of(watch, told, settings).send_due()

    assert len({message.message_id for message in told.messages}) == 1 < len(told.messages)


def test_message_when_the_target_is_down_then_told_late_and_once(
    loader: Loader, settings: Settings
) -> None:
    watch, told = Watch(loader, ["told"]), Told()
    outbox = outbox_of(watch, told, settings)
    told.is_down = True
    watch.note(FAILED, AT, 0)
    _send_times(outbox, 3)
    watch.note({}, AT, 1)
    watch.note({}, AT, 1 + CALM)
    told.is_down = False
    _send_times(outbox, 3)

    assert told.ids == ["failed opened", "failed closed"]


def _send_times(outbox: Outbox, times: int) -> None:
    for _ in range(times):
        outbox._not_before = 0.0
        outbox.send_due()


def test_message_when_never_delivered_then_given_up_and_the_next_one_goes(
    loader: Loader, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_TRIES", 3)
    watch, told = Watch(loader, ["told"]), Told()
    outbox = outbox_of(watch, told, settings)
    told.is_down = True
    watch.note(FAILED, AT, 0)
    _send_times(outbox, 3)
    told.is_down = False
    watch.note({**FAILED, ("", "disk"): "full"}, AT, 1)
    _send_times(outbox, 1)

    assert told.ids == ["disk opened"]
    assert Watch(loader, ["told"]).next_due("told") is None


def test_pause_when_it_goes_on_failing_then_grows_to_ten_minutes() -> None:
    assert pause_seconds(1) <= 5 and 7.5 <= pause_seconds(2) <= 10
    assert 450 <= pause_seconds(100) <= 600


def test_incident_when_the_disk_is_full_then_told_and_written_down_later(
    loader: Loader, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, told = Watch(loader, ["told"]), Told()
    real = loader.writer.execute

    def full(sql: str, parameters: object = ()) -> object:
        raise NoSpace("The disk is full.")

    monkeypatch.setattr(loader.writer, "execute", full)
    watch.note({("", "disk"): "full"}, AT, 0)
    outbox_of(watch, told, settings).send_due()
    assert told.ids == ["disk opened"]
    monkeypatch.setattr(loader.writer, "execute", real)
    watch.note({("", "disk"): "full"}, AT, 1)

    (kept,) = IncidentBook(loader).unfinished()[0]
    assert kept.kind == "disk" and kept.told_at is not None
    assert Watch(loader, ["told"]).next_due("told") is None


def test_incident_when_two_targets_are_set_then_each_is_told_though_one_hangs(
    loader: Loader, settings: Settings, tmp_path: Path
) -> None:
    """Over the wire: the mail server is silent first and well later, the web server is well."""
    secret = tmp_path / "secret"
    secret.write_text("a secret of some length")
    watch = Watch(loader, ["mail", "webhook"])
    watch.note(FAILED, AT, 0)
    mail = MailTarget(
        host=servers.HOST,
        port=1,
        tls=MailTls.OFF,
        sender="cockpit@city.example",
        receivers=("duty@city.example",),
    )
    with servers.silent_server() as port, servers.web_server() as hook:
        url = f"http://{servers.HOST}:{hook.server_port}/"
        silent = MailPost(replace(mail, port=port), timeout_seconds=0.2)
        outbox_of(watch, silent, settings).send_due()
        web = WebhookPost(WebhookTarget(url=url, secret_file=secret))
        outbox_of(watch, web, settings).send_due()
        assert [json.loads(posted.body)["event"] for posted in hook.posted] == ["opened"]
    with servers.mail_server(None) as (port, taken):
        outbox = outbox_of(watch, MailPost(replace(mail, port=port)), settings)
        for _ in range(3):
            outbox.send_due()
    assert [letter["Subject"] for letter in taken.mails] == ["[驾驶舱] 数据源中断：公积金"]


# --- what is wrong --------------------------------------------------------------------------


def status(**changes: object) -> SourceStatus:
    known = SourceStatus(
        name="fund",
        label=Label(zh="公积金", en="Fund"),
        dataset="service_event",
        promise_seconds=600,
        watermark=AT,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "looked", "up", "watermark", "wrong", "unsure"),
    [
        (600, {"fund"}, 1.0, AT, set(), set()),
        (601, {"fund"}, 1.0, AT, {"stale"}, set()),
        (601, set(), 1.0, AT, set(), {"stale"}),
        (601, {"fund"}, 600.0, None, set(), {"stale"}),
        (601, {"fund"}, 601.0, None, {"stale"}, set()),
    ],
    ids=["in time", "late", "not looked at since the start", "new", "never delivered"],
)
def test_source_when_late_then_told_once_it_could_have_been_loaded(
    now: int,
    looked: set[str],
    up: float,
    watermark: datetime | None,
    wrong: set[str],
    unsure: set[str],
) -> None:
    at = AT + timedelta(seconds=now)
    found = troubles_of([status(watermark=watermark)], at, looked, up)

    assert ({kind for _, kind in found[0]}, {kind for _, kind in found[1]}) == (wrong, unsure)


def test_source_when_failed_then_wrong_until_the_next_run_ended() -> None:
    failed = status(last_run_state="failed", last_error="why")
    assert troubles_of([failed], AT, {"fund"}, 0) == ({("fund", "failed"): "why"}, set())
    running = status(last_run_state="running")
    assert troubles_of([running], AT, {"fund"}, 0) == ({}, {("fund", "failed")})
    assert troubles_of([status(last_run_state="done")], AT, {"fund"}, 0) == ({}, set())


def test_columns_when_changed_then_wrong_until_the_declaration_is_mended() -> None:
    drift = Drift(
        source="fund", item="a", column_name="sum", kind="retyped", was="", now="", seen_at=AT
    )
    day = timedelta(days=1)
    assert drift_trouble([drift], AT - day, AT) == "Columns have changed: sum (retyped)."
    assert drift_trouble([drift], AT + day, AT + day) == ""
    assert drift_trouble([drift], AT - day, AT + 8 * day) == ""


def test_kinds_when_added_then_have_words_in_both_languages() -> None:
    assert set(TITLES) == set(REMEDIES) == set(Kind)
