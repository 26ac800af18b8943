"""The claims of a document in the order of its sections, each beside the figure or table that shows it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from interplay.protocols.places import Place
from interplay.report.model import ClaimRow, ExhibitView, Group, Section
from interplay.report.tones import tally

ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
UNCLAIMED = "Shown without a claim"
UNNUMBERED = "Theorems and algorithms"
_NUMBERED = re.compile(r"(?P<kind>[A-Z][a-z]+ )?(?P<number>[IVX]+|\d+|[A-H])(?P<rest>([.-][0-9A-Z]+)*)")

SortKey = tuple[int, int, str]


def section_of(place: Place) -> str:
    """`VI-B`, `5.1`, `D`, `abstract`: as printed where the sentence is known, else as far as the place tells.

    `Theorem IV.2` stands somewhere in section IV; `Theorem 1`, numbered through, may stand anywhere.
    """
    if place.sentence is not None:
        return place.sentence.section
    head = re.split(r",| and ", place.where)[0].strip()
    found = _NUMBERED.fullmatch(head)
    if found is None:
        return head
    if found["kind"] is None:
        return head
    return found["number"] if found["rest"] else UNNUMBERED


def section_title(section: str) -> str:
    """`Section 5.1`, `Appendix D.2`; names that are not numbers start with a capital letter."""
    found = _NUMBERED.fullmatch(section)
    if found is None or found["kind"] is not None:
        return section[:1].upper() + section[1:]
    return f"{'Appendix' if _letter(found['number']) else 'Section'} {section}"


def section_rank(section: str) -> SortKey:
    """Abstract, numbered sections, appendices, then what has no number, among which the order of the claims decides."""
    if section.lower().startswith("abstract"):
        return -1, 0, ""
    found = _NUMBERED.fullmatch(section)
    if found is None or found["kind"] is not None:
        return (3 if section == UNCLAIMED else 2), 0, ""
    number = found["number"]
    if _letter(number):
        return 1, ord(number), found["rest"]
    return 0, ROMAN.index(number) + 1 if number in ROMAN else int(number), found["rest"]


def _letter(number: str) -> bool:
    return not number.isdigit() and number not in ROMAN


def outline(
    documents: Iterable[str], claims: Sequence[ClaimRow], exhibits: Sequence[ExhibitView]
) -> dict[str, tuple[Section, ...]]:
    """The sections of each document. A claim stands once, at the first place that says it, and is linked from others.

    An exhibit stands once too: in the section of its own document with most of the claims that it shows, and without
    any, at the end of the document that numbers it first.
    """
    by_id = {name: view for view in exhibits for name in view.exhibit.ids}
    spots: dict[str, dict[str, list[tuple[ClaimRow, ExhibitView | None, bool]]]] = {key: {} for key in documents}
    for claim in claims:
        seen: set[tuple[str, str]] = set()
        for number, place in enumerate(claim.verdict.said_in):
            section = section_of(place)
            if (place.document, section) in seen:
                continue
            seen.add((place.document, section))
            view = next((by_id[name] for name in place.exhibits if name in by_id), None)
            spots.setdefault(place.document, {}).setdefault(section, []).append((claim, view, number == 0))
    homes = {view.exhibit.name: _home(view, spots) for view in exhibits}
    found = {}
    for key, sections in spots.items():
        for view in exhibits:
            document, section = homes[view.exhibit.name]
            if document == key:
                sections.setdefault(section, [])
        found[key] = tuple(
            _section(key, section, sections[section], exhibits, homes) for section in sorted(sections, key=section_rank)
        )
    return found


def _home(
    view: ExhibitView, spots: Mapping[str, Mapping[str, Sequence[tuple[ClaimRow, ExhibitView | None, bool]]]]
) -> tuple[str, str]:
    own = dict.fromkeys(name.partition("/")[0] for name in view.exhibit.ids)
    for document in own:
        votes = Counter(
            section
            for section, members in spots.get(document, {}).items()
            for _, shown, _ in members
            if shown is not None and shown.exhibit.name == view.exhibit.name
        )
        if votes:
            return document, votes.most_common(1)[0][0]
    return next(iter(own)), UNCLAIMED


def _section(
    document: str,
    section: str,
    members: Sequence[tuple[ClaimRow, ExhibitView | None, bool]],
    exhibits: Sequence[ExhibitView],
    homes: Mapping[str, tuple[str, str]],
) -> Section:
    groups = []
    for view in (*exhibits, None):
        name = view.exhibit.name if view else ""
        own = [(claim, stands) for claim, shown, stands in members if (shown.exhibit.name if shown else "") == name]
        here = view is not None and homes[name] == (document, section)
        if own or here:
            groups.append(
                Group(
                    view=view,
                    here=here,
                    claims=tuple(claim for claim, stands in own if stands),
                    links=tuple(claim for claim, stands in own if not stands),
                )
            )
    title = section_title(section)
    counts = tally([claim.verdict for claim, _, _ in members])
    slug = re.sub(r"[^a-z0-9]+", "-", f"{document} {section}".lower()).strip("-")
    return Section(slug=slug, title=title, counts=sum(counts.values(), Counter()), groups=tuple(groups))
