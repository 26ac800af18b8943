"""Protocol of supervised training (metrics24 V-A, VI-A, VIII; interplay24 5.1, 6)."""

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

from interplay.protocols.runs import Protocol, Settings
from interplay.protocols.sourced import Seed, Strict, each_once

Objective = Literal["plain", "max_mi", "min_hd"]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(each_once)]
Rates = Annotated[tuple[PositiveFloat, ...], AfterValidator(each_once)]


class Architecture(Strict):
    """A Wide ResNet: `depth` as its authors count it, channels times `width`, three groups of blocks or four."""

    depth: PositiveInt
    width: PositiveInt
    groups: Literal[3, 4] = 3

    @model_validator(mode="after")
    def _depth_fits(self) -> Self:
        if (self.depth - 4) % 6 or self.depth < 10:
            raise ValueError(f"depth {self.depth} is impossible: a Wide ResNet has 6n + 4 layers (10, 16, 22, 28, ...)")
        return self


class Norm(Strict):
    """Batch normalisation: `momentum` is the weight of the newest batch in the running statistics."""

    momentum: Fraction
    eps: PositiveFloat


class Optimizer(Strict):
    """SGD with momentum under a cosine schedule that stops before zero: lr cos(pi * cosine_span * step / steps)."""

    learning_rate: PositiveFloat
    momentum: Annotated[float, Field(ge=0, lt=1)]
    nesterov: bool
    weight_decay: NonNegativeFloat
    decay_norm_and_bias: bool
    cosine_span: Annotated[float, Field(ge=0, le=1)]


class Augmentation(Strict):
    """Random horizontal flip, then a random crop of the image padded by reflection."""

    horizontal_flip: bool
    crop_padding: NonNegativeInt


class Children(Strict):
    """Pairs of networks with one initialisation and different order and augmentation of the data, for interpolation.

    At the published learning rate the plain run is the first of the two.
    """

    learning_rates: dict[str, Rates]
    seeds: Seeds


class Variants(Strict):
    """Runs that differ from the plain ones in one thing: softmax temperature, or label smoothing.

    Temperature 1 and smoothing 0 are the plain runs themselves.
    """

    temperatures: Annotated[tuple[PositiveFloat, ...], AfterValidator(each_once)]
    label_smoothing: Annotated[tuple[Fraction, ...], AfterValidator(each_once)]
    seeds: Seeds

    @model_validator(mode="after")
    def _differ_from_plain(self) -> Self:
        if 1 in self.temperatures:
            raise ValueError("temperatures: 1 is the plain runs; leave it out")
        return self


class WeightSweep(Strict):
    """How the unpublished weight of MAX MI and MIN HD is chosen: by accuracy on a validation split, never on test."""

    max_mi: Rates
    min_hd: Rates
    seeds: Seeds
    iterations: PositiveInt
    validation_fraction: Fraction

    @model_validator(mode="after")
    def _something_to_choose(self) -> Self:
        if len(self.max_mi) < 2 or len(self.min_hd) < 2 or not self.seeds:
            raise ValueError("give at least two candidate weights per objective and one seed")
        return self


class Trajectory(Strict):
    """What is logged: `points` times information on `information_sample` test images, on `final_sample` at the end.

    Null stands for all test images. Accuracy and loss are over all of them every time.
    """

    points: Annotated[int, Field(ge=2)]
    information_sample: PositiveInt | None
    final_sample: PositiveInt | None
    batch_size: Annotated[int, Field(ge=2)]


class SupervisedProtocol(Protocol):
    """Supervised training of Wide ResNets, plain or with MAX MI or MIN HD added to the cross-entropy.

    `pre_activation` says which blocks activate what enters their first convolution (see `models.WideResNet`).
    `train_sample` and `test_sample` bound the images that are there at all; null is all. `temperature` divides the
    logits in the cross-entropy.
    """

    architectures: dict[str, Architecture]
    norm: Norm
    pre_activation: Literal["reference", "all"]
    objectives: Annotated[tuple[Objective, ...], AfterValidator(each_once)] = Field(min_length=1)
    seeds: Seeds = Field(min_length=1)
    iterations: PositiveInt
    batch_size: Annotated[int, Field(ge=2)]
    image_pooling: PositiveInt
    train_sample: PositiveInt | None
    test_sample: PositiveInt | None
    optimizer: Optimizer
    augmentation: Augmentation
    temperature: PositiveFloat
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    sweep: WeightSweep
    variants: Variants
    children: Children
    trajectory: Trajectory
    checkpoint_every: PositiveInt

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, seeds in (("variants", self.variants.seeds), ("children", self.children.seeds)):
            if unknown := sorted(set(seeds) - set(self.seeds)):
                raise ValueError(f"{name}.seeds: {unknown[0]} has no plain run to compare with; seeds are {self.seeds}")
        if unknown_sets := sorted(set(self.children.learning_rates) - set(self.architectures)):
            raise ValueError(f"children.learning_rates: {unknown_sets[0]} is not among the architectures")
        if self.trajectory.points > self.iterations:
            raise ValueError(f"trajectory.points ({self.trajectory.points}) exceed iterations ({self.iterations})")
        return self


class SupervisedSettings(Settings):
    """What sets a supervised run apart.

    `weight` of the objective is None where it follows from the sweep; `split` is what accuracy is read on; child "b"
    starts from the same weights as "a" and draws order and augmentation of its own.
    """

    objective: Objective = "plain"
    weight: float | None = 0.0
    split: Literal["test", "validation"] = "test"
    temperature: float
    label_smoothing: float
    learning_rate: float
    child: Literal["a", "b"] = "a"
