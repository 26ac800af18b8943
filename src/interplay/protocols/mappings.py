"""Data mappings: which data set or weights take the place of each published one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, computed_field, field_validator, model_validator

from interplay.errors import InterplayError
from interplay.protocols.datasets import dataset_info
from interplay.protocols.sourced import Strict
from interplay.protocols.weights import weights_info

RUN = "run:"


class Substitute(Strict):
    """The data set that is read in place of a published one, and what that forces upon the protocol.

    Classes and image size are those of the catalogue. A file may state them (`num_classes`, `image`), and is then held
    to them.
    """

    use: str = Field(description="a data set of the catalogue")
    horizontal_flip: bool | None = Field(default=None, description="overrides the augmentation where mirror images lie")

    @model_validator(mode="before")
    @classmethod
    def _agrees_with_the_catalogue(cls, content: Any) -> Any:
        if not isinstance(content, Mapping) or not isinstance(content.get("use"), str):
            return content
        try:
            info = dataset_info(content["use"])
        except InterplayError as error:
            raise ValueError(f"use: {error}") from error
        known = {"num_classes": info.num_classes, "image": info.image_shape and list(info.image_shape)}
        for key in known.keys() & content.keys():
            stated = list(content[key]) if isinstance(content[key], tuple) else content[key]
            if stated != known[key]:
                raise ValueError(
                    f"{key}: {stated} is stated, but {info.name} has {known[key]}; leave {key} out, it is known"
                )
        return {key: value for key, value in content.items() if key not in {*known, "content"}}

    @property
    def num_classes(self) -> int:
        """Classes of the data set that is read."""
        return dataset_info(self.use).num_classes

    @property
    def image(self) -> tuple[int, int, int]:
        """[channels, height, width] of the data set that is read.

        Raises:
            InterplayError: its images vary in size.
        """
        shape = dataset_info(self.use).image_shape
        if shape is None:
            raise InterplayError(f"{self.use}: its images vary in size; the protocol must say what they are scaled to")
        return shape

    @computed_field  # type: ignore[prop-decorator]
    @property
    def content(self) -> str:
        """Digest of what decides the content that is read, so that what was made of other content is stale."""
        return dataset_info(self.use).content


class WeightsSubstitute(Strict):
    """The weights that are read in place of published ones: of the catalogue, or what a run of this package leaves."""

    use: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="weights of the catalogue, or run:<experiment>/<run>"
    )

    @field_validator("use")
    @classmethod
    def _is_known(cls, use: str) -> str:
        if use.startswith(RUN):
            experiment, _, name = use.removeprefix(RUN).partition("/")
            if not experiment or not name:
                raise ValueError(f"{use!r} names no run; write {RUN}<experiment>/<run>")
            return use
        try:
            return weights_info(use).name
        except InterplayError as error:
            raise ValueError(f"{error}; or a run of this package: {RUN}<experiment>/<run>") from error

    @property
    def run(self) -> tuple[str, str] | None:
        """Experiment and name of the run that leaves the weights; None where they are of the catalogue."""
        experiment, _, name = self.use.removeprefix(RUN).partition("/")
        return (experiment, name) if self.use.startswith(RUN) else None

    @property
    def content(self) -> str | None:
        """Digest of what decides the tensors that are read; None where a run leaves them, whose file is an input."""
        return weights_info(self.use).content if self.run is None else None


class DataMapping(Strict):
    """`published` or `offline`: for each published data set, and for published weights, what is read.

    `experiments` holds exceptions by experiment, for those that compare two published sets which `datasets` would turn
    into one.
    """

    description: str
    datasets: dict[str, Substitute]
    experiments: dict[str, dict[str, Substitute]] = Field(default_factory=dict)
    weights: dict[str, WeightsSubstitute] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _stands_for_what_is_known(self) -> DataMapping:
        try:
            for datasets in (self.datasets, *self.experiments.values()):
                for name in datasets:
                    dataset_info(name)
            for name in self.weights:
                weights_info(name)
        except InterplayError as error:
            raise ValueError(f"a key stands for what was published: {error}") from error
        return self

    def of(self, experiment: str) -> DataMapping:
        """The mapping as it holds in one experiment."""
        own = self.experiments.get(experiment, {})
        return self.model_copy(update={"datasets": self.datasets | own, "experiments": {}})
