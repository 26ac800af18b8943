"""Where a document says something, down to the sentence, and which of its figures or tables shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from interplay.protocols.sourced import Strict

Document = Literal["metrics24", "interplay24", "matrixssl23", "compression25", "note"]
ExhibitId = Annotated[str, Field(pattern=r"^[a-z0-9]+/(fig|table|q|c)[0-9.a-z]+$")]


class Sentence(Strict):
    """A sentence of a document. Its words are not copied: `digest` tells whether the text at hand still has it there.

    `section` is the number or letter of the section as printed (`VI-A`, `5.1`, `abstract`), its title where it has no
    number, or the label of a caption (`Fig. 7`); paragraphs and sentences count from 1, in the section and in the
    paragraph, as `interplay locate` prints them.
    """

    section: str
    paragraph: PositiveInt
    sentence: PositiveInt
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$", description="of SHA-256 of the sentence, in one line")]


class Place(Strict):
    """A place at which a document says what a claim puts in our words; `where` is for readers."""

    document: Document
    where: str
    sentence: Sentence | None = None
    exhibits: tuple[ExhibitId, ...] = Field(default=(), description="figures and tables that show it")

    def __str__(self) -> str:
        return f"{self.document}, {self.where}"
