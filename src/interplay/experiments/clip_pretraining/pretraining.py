"""The dual encoder under training: batches, contrastive loss, readings, and its tensors as OpenAI lays them out."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from interplay.data import Images
from interplay.errors import InterplayError
from interplay.experiments.clip_pretraining.augmentation import augmented
from interplay.experiments.clip_pretraining.captions import CaptionMaker, CaptionStream
from interplay.models.dual_encoder import HEAD_WIDTH, VOCABULARY
from interplay.models.openclip import open_clip
from interplay.models.text_encoder import encode_embedded
from interplay.protocols.clip_pretraining import ClipPretrainingProtocol
from interplay.training import (
    Batch,
    Compute,
    Descent,
    EpochOrder,
    Learner,
    State,
    Step,
    Stream,
    Trainer,
    adamw,
    cosine_factor,
    generator,
    on_device,
    parameter_groups,
    warmup_factor,
)

_EMBEDDING_STD = 0.02  # of OpenCLIP's embeddings before training


class Pretraining:
    """All of one run but its loop.

    Args:
        protocol: what it follows.
        seed: of all randomness.
        train, test: pictures, as CLIP takes them; their class names are name and attributes.
        device, compute: where and how it is computed.
    """

    def __init__(
        self,
        protocol: ClipPretrainingProtocol,
        seed: int,
        train: Images,
        test: Images,
        device: torch.device,
        compute: Compute | None = None,
    ) -> None:
        self.protocol, self.seed = protocol, seed
        self.captions = CaptionMaker(train.class_names, protocol.captions, protocol.text_encoder.context_length)
        self.held_out = _of_different_captions(test, protocol.trajectory.sample).to(device)
        self.model: Any = on_device(self.build(protocol, len(self.captions.vocabulary), seed), device)
        self._contrast = open_clip.ClipLoss()
        settings, steps = protocol.optimizer, protocol.steps
        largest = log(protocol.largest_scale)
        learner = Learner(
            self.model,
            adamw(
                parameter_groups(self.model, settings.weight_decay, decay_norm_and_bias=False),
                settings.learning_rate,
                betas=(settings.beta1, settings.beta2),
            ),
            lambda step: (
                settings.learning_rate * warmup_factor(step, settings.warmup_steps) * cosine_factor(step, steps, 0.5)
            ),
            after_step=lambda: self.model.logit_scale.data.clamp_(max=largest),
        )
        orders = [EpochOrder(len(train), protocol.batch_size, seed, "order", device=place) for place in (device, "cpu")]
        views = {"image": augmented(protocol.augmentation)}
        self.trainer = Trainer(
            learner,
            {
                "pictures": Stream(train.to(device), orders[0], views, seed, "pictures", labelled=False),
                "captions": CaptionStream(
                    self.captions, train.labels.cpu(), orders[1], seed, "captions", device=device
                ),
            },
            Descent(self._descended),
            steps=steps,
            observe=self._read,
            compute=compute,
        )

    def tensors(self) -> dict[str, Tensor]:
        """The network with CLIP's whole vocabulary; words that no caption has are as they are before any training."""
        state: dict[str, Tensor] = {name: value.detach().cpu() for name, value in self.model.state_dict().items()}
        learnt = state["token_embedding.weight"]
        draw = generator(self.seed, "words that no caption has")
        table = torch.randn(VOCABULARY, learnt.shape[1], generator=draw) * _EMBEDDING_STD
        table[self.captions.vocabulary] = learnt
        return state | {"token_embedding.weight": table}

    @staticmethod
    def build(protocol: ClipPretrainingProtocol, words: int, seed: int) -> nn.Module:
        """The untrained network, with embeddings of so many words."""
        images, texts = protocol.image_encoder, protocol.text_encoder
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator(seed, "initialisation").initial_seed() % 2**63)
            network: nn.Module = open_clip.CLIP(
                embed_dim=protocol.features,
                vision_cfg={"image_size": images.image_size, "layers": list(images.blocks), "width": images.width},
                text_cfg={
                    "context_length": texts.context_length,
                    "vocab_size": words,
                    "width": texts.width,
                    "heads": texts.width // HEAD_WIDTH,
                    "layers": texts.layers,
                },
                quick_gelu=True,
                init_logit_scale=log(protocol.initial_scale),
            )
        return network

    def _descended(self, learner: Learner[Any], batch: Batch, state: State) -> Step:
        captions = batch["captions"]
        images = self._encode_images(batch["pictures"]["image"])
        texts = self._encode_texts(captions["tokens"], captions["ends"])
        loss = self._contrast(images, texts, self.model.logit_scale.exp())
        return Step(loss)

    @torch.no_grad()
    def _read(self, step: int) -> Mapping[str, float]:
        """Loss over the held-out sample at once, and how often the nearest caption or picture is the right one."""
        self.model.eval()
        size = self.protocol.batch_size
        images = torch.cat([self._encode_images(some) for some, _ in self.held_out.batches(size)])
        tokens, ends = (one.to(images.device) for one in self.captions.whole(self.held_out.labels.cpu()))
        texts = self._encode_texts(tokens, ends)
        scale, cosines = self.model.logit_scale.exp(), images @ texts.T
        places = torch.arange(len(images), device=images.device)
        return {
            "test_loss": float(self._contrast(images, texts, scale)),
            "test_retrieval_accuracy": float((cosines.argmax(1) == places).float().mean()),
            "test_picture_retrieval_accuracy": float((cosines.argmax(0) == places).float().mean()),
            "logit_scale": float(scale),
        }

    def _encode_images(self, images: Tensor) -> Tensor:
        return functional.normalize(self.model.visual(images), dim=1)

    def _encode_texts(self, tokens: Tensor, ends: Tensor) -> Tensor:
        return functional.normalize(encode_embedded(self.model, self.model.token_embedding(tokens), ends), dim=1)


def _of_different_captions(images: Images, size: int) -> Images:
    """The first picture of each caption, a fixed sample of `size` of them.

    Raises:
        InterplayError: fewer than two pictures of different captions.
    """
    captions, of_caption = images.labels.unique(return_inverse=True)
    found = torch.full_like(captions, len(images)).scatter_reduce_(0, of_caption, torch.arange(len(images)), "amin")
    if len(found) < 2:
        raise InterplayError(f"{images.name}: pictures of one caption alone; retrieval needs at least two")
    return images.subset(found).sample(size)
