"""Which way to take over a data set, and how much memory it will need."""

from __future__ import annotations

from interplay.information.moments import waiting_rows
from interplay.information.quadrature import WORKING_MEMORY

EXACT_LIMIT = 4096  # rows of the largest matrix that is diagonalised

# Moments of more entries than this are avoided where samples are few: 1 GB of float64.
_LARGE_MOMENTS = 2**27


def few_samples(num_samples: int, num_features: int, num_classes: int) -> bool:
    """Whether N x N matrices are the smaller way: few samples, and moments beyond a gigabyte."""
    return num_samples <= EXACT_LIMIT and num_classes * num_features**2 > _LARGE_MOMENTS


def few_samples_memory(num_samples: int, num_features: int) -> float:
    """Bytes that `FewSamplesInformation` takes at its peak: the rows and their copy, and N x N matrices."""
    return 8.0 * (2 * num_samples * num_features + 5 * num_samples**2)


def collecting_memory(
    num_samples: int, num_features: int, num_classes: int, head_features: int, *, chance: bool
) -> float:
    """Bytes that `DatasetInformation` takes at its peak, in `compute`, however many samples it has seen."""
    square = 8.0 * num_features**2
    rank = min(num_classes, head_features)
    size = num_features * rank
    # Collected moments, rotated ones, and by chance collected and pooled ones as well.
    held = num_classes * square * (4 if chance else 2)
    # Rows that wait, put together and put in order.
    waiting = 3 * 8.0 * min(num_samples, waiting_rows(num_features, num_classes)) * num_features
    # The eigenvectors of the features' moment with the decomposition's own memory, less what is rotated later.
    basis = 7 * square
    # The joint matrix on its way, with its decomposition's copies. With few samples it is as small as they are few.
    joint = 6 * 8.0 * min(size, num_samples, EXACT_LIMIT) ** 2
    if min(size, num_samples) > EXACT_LIMIT:
        # The vectors of quadrature: a block with its images, and what their products with every class take.
        block = min(2 * rank + 16, size // 2, max(1, WORKING_MEMORY // (8 * size)))
        joint = 8.0 * block * size * (4 + 2 * num_classes / rank) + WORKING_MEMORY
    return held + max(waiting, basis, joint)
