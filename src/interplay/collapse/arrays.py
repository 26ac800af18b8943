"""Features, labels and head of a trained model, as saved in one file or held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from interplay.collapse.neural_collapse import check_head
from interplay.collapse.npz import npz_arrays
from interplay.collapse.safetensors_file import safetensors_arrays
from interplay.errors import InterplayError
from interplay.information import check_labels, check_matrix
from interplay.information.checks import check_finite, check_tensor

REQUIRED, OPTIONAL = ("features", "labels"), ("head_weights", "head_bias")

# Entries of the block of features that is held at a time: 16 MB of float64.
_ENTRIES = 2**21


@dataclass(frozen=True)
class Arrays:
    """`features` `[N, d]`, `labels` `[N]`, and `head_weights` `[C, d]` with `head_bias` `[C]` where there is a head."""

    features: Tensor
    labels: Tensor
    head_weights: Tensor | None = None
    head_bias: Tensor | None = None


class StoredArray(Protocol):
    """An array in a file, of which only the shape is held."""

    shape: tuple[int, ...]

    def blocks(self, rows: int) -> Iterator[Tensor]:
        """Blocks of at most `rows` along the first axis, in order."""

    def whole(self) -> Tensor:
        """All values."""


class Samples:
    """Features in parts, which can be gone over as often as is needed; labels and head are held.

    Attributes:
        num_samples, num_features: N and d; labels: `[N]`, int64; head_weights: `[C, d]`; head_bias: `[C]`.
    """

    def __init__(
        self, shape: tuple[int, ...], labels: Tensor, head_weights: Tensor | None, head_bias: Tensor | None
    ) -> None:
        self.num_samples, self.num_features = shape
        if head_weights is not None:
            check_head(head_weights, head_bias, self.num_features)
        elif head_bias is not None:
            raise InterplayError("head_bias without head_weights")
        self.labels = check_labels(labels, None if head_weights is None else len(head_weights), self.num_samples)
        self.head_weights, self.head_bias = head_weights, head_bias

    @property
    def rows(self) -> int:
        """Of a block."""
        return max(1, _ENTRIES // self.num_features)

    def blocks(self) -> Iterator[Tensor]:
        """All features `[n, d]` in order, a block at a time."""
        raise NotImplementedError

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Blocks of features `[n, d]` and their labels `[n]`."""
        return zip(self.blocks(), self.labels.split(self.rows), strict=True)

    def pick(self, indices: Tensor) -> Tensor:
        """The rows `[m, d]` of these indices `[m]`, in their order."""
        order = indices.argsort()
        ascending = indices[order]
        found: Tensor | None = None
        start = 0
        for block in self.blocks():
            first, last = torch.searchsorted(ascending, torch.tensor([start, start + len(block)])).tolist()
            if found is None:
                found = block.new_empty(len(indices), self.num_features)
            found[order[first:last]] = block[ascending[first:last] - start]
            start += len(block)
            if last == len(indices):
                break
        assert found is not None  # there is at least one sample
        return found


class HeldSamples(Samples):
    """Features held in memory, on any device."""

    def __init__(
        self, features: Tensor, labels: Tensor, head_weights: Tensor | None = None, head_bias: Tensor | None = None
    ) -> None:
        check_matrix(features, "features")
        self._features = features.detach()
        super().__init__(tuple(features.shape), labels, head_weights, head_bias)
        self.labels = self.labels.to("cpu")

    def blocks(self) -> Iterator[Tensor]:
        """Views of the features."""
        return iter(self._features.split(self.rows))

    def pick(self, indices: Tensor) -> Tensor:
        """The rows of these indices, at once."""
        return self._features[indices.to(self._features.device)]


class StoredSamples(Samples):
    """Features in a file, of which a block is held at a time; more than two axes are flattened.

    Raises:
        InterplayError: shapes that do not fit one another, labels that are not whole numbers or are no class of the
            head; from `blocks`, features that are NaN, infinite or no real numbers.
    """

    def __init__(self, arrays: Mapping[str, StoredArray]) -> None:
        self._features = arrays["features"]
        shape = self._features.shape
        if len(shape) < 2:
            raise InterplayError(f"features: expected a matrix [samples, features], got shape {list(shape)}")
        if 0 in shape:
            raise InterplayError(f"features: empty, shape {list(shape)}")
        if len(arrays["labels"].shape) != 1 or arrays["labels"].shape[0] != shape[0]:
            said = list(arrays["labels"].shape)
            raise InterplayError(f"labels: expected shape [{shape[0]}], one per sample, got {said}")
        for name, axes in (("head_weights", 2), ("head_bias", 1)):
            if name in arrays and len(arrays[name].shape) != axes:
                raise InterplayError(f"{name}: expected {axes} axes, got shape {list(arrays[name].shape)}")
        columns = 1
        for size in shape[1:]:
            columns *= size
        head = [arrays[name].whole() if name in arrays else None for name in OPTIONAL]
        super().__init__((shape[0], columns), _whole_numbers(arrays["labels"].whole()), *head)

    def blocks(self) -> Iterator[Tensor]:
        """Blocks as they are read and checked."""
        start = 0
        for block in self._features.blocks(self.rows):
            # Which rows, where they are not all.
            stop = start + len(block)
            name = "features" if len(block) == self.num_samples else f"features, rows {start} to {stop - 1}"
            check_tensor(block, name)
            check_finite(block, name)
            yield block.flatten(1)
            start = stop

    def held(self) -> Arrays:
        """All of them in memory."""
        features = self._features.whole().flatten(1)
        check_matrix(features, "features")
        return Arrays(features, self.labels, self.head_weights, self.head_bias)


def read_arrays(path: Path) -> Arrays:
    """Read and check an `.npz` or `.safetensors` file; features of more than two axes are flattened.

    Raises:
        InterplayError: no such file, another kind of file, unreadable, arrays missing or misnamed, shapes that do not
            fit one another, NaN, labels that are not whole numbers or are no class of the head.
    """
    samples = open_samples(path)
    with naming(path):
        return samples.held()


def open_samples(path: Path) -> StoredSamples:
    """The samples of an `.npz` or `.safetensors` file, whose features are read when asked for.

    Raises:
        InterplayError: as `read_arrays`, but for what the values of the features tell.
    """
    path = _checked_path(path)
    if not path.is_file():
        raise InterplayError(f"{path}: no such file")
    if path.suffix not in (".npz", ".safetensors"):
        raise InterplayError(f"{path}: unknown kind of file {path.suffix!r}; save an .npz or .safetensors file")
    arrays: Mapping[str, StoredArray]
    arrays = npz_arrays(path) if path.suffix == ".npz" else safetensors_arrays(path)
    wanted = f"needs {' and '.join(REQUIRED)}, and knows {' and '.join(OPTIONAL)}"
    missing = [name for name in REQUIRED if name not in arrays]
    unknown = sorted(set(arrays) - {*REQUIRED, *OPTIONAL})
    if missing or unknown:
        said = "; ".join(
            f"{word} {', '.join(names)}" for word, names in (("missing", missing), ("unknown", unknown)) if names
        )
        raise InterplayError(f"{path}: {said}; the file {wanted}")
    with naming(path):
        return StoredSamples(arrays)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Puts the file before what is wrong in it."""
    try:
        yield
    except InterplayError as error:
        said = str(error)
        raise InterplayError(said if said.startswith(str(path)) else f"{path}: {said}") from None


def _checked_path(path: Any) -> Path:
    if not isinstance(path, str | Path):
        raise InterplayError(f"path: expected the path of a file, got {type(path).__name__}")
    return Path(path)


def _whole_numbers(labels: Tensor) -> Tensor:
    """Whole numbers that some tool saved as floats are labels too."""
    whole = labels.is_floating_point() and labels.numel() and bool((labels == labels.round()).all())
    return labels.long() if whole and bool((labels.abs() < 2**63).all()) else labels
