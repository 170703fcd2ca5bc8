"""What all sources share: the city, its districts, and names of members (`city.toml`)."""

from collections.abc import Mapping
from pathlib import Path

from etl.declaration import Declaration, Keys
from warehouse.datasets import CONTRACTS, DIMENSIONS
from warehouse.errors import nearest
from warehouse.model import City, District, Label
from warehouse.retention import TABLE, months_of

CITY_FILE = "city.toml"

Labels = Mapping[str, Mapping[str, Label]]
"""Dimension -> code -> name."""

NO_CITY = City(label=Label(zh="城市", en="City"))

_DISTRICT_KEYS = ("code", "label", "population", "outline")


def read_city(file: Path) -> tuple[City, Labels]:
    """The city and the shared names. Without the file: a city without districts."""
    if not file.exists():
        return NO_CITY, {}
    declaration = Declaration(file)
    declaration.table((), ("label", "districts", "map_note", "labels", TABLE))
    city = City(
        label=declaration.label(("label",), required=True) or NO_CITY.label,
        districts=_districts(declaration),
        map_note=declaration.label(("map_note",)) or Label(zh="", en=""),
    )
    labels = read_labels(declaration, tuple(DIMENSIONS))
    for name in declaration.table((TABLE,), tuple(CONTRACTS)):
        declaration.checked((TABLE, name), months_of)
    declaration.finish()
    own = {district.code: district.label for district in city.districts}
    return city, merge_labels(labels, {"district": own})


def read_labels(declaration: Declaration, dimensions: tuple[str, ...]) -> Labels:
    """The tables `[labels.<dimension>]`, for the dimensions allowed here."""
    found: dict[str, dict[str, Label]] = {}
    for dimension in declaration.table(("labels",), dimensions):
        path: Keys = ("labels", dimension)
        _refuse_closed(declaration, path, dimension)
        names = {code: declaration.label((*path, code)) for code in declaration.table(path)}
        found[dimension] = {code: label for code, label in names.items() if label is not None}
    return found


def merge_labels(*many: Labels) -> Labels:
    """All names together; the first that names a member wins."""
    merged: dict[str, dict[str, Label]] = {}
    for labels in many:
        for dimension, names in labels.items():
            merged[dimension] = {**names, **merged.get(dimension, {})}
    return merged


def contract_labels() -> Labels:
    """The datasets are members too: of the pipeline's own dimension."""
    return {"dataset": {name: contract.label for name, contract in CONTRACTS.items()}}


def _refuse_closed(declaration: Declaration, path: Keys, dimension: str) -> None:
    known = DIMENSIONS.get(dimension)
    if known is not None and known.members is not None:
        declaration.problem(path, "is a closed vocabulary with fixed names. Remove this table.")


def _districts(declaration: Declaration) -> tuple[District, ...]:
    entries = declaration.typed(("districts",), list) or []
    districts, seen = [], set[str]()
    for index, entry in enumerate(entries):
        path: Keys = ("districts", index)
        if not isinstance(entry, dict):
            declaration.problem(path, "must be a table, written as [[districts]].")
            continue
        district = _district(declaration, path)
        if district.code in seen:
            declaration.problem((*path, "code"), f"{district.code!r} is used twice.")
        seen.add(district.code)
        districts.append(district)
    return tuple(districts)


def _district(declaration: Declaration, path: Keys) -> District:
    declaration.table(path, _DISTRICT_KEYS)
    population = declaration.typed((*path, "population"), int) or 0
    if population < 0:
        declaration.problem((*path, "population"), "must not be negative.")
    return District(
        code=declaration.text((*path, "code"), required=True),
        label=declaration.label((*path, "label"), required=True) or Label(zh="", en=""),
        population=population,
        outline=_outline(declaration, (*path, "outline")),
    )


def _outline(declaration: Declaration, path: Keys) -> tuple[tuple[float, float], ...]:
    points = declaration.typed(path, list) or []
    if not all(_is_point(point) for point in points) or len(points) in (1, 2):
        declaration.problem(path, "must be three or more points [x, y].")
        return ()
    return tuple((float(x), float(y)) for x, y in points)


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) for n in point)
    )


def refuse_unknown_member(
    declaration: Declaration, path: Keys, value: str, known: tuple[str, ...]
) -> None:
    """Notes a problem when `value` is outside a closed vocabulary."""
    if value not in known:
        remedy = nearest(value, known) or f" One of: {', '.join(known)}."
        declaration.problem(path, f"{value!r} is not in the vocabulary.{remedy}")
