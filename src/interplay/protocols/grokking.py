"""Protocol of grokking on modular addition (metrics24 VI-C, interplay24 5.5)."""

from __future__ import annotations

from collections.abc import Iterator
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

from interplay.protocols.costs import PROCESS_MIB, TRAINING
from interplay.protocols.experiments import Experiment, Given
from interplay.protocols.runs import Cost, Protocol, Run, Settings
from interplay.protocols.sourced import Seed, Strict, each_once


class Transformer(Strict):
    """One layer, ReLU, no LayerNorm, untied embeddings, over the three tokens `a b =`."""

    width: PositiveInt
    heads: PositiveInt
    head_width: PositiveInt
    mlp_width: PositiveInt


class AdamW(Strict):
    """AdamW on the full batch, with a linear warm-up."""

    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat
    beta1: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    warmup_steps: NonNegativeInt


class GrokkingTrajectory(Strict):
    """What is logged: about `points` times, half of them early, on `sample` train and test pairs (all where null)."""

    points: Annotated[int, Field(ge=2)]
    sample: PositiveInt | None
    batch_size: Annotated[int, Field(ge=2)]


class Grokked(Strict):
    """When a run has grokked: `accuracy` on all test pairs at `readings` logged steps in a row. Whether it ends there.

    `accuracy` also says when the training pairs are fitted.
    """

    accuracy: Annotated[float, Field(gt=0, le=1)]
    readings: PositiveInt
    ends_run: bool


class GrokkingProtocol(Protocol):
    """A transformer learns c = a + b mod p from a fraction of all pairs."""

    modulus: Annotated[int, Field(ge=3)]
    train_fraction: Annotated[float, Field(gt=0, lt=1)]
    transformer: Transformer
    optimizer: AdamW
    loss_precision: Literal["float32", "float64"]
    steps: PositiveInt
    grokked: Grokked
    seeds: Annotated[tuple[Seed, ...], AfterValidator(each_once)] = Field(min_length=1)
    trajectory: GrokkingTrajectory
    checkpoint_every: PositiveInt

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.trajectory.points > self.steps:
            raise ValueError(f"trajectory.points ({self.trajectory.points}) exceed steps ({self.steps})")
        if self.grokked.readings > self.trajectory.points:
            raise ValueError(
                f"grokked.readings ({self.grokked.readings}) exceed trajectory.points ({self.trajectory.points}): no "
                "run is read so often; lower the one or raise the other"
            )
        return self


GrokkingRun = Run[GrokkingProtocol, Settings]


def unfold(protocol: GrokkingProtocol, given: Given) -> Iterator[GrokkingRun]:
    """One run per seed."""
    for seed in protocol.seeds:
        yield Run(
            name=f"modular-addition/seed{seed}",
            family="modular-addition",
            seed=seed,
            settings=Settings(),
            protocol=protocol,
            accelerator=True,
        )


def cost(run: GrokkingRun, given: Given) -> Cost:
    """Of full-batch steps over the training pairs, should no run end before its last step."""
    protocol, shape = run.protocol, run.protocol.transformer
    pairs = protocol.train_fraction * protocol.modulus**2
    weights = shape.width * (2 * shape.mlp_width + shape.heads * shape.head_width + protocol.modulus)
    # Activations and logits (float64) of all pairs, forward and backward.
    values = protocol.modulus**2 * (3 * (shape.mlp_width + 4 * shape.width) * 4 + 3 * protocol.modulus * 8)
    memory = PROCESS_MIB + round(3 * values / 2**20)
    return Cost(operations=TRAINING * 2 * protocol.steps * pairs * weights, memory_mib=memory)


EXPERIMENT = Experiment(protocol=GrokkingProtocol, unfold=unfold, cost=cost, lists_runs=("seeds",))
