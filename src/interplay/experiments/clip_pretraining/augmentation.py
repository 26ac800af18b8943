"""Views of small pictures in which letters stay what they are: shift, scale, colour and noise, of whole batches."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor
from torch.nn import functional

from interplay.data.batches import View
from interplay.protocols.clip_pretraining import Augmentation


def augmented(settings: Augmentation) -> View:
    """A view that draws for each image of bytes `[b, c, h, w]` what `settings` allow; nothing is mirrored."""

    def view(images: Tensor, generator: torch.Generator) -> Tensor:
        batch, channels, height, width = images.shape
        drawn = torch.rand(batch, 7 + channels, generator=generator, device=generator.device).to(images.device) * 2 - 1
        least, most = map(log, settings.scale)
        scale = (least + (most - least) * (drawn[:, 0] + 1) / 2).exp()
        room = (1 - scale).clamp(min=0) + 2 / width * settings.shift  # half the side is 1
        theta = images.new_zeros((batch, 2, 3), dtype=torch.float32)
        theta[:, 0, 0] = theta[:, 1, 1] = 1 / scale
        theta[:, :, 2] = drawn[:, 1:3] * (room / scale)[:, None]
        grid = functional.affine_grid(theta, [batch, channels, height, width], align_corners=False)
        moved = functional.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
        share = (settings.grey * (drawn[:, 6] + 1) / 2)[:, None, None, None]
        moved = torch.lerp(moved, moved.mean(1, keepdim=True), share)
        contrast = 1 + settings.contrast * drawn[:, 3, None]
        gain = (contrast * (1 + settings.colour * drawn[:, 7:]))[:, :, None, None]
        offset = 255 * (0.5 * (1 - contrast) + settings.brightness * drawn[:, 4, None])[:, :, None, None]
        level = 255 * settings.noise * drawn[:, 5].abs()[:, None, None, None]
        noise = torch.randn(batch, 1, height, width, generator=generator, device=generator.device).to(images.device)
        return moved.mul_(gain).add_(offset).add_(noise * level).round_().clamp_(0, 255).to(torch.uint8)

    return view
