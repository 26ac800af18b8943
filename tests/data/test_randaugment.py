"""Each operation against Pillow, byte for byte, and against torchvision's arithmetic on tensors; and the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms.v2 import functional

from interplay.data import rand_augment
from interplay.data import randaugment as module
from interplay.data.randaugment import OPERATIONS, PLACE, _draws, augment
from interplay.errors import InterplayError

SIZES = [(1, 1), (2, 5), (7, 3), (14, 14), (32, 32), (40, 23)]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int, channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    """Noise on ramps, some of them in a part of the range of bytes, the first of a single colour."""
    draw = seeded(seed)
    ramp = torch.linspace(0, 1, width) * torch.linspace(1, 0.3, height)[:, None]
    images = 0.6 * ramp + 0.4 * torch.rand(count, channels, height, width, generator=draw)
    images = images * torch.rand(count, channels, 1, 1, generator=draw) ** 0.5
    images[0] = torch.rand(channels, 1, 1, generator=draw)
    return (images * 255).byte()


def levels(name: str, count: int, seed: int = 0) -> torch.Tensor:
    """Magnitudes [count, 1] over the range of an operation: its ends, and random ones between."""
    operation = OPERATIONS[PLACE[name]]
    drawn = torch.rand(count, 1, generator=seeded(seed), dtype=torch.float64)
    drawn[0], drawn[1] = 0, 1 - 2**-53
    return operation.least + (operation.most - operation.least) * drawn


def to_pil(image: torch.Tensor) -> Image.Image:
    return Image.fromarray(image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).numpy())


def from_pil(image: Image.Image) -> torch.Tensor:
    pixels = torch.from_numpy(np.array(image))
    return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)


def affine(image, across, down, translate, fill=None):
    """torchvision's affine map: shears by slopes about the upper left corner, translation in pixels."""
    shear = [math.degrees(math.atan(across)), math.degrees(math.atan(down))]
    return functional.affine(image, 0.0, translate, 1.0, shear, center=[0, 0], fill=fill)


def by_torchvision(image, name: str, level: float):
    """An operation by `torchvision.transforms.v2.functional`, on a tensor, or on a PIL image, where it asks Pillow."""
    height, width = functional.get_size(image)
    return {
        "identity": lambda: image,
        "rotate": lambda: functional.rotate(image, level),
        "shear x": lambda: affine(image, level, 0.0, [0, 0]),
        "shear y": lambda: affine(image, 0.0, level, [0, 0]),
        "translate x": lambda: affine(image, 0.0, 0.0, [-level * width, 0]),
        "translate y": lambda: affine(image, 0.0, 0.0, [0, -level * height]),
        "brightness": lambda: functional.adjust_brightness(image, level),
        "colour": lambda: functional.adjust_saturation(image, level),
        "contrast": lambda: functional.adjust_contrast(image, level),
        "sharpness": lambda: functional.adjust_sharpness(image, level),
        "autocontrast": lambda: functional.autocontrast(image),
        "equalize": lambda: functional.equalize(image),
        "posterize": lambda: functional.posterize(image, int(level)),
        "solarize": lambda: functional.solarize(image, level) if level <= 255 else image,
    }[name]()


def by_pillow(image: torch.Tensor, name: str, level: float) -> torch.Tensor:
    """An operation as Pillow does it; affine maps as the reference code asks for them."""
    picture = to_pil(image)
    if name.startswith(("shear", "translate")):
        width, height = picture.size
        coefficients = {
            "shear x": (1, level, 0, 0, 1, 0),
            "shear y": (1, 0, 0, level, 1, 0),
            "translate x": (1, 0, level * width, 0, 1, 0),
            "translate y": (1, 0, 0, 0, 1, level * height),
        }[name]
        return from_pil(picture.transform(picture.size, Image.Transform.AFFINE, coefficients))
    return from_pil(by_torchvision(picture, name, level))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", PLACE)
def test_each_operation_is_pillows_byte_for_byte(name, channels):
    for size in SIZES:
        images, magnitudes = pictures(12, channels, *size), levels(name, 12)
        found = augment(images, torch.full((12, 1), PLACE[name]), magnitudes)
        expected = [by_pillow(image, name, float(level)) for image, level in zip(images, magnitudes, strict=True)]
        assert torch.equal(found, torch.stack(expected)), size


# torchvision computes otherwise on tensors than Pillow does: it rounds grey down, the mean grey not at all, stretches
# in single precision; and positions in single precision fall to the other side of a tie. The ends of ranges, which are
# ties themselves, are left out.
GREY_LEVELS = {"colour": 1, "contrast": 2, "autocontrast": 1}
TIES = {"rotate": 1e-3, "shear x": 1e-3, "shear y": 1e-3}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", PLACE)
def test_each_operation_is_torchvisions_on_tensors_but_for_its_rounding(name, channels):
    off = []
    for size in SIZES:
        images, magnitudes = pictures(40, channels, *size), levels(name, 42, seed=1)[2:]  # ends are ties themselves
        found = augment(images, torch.full((40, 1), PLACE[name]), magnitudes)
        expected = [by_torchvision(image, name, float(level)) for image, level in zip(images, magnitudes, strict=True)]
        off.append((found.int() - torch.stack(expected).int()).abs().flatten())
    differences = torch.cat(off)
    if name in TIES:
        assert (differences > 0).double().mean() < TIES[name]
    else:
        assert differences.max() <= GREY_LEVELS.get(name, 0)
        assert (differences > 1).double().mean() < 1e-4


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 6), st.sampled_from([1, 3]), st.integers(1, 40), st.integers(1, 40)),
    operations=st.integers(0, 4),
)
def test_the_whole_is_pillows_image_by_image_and_turn_by_turn(seed, shape, operations):
    images = pictures(*shape, seed=seed)
    before = images.clone()
    found = rand_augment(images, seeded(seed), operations=operations)
    chosen, magnitudes = _draws(len(images), operations, seeded(seed))
    for image, out, places, strengths in zip(images, found, chosen, magnitudes, strict=True):
        for place, magnitude in zip(places.tolist(), strengths.tolist(), strict=True):
            image = by_pillow(image, OPERATIONS[place].name, magnitude)
        assert torch.equal(out, image)
    assert found.dtype == torch.uint8
    assert torch.equal(images, before)


def test_images_do_not_know_of_each_other():
    images = pictures(60, 3, 17, 20)
    chosen, magnitudes = _draws(60, 3, seeded(4))
    order = torch.randperm(60, generator=seeded(5))
    found = augment(images, chosen, magnitudes)
    assert torch.equal(augment(images[order], chosen[order], magnitudes[order]), found[order])
    assert torch.equal(augment(images[:7], chosen[:7], magnitudes[:7]), found[:7])
    innermost = images.contiguous(memory_format=torch.channels_last)
    assert torch.equal(augment(innermost, chosen, magnitudes), found)


@pytest.mark.parametrize("channels", [1, 3])
def test_all_computed_for_all_gives_the_same_as_the_few_that_drew_it(channels, monkeypatch):
    """What is computed on a device, computed on the CPU."""
    images = pictures(100, channels, 17, 20)
    found = rand_augment(images, seeded(4), operations=4)
    monkeypatch.setattr(module, "_rows", lambda took, kind: slice(None))
    assert torch.equal(rand_augment(images, seeded(4), operations=4), found)


def test_a_device_is_never_waited_for():
    """On the meta device there are no values: nothing can be asked for them, and no shape can depend on them."""
    found = rand_augment(torch.empty(8, 3, 32, 32, dtype=torch.uint8, device="meta"), seeded(0))
    assert (found.shape, found.dtype, found.device.type) == ((8, 3, 32, 32), torch.uint8, "meta")


def test_operations_and_magnitudes_are_drawn_evenly():
    chosen, magnitudes = _draws(30_000, 3, seeded(0))
    counts = torch.bincount(chosen.flatten(), minlength=14)
    assert counts.min() > 0.95 * 90_000 / 14
    assert counts.max() < 1.05 * 90_000 / 14
    for place, (_, least, most) in enumerate(OPERATIONS):
        drawn = magnitudes[chosen == place]
        assert least <= drawn.min() and drawn.max() <= most
        assert abs(float(drawn.mean()) - (least + most) / 2) <= 0.02 * (most - least)
    independent = (chosen[:, 0] == chosen[:, 1]).double().mean()
    assert abs(float(independent) - 1 / 14) < 0.006


def test_as_much_is_drawn_whatever_is_drawn():
    ends = set()
    for images in (pictures(5, 1, 3, 4), pictures(5, 3, 30, 20)):
        draw = seeded(8)
        rand_augment(images, draw)
        ends.add(bytes(draw.get_state().numpy()))
    assert len(ends) == 1


@pytest.mark.parametrize(("channels", "expected"), [(3, [250, 100, 7]), (1, [134])])
def test_what_is_moved_in_has_the_colour_asked_for(channels, expected):
    """Of one channel its grey: 0.299 * 250 + 0.587 * 100 + 0.114 * 7."""
    images, turn = torch.zeros(1, channels, 4, 10, dtype=torch.uint8), torch.full((1, 1), PLACE["translate x"])
    found = augment(images, turn, torch.full((1, 1), 0.2).double(), (250, 100, 7))
    assert found[0, :, 0, 8:].T.tolist() == [expected, expected]
    assert not found[..., :8].any()


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (torch.zeros(2, 3, 4, 4), "not float32 [2, 3, 4, 4]"),
        (torch.zeros(2, 2, 4, 4, dtype=torch.uint8), "not uint8 [2, 2, 4, 4]"),
        (torch.zeros(3, 4, 4, dtype=torch.uint8), "not uint8 [3, 4, 4]"),
        (torch.zeros(0, 3, 4, 4, dtype=torch.uint8), "not uint8 [0, 3, 4, 4]"),
        (torch.zeros(2, 3, 0, 4, dtype=torch.uint8), "not uint8 [2, 3, 0, 4]"),
    ],
)
def test_other_images_are_refused_in_one_line(images, said):
    with pytest.raises(InterplayError) as error:
        rand_augment(images, seeded(0))
    assert str(error.value) == f"RandAugment takes images as uint8 [N, 1 or 3, H, W], at least one, {said}"


def test_other_settings_are_refused_in_one_line():
    images = pictures(2, 3, 4, 4)
    with pytest.raises(InterplayError, match=r"cannot apply -1 operations; ask for 0 or more"):
        rand_augment(images, seeded(0), operations=-1)
    with pytest.raises(InterplayError, match=r"red, green and blue from 0 to 255, not \(0, 0, 256\)"):
        rand_augment(images, seeded(0), fill=(0, 0, 256))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("channels", [1, 3])
def test_a_generator_on_the_cpu_gives_the_same_images_on_the_gpu(channels):
    images = pictures(448, channels, 32, 32)
    assert torch.equal(rand_augment(images.cuda(), seeded(5)).cpu(), rand_augment(images, seeded(5)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_host_does_not_wait_for_the_gpu():
    images, draw = pictures(64, 3, 32, 32).cuda(), torch.Generator("cuda").manual_seed(0)
    rand_augment(images, draw)  # puts what is constant onto the device
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        rand_augment(images, draw)
    finally:
        torch.cuda.set_sync_debug_mode(before)
