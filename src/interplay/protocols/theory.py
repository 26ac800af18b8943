"""Protocol of the numeric checks of theory."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeInt

from interplay.protocols.sourced import Strict


class TheoryProtocol(Strict):
    """Every numbered statement of the documents is checked on `draws` random instances made from `seed`."""

    documents: tuple[str, ...]
    seed: NonNegativeInt
    draws: Annotated[int, Field(ge=10)]
