"""A network is pretrained only where the data mapping puts it in the place of published weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError

from interplay.errors import InterplayError
from interplay.experiments.clip_pretraining.pretraining import Pretraining
from interplay.protocols.clip_pretraining import image_operations
from interplay.protocols.mappings import WeightsSubstitute
from interplay.protocols.plan import select_runs
from interplay.protocols.setup import load_setup


def under(setup, *uses):
    names = ("clip-rn50-openai", "clip-vit-b16-openai")
    weights = {name: WeightsSubstitute(use=use) for name, use in zip(names, uses, strict=False)}
    return replace(setup, mapping=setup.mapping.model_copy(update={"weights": weights}))


@pytest.fixture(scope="module")
def smoke(config):
    return load_setup(config, "smoke")


def test_one_run_serves_both_networks(smoke):
    (run,) = smoke.unfold("clip_pretraining")
    assert run.name == "small/seed0" and run.keeps_model and run.dataset == "captioned-pictures"


def test_published_weights_need_no_run(smoke, config):
    setup = under(smoke, "clip-rn50-openai", "clip-vit-b16-openai")
    assert setup.unfold("clip_pretraining") == []
    with pytest.raises(InterplayError, match="nothing to run under the data mapping offline"):
        select_runs(setup, "clip_pretraining", "*")


def test_a_run_that_the_protocol_does_not_have_is_named(smoke):
    with pytest.raises(InterplayError, match="run:clip_pretraining/large/seed0: no such run; there is small/seed0"):
        under(smoke, "run:clip_pretraining/large/seed0").unfold("clip_pretraining")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"initial_scale": 200.0}, r"initial_scale \(200\) exceeds largest_scale \(100\)"),
        ({"image_encoder": {"width": 3}}, "image_encoder.width"),
        ({"augmentation": {"scale": (1.2, 0.8)}}, "from 1.2 to 0.8 is no range"),
        ({"captions": {"templates": ("a photo",)}}, "captions.templates"),
        ({"steps": 5}, r"trajectory.points \(10\) exceed steps \(5\)"),
    ],
)
def test_what_does_not_fit_is_refused(smoke, change, message):
    with pytest.raises(ValidationError, match=message):
        smoke.protocols["clip_pretraining"].vary(change)


def test_operations_are_those_that_torch_counts(smoke):
    from torch.utils.flop_counter import FlopCounterMode

    protocol = smoke.protocols["clip_pretraining"]
    for blocks in ((1, 1, 1, 1), (2, 1, 3, 1)):
        shape = protocol.image_encoder.model_copy(update={"blocks": blocks})
        model = Pretraining.build(protocol.model_copy(update={"image_encoder": shape}), 10, 0)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model.eval().visual(torch.zeros(1, 3, 32, 32))
        assert image_operations(shape, protocol.features) == pytest.approx(counter.get_total_flops(), rel=0.02)
