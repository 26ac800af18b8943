"""A setup: tier and data mapping laid over the published protocols, validated before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from interplay.errors import InterplayError
from interplay.protocols.experiments import EXPERIMENTS, PROTOCOLS
from interplay.protocols.mappings import DataMapping, Substitute
from interplay.protocols.sourced import differences, lay_over, read_yaml, split_sources, validate
from interplay.protocols.tiers import Tier


@dataclass(frozen=True)
class Setup:
    """Everything that decides what is run, and how it differs from what was published."""

    config: Path
    tier_name: str
    data_name: str
    tier: Tier
    mapping: DataMapping
    protocols: dict[str, BaseModel]
    overrides: dict[str, list[str]]

    @property
    def folder(self) -> str:
        """Folder below `results/`: the tier, and the data mapping where it is not the tier's default."""
        default = self.tier.data[0] == self.data_name
        return self.tier_name if default else f"{self.tier_name}-{self.data_name}"


def load_setup(config: Path, tier_name: str = "smoke", data_name: str | None = None) -> Setup:
    """Read and validate tier, data mapping and all protocols below `config`.

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
    for path, key, names in (
        (tier_path, "overrides", tier.overrides),
        (mapping_path, "experiments", mapping.experiments),
    ):
        for name in names:
            if name not in PROTOCOLS:
                raise InterplayError(f"{path}: {key}.{name}: no such experiment; there are {', '.join(PROTOCOLS)}")
    protocols: dict[str, BaseModel] = {}
    overrides: dict[str, list[str]] = {}
    where: dict[str, Path] = {}
    for name, model in PROTOCOLS.items():
        published, _ = load_published_protocol(config, name)
        resolved = lay_over(published, tier.overrides.get(name, {}))
        where[name] = tier_path if name in tier.overrides else config / "experiments" / f"{name}.yaml"
        protocols[name] = validate(model, resolved, f"{where[name]}: {name}")
        substitutes = mapping.of(name).datasets
        unknown = set(_datasets(resolved)) - set(substitutes)
        if unknown:
            raise InterplayError(f"{mapping_path}: datasets: {', '.join(sorted(unknown))} missing, {name} needs it")
        overrides[name] = differences(published, resolved) + _substitutions(resolved, substitutes)
    for name, experiment in EXPERIMENTS.items():
        if missing := experiment.untrained(protocols[name], *(protocols[other] for other in experiment.reads)):
            raise InterplayError(f"{where[name]}: {name}: {missing}")
        for other in experiment.reads:  # what held when the networks were trained holds for what is measured on them
            overrides[name] += [line if line.startswith("data.") else f"{other}.{line}" for line in overrides[other]]
    return Setup(config, tier_name, data_name, tier, mapping, protocols, overrides)


def load_published_protocol(config: Path, experiment: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Values and sources of the protocol of `experiment` exactly as published."""
    path = config / "experiments" / f"{experiment}.yaml"
    return split_sources(read_yaml(path), path)


def _choose(folder: Path, name: str, kind: str) -> Path:
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if not known:
        raise InterplayError(f"{folder}: no {kind} found; run from the repository root or pass --config")
    if name not in known:
        raise InterplayError(f"{kind} {name!r} is unknown; choose one of {', '.join(known)}")
    return folder / f"{name}.yaml"


def _datasets(protocol: Mapping[str, Any]) -> list[str]:
    """The published data sets that a protocol names, by network or in a list."""
    return [*protocol.get("architectures", {}), *protocol.get("datasets", ())]


def _substitutions(protocol: Mapping[str, Any], substitutes: Mapping[str, Substitute]) -> list[str]:
    lines = []
    for dataset in _datasets(protocol):
        substitute = substitutes[dataset]
        if substitute.use != dataset:
            lines.append(f"data.{dataset}: {dataset} -> {substitute.use}")
        if substitute.horizontal_flip is False:
            lines.append(f"data.{dataset}.horizontal_flip: -> False")
    return lines
