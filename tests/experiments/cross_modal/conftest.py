"""A tiny CLIP that nobody trained, and digits with names: enough to see contexts learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from interplay.experiments.context import Context, Result
from interplay.experiments.cross_modal import run
from interplay.protocols.cross_modal import CrossModalProtocol, CrossModalRun, unfold
from interplay.protocols.experiments import Given
from interplay.protocols.mappings import DataMapping, Substitute, WeightsSubstitute
from interplay.protocols.setup import load_published_protocol
from interplay.protocols.sourced import lay_over
from interplay.records import Provenance, Record
from interplay.training import Checkpoint

VISION = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}
TEXT = {"context_length": 32, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1}
WEIGHTS = ("clip-rn50-openai", "clip-vit-b16-openai")
TINY: dict[str, Any] = {
    "datasets": ["eurosat"],
    "few_shot": {"shots": [1, 4], "seeds": [1, 2], "context_tokens": 2, "batch_size": 16, "epochs_of": {}},
    "base_to_new": {
        "shots": 4,
        "seeds": [1],
        "batch_size": 2,
        "sweep": {"weights": [0, 0.5, 1]},
    },
    "cma_weights": {"eurosat": {"1": 0.1, "2": 0.1, "4": 0.1, "8": 0.1, "16": 0.1}},
    "views": "centre",
    "test_sample": 200,
    "most_iterations": 6,
    "trajectory": {"points": 2},
    "checkpoint_every": 2,
}


@pytest.fixture(scope="session")
def tensors() -> dict[str, Tensor]:
    """Of a CLIP with random weights, in OpenAI's layout."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = open_clip.CLIP(embed_dim=32, vision_cfg=dict(VISION), text_cfg=dict(TEXT), quick_gelu=True)
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.fixture(scope="session")
def given() -> Given:
    """Digits in the place of EuroSAT, which has ten classes too."""
    mapping = DataMapping(
        description="digits",
        datasets={"eurosat": Substitute(use="digits", horizontal_flip=False)},
        weights={name: WeightsSubstitute(use=name) for name in WEIGHTS},
    )
    return Given(mapping, {})


@pytest.fixture(scope="session")
def make_protocol(config) -> Callable[..., CrossModalProtocol]:
    """The published protocol on one data set, shrunken, with overrides."""

    def make(**overrides: Any) -> CrossModalProtocol:
        values, _ = load_published_protocol(config, "cross_modal")
        del values["cma_weights"], values["few_shot"]["epochs_of"]
        return CrossModalProtocol.model_validate(lay_over(lay_over(values, TINY), overrides))

    return make


class Bench:
    """Does runs of a plan one after the other, as the runner would, and keeps what they leave."""

    def __init__(self, protocol: CrossModalProtocol, given: Given, tensors: dict[str, Tensor], folder: Path) -> None:
        self.runs = {run.name: run for run in unfold(protocol, given)}
        self.given, self.tensors, self.folder = given, tensors, folder
        self.records: dict[str, Record] = {}

    def __call__(self, name: str, checkpoint: Checkpoint | None = None) -> Result:
        own = self.runs[name]
        for other in own.models:
            if other not in self.records:
                self(other.removeprefix("cross_modal/"))
        context = self.context(own, checkpoint)
        result = run(own.protocol, own, context)
        context.checkpoint.remove()
        if result.model is not None:
            path = self._path(f"cross_modal/{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file({key: value.contiguous() for key, value in result.model.items()}, path)
        self.records[f"cross_modal/{name}"] = _record(own, result)
        return result

    def context(self, own: CrossModalRun, checkpoint: Checkpoint | None = None) -> Context:
        """Surroundings of a run."""
        return Context(
            device=torch.device("cpu"),
            data_root=self.folder / "no-data",  # digits come with scikit-learn
            substitute=self.given.mapping.datasets["eurosat"],
            earlier=[self.records[name] for name in own.models if name in self.records],
            checkpoint=checkpoint or Checkpoint(self.folder / "none" / own.name.replace("/", "-"), {}),
            models={name: self._path(name) for name in own.models},
            weights={name: lambda: (dict(self.tensors), "of this test") for name in WEIGHTS},
        )

    def _path(self, name: str) -> Path:
        return self.folder / "models" / f"{name}.safetensors"


@pytest.fixture
def bench(make_protocol, given, tensors, tmp_path) -> Callable[..., Bench]:
    """A bench under a protocol with overrides."""

    def make(**overrides: Any) -> Bench:
        return Bench(make_protocol(**overrides), given, tensors, tmp_path)

    return make


def _record(own: CrossModalRun, result: Result) -> Record:
    provenance = Provenance(
        git_commit="",
        git_dirty=False,
        code_digest="",
        packages={},
        python="",
        platform="",
        hardware="",
        device="cpu",
        threads=1,
        data=result.data,
        started="",
        wall_seconds=1.0,
        peak_memory_mib=1.0,
    )
    return Record(
        experiment="cross_modal",
        run=own.name,
        tier="test",
        data_mapping="test",
        seed=own.seed,
        protocol=own.protocol.model_dump(mode="json"),
        metrics=result.metrics,
        tables=result.tables,
        provenance=provenance,
    )
