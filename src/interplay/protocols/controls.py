"""Negative controls: runs and records in which what the documents say cannot be so (`config/controls.yaml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from interplay.protocols.claims import DataName
from interplay.protocols.sourced import Strict, read_yaml, validate

ControlName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Control(Strict):
    """One negative control.

    Either the whole tier is run otherwise (`data`: another data mapping; `set`: overrides `experiment.key=value`), or
    the tier's own records are replaced by noise (`surrogate`), `draws` times.

    - `random_walk`: every column of a trajectory but the step becomes a driftless Gaussian walk from its first value,
      whose steps are as large as the column's own (root mean square);
    - `shuffled`: the metrics and trajectories of the runs that a claim reads are dealt out anew among them.
    """

    description: str
    data: DataName | None = None
    set: tuple[str, ...] = ()
    surrogate: Literal["random_walk", "shuffled"] | None = None
    draws: PositiveInt = 1

    @model_validator(mode="after")
    def _one_way(self) -> Control:
        if (self.surrogate is None) == (self.data is None and not self.set):
            raise ValueError("give data or set (the tier is run otherwise), or surrogate (its records are replaced)")
        if self.surrogate is None and self.draws > 1:
            raise ValueError("draws: only a surrogate is drawn several times")
        return self


class Controls(Strict):
    """The content of `config/controls.yaml`."""

    controls: dict[ControlName, Control]


def load_controls(config: Path) -> dict[ControlName, Control]:
    """The negative controls by name.

    Raises:
        InterplayError: the file is missing or does not fit; one line.
    """
    path = config / "controls.yaml"
    return validate(Controls, read_yaml(path), path).controls
