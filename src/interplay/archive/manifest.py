"""The list of what was published of a tier, and the small committed file that pins it.

`results/<tier>.dvc` is a file of DVC like any other: hash, size and number of files of each part that was published. In
its `meta`, which DVC leaves to its users, stands the SHA-256 of the list, and the list has the SHA-256 of every file.
So what is restored is held against what was committed, whatever the remote says.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from interplay.archive.contents import MANIFEST, PUBLISHED
from interplay.errors import InterplayError
from interplay.protocols.sourced import Strict, first_problem, read_yaml, validate

FORMAT = 1
Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FileHashes(Strict):
    """A file: size in bytes, SHA-256, by which it is verified, and MD5, by which DVC names it."""

    size: Annotated[int, Field(ge=0)]
    sha256: Sha256
    md5: Md5


class Published(Strict):
    """What was published of a tier.

    Attributes:
        format: of this list.
        tier, data, chosen: what was run: tier, data mapping, overrides of the user's own.
        version, git_commit, git_dirty: of the code at the time of publication; whether there were uncommitted changes.
        modules: digests of the modules of every experiment, so that changed ones can be named.
        jobs: by job of the plan, digests of what decided its results: all that its records keep of it was held against
            the plan when they were published.
        judged_by: digests of what figures, tables, metrics, verdicts and report were made from.
        files: by their path below the folder of results.
    """

    format: int = FORMAT
    tier: str
    data: str
    chosen: tuple[str, ...] = ()
    version: str
    git_commit: str
    git_dirty: bool = False
    modules: dict[str, dict[str, str]]
    jobs: dict[str, dict[str, str]]
    judged_by: dict[str, str]
    files: dict[str, FileHashes]

    @field_validator("files")
    @classmethod
    def _stay_inside(cls, files: dict[str, FileHashes]) -> dict[str, FileHashes]:
        for name in files:
            parts = PurePosixPath(name).parts
            if not parts or parts[0] not in PUBLISHED or any(part in ("..", ".", "") for part in name.split("/")):
                raise ValueError(f"{name!r} is no place for a published file")
            if "\\" in name or not name.isprintable():
                raise ValueError(f"{name!r} is no name for a published file")
        return files

    def as_json(self) -> bytes:
        """The bytes of the list."""
        return (json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True) + "\n").encode()


class Output(Strict):
    """One part of what was published, as DVC writes it."""

    path: str
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")]
    size: int
    nfiles: int | None = None
    hash: str = "md5"


class Meta(Strict):
    """What stands in the pin beside DVC's own: which tier, and the SHA-256 of the list of what was published."""

    tier: str
    data: str
    git_commit: str
    git_dirty: bool = False
    manifest_sha256: Sha256


class Pin(Strict):
    """The content of `results/<tier>.dvc`."""

    meta: Meta
    outs: tuple[Output, ...]

    def output(self, part: str) -> Output | None:
        """The output whose name, without the folder of the tier, is `part`."""
        return next((out for out in self.outs if out.path.partition("/")[2] == part), None)


def pin_path(folder: Path) -> Path:
    """Where the pin of a folder of results lies: beside it."""
    return folder.with_name(f"{folder.name}.dvc")


def read_pin(folder: Path) -> Pin:
    """The pin of a folder of results.

    Raises:
        InterplayError: it is not there, or is no pin.
    """
    path = pin_path(folder)
    if not path.is_file():
        raise InterplayError(
            f"{path}: not there, so nothing of {folder.name} has been published in this checkout; "
            "`make publish` writes it, or take the commit that has it"
        )
    pin = validate(Pin, read_yaml(path), path)
    allowed = {f"{folder.name}/{part}" for part in (*PUBLISHED, MANIFEST)}
    for out in pin.outs:
        if out.path not in allowed:
            raise InterplayError(f"{path}: {out.path!r} is no part of what is published of {folder.name}")
    if pin.output(MANIFEST) is None:
        raise InterplayError(f"{path}: lacks {folder.name}/{MANIFEST}; restore the committed file, or publish again")
    return pin


def skeleton(folder_name: str, parts: list[str], meta: Meta) -> dict[str, Any]:
    """The pin before DVC has filled in hashes and sizes."""
    return {"meta": meta.model_dump(), "outs": [{"path": f"{folder_name}/{part}"} for part in parts]}


def parse_manifest(content: bytes, where: str) -> Published:
    """The list in the bytes of its file.

    Raises:
        InterplayError: it is none, or one of a newer version.
    """
    try:
        published = Published.model_validate_json(content)
    except ValidationError as error:
        raise InterplayError(f"{where}: not a list of published files ({first_problem(error)})") from error
    if published.format != FORMAT:
        raise InterplayError(
            f"{where}: format {published.format}, this version reads {FORMAT}; take interplay "
            f"{published.version}, commit {published.git_commit}"
        )
    return published


def hashes(path: Path) -> FileHashes:
    """Size and hashes of a file, in one pass over it."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            sha256.update(block)
            md5.update(block)
            size += len(block)
    return FileHashes(size=size, sha256=sha256.hexdigest(), md5=md5.hexdigest())
