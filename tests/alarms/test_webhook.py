"""Alarms by a signed POST, to real web servers."""

import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest
import trustme

from etl.alarms.webhook import WebhookPost
from tests.alarms import servers
from tests.alarms.test_mail import FUND, told
from warehouse.alarm_targets import WebhookTarget
from warehouse.errors import Undelivered

SECRET = "a secret of some length"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    made, file = servers.authority(tmp_path / "trusted")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return made


def post_to(tmp_path: Path, port: int, secret: str = SECRET, scheme: str = "https") -> WebhookPost:
    file = tmp_path / "secret"
    file.write_text(secret + "\n")
    url = f"{scheme}://{servers.HOST}:{port}/hooks/token"
    return WebhookPost(WebhookTarget(url=url, secret_file=file), timeout_seconds=1.0)


def test_webhook_when_posted_then_signed_with_time_and_key_to_drop_repeats(
    tmp_path: Path, trusted: trustme.CA
) -> None:
    with servers.web_server(servers.server_context(trusted)) as hook:
        post_to(tmp_path, hook.server_port).send(told())

    (posted,) = hook.posted
    stamp = posted.headers["x-cockpit-timestamp"]
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + posted.body, hashlib.sha256)
    assert posted.headers["x-cockpit-signature"] == f"v1={signed.hexdigest()}"
    assert abs(time.time() - int(stamp)) < 60
    assert posted.headers["idempotency-key"] == "0011aabb.opened"
    body = json.loads(posted.body)
    assert (body["event"], body["kind"], body["source"]) == ("opened", "failed", "fund")
    assert (body["label_zh"], body["opened_at"]) == (FUND.zh, "2026-11-23T01:02:03+00:00")
    assert "110101199003070000" not in posted.body.decode()


def test_webhook_when_the_certificate_is_not_trusted_then_nothing_is_posted(
    tmp_path: Path, trusted: trustme.CA
) -> None:
    stranger, _ = servers.authority(tmp_path / "stranger")
    with (
        servers.web_server(servers.server_context(stranger)) as hook,
        pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        post_to(tmp_path, hook.server_port).send(told())
    assert not hook.posted


def test_webhook_when_redirected_or_refused_then_undelivered_and_not_followed(
    tmp_path: Path,
) -> None:
    with servers.web_server() as elsewhere, servers.web_server() as hook:
        hook.code, hook.location = 307, f"http://{servers.HOST}:{elsewhere.server_port}/"
        post = post_to(tmp_path, hook.server_port, scheme="http")
        with pytest.raises(Undelivered, match="redirects, which is not followed"):
            post.send(told())
        hook.code, hook.location = 500, ""
        with pytest.raises(Undelivered, match="refuses \\(code 500\\)") as refused:
            post.send(told())
        assert not elsewhere.posted
    assert "token" not in str(refused.value)


def test_webhook_when_the_server_hangs_or_the_secret_is_short_then_undelivered(
    tmp_path: Path,
) -> None:
    with servers.silent_server() as port, pytest.raises(Undelivered, match="timed out"):
        post_to(tmp_path, port, scheme="http").send(told())
    with pytest.raises(Undelivered, match="fewer than 16 characters"):
        post_to(tmp_path, 1, secret="short").send(told())
