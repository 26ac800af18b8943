"""What a data set must be (`<name>.dvc`) and where it may come from (`sources.yaml`), both in the data folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from interplay.errors import InterplayError

SOURCES = "sources.yaml"
Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Size = Annotated[int, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FilePin(_Strict):
    """Hash and size in bytes of one file."""

    md5: Md5
    size: Size


class HttpSource(_Strict):
    """A URL; `{file}` in it stands for each file of the set. What arrives gzipped is unpacked where `gzip` is set."""

    kind: Literal["http"]
    name: str
    url: Annotated[str, Field(pattern=r"^https?://")]
    gzip: bool = False


class AptSource(_Strict):
    """A package of a Debian-like system and the path of each `{file}` in it."""

    kind: Literal["apt"]
    name: str
    package: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
    path: str
    gzip: bool = False


Source = Annotated[HttpSource | AptSource, Field(discriminator="kind")]


class SourcesRow(_Strict):
    """One data set's sources in the order in which they are tried; `files` for a set that is a folder of files."""

    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    files: dict[str, FilePin] | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> SourcesRow:
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two sources have the same name: {', '.join(names)}")
        return self


class SourcesTable(_Strict):
    """`sources.yaml`: a row for every data set that is fetched."""

    datasets: dict[str, SourcesRow]


class _Out(BaseModel):
    """One entry of `outs` in a `.dvc` file; keys that only DVC needs are passed over."""

    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")]
    size: Size
    path: str


class _DvcFile(BaseModel):
    outs: Annotated[list[_Out], Field(min_length=1, max_length=1)]


class Pinned(_Strict):
    """A data set as pinned: `path` below the data folder, its files by name, and where they may come from."""

    name: str
    path: str
    md5: str
    files: dict[str, FilePin]
    sources: tuple[Source, ...]

    @property
    def is_folder(self) -> bool:
        return self.md5.endswith(".dir")

    def locate(self, file: str, base: Path) -> Path:
        """Where `file` lies when the set lies at `base`."""
        return base / file if self.is_folder else base


def directory_md5(files: dict[str, FilePin]) -> str:
    """The hash that DVC gives to a folder: MD5 of the JSON list of its files' hashes and names, sorted by name."""
    listing = [{"md5": pin.md5, "relpath": name} for name, pin in sorted(files.items())]
    return hashlib.md5(json.dumps(listing, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def read_pin(name: str, root: Path) -> Pinned:
    """Read the pin and the sources of one data set from the data folder.

    Raises:
        InterplayError: a file is missing or invalid, or the two disagree about the set's files.
    """
    dvc_path, table_path = root / f"{name}.dvc", root / SOURCES
    out = _parse(_DvcFile, dvc_path).outs[0]
    table = _parse(SourcesTable, table_path)
    if name not in table.datasets:
        raise InterplayError(f"{table_path}: no row for {name}; add its sources")
    row = table.datasets[name]
    files = row.files or {Path(out.path).name: FilePin(md5=out.md5.removesuffix(".dir"), size=out.size)}
    if row.files and (directory_md5(files), sum(pin.size for pin in files.values())) != (out.md5, out.size):
        raise InterplayError(f"{table_path}: the files of {name} do not add up to the hash and size in {dvc_path}")
    if not row.files and out.md5.endswith(".dir"):
        raise InterplayError(f"{table_path}: {dvc_path} pins a folder; list its files with hash and size")
    return Pinned(name=name, path=out.path, md5=out.md5, files=files, sources=row.sources)


def _parse(model: type[Any], path: Path) -> Any:
    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InterplayError(
            f"{path}: cannot be read ({error.strerror}); --root must name the data folder of a checkout"
        ) from error
    except yaml.YAMLError as error:
        raise InterplayError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InterplayError(f"{path}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}") from error
