"""Which training images are the shots: deterministic, equally many of each class, nested over their number."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.training import generator


def draw_shots(labels: Tensor, shots: int, seed: int, class_names: Sequence[str], name: str = "images") -> Tensor:
    """Indices of `shots` images of each class, class by class.

    For each class and seed there is one order of its images, whose first k are its k shots: those of 4 shots are among
    those of 16, and the draw of a class depends on no other class.

    Args:
        labels: int64 `[N]`, 0 to C - 1, of all training images.
        class_names: of the C classes.
        name: of the images, for messages.

    Returns:
        int64 `[C * shots]` on the CPU.

    Raises:
        InterplayError: a class has fewer images.
    """
    counts = labels.cpu().bincount(minlength=len(class_names))
    least = int(counts.min())
    if not 1 <= shots <= least:
        scarce = class_names[int(counts.argmin())]
        raise InterplayError(
            f"shots: {name} has {least} images of {scarce!r} where {shots} are asked for; ask for 1 to {least}"
        )
    by_class = labels.cpu().argsort(stable=True).split(counts.tolist())
    chosen = []
    for label, members in enumerate(by_class):
        order = torch.randperm(len(members), generator=generator(seed, "shots", label))
        chosen.append(members[order[:shots]])
    return torch.cat(chosen)
