"""Where every number comes from, drawn from the declarations: nothing here is kept by hand."""

from collections.abc import Iterator

from pages._figures import lineage
from pages._figures.lineage import Graph, Node
from pages._panels.problems import state_chip
from pages._ui.book import PAGES, Page
from pages._ui.cells import Entry, Pair
from pages._ui.panel import Chart, Drawing, Panel, Sheet
from pages._ui.text import _, named
from pages._ui.words import comma, span_words
from warehouse.datasets import DATASETS, PIPELINE_RUN
from warehouse.lineage import APPLICATION, TABLES, table_of
from warehouse.metrics import CATALOGUE, find
from warehouse.model import MetricQuery
from warehouse.rollups import FACT, PERSON_DAY, USAGE_DAY

_TABLE_WORDS = {
    USAGE_DAY: "日汇总",
    PERSON_DAY: "人日汇总",
    APPLICATION: "申请汇总",
    FACT: "明细",
}
_ETL = "etl"
"""Stands for what the ETL writes about its own runs."""

Reads = frozenset[tuple[str, str]]
"""(metric, table)."""


def picture(drawing: Drawing) -> Chart | None:
    """Source, dataset, table, metric, page; what follows from a source in trouble is marked."""
    graph = graph_of(drawing)
    marked = [node for node in graph.nodes if node.is_marked]
    return Chart(
        figure=lineage.draw(graph, drawing.style),
        finding=_finding(graph, marked),
        note=_("由数据源声明、指标目录和页面定义生成；指向或点击一项，突出其上下游"),
        behind=behind(drawing),
    )


def _finding(graph: Graph, marked: list[Node]) -> str:
    if not marked:
        return _("{n} 个数据源汇成 {k} 个指标，用于 {p} 个页面").format(
            n=len(graph.layer(0)), k=len(graph.layer(3)), p=len(graph.layer(4))
        )
    touched = {name for node in marked for name in graph.after(node.id)}
    metrics = [node for node in graph.layer(3) if node.id in touched]
    names = comma().join(node.label for node in marked[:2])
    more = _("等 {n} 项").format(n=len(marked)) if len(marked) > 2 else ""
    return _("{names}异常，影响 {n} 个指标").format(names=names + more, n=len(metrics))


def graph_of(drawing: Drawing) -> Graph:
    """The layers and joints for what this reader may open."""
    shown = dict(_pages(drawing))
    reads = _reads(drawing)
    metrics = [name for name in CATALOGUE if any(name == metric for metric, _table in reads)]
    stored = sorted({(find(m).dataset, t) for m, t in reads}, key=_stored_order)
    datasets = [name for name in DATASETS if any(name == dataset for dataset, _table in stored)]
    sources = [s for s in drawing.sources if s.dataset in datasets]
    ordered = sorted(sources, key=lambda s: datasets.index(s.dataset))
    own = {PIPELINE_RUN.name} & set(datasets)
    joints = [(f"s:{s.name}", f"d:{s.dataset}") for s in ordered]
    joints += [(f"s:{_ETL}", f"d:{name}") for name in own]
    joints += [(f"d:{dataset}", f"t:{dataset}.{table}") for dataset, table in stored]
    joints += [(f"t:{find(m).dataset}.{t}", f"m:{m}") for m, t in sorted(reads)]
    joints += [
        (f"m:{m}", f"p:{page.name}") for page, used in shown.items() for m in metrics if m in used
    ]
    nodes = [*_source_nodes(drawing, tuple(s.name for s in ordered), bool(own))]
    nodes += [Node(id=f"d:{d}", layer=1, label=named(DATASETS[d].label), tip=d) for d in datasets]
    nodes += [_table_node(dataset, table) for dataset, table in stored]
    nodes += [Node(id=f"m:{m}", layer=3, label=named(find(m).label), tip=m) for m in metrics]
    nodes += [
        Node(id=f"p:{p.name}", layer=4, label=_(p.label), tip=p.path)
        for p, used in shown.items()
        if used
    ]
    heads = (_("数据源"), _("数据集（按月分区）"), _("汇总表"), _("指标"), _("页面"))
    return Graph(heads=heads, nodes=tuple(nodes), joints=tuple(joints))


def _stored_order(pair: tuple[str, str]) -> tuple[int, int]:
    return list(DATASETS).index(pair[0]), TABLES.index(pair[1])


def _table_node(dataset: str, table: str) -> Node:
    word = _(_TABLE_WORDS[table])
    label = f"{named(DATASETS[dataset].label)} · {word}" if table == FACT else word
    return Node(id=f"t:{dataset}.{table}", layer=2, label=label, tip=f"{dataset}.{table}")


def _source_nodes(drawing: Drawing, names: tuple[str, ...], has_own: bool) -> Iterator[Node]:
    by_name = {source.name: source for source in drawing.sources}
    for name in names:
        source, now = by_name[name], drawing.now
        chip, lag = state_chip(source, now), source.lag_seconds(now)
        said = _("滞后 {span}").format(span=span_words(lag)) if lag is not None else ""
        yield Node(
            id=f"s:{name}",
            layer=0,
            label=named(source.label),
            tip=" · ".join(text for text in (name, chip.text, said) if text),
            is_marked=chip.tone in ("bad", "warn"),
        )
    if has_own:
        yield Node(id=f"s:{_ETL}", layer=0, label=_("ETL 自身的运行"), tip=_ETL)


def _pages(drawing: Drawing) -> Iterator[tuple[Page, frozenset[str]]]:
    """The pages this reader may open, each with the metrics it asks for."""
    for page in PAGES:
        if drawing.role in page.roles:
            found = [m for query in _queries(page, drawing) for m in query.metrics]
            yield page, frozenset(found)


def _queries(page: Page, drawing: Drawing) -> Iterator[MetricQuery]:
    for panel in page.panels:
        if panel.is_open_to(drawing.role):
            yield from panel.questions(drawing.filters)


def _reads(drawing: Drawing) -> Reads:
    """From which tables the pages read which metrics; one that is on no page by its plain table."""
    found = {
        (metric, table_of(find(metric), (*query.by, *(name for name, _members in query.where))))
        for page, _used in _pages(drawing)
        for query in _queries(page, drawing)
        for metric in query.metrics
    }
    known = {metric for metric, _table in found}
    return frozenset(found | {(m, table_of(find(m))) for m in CATALOGUE if m not in known})


def behind(drawing: Drawing) -> Sheet:
    """The same as a table: one row a metric."""
    shown, reads = dict(_pages(drawing)), _reads(drawing)
    rows = []
    for name, metric in CATALOGUE.items():
        tables = [_(_TABLE_WORDS[t]) for t in TABLES if (name, t) in reads]
        sources = [named(s.label) for s in drawing.sources if s.dataset == metric.dataset]
        used = [_(page.label) for page, asked in shown.items() if name in asked]
        row: tuple[Entry, ...] = (
            Pair(main=named(metric.label), below=name),
            comma().join(used) or "—",
            comma().join(tables),
            named(DATASETS[metric.dataset].label),
            Pair(main=comma().join(sources) or "ETL", below="", is_wrapped=True),
        )
        rows.append(row)
    return Sheet(
        head=(_("指标"), _("页面"), _("汇总表"), _("数据集"), _("数据源")), rows=tuple(rows)
    )


PANELS: tuple[Panel, ...] = (
    Panel(
        id="lineage",
        kind="chart",
        title="数据血缘",
        query=None,
        draw=picture,
        is_news=True,
        width=12,
        wide=True,
    ),
)
