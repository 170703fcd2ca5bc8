"""Why a number changed: the sentence made from its split, the ranked bars, the table of parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dash import html
from dash.development.base_component import Component

from pages._ui.ids import attributes
from pages._ui.numbers import MINUS, NONE, exact, fixed, format_change, format_value
from pages._ui.parts import table
from pages._ui.text import _, named
from pages._ui.words import comma, period_words, stop
from warehouse.contribution import HIDDEN, MIXED, OVERLAP, TOGETHER, Contribution, Part
from warehouse.datasets import CLOCK_DIMENSIONS, DIMENSIONS
from warehouse.metrics import Metric, find
from warehouse.model import Unit

MOST_ROWS = 100
_MOST_NAMED = 2
"""Members the sentence names for the change, and one against it."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A split and how it is to be read: language, and what members are called."""

    split: Contribution
    language: str
    label: Callable[[str, str], str]

    @property
    def metric(self) -> Metric:
        return find(self.split.metric)

    @property
    def is_share(self) -> bool:
        return self.metric.unit is Unit.SHARE

    def name(self, part: Part) -> str:
        count = self.split.hidden
        words = {
            HIDDEN: _("已隐藏（{n} 项合计）").format(n=count),
            OVERLAP: _("跨成员重复（同一人）"),
            MIXED: _("已隐藏（{n} 项）及跨成员重复").format(n=count),
        }
        return words.get(part.member) or self.label(self.split.dimension, part.member)

    def signed(self, change: Fraction) -> str:
        """A change in the metric's own unit with its sign; points for shares."""
        if self.is_share:
            return format_change(
                float(change), Unit.SHARE, self.metric.polarity, self.language
            ).signed
        size = str(format_value(abs(float(change)), self.metric.unit, self.language))
        return size if not change else f"{'+' if change > 0 else MINUS}{size}"

    def of_change(self, part: Part) -> str:
        """The part's share of the whole change; a dash where there is none."""
        whole = self.split.change
        return f"{fixed(float(100 * part.change / whole), 0)}%" if whole else NONE


def base_words(split: Contribution) -> str:
    """What the period stands against."""
    words = period_words(split.base_period)
    return _("{period}同期").format(period=words) if split.is_partial else words


# --- the sentence ---------------------------------------------------------------------------------


def sentence(reading: Reading) -> str:
    """By how much, mostly because of whom, and who went the other way."""
    split = reading.split
    if not split.change:
        return _("{metric}与{base}持平。").format(
            metric=named(reading.metric.label), base=base_words(split)
        ) + _against(reading, list(split.parts))
    up = split.change > 0
    with_it = [part for part in split.parts if part.change and (part.change > 0) == up]
    against = [part for part in split.parts if part.change and (part.change > 0) != up]
    text = _("{metric}较{base} {change}").format(
        metric=named(reading.metric.label), base=base_words(split), change=_overall(reading)
    )
    return text + _mostly(reading, with_it) + _against(reading, against) + _kinds(reading)


def _overall(reading: Reading) -> str:
    split = reading.split
    if reading.is_share:
        return reading.signed(split.change)
    if not split.base:
        return reading.signed(split.change)
    relative = format_change(
        float(split.change / split.base),
        reading.metric.unit,
        reading.metric.polarity,
        reading.language,
    ).signed
    return _("{relative}（{change}）").format(
        relative=relative, change=reading.signed(split.change)
    )


def _mostly(reading: Reading, parts: list[Part]) -> str:
    word = _("占增量") if reading.split.change > 0 else _("占降幅")
    told = [
        _("{name}（{change}，{word} {share}）").format(
            name=reading.name(part),
            change=reading.signed(part.change),
            word=word,
            share=reading.of_change(part),
        )
        for part in parts[:_MOST_NAMED]
    ]
    return _("，主要来自{names}").format(names=comma().join(told)) if told else ""


def _against(reading: Reading, parts: list[Part]) -> str:
    if not parts or not parts[0].change:
        return stop() if reading.split.change else ""
    first = parts[0]
    words = _("；{name}上升 {change}。") if first.change > 0 else _("；{name}下降 {change}。")
    size = reading.signed(first.change).lstrip(f"+{MINUS}")
    return words.format(name=reading.name(first), change=size)


def _kinds(reading: Reading) -> str:
    """For shares: how much is the members' own change, and how much the mix."""
    if not reading.is_share:
        return ""
    mix = sum((part.mix or Fraction(0) for part in reading.split.parts), Fraction(0))
    rate = reading.split.change - mix
    return _("其中各成员自身变化 {rate}，结构变化 {mix}。").format(
        rate=reading.signed(rate), mix=reading.signed(mix)
    )


# --- bars and table -------------------------------------------------------------------------------


def shown(reading: Reading) -> list[Component]:
    """The sentence, the key of the bars, and the parts, the largest effect first."""
    split = reading.split
    rows = [_row(reading, part, _span(split)) for part in split.parts[:MOST_ROWS]]
    left = len(split.parts) - MOST_ROWS
    more = [html.P(_("另有 {n} 项，变化都更小。").format(n=left), className="muted")]
    said = sentence(reading)
    return [
        html.P(said, className="why-sentence"),
        *([_key()] if reading.is_share else []),
        html.Div(
            table(
                [
                    html.Caption(said, className="visually-hidden"),
                    html.Thead(html.Tr(_head(reading))),
                    html.Tbody([*rows, _total(reading)]),
                ]
            ),
            className="why-table",
            tabIndex=0,
        ),
        *(more if left > 0 else []),
    ]


def refused(reason: str) -> list[Component]:
    """Instead of a split: why there is none."""
    return [
        html.Div(
            [html.Strong(_("不能拆分")), html.P(reason)], className="blank blank-forbidden why-none"
        )
    ]


def _key() -> Component:
    return html.P(
        [
            html.Span([html.I(className="key part-rate"), _("自身变化")]),
            html.Span([html.I(className="key part-mix"), _("结构变化：占比升降带来的影响")]),
        ],
        className="why-key",
    )


def _head(reading: Reading) -> Sequence[Component]:
    dims = {**DIMENSIONS, **CLOCK_DIMENSIONS}
    own = [_("合计影响"), _("自身变化"), _("结构变化"), _("对比期"), _("本期"), _("占比变化")]
    own[:3] = [_("{name}（百分点）").format(name=name) for name in own[:3]]
    plain = [_("变化"), _("占总变化"), _("对比期"), _("本期")]
    texts = [named(dims[reading.split.dimension].label), _("影响")]
    numbers = own if reading.is_share else plain
    return [html.Th(t, scope="col") for t in texts] + [
        html.Th(t, scope="col", className="num") for t in numbers
    ]


def _row(reading: Reading, part: Part, span: tuple[Fraction, Fraction]) -> Component:
    mark = "is-together" if part.member in TOGETHER else None
    cells = [html.Th(reading.name(part), scope="row"), html.Td(_bar(reading, part, span))]
    return html.Tr([*cells, *(html.Td(t, className="num") for t in _texts(reading, part))],
                   className=mark)  # fmt: skip


def _texts(reading: Reading, part: Part) -> list[str]:
    values = [_exact(part.base, reading), _exact(part.now, reading)]
    if part.member in (OVERLAP, MIXED):
        values = ["", ""]  # what is left of a difference, not a number of people
    if not reading.is_share:
        return [reading.signed(part.change), reading.of_change(part), *values]
    effects = [_points(effect or Fraction(0)) for effect in (part.change, part.rate, part.mix)]
    now, base = part.weight or (Fraction(0), Fraction(0))
    weights = f"{fixed(float(100 * base), 1)}% → {fixed(float(100 * now), 1)}%"
    return [*effects, *values, weights]


def _points(effect: Fraction) -> str:
    """Percentage points with their sign; small effects are many, so with two decimals."""
    text = fixed(float(100 * effect), 2)
    return f"+{text}" if effect > 0 else text


def _total(reading: Reading) -> Component:
    split = reading.split
    mix = sum((part.mix or Fraction(0) for part in split.parts), Fraction(0))
    whole = Part(member="", now=split.now, base=split.base, change=split.change,
                 mix=mix, rate=split.change - mix)  # fmt: skip
    texts = _texts(reading, whole)
    if reading.is_share:
        texts[-1] = "100%"
    cells = [html.Th(_("合计"), scope="row"), html.Td("")]
    return html.Tr([*cells, *(html.Td(t, className="num") for t in texts)], className="is-total")


def _exact(value: Fraction | None, reading: Reading) -> str:
    return exact(None if value is None else float(value), reading.metric.unit, reading.language)


def _span(split: Contribution) -> tuple[Fraction, Fraction]:
    """The lowest and the highest end of any bar; zero is between them."""
    ends = [end for part in split.parts for piece in _pieces(part) for end in piece[1:]]
    return min([Fraction(0), *ends]), max([Fraction(0), *ends])


def _pieces(part: Part) -> list[tuple[str, Fraction, Fraction]]:
    """(what, from, to); effects of one sign stand end to end, others on their own side."""
    if part.rate is None or part.mix is None:
        return [("up" if part.change > 0 else "down", Fraction(0), part.change)]
    start = part.rate if (part.rate > 0) == (part.mix > 0) else Fraction(0)
    return [("rate", Fraction(0), part.rate), ("mix", start, start + part.mix)]


def _bar(reading: Reading, part: Part, span: tuple[Fraction, Fraction]) -> Component:
    low, high = span
    width = high - low or Fraction(1)
    pieces = [
        html.I(
            className=f"part-{_kind(reading, kind)}",
            style={
                "left": f"{_percent((min(a, b) - low) / width)}%",
                "width": f"{_percent(abs(b - a) / width)}%",
            },
        )
        for kind, a, b in _pieces(part)
        if a != b
    ]
    zero = html.I(className="zero", style={"left": f"{_percent(-low / width)}%"})
    return html.Span([*pieces, zero], className="effect", **attributes(aria_hidden="true"))


def _kind(reading: Reading, kind: str) -> str:
    """Up and down are good or bad as the metric says; mix and rate have colours of their own."""
    if kind in ("rate", "mix"):
        return kind
    change = 1.0 if kind == "up" else -1.0
    return format_change(change, Unit.PEOPLE, reading.metric.polarity, reading.language).tone


def _percent(share: Fraction) -> float:
    return round(float(100 * share), 2)
