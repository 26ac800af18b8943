"""Findings of all documents, measured once on few draws."""

from __future__ import annotations

import pytest

from interplay.experiments.theory import CHECKS
from interplay.experiments.theory.registry import run_check
from interplay.records import Finding


@pytest.fixture(scope="session")
def findings() -> dict[str, Finding]:
    """Every finding at twenty draws."""
    return {name: run_check(name, 5, 20) for name in CHECKS}
