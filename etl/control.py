"""Control totals: what a source says a delivery holds, against what came.

A file `NAME.totals` beside the file `NAME` holds them as JSON:
`{"rows": 1200, "sums": {"amount": "35000.50"}}`; both keys may be left out.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from etl.delivery import Totals
from warehouse.errors import ContractBroken
from warehouse.sentences import say

CONTROL_ENDING = ".totals"
_EXAMPLE = '{"rows": 1200, "sums": {"amount": "35000.50"}}'


def control_totals(file: Path) -> Totals | None:
    """The control totals delivered beside `file`; None without any."""
    beside = file.with_name(file.name + CONTROL_ENDING)
    try:
        text = beside.read_text("utf-8")
    except FileNotFoundError:
        return None
    return read_totals(beside.name, text)


def read_totals(name: str, text: str) -> Totals:
    """Raises `ContractBroken` for a text that cannot be read: a total must not be skipped."""
    try:
        found: dict[str, Any] = json.loads(text, parse_float=str, parse_int=str)
        rows = found.get("rows")
        sums = {str(column): str(Decimal(total)) for column, total in found.get("sums", {}).items()}
        totals = Totals(rows=None if rows is None else int(rows), sums=sums)
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise ContractBroken(f"{name}: {say('totals_unreadable', example=_EXAMPLE)}.") from error
    unknown = sorted(set(found) - {"rows", "sums"})
    if unknown:
        raise ContractBroken(f"{name}: {say('totals_unknown', name=unknown[0], example=_EXAMPLE)}.")
    return totals


def check_totals(name: str, told: Totals, rows: int, sums: Mapping[str, str]) -> None:
    """Raises `ContractBroken` unless the delivery holds exactly what its source says."""
    wrong = []
    if told.rows is not None and told.rows != rows:
        wrong.append(say("totals_rows", told=told.rows, came=rows))
    for column, total in told.sums.items():
        if Decimal(total) != Decimal(sums[column]):
            wrong.append(say("totals_sum", column=column, told=total, came=sums[column]))
    if wrong:
        raise ContractBroken(f"{name}: {say('totals_wrong', parts='; '.join(wrong))}.")
