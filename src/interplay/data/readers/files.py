"""Sets of image files in the layouts that `torchvision.datasets` knows; nothing is decoded here.

Each takes the folder into which the set's archives were unpacked, and never downloads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interplay.data.unpacked import Files

_TRAINVAL = {"train": "trainval", "test": "test"}


def read_oxford_iiit_pet(folder: Path, split: str) -> Files:
    """Oxford-IIIT Pet: its two archives unpacked into `oxford-iiit-pet`; `train` is `trainval`."""
    from torchvision.datasets import OxfordIIITPet

    return _files(OxfordIIITPet(folder, split=_TRAINVAL[split], download=False))


def read_food101(folder: Path, split: str) -> Files:
    """Food-101."""
    from torchvision.datasets import Food101

    return _files(Food101(folder, split=split, download=False))


def read_dtd(folder: Path, split: str) -> Files:
    """Describable Textures, its first partition: `train`, `val`, `test`; the archive unpacked into `dtd`."""
    from torchvision.datasets import DTD

    return _files(DTD(folder, split=split, download=False))


def read_fgvc_aircraft(folder: Path, split: str) -> Files:
    """FGVC-Aircraft by variant: `train`, `val`, `test`."""
    from torchvision.datasets import FGVCAircraft

    return _files(FGVCAircraft(folder, split=split, download=False))


def _files(source: Any) -> Files:
    return Files(source, source._labels, tuple(source.classes))
