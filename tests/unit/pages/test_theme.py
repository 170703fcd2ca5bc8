"""Colours that can be read and told apart, also by the colour-blind; one source for the CSS."""

import math
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from pages._ui.theme import (
    GRAPH_CONFIG,
    THEMES,
    Theme,
    contrast,
    css,
    graph_config,
    readable_on,
    theme,
)

ROOT = Path(__file__).parents[3]
Triple = tuple[float, float, float]
NORMAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# Machado, Oliveira and Fernandes (2009), full severity, applied to linear RGB.
BLINDNESS = {
    "normal": NORMAL,
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
both_themes = pytest.mark.parametrize("colours", THEMES.values(), ids=THEMES)


def _linear(colour: str) -> Triple:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return r, g, b


def _times(matrix: tuple[Triple, ...], vector: Triple) -> Triple:
    x, y, z = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _lab(colour: str, blindness: tuple[Triple, ...]) -> Triple:
    seen = _times(blindness, _linear(colour))
    clipped = (min(1, max(0, seen[0])), min(1, max(0, seen[1])), min(1, max(0, seen[2])))
    to_xyz = (
        (0.4124564, 0.3575761, 0.1804375),
        (0.2126729, 0.7151522, 0.0721750),
        (0.0193339, 0.1191920, 0.9503041),
    )
    white = (0.95047, 1.0, 1.08883)
    x, y, z = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for t in (v / w for v, w in zip(_times(to_xyz, clipped), white, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _ciede2000(one: Triple, two: Triple) -> float:
    (l1, a1, b1), (l2, a2, b2) = one, two
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean**7 / (mean**7 + 25**7)))
    c1, c2 = math.hypot(a1 * (1 + g), b1), math.hypot(a2 * (1 + g), b2)
    h1 = math.degrees(math.atan2(b1, a1 * (1 + g))) % 360 if c1 else 0.0
    h2 = math.degrees(math.atan2(b2, a2 * (1 + g))) % 360 if c2 else 0.0
    gap = ((h2 - h1 + 180) % 360) - 180 if c1 and c2 else 0.0
    d_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(gap / 2))
    hue = (h1 + h2) if not (c1 and c2) else (h1 + gap / 2) % 360
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * math.cos(math.radians(hue - 30))
        + 0.24 * math.cos(math.radians(2 * hue))
        + 0.32 * math.cos(math.radians(3 * hue + 6))
        - 0.20 * math.cos(math.radians(4 * hue - 63))
    )
    s_l = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turn = 30 * math.exp(-(((hue - 275) / 25) ** 2))
    r_t = -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7)) * math.sin(math.radians(2 * turn))
    parts = ((l2 - l1) / s_l, (c2 - c1) / s_c, d_hue / s_h)
    return math.sqrt(sum(p * p for p in parts) + r_t * parts[1] * parts[2])


# Published check values of CIEDE2000 (Sharma, Wu and Dalal, 2005).
@pytest.mark.parametrize(
    ("one", "two", "distance"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_when_published_pairs_then_published_distances(
    one: Triple, two: Triple, distance: float
) -> None:
    assert _ciede2000(one, two) == pytest.approx(distance, abs=1e-4)


@both_themes
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_categorical_when_seen_colour_blind_then_still_apart(
    colours: Theme, blindness: str
) -> None:
    seen = [_lab(colour, BLINDNESS[blindness]) for colour in colours.categorical]
    assert min(_ciede2000(a, b) for a, b in combinations(seen, 2)) >= 17


def test_distance_when_two_reds_then_the_measure_notices() -> None:
    reds = [_lab(colour, BLINDNESS["deutan"]) for colour in ("#B3261E", "#A3261E")]
    assert _ciede2000(*reds) < 17


@both_themes
@pytest.mark.parametrize("ground", ["bg", "surface", "surface_2"])
@pytest.mark.parametrize("ink", ["text", "muted", "brand", "good", "warn", "bad"])
def test_text_when_on_any_ground_then_readable(colours: Theme, ground: str, ink: str) -> None:
    assert contrast(getattr(colours, ink), getattr(colours, ground)) >= 4.5


@both_themes
def test_readable_on_when_on_strong_colours_then_at_least_large_text_contrast(
    colours: Theme,
) -> None:
    for ground in (*colours.sequential, *colours.categorical):
        assert contrast(readable_on(ground), ground) >= 4.5


def test_contrast_when_black_on_white_then_twenty_one() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@both_themes
def test_sequential_when_read_from_little_to_much_then_lightness_moves_one_way(
    colours: Theme,
) -> None:
    light = [_lab(colour, NORMAL)[0] for colour in colours.sequential]
    rises = [b > a for a, b in pairwise(light)]
    assert all(rises) or not any(rises)


def test_stylesheet_when_read_then_it_holds_the_tokens_of_the_theme() -> None:
    assert (ROOT / "assets" / "tokens.css").read_text() == css()


def test_graph_config_when_any_language_then_nothing_can_be_sent_away() -> None:
    for language in ("zh", "en"):
        config = graph_config(language)
        assert config["showSendToCloud"] is False
        assert config["plotlyServerURL"] == ""
        assert config["displaylogo"] is False
    assert "locale" not in GRAPH_CONFIG


def test_theme_when_the_name_is_unknown_then_light() -> None:
    assert theme("dark").name == "dark"
    assert theme("anything").name == "light"
