"""Images as CLIP takes them: resized bicubically, cropped, normalised by the statistics of what OpenAI trained on.

For image files, transforms of one PIL image; for sets in memory, the same done to bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torchvision.transforms import v2

from interplay.data.batches import View
from interplay.data.normalise import Normalisation
from interplay.data.streamed import Transform
from interplay.data.tensors import Images

CLIP_NORMALISATION = Normalisation((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_BICUBIC = v2.InterpolationMode.BICUBIC


def evaluation_transform(size: int) -> Transform:
    """PIL image to `[3, size, size]`: the shorter side resized to `size`, the centre cropped, normalised."""
    transform: Transform = v2.Compose([v2.RGB(), *_centre(size), *_to_network()])
    return transform


def training_transform(size: int, *, scale: tuple[float, float] = (0.08, 1.0), flip: bool = True) -> Transform:
    """PIL image to `[3, size, size]`: a part of `scale` of its area resized, mirrored or not, normalised."""
    transform: Transform = v2.Compose([v2.RGB(), *_part(size, scale, flip), *_to_network()])
    return transform


def as_clip_takes(images: Images, size: int) -> Images:
    """Images in memory, resized and cropped where they are of another size, to be normalised as CLIP's are."""
    pixels = images.pixels
    if pixels.shape[-2:] != (size, size):
        pixels = v2.Compose(_centre(size))(pixels)
    if pixels.shape[1] == 1:
        pixels = pixels.expand(-1, 3, -1, -1)
    return replace(images, pixels=pixels, normalise=CLIP_NORMALISATION)


def training_view(size: int, *, scale: tuple[float, float] = (0.08, 1.0), flip: bool = True) -> View:
    """What `training_transform` does before it normalises, of a batch of bytes `[b, c, h, w]`, image by image."""
    part = v2.Compose(_part(size, scale, flip))

    def view(images: Tensor, generator: torch.Generator) -> Tensor:
        seed = torch.randint(2**62, (), generator=generator, device=generator.device)
        with torch.random.fork_rng(devices=[]):  # torchvision draws from torch's own generator
            torch.manual_seed(int(seed))
            return torch.stack([part(image) for image in images])

    return view


def _centre(size: int) -> Sequence[Transform]:
    return [v2.Resize(size, interpolation=_BICUBIC, antialias=True), v2.CenterCrop(size)]


def _part(size: int, scale: tuple[float, float], flip: bool) -> Sequence[Transform]:
    crop = v2.RandomResizedCrop(size, scale=scale, interpolation=_BICUBIC, antialias=True)
    return [crop, v2.RandomHorizontalFlip()] if flip else [crop]


def _to_network() -> Sequence[Transform]:
    mean, std = CLIP_NORMALISATION.mean, CLIP_NORMALISATION.std
    return [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(mean), list(std))]
