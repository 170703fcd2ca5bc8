"""Where alarms are sent, read from the settings: a mail server, a web address, both or neither."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", re.ASCII)


class MailTls(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"
    """Only to a mail server on this machine."""


@dataclass(frozen=True, kw_only=True)
class MailTarget:
    """Alarms by mail. Certificates are verified against the machine's, or `SSL_CERT_FILE`."""

    host: str
    port: int
    tls: MailTls
    sender: str
    receivers: tuple[str, ...]
    user: str = ""
    """Empty: the server asks for no password."""
    password_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookTarget:
    """Alarms as JSON to one address, signed with the content of `secret_file`."""

    url: str
    secret_file: Path


def read_mail(text: Mapping[str, str], problems: list[str]) -> MailTarget | None:
    """The mail target, or None where no server is set; what is wrong is added to `problems`."""
    server = text["COCKPIT_MAIL_SERVER"]
    if not server:
        problems += _alone(text, "COCKPIT_MAIL_", ("FROM", "TO", "USER", "PASSWORD_FILE"), "SERVER")
        return None
    host, port = _server(server, problems)
    tls = text["COCKPIT_MAIL_TLS"]
    if tls not in list(MailTls):
        problems.append(f"COCKPIT_MAIL_TLS is {tls!r}, not one of {', '.join(MailTls)}")
        tls = MailTls.STARTTLS
    elif tls == MailTls.OFF and not is_this_machine(host):
        problems.append("COCKPIT_MAIL_TLS is off: only a server on this machine may go without")
    user, password = text["COCKPIT_MAIL_USER"], text["COCKPIT_MAIL_PASSWORD_FILE"]
    if bool(user) != bool(password):
        problems.append("COCKPIT_MAIL_USER and COCKPIT_MAIL_PASSWORD_FILE belong together")
    receivers = tuple(part.strip() for part in text["COCKPIT_MAIL_TO"].split(",") if part.strip())
    if not receivers:
        problems.append("COCKPIT_MAIL_TO is empty: name at least one receiver")
    for name, address in (
        ("COCKPIT_MAIL_FROM", text["COCKPIT_MAIL_FROM"]),
        *(("COCKPIT_MAIL_TO", receiver) for receiver in receivers),
    ):
        if not _ADDRESS.fullmatch(address):
            problems.append(f"{name} holds {address!r}, not an address as in ops@city.example")
    return MailTarget(
        host=host,
        port=port,
        tls=MailTls(tls),
        sender=text["COCKPIT_MAIL_FROM"],
        receivers=receivers,
        user=user,
        password_file=_path(password) if password else None,
    )


def read_webhook(text: Mapping[str, str], problems: list[str]) -> WebhookTarget | None:
    """The web address, or None where none is set; what is wrong is added to `problems`."""
    url, secret = text["COCKPIT_WEBHOOK_URL"], text["COCKPIT_WEBHOOK_SECRET_FILE"]
    if not url:
        problems += _alone(text, "COCKPIT_WEBHOOK_", ("SECRET_FILE",), "URL")
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.scheme not in ("https", "http") or parts.username or parts.password:
        problems.append("COCKPIT_WEBHOOK_URL is no address as in https://host/path without user")
    elif parts.scheme == "http" and not is_this_machine(host):
        problems.append("COCKPIT_WEBHOOK_URL must begin with https:// unless it is this machine")
    if not secret:
        problems.append("COCKPIT_WEBHOOK_SECRET_FILE is required beside COCKPIT_WEBHOOK_URL")
    return WebhookTarget(url=url, secret_file=_path(secret))


def is_this_machine(host: str) -> bool:
    """Is it a loopback name or address?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _alone(text: Mapping[str, str], prefix: str, names: tuple[str, ...], needed: str) -> list[str]:
    """A setting that means nothing without the one that switches its target on."""
    lost = [prefix + name for name in names if text[prefix + name]]
    return [f"{name} means nothing without {prefix}{needed}" for name in lost]


def _server(server: str, problems: list[str]) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{server}")
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        host, port = "", 0
    if not host or not port or server.count("@") or parts.path:
        problems.append(f"COCKPIT_MAIL_SERVER is {server!r}, not host:port as in mail.city:587")
    return host, port


def _path(text: str) -> Path:
    return Path(text).expanduser().resolve()
