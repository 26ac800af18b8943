"""Data sets that people put in place themselves, and published lists of what belongs to which split of a set."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from interplay.protocols.sourced import Strict

FolderPath = Annotated[str, Field(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]


class Placed(Strict):
    """A folder that cannot be fetched, for want of a source or for a licence that each user accepts alone.

    Attributes:
        path: the folder below the data folder.
        how: where its content comes from and what must lie where, in one line.
    """

    path: FolderPath
    how: Annotated[str, Field(pattern=r"^[^\n]+$")]


class SplitFile(Strict):
    """A list that others publish of what belongs to each split, as {split: [[path, label, class name], ...]}.

    Where it lies in `splits/<data set>/` below the data folder it decides, and else the reader does.

    Attributes:
        name: of the file.
        images: the folder, below the set's files, from which its paths start.
    """

    name: Annotated[str, Field(pattern=r"^\w+\.json$")]
    images: FolderPath | None = None
