"""How many labels a data set can give, and the labelled images that were fixed by others.

The lists are Python and not a file of `config/`, so that they are known to the plan, which needs no data, and are part
of the digest of the code that draws from them: a result drawn from other lists is stale.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from interplay.errors import InterplayError
from interplay.protocols.assets import Count, DatasetInfo, Digest, Name
from interplay.protocols.sourced import Strict
from interplay.records import text_digest

TRAIN = "train"
SPLITS = "splits"  # folder below the data folder in which labelled subsets are kept


class FixedLists(Strict):
    """Labelled images that others published by index, in place of a random choice.

    Attributes:
        dataset: name in the catalogue; indices count its training images, from 0.
        num_images: how many training images there are.
        rows: one list of indices for each seed there is: row -seed-1, so that seed 0 takes the last.
        digest: of `rows`, so that a slip of the keyboard does not go unnoticed.
    """

    dataset: Name
    num_images: Count
    rows: Annotated[tuple[tuple[int, ...], ...], Field(min_length=1)]
    digest: Digest
    source: str

    @model_validator(mode="after")
    def _holds_together(self) -> FixedLists:
        if (digest := text_digest(json.dumps(self.rows))) != self.digest:
            raise ValueError(f"{self.dataset}: the fixed lists have digest {digest}, stated {self.digest}")
        return self

    @property
    def num_labels(self) -> int:
        """Images of each row."""
        return len(self.rows[0])

    def row(self, seed: int) -> tuple[int, ...]:
        """The indices that belong to a seed.

        Raises:
            InterplayError: there are fewer rows.
        """
        if not 0 <= seed < len(self.rows):
            raise InterplayError(
                f"{self.dataset} with {self.num_labels} labels has fixed lists for seeds 0 to {len(self.rows) - 1}, "
                f"none for {seed}; choose among those"
            )
        return self.rows[-seed - 1]


# One image of each class a row, from the least to the most typical images of their classes: N. Carlini in
# google-research/fixmatch, issue 16 (2020-02-18). TorchSSL (f26e1d4) has the same numbers in the scripts of all its
# methods, and the rule for seeds. That each row holds every class once is checked where the labels are at hand.
_CIFAR10 = FixedLists(
    dataset="cifar10",
    num_images=50_000,
    rows=(
        (7408, 8148, 9850, 10361, 33949, 36506, 37018, 45044, 46443, 47447),
        (5022, 8193, 8902, 9601, 25226, 26223, 34089, 35186, 40595, 48024),
        (7510, 13186, 14043, 21305, 22805, 31288, 34508, 40470, 41493, 45506),
        (9915, 9978, 16631, 19915, 28008, 35314, 35801, 36149, 39215, 42557),
        (6695, 14891, 19726, 22715, 23999, 34230, 46511, 47457, 49181, 49397),
        (12830, 20293, 26835, 30517, 30898, 31061, 43693, 46501, 47310, 48517),
        (1156, 11501, 19974, 21963, 32103, 42189, 46789, 47690, 48229, 48675),
        (4255, 6446, 8580, 11759, 12598, 29349, 29433, 33759, 35345, 38639),
    ),
    digest="6563147d8ae3d19b",
    source="google-research/fixmatch, issue 16; TorchSSL f26e1d4",
)
FIXED_LISTS = {(lists.dataset, lists.num_labels): lists for lists in (_CIFAR10,)}


def check_labels(info: DatasetInfo, num_labels: int, seeds: Iterable[int] = ()) -> None:
    """Stop unless `num_labels` training images, equally many of each class, can be labelled, as far as sizes tell.

    That no class has fewer shows when labels are read.

    Args:
        info: the data set that is read.
        num_labels: labelled images of all classes together.
        seeds: those that are to be drawn with.

    Raises:
        InterplayError: none, not divisible by the classes, more than there are images, no training split, or a seed
            beyond the fixed lists; one line.
    """
    if TRAIN not in info.splits:
        raise InterplayError(
            f"{info.name} has no split {TRAIN!r} to draw labels from; it has: {', '.join(info.splits)}"
        )
    what = f"{info.name}: {num_labels} labels"
    if num_labels < 1:
        raise InterplayError(f"{what} teach nothing; ask for a multiple of its {info.num_classes} classes")
    if num_labels > info.splits[TRAIN]:
        raise InterplayError(f"{what} are more than its {info.splits[TRAIN]} training images; ask for fewer")
    if num_labels % info.num_classes:
        near = max(1, round(num_labels / info.num_classes)) * info.num_classes
        raise InterplayError(
            f"{what} cannot be shared equally among {info.num_classes} classes; ask for a multiple of that, e.g. {near}"
        )
    if lists := FIXED_LISTS.get((info.name, num_labels)):
        for seed in seeds:
            lists.row(seed)
