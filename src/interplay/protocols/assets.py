"""What a data set or a set of weights is: where it comes from, what its bytes must be, and how it is cited.

One module per data set in `interplay.protocols.datasets`, one per set of weights in `interplay.protocols.weights`; each
exports one object of these types, and everything else that is said or done about it follows from that object.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from interplay.protocols.placed import Placed, SplitFile
from interplay.protocols.sourced import Strict
from interplay.records import code_digest, text_digest

Origin = Literal["fetched", "installed", "rendered", "placed"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Url = Annotated[str, Field(pattern=r"^https?://")]
Count = Annotated[int, Field(gt=0)]


class FilePin(Strict):
    """What one file must be: its size in bytes, its SHA-256, and the MD5 that its publisher or DVC knows it by."""

    size: Count
    sha256: Sha256
    md5: Md5 | None = None


class HttpSource(Strict):
    """A URL; `{file}` in it stands for each file of the set. What arrives gzipped is unpacked where `gzip` is set.

    `elsewhere` has the URLs of files that do not lie beside the others.
    """

    kind: Literal["http"] = "http"
    name: str
    url: Url
    gzip: bool = False
    elsewhere: dict[str, Url] = Field(default_factory=dict)

    def url_of(self, file: str) -> str:
        """Where `file` is."""
        return self.elsewhere.get(file, self.url.replace("{file}", file))


class AptSource(Strict):
    """A package of a Debian-like system and the path of each `{file}` in it."""

    kind: Literal["apt"] = "apt"
    name: str
    package: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
    path: str
    gzip: bool = False


class DebSource(Strict):
    """A Debian package by its URL, for machines without apt: its size in bytes, and the path of each `{file}` in it."""

    kind: Literal["deb"] = "deb"
    name: str
    url: Url
    size: Count
    path: str


Source = Annotated[HttpSource | AptSource | DebSource, Field(discriminator="kind")]


class Pinned(Strict):
    """Files that are fetched: `path` below the data folder, what each must be, and its sources in the order tried.

    `path` is the file itself where `files` names it, else the folder that holds them all. A source needs no trust: what
    it delivers is compared with the pin.
    """

    path: Annotated[str, Field(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]
    files: Annotated[dict[str, FilePin], Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> Pinned:
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two sources have the same name: {', '.join(names)}")
        return self

    @property
    def is_folder(self) -> bool:
        """Whether `path` is a folder of files."""
        return PurePosixPath(self.path).name not in self.files

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(pin.size for pin in self.files.values())

    @property
    def dvc_md5(self) -> str | None:
        """The hash by which DVC knows it: that of the one file or of the folder; None where an MD5 is not known.

        A folder's is the MD5 of the JSON list of its files' hashes and names, sorted by name.
        """
        if any(pin.md5 is None for pin in self.files.values()):
            return None
        if not self.is_folder:
            return next(iter(self.files.values())).md5
        listing = [{"md5": pin.md5, "relpath": name} for name, pin in sorted(self.files.items())]
        return hashlib.md5(json.dumps(listing, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"

    def locate(self, file: str, base: Path) -> Path:
        """Where `file` lies when all lies at `base`."""
        return base / file if self.is_folder else base


class Asset(Strict):
    """What data sets and weights have in common."""

    name: Name
    title: str
    description: str
    licence: str
    citation: str


class DatasetInfo(Asset):
    """One data set.

    Attributes:
        reader: `module:function` that reads a split, imported only when data are read (see docs/data.md).
        splits: number of images of each split.
        image_shape: [channels, height, width]; None where images are files of various sizes, which are streamed.
        pinned: the files of a set that is fetched.
        placed: the folder of a set that users put in place themselves.
        unpacked: folder below the unpacked copy into which archives of image files are unpacked.
        inner: archives that come inside the archives, by their place in that folder.
        split_file: the published list that decides, where it is at hand, what belongs to which split.
        prompt: sentence about an image of a class, whose name stands for the braces; class names are as it takes them.
        digests: pin of the decoded content of a split, the first 16 hexadecimal digits of SHA-256 over shapes, pixels
            and labels: always of sets that are installed or rendered, of others where it has been computed.
        library: the distribution whose version decides what a split decodes to, and `known_with` the versions under
            which `digests` were found.
        permuted_from: the set of which this one is a negative control: the same files and images, the labels of its
            training split permuted.
        drawn_from: other sets of the catalogue from whose images those of a set that is rendered are made.
    """

    origin: Origin
    reader: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    num_classes: Count
    image_shape: tuple[Count, Count, Count] | None
    splits: Annotated[dict[str, Count], Field(min_length=1)]
    pinned: Pinned | None = None
    placed: Placed | None = None
    unpacked: str = "."
    inner: tuple[str, ...] = ()
    split_file: SplitFile | None = None
    prompt: Annotated[str, Field(pattern=r"^[^{}]*\{\}[^{}]*$")] | None = None
    digests: dict[str, Digest] = Field(default_factory=dict)
    library: str = "torchvision"
    known_with: str = ""
    permuted_from: Name | None = None
    drawn_from: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> DatasetInfo:
        if (self.origin == "fetched") != (self.pinned is not None):
            raise ValueError(f"{self.name}: a set that is fetched is pinned, and no other")
        if (self.origin == "placed") != (self.placed is not None):
            raise ValueError(f"{self.name}: a set that is placed says where and how, and no other")
        if self.placed is not None and self.image_shape is not None:
            raise ValueError(f"{self.name}: a set that is placed is one of image files, which are streamed")
        if self.origin in ("installed", "rendered") and set(self.digests) != set(self.splits):
            raise ValueError(f"{self.name}: pin the digest of every split, since no file of it is pinned")
        if self.drawn_from and self.origin != "rendered":
            raise ValueError(f"{self.name}: a set that is made of others is rendered, and no other")
        if unknown := set(self.digests) - set(self.splits):
            raise ValueError(f"{self.name}: digests of splits that it does not have: {', '.join(sorted(unknown))}")
        return self

    @property
    def content(self) -> str:
        """What decides what a run reads: sizes, digests of all splits (or files and their reader), the prompt."""
        pins: dict[str, object] = {"classes": self.num_classes, "shape": self.image_shape, "digests": self.digests}
        if set(self.digests) != set(self.splits):
            pins["files"] = {name: pin.sha256 for name, pin in self.pinned.files.items()} if self.pinned else {}
            pins["reader"] = code_digest(self.reader.partition(":")[0])
        if self.prompt is not None:
            pins["prompt"] = self.prompt
        return text_digest(json.dumps(pins, sort_keys=True))


def with_permuted_labels(info: DatasetInfo, train_digest: Digest) -> DatasetInfo:
    """`info` as a negative control: `<name>-permuted`, its images unchanged, the labels of its training split permuted.

    Nothing can be learnt from it about the classes of its test split, which is as it was. It has the reader of `info`,
    and is permuted where it is decoded.
    """
    changes = {
        "name": f"{info.name}-permuted",
        "title": f"{info.title} with permuted labels",
        "description": "a negative control: the training labels permuted once, the test split as it is",
        "digests": info.digests | {"train": train_digest},
        "permuted_from": info.name,
    }
    return DatasetInfo.model_validate(info.model_dump() | changes)


class WeightsInfo(Asset):
    """Weights of a trained network: one or several files that hold the same ones, the first at hand serves."""

    architecture: str
    forms: Annotated[tuple[Pinned, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> WeightsInfo:
        names = [source.name for form in self.forms for source in form.sources]
        if len(set(names)) < len(names) or any(form.is_folder or len(form.files) > 1 for form in self.forms):
            raise ValueError(f"{self.name}: each form is one file, and every source has a name of its own")
        return self

    @property
    def content(self) -> str:
        """What decides what a run reads: the files that may serve, and how tensors are read out of them."""
        pins = [pin.sha256 for form in self.forms for pin in form.files.values()]
        return text_digest(json.dumps([*pins, code_digest("interplay.data.weights")]))
