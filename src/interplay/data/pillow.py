"""What Pillow does to one image, done to a batch where it is, each image in its own way, to the same bytes.

Nothing here waits for the device, and nothing is computed whose last bit depends on the device.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

ONE = 1 << 16
"""One in the fixed point of affine maps: 16 bits after the point."""
LUMA = (19595, 38470, 7471)
"""Red, green and blue in grey, of ONE: ITU-R 601-2."""


@cache  # copied to the device once, not at each call: the host would wait
def fill_of(fill: tuple[int, int, int], channels: int, device: torch.device) -> Tensor:
    """A colour as uint8 [channels, 1, 1]; of one channel its grey value, as `grey` weighs it."""
    colour = torch.tensor(fill, dtype=torch.float32).reshape(1, 3, 1, 1)
    return (grey(colour) if channels == 1 else colour)[0].byte().to(device)


def affine_maps(
    angle: Tensor, shear: tuple[Tensor, Tensor], shift: tuple[Tensor, Tensor], size: tuple[int, int]
) -> Tensor:
    """Where pixels come from: int32 [..., 2, 3], two rows (a, b, c) and (d, e, f) in fixed point.

    The pixel at column x and row y comes from column (a x + b y + c) and row (d x + e y + f), both rounded down. Pixels
    have their centres half a pixel from their corners, which is part of c and f.

    Args:
        angle: of rotation about the centre, radians against the clock, float64 [...].
        shear: columns for each row, and rows for each column, about the upper left corner, float64 [...] each; not
            together with a rotation.
        shift: columns to the left and rows upwards, float64 [...] each.
        size: height and width.
    """
    cos, sin = torch.cos(angle), torch.sin(angle)
    across, down = shear
    a, b, d, e = cos, across - sin, sin + down, cos
    # What stays in place: the centre where the image is rotated, the corner where it is sheared.
    centre_y, centre_x = (torch.where(angle != 0, side / 2, 0.0) for side in size)
    x, y = 0.5 - centre_x, 0.5 - centre_y
    c, f = centre_x + a * x + b * y, centre_y + d * x + e * y
    maps = torch.floor(torch.stack((a, b, c, d, e, f), dim=-1) * ONE + 0.5)
    # Shifts are by whole pixels, rounded half up before the fixed point rounds anything.
    maps[..., 2] += torch.floor(shift[0] + 0.5) * ONE
    maps[..., 5] += torch.floor(shift[1] + 0.5) * ONE
    return maps.int().reshape(*maps.shape[:-1], 2, 3)


def move(images: Tensor, maps: Tensor, fill: Tensor) -> Tensor:
    """Images (uint8 [batch, channels, height, width]) whose pixels come from elsewhere.

    Args:
        maps: of `affine_maps`, [batch, 2, 3].
        fill: what comes from outside the image, uint8 [channels, 1, 1].
    """
    batch, channels, height, width = images.shape
    x = torch.arange(width, dtype=torch.int32, device=images.device)
    y = torch.arange(height, dtype=torch.int32, device=images.device)[:, None]
    by_x, by_y, first = maps[..., None, None].unbind(2)  # [batch, 2, 1, 1] each: of columns and of rows
    columns, rows = ((by_x * x + (by_y * y + first)) >> 16).unbind(1)  # [batch, height, width]
    near_column, near_row = columns.clamp(0, width - 1), rows.clamp(0, height - 1)
    inside = (columns == near_column) & (rows == near_row)
    positions = (near_row * width + near_column).long().reshape(batch, 1, height * width).expand(-1, channels, -1)
    picked = images.reshape(batch, channels, height * width).gather(2, positions).reshape(images.shape)
    return torch.where(inside[:, None], picked, fill)


def blend(values: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """`share` of the values and the rest of the other, all float32, as bytes.

    Multiplied and added one after the other: fused, the last bit would depend on the device, and then the byte.
    """
    return (other + share * (values - other)).byte()


def grey(values: Tensor) -> Tensor:
    """Grey of float32 [batch, channels, h, w]: whole numbers [batch, 1, h, w]."""
    if values.shape[1] == 1:
        return values
    red, green, blue = (part * weight for part, weight in zip(values.split(1, dim=1), LUMA, strict=True))
    return torch.floor((red + green + blue + ONE / 2) * (1 / ONE))  # below 2^24: exact


def mean(values: Tensor) -> Tensor:
    """Mean of whole numbers over each image, rounded half up: float32 [batch, 1, h, w] to [batch, 1, 1, 1]."""
    pixels = values.shape[2] * values.shape[3]
    total = values.sum((2, 3), keepdim=True, dtype=torch.float64)  # whole numbers: exact in any order
    return torch.div(total + pixels / 2, pixels, rounding_mode="floor").float()


def smooth(values: Tensor) -> Tensor:
    """Float32 [batch, channels, h, w], each pixel the mean of its 3 x 3 with itself five times; the outermost stay."""
    if min(values.shape[2:]) < 3:
        return values
    rows = values[..., :-2, :] + values[..., 1:-1, :] + values[..., 2:, :]
    sums = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:] + 4 * values[..., 1:-1, 1:-1]
    smoothed = values.clone()
    # Thirteenths are never halves: half a thirteenth more and rounding down is exact whatever the last bit.
    smoothed[..., 1:-1, 1:-1] = torch.floor((sums + 6.5) * (1 / 13))
    return smoothed


def stretching(least: Tensor, most: Tensor) -> Tensor:
    """Tables uint8 [batch, channels, 256] that put `least` and `most` (int64 [batch, channels, 1]) at 0 and 255.

    In double precision, as Pillow computes them. A channel of one value alone stays as it is.
    """
    values = torch.arange(256, dtype=torch.float64, device=least.device)
    # A tensor in the numerator: a number divided by a tensor is multiplied with a rounded reciprocal.
    scale = torch.full_like(least, 255, dtype=torch.float64) / (most - least).clamp(min=1)
    table = (values * scale - least * scale).clamp(0, 255)
    return torch.where(most > least, table, values).byte()


def equalizing(flat: Tensor, most: Tensor) -> Tensor:
    """Tables uint8 [batch, channels, 256] that flatten the histogram of each channel.

    A value becomes the number of pixels below it, counted in steps of a 255th of all pixels but those of the highest
    value. Where these are fewer than 255 the table leaves every value as it is.

    Args:
        flat: values, int64 [batch, channels, pixels].
        most: the highest, int64 [batch, channels, 1].
    """
    batch, channels, pixels = flat.shape
    ones = torch.ones((), dtype=torch.int32, device=flat.device).expand(flat.shape)
    histogram = torch.zeros(batch, channels, 256, dtype=torch.int32, device=flat.device).scatter_add_(2, flat, ones)
    below = histogram.cumsum(2, dtype=torch.int32) - histogram
    step = (pixels - histogram.gather(2, most)) // 255
    # Whole numbers below 2^24: in single precision the quotient is never rounded up to the next one.
    table = ((below + step // 2) / step.clamp(min=1)).clamp(max=255).byte()
    return torch.where(step > 0, table, torch.arange(256, dtype=torch.uint8, device=flat.device))
