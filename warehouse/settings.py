"""Every setting of the cockpit: name, default, meaning. Read once, checked at start.

A setting comes from the environment under its name. Nothing here has a secret for a
default: keys and session secrets are made on the machine (see `keys.py`).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warehouse.alarm_targets import MailTarget, WebhookTarget, read_mail, read_webhook
from warehouse.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
PROFILES = ("demo", "production")


@dataclass(frozen=True, kw_only=True)
class Setting:
    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting(name="COCKPIT_HOME", default="./var", meaning="Keys, warehouse and accounts."),
    Setting(
        name="COCKPIT_SOURCES",
        default="./sources",
        meaning="Folder of the declared sources, one TOML file a source, and `city.toml`.",
    ),
    Setting(
        name="COCKPIT_PROFILE",
        default="demo",
        meaning="`demo` makes keys and accounts; `production` refuses weak secrets.",
    ),
    Setting(
        name="COCKPIT_TIMEZONE",
        default="Asia/Shanghai",
        meaning="Reporting time zone that cuts days and months. Fixed for a warehouse.",
    ),
    Setting(
        name="COCKPIT_MASTER_KEY_FILE",
        default="",
        meaning="File with the master key (0400). Empty: `keys/master.key` in the home.",
    ),
    Setting(
        name="COCKPIT_ANCHOR_FOLDER",
        default="",
        meaning="Folder outside the home for the file that shows a home put back as a whole."
        " Empty: beside the master key.",
    ),
    Setting(
        name="COCKPIT_SMALL_CELL",
        default="10",
        meaning="Cells with fewer contributing people than this are suppressed (at least 3).",
    ),
    Setting(
        name="COCKPIT_QUESTION_SECONDS",
        default="20",
        meaning="A statement of a question that takes longer is stopped, and the question refused.",
    ),
    Setting(
        name="COCKPIT_GOAL_GROWTH",
        default="0.30",
        meaning="Goal for monthly growth of active users, as a share.",
    ),
    Setting(
        name="COCKPIT_GOAL_FROM",
        default="",
        meaning="Month (YYYY-MM) the goal compounds from. Empty: January this year.",
    ),
    Setting(
        name="COCKPIT_LOAN_OBJECTIVE",
        default="0.99",
        meaning="Share of loan decisions that shall be made within 60 s (0.5 to 0.9999).",
    ),
    Setting(name="HOST", default="127.0.0.1", meaning="Address the web server listens on."),
    Setting(name="PORT", default="8050", meaning="Port the web server listens on."),
    Setting(
        name="COCKPIT_HOSTS",
        default="",
        meaning="Names the web server answers to, separated by commas. Empty: every name.",
    ),
    Setting(
        name="COCKPIT_MAIL_SERVER",
        default="",
        meaning="Mail server for alarms, `host:port`. Empty: no mail is sent.",
    ),
    Setting(
        name="COCKPIT_MAIL_TLS",
        default="starttls",
        meaning="`starttls`, `tls` from the first byte, or `off` (a server on this machine only).",
    ),
    Setting(name="COCKPIT_MAIL_FROM", default="", meaning="Sender of alarms."),
    Setting(
        name="COCKPIT_MAIL_TO", default="", meaning="Receivers of alarms, separated by commas."
    ),
    Setting(
        name="COCKPIT_MAIL_USER", default="", meaning="User of the mail server. Empty: none needed."
    ),
    Setting(
        name="COCKPIT_MAIL_PASSWORD_FILE", default="", meaning="File with that user's password."
    ),
    Setting(
        name="COCKPIT_WEBHOOK_URL",
        default="",
        meaning="Address alarms are posted to as JSON, `https://…`. Empty: none.",
    ),
    Setting(
        name="COCKPIT_WEBHOOK_SECRET_FILE",
        default="",
        meaning="File with the secret that signs what is posted (at least 16 characters).",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    home: Path
    sources: Path
    profile: str
    zone: ZoneInfo
    master_key_file: Path
    anchor_folder: Path
    small_cell: int
    question_seconds: int
    goal_growth: float
    goal_from: str
    loan_objective: float
    host: str
    port: int
    hosts: frozenset[str]
    mail: MailTarget | None = None
    webhook: WebhookTarget | None = None

    @property
    def is_production(self) -> bool:
        return self.profile == "production"

    def goal_day(self, today: date) -> date:
        """The first day of the month the goal compounds from."""
        return date.fromisoformat(f"{self.goal_from or f'{today.year}-01'}-01")

    @property
    def live(self) -> Path:
        """The files only the ETL process writes and reads."""
        return self.home / "live"

    @property
    def published(self) -> Path:
        """The sealed generations that readers attach."""
        return self.home / "published"

    @property
    def spill(self) -> Path:
        return self.home / "spill"

    @property
    def landing(self) -> Path:
        """Where deliveries from elsewhere wait, encrypted, until they are read."""
        return self.home / "landing"

    @property
    def inbox(self) -> Path:
        """Where the example city delivers; `${COCKPIT_INBOX}` in a source."""
        return self.home / "inbox"

    @property
    def web(self) -> Path:
        """Accounts and sessions."""
        return self.home / "web"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read all settings. Raises `SettingsError` with the full list of what is wrong."""
        env = os.environ if env is None else env
        text = {s.name: env.get(s.name) or s.default for s in SETTINGS}
        problems: list[str] = []
        home = Path(text["COCKPIT_HOME"]).expanduser().resolve()
        key_file = text["COCKPIT_MASTER_KEY_FILE"]
        master = Path(key_file).expanduser().resolve() if key_file else home / "keys" / "master.key"
        anchor = text["COCKPIT_ANCHOR_FOLDER"]
        settings = cls(
            home=home,
            sources=Path(text["COCKPIT_SOURCES"]).expanduser().resolve(),
            profile=_one_of("COCKPIT_PROFILE", text, PROFILES, problems),
            zone=_zone(text["COCKPIT_TIMEZONE"], problems),
            master_key_file=master,
            anchor_folder=Path(anchor).expanduser().resolve() if anchor else master.parent,
            small_cell=_whole("COCKPIT_SMALL_CELL", text, 3, 1000, problems),
            question_seconds=_whole("COCKPIT_QUESTION_SECONDS", text, 1, 600, problems),
            goal_growth=_number("COCKPIT_GOAL_GROWTH", text, 0, 10, problems),
            goal_from=_month("COCKPIT_GOAL_FROM", text, problems),
            loan_objective=_number("COCKPIT_LOAN_OBJECTIVE", text, 0.5, 0.9999, problems),
            host=text["HOST"],
            port=_whole("PORT", text, 1, 65535, problems),
            hosts=_hosts("COCKPIT_HOSTS", text, problems),
            mail=read_mail(text, problems),
            webhook=read_webhook(text, problems),
        )
        if settings.is_production and not key_file:
            problems.append("COCKPIT_MASTER_KEY_FILE is required in production")
        elif settings.is_production and settings.master_key_file.is_relative_to(home):
            problems.append("COCKPIT_MASTER_KEY_FILE must lie outside COCKPIT_HOME in production")
        if problems:
            raise SettingsError("; ".join(problems) + ".")
        return settings


def _one_of(name: str, text: Mapping[str, str], known: tuple[str, ...], problems: list[str]) -> str:
    if text[name] not in known:
        problems.append(f"{name} is {text[name]!r}, not one of {', '.join(known)}")
    return text[name]


def _zone(name: str, problems: list[str]) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(f"COCKPIT_TIMEZONE {name!r} is no known time zone")
        return ZoneInfo("UTC")


def _number(
    name: str, text: Mapping[str, str], low: float, high: float, problems: list[str]
) -> float:
    try:
        number = float(text[name])
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        problems.append(f"{name} is {text[name]!r}, not a number from {low:g} to {high:g}")
        return low
    return number


def _whole(name: str, text: Mapping[str, str], low: int, high: int, problems: list[str]) -> int:
    try:
        number = int(text[name])
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        problems.append(f"{name} is {text[name]!r}, not a whole number from {low} to {high}")
    return number


def _hosts(name: str, text: Mapping[str, str], problems: list[str]) -> frozenset[str]:
    hosts = frozenset(host.strip().lower() for host in text[name].split(",") if host.strip())
    for host in sorted(hosts):
        if not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host, re.ASCII):
            problems.append(f"{name} holds {host!r}, not a name without scheme and port")
    return hosts


def _month(name: str, text: Mapping[str, str], problems: list[str]) -> str:
    value = text[name]
    if value and not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", value, re.ASCII):
        problems.append(f"{name} is {value!r}, not a month YYYY-MM")
    return value
