"""Labelled subsets for semi-supervised learning: equally many images of each class, by seed, kept on disk and hashed.

`<data>/splits/<data set>/<labels>-seed<seed>.json` holds one. It is written by the first run that needs it and verified
by all others, so that a run years later, under a torch that draws otherwise, still has the same labels.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field, ValidationError
from torch import Tensor

from interplay.data.randomness import generator
from interplay.data.tensors import Images
from interplay.errors import InterplayError
from interplay.protocols.labelled import FIXED_LISTS, SPLITS
from interplay.protocols.sourced import Seed, Strict, first_problem, validate
from interplay.records import text_digest, write_text_atomically

Rule = Literal["stratified", "fixed list", "given"]


def labelled_indices(dataset: str, labels: Tensor, num_labels: int, num_classes: int, seed: int) -> Tensor:
    """Which training images are labelled: `num_labels / num_classes` of each class, drawn without replacement.

    Each class is put in an order of its own, and its first images are taken: what is drawn of a class depends on
    nothing but the name of the set, the seed, and how many images the class has. With one seed, more labels are the
    fewer ones and some more (nested). CIFAR-10 with 10 labels takes the lists that were published
    (`interplay.protocols.labelled`), which are nested in nothing.

    Args:
        dataset: name in the catalogue.
        labels: int64 [n], 0 .. num_classes - 1, of the whole training split, in the order of the catalogue.
        num_labels: of all classes together, a multiple of `num_classes`.
        num_classes: classes that the set has, whether or not all occur.
        seed: of the choice, 0 or more.

    Returns:
        int64 [num_labels], ascending, on the CPU.

    Raises:
        InterplayError: no labels, more than there are images or than a class has, not equally many for each class, a
            seed beyond the fixed lists, or data that are not those which the lists count.
    """
    labels = labels.cpu()
    if num_labels < 1 or num_labels % num_classes:
        raise InterplayError(f"{dataset}: {num_labels} labels cannot be shared equally among {num_classes} classes")
    if seed < 0:
        raise InterplayError(f"{dataset}: labels are drawn with a seed of 0 or more, not {seed}")
    if len(labels) and int(labels.min()) < 0:
        raise InterplayError(f"{dataset}: images without labels have none to give")
    if lists := FIXED_LISTS.get((dataset, num_labels)):
        if len(labels) != lists.num_images:
            raise InterplayError(
                f"{dataset}: the fixed lists of {num_labels} labels count {lists.num_images} training images, "
                f"here are {len(labels)}"
            )
        chosen = torch.tensor(lists.row(seed)).sort().values
        _check_balance(labels[chosen], num_classes, f"{dataset}: the fixed list of seed {seed}")
        return chosen
    each = num_labels // num_classes
    counts = labels.bincount(minlength=num_classes)
    if each > int(counts.min()):
        raise InterplayError(
            f"{dataset}: {num_labels} labels are {each} of each class, but class {int(counts.argmin())} has "
            f"{int(counts.min())} training images; ask for at most {int(counts.min()) * num_classes}"
        )
    drawn = []
    for label in range(num_classes):
        members = (labels == label).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator(seed, "labelled", dataset, label))
        drawn.append(members[order[:each]])
    return torch.cat(drawn).sort().values


class LabelledSplit(Strict):
    """Which images of a training split are labelled, as it stands on disk.

    Attributes:
        dataset: name in the catalogue.
        data: digest of the content of the split that `indices` count.
        num_labels: how many.
        seed: that it belongs to.
        rule: how they were chosen: by `labelled_indices`, from a published list, or given by whoever wrote the file.
        indices: ascending, from 0.
        hash: of all of the above.
    """

    dataset: str
    data: str
    num_labels: int
    seed: Seed
    rule: Rule
    indices: tuple[Annotated[int, Field(ge=0)], ...]
    hash: str

    @classmethod
    def of(cls, train: Images, indices: Tensor, seed: int, rule: Rule = "given") -> LabelledSplit:
        """The split of a whole training split as `load` gives it, of which the images at `indices` are labelled.

        Raises:
            InterplayError: a seed or an index below 0.
        """
        content = {
            "dataset": _dataset(train),
            "data": train.digest,
            "num_labels": len(indices),
            "seed": seed,
            "rule": rule,
            "indices": tuple(sorted(indices.tolist())),
        }
        return validate(cls, content | {"hash": _hash(content)}, f"{train.name}: labelled subset")

    @property
    def name(self) -> str:
        """`cifar10/labelled-40-seed0`, by which records know it."""
        return f"{self.dataset}/labelled-{self.num_labels}-seed{self.seed}"

    def place(self, folder: Path) -> Path:
        """Where it lies below the data folder."""
        return split_place(folder, self.dataset, self.num_labels, self.seed)

    def write(self, folder: Path) -> Path:
        """Write it to its place below the data folder, whole or not at all.

        Raises:
            InterplayError: the disk is full, read-only or refuses.
        """
        path = self.place(folder)
        lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in self.model_dump().items())
        write_text_atomically(path, f"{{\n{lines}\n}}\n")
        return path


def split_place(folder: Path, dataset: str, num_labels: int, seed: int) -> Path:
    """Where a labelled subset lies below the data folder."""
    return folder / SPLITS / dataset / f"{num_labels}-seed{seed}.json"


def kept_split(folder: Path, train: Images, num_labels: int, seed: int) -> LabelledSplit:
    """The labelled subset that is kept below the data folder, verified; drawn and kept where there is none.

    Several processes may do this at once: each writes the same file, whole. Where nothing can be written, it is drawn
    each time anew.

    Args:
        folder: the data folder.
        train: the whole training split as `load` gives it.
        num_labels: how many images are to be labelled.
        seed: of the choice.

    Raises:
        InterplayError: as `labelled_indices`; or the file there is damaged, of another set, of other content, of
            another number or seed, or does not fit the images; one line that names it.
    """
    dataset = _dataset(train)
    path = split_place(folder, dataset, num_labels, seed)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        indices = labelled_indices(dataset, train.labels, num_labels, train.num_classes, seed)
        rule: Rule = "fixed list" if (dataset, num_labels) in FIXED_LISTS else "stratified"
        split = LabelledSplit.of(train, indices, seed, rule)
        _try_to_keep(split, folder)
        return split
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        split = LabelledSplit.model_validate_json(raw)
    except ValidationError as error:
        raise InterplayError(f"{path}: not a labelled subset ({first_problem(error)}); delete it and rerun") from error
    _verify(split, path, train, num_labels, seed)
    return split


def _try_to_keep(split: LabelledSplit, folder: Path) -> None:
    try:
        split.write(folder)
    except InterplayError:  # a disk that is full or read-only; the seed decides, and the record has the hash
        return


def _verify(split: LabelledSplit, path: Path, train: Images, num_labels: int, seed: int) -> None:
    """Stop unless what stands in the file is what is asked for, and fits the images."""
    asked: dict[str, str | int] = {
        "dataset": _dataset(train),
        "data": train.digest,
        "num_labels": num_labels,
        "seed": seed,
    }
    for key, wanted in asked.items():
        if (found := getattr(split, key)) != wanted:
            raise InterplayError(f"{path}: {key} is {found}, wanted {wanted}; it belongs elsewhere, move or delete it")
    content = split.model_dump(exclude={"hash"})
    if split.hash != (right := _hash(content)):
        raise InterplayError(
            f"{path}: altered: its hash is {split.hash}, of its content {right}; delete it and rerun, or put that hash "
            "there if you meant it"
        )
    indices = split.indices
    if len(indices) != num_labels or list(indices) != sorted(set(indices)) or indices[-1] >= len(train):
        raise InterplayError(
            f"{path}: indices must be {num_labels} different numbers in ascending order, 0 to {len(train) - 1}"
        )
    chosen = torch.tensor(indices)
    _check_balance(train.labels.cpu()[chosen], train.num_classes, str(path))
    lists = FIXED_LISTS.get((split.dataset, num_labels))
    if split.rule == "fixed list" and (lists is None or sorted(lists.row(seed)) != list(indices)):
        raise InterplayError(f"{path}: these are not the images of the fixed list that it names; delete it and rerun")


def _check_balance(labels: Tensor, num_classes: int, what: str) -> None:
    counts = labels.bincount(minlength=num_classes)
    if not bool((counts == len(labels) // num_classes).all()):
        raise InterplayError(f"{what} must hold equally many images of each class, but holds {counts.tolist()}")


def _dataset(train: Images) -> str:
    return train.name.partition("/")[0]


def _hash(content: dict[str, object]) -> str:
    return text_digest(json.dumps(content, sort_keys=True))
