"""Drawings: pure functions from series to a plotly figure as a plain dict.

Every file draws one thing. A drawing takes `values.Series` (made from a `Result` by
`values.series` or `values.series_by`) and a `values.Style`; it never asks for anything.

    bars_with_target.draw(series, style, *, targets=(), target_label="", highlight=1)
    ranking.draw(series, style, *, highlight=3, limit=8)
    lines.draw(all_series, style, *, target=None, target_label="", from_zero=True)
    stacked.draw(above, below, style)                  growth accounting; `below` hangs under zero
    shares.draw(all_series, style)                     100 % bars over time
    funnel.draw(series, style)                         points are the steps, in order
    heatmap.draw(result, metric, style)                `by=("weekday", "hour")`
    matrix.draw(grid, style, *, most=None)             rows by columns in one hue, with values
    crossing.draw(rows, style)                         rows by columns in one hue
    district_map.draw(series, city, style)             points carry the district's code
    distribution.draw(series, style, *, highlight=(), line_after="")  bars over ordered classes
    lineage.draw(graph, style)                         boxes in layers, joined by curves

Traces are of the cartesian bundle only. An empty series gives a figure without traces that
says so in the middle.
"""
