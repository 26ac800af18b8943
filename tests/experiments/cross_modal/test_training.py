"""The training of contexts: schedule, members side by side, chunks, frozen encoders; and it learns."""

from math import cos, pi

import pytest
import torch
from torch.nn.functional import normalize

from interplay.experiments.cross_modal.features import FeatureStream
from interplay.experiments.cross_modal.prompts import ConditionalContext, SharedContext
from interplay.experiments.cross_modal.readings import read_shared
from interplay.experiments.cross_modal.training import PromptTask, learning_rate, seconds_of_terms
from interplay.models.dual_encoder import build_clip, load_clip
from interplay.protocols.cross_modal import Objective
from interplay.training import EpochOrder

NAMES = ("river", "forest", "sea or lake", "road", "crop land")
OBJECTIVES = {
    "coop": Objective(term="none", weight=0),
    "vne": Objective(term="vne", weight=0.4),
    "cma_published": Objective(term="cma_published", weight=0.4),
    "cma_released": Objective(term="cma_released", weight=0.4),
}
ALIGNMENT = {"alignment alone": Objective(term="cma_released", weight=1)}


@pytest.fixture(scope="module")
def clip(tensors):
    return load_clip((tensors, "of this test"))


@pytest.fixture(scope="module")
def images(clip):
    """Features and labels of a task whose classes lie where a hidden context takes their names."""
    hidden = SharedContext(clip, NAMES, members=1, tokens=2, std=0.5, seed=99)
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(len(NAMES)).repeat(40)
    centres = normalize(hidden.class_vectors().detach()[0], dim=-1)
    return centres[labels] + 0.1 * torch.randn(len(labels), clip.num_features, generator=draw), labels


@pytest.fixture
def make_task(make_protocol, clip, images, bench):
    """A task on the images, of CoOp or of CoCoOp, with some of the members."""

    def make(*members, conditional=False, steps=5, batch_size=8, **overrides):
        protocol = make_protocol(**overrides)
        own = {name: (OBJECTIVES | ALIGNMENT)[name] for name in members or OBJECTIVES}
        if conditional:
            prompts = ConditionalContext(clip, NAMES, members=len(own), context="a photo", seed=1)
        else:
            prompts = SharedContext(clip, NAMES, members=len(own), tokens=2, std=0.02, seed=1)
        features, labels = images
        source = FeatureStream(features, labels, EpochOrder(len(labels), batch_size, 1, "order"))
        b = bench()
        context = b.context(b.runs["zero_shot/eurosat/rn50/seed0"])
        return PromptTask(
            protocol, prompts, source, own, scale=clip.logit_scale, steps=steps, epochs=steps, context=context
        )

    return make


def train(task):
    for step in range(task.steps):
        task.train_step(step)
    return {name: value.detach().clone() for name, value in task.learners["main"].network.named_parameters()}


def test_the_rate_is_constant_in_the_warm_up_and_then_half_a_cosine(make_protocol):
    protocol = make_protocol(optimizer={"learning_rate": 0.002, "warmup_epochs": 1, "warmup_rate": 1e-5})
    rates = [learning_rate(protocol, epoch, 50) for epoch in range(50)]
    assert rates[0] == 1e-5 and rates[1] == 0.002
    assert rates[26] == pytest.approx(0.001)
    assert rates[-1] == pytest.approx(0.001 * (1 + cos(pi * 48 / 50)))
    assert rates[1:] == sorted(rates[1:], reverse=True)


@pytest.mark.parametrize("conditional", [False, True])
def test_members_trained_together_equal_members_trained_alone(make_task, conditional):
    rate = {"learning_rate": 0.2}
    together = train(make_task(conditional=conditional, optimizer=rate))
    ends = []
    for place, name in enumerate(OBJECTIVES):
        alone = train(make_task(name, conditional=conditional, optimizer=rate))
        for key, value in alone.items():
            torch.testing.assert_close(together[key][place], value[0], atol=2e-5, rtol=1e-4)
        ends.append(alone["context"])
    for place, end in enumerate(ends[1:]):
        assert (end - ends[0]).abs().max() > 1e-4, f"{list(OBJECTIVES)[place + 1]} has trained as CoOp has"


@pytest.mark.parametrize("conditional", [False, True])
def test_members_in_turns_are_trained_alike(make_task, conditional):
    whole = train(make_task(conditional=conditional))
    parts = train(make_task(conditional=conditional, prompts_at_once=1))
    for key, value in whole.items():
        torch.testing.assert_close(parts[key], value, atol=1e-6, rtol=1e-5)


def test_encoders_are_bit_equal_after_training(make_task, clip, tensors):
    train(make_task(conditional=True, optimizer={"learning_rate": 1.0}))
    train(make_task(optimizer={"learning_rate": 1.0}))
    fresh = build_clip(tensors).state_dict()
    for name, value in clip.model.state_dict().items():
        assert torch.equal(value, fresh[name]), name
    assert not any(value.requires_grad or value.grad is not None for value in clip.model.parameters())


def test_training_improves_on_texts_as_they_are(make_task, clip, images):
    features, labels = images
    zero_shot = read_shared(features, labels, clip.encode_texts([f"{name}." for name in NAMES])[None])
    task = make_task(steps=150, batch_size=40, optimizer={"learning_rate": 0.5})
    train(task)
    prompts = task.learners["main"].network
    after = read_shared(features, labels, prompts.class_vectors().detach())
    gains = after.accuracy - zero_shot.accuracy
    assert (gains > 0.1).all(), (zero_shot.accuracy, after.accuracy)
    losses = task.observe(150)
    assert set(losses) == {f"{kind}_{name}" for kind in ("loss", "cross_entropy", "term") for name in OBJECTIVES}
    for name, objective in OBJECTIVES.items():
        parts = (1 - objective.weight) * losses[f"cross_entropy_{name}"] + objective.weight * losses[f"term_{name}"]
        assert losses[f"loss_{name}"] == pytest.approx(parts, rel=1e-4)


def test_cma_alone_brings_images_and_texts_of_a_class_together(make_task, images):
    features, labels = images
    task = make_task(*ALIGNMENT, steps=60, batch_size=40, optimizer={"learning_rate": 0.5})
    prompts = task.learners["main"].network
    before = read_shared(features, labels, prompts.class_vectors().detach())
    train(task)
    after = read_shared(features, labels, prompts.class_vectors().detach())
    assert after.class_similarity > before.class_similarity + 0.05


def test_the_time_of_the_terms_is_told_and_changes_nothing(make_task):
    task = make_task()
    train(task)
    state = task.state_dict()["learners"]["main"]["network"]
    kept = {name: value.clone() for name, value in state.items()}
    assert seconds_of_terms(task) >= 0
    assert all(torch.equal(value, kept[name]) for name, value in task.learners["main"].network.state_dict().items())
