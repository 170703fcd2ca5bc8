"""Alarms by mail, to real servers: one that is well, and those that are not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trustme

from etl import __main__ as command
from etl.alarms.incidents import Event, Notice
from etl.alarms.mail import MailPost
from etl.alarms.wording import Message, message_of, trial_message
from tests.alarms import servers
from warehouse.alarm_targets import MailTarget, MailTls
from warehouse.errors import Undelivered
from warehouse.model import Label
from warehouse.operations import Incident

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
FUND = Label(zh="公积金", en="Provident fund")


def told(label: Label = FUND, event: Event = Event.OPENED, kind: str = "failed") -> Message:
    incident = Incident(
        incident_id="0011aabb",
        source="fund",
        kind=kind,
        message="zhang.csv: line 3: 110101199003070000",
        opened_at=AT,
        told_at=None,
        closed_at=AT if event is Event.CLOSED else None,
    )
    notice = Notice(incident_id="0011aabb", event=event, target="mail", queued_at=AT)
    return message_of(notice, incident, label, ZONE)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this process trusts."""
    made, file = servers.authority(tmp_path / "trusted")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return made


@pytest.fixture
def target(tmp_path: Path) -> MailTarget:
    password = tmp_path / "password"
    password.write_text(servers.PASSWORD + "\n")
    return MailTarget(
        host=servers.HOST,
        port=1,
        tls=MailTls.STARTTLS,
        sender="cockpit@city.example",
        receivers=("duty@city.example", "it@city.example"),
        user=servers.USER,
        password_file=password,
    )


@pytest.fixture
def inbox(trusted: trustme.CA) -> Iterator[tuple[int, servers.Inbox]]:
    with servers.mail_server(servers.server_context(trusted)) as found:
        yield found


def test_mail_when_the_server_is_well_then_says_what_is_wrong_in_both_languages(
    target: MailTarget, inbox: tuple[int, servers.Inbox]
) -> None:
    port, taken = inbox
    MailPost(replace(target, port=port)).send(told())

    (mail,) = taken.mails
    text = mail.get_content()
    assert mail["Subject"] == "[驾驶舱] 数据源中断：公积金"
    assert mail["Message-ID"] == "<0011aabb.opened@city.example>"
    assert mail["To"] == "duty@city.example, it@city.example"
    assert text.index("数据源中断：公积金") < text.index("Source failed: Provident fund")
    assert "2026-11-23 09:02:03 (Asia/Shanghai)" in text
    assert "110101199003070000" not in text and "zhang" not in text


def test_mail_when_the_incident_is_over_then_says_so(
    target: MailTarget, inbox: tuple[int, servers.Inbox]
) -> None:
    port, taken = inbox
    MailPost(replace(target, port=port)).send(told(event=Event.CLOSED))

    assert taken.mails[0]["Subject"] == "[驾驶舱] 已恢复：数据源中断：公积金"
    assert taken.mails[0]["Message-ID"] == "<0011aabb.closed@city.example>"


def test_mail_when_a_label_holds_line_ends_then_no_header_is_added(
    target: MailTarget, inbox: tuple[int, servers.Inbox]
) -> None:
    port, taken = inbox
    hostile = Label(
        zh="公积金\r\nBcc: all@evil.example\r\n\r\nhello", en="x\nReply-To: e@e.example"
    )
    MailPost(replace(target, port=port)).send(told(hostile))

    (mail,) = taken.mails
    assert mail["Bcc"] is None and mail["Reply-To"] is None
    assert mail["Subject"] == "[驾驶舱] 数据源中断：公积金 Bcc: all@evil.example hello"
    assert "\nReply-To" not in mail.get_content()


def test_mail_when_the_certificate_is_not_trusted_then_nothing_is_sent(
    target: MailTarget, trusted: trustme.CA, tmp_path: Path
) -> None:
    stranger, _ = servers.authority(tmp_path / "stranger")
    for context in (
        servers.server_context(stranger),
        servers.server_context(trusted, "mail.elsewhere.example"),
    ):
        with (
            servers.mail_server(context) as (port, taken),
            pytest.raises(Undelivered, match="certificate is not trusted"),
        ):
            MailPost(replace(target, port=port)).send(told())
        assert not taken.mails


def test_mail_when_the_server_offers_no_tls_then_no_password_is_sent(target: MailTarget) -> None:
    with (
        servers.mail_server(None) as (port, taken),
        pytest.raises(Undelivered, match="STARTTLS"),
    ):
        MailPost(replace(target, port=port)).send(told())
    assert not taken.mails


def test_mail_when_the_password_is_wrong_then_says_refused_without_naming_it(
    target: MailTarget, inbox: tuple[int, servers.Inbox], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("battery staple")
    with pytest.raises(Undelivered, match="refuses the mail \\(code 535\\)") as refused:
        MailPost(replace(target, port=inbox[0], password_file=wrong)).send(told())
    assert "battery" not in str(refused.value)


def test_mail_when_the_server_refuses_hangs_or_is_gone_then_undelivered(
    target: MailTarget, inbox: tuple[int, servers.Inbox]
) -> None:
    port, taken = inbox
    taken.answer = "550 not here"
    with pytest.raises(Undelivered, match="code 550"):
        MailPost(replace(target, port=port)).send(told())
    with servers.silent_server() as silent, pytest.raises(Undelivered, match="timed out"):
        MailPost(replace(target, port=silent), timeout_seconds=0.3).send(told())
    with pytest.raises(Undelivered, match="cannot be used"):
        MailPost(replace(target, port=servers.free_port())).send(trial_message("1", AT, ZONE))
    with pytest.raises(Undelivered, match="cannot be read"):
        MailPost(replace(target, password_file=Path("/nowhere"))).send(told())


def test_command_when_asked_for_a_test_then_says_what_happened_at_each_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of some length")
    with servers.mail_server(None) as (port, taken):
        for name, value in {
            "COCKPIT_HOME": str(tmp_path / "home"),
            "COCKPIT_MAIL_SERVER": f"{servers.HOST}:{port}",
            "COCKPIT_MAIL_TLS": "off",
            "COCKPIT_MAIL_FROM": "cockpit@city.example",
            "COCKPIT_MAIL_TO": "duty@city.example",
            "COCKPIT_WEBHOOK_URL": f"http://{servers.HOST}:{servers.free_port()}/token",
            "COCKPIT_WEBHOOK_SECRET_FILE": str(secret),
        }.items():
            monkeypatch.setenv(name, value)
        assert command.main(["alarm", "--test"]) == 1

    said = capsys.readouterr()
    assert said.out == f"mail: sent to {servers.HOST}:{port}\n"
    assert said.err.startswith(f"webhook: http://{servers.HOST}:") and "token" not in said.err
    assert [letter["Subject"] for letter in taken.mails] == ["[驾驶舱] 测试消息"]


def test_command_when_no_target_is_set_then_says_which_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["alarm", "--test"]) == 1
    assert "COCKPIT_MAIL_SERVER or COCKPIT_WEBHOOK_URL" in capsys.readouterr().err
