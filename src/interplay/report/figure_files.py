"""The figures beside the page: copies of the drawings, and small pictures of them for the tables."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.image import imread, imsave

from interplay.errors import InterplayError
from interplay.records import write_bytes_atomically
from interplay.report.drawing import check_drawing
from interplay.report.model import ExhibitView, Image

FOLDER = "figures"
THUMBNAIL_PIXELS = 240  # at most, in width: twice that of the column, for dense screens


def write_figures(views: Iterable[ExhibitView], results: Path, folder: Path) -> None:
    """Copy every figure below `folder/figures`, with a small picture of each, and remove what is no longer shown.

    Raises:
        InterplayError: a bitmap cannot be read, a drawing holds more than shapes and text, or the folder is not
            written.
    """
    kept = set()
    for view in views:
        if not isinstance(view.content, Image):
            continue
        source = results / view.content.path
        drawn = source.read_bytes()
        if source.suffix == ".svg":
            check_drawing(drawn, source)
        files = {folder / view.content.uri: drawn}
        if view.content.thumbnail != view.content.uri:
            files[folder / view.content.thumbnail] = thumbnail(source.with_suffix(".png"))
        for path, content in files.items():
            if not path.is_file() or path.read_bytes() != content:
                write_bytes_atomically(path, content)
            kept.add(path)
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for path in sorted((folder / FOLDER).rglob("*"), reverse=True):
        if path.is_file() and path not in kept and not path.name.startswith("."):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def thumbnail(path: Path) -> bytes:
    """A small picture, as WebP, each of whose pixels is the mean of a square of the bitmap's.

    Raises:
        InterplayError: the file is no bitmap.
    """
    try:
        pixels = np.asarray(imread(path), dtype=np.float64)
    except (OSError, SyntaxError, ValueError) as error:
        raise InterplayError(f"{path}: not a bitmap; delete it and make it anew") from error
    factor = max(1, -(-pixels.shape[1] // THUMBNAIL_PIXELS))
    height, width = (size // factor for size in pixels.shape[:2])
    squares = pixels[: height * factor, : width * factor].reshape(height, factor, width, factor, -1)
    file = BytesIO()
    imsave(file, np.clip(squares.mean(axis=(1, 3)), 0, 1), format="webp", pil_kwargs={"quality": 80, "method": 6})
    return file.getvalue()
