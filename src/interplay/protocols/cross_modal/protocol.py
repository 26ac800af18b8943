"""Protocol of cross-modal few-shot fine-tuning of CLIP (metrics24 VII)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from interplay.errors import InterplayError
from interplay.protocols.datasets import dataset_info
from interplay.protocols.runs import Protocol, Settings
from interplay.protocols.sourced import Seed, Strict, each_once

Kind = Literal["zero_shot", "few_shot", "base_to_new"]
Term = Literal["none", "vne", "cma_published", "cma_released"]
Variant = Literal["published", "released"]
Weight = Annotated[float, Field(ge=0, le=1)]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(each_once), Field(min_length=1)]
Shots = Annotated[tuple[PositiveInt, ...], AfterValidator(each_once), Field(min_length=1)]
FewShotMembers = tuple[Literal["coop", "vne", "cma_published", "cma_released"], ...]
BaseToNewMembers = tuple[Literal["cocoop", "vne", "cma_published", "cma_released"], ...]


class Objective(Strict):
    """(1 - `weight`) times cross-entropy plus `weight` times the term."""

    term: Term
    weight: Weight


class FewShot(Strict):
    """CoOp, and with a term added, on the first images of every class; all `members` learn from the same ones.

    `context_tokens` vectors that all classes share stand before a class's name, drawn from a normal distribution of
    standard deviation `init_std`. `epochs` is by shots, and `epochs_of` a data set takes their place.
    """

    weights: str
    shots: Shots
    members: Annotated[FewShotMembers, AfterValidator(each_once), Field(min_length=1)]
    seeds: Seeds
    context_tokens: PositiveInt
    init_std: PositiveFloat
    batch_size: PositiveInt
    epochs: dict[PositiveInt, PositiveInt]
    epochs_of: dict[str, PositiveInt]


class Sweep(Strict):
    """Weights of the term, for each variant of CMA; 0 is CoCoOp itself."""

    weights: Annotated[tuple[Weight, ...], AfterValidator(each_once)]
    variants: Annotated[tuple[Variant, ...], AfterValidator(each_once)]


class BaseToNew(Strict):
    """CoCoOp, and with a term added, on the first half of the classes; read on either half among its own classes.

    The vectors start as the words of `context`; a network with a hidden layer of d / `reduction` adds to each of them
    what it makes of an image's feature.
    """

    weights: str
    shots: PositiveInt
    members: Annotated[BaseToNewMembers, AfterValidator(each_once), Field(min_length=1)]
    seeds: Seeds
    context: Annotated[str, Field(pattern=r"^\S+( \S+)*$")]
    reduction: PositiveInt
    batch_size: PositiveInt
    epochs: PositiveInt
    sweep: Sweep


class Optimizer(Strict):
    """SGD with momentum; `warmup_epochs` at `warmup_rate`, then half a cosine, both by the epoch."""

    learning_rate: PositiveFloat
    momentum: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: NonNegativeFloat
    nesterov: bool
    warmup_epochs: NonNegativeInt
    warmup_rate: PositiveFloat


class Readings(Strict):
    """Losses and accuracies on test images are logged before the first step and `points` times at equal distances."""

    points: PositiveInt


class CrossModalProtocol(Protocol):
    """Fine-tuning of the prompts of a frozen CLIP, with cross-entropy alone and with CMA or VNE.

    `cma_weights` is the weight of the term, by data set and shots, of CMA and of VNE alike. `views` are what a training
    image becomes in a step: a crop of `crop_scale` of its area at random, mirrored or not (`flip`), or always its
    centre, whose features need be computed once only. `test_sample` bounds the test images, `most_iterations` the steps
    of a training, whose schedule is then compressed; null bounds neither. `prompts_at_once` bounds the prompts that the
    text encoder is given together, for the sake of memory alone.
    """

    datasets: Annotated[tuple[str, ...], AfterValidator(each_once), Field(min_length=1)]
    few_shot: FewShot
    base_to_new: BaseToNew
    cma_weights: dict[str, dict[PositiveInt, Weight]]
    optimizer: Optimizer
    views: Literal["random", "centre"]
    crop_scale: tuple[PositiveFloat, Annotated[float, Field(gt=0, le=1)]]
    flip: bool
    test_sample: PositiveInt | None
    most_iterations: PositiveInt | None
    prompts_at_once: PositiveInt
    trajectory: Readings
    checkpoint_every: PositiveInt

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = {
            "datasets": self.datasets,
            "few_shot.epochs_of": self.few_shot.epochs_of,
            "cma_weights": self.cma_weights,
        }
        for key, names in named.items():
            try:
                for name in names:
                    dataset_info(name)
            except InterplayError as error:
                raise ValueError(f"{key}: {error}") from error
        if absent := sorted(set(self.few_shot.shots) - set(self.few_shot.epochs)):
            raise ValueError(f"few_shot.epochs: none for {absent[0]} shots; say how long they are trained on")
        if self.crop_scale[0] > self.crop_scale[1]:
            raise ValueError(
                f"crop_scale: {self.crop_scale[0]:g} is above {self.crop_scale[1]:g}; give the lower first"
            )
        for kind, shots in (("few_shot", self.few_shot.shots), ("base_to_new", (self.base_to_new.shots,))):
            members = {"few_shot": self.few_shot.members, "base_to_new": self.base_to_new.members}[kind]
            if set(members) <= {"coop", "cocoop"}:
                continue
            for dataset in self.datasets:
                if absent := sorted(set(shots) - set(self.cma_weights.get(dataset, {}))):
                    raise ValueError(f"cma_weights.{dataset}: no weight for {absent[0]} shots, which {kind} needs")
        return self

    def objectives(self, kind: Kind, dataset: str, shots: int) -> dict[str, Objective]:
        """What each member descends, by name, in the order of the protocol."""
        members: tuple[str, ...] = self.few_shot.members if kind == "few_shot" else self.base_to_new.members
        return {
            name: Objective(term="none", weight=0)
            if name in ("coop", "cocoop")
            else Objective.model_validate({"term": name, "weight": self.cma_weights[dataset][shots]})
            for name in members
        }

    def epochs(self, kind: Kind, dataset: str, shots: int) -> int:
        """How many passes over its images a training takes."""
        if kind == "base_to_new":
            return self.base_to_new.epochs
        return self.few_shot.epochs_of.get(dataset, self.few_shot.epochs[shots])

    def steps(self, kind: Kind, dataset: str, shots: int, num_classes: int) -> int:
        """How many steps a training takes on `shots` images of each of `num_classes` classes.

        An incomplete last batch of an epoch is dropped; fewer images than a batch are one.
        """
        size = self.few_shot.batch_size if kind == "few_shot" else self.base_to_new.batch_size
        steps = self.epochs(kind, dataset, shots) * max(1, shots * num_classes // size)
        return steps if self.most_iterations is None else min(steps, self.most_iterations)


class CrossModalSettings(Settings):
    """What sets a run apart: what is done, with which network, on how many images of each class (None: on none)."""

    kind: Kind
    network: str
    shots: PositiveInt | None = None


def network_name(weights: str) -> str:
    """`rn50` of `clip-rn50-openai`: how runs call the network of some published weights."""
    return weights.removeprefix("clip-").removesuffix("-openai")


def base_classes(num_classes: int) -> int:
    """How many of the classes, the first ones, are base classes: half of them, rounded up."""
    return (num_classes + 1) // 2
