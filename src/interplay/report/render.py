"""Renders a `Report` as one HTML page: style and script are inside it, figures lie beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from interplay.evidence.summary import NOTHING_JUDGED
from interplay.evidence.words import BASES, BY_BASIS, MEANINGS, WORDS, Basis, Word
from interplay.report import wording
from interplay.report.formats import count_of, format_duration, format_memory, format_number
from interplay.report.model import ClaimRow, ExhibitView, Group, Image, Report, RungRow
from interplay.report.tones import FULL, LABELS, QUESTIONS, ROWS, TONE_OF, TONES, basis_key

KINDS = {"fig": "Figure", "table": "Table", "q": "Question", "c": "Check"}
_NUMBER = re.compile(r"(fig|table|q|c)(\d+(?:\.\d+)?)[.]?([a-z].*)?")


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
        "anchor": anchor,
        "fragment": lambda text: quote(anchor(text), safe="/"),
        "query": lambda text: quote(text, safe=""),
        "number_of": number_of,
        "id_in": id_in,
        "published": _published,
        "data_read": _data_read,
        "shown_elsewhere": _shown_elsewhere,
        "thumbnail_height": _thumbnail_height,
    }
    figures = {view.exhibit.name: view for view in report.figures if isinstance(view.content, Image)}
    environment.globals |= {"count_of": count_of, "wording": wording, "questions": QUESTIONS}
    environment.globals |= {"words": WORDS, "meanings": MEANINGS, "words_basis": _bases_of_words()}
    environment.globals |= {"tones": TONES, "tone_of": TONE_OF, "labels": LABELS, "full": FULL, "rows": ROWS}
    environment.globals |= {"classes": (*BASES, NOTHING_JUDGED), "basis_key": basis_key}
    environment.globals |= {"figure_of": lambda claim, key: _first_figure(claim, key, figures)}
    template = environment.get_template("index.html.j2")
    return template.render(report=report, style=_inline("style.css"), script=_inline("script.js")) + "\n"


def anchor(name: str) -> str:
    """A record's name as an id: anything goes there but white space."""
    return re.sub(r"\s", "_", name)


def number_of(exhibit_id: str) -> str:
    """`Figure 7 (barriers)` for `metrics24/fig7.barriers`; the note has questions and checks."""
    found = _NUMBER.fullmatch(exhibit_id.partition("/")[2])
    if found is None:
        return exhibit_id
    kind, number, part = found.groups()
    return f"{KINDS[kind]} {number}" + (f" ({part})" if part else "")


def id_in(view: ExhibitView, document: str) -> str:
    """The exhibit's id in that document; its first id where that document does not number it."""
    own = (name for name in view.exhibit.ids if name.startswith(f"{document}/"))
    return next(own, view.exhibit.ids[0])


def _published(rungs: Sequence[RungRow]) -> str:
    """The published data, of the first level that knows them."""
    return next(filter(None, (wording.data_published(row.rung) for row in rungs)), "")


def _data_read(report: Report) -> list[str]:
    """Everything that some verdict read."""
    return sorted({name for claim in report.claims for name in wording.data_read(claim.verdict.rung)}, key=str.lower)


def _shown_elsewhere(group: Group, report: Report) -> list[ClaimRow]:
    """Claims that the group's exhibit shows and that neither stand beside it nor are linked there."""
    if group.view is None:
        return []
    here = {claim.verdict.id for claim in (*group.claims, *group.links)}
    name = group.view.exhibit.name
    shown = (claim for claim in report.claims if any(exhibit.name == name for exhibit in claim.exhibits))
    return [claim for claim in shown if claim.verdict.id not in here]


def _first_figure(claim: ClaimRow, document: str, figures: Mapping[str, ExhibitView]) -> ExhibitView | None:
    """The first figure of that document that shows the claim, else the first of any."""
    shown = [figures[exhibit.name] for exhibit in claim.exhibits if exhibit.name in figures]
    own = (view for view in shown if id_in(view, document).startswith(f"{document}/"))
    return next(own, shown[0] if shown else None)


def _thumbnail_height(image: Image, width: int) -> int:
    return round(width * image.size[1] / image.size[0]) if image.width else width


def _bases_of_words() -> dict[Word, Basis]:
    """For the words that are said on one class of evidence only."""
    return {word: basis for basis, words_on_it in BY_BASIS.items() for word in words_on_it.values()}


def _inline(name: str) -> Markup:
    """A file of this package, inserted as it is."""
    return Markup((files("interplay.report") / "templates" / name).read_text(encoding="utf-8"))
