"""One run of an experiment, as the plan, the runner and the records know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Self, TypeVar

from interplay.protocols.sourced import Strict, differences, lay_over

Precision = Literal["fp32", "tf32", "bf16"]  # of convolutions and products, on CUDA devices
Capture = Literal["none", "cuda_graph", "compile"]  # of a step of training, there as well


class Protocol(Strict):
    """A protocol. Every experiment has its own, whose leaves stand in `config/experiments/<name>.yaml`."""

    def vary(self, overrides: Mapping[str, Any]) -> Self:
        """The same with some leaves replaced, validated anew: what a run that differs in them follows.

        Raises:
            pydantic.ValidationError: an unknown key, a wrong type or an impossible combination.
        """
        return type(self).model_validate(lay_over(self.model_dump(), overrides)) if overrides else self


class Settings(Strict):
    """What sets a run apart from its siblings, by name, for claims and figures. Every experiment has its own."""


P = TypeVar("P", bound=Protocol, covariant=True)
S = TypeVar("S", bound=Settings, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a run takes.

    Attributes:
        operations: multiplications and additions, up to a constant that all runs of an experiment share.
        memory_mib: largest resident size of the process, on the generous side (MiB).
        share: of an accelerator's memory and time that the run needs; runs whose shares add up to 1 may share a card.
    """

    operations: float
    memory_mib: int = 1600
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Run(Generic[P, S]):
    """One run of an experiment.

    Attributes:
        name: its path below the experiment's records.
        family: runs that one process does together where the tier bundles by family.
        seed: of all randomness.
        settings: what sets it apart from its siblings.
        protocol: what it follows: the experiment's protocol with what this run sets otherwise.
        dataset: the published data set whose place the run takes.
        datasets: all published data sets that are read; None stands for `dataset` alone, and () for none.
        weights: published weights that are read.
        needs: records `<experiment>/<run>` that must exist first.
        models: runs `<experiment>/<run>` whose record and trained weights are read.
        keeps_model: the trained weights are kept beside the record.
        accelerator: it gains from one, where there is one.
        cost: what it takes; filled in from the experiment's declaration.
    """

    name: str
    family: str
    seed: int
    settings: S
    protocol: P
    dataset: str | None = None
    datasets: tuple[str, ...] | None = None
    weights: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    keeps_model: bool = False
    accelerator: bool = False
    cost: Cost = field(default=Cost(operations=1.0), compare=False)

    @property
    def reads(self) -> tuple[str, ...]:
        """The published data sets that are read, or whose places are taken by what is read."""
        if self.datasets is not None:
            return self.datasets
        return () if self.dataset is None else (self.dataset,)

    def variation(self, protocol: Protocol) -> list[str]:
        """What this run sets otherwise than the experiment's `protocol`, one line `key: old -> new` each."""
        return differences(protocol.model_dump(mode="json"), self.protocol.model_dump(mode="json"))
