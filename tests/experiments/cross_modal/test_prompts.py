"""Learnt contexts against OpenCLIP's encoding of the text that they stand for, class by class, image by image."""

from __future__ import annotations

import open_clip
import pytest
import torch

from interplay.errors import InterplayError
from interplay.experiments.cross_modal.prompts import ConditionalContext, SharedContext
from interplay.models.dual_encoder import FrozenClip

NAMES = ["cat", "golden_retriever dog", "a", "small_house, red"]
VISION = {"image_size": 16, "layers": 1, "width": 64, "patch_size": 8}
SMALL = {"context_length": 20, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1}
DEEP = SMALL | {"width": 128, "heads": 2, "layers": 3}


@pytest.fixture(scope="module", params=[SMALL, DEEP], ids=["one block", "three blocks"])
def clip(request):
    torch.manual_seed(0)
    return FrozenClip(open_clip.CLIP(32, dict(VISION), dict(request.param), quick_gelu=True).double())


@pytest.fixture
def images():
    return torch.randn(3, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def literally(clip, texts):
    return clip.model.encode_text(clip.tokenize(texts))


def with_context(clip, name, context):
    """A single prompt of full length through OpenCLIP's modules, as the authors of CoOp encode it."""
    model, tokens = clip.model, clip.tokenize([" ".join(["x"] * len(context)) + f" {name.replace('_', ' ')}."])
    embedded = model.token_embedding(tokens)[0]
    prompt = torch.cat([embedded[:1], context, embedded[1 + len(context) :]])[None]
    states = model.transformer(prompt + model.positional_embedding, attn_mask=model.attn_mask)
    return (model.ln_final(states)[0, tokens.argmax()] @ model.text_projection)[None]


def test_a_context_of_words_gives_what_the_text_gives(clip):
    shared = SharedContext(clip, NAMES, members=2, tokens=4, std=0.02, seed=0, init="a_photo of a").double()
    expected = literally(clip, [f"a photo of a {name.replace('_', ' ')}." for name in NAMES])
    vectors = shared.class_vectors()
    assert vectors.shape == (2, 4, 32)
    torch.testing.assert_close(vectors, expected.expand(2, -1, -1), rtol=0, atol=1e-12)


def test_without_what_the_image_adds_a_conditional_context_gives_what_the_text_gives(clip, images):
    conditional = ConditionalContext(clip, NAMES, members=2, context="a photo of a", seed=0).double()
    with torch.no_grad():
        conditional.expand_weight.zero_()
        conditional.expand_bias.zero_()
    expected = literally(clip, [f"a photo of a {name.replace('_', ' ')}." for name in NAMES])
    vectors = conditional.class_vectors(images)
    assert vectors.shape == (2, 3, 4, 32)
    torch.testing.assert_close(vectors, expected.expand(2, 3, -1, -1), rtol=0, atol=1e-12)


def test_drawn_contexts_are_encoded_as_one_by_one_gradients_too(clip):
    shared = SharedContext(clip, NAMES, members=3, tokens=5, std=0.5, seed=0).double()
    with torch.no_grad():
        shared.context += torch.randn_like(shared.context)  # members part
    vectors = shared.class_vectors()
    expected = torch.stack([torch.cat([with_context(clip, name, one) for name in NAMES]) for one in shared.context])
    torch.testing.assert_close(vectors, expected, rtol=0, atol=1e-12)
    weights = torch.randn_like(vectors)
    ours, theirs = (torch.autograd.grad((weights * one).sum(), shared.context)[0] for one in (vectors, expected))
    assert ours.abs().amin(dim=(1, 2)).gt(0).all()
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)


def test_every_vector_of_a_conditional_context_is_moved_by_what_a_linear_network_says_of_the_image(clip, images):
    conditional = ConditionalContext(clip, NAMES, members=2, seed=0).double()
    with torch.no_grad():
        for parameter in conditional.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    vectors = conditional.class_vectors(7 * images)  # their length makes no difference
    expected = torch.empty_like(vectors)
    for member in range(2):
        layers = torch.nn.Sequential(torch.nn.Linear(32, 2), torch.nn.ReLU(), torch.nn.Linear(2, clip.token_width))
        layers.double().load_state_dict(
            {
                "0.weight": conditional.reduce_weight[member],
                "0.bias": conditional.reduce_bias[member],
                "2.weight": conditional.expand_weight[member],
                "2.bias": conditional.expand_bias[member],
            }
        )
        for number, image in enumerate(images):
            context = conditional.context[member] + layers(image / image.norm())
            expected[member, number] = torch.cat([with_context(clip, name, context) for name in NAMES])
    torch.testing.assert_close(vectors, expected, rtol=0, atol=1e-10)


def test_members_start_alike_as_the_published_networks_do(clip):
    shared = SharedContext(clip, NAMES, members=3, tokens=13, std=0.02, seed=1)
    assert torch.equal(shared.context, shared.context[:1].expand(3, -1, -1))
    assert shared.context.std().item() == pytest.approx(0.02, rel=0.1)
    other = SharedContext(clip, NAMES, members=1, tokens=13, std=0.02, seed=2)
    assert not torch.equal(shared.context[0], other.context[0])
    conditional = ConditionalContext(clip, NAMES, members=2, seed=1)
    for name, shape, fan_in in (
        ("reduce_weight", (2, 32), 32),
        ("reduce_bias", (2,), 32),
        ("expand_weight", (clip.token_width, 2), 2),
        ("expand_bias", (clip.token_width,), 2),
    ):
        value = getattr(conditional, name)
        assert value.shape == (2, *shape) and torch.equal(value[0], value[1])
        assert 0.3 < value.abs().max() * fan_in**0.5 <= 1
    assert torch.equal(conditional.context[1], clip.embed(clip.tokenize(["a photo of a"])[0, 1:5]))


def test_some_members_are_as_among_all(clip, images):
    conditional = ConditionalContext(clip, NAMES, members=3, seed=0).double()
    shared = SharedContext(clip, NAMES, members=3, tokens=2, std=0.02, seed=0).double()
    with torch.no_grad():
        conditional.expand_bias += torch.randn_like(conditional.expand_bias)
        shared.context += torch.randn_like(shared.context)
    for context in (conditional, shared):
        some = context.class_vectors(images, slice(1, 3))
        torch.testing.assert_close(some, context.class_vectors(images)[1:], rtol=0, atol=1e-13)


def test_other_class_names_share_the_parameters(clip, images):
    conditional = ConditionalContext(clip, NAMES, members=2, seed=0).double()
    new = conditional.for_classes(["a longer name than before", "cat"])
    assert [id(one) for one in new.parameters()] == [id(one) for one in conditional.parameters()]
    with torch.no_grad():
        conditional.context += 1
    vectors, before = new.class_vectors(images), conditional.class_vectors(images)
    assert vectors.shape == (2, 3, 2, 32) and before.shape == (2, 3, 4, 32)
    torch.testing.assert_close(vectors[:, :, 1], before[:, :, 0], rtol=0, atol=1e-12)  # "cat" in both


def test_gradients_reach_the_contexts_alone(clip, images):
    conditional = ConditionalContext(clip, NAMES, members=2, seed=0).double()
    assert set(conditional.state_dict()) == {
        "context", "reduce_weight", "reduce_bias", "expand_weight", "expand_bias",
    }  # fmt: skip
    conditional.class_vectors(images).square().sum().backward()
    assert all(parameter.grad is not None for parameter in conditional.parameters())
    assert all(parameter.grad is None for parameter in clip.model.parameters())


@pytest.mark.each_device
def test_contexts_are_where_their_encoder_is(device, images):
    torch.manual_seed(0)
    clip = FrozenClip(open_clip.CLIP(32, dict(VISION), dict(SMALL), quick_gelu=True).to(device))
    for context in (
        SharedContext(clip, NAMES, members=2, tokens=3, std=0.02, seed=0),
        ConditionalContext(clip, NAMES, members=2, seed=0),
    ):
        vectors = context.class_vectors(images.float().to(device))
        vectors.sum().backward()
        assert {vectors.device.type} | {one.grad.device.type for one in context.parameters()} == {device.type}


def test_what_does_not_fit_is_refused_in_one_line(clip):
    with pytest.raises(InterplayError, match="17 context tokens and class 'golden_retriever dog' of 4 with its full"):
        SharedContext(clip, NAMES[:3], members=1, tokens=17, std=0.02, seed=0)
    SharedContext(clip, ["cat"], members=1, tokens=16, std=0.02, seed=0)  # start, 16, cat, ".", end: all 20
    with pytest.raises(InterplayError, match="'a photo of a' has 4 tokens, not 16"):
        SharedContext(clip, NAMES, members=1, tokens=16, std=0.02, seed=0, init="a photo of a")
    with pytest.raises(InterplayError, match="at least one class"):
        SharedContext(clip, [], members=1, tokens=16, std=0.02, seed=0)
