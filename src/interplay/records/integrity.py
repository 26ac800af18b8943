"""Whether an output of the workflow is what was written: by its seal where it has one, by its form otherwise.

A loss of power, a full disk or a slip of the hand leave files that are there, and new, and not whole. Snakemake asks
only whether a file is there and when it changed.
"""

from __future__ import annotations

import json
from pathlib import Path

from interplay.records.seals import is_broken, is_sealed

LARGE = 2**22  # bytes; of sealed files above it a quick look compares the size alone
ENDS = {  # how a whole file of a kind ends
    ".csv": b"\n",
    ".html": b"</html>\n",
    ".md": b"\n",
    ".pdf": b"%%EOF\n",
    ".png": b"IEND\xaeB`\x82",
    ".svg": b"</svg>\n",
    ".tex": b"\n",
}
KINDS = frozenset({*ENDS, ".checkpoint", ".json", ".log", ".safetensors", ".webp"})


def damage(path: Path, *, thorough: bool = False) -> str | None:
    """What is wrong with a file that the workflow wrote, in a few words; None where nothing is known to be.

    Args:
        path: an existing file.
        thorough: read large files as well; otherwise those that are sealed are told by their size.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if is_sealed(path):
        by_size = size > LARGE and not thorough
        return "it is not what was written" if is_broken(path, by_size=by_size) else None
    if path.suffix == ".safetensors":
        return None if _whole_tensors(path, size) else "it is cut off or no safetensors file"
    if path.suffix not in KINDS or path.suffix in (".log", ".checkpoint"):
        return None
    content = path.read_bytes()
    if path.suffix == ".json":
        try:
            json.loads(content)
        except ValueError:
            return "it is not JSON"
    elif path.suffix == ".webp":
        return None if size == int.from_bytes(content[4:8], "little") + 8 else "it is cut off"
    elif not content.endswith(ENDS[path.suffix]) or (path.suffix not in (".pdf", ".png") and b"\0" in content):
        return "it is not whole"
    return None


def _whole_tensors(path: Path, size: int) -> bool:
    """Whether the header of a safetensors file accounts for every byte of it."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 0 < length <= size - 8:
            return False
        try:
            header = json.loads(stream.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            return bool(size == 8 + length + max(ends, default=0))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            return False
