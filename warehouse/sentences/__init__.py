"""Every sentence that operators meet about the pipeline: its code, and its words in both languages.

The English words are what is stored, what commands show and what logs hold; they are made from the
templates here and read back with them, so that a page or a mail can say them in Chinese. Words
that no template fits, as those of a library or of another version, stand for themselves.

    runs.py        runs, control totals, changed columns, incidents
    deliveries.py  what is wrong with a file, an answer or its columns
    places.py      what is wrong with a server, a folder, a secret
    values.py      how a value that stands in a sentence is said in Chinese

A template is a format string: `{n:,}` is a whole number, `{name!r}` stands in quotes. It has no
full stop at its end. What comes before it and ends in `: ` is the place it is about.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from string import Formatter
from zoneinfo import ZoneInfo

from warehouse.model import Label
from warehouse.sentences.deliveries import DELIVERIES
from warehouse.sentences.places import PLACES
from warehouse.sentences.runs import RUNS
from warehouse.sentences.values import in_chinese

SENTENCES: Mapping[str, Label] = {**RUNS, **DELIVERIES, **PLACES}
"""Code -> words. Where two templates fit, the earlier one counts."""

NOTES = frozenset(
    {"parked_count", "rows_broken", "column_new", "column_gone", "column_renamed", "column_retyped"}
)
"""What a run says without having failed for it."""

_UTC = ZoneInfo("UTC")
_LISTS = ("parts",)
"""Parameters that are sentences themselves, between semicolons."""
_FORMS = {"hint": r"(?: Did you mean .+?\?)?", "broken": r"line \d+: .+?"}
_LONGEST = 2_000
"""More characters are not read; no run says more."""


def say(code: str, /, **parameters: object) -> str:
    """The English words, as they are stored; without a full stop."""
    return SENTENCES[code].en.format(**parameters)


@lru_cache(maxsize=2_000)
def read(text: str, zone: ZoneInfo = _UTC) -> Label:
    """Stored words, of one line or several, in both languages.

    zone  in which instants are told in Chinese.
    """
    told: list[str] = []
    last = ""
    for line in text.splitlines():
        place, words = _line(line[:_LONGEST], zone)
        told += [words if place == last else place + words] if line.strip() else []
        last = place
    return Label(zh="；".join(told), en=text)


def code_of(line: str) -> str:
    """Which sentence one line says, whatever place it is about; empty for words of others."""
    return next((code for _, code, _ in _endings(line[:_LONGEST])), "")


def _line(line: str, zone: ZoneInfo) -> tuple[str, str]:
    """The place with a colon at its end, or nothing, and what is said about it."""
    for place, code, found in _endings(line):
        values = {
            name: _list(value, zone) if name in _LISTS else in_chinese(name, value, zone)
            for name, value in found.groupdict(default="").items()
        }
        return place, SENTENCES[code].zh.format(**values)
    return "", line


def _endings(line: str) -> Iterator[tuple[str, str, re.Match[str]]]:
    """Ends of the line that are sentences, the shortest first: place, code, parameters."""
    parts = line.split(": ")
    for cut in range(len(parts) - 1, -1, -1):
        for code, pattern in _patterns().items():
            found = pattern.fullmatch(": ".join(parts[cut:]))
            if found is not None:
                yield "".join(f"{part}：" for part in parts[:cut]), code, found


def _list(text: str, zone: ZoneInfo) -> str:
    return "；".join("".join(_line(part, zone)) for part in text.split("; "))


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {code: re.compile(_pattern(label.en) + r"\.?") for code, label in SENTENCES.items()}


def _pattern(template: str) -> str:
    made = ""
    for literal, name, form, conversion in Formatter().parse(template):
        made += re.escape(literal)
        if name is not None:
            made += f"(?P<{name}>{_value(name, form or '', conversion or '')})"
    return made


def _value(name: str, form: str, conversion: str) -> str:
    if name in _FORMS:
        return _FORMS[name]
    if conversion == "r":
        return r"'.*?'|\".*?\""
    return r"-?[\d,]+" if form == "," else ".+?"
