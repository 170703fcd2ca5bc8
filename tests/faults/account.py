"""What the books, the warehouse and the quarantine must agree on at every moment."""

from etl.load import Loader
from warehouse.datasets import PIPELINE_RUN
from warehouse.home import WHOLE

COUNTS = ("rows_read", "rows_loaded", "rows_duplicate", "rows_quarantined")
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::BIGINT" for name in COUNTS)


def check_account(loader: Loader, dataset: str, *, is_published: bool = False) -> set[int]:
    """The `latency_ms` of all facts. Raises `AssertionError` where two books differ.

    is_published    nothing has happened since the last publication: what it shows agrees too.
    """
    state, run = loader.state.alias, loader.writer.execute
    for row in run(f"SELECT {', '.join(COUNTS)} FROM {state}.run WHERE state <> 'running'"):
        read, loaded, duplicate, quarantined = row
        assert read == loaded + duplicate + quarantined, row
    (standing,) = run(f"SELECT {_SUMS} FROM {state}.standing")
    assert run(f"SELECT {_SUMS} FROM {state}.run") == [standing], "runs and sources"
    found = _facts(loader, dataset, standing[1])
    _check_quarantine(loader, standing[3], is_published=is_published)
    if is_published:
        assert _published_runs(loader) == standing, "what is published of runs"
    return found


def _facts(loader: Loader, dataset: str, loaded: int) -> set[int]:
    """Every fact once; those whose batch was counted are what counts as loaded."""
    state, counted = loader.state.alias, 0
    found: list[int] = []
    for month in _months(loader, dataset):
        alias = loader.writer.attach(dataset, month)
        found += [r[0] for r in loader.writer.execute(f"SELECT latency_ms FROM {alias}.fact")]
        counted += loader.writer.execute(
            f"SELECT coalesce(sum(rows_loaded), 0) FROM {alias}.ledger"
            f" WHERE batch_id IN (SELECT batch_id FROM {state}.delivery)"
            f" OR md5_number(batch_id) IN (SELECT batch FROM {state}.batch)"
        )[0][0]
    assert len(found) == len(set(found)), "a row is there twice"
    assert counted == loaded, "facts and what counts as loaded"
    return set(found)


def _check_quarantine(loader: Loader, quarantined: int, *, is_published: bool) -> None:
    """What lies there, as often as it was delivered, is what counts as quarantined."""
    kept = loader.writer.execute(
        f"SELECT batch_id, count(*) FROM {loader.quarantine.alias}.original GROUP BY batch_id"
    )
    assert sum(n * loader.state.times_broken(batch) for batch, n in kept) == quarantined
    if is_published:
        reasons = f"SELECT coalesce(sum(rows), 0)::BIGINT FROM {loader.state.alias}.reason"
        assert loader.writer.execute(reasons) == [(quarantined,)], "reasons that are published"


def _published_runs(loader: Loader) -> tuple[int, ...]:
    total = (0, 0, 0, 0)
    for month in _months(loader, PIPELINE_RUN.name):
        alias = loader.writer.attach(PIPELINE_RUN.name, month)
        (sums,) = loader.writer.execute(f"SELECT {_SUMS} FROM {alias}.fact")
        total = tuple(a + b for a, b in zip(total, sums, strict=True))  # type: ignore[assignment]
    return total


def _months(loader: Loader, dataset: str) -> list[str]:
    files = sorted((loader.settings.live / dataset).glob("*.duckdb"))
    return ["" if file.stem == WHOLE else file.stem for file in files]
