"""A small published home from a few literal rows, through the real loader and publisher."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from etl.connectors.files import Files
from etl.load import Loader
from etl.model import Batch, RunState, Source
from etl.publish import publish
from warehouse import clock
from warehouse.datasets import CONTRACTS, Dataset, Kind
from warehouse.keys import Keyring
from warehouse.model import UNKNOWN, City, Label, SourceStatus
from warehouse.settings import Settings

Row = Mapping[str, Any]

_TYPES: dict[Kind, Any] = {
    Kind.TIME: pl.Datetime("us"),
    Kind.DIMENSION: pl.String,
    Kind.PSEUDONYM: pl.Int64,
    Kind.WHOLE: pl.Int64,
    Kind.MONEY: pl.Int64,
    Kind.FLAG: pl.Boolean,
}
QUARANTINE = {
    "line": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "original": pl.String,
    "identity": pl.String,
}


def tiny_settings(folder: Path, zone: str = "Asia/Shanghai", **env: str) -> Settings:
    """Settings whose home is `folder`/home and that read no environment."""
    return Settings.from_env(
        {"COCKPIT_HOME": str(folder / "home"), "COCKPIT_TIMEZONE": zone, **env}
    )


def tiny_source(dataset: str, name: str = "", *, identity: tuple[str, ...] = ("no",)) -> Source:
    """A source of `dataset`, called as the dataset unless named."""
    contract = CONTRACTS[dataset]
    return Source(
        name=name or dataset,
        label=Label(zh=name or dataset, en=name or dataset),
        contract=contract,
        connector=Files(path=Path("tiny")),
        columns={},
        zone=ZoneInfo("UTC"),
        identity=identity,
        promise_seconds=86_400,
        every_seconds=60,
        file=Path("tiny.toml"),
    )


def tiny_batch(
    source: Source,
    rows: Sequence[Row],
    keyring: Keyring,
    *,
    zone: str = "Asia/Shanghai",
    batch_id: str = "",
    run_id: str = "run",
    broken: Sequence[Row] = (),
) -> Batch:
    """`rows` in contract columns; `identity` defaults to the row's position in the batch.

    Personal columns hold plain text here and become pseudonyms; missing columns are unknown.
    """
    frame = _frame(source.contract, rows, keyring, ZoneInfo(zone))
    quarantined = pl.DataFrame([{**_BROKEN, **row} for row in broken], schema=QUARANTINE)
    times = [row["occurred_at"] for row in rows]
    return Batch(
        batch_id=batch_id or f"{source.name}-batch",
        source=source,
        run_id=run_id,
        item=f"{source.name}.csv",
        read=len(rows) + len(broken),
        rows=frame,
        quarantined=quarantined,
        is_last=True,
        event_until=max(times).astimezone(UTC) if times else None,
    )


_BROKEN = {"line": 1, "column_name": "scene", "reason": "empty", "original": "{}"}


def _frame(
    contract: Dataset, rows: Sequence[Row], keyring: Keyring, zone: ZoneInfo
) -> pl.DataFrame:
    schema = {column.name: _TYPES[column.kind] for column in contract.columns}
    schema |= {"day": pl.Date, "hour": pl.UInt8, "identity": pl.String, "line": pl.Int64}
    return pl.DataFrame(
        [_row(contract, row, index, keyring, zone) for index, row in enumerate(rows)],
        schema=schema,
    )


def _row(
    contract: Dataset, row: Row, index: int, keyring: Keyring, zone: ZoneInfo
) -> dict[str, Any]:
    occurred_at: datetime = row["occurred_at"]
    local = occurred_at.astimezone(zone)
    values: dict[str, Any] = {
        "day": local.date(),
        "hour": row.get("hour", local.hour),
        "identity": str(row.get("identity", index)),
        "line": index + 2,
    }
    for column in contract.columns:
        value = row.get(column.name)
        if column.kind is Kind.DIMENSION:
            value = value or UNKNOWN
        elif column.kind is Kind.PSEUDONYM and value is not None:
            value = keyring.pseudonym(str(value))
        values[column.name] = value
    values["occurred_at"] = occurred_at.astimezone(UTC).replace(tzinfo=None)
    return values


def build_home(
    folder: Path,
    *,
    service_events: Sequence[Row] = (),
    loan_events: Sequence[Row] = (),
    ratings: Sequence[Row] = (),
    volumes: Sequence[Row] = (),
    zone: str = "Asia/Shanghai",
    city: City | None = None,
    labels: Mapping[str, Mapping[str, Label]] | None = None,
) -> Settings:
    """Load the rows into a new home under `folder`, publish them, and give its settings.

    A row may name its `source`; otherwise it comes from one called as its dataset. `broken`
    rows and second deliveries are made with `tiny_batch` and a `Loader`.
    """
    settings = tiny_settings(folder, zone)
    keyring = Keyring.open(settings, create=True)
    given = {
        "service_event": service_events,
        "loan_event": loan_events,
        "rating_event": ratings,
        "service_volume": volumes,
    }
    with Loader(settings, keyring) as loader:
        statuses = []
        for dataset, rows in given.items():
            for name in dict.fromkeys(row.get("source", dataset) for row in rows):
                own = [row for row in rows if row.get("source", dataset) == name]
                statuses.append(load_rows(loader, tiny_source(dataset, name), own))
        publish(
            loader,
            tuple(statuses),
            labels or {},
            city or City(label=Label(zh="示例市", en="Example City")),
        )
    return settings


def load_rows(loader: Loader, source: Source, rows: Sequence[Row]) -> SourceStatus:
    """Load `rows` as one finished run of `source`, and say how the source stands then."""
    run_id = f"{source.name}-{clock.now().timestamp():.6f}"
    zone = loader.settings.zone.key
    batch = tiny_batch(source, rows, loader.keyring, zone=zone, batch_id=run_id, run_id=run_id)
    loader.state.start_run(run_id, source.name, source.contract.name, clock.now())
    count = loader.load(batch)
    report = loader.state.end_run(run_id, RunState.DONE)
    return SourceStatus(
        name=source.name,
        label=source.label,
        dataset=source.contract.name,
        promise_seconds=source.promise_seconds,
        watermark=batch.event_until,
        last_run_at=report.started_at,
        last_run_state=report.state.value,
        rows_read=count.read,
        rows_loaded=count.loaded,
        rows_duplicate=count.duplicate,
        rows_quarantined=count.quarantined,
    )
