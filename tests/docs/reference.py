"""Writes docs/metrics.md from the catalogue: `python -m tests.docs.reference`."""

from collections.abc import Iterator
from pathlib import Path

from warehouse.datasets import CONTRACTS, KNOWN_DIMENSIONS
from warehouse.metrics import CATALOGUE, Metric
from warehouse.settings import ROOT

FILE: Path = ROOT / "docs" / "metrics.md"

OPENING = """\
# Metrics, dimensions and contracts

Written from the definitions by `make reference`; a test sees that it is up to date.
A period is half-open and cut in the reporting time zone. A(t) is the set of people with at least
one event in t, H(t) the union of all A(s) before t.
"""


def text() -> str:
    return "\n".join((OPENING, *_metrics(), "", *_dimensions(), "", *_contracts(), ""))


def _metrics() -> Iterator[str]:
    subject = ""
    for metric in CATALOGUE.values():
        if metric.name.split(".")[0] != subject:
            subject = metric.name.split(".")[0]
            yield f"\n## {subject}\n"
            yield "| metric | meaning | formula | unit | grains | cut by |"
            yield "|---|---|---|---|---|---|"
        yield _row(metric)


def _row(metric: Metric) -> str:
    cells = (
        f"`{metric.name}` {metric.label.zh}",
        metric.sentence.en,
        metric.formula,
        metric.unit.value,
        ", ".join(metric.grains),
        ", ".join(metric.dimensions),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _dimensions() -> Iterator[str]:
    yield "## Dimensions\n"
    yield "| dimension | name | members |"
    yield "|---|---|---|"
    for dimension in KNOWN_DIMENSIONS.values():
        members = ", ".join(f"`{code}`" for code in dimension.members or ())
        names = f"{dimension.label.zh} {dimension.label.en}"
        yield f"| `{dimension.name}` | {names} | {members or 'from the sources'} |"


def _contracts() -> Iterator[str]:
    yield "## Contracts: what a source may deliver"
    for contract in CONTRACTS.values():
        yield f"\n### {contract.name} {contract.label.zh}\n"
        yield "| column | kind | required | meaning |"
        yield "|---|---|---|---|"
        for column in contract.columns:
            required = "yes" if column.required else ""
            yield f"| `{column.name}` | {column.kind} | {required} | {column.meaning} |"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
