"""Design tokens: the one place that knows colours, faces and the options of every graph.

`assets/tokens.css` holds the same values as CSS variables (see `css`); a test keeps them equal.
"""

from dataclasses import dataclass, fields
from typing import Any

DIGITS = "Barlow"
CHINESE = (
    "Noto Sans SC",
    "Source Han Sans SC",
    "HarmonyOS Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
)
FONT = ", ".join(f'"{name}"' for name in (DIGITS, *CHINESE)) + ", sans-serif"


@dataclass(frozen=True, kw_only=True)
class Theme:
    """One set of colours. Every text on `surface` or `bg` has a contrast of at least 4.5 : 1."""

    name: str
    bg: str
    surface: str
    surface_2: str
    line: str
    text: str
    muted: str
    brand: str
    header: str
    accent: str
    good: str
    warn: str
    bad: str
    quiet: str
    """Bars that are not the point."""
    target: str
    track: str
    """The empty part behind a bar."""
    hatch: str
    """Cells that are hidden or missing."""
    on_brand: str
    """Text on a strongly coloured ground."""
    categorical: tuple[str, ...]
    sequential: tuple[str, ...]
    """From little to much."""

    def tone(self, name: str) -> str:
        """The colour of `good`, `bad`, `warn`; everything else is quiet text."""
        return {"good": self.good, "bad": self.bad, "warn": self.warn}.get(name, self.muted)

    def step(self, share: float) -> str:
        """The sequential colour for `share` in 0..1."""
        last = len(self.sequential) - 1
        return self.sequential[min(last, max(0, round(share * last)))]


LIGHT = Theme(
    name="light",
    bg="#F3F5F8",
    surface="#FFFFFF",
    surface_2="#F8FAFC",
    line="#DDE3EB",
    text="#16202E",
    muted="#55637A",
    brand="#0F3D78",
    header="#0F2F5F",
    accent="#F0C558",
    good="#0B6B57",
    warn="#9A5700",
    bad="#B3261E",
    quiet="#B9C7DA",
    target="#B3261E",
    track="#E9EEF4",
    hatch="#8993A6",
    on_brand="#FFFFFF",
    categorical=("#1B5AA6", "#D5781C", "#2CA77E", "#80144F", "#514700", "#8993A6"),
    sequential=("#EAF1FA", "#C6DAF0", "#94BBE2", "#5C95CE", "#2F6FB4", "#144A8C", "#0B2F60"),
)
DARK = Theme(
    name="dark",
    bg="#081221",
    surface="#0F1B2E",
    surface_2="#13223A",
    line="#243752",
    text="#E8EEF7",
    muted="#9FB0C8",
    brand="#5B9BF0",
    header="#0F2F5F",
    accent="#F0C558",
    good="#4BD3B0",
    warn="#FFB84D",
    bad="#FF8A80",
    quiet="#33496B",
    target="#F0C558",
    track="#182842",
    hatch="#5C6F8C",
    on_brand="#081221",
    categorical=("#5B9BF0", "#DA5F25", "#83F8CA", "#A57795", "#F0C558", "#D7E3F9"),
    sequential=("#14243D", "#1B3A66", "#24528F", "#3570B8", "#5B9BF0", "#94BFF7", "#D0E3FF"),
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def theme(name: str) -> Theme:
    """The theme of this name; anything but `dark` is light."""
    return THEMES.get(name, LIGHT)


GRAPH_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "displayModeBar": False,
    "doubleClick": False,
    "plotlyServerURL": "",
    "responsive": True,
    "scrollZoom": False,
    "showSendToCloud": False,
    "showTips": False,
}
"""For every `dcc.Graph`: plotly.js would otherwise offer to upload the figure's values."""


def graph_config(language: str) -> dict[str, Any]:
    """`GRAPH_CONFIG` in the reader's language."""
    return {**GRAPH_CONFIG, "locale": "en" if language.startswith("en") else "zh-CN"}


def css() -> str:
    """The text of `assets/tokens.css`."""
    light = _block(":root", LIGHT)
    dark = _block('[data-theme="dark"], [data-bs-theme="dark"]', DARK)
    return f"/* Written from pages/_ui/theme.py. */\n{light}\n{dark}"


def _block(selector: str, values: Theme) -> str:
    lines = [f"  --font: {FONT};"] if values is LIGHT else []
    for field in fields(values):
        value = getattr(values, field.name)
        name = field.name.replace("_", "-")
        if isinstance(value, tuple):
            lines += [f"  --{name}-{i}: {colour};" for i, colour in enumerate(value, 1)]
        elif field.name != "name":
            lines.append(f"  --{name}: {value};")
    return f"{selector} {{\n" + "\n".join(lines) + "\n}\n"


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two `#RRGGBB` colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def readable_on(ground: str) -> str:
    """White or near-black, whichever reads better on `ground`."""
    return max("#FFFFFF", "#081221", key=lambda ink: contrast(ink, ground))
