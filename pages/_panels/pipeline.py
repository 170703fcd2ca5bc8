"""The data pipeline: how the sources stand, what needs a person, what came in."""

from pages._panels.charts import amounts, ranked
from pages._panels.incidents import incidents_sheet
from pages._panels.sources import sources_sheet, sources_tile
from pages._panels.tiles import Extras, tile
from pages._ui.book import OPERATORS
from pages._ui.panel import Panel
from pages._ui.questions import ask

TILES = (
    sources_tile("pipeline.loaded"),
    tile("loaded", "入库行数", "pipeline.loaded", Extras(is_news=True)),
    tile("duplicate", "重复行数", "pipeline.duplicate"),
    tile("quarantined", "隔离行数", "pipeline.quarantined"),
)

CHARTS = (
    Panel(
        id="sources_table",
        kind="table",
        title="数据源状态",
        query=None,
        draw=sources_sheet,
        is_news=True,
        width=12,
    ),
    Panel(
        id="incidents",
        kind="table",
        title="问题记录",
        query=None,
        draw=incidents_sheet,
        width=12,
        roles=OPERATORS,
    ),
    Panel(
        id="quarantined_sources",
        kind="chart",
        title="各数据源隔离行数",
        query=lambda f: ask(f, "pipeline.quarantined", by=("source",), compare=True),
        draw=ranked("pipeline.quarantined", limit=10),
    ),
    Panel(
        id="loaded_time",
        kind="chart",
        title="入库行数走势",
        query=lambda f: ask(f, "pipeline.loaded", period=f.so_far, grain=f.unit),
        draw=amounts("pipeline.loaded"),
    ),
    Panel(
        id="loaded_sources",
        kind="chart",
        title="各数据源入库行数",
        query=lambda f: ask(f, "pipeline.loaded", by=("source",), compare=True),
        draw=ranked("pipeline.loaded", limit=10),
    ),
)

PANELS: tuple[Panel, ...] = (*TILES, *CHARTS)
