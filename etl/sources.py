"""Reads the declared sources: one TOML file a source, checked to the last key.

Every complaint reads `file:line: key: what is wrong. remedy`; all of them come together.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from etl import notation
from etl.city import (
    CITY_FILE,
    NO_CITY,
    Labels,
    contract_labels,
    merge_labels,
    read_city,
    read_labels,
)
from etl.connectors import read_connector
from etl.declaration import Declaration
from etl.delivery import Connector
from etl.mapping import read_mapping
from etl.model import Declared, OnBroken, Source
from warehouse.datasets import CONTRACTS, Dataset
from warehouse.errors import SettingsError, SourceError, nearest
from warehouse.model import City, Label
from warehouse.retention import read_retention
from warehouse.settings import Settings

_TOP = (
    "name",
    "label",
    "contract",
    "owner",
    "connector",
    "time",
    "identity",
    "columns",
    "constants",
    "values",
    "personal",
    "freshness",
    "schedule",
    "broken",
    "labels",
)


def source_env(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """The environment as sources see it: home and inbox are always there."""
    own = {"COCKPIT_HOME": str(settings.home), "COCKPIT_INBOX": str(settings.inbox)}
    return {**env, **own}


def read_sources(folder: Path, env: Mapping[str, str]) -> Declared:
    """All `*.toml` of the folder. Raises `SourceError` with every problem of every file."""
    if not folder.is_dir():
        raise SourceError(f"{folder}: is no folder. Set COCKPIT_SOURCES to the declared sources.")
    sources: list[Source] = []
    problems: list[str] = []
    for file in sorted(folder.glob("*.toml")):
        if file.name != CITY_FILE:
            try:
                sources.append(read_source(file, env))
            except SourceError as error:
                problems.append(str(error))
    city, shared = _city(folder / CITY_FILE, problems)
    if problems:
        raise SourceError("\n".join(problems))
    if not sources:
        raise SourceError(f"{folder}: declares no source. Set COCKPIT_SOURCES to a folder of them.")
    return declared_of(sources, city, shared)


def _city(file: Path, problems: list[str]) -> tuple[City, Labels]:
    try:
        return read_city(file)
    except SourceError as error:
        problems.append(str(error))
        return NO_CITY, {}


def declared_of(sources: list[Source], city: City, shared: Labels) -> Declared:
    """All together; `shared` are the city's labels, which count before those of a source."""
    own = {"source": {source.name: source.label for source in sources}}
    labels = merge_labels(shared, *(source.labels for source in sources), own, contract_labels())
    return Declared(sources=tuple(sources), city=city, labels=labels)


def read_source(file: Path, env: Mapping[str, str]) -> Source:
    """One declared source. Raises `SourceError` with every problem of the file."""
    declaration = Declaration(file)
    declaration.table((), _TOP)
    contract = _contract(declaration)
    if contract is None:
        declaration.finish()
        raise SourceError(f"{file}:1: contract: is missing.")
    source = _source(declaration, contract, env)
    declaration.finish()
    return replace(source, keep_months=_kept(file).get(contract.name))


def _kept(file: Path) -> Mapping[str, int]:
    """What the city beside the source says of retention. Its mistakes are told by `read_city`."""
    with contextlib.suppress(SettingsError):
        return read_retention(file.with_name(CITY_FILE))
    return {}


def _contract(declaration: Declaration) -> Dataset | None:
    name = declaration.text(("contract",), required=True)
    contract = CONTRACTS.get(name)
    if name and contract is None:
        remedy = nearest(name, CONTRACTS) or f" One of: {', '.join(CONTRACTS)}."
        declaration.problem(("contract",), f"{name!r} is no contract.{remedy}")
    return contract


def _source(declaration: Declaration, contract: Dataset, env: Mapping[str, str]) -> Source:
    mapping = read_mapping(declaration, contract)
    every, cron = _schedule(declaration)
    connector = read_connector(declaration, env)
    declaration.table(("time",), ("zone", "format"))
    return Source(
        name=_name(declaration),
        label=declaration.label(("label",), required=True) or Label(zh="", en=""),
        contract=contract,
        connector=cast(Connector, connector),  # None is a problem, so `finish` raises
        columns=mapping.columns,
        constants=mapping.constants,
        values=mapping.values,
        zone=_zone(declaration),
        time_format=declaration.checked(("time", "format"), notation.time_format, "iso") or "iso",
        identity=mapping.identity,
        personal=mapping.personal,
        dropped=mapping.dropped,
        promise_seconds=_promise(declaration),
        every_seconds=every,
        cron=cron,
        on_broken=_on_broken(declaration),
        owner=declaration.label(("owner",)),
        labels=read_labels(declaration, contract.dimensions),
        file=declaration.file,
    )


def _name(declaration: Declaration) -> str:
    name = str(declaration.checked(("name",), notation.source_name) or "")
    if declaration.typed(("name",), str, required=True) and name != declaration.file.stem:
        declaration.problem(
            ("name",), f"must be the file's name, {declaration.file.stem!r}, so that it is unique."
        )
    return name


def _zone(declaration: Declaration) -> ZoneInfo:
    declaration.typed(("time", "zone"), str, required=True)
    return declaration.checked(("time", "zone"), notation.zone) or ZoneInfo("UTC")


def _promise(declaration: Declaration) -> int:
    declaration.table(("freshness",), ("promise",))
    declaration.typed(("freshness", "promise"), str, required=True)
    return declaration.checked(("freshness", "promise"), notation.duration) or 0


def _schedule(declaration: Declaration) -> tuple[int | None, str | None]:
    table = declaration.table(("schedule",), ("every", "cron"))
    if "every" in table and "cron" in table:
        declaration.problem(("schedule", "cron"), "stands beside every. Remove one of the two.")
    every = declaration.checked(("schedule", "every"), notation.duration)
    return every, declaration.checked(("schedule", "cron"), notation.cron)


def _on_broken(declaration: Declaration) -> OnBroken:
    declaration.table(("broken",), ("row",))
    text = declaration.text(("broken", "row"), OnBroken.QUARANTINE.value)
    if text not in list(OnBroken):
        remedy = nearest(text, list(OnBroken)) or f" One of: {', '.join(OnBroken)}."
        declaration.problem(("broken", "row"), f"{text!r} is not known.{remedy}")
        return OnBroken.QUARANTINE
    return OnBroken(text)
