"""Protocol of the small dual encoder that takes the place of CLIP where its published weights are out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
    model_validator,
)

from interplay.errors import InterplayError
from interplay.protocols.costs import PROCESS_MIB, TRAINING
from interplay.protocols.experiments import Experiment, Given
from interplay.protocols.runs import Cost, Protocol, Run, Settings
from interplay.protocols.sourced import Seed, Strict, each_once

Template = Annotated[str, StringConstraints(pattern=r"^[^{}]*\{\}[^{}]*$")]
Fraction = Annotated[float, Field(ge=0, le=1)]
DATASET = "captioned-pictures"


class ImageEncoder(Strict):
    """CLIP's ResNet: `blocks` in each of its four groups, channels by `width`, a head of attention for every 64."""

    image_size: Annotated[int, Field(ge=32, multiple_of=32)]
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]
    width: Annotated[int, Field(ge=2, multiple_of=2)]


class TextEncoder(Strict):
    """CLIP's causal transformer, a head of attention for every 64 of its width."""

    context_length: PositiveInt
    width: Annotated[int, Field(multiple_of=64, ge=64)]
    layers: PositiveInt


class Captions(Strict):
    """How a caption is made of a class such as `capital g, latin letter, serif, bold`.

    Each attribute is kept with probability `attribute`, the name with probability `name`, and always where no attribute
    is; attributes precede the name with probability `before`, else they follow it after commas; the whole stands in a
    template drawn at random.
    """

    templates: Annotated[tuple[Template, ...], Field(min_length=1)]
    attribute: Fraction
    name: Fraction
    before: Fraction


class Augmentation(Strict):
    """Whole batches of bytes: scaled by a factor between the two of `scale`, shifted by up to `shift` pixels.

    What is made smaller may lie anywhere. Colours are mixed with their grey, up to a share of `grey`; contrast and the
    gain of each colour change by up to `contrast` and `colour` of themselves, brightness by up to `brightness` of the
    range; grey noise has a deviation of up to `noise` of the range.
    """

    shift: NonNegativeFloat
    scale: tuple[PositiveFloat, PositiveFloat]
    grey: Fraction
    contrast: Fraction
    colour: Fraction
    brightness: Fraction
    noise: Fraction

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.scale[0] > self.scale[1]:
            raise ValueError(
                f"scale: from {self.scale[0]:g} to {self.scale[1]:g} is no range; the smaller factor comes first"
            )
        return self


class AdamW(Strict):
    """AdamW, linear warm-up, then a cosine to nothing; biases, norms and the logits' scale do not decay."""

    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat
    beta1: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    warmup_steps: NonNegativeInt


class PretrainingTrajectory(Strict):
    """Readings at `points` evenly spaced steps, on `sample` held-out pictures of different captions."""

    points: PositiveInt
    sample: Annotated[int, Field(ge=2)]


class ClipPretrainingProtocol(Protocol):
    """Image and text encoder trained contrastively on pictures with captions."""

    features: PositiveInt
    image_encoder: ImageEncoder
    text_encoder: TextEncoder
    captions: Captions
    augmentation: Augmentation
    optimizer: AdamW
    batch_size: Annotated[int, Field(ge=2)]
    steps: PositiveInt
    initial_scale: PositiveFloat
    largest_scale: PositiveFloat
    seeds: Annotated[tuple[Seed, ...], AfterValidator(each_once)] = Field(min_length=1)
    trajectory: PretrainingTrajectory
    checkpoint_every: PositiveInt

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.initial_scale > self.largest_scale:
            raise ValueError(f"initial_scale ({self.initial_scale:g}) exceeds largest_scale ({self.largest_scale:g})")
        if (self.image_encoder.width * 32) % 64:
            raise ValueError(f"image_encoder.width ({self.image_encoder.width}) times 32 is no multiple of 64")
        if self.trajectory.points > self.steps:
            raise ValueError(f"trajectory.points ({self.trajectory.points}) exceed steps ({self.steps})")
        return self


ClipPretrainingRun = Run[ClipPretrainingProtocol, Settings]


def unfold(protocol: ClipPretrainingProtocol, given: Given) -> Iterator[ClipPretrainingRun]:
    """One run per seed that the data mapping puts in the place of published weights: none where it puts none.

    Raises:
        InterplayError: the mapping names a run that the protocol does not have.
    """
    runs = {f"small/seed{seed}": seed for seed in protocol.seeds}
    wanted = sorted(
        {own[1] for weights in given.mapping.weights.values() if (own := weights.run) and own[0] == "clip_pretraining"}
    )
    for name in wanted:
        if name not in runs:
            known = ", ".join(runs)
            raise InterplayError(f"data mapping: weights: run:clip_pretraining/{name}: no such run; there is {known}")
        yield Run(
            name=name,
            family="small",
            seed=runs[name],
            settings=Settings(),
            protocol=protocol,
            dataset=DATASET,
            keeps_model=True,
            accelerator=True,
        )


def cost(run: ClipPretrainingRun, given: Given) -> Cost:
    """Of the image encoder, which takes nearly all of the time."""
    protocol, shape = run.protocol, run.protocol.image_encoder
    operations = image_operations(shape, protocol.features)
    values = 60 * shape.width * (shape.image_size / 4) ** 2 * protocol.batch_size * 4
    memory = PROCESS_MIB + round(4 * values / 2**20) + 200
    return Cost(operations=TRAINING * protocol.steps * protocol.batch_size * operations, memory_mib=memory)


def image_operations(shape: ImageEncoder, features: int) -> float:
    """Multiplications and additions of the image encoder for one image."""
    width, side = shape.width, shape.image_size // 2
    half = width // 2
    weights = side**2 * 9 * (3 * half + half**2 + half * width)
    side //= 2
    inputs = width
    for group, blocks in enumerate(shape.blocks):
        planes = width * 2**group
        for block in range(blocks):
            after = side // 2 if group and not block else side
            weights += side**2 * (inputs * planes + 9 * planes**2) + after**2 * 4 * planes**2
            weights += after**2 * 4 * planes * inputs * (not block)
            inputs, side = 4 * planes, after
    tokens = side**2 + 1
    return 2.0 * (weights + tokens * 32 * width * (3 * 32 * width + features))


EXPERIMENT = Experiment(
    protocol=ClipPretrainingProtocol, unfold=unfold, cost=cost, lists_runs=("seeds",), similar=("supervised",)
)
