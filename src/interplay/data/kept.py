"""The decoded copy of a split that is kept for the next start, and never trusted blindly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from interplay.data.content import Decoded
from interplay.errors import InterplayError
from interplay.records.store import replacing


def read_kept(path: Path, key: str) -> tuple[Decoded, str] | None:
    """The arrays kept at `path` under `key`, mapped and not copied, and the digest that they had when they were kept.

    None where there are none, where they were made of something else, or where the file is damaged so that it cannot be
    read. Whether the content still has the digest is for the caller to find out.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata() or {}
            if metadata.get("key") != key:
                return None
            images, labels = stored.get_tensor("images").numpy(), stored.get_tensor("labels").numpy()
        names = tuple(str(name) for name in json.loads(metadata["class_names"]))
        if (images.dtype, labels.dtype) != (np.uint8, np.int64):
            return None
        return Decoded(images, labels, names), metadata["digest"]
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError):
        return None


def keep(path: Path, key: str, decoded: Decoded, digest: str) -> bool:
    """Keep arrays for the next start, moved into place whole; False where the folder cannot be written."""
    metadata = {"key": key, "digest": digest, "class_names": json.dumps(decoded.class_names)}
    arrays: dict[str, NDArray[Any]] = {"images": np.ascontiguousarray(decoded.images), "labels": decoded.labels}
    try:
        with replacing(path) as temporary:
            save_file(arrays, temporary, metadata)
    except (InterplayError, SafetensorError):  # a full disk, or one that is read-only
        return False
    return True
