"""Protocol of the numeric checks of theory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, NonNegativeInt

from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Run
from interplay.protocols.sourced import Strict


class TheoryProtocol(Strict):
    """Every numbered statement of the documents is checked on `draws` random instances made from `seed`."""

    documents: tuple[str, ...]
    seed: NonNegativeInt
    draws: Annotated[int, Field(ge=10)]


def unfold_theory(protocol: TheoryProtocol, mapping: DataMapping) -> Iterator[Run]:
    """One run per document."""
    for document in protocol.documents:
        yield Run(name=document, family="all", seed=protocol.seed, settings={"document": document})
