"""The sentences of a document's text, each with its place: section, paragraph, sentence, and the digest of its words.

The text is a transcription: paragraphs stand between empty lines, headings on a line of their own (`IV. THEORY`,
`5.1. Interplay`, `## 3 BACKGROUND`), formulas between dollars, tables in lines with tabs. Figures cut paragraphs in
two: a piece that does not end a sentence is joined with the next. Front matter, tables, algorithms' lines, code and
references are no sentences; captions are sections of their own, under the label that is printed (`Fig. 2`), and so are
footnotes (`1.1, note 1`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from interplay.protocols.places import Sentence

CAPTION = re.compile(r"\**(?P<label>(?:Fig\.|Figure|TABLE|Table) (?:[IVX]+|[\d.]*\d))\s*[.:]+\s*(?P<text>.*)", re.S)
ALGORITHM = re.compile(r"\**(?P<label>Algorithm \d+)(?:: | (?=An |\())(?P<text>.*)", re.S)
MARKDOWN = re.compile(r"#+\s+(?P<title>.+)")
NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d+)*|[A-Z](?:\.\d+)*)\.? +(?P<title>\S.*)")
PLAIN = re.compile(
    r"(?P<number>[IVX]+|\d{1,2}(?:\.\d+)*|[A-Z](?:\.\d+)*)(?:\. |(?<=\d) (?=[A-Z]{3,}))(?P<title>[A-Z\\].*)"
)
PROOF = re.compile(r"\**(?P<title>Proof of [A-Z][a-z]+ [A-Z\d.]*\d)\.\**\s+")
ABSTRACT = re.compile(r"Abstract—\s*")
SKIPPED = ("acknowledgements", "acknowledgment", "impact statement", "contents", "references", "bibliography")
BARE = ("abstract", "appendix", *SKIPPED)
LISTED = re.compile(r"(?:-|\d+\.) +(?=\S)")
STEP = re.compile(r"- \d+:? |Input:|Output:|Initialize:|\$\$\\triangleright")
FOOTNOTE = re.compile(r"(?P<mark>[¹²³⁴⁵⁶⁷⁸⁹])(?P<text>\S.*)", re.S)
IMPRINT = re.compile(r"\[†\]|\^|Proceedings of|.*\S@\S+\.\S", re.S)
RUN_IN = re.compile(r"[a-z]\) (?=[A-Z*])")
EQUATION_NUMBER = re.compile(r"\(\d+(?:\.\d+)?\)\.?")
MATH = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.S)
ENDED = re.compile(r"[.!?:][\"'”’)\]*]*$")
# Marks a short piece that does not end a sentence: a heading without number, unless what follows goes on from it.
HEADING = "\x01"
TOMBSTONE = re.compile(r"\s*(?:\$\\(?:square|Box)\$|\\square|\\Box|□)\s*$")
BOUNDARY = re.compile(r"(?<=[.!?])([\"'”’)\]*]*)\s+(?=\(?[\[“\"*]*[A-Z$\\\x00])")
ABBREVIATED = re.compile(r"(?:\b(?:Figs?|Eqn?s?|al|e\.g|i\.e|c\.f|cf|vs|resp|pp?|s\.t|No)|\b\w\.\w)\.$")
STATEMENT = r"(?:Definition|Theorem|Lemma|Corollary|Proposition) [A-Z\d.]+?\.?\**(?: \((?:[^()]|\([^()]*\))*\))?"
OPENING = re.compile(rf"\**(?:{STATEMENT}|Proof|Remark)\.\**|\*\*[^*]+\.\*\*|\*Proof\.\*")


class Located(NamedTuple):
    """A sentence and where it stands."""

    section: str
    paragraph: int
    sentence: int
    text: str

    @property
    def place(self) -> Sentence:
        """Its place, with the digest of its words."""
        return Sentence(
            section=self.section, paragraph=self.paragraph, sentence=self.sentence, digest=sentence_digest(self.text)
        )


def sentence_digest(text: str) -> str:
    """First 8 hexadecimal digits of SHA-256 of a sentence in one line, every run of white space one space."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:8]


@dataclass
class _Section:
    name: str
    pieces: list[str] = field(default_factory=list)

    @property
    def paragraphs(self) -> list[str]:
        """Its paragraphs; what turned out to be a heading without number is none."""
        return [piece for piece in self.pieces if not piece.startswith(HEADING)]


def split_document(text: str) -> list[Located]:
    """All sentences of a document, in order.

    Args:
        text: the whole text, as it stands in the file.
    """
    return [
        Located(section.name, number, count, sentence)
        for section in _sections(text)
        for number, paragraph in enumerate(section.paragraphs, 1)
        for count, sentence in enumerate(split_sentences(paragraph), 1)
    ]


def split_sentences(paragraph: str) -> list[str]:
    """The sentences of one paragraph; periods in formulas and abbreviations end none."""
    formulas: list[str] = []

    def hide(found: re.Match[str]) -> str:
        formulas.append(found[0])
        return f"\x00{len(formulas) - 1}\x00" + ("." if _ends_sentence(found[0]) else "")

    hidden = MATH.sub(hide, paragraph)
    sentences, start = [], 0
    for found in BOUNDARY.finditer(hidden):
        so_far = hidden[start : found.end(1)]
        if ABBREVIATED.search(hidden[start : found.start()]) or OPENING.fullmatch(so_far.strip()):
            continue
        sentences.append(so_far)
        start = found.end()
    sentences.append(hidden[start:])

    def show(found: re.Match[str]) -> str:
        formula = formulas[int(found[1])]
        # The period that stands in for one inside a displayed formula goes with the formula.
        return formula if _ends_sentence(formula) else formula + found[2]

    shown = (re.sub("\x00(\\d+)\x00(\\.?)", show, part) for part in sentences)
    return [" ".join(part.split()) for part in shown if part.strip()]


def _ends_sentence(formula: str) -> bool:
    return formula.startswith("$$") and formula.rstrip("$ ").endswith(".")


def _sections(text: str) -> Iterator[_Section]:
    """Sections in order, captions after what they interrupt."""
    current, captions, seen, top, pending = _Section(""), list[_Section](), set[str](), "", ""
    for block in _blocks(text):
        lines = [line for line in block if "\t" not in line.rstrip()]
        joined = "\n".join(lines).strip()
        if not joined or STEP.match(joined) or IMPRINT.match(joined):
            continue
        heading = _heading(joined, top, seen) if len(lines) == 1 else None
        if heading is not None:
            name, top = heading
            if name is not None and name != current.name:
                yield current
                yield from captions
                current, captions, pending = _Section(name), [], ""
            continue
        if current.name in ("", *SKIPPED):
            if (opened := ABSTRACT.match(joined)) is None:
                continue
            yield current
            current, lines = _Section("abstract"), [joined[opened.end() :]]
        if (found := CAPTION.match(joined) or ALGORITHM.match(joined)) is not None:
            label = found["label"]
            captions.append(_Section(label, [f"{pending} {found['text']}".strip()]))
            pending = ""
            continue
        if (note := FOOTNOTE.match(joined)) is not None:
            captions.append(_Section(f"{current.name}, note {unicodedata.digit(note['mark'])}", [note["text"]]))
            continue
        if re.match(r"\([a-d]\) ", joined):
            pending = f"{pending} {joined}".strip()
            continue
        if (proof := PROOF.match(joined)) is not None:
            yield current
            yield from captions
            current, captions = _Section(proof["title"]), []
        _add(current.pieces, lines if proof is None else [joined])
    yield current
    yield from captions


def _blocks(text: str) -> Iterator[list[str]]:
    """Runs of lines between empty ones, without what stands between fences of code or of front matter."""
    block: list[str] = []
    fence = ""
    for number, line in enumerate(text.splitlines()):
        mark = line.strip()
        if fence:
            fence, mark = ("" if mark == fence else fence), ""
        elif mark == "```" or (mark == "---" and number == 0):
            fence = mark
        elif mark and not mark.startswith("#"):
            block.append(line)
            continue
        if block:
            yield block
        block = []
        if mark.startswith("#"):
            yield [line]
    if block:
        yield block


def _heading(line: str, top: str, seen: set[str]) -> tuple[str | None, str] | None:
    """Name of the section that begins and the number above it; name None for a header that repeats on every page."""
    bare = line.replace("*", "").strip()
    if bare.lower() in BARE:
        return bare.lower(), bare.lower()
    markdown = MARKDOWN.fullmatch(bare)
    if markdown is not None:
        title = markdown["title"].strip().removesuffix(".")
        numbered = NUMBERED.fullmatch(title)
        if title.lower() in BARE:
            return title.lower(), top
        return (numbered["number"] if numbered else title), top
    found = PLAIN.fullmatch(bare)
    if found is None or len(bare) > 110 or bare[-1] in ".,:;?":
        return None
    number, title = found["number"], found["title"]
    if re.fullmatch("[IVX]+", number):
        if title.isupper():
            return number, number
        if len(number) > 1:
            return None
    if number.isalpha() and re.fullmatch("[IVX]+", top):
        return f"{top}-{number}", top
    if number in seen:
        return None, top
    seen.add(number)
    return number, number if "." not in number else top


def _add(paragraphs: list[str], lines: list[str]) -> None:
    """Put the lines of a block where they belong: after a piece that they go on with, or as paragraphs of their own."""
    parts: list[str] = []
    for line in (line.strip() for line in lines):
        if EQUATION_NUMBER.fullmatch(line):
            continue
        if parts and LISTED.match(line) is None:
            parts[-1] += f" {line}"
        else:
            parts.append(line)
    for part in parts:
        listed = LISTED.match(part)
        words = TOMBSTONE.sub("", part[listed.end() :] if listed else part)
        before = paragraphs[-1] if paragraphs else ""
        if listed is None and _goes_on(before, words):
            before = before.removeprefix(HEADING)
            split_word = re.search(r"[a-z]-$", before) and words[:1].islower()
            paragraphs[-1] = before[:-1] + words if split_word else f"{before} {words}".strip()
        elif words:
            paragraphs.append(HEADING + words if listed is None and _is_bare_heading(words) else words)


def _goes_on(before: str, words: str) -> bool:
    if not before or RUN_IN.match(words):
        return False
    if not words or words.startswith("$$") or words[0].islower() or words[0] in "=,)":
        return True
    return not before.endswith("$$") and not before.startswith(HEADING) and ENDED.search(before) is None


def _is_bare_heading(words: str) -> bool:
    return len(words.split()) <= 9 and "$" not in words and words[0].isupper() and ENDED.search(words) is None
