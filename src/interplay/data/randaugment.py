"""RandAugment of whole batches on the device where they are: other operations for each image, no loop over images.

The fourteen operations, their ranges and their arithmetic are those of the semi-supervised reference code, TorchSSL
(docs/facts.md#augmentation), which works with Pillow, one image after the other: the results here are the same bytes.
Few things are computed, since but for the identity the operations are of three kinds:

- pixels come from elsewhere (rotation, shear, translation): one affine map per image;
- the image is blended with another one, black, grey or smooth (brightness, colour, contrast, sharpness): one blend;
- values become others (equalisation, posterisation, ...): one table of 256 bytes per image and channel.

Each is computed for all images and changes none that did not draw it, so that shapes are fixed and the host never waits
for the device. On the CPU, where nobody waits, it is computed for those alone that did: a third of the work.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from interplay.data import pillow
from interplay.errors import InterplayError

BLACK = (0, 0, 0)


class Operation(NamedTuple):
    """An operation and the range that its magnitude is drawn from, uniformly; 0 and 0 where it has none."""

    name: str
    least: float = 0.0
    most: float = 0.0


OPERATIONS = (
    Operation("identity"),
    Operation("rotate", -30, 30),  # degrees against the clock, about the centre
    Operation("shear x", -0.3, 0.3),  # columns to the left for each row, about the upper left corner
    Operation("shear y", -0.3, 0.3),  # rows upwards for each column, likewise
    Operation("translate x", -0.3, 0.3),  # share of the width, to the left
    Operation("translate y", -0.3, 0.3),  # share of the height, upwards
    Operation("brightness", 0.05, 0.95),  # share of the image, the rest black
    Operation("colour", 0.05, 0.95),  # the rest its grey; of one channel, the identity
    Operation("contrast", 0.05, 0.95),  # the rest its mean grey
    Operation("sharpness", 0.05, 0.95),  # the rest the image smoothed, but for the outermost pixels
    Operation("autocontrast"),  # each channel stretched over 0 .. 255
    Operation("equalize"),  # the histogram of each channel; the identity where images have up to 255 pixels
    Operation("posterize", 4, 8),  # bits kept, rounded down
    Operation("solarize", 0, 256),  # the value from which on values are inverted
)
PLACE = {operation.name: place for place, operation in enumerate(OPERATIONS)}
MOVES, BLENDS, TABLES = slice(1, 6), slice(6, 10), slice(10, 14)


def rand_augment(
    images: Tensor, generator: torch.Generator, *, operations: int = 3, fill: tuple[int, int, int] = BLACK
) -> Tensor:
    """Apply to each image operations of its own, drawn with repetition from the fourteen, each of its own magnitude.

    Random numbers are drawn on the generator's device, so that a CPU generator gives the same images on every device.

    Args:
        images: uint8 [batch, channels, height, width] of 1 or 3 channels.
        generator: source of all randomness, advanced by two draws of `batch` x `operations` numbers whatever they are.
        operations: how many for each image, one after the other.
        fill: red, green and blue of what rotation, shear and translation move into the image: black in the reference
            code. Images of one channel get its grey value.

    Returns:
        A tensor like `images`.

    Raises:
        InterplayError: images of another kind, none of them, fewer than no operations, or a fill that is no colour.
    """
    check_images(images, fill, "RandAugment")
    if operations < 0:
        raise InterplayError(f"RandAugment cannot apply {operations} operations; ask for 0 or more")
    return augment(images, *_draws(len(images), operations, generator), fill)


def augment(images: Tensor, chosen: Tensor, magnitudes: Tensor, fill: tuple[int, int, int] = BLACK) -> Tensor:
    """Apply given operations, one after the other, to each image.

    Args:
        images: uint8 [batch, channels, height, width].
        chosen: int64 [batch, operations], each a place in `OPERATIONS`.
        magnitudes: float64 [batch, operations], each in the range of its operation.
        fill: as `rand_augment`.
    """
    device, (channels, height, width) = images.device, images.shape[1:]
    # Computed where the few numbers were drawn, so that the sines' last bits do not depend on the device of the images.
    maps = _maps(chosen, magnitudes, height, width).to(device)
    drawn = (chosen[..., None] == torch.arange(len(OPERATIONS), device=chosen.device)).to(device)  # [b, operations, 14]
    magnitudes = magnitudes.to(device)
    filling = pillow.fill_of(fill, channels, device)
    images = images.clone()
    for turn in range(chosen.shape[1]):
        took, magnitude = drawn[:, turn], magnitudes[:, turn]  # [b, 14] and [b]
        # Of the three kinds two leave an image as it is: their order means nothing.
        rows = _rows(took, MOVES)
        images[rows] = pillow.move(images[rows], maps[rows, turn], filling)
        rows = _rows(took, BLENDS)
        images[rows] = _blend(images[rows], took[rows], magnitude[rows])
        rows = _rows(took, TABLES)
        images[rows] = _look_up(images[rows], took[rows], magnitude[rows])
    return images


def check_images(images: Tensor, fill: tuple[int, int, int], user: str) -> None:
    """Stop unless images are bytes [batch, channels, height, width] of one or three channels, not none, and fill bytes.

    Raises:
        InterplayError: one line that says what they are.
    """
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3) or not images.numel():
        kind = f"{str(images.dtype).removeprefix('torch.')} {list(images.shape)}"
        raise InterplayError(f"{user} takes images as uint8 [N, 1 or 3, H, W], at least one, not {kind}")
    if len(fill) != 3 or not all(0 <= part <= 255 for part in fill):
        raise InterplayError(f"{user} fills with red, green and blue from 0 to 255, not {fill}")


@cache  # made on the device once: the host would wait for each copy
def _ranges(device: torch.device) -> tuple[Tensor, Tensor]:
    """The least magnitude of each operation and the width of its range, float64 [14] each."""
    ranges = torch.tensor([operation[1:] for operation in OPERATIONS], dtype=torch.float64)
    least, most = ranges.to(device).unbind(1)
    return least, most - least


def _draws(batch: int, operations: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Operations int64 and magnitudes float64, each [batch, operations], on the generator's device."""
    shape, device = (batch, operations), generator.device
    chosen = torch.randint(len(OPERATIONS), shape, generator=generator, device=device)
    level = torch.rand(shape, generator=generator, device=device, dtype=torch.float64)
    least, span = _ranges(device)
    return chosen, least[chosen] + span[chosen] * level


def _rows(took: Tensor, kind: slice) -> Tensor | slice:
    """The images that took an operation of a kind (`took` is bool [batch, 14]); not on the CPU, all of them."""
    return took[:, kind].any(1).nonzero()[:, 0] if took.device.type == "cpu" else slice(None)


def _maps(chosen: Tensor, magnitudes: Tensor, height: int, width: int) -> Tensor:
    """Where pixels come from: int32 [batch, operations, 2, 3], of `pillow.affine_maps`."""
    angle, shear_x, shear_y, x, y = (
        torch.where(chosen == place, magnitudes, 0.0) for place in range(MOVES.start, MOVES.stop)
    )
    return pillow.affine_maps(torch.deg2rad(angle), (shear_x, shear_y), (x * width, y * height), (height, width))


def _blend(images: Tensor, took: Tensor, magnitude: Tensor) -> Tensor:
    """Brightness, colour, contrast and sharpness: `magnitude` of the image and the rest of another one."""
    took, magnitude = took[..., None, None, None], magnitude[:, None, None, None].float()
    values = images.float()
    grey = pillow.grey(values)
    other = torch.where(took[:, PLACE["colour"]], grey, 0.0)
    other = torch.where(took[:, PLACE["contrast"]], pillow.mean(grey), other)
    other = torch.where(took[:, PLACE["sharpness"]], pillow.smooth(values), other)
    share = torch.where(took[:, BLENDS].any(1), magnitude, 1.0)  # of 1 the values come back to the bit
    return pillow.blend(values, other, share)


def _look_up(images: Tensor, took: Tensor, magnitude: Tensor) -> Tensor:
    """Autocontrast, equalisation, posterisation and solarisation: what each value of each channel becomes."""
    took, magnitude = took[..., None, None], magnitude[:, None, None]
    flat = images.flatten(2).long()
    least, most = torch.aminmax(flat, dim=2, keepdim=True)
    values = torch.arange(256, dtype=torch.uint8, device=images.device)

    bits = torch.where(took[:, PLACE["posterize"]], magnitude, 8.0).long()
    table = values & (255 << (8 - bits)).byte()  # [batch, 1, 256]
    inverted = took[:, PLACE["solarize"]] & (values >= magnitude)
    table = torch.where(inverted, 255 - values, table)
    table = torch.where(took[:, PLACE["equalize"]], pillow.equalizing(flat, most), table)
    table = torch.where(took[:, PLACE["autocontrast"]], pillow.stretching(least, most), table)
    return table.gather(2, flat).reshape(images.shape)
