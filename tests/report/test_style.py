"""Colours of the page: readable (WCAG 2 AA) and told apart by the colour-blind, by day and by night."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import interplay.report
from interplay.report.tones import TONES

STYLE = (Path(interplay.report.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def scheme(dark: bool) -> dict[str, str]:
    """The colours of `:root`, with those of the dark scheme laid over them if asked for."""
    light, night = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light + night * dark))


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[index : index + 2], 16) for index in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (first, second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* under D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable(dark):
    colours = scheme(dark)
    pairs = [(text, ground) for text in ("ink", "muted", "link", "warn") for ground in ("paper", "surface", "sunken")]
    pairs += [(name, ground) for name in TONES for ground in (f"{name}-soft", "paper", "surface")]
    ratios = {pair: contrast(*(colours[name] for name in pair)) for pair in pairs}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_tones_stay_apart_for_the_colour_blind(dark, blindness):
    colours, seen = scheme(dark), np.array(BLINDNESS[blindness])
    points = {name: lab(seen @ linear(colours[f"{name}-solid"])) for name in TONES}
    distances = {pair: float(np.linalg.norm(points[pair[0]] - points[pair[1]])) for pair in combinations(TONES, 2)}
    assert min(distances.values()) > 10, distances


def test_every_tone_has_its_own_icon():
    shapes = (Path(interplay.report.__file__).parent / "templates" / "macros.html.j2").read_text(encoding="utf-8")
    drawn = dict(re.findall(r'<symbol id="icon-([a-z-]+)"[^>]*>(.*?)</symbol>', shapes))
    assert set(drawn) == set(TONES)
    assert len(set(drawn.values())) == len(TONES)
