"""Protocol of semi-supervised training (metrics24 VIII, Table II; interplay24 6, Table 1)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from interplay.protocols.runs import Protocol, Settings
from interplay.protocols.semi_supervised.hyperparameters import METHOD_NAMES, MethodSettings
from interplay.protocols.sourced import Strict, each_once
from interplay.protocols.supervised.protocol import Architecture, Norm, Optimizer, Seeds, WeightSweep

Methods = Annotated[tuple[str, ...], AfterValidator(each_once)]
Labels = Annotated[tuple[PositiveInt, ...], AfterValidator(each_once), Field(min_length=1)]


class Views(Strict):
    """What is made of an image: weak is flip and crop, strong is RandAugment with Cutout, and flip and crop.

    `strong_crop` says whether flip and crop come after RandAugment ("last") or before it ("first").
    """

    crop_padding: NonNegativeInt
    horizontal_flip: bool
    operations: PositiveInt
    cutout: Annotated[float, Field(ge=0, le=1)]
    strong_crop: Literal["first", "last"]


class LabelledSweep(WeightSweep):
    """The sweep of the weights of MAX MI and MIN HD, per data set.

    `labels` is the number of labels at which candidates are compared; the choice holds for all numbers.
    """

    labels: dict[str, PositiveInt]


class Readings(Strict):
    """What is logged, before the first step and `points` times at equal distances: accuracy over all held-out images,
    information over `information_sample` of them.

    `unlabelled_sample` images, of the unlabelled ones, tell how accurate pseudo-labels are. Null stands for all.
    """

    points: Annotated[int, Field(ge=2)]
    information_sample: PositiveInt | None
    unlabelled_sample: PositiveInt | None
    batch_size: Annotated[int, Field(ge=2)]


class SemiSupervisedProtocol(Protocol):
    """Sixteen methods and the baseline without unlabelled images, on data sets of which few images have labels.

    `principal` methods run for every number of labels in `labels` and on `seeds`; the `others` for the numbers in
    `labels_of_others` and on `seeds_of_others`. `by_dataset` holds what is otherwise for a data set.
    `reference_weight_decay` gives, per data set, the weight decay of the public code where it differs from the text's;
    the principal methods run with it too.
    """

    architectures: dict[str, Architecture]
    norm: Norm
    pre_activation: Literal["reference", "all"]
    principal: Methods
    others: Methods
    labels: dict[str, Labels]
    labels_of_others: dict[str, Labels]
    seeds: Seeds = Field(min_length=1)
    seeds_of_others: Seeds = Field(min_length=1)
    iterations: PositiveInt
    batch_size: PositiveInt
    image_pooling: PositiveInt
    train_sample: PositiveInt | None
    test_sample: PositiveInt | None
    optimizer: Optimizer
    reference_weight_decay: dict[str, float]
    views: Views
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    methods: MethodSettings
    sweep: LabelledSweep
    trajectory: Readings
    checkpoint_every: PositiveInt
    by_dataset: dict[str, dict[str, Any]]

    @field_validator("principal", "others")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(names) - set(METHOD_NAMES)):
            raise ValueError(f"method {unknown[0]!r} is unknown; choose among {', '.join(METHOD_NAMES)}")
        return names

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if both := sorted(set(self.principal) & set(self.others)):
            raise ValueError(f"others: {both[0]} is among the principal methods already")
        for key in ("labels", "labels_of_others", "by_dataset", "reference_weight_decay"):
            if unknown := sorted(set(getattr(self, key)) - set(self.architectures)):
                raise ValueError(f"{key}: {unknown[0]} is not among the architectures")
        for dataset in self.labels:
            if {"max_mi", "min_hd"} & {*self.principal, *self.others} and dataset not in self.sweep.labels:
                raise ValueError(f"sweep.labels: {dataset} is missing; the weight of MAX MI and MIN HD is chosen there")
        if self.trajectory.points > self.iterations:
            raise ValueError(f"trajectory.points ({self.trajectory.points}) exceed iterations ({self.iterations})")
        if self.ema_decay == 0 and "mean_teacher" in {*self.principal, *self.others}:
            raise ValueError("ema_decay: Mean Teacher learns from the averaged network; choose a decay above 0")
        return self


class SemiSupervisedSettings(Settings):
    """What sets a run apart: method, number of labels, the weight of MAX MI or MIN HD (None: from the sweep)."""

    method: str
    labels: PositiveInt
    weight: float | None = 0.0
    weight_decay: float
    split: Literal["test", "validation"] = "test"
