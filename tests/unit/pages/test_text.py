"""Every text of the interface has an English form with the same places to fill."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from flask import Flask

from pages._ui.text import CATALOGUE_FILE, _, language, read_catalogue, speaking

PAGES = Path(CATALOGUE_FILE).parents[3]
CHINESE = re.compile(r"[\u4e00-\u9fff，（]")
NAMES = {"政", "中文"}
"""The mark of the product and a language in its own script: the same in every language."""
OWN_WORDS = {"numbers.py", "theme.py"}
"""Units and font names: these modules hold both languages themselves."""


def _messages() -> set[str]:
    files = [*(PAGES / "_ui").glob("*.py"), *(PAGES / "_panels").glob("*.py")]
    return {
        text
        for file in files
        if file.name not in OWN_WORDS
        for text in _texts(ast.parse(file.read_text("utf-8")))
        if CHINESE.search(text)
    } - NAMES


def _texts(tree: ast.Module) -> set[str]:
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    }


def test_messages_when_used_then_have_an_english_text() -> None:
    assert _messages() - set(read_catalogue(CATALOGUE_FILE)) == set()


def test_catalogue_when_read_then_holds_no_message_nobody_uses() -> None:
    assert set(read_catalogue(CATALOGUE_FILE)) - _messages() == set()


@pytest.mark.parametrize(("source", "english"), read_catalogue(CATALOGUE_FILE).items())
def test_english_text_when_it_has_places_then_they_are_those_of_the_source(
    source: str, english: str
) -> None:
    fields = {name for _text, name, *_rest in Formatter().parse(english) if name}
    assert fields <= {name for _text, name, *_rest in Formatter().parse(source) if name}
    assert not CHINESE.search(english)


def test_language_when_nothing_says_otherwise_then_is_chinese() -> None:
    assert language() == "zh"
    assert _("总览") == "总览"


@pytest.mark.parametrize(
    ("address", "cookie", "spoken"),
    [("/", "", "zh"), ("/", "en", "en"), ("/?lang=en", "zh", "en"), ("/?lang=xx", "en", "zh")],
)
def test_language_when_in_a_request_then_follows_address_and_cookie(
    address: str, cookie: str, spoken: str
) -> None:
    headers = {"Cookie": f"lang={cookie}"} if cookie else {}
    with Flask(__name__).test_request_context(address, headers=headers):
        assert language() == spoken


def test_speaking_when_left_then_the_language_before_is_back() -> None:
    with speaking("en"):
        assert _("总览") == "Overview"
    assert _("总览") == "总览"
