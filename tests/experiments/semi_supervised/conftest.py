"""Fixtures for semi-supervised learning: the numbers that independent implementations gave (oracle/README.md)."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

FOLDER = Path(__file__).with_name("oracle")


@dataclass(frozen=True)
class Oracle:
    """One file of numbers: `inputs`, and the `outputs` that the reference gave for them.

    Lists of numbers are tensors, whole numbers in int64; single numbers, texts and null stay, also within lists.
    """

    provenance: dict[str, str]
    inputs: dict[str, Any]
    outputs: dict[str, Any]


def _tensors(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, dict):
        return {name: _tensors(entry, dtype) for name, entry in value.items()}
    if isinstance(value, list):
        try:
            tensor = torch.tensor(value, dtype=torch.float64)
        except (TypeError, ValueError):
            return [_tensors(entry, dtype) for entry in value]
        return tensor.to(dtype) if "." in (text := json.dumps(value)) or "e-" in text else tensor.long()
    return value


@pytest.fixture(scope="session")
def oracle() -> Callable[..., Oracle]:
    """Reads a file of numbers: `oracle("freematch")`, floats in float64 or `oracle("freematch", torch.float32)`."""

    def read(name: str, dtype: torch.dtype = torch.float64) -> Oracle:
        found = json.loads((FOLDER / f"{name}.json").read_text())
        return Oracle(found["provenance"], _tensors(found["inputs"], dtype), _tensors(found["outputs"], dtype))

    return read


@pytest.fixture(scope="session")
def closed_form() -> ModuleType:
    """Weights and images in closed form, as the reference had them."""
    spec = importlib.util.spec_from_file_location("closed_form", FOLDER / "closed_form.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
