"""Protocol of the numeric checks of theory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from interplay.protocols.experiments import Experiment, Given
from interplay.protocols.runs import Cost, Protocol, Run, Settings
from interplay.protocols.sourced import Seed, each_once


class TheoryProtocol(Protocol):
    """Every numbered statement of the documents is checked on `draws` random instances made from `seed`."""

    documents: Annotated[tuple[str, ...], AfterValidator(each_once)]
    seed: Seed
    draws: Annotated[int, Field(ge=10)]


class TheorySettings(Settings):
    """The document whose statements are checked."""

    document: str


TheoryRun = Run[TheoryProtocol, TheorySettings]


def unfold(protocol: TheoryProtocol, given: Given) -> Iterator[TheoryRun]:
    """One run per document."""
    for document in protocol.documents:
        settings = TheorySettings(document=document)
        yield Run(name=document, family="all", seed=protocol.seed, settings=settings, protocol=protocol)


def cost(run: TheoryRun, given: Given) -> Cost:
    """In units of one draw of all statements of a document."""
    return Cost(operations=float(run.protocol.draws))


EXPERIMENT = Experiment(protocol=TheoryProtocol, unfold=unfold, cost=cost)
