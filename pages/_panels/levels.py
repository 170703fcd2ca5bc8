"""The five levels of 好差评 in their order, the bad ones marked."""

from dataclasses import replace

from pages._figures import distribution
from pages._figures.values import series
from pages._panels import findings
from pages._panels.charts import unit_note
from pages._ui.numbers import fixed
from pages._ui.panel import Chart, Drawing
from pages._ui.text import _
from warehouse.datasets import LEVELS
from warehouse.metrics import find

BAD = ("dissatisfied", "very_dissatisfied")


def levels(drawing: Drawing) -> Chart | None:
    one = series(drawing.result, find("quality.ratings"), drawing.style)
    by_code = {p.code: p for p in one.points}
    ordered = replace(one, points=tuple(by_code[c] for c in LEVELS if c in by_code))
    points = findings.known(ordered)
    if not points:
        return None
    return Chart(
        figure=distribution.draw(ordered, drawing.style, highlight=BAD),
        finding=_bad_share(ordered.points == points, [(p.code, p.value or 0) for p in points]),
        note=unit_note(ordered, drawing),
    )


def _bad_share(is_complete: bool, counts: list[tuple[str, float]]) -> str:
    """How many of a hundred ratings are bad; not where a level is hidden."""
    total = sum(count for _code, count in counts)
    if not is_complete or not total:
        return ""
    bad = sum(count for code, count in counts if code in BAD)
    return _("差评占 {share}%").format(share=fixed(100 * bad / total, 1))
