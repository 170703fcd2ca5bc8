"""The example city's numbers against its delivered files, through declarations, load and door."""

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from etl.demo import write_history
from etl.demo.bureaus import BUREAUS
from etl.load import Loader
from etl.publication import publish_all
from etl.run import Runner
from etl.sources import read_sources, source_env
from tests.soundness.conftest import EVERYTHING
from tests.soundness.example_city import QUESTIONS, Expect, Span, compare
from tests.soundness.questions import query_of
from warehouse.__main__ import records
from warehouse.answer import Warehouse
from warehouse.keys import Keyring
from warehouse.model import CellState, MetricQuery
from warehouse.settings import ROOT, Settings

NOW = datetime(2026, 3, 18, 2, 30, tzinfo=UTC)
START, END = date(2025, 1, 10), date(2025, 4, 1)
"""Not at the edges: before it lies a history, after it what came late."""
LEFT_OUT = ("market_regulation", "medical_insurance", "utilities")
"""They deliver in the manner of others."""
FILES = slice(0, 2)
LATER_FILES, MOST = slice(1, 2), ("dealer_loan", "citizen_loan", "hall_machines")
"""Fewer files of those that deliver most: applications then begin in the middle."""


@pytest.fixture(scope="module")
def span(tmp_path_factory: pytest.TempPathFactory) -> Span:
    """What all bureaus delivered for the first fifteen months."""
    home = tmp_path_factory.mktemp("city")
    settings = Settings.from_env({"COCKPIT_HOME": str(home)})
    write_history(settings, NOW, bureaus=tuple(b for b in BUREAUS if b.name not in LEFT_OUT))
    for folder in settings.inbox.glob("[!.]*"):
        kept = LATER_FILES if folder.name in MOST else FILES
        files = sorted(folder.iterdir())
        for file in set(files) - set(files[kept]):
            file.unlink()
    return Span(inbox=settings.inbox, start=START, end=END)


@pytest.fixture(scope="module")
def city(span: Span) -> Iterator[Warehouse]:
    env = {"COCKPIT_HOME": str(span.inbox.parent), "COCKPIT_SMALL_CELL": "3"}
    settings = Settings.from_env({**env, "COCKPIT_SOURCES": str(ROOT / "sources")})
    declared = read_sources(settings.sources, source_env(settings, os.environ))
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        for source in declared.sources:
            if source.name not in LEFT_OUT:
                Runner(loader).run(source)
        publish_all(declared, loader)
    warehouse = Warehouse.open(settings)
    yield warehouse
    warehouse.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_answer_when_city_is_loaded_then_what_the_files_say(
    question: str, city: Warehouse, span: Span
) -> None:
    query = query_of(question, span.start, span.end)
    expect: Expect = QUESTIONS[question]
    expected = expect(span.of(question))
    result = city.answer(query, EVERYTHING)
    assert compare(expected, records(result), query.metrics[0], query.by) == []
    hidden = sum(cell.state is CellState.SUPPRESSED for row in result.rows for cell in row.cells)
    assert hidden <= len(result.rows) * 0.6 and any(expected.values())


def _counts(city: Warehouse, question: str) -> dict[date, float]:
    query: MetricQuery = query_of(question, START, END)
    rows = city.answer(query, EVERYTHING).rows
    return {row.period.start: row.cells[0].value or 0 for row in rows if row.period is not None}


@pytest.mark.parametrize("grain", ["week", "month"])
def test_growth_when_city_is_loaded_then_the_identities_hold(grain: str, city: Warehouse) -> None:
    active, new, retained, resurrected, churned = (
        _counts(city, f"{name} --grain {grain}")
        for name in (
            "usage.people",
            "growth.new",
            "growth.retained",
            "growth.resurrected",
            "growth.churned",
        )
    )
    units = list(active)
    assert len(units) >= 3
    for before, unit in itertools.pairwise(units):
        assert active[unit] == new[unit] + retained[unit] + resurrected[unit]
        assert active[before] == retained[unit] + churned[unit]
