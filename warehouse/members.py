"""The members of a dimension: which occur where the viewer may look, and what they are called."""

from collections.abc import Iterable, Mapping

from warehouse.compile import Tables
from warehouse.compile.slice import dimension as expression
from warehouse.datasets import (
    CLOCK_DIMENSIONS,
    COMPUTED_DIMENSIONS,
    CONTRACTS,
    DATASETS,
    FIRST_SCENE,
    KNOWN_DIMENSIONS,
    NEXT_SCENE,
    NO_SCENE,
)
from warehouse.errors import Forbidden
from warehouse.manifest import Manifest
from warehouse.model import REST, UNKNOWN, Label, Viewer
from warehouse.policy import visible_where
from warehouse.rollups import DIMENSIONS as ROLLED
from warehouse.rollups import USAGE_DAY

_UNKNOWN = Label(zh="未知", en="Unknown")
_REST = Label(zh="其他", en="Others")
_NO_SCENE = Label(zh="尚未使用其他场景", en="No other scene yet")
_WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STATES = {
    "done": Label(zh="完成", en="Done"),
    "failed": Label(zh="失败", en="Failed"),
    "interrupted": Label(zh="中断", en="Interrupted"),
}


def collect(tables: Tables, dimension: str, viewer: Viewer) -> tuple[str, ...]:
    """The codes that occur in the rows the viewer may see, in no order."""
    if dimension in (FIRST_SCENE, NEXT_SCENE):
        return collect(tables, "scene", viewer)
    if dimension in COMPUTED_DIMENSIONS:
        return tuple(COMPUTED_DIMENSIONS[dimension].members or ())
    codes: set[str] = set()
    for dataset in DATASETS:
        if dimension in DATASETS[dataset].dimensions or _has_clock(dimension, dataset):
            codes |= _codes(tables, dataset, dimension, viewer)
    return tuple(codes)


def _has_clock(dimension: str, dataset: str) -> bool:
    return dimension in CLOCK_DIMENSIONS and dataset in CONTRACTS


def _codes(tables: Tables, dataset: str, dimension: str, viewer: Viewer) -> set[str]:
    try:
        where, bound = visible_where(viewer, dataset)
    except Forbidden:
        return set()
    is_rolled = dataset == "service_event" and dimension in ROLLED[USAGE_DAY]
    table = tables.table(dataset, USAGE_DAY if is_rolled else "fact", period=None)
    sql = f"SELECT DISTINCT {expression(dimension)} FROM {table} WHERE {where}"
    return {str(code) for (code,) in tables.select(sql, bound)}


def ordered(manifest: Manifest, dimension: str, codes: Iterable[str]) -> tuple[str, ...]:
    """In the display order: the vocabulary's, else as labels were declared; unknown last."""
    names = list(known(manifest, dimension))
    places = {code: place for place, code in enumerate(names)}
    return tuple(
        sorted(codes, key=lambda code: (code == UNKNOWN, places.get(code, len(places)), code))
    )


def known(manifest: Manifest, dimension: str) -> Mapping[str, Label]:
    """Every member that has a name, in display order."""
    closed = KNOWN_DIMENSIONS[dimension].members if dimension in KNOWN_DIMENSIONS else None
    if closed is not None:
        return closed
    match dimension:
        case "hour":
            return {str(h): Label(zh=f"{h} 时", en=f"{h:02}:00") for h in range(24)}
        case "weekday":
            return {str(i + 1): Label(zh=f"周{_WEEKDAYS[i]}", en=_DAYS[i]) for i in range(7)}
        case "first_scene" | "next_scene":  # named as in `datasets`
            return {**manifest.labels.get("scene", {}), NO_SCENE: _NO_SCENE}
        case "source":
            return {source.name: source.label for source in manifest.sources}
        case "district":
            own = {district.code: district.label for district in manifest.city.districts}
            return {**own, **manifest.labels.get(dimension, {})}
        case "dataset":
            return {name: dataset.label for name, dataset in CONTRACTS.items()}
        case "state":
            return _STATES
    return manifest.labels.get(dimension, {})


def label_of(manifest: Manifest, dimension: str, code: str) -> Label:
    """What a member is called; its own code where nobody named it."""
    if code == REST:
        return _REST
    named = known(manifest, dimension).get(code)
    if named is not None:
        return named
    return _UNKNOWN if code == UNKNOWN else Label(zh=code, en=code)
