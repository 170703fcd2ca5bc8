"""What the values of a delivered column look like, so that a retyped column is recognised."""

import polars as pl

from etl.formats.chunk import LINE

LOOKED_AT = 1_000
"""Values of a column that are looked at."""
FITTING = 0.9
"""So many of them must fit a shape; the odd broken value is for the contract to find."""

SHAPES = ("empty", "whole", "number", "flag", "time", "text")
_PATTERNS = (
    ("whole", r"^[+-]?\d{1,18}$"),
    ("number", r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"),
    ("flag", r"(?i)^(true|false|yes|no)$"),
    (
        "time",
        r"^\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?"
        r"([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$",
    ),
)


def shapes_of(frame: pl.DataFrame) -> dict[str, str]:
    """The narrowest shape that fits the first values of each text column, but for odd ones."""
    return {name: _shape(frame[name]) for name in frame.columns if name != LINE}


def _shape(texts: pl.Series) -> str:
    seen = texts.drop_nulls().str.strip_chars()
    seen = seen.filter(seen != "").head(LOOKED_AT)
    if seen.is_empty():
        return "empty"
    fitting = (
        name
        for name, pattern in _PATTERNS
        if seen.str.contains(pattern).sum() >= FITTING * len(seen)
    )
    return next(fitting, "text")


def is_retyped(was: str, now: str) -> bool:
    """Whether a column that looked like `was` cannot mean the same when it looks like `now`.

    Empty columns say nothing, and what is narrower fits what is wider: a column of numbers may
    hold whole numbers only, a text may look like anything.
    """
    return "empty" not in (was, now) and now not in _FITTING[was]


_FITTING = {
    "whole": ("whole", "number"),
    "number": ("whole", "number"),
    "flag": ("flag", "whole"),
    "time": ("time", "whole"),
    "text": SHAPES,
}
