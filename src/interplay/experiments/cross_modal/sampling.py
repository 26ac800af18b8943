"""Which training images are the shots: the same every time, equally many of each class, nested over their number."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from interplay.data.labelled import labelled_indices
from interplay.errors import InterplayError


def draw_shots(dataset: str, labels: Tensor, shots: int, seed: int, class_names: Sequence[str]) -> Tensor:
    """Indices of `shots` images of each class, drawn as labelled images are (`interplay.data.labelled`).

    For each class and seed there is one order of its images, whose first k are its k shots: those of 4 shots are among
    those of 16, and the draw of a class depends on no other class.

    Args:
        dataset: name in the catalogue of the data set that is read.
        labels: int64 `[N]`, 0 to C - 1, of all its training images.
        class_names: of the C classes.

    Returns:
        int64 `[C * shots]`, ascending, on the CPU.

    Raises:
        InterplayError: a class has fewer images.
    """
    classes = len(class_names)
    counts = labels.cpu().bincount(minlength=classes)
    least = int(counts.min())
    if not 1 <= shots <= least:
        scarce = class_names[int(counts.argmin())]
        raise InterplayError(
            f"shots: {dataset} has {least} training images of {scarce!r} where {shots} are asked for; "
            f"ask for 1 to {least}"
        )
    return labelled_indices(dataset, labels, shots * classes, classes, seed)
