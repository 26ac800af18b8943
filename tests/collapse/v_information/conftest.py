"""A tiny network, tiny images and draws by purpose."""

from __future__ import annotations

import hashlib

import pytest
import torch

from interplay.models import CnnShape, CompressionCNN


def draw(*purpose):
    digest = hashlib.sha256("/".join(map(str, purpose)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


@pytest.fixture(name="draw")
def _draw():
    return draw


@pytest.fixture
def make_network():
    """A small network of float64, with initial weights of its own seed."""

    def make(network="f_plus", classes=3, image=(1, 8, 8), channels=(4, 8, 12), seed=0):
        torch.manual_seed(seed)
        return CompressionCNN(CnnShape(network, image, classes, channels)).double()

    return make


@pytest.fixture
def images():
    """27 random images of three classes, nine each, class after class."""
    generator = torch.Generator().manual_seed(3)
    return torch.rand(27, 1, 8, 8, generator=generator).double(), torch.arange(3).repeat_interleave(9)
