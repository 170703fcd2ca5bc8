"""The serving ETL: what it does when sources, declarations or targets misbehave."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl import schedule
from etl.alarms import watch
from etl.load import Loader
from etl.run import Runner
from etl.schedule import Service
from etl.sources import read_sources, source_env
from tests.alarms import servers
from tests.unit.etl.declared import HEADER, declare, rows_text, settled
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.settings import Settings

PATIENCE = 20.0
OFTEN = ('every = "10s"', 'every = "1s"')
NEVER_LATE = ('promise = "15m"', 'promise = "900000h"')
COURT = ('path = "${COCKPIT_INBOX}/hall"', 'path = "${COCKPIT_INBOX}/court"')


@pytest.fixture
def mail() -> Iterator[tuple[int, servers.Inbox]]:
    with servers.mail_server(None) as found:
        yield found


@pytest.fixture
def home(tmp_path: Path, mail: tuple[int, servers.Inbox]) -> Settings:
    sources = tmp_path / "sources"
    settings = Settings.from_env(
        {
            "COCKPIT_HOME": str(tmp_path / "home"),
            "COCKPIT_SOURCES": str(sources),
            "COCKPIT_MAIL_SERVER": f"{servers.HOST}:{mail[0]}",
            "COCKPIT_MAIL_TLS": "off",
            "COCKPIT_MAIL_FROM": "cockpit@city.example",
            "COCKPIT_MAIL_TO": "duty@city.example",
        }
    )
    declare(sources, OFTEN, NEVER_LATE)
    (settings.inbox / "hall").mkdir(parents=True)
    return settings


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUBLISH", "FOLDER", "LOOK", "POST", "SPACE"):
        monkeypatch.setattr(schedule, f"{name}_EVERY_SECONDS", 0.2)


@pytest.fixture
def service(home: Settings, loader: Loader) -> Iterator[Service]:
    """Not started yet."""
    service = Service(home, read_sources(home.sources, source_env(home, {})), loader)
    yield service
    service.stop()


def wait_until(is_so: Callable[[], Any]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def rows(home: Settings, loader: Loader, source: str) -> int:
    try:
        statuses = read_manifest(home, loader.keyring).sources
    except StorageError:
        return -1
    return next((s.rows_loaded for s in statuses if s.name == source), -1)


def subjects(mail: tuple[int, servers.Inbox]) -> list[str]:
    return [str(letter["Subject"]) for letter in mail[1].mails]


def test_source_when_it_fails_and_is_well_again_then_two_mails(
    home: Settings,
    loader: Loader,
    service: Service,
    mail: tuple[int, servers.Inbox],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service._desk.watch._calm = 1.5
    (home.inbox / "hall").rmdir()
    service.start()
    assert wait_until(lambda: subjects(mail) == ["[驾驶舱] 数据源中断：大厅"])
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    assert wait_until(lambda: rows(home, loader, "hall") == 5)
    assert wait_until(lambda: len(subjects(mail)) == 2)

    assert subjects(mail)[1] == "[驾驶舱] 已恢复：数据源中断：大厅"
    assert watch.CALM_SECONDS >= 60


def test_delivery_when_parked_then_told_as_that_and_not_as_a_failed_source_too(
    home: Settings, loader: Loader, service: Service, mail: tuple[int, servers.Inbox]
) -> None:
    settled(home.inbox / "hall" / "a.csv", b"")
    settled(home.inbox / "hall" / "b.csv", f"{HEADER}\n{rows_text(0, 5)}")
    service.start()
    assert wait_until(lambda: subjects(mail) == ["[驾驶舱] 有文件停放：大厅"])
    settled(home.inbox / "hall" / "c.csv", f"{HEADER}\n{rows_text(5, 5)}")
    assert wait_until(lambda: rows(home, loader, "hall") == 10)
    (incident,) = service._desk.watch.open_incidents()

    assert incident.message == "1 delivery is left alone: a.csv."
    assert len(subjects(mail)) == 1


def test_declarations_when_changed_then_count_without_a_restart(
    home: Settings, loader: Loader, service: Service, mail: tuple[int, servers.Inbox]
) -> None:
    service.start()
    assert wait_until(lambda: rows(home, loader, "hall") == 0)
    settled(home.inbox / "court" / "a.csv", f"{HEADER}\n{rows_text(0, 7)}")
    file = declare(home.sources, COURT, NEVER_LATE, name="court")
    began = time.monotonic()
    assert wait_until(lambda: rows(home, loader, "court") == 7)
    assert time.monotonic() - began < 10

    declare(home.sources, COURT, NEVER_LATE, ('every = "10s"', 'every = "soon"'), name="court")
    assert wait_until(lambda: subjects(mail) == ["[驾驶舱] 数据源声明有误：大厅"])
    (incident,) = service._desk.watch.open_incidents()
    assert (incident.source, incident.kind) == ("court", "declaration")
    assert f"{file}:" in incident.message and "schedule.every" in incident.message
    assert rows(home, loader, "court") == 7

    file.unlink()
    assert wait_until(lambda: rows(home, loader, "court") == -1)


def test_sources_when_some_hang_then_told_and_the_others_load(
    home: Settings,
    loader: Loader,
    monkeypatch: pytest.MonkeyPatch,
    mail: tuple[int, servers.Inbox],
) -> None:
    monkeypatch.setattr(schedule, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(schedule, "HANGING_SECONDS", 1.0)
    monkeypatch.setattr(schedule, "STOP_SECONDS", 0.5)
    go_on, real = threading.Event(), Runner.run_if_new

    def run(self: Runner, source: Any) -> Any:
        if source.name.startswith("hang"):
            go_on.wait(PATIENCE)
            return None
        return real(self, source)

    monkeypatch.setattr(Runner, "run_if_new", run)
    for number in range(3):
        label = ('zh = "大厅", en = "Hall" }\ncon', f'zh = "卡{number}", en = "H" }}\ncon')
        declare(home.sources, label, NEVER_LATE, name=f"hang{number}")
    service = Service(home, read_sources(home.sources, source_env(home, {})), loader)
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    service.start()
    try:
        assert wait_until(lambda: rows(home, loader, "hall") == 5)
        told = {f"[驾驶舱] 读取长时间无进展：卡{n}" for n in range(3)}
        assert wait_until(lambda: told <= set(subjects(mail)))
        assert len(subjects(mail)) == len(set(subjects(mail)))
        assert service.stop() is False
    finally:
        go_on.set()
        service.stop()


def test_targets_when_they_hang_then_loading_goes_on(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.silent_server() as port:
        monkeypatch.setattr(schedule, "STOP_SECONDS", 0.3)
        assert home.mail is not None
        hanging = replace(home, mail=replace(home.mail, port=port))
        service = Service(hanging, read_sources(home.sources, source_env(home, {})), loader)
        settled(home.inbox / "hall" / "a.csv", b"")
        service.start()
        try:
            assert wait_until(service._desk.watch.open_incidents)
            settled(home.inbox / "hall" / "b.csv", f"{HEADER}\n{rows_text(0, 5)}")
            assert wait_until(lambda: rows(home, loader, "hall") == 5)
        finally:
            service.stop()


def test_check_when_broken_then_told_and_published_again_once_it_holds(
    home: Settings,
    loader: Loader,
    service: Service,
    mail: tuple[int, servers.Inbox],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, tries = schedule.publish_all, []

    def broken(*arguments: Any, **more: Any) -> int:
        tries.append(arguments)
        raise StorageError("service_event 2026-03 holds 5 rows but its ledger counts 6.")

    monkeypatch.setattr(schedule, "publish_all", broken)
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    service.start()
    assert wait_until(lambda: subjects(mail) == ["[驾驶舱] 数据质量检查未通过：驾驶舱"])
    assert "its ledger counts 6" in mail[1].mails[0].get_content()
    assert len(tries) < 5  # not once a second
    monkeypatch.setattr(schedule, "publish_all", real)
    assert wait_until(lambda: rows(home, loader, "hall") == 5)
