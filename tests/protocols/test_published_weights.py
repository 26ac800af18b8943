"""Published weights in the plan: fetched, or left by a run of this package that takes their place."""

from dataclasses import replace
from types import MappingProxyType

import pytest
import torch
from safetensors.torch import save_file

import interplay.protocols.experiments as declared
from interplay.errors import InterplayError
from interplay.experiments.runner import _weights
from interplay.protocols import grokking, mappings
from interplay.protocols.mappings import WeightsSubstitute
from interplay.protocols.plan import plan_jobs, run_values
from interplay.protocols.setup import load_setup
from interplay.protocols.weights import weights_info

PUBLISHED = "clip-rn50-openai"
TRAINED = "supervised/cifar10/plain/seed0"


@pytest.fixture
def under(config, monkeypatch):
    """A setup in which grokking reads published weights, under a mapping that may put something in their place."""
    setup, all_of_them = load_setup(config, "smoke"), dict(declared.experiments())

    def unfold(protocol, given):
        return [replace(run, weights=(PUBLISHED,)) for run in grokking.unfold(protocol, given)]

    all_of_them["grokking"] = replace(all_of_them["grokking"], unfold=unfold)
    monkeypatch.setattr(declared, "experiments", lambda: MappingProxyType(all_of_them))

    def make(use):
        weights = {PUBLISHED: WeightsSubstitute(use=use)} if use else {}
        return replace(setup, mapping=setup.mapping.model_copy(update={"weights": weights}))

    return make


def test_published_weights_are_fetched_before_the_job(under):
    setup = under(PUBLISHED)
    (job,) = plan_jobs(setup, ["grokking"])
    assert job.weights == (PUBLISHED,) and job.inputs == []
    assert not any("weights" in line for line in setup.overrides_of("grokking", job.runs[0]))


def test_a_run_that_takes_their_place_comes_first_and_is_an_override(under, tmp_path):
    setup = under(f"run:{TRAINED}")
    (job,) = plan_jobs(setup, ["grokking"])
    assert job.weights == ()
    assert job.inputs == [f"records/{TRAINED}.json", f"models/{TRAINED}.safetensors"]
    line = f"weights.{PUBLISHED}: {PUBLISHED} -> run:{TRAINED}"
    assert line in setup.overrides_of("grokking", job.runs[0])
    assert run_values(setup, "grokking", job.runs[0]) != run_values(under(PUBLISHED), "grokking", job.runs[0])
    path = tmp_path / f"models/{TRAINED}.safetensors"
    path.parent.mkdir(parents=True)
    save_file({"w": torch.ones(2)}, path)
    loaded = {}
    tensors, digest = _weights(setup, job.runs[0], tmp_path, tmp_path, loaded)[PUBLISHED]()
    assert tensors["w"].tolist() == [1, 1] and len(digest) == 16
    assert loaded == {}, "the run that left them has a record of its own"


def test_a_changed_pin_makes_stale_what_was_made_of_the_weights(under, monkeypatch):
    setup = under(PUBLISHED)
    (job,) = plan_jobs(setup, ["grokking"])
    entry = weights_info(PUBLISHED)
    (form, *others), (file, pin) = entry.forms, next(iter(entry.forms[0].files.items()))
    changed = form.model_copy(update={"files": {file: pin.model_copy(update={"sha256": "0" * 64})}})
    changed = entry.model_copy(update={"forms": (changed, *others)})
    monkeypatch.setattr(mappings, "weights_info", {PUBLISHED: changed}.__getitem__)
    assert plan_jobs(setup, ["grokking"])[0].digest != job.digest


def test_a_damaged_file_that_a_run_left_is_one_line(under, tmp_path):
    setup = under(f"run:{TRAINED}")
    (job,) = plan_jobs(setup, ["grokking"])
    path = tmp_path / f"models/{TRAINED}.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    with pytest.raises(InterplayError, match=f"{path}: no file of weights"):
        _weights(setup, job.runs[0], tmp_path, tmp_path, {})[PUBLISHED]()


def test_weights_that_the_mapping_lacks_are_named(under):
    with pytest.raises(InterplayError, match=f"weights: {PUBLISHED} missing, grokking needs it"):
        plan_jobs(under(None), ["grokking"])


def test_weights_that_are_not_there_are_one_line(under, tmp_path):
    setup = under(PUBLISHED)
    (job,) = plan_jobs(setup, ["grokking"])
    with pytest.raises(InterplayError, match=f"interplay fetch {PUBLISHED}"):
        _weights(setup, job.runs[0], tmp_path, tmp_path, {})[PUBLISHED]()
