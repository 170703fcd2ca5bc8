"""The shell's way to the one door: `python -m warehouse answer|backup|...`."""

import argparse
import csv
import functools
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, timedelta

from warehouse import accounts
from warehouse.again import answer_again
from warehouse.answer import Warehouse
from warehouse.errors import BadPeriod, CockpitError, QueryError
from warehouse.keeping import COMMANDS
from warehouse.keys import Keyring
from warehouse.metrics import CATALOGUE
from warehouse.metrics.model import Edition
from warehouse.model import (
    Cell,
    CellState,
    Compare,
    Grain,
    MetricQuery,
    Period,
    Result,
    Role,
    Row,
    Scope,
    Viewer,
)
from warehouse.partitions import verify
from warehouse.settings import Settings
from warehouse.shell import piped

_COMPARE_HELP = "with the unit before, the year before, or the days as far from 春节"
SHELL = Viewer(name="shell", role=Role.ANALYST, scope=Scope(everything=True))
"""Who sits at this machine and can read its keys sees what an analyst of the whole city does."""

Record = dict[str, object]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 2 and one line on stderr for every error on purpose."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments[:1] == ["accounts"]:
            return accounts.main(arguments[1:], Settings.from_env()) or 0
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except CockpitError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2


# --- answer ---------------------------------------------------------------------------------


def _answer(options: argparse.Namespace) -> int:
    settings = Settings.from_env()
    if options.hash is not None:
        text, code = answer_again(settings, options)
        print(text)
        return code
    if not options.metrics:
        raise QueryError("Name a metric, or give the hash of an explained number with `--hash`.")
    viewer = accounts.Accounts(settings).viewer(options.viewer) if options.viewer else SHELL
    warehouse = Warehouse.open(settings)
    query = MetricQuery(
        metrics=tuple(options.metrics),
        period=_period(warehouse, options, viewer),
        grain=None if options.grain is None else Grain(options.grain),
        by=tuple(options.by),
        where=_where(options.where),
        compare=None if options.compare is None else Compare(options.compare),
        limit=options.limit,
        per_workday=options.per_workday,
    )
    print(_FORMATS[options.format](warehouse.answer(query, viewer)))
    return 0


def _period(warehouse: Warehouse, options: argparse.Namespace, viewer: Viewer) -> Period | None:
    """An end that is not given is the end of the data."""
    start, end = _day(options.start), _day(options.end)
    if start is not None and end is not None:
        return Period(start=start, end=end)
    if start is None and end is None:
        return None
    horizon = warehouse.horizon(viewer)
    if horizon is None:
        return None
    if start is not None and start >= horizon.end:
        raise BadPeriod(f"The data end before {start}: their last day is {_last_day(horizon)}.")
    if end is not None and end <= horizon.start:
        raise BadPeriod(f"The data begin after {end}: their first day is {horizon.start}.")
    return Period(start=start or horizon.start, end=end or horizon.end)


def _last_day(period: Period) -> date:
    return period.end - timedelta(days=1)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadPeriod(f"{text!r} is no day. Write it as YYYY-MM-DD.") from None


def _where(conditions: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`DIM=VALUE` conditions; several values of one dimension are alternatives."""
    found: dict[str, list[str]] = {}
    for condition in conditions:
        name, sign, value = condition.partition("=")
        if not (name and sign and value):
            raise QueryError(f"{condition!r} is no filter. Write it as DIMENSION=VALUE.")
        found.setdefault(name, []).append(value)
    return tuple((name, tuple(values)) for name, values in found.items())


def records(result: Result) -> list[Record]:
    """The rows as plain values: codes, numbers, and the states that are not plain."""
    return [_record(result, row) for row in result.rows]


def _record(result: Result, row: Row) -> Record:
    found: Record = {} if row.period is None else {"period": row.period.start.isoformat()}
    found |= dict(zip(result.query.by, row.members, strict=True))
    cells = dict(zip(result.query.metrics, row.cells, strict=True))
    found |= {name: cell.value for name, cell in cells.items()}
    if result.query.compare is not None:
        found["base"] = {name: cell.base for name, cell in cells.items()}
    states = {n: c.state.value for n, c in cells.items() if c.state is not CellState.VALUE}
    if states:
        found["states"] = states
    if row.is_partial:
        found["partial"] = True
    broken = [name for name, cell in cells.items() if cell.is_broken]
    if broken:
        found["broken"] = broken
    return found


def _json(result: Result) -> str:
    content = {
        "rows": records(result),
        "as_of": None if result.as_of is None else result.as_of.isoformat(),
        "data_version": result.data_version,
        "suppressed": result.suppressed,
        "editions": [f"{use.metric} v{use.number} {use.since}" for use in result.editions],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _grid(result: Result) -> list[list[str]]:
    """A header and one line a row, as text."""
    query, has_period = result.query, any(row.period for row in result.rows)
    bases = [f"{name} base" for name in query.metrics] if query.compare else []
    lines = [[*(["period"] if has_period else []), *query.by, *query.metrics, *bases]]
    for row in result.rows:
        start = [] if row.period is None else [row.period.start.isoformat()]
        base = ["" if c.base is None else str(c.base) for c in row.cells] if bases else []
        lines.append([*start, *row.members, *(_text(cell) for cell in row.cells), *base])
    return lines


def _text(cell: Cell) -> str:
    return cell.state.value if cell.value is None else str(cell.value)


def _csv(result: Result) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(_grid(result))
    return target.getvalue().rstrip("\n")


def _table(result: Result) -> str:
    as_of = "-" if result.as_of is None else result.as_of.isoformat()
    tail = f"as of {as_of}   data {result.data_version}   suppressed {result.suppressed}"
    return f"{_aligned(_grid(result))}\n\n{tail}"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    padded = ("  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)


_FORMATS: dict[str, Callable[[Result], str]] = {"table": _table, "json": _json, "csv": _csv}


# --- catalogue and verify -------------------------------------------------------------------


def _catalogue(options: argparse.Namespace) -> int:
    if options.format == "json":
        content = [_definition(name) for name in CATALOGUE]
        print(json.dumps(content, ensure_ascii=False, indent=2))
        return 0
    lines = [["metric", "unit", "dimensions", "sentence"]]
    for metric in CATALOGUE.values():
        dims = ", ".join(metric.dimensions)
        lines.append([metric.name, metric.unit.value, dims, metric.sentence.en])
    print(_aligned(lines))
    return 0


def _definition(name: str) -> Record:
    metric = CATALOGUE[name]
    return {
        "name": metric.name,
        "label": asdict(metric.label),
        "sentence": asdict(metric.sentence),
        "formula": metric.formula,
        "unit": metric.unit.value,
        "decimals": metric.decimals,
        "polarity": metric.polarity.value,
        "owner": asdict(metric.owner),
        "dataset": metric.dataset,
        "dimensions": list(metric.dimensions),
        "grains": [grain.value for grain in metric.grains],
        "default_grain": None if metric.default_grain is None else metric.default_grain.value,
        "since": metric.since.isoformat(),
        "editions": [_edition(edition) for edition in metric.editions],
    }


def _edition(edition: Edition) -> Record:
    return {
        "number": edition.number,
        "since": edition.since.isoformat(),
        "sentence": asdict(edition.sentence),
        "formula": edition.formula,
        "owner": asdict(edition.owner),
        "change": asdict(edition.change),
    }


def _verify(options: argparse.Namespace) -> int:
    settings = Settings.from_env()
    report = verify(settings, Keyring.open(settings))
    for problem in report.problems:
        print(problem, file=sys.stderr)
    print(f"generation {report.generation}: {report.files} files, {report.rows} rows", end="")
    print(" are as they were sealed." if report.is_sound else ", and not all are sound.")
    return 0 if report.is_sound else 1


# --- keeping and destroying -----------------------------------------------------------------


def _keep(work: Callable[[Settings, argparse.Namespace], str], options: argparse.Namespace) -> int:
    print(work(Settings.from_env(), options))
    return 0


# --- the command line -----------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_answer(commands.add_parser("answer", help="ask for metrics"))
    catalogue = commands.add_parser("catalogue", help="list every metric and what it means")
    catalogue.add_argument("--format", choices=("table", "json"), default="table")
    catalogue.set_defaults(command=_catalogue)
    check = commands.add_parser("verify", help="check every published file against its seal")
    check.set_defaults(command=_verify)
    for name, (words, add, work) in COMMANDS.items():
        command = commands.add_parser(name, help=words)
        add(command)
        command.set_defaults(command=functools.partial(_keep, work))
    commands.add_parser("accounts", help="list, add and remove accounts")
    return parser


def _add_answer(answer: argparse.ArgumentParser) -> None:
    answer.add_argument("metrics", nargs="*", metavar="METRIC", help="names from the catalogue")
    answer.add_argument("--hash", metavar="H", help="an explained number, computed once more")
    answer.add_argument("--by", action="extend", nargs="+", default=[], metavar="DIM")
    answer.add_argument(
        "--grain", choices=[g.value for g in Grain], help="a row each whole unit the period touches"
    )
    answer.add_argument("--from", dest="start", metavar="DAY", help="first day, YYYY-MM-DD")
    answer.add_argument("--to", dest="end", metavar="DAY", help="day after the last one")
    answer.add_argument("--where", action="extend", nargs="+", default=[], metavar="DIM=VALUE")
    answer.add_argument("--compare", choices=[c.value for c in Compare], help=_COMPARE_HELP)
    answer.add_argument("--per-workday", action="store_true", help="divided by working days")
    answer.add_argument("--limit", type=int, metavar="N", help="the N largest rows")
    answer.add_argument("--viewer", metavar="NAME", help="an account; default: all districts")
    answer.add_argument("--format", choices=sorted(_FORMATS), default="table")
    answer.set_defaults(command=_answer)


if __name__ == "__main__":
    sys.exit(piped(main))
