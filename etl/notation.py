"""How single values of a declaration are written. Each function raises `ValueError` with what is
wrong and the remedy; the caller adds file, line and key."""

import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from apscheduler.triggers.cron import CronTrigger

from warehouse.errors import nearest

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WEEKDAY_NUMBER = re.compile(r"\d")


def duration(text: str) -> int:
    """Seconds of `30s`, `15m`, `2h` or `1d`."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if found is None or int(found.group(1)) == 0:
        raise ValueError(f"{text!r} is no duration. Write a number and s, m, h or d, as in '15m'.")
    return int(found.group(1)) * _SECONDS[found.group(2)]


def cron(text: str) -> str:
    """Five fields, UTC."""
    fields = text.split()
    if len(fields) == 5 and _WEEKDAY_NUMBER.search(fields[4]):
        # Programs disagree whether 0 is Sunday or Monday; a name cannot be misread.
        raise ValueError(f"{text!r} numbers the weekday. Write mon, tue, wed, thu, fri, sat, sun.")
    try:
        CronTrigger.from_crontab(text, timezone=UTC)
    except ValueError as wrong:
        raise ValueError(
            f"{text!r} is no cron line ({wrong}). Write minute hour day month weekday,"
            " as in '5 * * * *' (UTC)."
        ) from wrong
    return text


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as wrong:
        remedy = nearest(text, available_timezones()) or " Write it as in 'Asia/Shanghai'."
        raise ValueError(f"{text!r} is no known time zone.{remedy}") from wrong


def time_format(text: str) -> str:
    """`iso`, `epoch_s`, `epoch_ms`, or a strptime format that holds at least a whole date."""
    if text in ("iso", "epoch_s", "epoch_ms"):
        return text
    if "%" not in text:
        remedy = nearest(text, ("iso", "epoch_s", "epoch_ms"))
        raise ValueError(
            f"{text!r} is no time format.{remedy} Write iso, epoch_s, epoch_ms or a pattern as"
            " in '%d/%m/%Y %H:%M:%S'."
        )
    sample = datetime(2024, 10, 23, 17, 45, 1, tzinfo=UTC)
    try:
        read = datetime.strptime(sample.strftime(text), text)
    except ValueError as wrong:
        raise ValueError(f"{text!r} is no time format ({wrong}).") from wrong
    if read.date() != sample.date():
        raise ValueError(f"{text!r} does not hold year, month and day.")
    return text


def encoding(text: str) -> str:
    try:
        name = codecs.lookup(text).name
    except LookupError as wrong:
        raise ValueError(
            f"{text!r} is no known encoding. Write it as in 'utf-8', 'gb18030', 'latin-1'."
        ) from wrong
    if name.startswith(("utf-16", "utf-32", "utf-7")):
        raise ValueError(f"{text!r} is not supported. Have the source deliver utf-8 or gb18030.")
    return name


def delimiter(text: str) -> str:
    if len(text) != 1 or text in '\r\n"':
        raise ValueError(f"{text!r} is no delimiter. Give one character, as in ';' or '\\t'.")
    return text


def source_name(text: str) -> str:
    if re.fullmatch(r"[a-z0-9_]{1,60}", text) is None:
        raise ValueError(f"{text!r} may only hold a-z, 0-9 and _, at most 60 of them.")
    return text


def environment(text: str, env: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced."""

    def replace(found: re.Match[str]) -> str:
        name = found.group(1)
        if not env.get(name):
            remedy = nearest(name, env) or " Set it before the start."
            raise ValueError(f"${{{name}}} is not set in the environment.{remedy}")
        return env[name]

    return re.sub(r"\$\{([^}]*)\}", replace, text)
