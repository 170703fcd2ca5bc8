"""`python -m warehouse answer --hash H`: an explained number, computed once more.

The question is answered with the scope and role of who asked, and at the instant at which it was
asked, on the generation that serves now. Exit code 0: the same number, bit for bit; 3: another.
"""

import argparse
import json

from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.errors import QueryError
from warehouse.explained import Record, recall
from warehouse.explanation import Explanation, Known, Number, written
from warehouse.keys import Keyring
from warehouse.model import CellState, Viewer
from warehouse.settings import Settings

CHANGED = 3


def answer_again(settings: Settings, options: argparse.Namespace) -> tuple[str, int]:
    """What to print (the number, or what it was and what it is now), and the exit code.

    Raises `QueryError` on an unknown hash and beside other options, `Tampered` on damage.
    """
    others = (options.metrics, options.by, options.where, options.grain, options.start, options.end)
    if any(others) or options.compare or options.limit or options.viewer:
        raise QueryError("A hash is a whole question: give `--hash` alone, or with `--format`.")
    record = recall(settings, Keyring.open(settings), options.hash)
    warehouse = Warehouse.open(settings)
    try:
        now = _again(warehouse, record)
    finally:
        warehouse.close()
    is_same = written(now.known.value) == written(record.known.value) and (
        now.known.state is record.known.state
    )
    say = _json if options.format == "json" else _text
    return say(record, now, is_same), 0 if is_same else CHANGED


def _again(warehouse: Warehouse, record: Record) -> Explanation:
    known = record.known
    viewer = Viewer(name="again", role=known.role, scope=known.scope)
    with clock.frozen_at(record.at):
        return warehouse.explain(known.query, viewer)


def _text(record: Record, now: Explanation, is_same: bool) -> str:
    then = record.known
    if is_same:
        lines = [f"{then.metric} {_number(then)}", f"generation {now.generation} gives the same"]
        lines[1] += f" number as generation {record.generation}, bit for bit."
        if now.known != then:
            lines.append(f"Otherwise than then: {_differences(then, now.known)}.")
        return "\n".join(lines)
    return "\n".join(
        [
            f"{then.metric} is another number now: {_differences(then, now.known)}.",
            f"then  {_number(then)}  generation {record.generation}  {then.data_version}",
            f"now   {_number(now.known)}  generation {now.generation}  {now.known.data_version}",
        ]
    )


def _json(record: Record, now: Explanation, is_same: bool) -> str:
    content = {
        "hash": record.known.digest,
        "metric": record.known.metric,
        "same": is_same,
        "then": _side(record.known, record.generation),
        "now": _side(now.known, now.generation),
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _side(known: Known, generation: int) -> dict[str, Number | str]:
    return {
        "value": known.value,
        "bits": written(known.value),
        "state": known.state.value,
        "generation": generation,
        "data_version": known.data_version,
    }


def _number(known: Known) -> str:
    """As Python writes it: the shortest text that gives the same bits back."""
    return repr(known.value) if known.state is CellState.VALUE else known.state.value


def _differences(then: Known, now: Known) -> str:
    """What is otherwise, beside the number, in words."""
    differ = {
        "the data have changed": then.data_version != now.data_version,
        "the definition has changed": then.definitions != now.definitions,
        "the rule of small cells has changed": then.small_cell != now.small_cell,
    }
    said = [words for words, holds in differ.items() if holds]
    if not said:
        said.append("what it stands on beside the data has changed")
    return ", ".join(said)
