"""A setup: tier, data mapping and overrides laid over the published protocols, validated before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interplay.errors import InterplayError
from interplay.protocols.experiments import AnyRun, experiments, find_experiment, unfold
from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Protocol
from interplay.protocols.sourced import (
    differences,
    lay_over,
    leave_out,
    parse_override,
    read_yaml,
    remove,
    split_sources,
    validate,
)
from interplay.protocols.tiers import Changes, Tier, TierOverrides
from interplay.records import text_digest, visible_files

RUN_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*")


@dataclass(frozen=True)
class Setup:
    """Everything that decides what is run, and how it differs from what was published.

    Attributes:
        config: folder of the configuration.
        tier_name, data_name: of the tier and the data mapping.
        tier, mapping: what stands in their files.
        protocols: by experiment, with the tier's and the user's overrides.
        overrides: by experiment, how its protocol differs from the published one, line by line.
        chosen: the user's own overrides (`--set`), as given.
    """

    config: Path
    tier_name: str
    data_name: str
    tier: Tier
    mapping: DataMapping
    protocols: dict[str, Protocol]
    overrides: dict[str, list[str]]
    chosen: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Folder below `results/`: the tier, and the data mapping where it is not the tier's default.

        With overrides of the user's own it is another one, so that nothing of the tier's is overwritten.
        """
        default = self.tier.data[0] == self.data_name
        name = self.tier_name if default else f"{self.tier_name}-{self.data_name}"
        return f"{name}+{text_digest('|'.join(self.chosen))[:8]}" if self.chosen else name

    def unfold(self, experiment: str) -> list[AnyRun]:
        """The runs of an experiment, in the order in which they are done."""
        return unfold(experiment, self.protocols, self.mapping)

    def overrides_of(self, experiment: str, run: AnyRun, precision: str | None = None) -> list[str]:
        """How a run differs from what was published, whatever it is that sets it apart from its siblings.

        Its own protocol, those by which the networks were trained that it reads, the data that were read in place of
        the published ones, and arithmetic of less than single precision (the tier's, if None: a CPU has no other).
        """
        lines = list(self.overrides[experiment])
        for other in find_experiment(experiment).reads:
            lines += [f"{other}.{line}" for line in self.overrides[other]]
        return lines + self.conditions_of(experiment, run, precision)

    def conditions_of(self, experiment: str, run: AnyRun, precision: str | None = None) -> list[str]:
        """Those of `overrides_of` that stand in no protocol: `data.`, `weights.` and `compute.`, each with a key."""
        lines = []
        mapping = self.mapping.of(experiment)
        for dataset in run.reads:
            substitute = mapping.datasets[dataset]
            if substitute.use != dataset:
                lines.append(f"data.{dataset}: {dataset} -> {substitute.use}")
            if substitute.horizontal_flip is not None:
                lines.append(f"data.{dataset}.horizontal_flip: -> {substitute.horizontal_flip}")
        for name in run.weights:
            if mapping.weights[name].use != name:
                lines.append(f"weights.{name}: {name} -> {mapping.weights[name].use}")
        used = precision or self.tier.compute.precision
        if used != "fp32":
            lines.append(f"compute.precision: fp32 -> {used}")
        return lines


def load_setup(
    config: Path, tier_name: str = "smoke", data_name: str | None = None, chosen: Iterable[str] = ()
) -> Setup:
    """Read and validate tier, data mapping and all protocols below `config`.

    Args:
        config: folder of the configuration.
        tier_name: stem of a file in `config/tiers/`.
        data_name: stem of a file in `config/data/`; None is the tier's default.
        chosen: overrides `<experiment>.path.to.key=value`, laid over the tier's.

    Raises:
        InterplayError: an unknown tier or mapping, a combination that the tier does not allow, an unknown key, a wrong
            type or an impossible value; one line that names file and key.
    """
    tier_path = _choose(config / "tiers", tier_name, "tier")
    tier = validate(Tier, read_yaml(tier_path), tier_path)
    data_name = data_name or tier.data[0]
    mapping_path = _choose(config / "data", data_name, "data mapping")
    if data_name not in tier.data:
        raise InterplayError(f"tier {tier_name} runs on {' or '.join(tier.data)} data only, not on {data_name}")
    mapping = validate(DataMapping, read_yaml(mapping_path), mapping_path)
    for name in mapping.experiments:
        _known(name, f"{mapping_path}: experiments.{name}")
    for path in visible_files(config / "tiers" / tier_name, "*.yaml"):
        _known(path.stem, str(path))
    chosen = tuple(chosen)
    protocols: dict[str, Protocol] = {}
    overrides: dict[str, list[str]] = {}
    for name, experiment in experiments().items():
        published, _ = load_published_protocol(config, name)
        path = config / "experiments" / f"{name}.yaml"
        base = validate(experiment.protocol, published, path)
        resolved = published
        own = config / "tiers" / tier_name / f"{name}.yaml"
        if own.is_file():
            path, changes = own, validate(TierOverrides, read_yaml(own), own)
            datasets = mapping.of(name).datasets
            for more in (changes, changes.with_data.get(data_name, Changes())):
                resolved = lay_over(_without(resolved, more.without, datasets, path), more.overrides)
                for dataset in datasets.keys() & set(more.without):  # the overrides, a copy perhaps, may name it too
                    resolved = leave_out(resolved, dataset)
        protocols[name] = validate(experiment.protocol, resolved, path)
        mine = _chosen(chosen, name)
        if mine:
            protocols[name] = validate(experiment.protocol, lay_over(resolved, mine), f"--set {name}")
        overrides[name] = differences(base.model_dump(mode="json"), protocols[name].model_dump(mode="json"))
    setup = Setup(config, tier_name, data_name, tier, mapping, protocols, overrides, chosen)
    trained: set[str] = set()
    for name in experiments():  # what does not fit together shows when runs are listed
        try:
            runs = setup.unfold(name)
            for called in (called for run in runs for called in (run.name, run.family)):
                if not RUN_NAME.fullmatch(called):
                    raise InterplayError(f"{called!r} cannot be the name of a run, which is a path below the records")
            trained |= {f"{name}/{run.name}" for run in runs if run.keeps_model}
            for model in (model for run in runs for model in run.models if model not in trained):
                raise InterplayError(f"{name}: reads the network of {model}, which no run of this plan leaves")
        except InterplayError as error:
            own = config / "tiers" / tier_name / f"{name}.yaml"
            where: Path | str = own if own.is_file() else config / "experiments" / f"{name}.yaml"
            if related := [one for one in chosen if one.partition(".")[0] in (name, *find_experiment(name).reads)]:
                where = f"--set {' --set '.join(related)}"
            raise InterplayError(f"{mapping_path if 'data mapping' in str(error) else where}: {error}") from error
    return setup


def load_published_protocol(config: Path, experiment: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Values and sources of the protocol of `experiment` exactly as published."""
    path = config / "experiments" / f"{experiment}.yaml"
    return split_sources(read_yaml(path), path)


def _choose(folder: Path, name: str, kind: str) -> Path:
    known = [path.stem for path in visible_files(folder, "*.yaml")]
    if not known:
        raise InterplayError(f"{folder}: no {kind} found; run from the repository root or pass --config")
    if name not in known:
        raise InterplayError(f"{kind} {name!r} is unknown; choose one of {', '.join(known)}")
    return folder / f"{name}.yaml"


def _known(name: str, where: str) -> None:
    try:
        find_experiment(name)
    except InterplayError as error:
        raise InterplayError(f"{where}: {error}") from error


def _without(protocol: dict[str, Any], names: Iterable[str], datasets: Iterable[str], path: Path) -> dict[str, Any]:
    """The protocol without some data sets, wherever it names them, and without some keys."""
    for name in names:
        if "." in name:
            remaining = remove(protocol, name.split("."))
            if remaining is None:
                raise InterplayError(f"{path}: without: the protocol has no {name}")
            protocol = remaining
        elif name in datasets:
            protocol = leave_out(protocol, name)
        else:
            raise InterplayError(f"{path}: without: no data set {name!r}; there are {', '.join(datasets)}")
    return protocol


def _chosen(chosen: Iterable[str], experiment: str) -> dict[str, Any]:
    """The user's overrides of one experiment, as nested keys."""
    mine: dict[str, Any] = {}
    for text in chosen:
        (name, *keys), value = parse_override(text)
        _known(name, f"--set {text}")
        if not keys:
            raise InterplayError(f"--set {text}: name a key of {name}, for example {name}.seeds=[0]")
        if name == experiment:
            for key in reversed(keys):
                value = {key: value}
            mine = lay_over(mine, value)
    return mine
