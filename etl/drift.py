"""Columns of a source that are not what they were: new, missing, renamed, retyped."""

from collections.abc import Mapping

from etl.model import Source
from etl.reading.job import Survey
from etl.reading.shapes import is_retyped
from warehouse import clock
from warehouse.errors import nearest_of
from warehouse.operations import Drift
from warehouse.sentences import say


def drifts(
    source: Source, item: str, before: Mapping[str, str], survey: Survey
) -> tuple[Drift, ...]:
    """What has changed in `item` since the delivery before.

    before  their column -> its shape then; empty for the first delivery.

    A required column that is missing refuses the delivery before it comes here; what is missing
    here is not stored or may be left out.
    """
    if not before:
        return _undeclared(source, item, survey)
    new = [name for name in survey.columns if name not in before]
    gone = [] if survey.is_sparse else [name for name in before if name not in survey.columns]
    found: list[Drift] = []
    for name in gone:
        other = nearest_of(name, [n for n in new if survey.shapes.get(n) == before[name]])
        if other is not None:
            new.remove(other)
            found.append(_drift(source, item, other, "renamed", name, other))
        else:
            found.append(_drift(source, item, name, "missing", before[name], ""))
    found += [
        _drift(source, item, name, "new", "", survey.shapes.get(name, ""))
        for name in new
        if name not in source.delivered  # one that is declared has come back
    ]
    found += [
        _drift(source, item, name, "retyped", before[name], now)
        for name, now in survey.shapes.items()
        if name in before and name in source.delivered and is_retyped(before[name], now)
    ]
    return tuple(found)


def _undeclared(source: Source, item: str, survey: Survey) -> tuple[Drift, ...]:
    """With the first delivery everything the declaration does not mention is news."""
    return tuple(
        _drift(source, item, name, "new", "", survey.shapes.get(name, ""))
        for name in survey.columns
        if name not in source.delivered
    )


def _drift(source: Source, item: str, column: str, kind: str, was: str, now: str) -> Drift:
    return Drift(
        source=source.name,
        item=item,
        column_name=column,
        kind=kind,
        was=was,
        now=now,
        seen_at=clock.now(),
    )


def sentence(drift: Drift) -> str:
    name = drift.column_name
    match drift.kind:
        case "new":
            told = say("column_new", name=name)
        case "missing":
            told = say("column_gone", name=name)
        case "renamed":
            told = say("column_renamed", was=drift.was, name=name)
        case _:
            told = say("column_retyped", name=name, shape_was=drift.was, shape_now=drift.now)
    return f"{drift.item}: {told}."
