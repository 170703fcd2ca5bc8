"""Questions in the words of the shell, as values."""

from datetime import date

from warehouse.model import Grain, MetricQuery, Period


def query_of(question: str, start: date, end: date) -> MetricQuery:
    """`METRIC [--by DIM…] [--grain GRAIN] [--where DIM=VALUE…]` over a period."""
    metric, *words = question.split()
    found: dict[str, list[str]] = {"--by": [], "--grain": [], "--where": []}
    option = ""
    for word in words:
        if word.startswith("--"):
            option = word
        else:
            found[option].append(word)
    where: dict[str, list[str]] = {}
    for condition in found["--where"]:
        name, _, value = condition.partition("=")
        where.setdefault(name, []).append(value)
    return MetricQuery(
        metrics=(metric,),
        period=Period(start=start, end=end),
        grain=Grain(found["--grain"][0]) if found["--grain"] else None,
        by=tuple(found["--by"]),
        where=tuple((name, tuple(values)) for name, values in where.items()),
    )
