"""CLIP: image and text encoders of OpenCLIP with weights laid out as OpenAI published them.

The architecture follows from the shapes of the tensors, so that OpenAI's networks and small ones of this package are
built alike. The activation, which no tensor tells, is QuickGELU, and a head of attention is 64 wide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isqrt
from typing import Any

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.models.openclip import open_clip
from interplay.models.text_encoder import Suffixes, encode_embedded, encode_suffixes
from interplay.protocols.weights import WEIGHTS

HEAD_WIDTH = 64
VOCABULARY = 49_408  # tokens that CLIP's tokenizer knows
TEXTS_AT_ONCE = 256
_OF_TORCHSCRIPT = {"input_resolution", "context_length", "vocab_size"}  # numbers that its archives keep as tensors


def build_clip(tensors: Mapping[str, Tensor], architecture: str | None = None) -> open_clip.CLIP:
    """A CLIP in single precision, for evaluation, on the CPU.

    Args:
        tensors: by OpenAI's names (`visual.conv1.weight`, ..., `logit_scale`), in half or single precision.
        architecture: name of a model of OpenCLIP that they must be, where it is known.

    Raises:
        InterplayError: no CLIP, an incomplete one, or another than `architecture`.
    """
    state = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    state = {name: value for name, value in state.items() if name not in _OF_TORCHSCRIPT}
    try:
        config = _config(state)
    except (KeyError, IndexError, ZeroDivisionError) as error:
        raise InterplayError(
            f"these weights are of no CLIP as OpenAI names its tensors ({error.args[0]!s} is missing)"
        ) from error
    if architecture is not None:
        _check_architecture(config, architecture)
    with torch.random.fork_rng(devices=[]):
        model = open_clip.CLIP(**config, quick_gelu=True)
    _check_complete(state, model.state_dict())
    model.load_state_dict(state, strict=False)
    return model.eval()


def load_clip(weights: tuple[Mapping[str, Tensor], str], device: torch.device | str = "cpu") -> FrozenClip:
    """The encoders of weights that an experiment is given: tensors and the digest of their file.

    A file of the catalogue must hold the architecture that the catalogue states.

    Raises:
        InterplayError: as `build_clip`.
    """
    tensors, digest = weights
    return FrozenClip(build_clip(tensors, _architecture_of(digest)).to(device))


class FrozenClip:
    """A CLIP whose parameters stay as they are: gradients pass through it to prompts, none reach its parameters.

    Attributes:
        image_size: height and width of an image in pixels.
        num_features: dimension d of the joint space.
        token_width: dimension of the embedding of a token.
        context_length: tokens of a text at most, start and end among them.
        logit_scale: what cosines are multiplied by, the exponential of the learnt parameter.
    """

    def __init__(self, model: open_clip.CLIP) -> None:
        self.model = model.eval().requires_grad_(False)
        size = model.visual.image_size
        self.image_size = int(size if isinstance(size, int) else size[0])
        self.num_features = int(model.text_projection.shape[1])
        self.token_width = int(model.token_embedding.embedding_dim)
        self.context_length = int(model.context_length)
        self.logit_scale = float(model.logit_scale.exp())
        self.device = model.logit_scale.device

    @torch.no_grad()
    def encode_images(self, images: Tensor) -> Tensor:
        """Features `[n, d]`, not of unit length, of normalised images `[n, 3, image_size, image_size]`."""
        features: Tensor = self.model.visual(images.to(self.device))
        return features

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Tokens `[n, context_length]` (int64), with start and end, zeros after the end.

        Raises:
            InterplayError: a text is too long.
        """
        return tokenize(texts, self.context_length).to(self.device)

    @torch.no_grad()
    def embed(self, tokens: Tensor) -> Tensor:
        """Embeddings `[..., L, token_width]` of tokens `[..., L]`, without their positions."""
        embedded: Tensor = self.model.token_embedding(tokens)
        return embedded

    def encode_prompts(self, prompts: Tensor, ends: Tensor) -> Tensor:
        """Features `[n, d]`, not of unit length, of embedded prompts `[n, L, token_width]` without positions.

        No token sees those after it, so that nothing is lost where prompts are cut after the longest of them: L is at
        most `context_length`, and at least one more than the largest of `ends`.

        Args:
            prompts: embeddings of tokens or learnt vectors in their place; gradients pass to them.
            ends: `[n]`, the place of the end token of each, whose state is the feature.
        """
        return encode_embedded(self.model, prompts, ends)

    def encode_suffixes(self, prefixes: Tensor, suffixes: Suffixes) -> Tensor:
        """Features `[r, c, d]`, not of unit length, of `c` texts after each of `r` beginnings that all of them share.

        Equal to `encode_prompts` of the two joined, and several times faster.

        Args:
            prefixes: `[r, p, token_width]`, embeddings without positions; gradients pass to them.
            suffixes: what follows.
        """
        return encode_suffixes(self.model, prefixes, suffixes)

    @torch.no_grad()
    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Features `[n, d]`, not of unit length, of texts.

        Raises:
            InterplayError: a text is too long.
        """
        tokens = self.tokenize(texts)
        found = []
        for some in tokens.split(TEXTS_AT_ONCE):
            ends = ends_of(some)
            cut = some[:, : int(ends.max()) + 1]
            found.append(self.encode_prompts(self.embed(cut), ends))
        return torch.cat(found) if found else torch.empty(0, self.num_features, device=self.device)


def ends_of(tokens: Tensor) -> Tensor:
    """The place `[...]` of the end token in each text of tokens `[..., L]`: its number is the largest there is."""
    return tokens.argmax(-1)


def tokenize(texts: Sequence[str], context_length: int) -> Tensor:
    """Tokens `[n, context_length]` (int64) of CLIP's vocabulary, with start and end, zeros after the end.

    Raises:
        InterplayError: a text is too long.
    """
    tokenizer = _tokenizer()
    tokens = torch.zeros(len(texts), context_length, dtype=torch.int64)
    for row, text in zip(tokens, texts, strict=True):
        found = [tokenizer.sot_token_id, *tokenizer.encode(text), tokenizer.eot_token_id]
        if len(found) > context_length:
            raise InterplayError(
                f"text of {len(found)} tokens where {context_length} fit, start and end among them; shorten {text!r}"
            )
        row[: len(found)] = torch.tensor(found)
    return tokens


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    return open_clip.SimpleTokenizer()


def _config(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """What `open_clip.CLIP` is built with, as its own model files say it, from the shapes of the tensors."""
    width = state["ln_final.weight"].shape[0]
    return {
        "embed_dim": state["text_projection"].shape[1],
        "vision_cfg": _vision_transformer(state) if "visual.proj" in state else _resnet(state),
        "text_cfg": {
            "context_length": state["positional_embedding"].shape[0],
            "vocab_size": state["token_embedding.weight"].shape[0],
            "width": width,
            "heads": max(1, width // HEAD_WIDTH),
            "layers": _count(state, "transformer.resblocks."),
        },
    }


def _vision_transformer(state: Mapping[str, Tensor]) -> dict[str, Any]:
    width, _, _, patch = state["visual.conv1.weight"].shape
    side = isqrt(state["visual.positional_embedding"].shape[0] - 1)
    layers = _count(state, "visual.transformer.resblocks.")
    return {"image_size": side * patch, "layers": layers, "width": width, "patch_size": patch}


def _resnet(state: Mapping[str, Tensor]) -> dict[str, Any]:
    side = isqrt(state["visual.attnpool.positional_embedding"].shape[0] - 1)
    layers = [_count(state, f"visual.layer{group}.") for group in (1, 2, 3, 4)]
    width = state["visual.layer1.0.conv1.weight"].shape[0]
    return {"image_size": side * 32, "layers": layers, "width": width, "patch_size": None}


def _count(state: Mapping[str, Tensor], prefix: str) -> int:
    """Blocks whose tensors are named `<prefix><number>.`, by the largest number."""
    numbers = [int(name.removeprefix(prefix).partition(".")[0]) for name in state if name.startswith(prefix)]
    if not numbers:
        raise KeyError(f"{prefix}0")
    return max(numbers) + 1


def _check_complete(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    needed = {name: value for name, value in expected.items() if not name.endswith("num_batches_tracked")}
    if missing := sorted(needed.keys() - state.keys()):
        raise InterplayError(f"these weights of CLIP are incomplete: {len(missing)} tensors lack, {missing[0]} first")
    if unknown := sorted(state.keys() - expected.keys()):
        raise InterplayError(f"these weights hold {len(unknown)} tensors that CLIP does not have, {unknown[0]} first")
    for name, value in needed.items():
        if state[name].shape != value.shape:
            shapes = f"{list(state[name].shape)}, not {list(value.shape)}"
            raise InterplayError(f"these weights of CLIP do not fit together: {name} has shape {shapes}")


def _check_architecture(found: Mapping[str, Any], architecture: str) -> None:
    known = open_clip.get_model_config(architecture)
    if known is None:
        raise InterplayError(f"OpenCLIP has no model {architecture!r}; mend the weights' entry of the catalogue")
    for part in ("vision_cfg", "text_cfg"):
        for key, value in known[part].items():
            if value != found[part].get(key, value):
                said = f"{part.removesuffix('_cfg')} {key} is {found[part][key]}, not {value}"
                raise InterplayError(f"these weights are not {architecture} of OpenCLIP: {said}")
    if found["embed_dim"] != known["embed_dim"]:
        said = f"the joint space has {found['embed_dim']} dimensions, not {known['embed_dim']}"
        raise InterplayError(f"these weights are not {architecture} of OpenCLIP: {said}")


def _architecture_of(digest: str) -> str | None:
    """The architecture that the catalogue states of the file with this digest; None where it is of no such file."""
    for info in WEIGHTS.values():
        if any(pin.sha256.startswith(digest) for form in info.forms for pin in form.files.values()):
            return info.architecture.partition(" ")[0]
    return None
