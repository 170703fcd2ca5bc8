"""The keys of `[connector]` that say how delivered files are written; for every kind with files."""

from etl import notation
from etl.declaration import Declaration
from etl.delivery import Format, Layout
from warehouse.errors import nearest

LAYOUT_KEYS = ("format", "delimiter", "encoding", "header", "records")
_ONLY_FOR = {"delimiter": "csv", "encoding": "csv", "header": "csv", "records": "json"}


def read_layout(declaration: Declaration) -> Layout:
    """Mistakes are noted in the declaration."""
    kind = _format(declaration)
    delimiter = declaration.checked(("connector", "delimiter"), notation.delimiter, ",")
    encoding = declaration.checked(("connector", "encoding"), notation.encoding, "utf-8")
    return Layout(
        format=kind,
        delimiter=delimiter or ",",
        encoding=encoding or "utf-8",
        header=declaration.flag(("connector", "header"), True),
        records=declaration.text(("connector", "records")),
    )


def layout_mark(layout: Layout) -> str:
    """What the same bytes mean by it."""
    return repr((layout.format, layout.delimiter, layout.encoding)) + repr(
        (layout.header, layout.records) if layout.records else layout.header
    )


def _format(declaration: Declaration) -> Format | None:
    text = declaration.text(("connector", "format"))
    if not text:
        return None
    if text not in list(Format):
        remedy = nearest(text, list(Format)) or f" One of: {', '.join(Format)}."
        declaration.problem(("connector", "format"), f"{text!r} is not known.{remedy}")
        return None
    for key, only in _ONLY_FOR.items():
        if text != only and declaration.value(("connector", key)) is not None:
            declaration.problem(("connector", key), f"has no meaning for {text}. Remove it.")
    return Format(text)
