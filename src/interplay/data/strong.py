"""The strong view of the semi-supervised reference code, for whole batches: RandAugment, Cutout, flip and crop.

Source: TorchSSL, docs/facts.md#augmentation.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from interplay.data import pillow
from interplay.data.augment import flip_and_crop
from interplay.data.randaugment import check_images, rand_augment
from interplay.errors import InterplayError

GREY = (125, 123, 114)
"""What Cutout fills with in the reference code: about the mean colour of CIFAR-10."""
Turn = Literal["first", "last"]


def cutout(
    images: Tensor, generator: torch.Generator, *, largest: float = 0.5, fill: tuple[int, int, int] = GREY
) -> Tensor:
    """Cover a square of each image, of a side of its own between nothing and `largest` of the width.

    As the reference code has it, which draws it with Pillow: the centre is anywhere in the image; a square that begins
    left of the image or above it is shifted inside, one that ends outside is cut off; and the pixel in which it ends is
    covered too, so that a side of 3.7 covers four pixels.

    Args:
        images: uint8 [batch, channels, height, width] of 1 or 3 channels.
        generator: source of all randomness, advanced by one draw of 3 x `batch` numbers.
        largest: share of the width that the largest side has, from 0 (nothing is covered) to 1.
        fill: red, green and blue of the square; images of one channel get its grey value (123).

    Returns:
        A tensor like `images`.

    Raises:
        InterplayError: images of another kind, none of them, a `largest` outside 0 .. 1, or a fill that is no colour.
    """
    check_images(images, fill, "Cutout")
    if not 0 <= largest <= 1:
        raise InterplayError(f"Cutout covers squares of up to a share of the width, from 0 to 1, not {largest}")
    channels, height, width = images.shape[1:]
    side, top, left = _squares(len(images), largest, height, width, generator).to(images.device)[..., None]  # [b, 1]
    rows, columns = (torch.arange(size, device=images.device) for size in (height, width))
    down = (rows >= top) & (rows <= top + side)  # [batch, height]
    across = (columns >= left) & (columns <= left + side) & (side > 0)  # [batch, width]
    covered = down[:, None, :, None] & across[:, None, None, :]
    return torch.where(covered, pillow.fill_of(fill, channels, images.device), images)


def strong_view(
    images: Tensor,
    generator: torch.Generator,
    *,
    crop: Turn = "last",
    operations: int = 3,
    largest: float = 0.5,
    padding: int = 4,
    flip: bool = True,
) -> Tensor:
    """RandAugment with Cutout, and flip and crop: a view of `Images.views` and of streams.

    Args:
        images: uint8 [batch, channels, height, width] of 1 or 3 channels.
        generator: source of all randomness; what is drawn does not depend on the settings but for `operations`.
        crop: when the images are flipped and cropped: "last" as TorchSSL does, which reflects the border of the
            augmented image into the crop, or "first" as its successor USB does, which leaves the black of rotation and
            translation and the square of Cutout at the border.
        operations: of `rand_augment`.
        largest: of `cutout`.
        padding, flip: of `flip_and_crop`.

    Raises:
        InterplayError: another `crop`, or as `rand_augment`, `cutout` and `flip_and_crop`.
    """
    if crop not in get_args(Turn):
        raise InterplayError(f"the strong view crops {' or '.join(map(repr, get_args(Turn)))}, not {crop!r}")
    if crop == "first":
        images = flip_and_crop(images, generator, padding=padding, flip=flip)
    images = cutout(rand_augment(images, generator, operations=operations), generator, largest=largest)
    return flip_and_crop(images, generator, padding=padding, flip=flip) if crop == "last" else images


def _squares(batch: int, largest: float, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Side, first row and first column of each square, float64 [3, batch]; the last two are whole numbers."""
    drawn = torch.rand((3, batch), generator=generator, device=generator.device, dtype=torch.float64)
    side, across, down = drawn[0] * largest * width, drawn[1] * width, drawn[2] * height
    top, left = ((centre - side / 2).clamp(min=0).floor() for centre in (down, across))
    return torch.stack((side, top, left))
