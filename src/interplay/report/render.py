"""Renders a `Report` as one self-contained HTML page: style, script and figures are all inside it."""

from __future__ import annotations

import re
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from interplay.evidence.words import ANSWERS, MEANINGS, WORDS
from interplay.report.formats import count_of, format_duration, format_memory, format_number
from interplay.report.model import Report

# How the kinds of test in `interplay.protocols.claims` are called on the page.
TESTS = {
    "finding": "numeric check",
    "trend": "trend over training",
    "dip": "dip and rise",
    "peak": "peak or valley",
    "correlation": "correlation",
    "ordering": "ordering of groups",
    "value": "published value",
    "bound": "bound",
    "delay": "delay",
    "response": "response",
    "flat": "equivalence",
    "association": "association",
    "prediction": "prediction",
    "stopping": "early stopping",
    "contrast": "paired contrast",
    "agreement": "agreement of signs",
    "stays": "course within bounds",
    "no_fall": "course without a fall",
    "turn": "time of a turn",
    "sooner": "order in time",
    "interaction": "difference of differences",
    "published_ordering": "printed ordering",
    "published_rank": "printed rank",
    "published_margin": "printed margin",
}


def render_page(report: Report) -> str:
    """The page, as HTML."""
    environment = Environment(
        loader=PackageLoader("interplay.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "duration": format_duration,
        "memory": format_memory,
        "number": format_number,
        "slug": slug,
        "anchor": anchor,
        "fragment": lambda text: quote(anchor(text), safe="/"),
        "query": lambda text: quote(text, safe=""),
        "test_label": lambda kind: TESTS.get(kind, kind.replace("_", " ")),
    }
    environment.globals |= {"count_of": count_of, "rulings": WORDS, "answers": tuple(ANSWERS.values())}
    environment.globals |= {"meanings": MEANINGS}
    template = environment.get_template("index.html.j2")
    return template.render(report=report, style=_inline("style.css"), script=_inline("script.js")) + "\n"


def slug(text: str) -> str:
    """`wrong in the source` as `wrong-in-the-source`, for class names."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def anchor(name: str) -> str:
    """A record's name as an id: anything goes there but white space."""
    return re.sub(r"\s", "_", name)


def _inline(name: str) -> Markup:
    """A file of this package, inserted as it is."""
    return Markup((files("interplay.report") / "templates" / name).read_text(encoding="utf-8"))
