"""CLIP is built from the shapes of its tensors; its frozen encoders give what OpenCLIP's do, and stay as they are."""

from __future__ import annotations

import open_clip
import pytest
import torch
from torch import nn

from interplay.errors import InterplayError
from interplay.models.dual_encoder import FrozenClip, build_clip, ends_of, load_clip, tokenize

TEXT = {"context_length": 20, "vocab_size": 49408, "width": 128, "heads": 2, "layers": 3}
RESNET = {"image_size": 32, "layers": [1, 2, 1, 1], "width": 8, "patch_size": None}
TRANSFORMER = {"image_size": 24, "layers": 2, "width": 64, "patch_size": 8}
TEXTS = ["a photo of a cat.", "x", "a photo of a large, striped and rather unusual dog"]


def tiny(vision):
    torch.manual_seed(0)
    model = open_clip.CLIP(embed_dim=48, vision_cfg=dict(vision), text_cfg=dict(TEXT), quick_gelu=True)
    for module in model.modules():  # so that nothing is zero or one, as it is in a network that has not been trained
        if isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    return model.eval()


@pytest.fixture(scope="module", params=[RESNET, TRANSFORMER], ids=["resnet", "transformer"])
def model(request):
    return tiny(request.param)


@pytest.fixture(scope="module")
def text_model():
    return tiny(TRANSFORMER).double()


def test_a_clip_is_rebuilt_from_its_tensors(model):
    built = build_clip(model.state_dict())
    size = FrozenClip(built).image_size
    images = torch.randn(3, 3, size, size)
    tokens = tokenize(TEXTS, 20)
    with torch.no_grad():
        torch.testing.assert_close(built.encode_image(images), model.encode_image(images))
        torch.testing.assert_close(built.encode_text(tokens), model.encode_text(tokens))
    assert not built.training


def test_half_precision_and_what_torchscript_adds_are_read(model):
    state = {name: value.half() if value.is_floating_point() else value for name, value in model.state_dict().items()}
    extras = {name: torch.tensor(20) for name in ("input_resolution", "context_length", "vocab_size")}
    built = build_clip(state | extras)
    assert {value.dtype for value in built.parameters()} == {torch.float32}
    assert torch.equal(built.text_projection, model.text_projection.half().float())


def test_tokens_are_those_of_openclip():
    assert torch.equal(tokenize(TEXTS, 77), open_clip.tokenize(TEXTS))
    assert ends_of(tokenize(["a photo"], 77)).tolist() == [3]


def test_a_text_that_does_not_fit_is_refused():
    with pytest.raises(InterplayError, match="text of 7 tokens where 6 fit"):
        tokenize(["one two three four five"], 6)
    assert tokenize(["one two three four"], 6).shape == (1, 6)


@torch.no_grad()
def test_prompts_cut_to_the_longest_give_what_the_whole_context_gives(text_model):
    clip = FrozenClip(text_model)
    tokens = clip.tokenize(TEXTS)
    expected = text_model.encode_text(tokens)
    ends = ends_of(tokens)
    assert int(ends.max()) + 1 < clip.context_length
    found = clip.encode_prompts(clip.embed(tokens[:, : int(ends.max()) + 1]), ends)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
    torch.testing.assert_close(clip.encode_texts(TEXTS), expected, rtol=0, atol=1e-9)


def test_gradients_to_prompts_are_those_of_the_whole_context(text_model):
    clip = FrozenClip(text_model)
    tokens = clip.tokenize(TEXTS)
    ends, weight = ends_of(tokens), torch.randn(3, 48, dtype=torch.float64)
    whole = clip.embed(tokens).requires_grad_()
    hidden = text_model.transformer(whole + text_model.positional_embedding, attn_mask=text_model.attn_mask)
    pooled = text_model.ln_final(hidden)[torch.arange(3), ends] @ text_model.text_projection
    (pooled * weight).sum().backward()
    cut = clip.embed(tokens[:, : int(ends.max()) + 1]).requires_grad_()
    (clip.encode_prompts(cut, ends) * weight).sum().backward()
    torch.testing.assert_close(cut.grad, whole.grad[:, : cut.shape[1]], rtol=1e-9, atol=1e-9)
    assert cut.grad.abs().sum() > 0


def test_parameters_stay_as_they_are(model):
    clip = FrozenClip(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    tokens = clip.tokenize(TEXTS)
    prompts = clip.embed(tokens).requires_grad_()
    size = clip.image_size
    features = clip.encode_images(torch.randn(2, 3, size, size))
    (clip.encode_prompts(prompts, ends_of(tokens)) @ features.T).sum().backward()
    assert all(value.grad is None for value in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert features.shape == (2, clip.num_features)
    assert not features.requires_grad


def test_what_is_no_clip_is_refused():
    with pytest.raises(InterplayError, match="of no CLIP"):
        build_clip(nn.Linear(2, 2).state_dict())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("transformer.resblocks.1.mlp.c_fc.bias"), "1 tensors lack, transformer.resblocks.1"),
        (lambda state: state.update(logit_bias=torch.zeros(1)), "1 tensors that CLIP does not have, logit_bias"),
        (lambda state: state.update(text_projection=torch.zeros(64, 48)), r"text_projection has shape \[64, 48\]"),
        (lambda state: state.pop("ln_final.weight"), "ln_final.weight is missing"),
    ],
)
def test_weights_that_lack_something_are_refused(text_model, change, message):
    state = dict(text_model.state_dict())
    change(state)
    with pytest.raises(InterplayError, match=message) as error:
        build_clip(state)
    assert "\n" not in str(error.value)


def test_another_architecture_than_the_catalogue_says_is_refused(text_model):
    with pytest.raises(InterplayError, match="are not RN50-quickgelu of OpenCLIP: vision image_size is 24, not 224"):
        build_clip(text_model.state_dict(), "RN50-quickgelu")
    # A file of the catalogue is known by its digest, here that of the published ResNet.
    with pytest.raises(InterplayError, match="are not RN50-quickgelu"):
        load_clip((text_model.state_dict(), "da0baa37fb2211ee"))
    assert load_clip((text_model.state_dict(), "0" * 16)).num_features == 48
