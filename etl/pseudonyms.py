"""Personal values as keyed numbers."""

from collections.abc import Callable

import polars as pl

Pseudonym = Callable[[str], int]
"""A personal value to its number: the same value gives the same number in every source."""

_REMEMBERED = 250_000
"""Some 35 MB. The same people come again and again, and a keyed number takes a microsecond."""


class _Remembered(dict[str, int]):
    """The numbers of texts asked for lately; forgets all of them when they are too many."""

    def __init__(self, pseudonym: Pseudonym) -> None:
        self._pseudonym = pseudonym

    def __missing__(self, text: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        number = self[text] = self._pseudonym(text)
        return number


def remembered(pseudonym: Pseudonym) -> Pseudonym:
    """The same, quicker for values it was asked for lately. Safe for threads."""
    return _Remembered(pseudonym).__getitem__


def plain(text: str) -> str:
    """The value as every source would write it: trimmed, and 13085 for 13085.0."""
    text = text.strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def pseudonyms(texts: pl.Series, pseudonym: Pseudonym) -> pl.Series:
    """The number of each text, asked once a distinct text; null stays null."""
    distinct = texts.unique().drop_nulls()
    if distinct.is_empty():
        return texts.cast(pl.Int64)
    if len(distinct) == len(texts):
        return _numbers(texts, pseudonym)
    return texts.replace_strict(
        distinct, _numbers(distinct, pseudonym), default=None, return_dtype=pl.Int64
    )


def _numbers(texts: pl.Series, pseudonym: Pseudonym) -> pl.Series:
    trimmed = texts.str.strip_chars()
    if trimmed.str.ends_with(".0").any():
        trimmed = pl.Series([plain(text) for text in trimmed.to_list()], dtype=pl.String)
    return pl.Series(texts.name, list(map(pseudonym, trimmed.to_list())), dtype=pl.Int64)
