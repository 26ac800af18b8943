"""What of the documents is covered: every numbered item, figure, table and sentence, with its claims or why none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from interplay.protocols.places import Document, ExhibitId
from interplay.protocols.sourced import Strict, read_yaml, validate

RANGE = re.compile(r"(?P<section>.+) (?P<paragraph>\d+)(?:\.(?P<sentence>\d+))?(?:-(?P<last>\d+))?")
ClaimPattern = Annotated[str, Field(pattern=r"^[a-z0-9_*?]+$", description="id of a claim, or a glob on ids")]


class Entry(Strict):
    """Something that a document says, with the claims that cover it or the reason why none does."""

    claims: tuple[ClaimPattern, ...] = ()
    ours: tuple[ClaimPattern, ...] = Field(default=(), description="questions of ours that it raises")
    because: str | None = Field(default=None, description="key of `reasons`: why no claim covers it")

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs on the ids of all claims that belong here."""
        return (*self.claims, *self.ours)

    @model_validator(mode="after")
    def _covered_or_explained(self) -> Self:
        if bool(self.claims) == (self.because is not None):
            raise ValueError("give the claims that cover it, or because: why none does; one of the two")
        return self


class Item(Entry):
    """A numbered item, figure or table, under the label that is printed.

    Of `exhibits` the first is the document's own, the others are ours beside it.
    """

    label: str
    exhibits: tuple[ExhibitId, ...] = ()
    not_made: str | None = Field(default=None, description="key of `reasons`: why the figure or table is not made")

    def __str__(self) -> str:
        return self.label


class Span(NamedTuple):
    """Sentences of a section, all counted from 1: `paragraph` to `last_paragraph`, or sentences of one of them."""

    section: str
    paragraph: int
    last_paragraph: int
    sentence: int | None
    last_sentence: int | None

    def covers(self, section: str, paragraph: int, sentence: int) -> bool:
        """Whether that sentence is one of them."""
        if section != self.section or not self.paragraph <= paragraph <= self.last_paragraph:
            return False
        return self.sentence is None or self.sentence <= sentence <= (self.last_sentence or self.sentence)


class Passage(Entry):
    """Sentences `at` a place: `V-A 2.1` is one, `V-A 2.1-3` are three, `V-A 2` and `V-A 2-4` whole paragraphs.

    A sentence that states a result has `states`, in our words, and the digest of `places.Sentence`.
    """

    at: str
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] | None = None
    states: str | None = None

    def __str__(self) -> str:
        return self.at

    @property
    def span(self) -> Span:
        """Which sentences they are."""
        found = RANGE.fullmatch(self.at)
        assert found is not None  # validated
        paragraph, last = int(found["paragraph"]), int(found["last"] or 0)
        if found["sentence"] is None:
            return Span(found["section"], paragraph, last or paragraph, None, None)
        sentence = int(found["sentence"])
        return Span(found["section"], paragraph, paragraph, sentence, last or sentence)

    @model_validator(mode="after")
    def _one_sentence_states(self) -> Self:
        if RANGE.fullmatch(self.at) is None:
            raise ValueError(f"at: {self.at!r}: write section paragraph.sentence, as V-A 2.1, V-A 2.1-3 or V-A 2-4")
        single = self.span.sentence is not None and self.span.sentence == self.span.last_sentence
        if (self.states is None) != (self.digest is None) or (self.states is not None and not single):
            raise ValueError(f"at: {self.at}: one sentence that states something has states and digest, others neither")
        if self.states is None and self.patterns:
            raise ValueError(f"at: {self.at}: say in states, in our words, what the claims are about")
        return self


class DocumentCoverage(Strict):
    """All of one document."""

    items: tuple[Item, ...]
    passages: tuple[Passage, ...] = ()

    @property
    def statements(self) -> tuple[Passage, ...]:
        """The sentences that state a result."""
        return tuple(passage for passage in self.passages if passage.states is not None)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Items and passages."""
        return (*self.items, *self.passages)


class CoverageFile(Strict):
    """The content of `config/coverage.yaml`."""

    reasons: dict[str, str]
    documents: dict[Document, DocumentCoverage]

    @model_validator(mode="after")
    def _reasons_exist(self) -> Self:
        for name, document in self.documents.items():
            given = [(f"because of {entry}", entry.because) for entry in document.entries]
            for where, reason in (*given, *((f"not_made of {item}", item.not_made) for item in document.items)):
                if reason is not None and reason not in self.reasons:
                    known = ", ".join(self.reasons)
                    raise ValueError(f"{name}: {where}: no reason {reason!r}; there are {known}")
        return self


def load_coverage(config: Path) -> CoverageFile:
    """Read `config/coverage.yaml`.

    Raises:
        InterplayError: it is missing or does not fit; one line.
    """
    path = config / "coverage.yaml"
    return validate(CoverageFile, read_yaml(path), path)


def matching(patterns: Iterable[str], claims: Sequence[str]) -> tuple[str, ...]:
    """Those ids of `claims` that one of the globs names, in their order."""
    wanted = tuple(patterns)
    return tuple(claim for claim in claims if any(fnmatchcase(claim, pattern) for pattern in wanted))
