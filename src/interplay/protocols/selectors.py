"""Globs on records, as claims name them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Selector = Annotated[str, Field(pattern=r"^[a-z_]+/[A-Za-z0-9_.*/-]+$", description="glob on <experiment>/<run>")]
Selectors = Annotated[tuple[Selector, ...], Field(min_length=1)]
