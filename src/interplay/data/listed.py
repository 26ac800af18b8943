"""Image files by their paths, which is all that is held of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Files(NamedTuple):
    """What the reader of a set of image files gives: images by index as (PIL image, label), all labels, class names."""

    source: Any
    labels: Sequence[int]
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class ListedFiles:
    """Images by index as (PIL image in RGB, label), decoded when they are asked for."""

    paths: Sequence[str]
    labels: Sequence[int]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        from torchvision.datasets.folder import default_loader

        return default_loader(self.paths[index]), self.labels[index]


def listed(paths: Sequence[Path | str], labels: Sequence[int], class_names: Sequence[str]) -> Files:
    """Files at `paths`, with their labels and the names of the classes."""
    own = [int(label) for label in labels]
    return Files(ListedFiles([str(path) for path in paths], own), own, tuple(class_names))
