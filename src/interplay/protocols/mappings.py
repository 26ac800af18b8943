"""Data mappings: which data set takes the place of each published one."""

from __future__ import annotations

from pydantic import Field

from interplay.protocols.sourced import Strict


class Substitute(Strict):
    """The data set that is read in place of a published one, and what that forces upon the protocol."""

    use: str
    num_classes: int
    image: tuple[int, int, int] = Field(description="channels, height, width")
    horizontal_flip: bool | None = Field(default=None, description="overrides the augmentation where mirror images lie")


class DataMapping(Strict):
    """`published` or `offline`: for each published data set the one that is read.

    `experiments` holds exceptions by experiment, for those that compare two published sets which `datasets` would turn
    into one.
    """

    description: str
    datasets: dict[str, Substitute]
    experiments: dict[str, dict[str, Substitute]] = Field(default_factory=dict)

    def of(self, experiment: str) -> DataMapping:
        """The mapping as it holds in one experiment."""
        own = self.experiments.get(experiment, {})
        return self.model_copy(update={"datasets": self.datasets | own, "experiments": {}})
