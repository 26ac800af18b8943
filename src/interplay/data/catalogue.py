"""The catalogue of data sets: what each one is, how large, whose, and where it lies below the data folder.

Imports neither torch nor anything that reads images, so that planning and the command line can ask it in milliseconds.
"""

from __future__ import annotations

import difflib
from typing import Literal

from pydantic import BaseModel, ConfigDict

from interplay.errors import InterplayError

Origin = Literal["fetched", "installed", "rendered"]


class DatasetInfo(BaseModel):
    """One data set.

    `splits` maps each split to its number of images; `image_shape` is [channels, height, width]; `path` lies below the
    data folder (None where nothing is stored there); `digests` pins the content of a split (`data_digest`) where it is
    known: always for sets that are installed or rendered.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    origin: Origin
    num_classes: int
    image_shape: tuple[int, int, int]
    splits: dict[str, int]
    licence: str
    citation: str
    path: str | None = None
    digests: dict[str, str] = {}

    @property
    def fetched(self) -> bool:
        """Whether its files come from outside, pinned by `<name>.dvc` in the data folder."""
        return self.origin == "fetched"


_ALL = (
    DatasetInfo(
        name="cifar10",
        title="CIFAR-10",
        origin="fetched",
        num_classes=10,
        image_shape=(3, 32, 32),
        splits={"train": 50_000, "test": 10_000},
        licence="none stated; free for research by custom, cite the report",
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        path="cifar-10-python.tar.gz",
    ),
    DatasetInfo(
        name="cifar100",
        title="CIFAR-100",
        origin="fetched",
        num_classes=100,
        image_shape=(3, 32, 32),
        splits={"train": 50_000, "test": 10_000},
        licence="none stated; free for research by custom, cite the report",
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        path="cifar-100-python.tar.gz",
    ),
    DatasetInfo(
        name="stl10",
        title="STL-10",
        origin="fetched",
        num_classes=10,
        image_shape=(3, 96, 96),
        splits={"train": 5_000, "test": 8_000, "unlabelled": 100_000},
        licence="none stated; images from ImageNet, whose terms apply (research only)",
        citation="A. Coates, H. Lee, A. Y. Ng, An Analysis of Single-Layer Networks in Unsupervised Feature Learning, "
        "AISTATS 2011",
        path="stl10_binary.tar.gz",
    ),
    DatasetInfo(
        name="fashion-mnist",
        title="Fashion-MNIST",
        origin="fetched",
        num_classes=10,
        image_shape=(1, 28, 28),
        splits={"train": 60_000, "test": 10_000},
        licence="MIT",
        citation="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine "
        "Learning Algorithms, arXiv:1708.07747, 2017",
        path="fashion-mnist",
        digests={"train": "87be02d01f80ee86", "test": "29c34150e2eaa5cf"},
    ),
    DatasetInfo(
        name="digits",
        title="Handwritten digits (scikit-learn)",
        origin="installed",
        num_classes=10,
        image_shape=(1, 8, 8),
        splits={"train": 1_442, "test": 355},
        licence="CC BY 4.0 (UCI), shipped with scikit-learn (BSD 3-clause)",
        citation="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998",
        digests={"train": "8fe0bd42eea1501f", "test": "e009dd46771d7642"},
    ),
    DatasetInfo(
        name="glyphs100",
        title="100 glyphs from matplotlib's fonts",
        origin="rendered",
        num_classes=100,
        image_shape=(1, 28, 28),
        splits={"train": 25_000, "test": 5_000},
        licence="rendered from DejaVu (Bitstream Vera licence) and STIX fonts (SIL OFL), as shipped with matplotlib",
        citation="this package, docs/data.md",
        digests={"train": "e7f1a88dad3598f5", "test": "648f104e2c2d20c3"},
    ),
    DatasetInfo(
        name="glyphs10",
        title="10 glyphs from matplotlib's fonts",
        origin="rendered",
        num_classes=10,
        image_shape=(1, 28, 28),
        splits={"train": 10_000, "test": 10_000},
        licence="rendered from DejaVu (Bitstream Vera licence) and STIX fonts (SIL OFL), as shipped with matplotlib",
        citation="this package, docs/data.md",
        digests={"train": "bc9bf9ebfe81326d", "test": "0c63ec6933e166bd"},
    ),
)

CATALOGUE: dict[str, DatasetInfo] = {info.name: info for info in _ALL}


def dataset_info(name: str) -> DatasetInfo:
    """Look up one data set by name.

    Raises:
        InterplayError: there is no such data set.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    near = difflib.get_close_matches(name.lower(), CATALOGUE, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise InterplayError(f"unknown data set {name!r}; {hint}known: {', '.join(CATALOGUE)}")
