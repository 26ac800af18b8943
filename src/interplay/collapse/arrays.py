"""Features, labels and head of a trained model, as saved in one file."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information import check_labels, check_matrix

REQUIRED, OPTIONAL = ("features", "labels"), ("head_weights", "head_bias")


@dataclass(frozen=True)
class Arrays:
    """`features` `[N, d]`, `labels` `[N]`, and `head_weights` `[C, d]` with `head_bias` `[C]` where there is a head."""

    features: Tensor
    labels: Tensor
    head_weights: Tensor | None = None
    head_bias: Tensor | None = None


def read_arrays(path: Path) -> Arrays:
    """Read and check an `.npz` or `.safetensors` file; features of more than two axes are flattened.

    Raises:
        InterplayError: no such file, another kind of file, unreadable, arrays missing or misnamed, shapes that do not
            fit one another, NaN, labels that are not whole numbers or are no class of the head.
    """
    if not path.is_file():
        raise InterplayError(f"{path}: no such file")
    readers = {".npz": _read_npz, ".safetensors": _read_safetensors}
    if path.suffix not in readers:
        raise InterplayError(f"{path}: unknown kind of file {path.suffix!r}; save an .npz or .safetensors file")
    found = readers[path.suffix](path)
    wanted = f"needs {' and '.join(REQUIRED)}, and knows {' and '.join(OPTIONAL)}"
    missing = [name for name in REQUIRED if name not in found]
    unknown = sorted(set(found) - {*REQUIRED, *OPTIONAL})
    if missing or unknown:
        said = "; ".join(
            f"{word} {', '.join(names)}" for word, names in (("missing", missing), ("unknown", unknown)) if names
        )
        raise InterplayError(f"{path}: {said}; the file {wanted}")
    try:
        return _checked(found)
    except InterplayError as error:
        raise InterplayError(f"{path}: {error}") from None


def _checked(found: dict[str, Tensor]) -> Arrays:
    features, labels = found["features"], found["labels"]
    weights, bias = found.get("head_weights"), found.get("head_bias")
    if features.ndim > 2:
        features = features.flatten(1)
    check_matrix(features, "features")
    if labels.is_floating_point() and labels.numel() and bool((labels == labels.round()).all()):
        labels = labels.long()  # whole numbers that some tool saved as floats
    if weights is None:
        if bias is not None:
            raise InterplayError("head_bias without head_weights")
        return Arrays(features, check_labels(labels, torch.iinfo(torch.int64).max, len(features)).long())
    check_matrix(weights, "head_weights")
    return Arrays(features, check_labels(labels, len(weights), len(features)).long(), weights, bias)


def _read_npz(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: torch.from_numpy(np.ascontiguousarray(archive[name])) for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, TypeError) as error:
        raise InterplayError(f"{path}: cannot be read as .npz ({error})") from None


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise InterplayError(f"{path}: cannot be read as .safetensors ({error})") from None
