"""Interface text: Chinese source strings, English from the catalogue, chosen a request.

`_()` looks the language up when it is called, never when a module is imported: one process
serves both languages. Outside a request (shell, tests) the language is the one of `speaking`,
else Chinese.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po
from flask import has_request_context, request

from warehouse.model import Label
from warehouse.sentences import read as read_sentence

LANGUAGES = ("zh", "en")
CATALOGUE_FILE = Path(__file__).parent / "locale" / "en" / "cockpit.po"

_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def read_catalogue(file: Path) -> Mapping[str, str]:
    """Every translated message of a .po file, by its Chinese source string."""
    with file.open("rb") as stream:
        messages = read_po(stream, locale="en")
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


_ENGLISH = read_catalogue(CATALOGUE_FILE)


def language() -> str:
    """`zh` or `en`: as set by `speaking`, else by the request's `lang` (address, then cookie)."""
    spoken = _spoken.get()
    if spoken is not None:
        return spoken
    if not has_request_context():
        return "zh"
    wished = request.args.get("lang") or request.cookies.get("lang", "")
    return wished if wished in LANGUAGES else "zh"


@contextmanager
def speaking(wished: str) -> Iterator[None]:
    """Within this block, in this context, the language is `wished`."""
    token = _spoken.set(wished if wished in LANGUAGES else "zh")
    try:
        yield
    finally:
        _spoken.reset(token)


def _(message: str) -> str:
    """`message` in the language of the request."""
    return _ENGLISH.get(message, message) if language() == "en" else message


def told(text: str, zone: ZoneInfo) -> str:
    """A sentence of the ETL as it is stored, in the language of the request; times in `zone`."""
    return named(read_sentence(text, zone))


def named(label: Label) -> str:
    """A label of the warehouse in the language of the request."""
    return label.text(language())
