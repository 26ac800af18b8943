from dataclasses import replace

import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from interplay.data import ImageFiles
from interplay.data.images import Images
from interplay.data.normalise import Normalisation
from interplay.errors import InterplayError
from interplay.training import Draws, EpochOrder, FileStream, Stream, generator
from interplay.training.streams import channels_last


def test_an_epoch_shows_every_sample_once_and_drops_the_incomplete_batch():
    order = EpochOrder(10, 3, 0, "order")
    batches = [order(step) for step in range(6)]
    for epoch in (batches[:3], batches[3:]):
        assert len(torch.cat(epoch).unique()) == 9
    expected = torch.randperm(10, generator=generator(0, "order", 1))
    assert torch.equal(torch.cat(batches[3:]), expected[:9])


@pytest.mark.parametrize(("samples", "size"), [(10, 4), (3, 8), (5, 5), (1, 2)])
def test_endless_batches_are_the_epochs_one_after_the_other(samples, size):
    order = EpochOrder(samples, size, 2, "labelled", endless=True)
    epochs = [torch.randperm(samples, generator=generator(2, "labelled", epoch)) for epoch in range(20)]
    expected = torch.cat(epochs)
    for step in (0, 1, 2, 0, 3):  # whatever was asked for before
        assert torch.equal(order(step), expected[step * size : (step + 1) * size])


def test_a_batch_is_never_larger_than_the_samples_unless_endless():
    assert len(EpochOrder(5, 64, 0, "order")(0)) == 5
    assert len(EpochOrder(5, 64, 0, "order", endless=True)(0)) == 64
    for samples, size in ((0, 4), (4, 0)):
        with pytest.raises(InterplayError, match=f"got {samples} samples in batches of {size}"):
            EpochOrder(samples, size, 0, "order")


def test_seeds_and_purposes_have_orders_of_their_own():
    keys = [(0, "labelled"), (1, "labelled"), (0, "unlabelled")]
    assert len({tuple(EpochOrder(50, 50, *key)(0).tolist()) for key in keys}) == 3


def noisy(images, draw):
    return images + torch.rand(images.shape, generator=draw)


def test_views_are_of_the_same_images_and_drawn_apart():
    images = torch.arange(20.0).reshape(20, 1, 1, 1).expand(20, 2, 3, 3).contiguous()
    stream = Stream(
        Images(images, torch.arange(20), 20), EpochOrder(20, 6, 0, "o"), {"weak": noisy, "strong": noisy}, 0, "u"
    )
    batch = stream.batch(3)
    assert set(batch) == {"index", "label", "weak", "strong"}
    assert torch.equal(batch["label"], batch["index"])
    for name in ("weak", "strong"):
        assert torch.equal(batch[name][:, 0, 0, 0].floor().long(), batch["index"])
        expected = noisy(images[batch["index"]], generator(0, "augment", "u", name, 3))
        assert torch.equal(batch[name], expected)
    assert not torch.equal(batch["weak"], batch["strong"])
    assert all(torch.equal(value, stream.batch(3)[name]) for name, value in batch.items())


def test_a_single_view_draws_from_seed_and_step_alone():
    images = torch.zeros(8, 1, 4, 4)
    data = Images(images, torch.zeros(8, dtype=torch.long), 1)
    stream = Stream(data, EpochOrder(8, 4, 0, "o"), {"image": noisy}, 7, labelled=False)
    batch = stream.batch(2)
    assert "label" not in batch
    assert torch.equal(batch["image"], noisy(images[:4], generator(7, "augment", 2)))
    with pytest.raises(InterplayError, match="at least one view"):
        Stream(data, EpochOrder(8, 4, 0, "o"), {}, 0)


def test_draws_depend_on_seed_name_and_step():
    def three(draw):
        return torch.rand(3, generator=draw)

    draws = Draws({"mix": three, "noise": three}, 1, "d")
    batch = draws.batch(4)
    assert torch.equal(batch["mix"], torch.rand(3, generator=generator(1, "d", "mix", 4)))
    assert not torch.equal(batch["mix"], batch["noise"])
    assert not torch.equal(batch["mix"], draws.batch(5)["mix"])


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_last_keeps_the_values_and_says_so_in_its_strides(channels):
    images = torch.randn(4, channels, 5, 6)
    placed = channels_last(images)
    assert torch.equal(placed, images)
    assert placed.stride(1) == 1
    assert channels_last(torch.zeros(3, 2)).shape == (3, 2)  # features, not images


def test_bytes_are_augmented_as_bytes_and_normalised_after():
    pixels = torch.randint(256, (9, 1, 4, 4), dtype=torch.uint8)
    images = Images(pixels, torch.zeros(9, dtype=torch.long), 1).normalised(Normalisation((0.5,), (0.2,)))
    seen = []
    stream = Stream(images, EpochOrder(9, 3, 0, "o"), {"image": lambda raw, draw: seen.append(raw) or raw.flip(3)}, 0)
    batch = stream.batch(0)
    assert seen[0].dtype == torch.uint8
    expected = (pixels[batch["index"]].flip(3) / 255 - 0.5) / 0.2
    torch.testing.assert_close(batch["image"], expected)


@pytest.fixture
def files():
    """Thirty grey images of various sizes, each of one grey level, three classes."""
    images = [(Image.new("L", (8 + k % 5, 9 + k % 3), 8 * k), k % 3) for k in range(30)]
    return ImageFiles(images, torch.arange(30) % 3, 3, transform=v2.Identity())


def views():
    """A crop of one size, and the same with noise from torch's own generator, as transforms of v2 draw."""
    ready = [v2.Resize((6, 6)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    return {"weak": v2.Compose(ready), "strong": v2.Compose([*ready, lambda x: x + torch.rand(1)])}


@pytest.mark.parametrize("workers", [0, 2])
def test_files_are_streamed_alike_from_any_step_and_with_any_number_of_workers(files, workers):
    def stream():
        return FileStream(replace(files, workers=workers), EpochOrder(30, 7, 3, "order"), views(), 3)

    reference = FileStream(files, EpochOrder(30, 7, 3, "order"), views(), 3)
    expected = [reference.batch(step) for step in range(9)]  # into the third epoch
    for batch in expected:
        assert batch["label"].tolist() == (batch["index"] % 3).tolist()
        assert torch.allclose(batch["weak"].amax((1, 2, 3)), 8 * batch["index"] / 255)
        noise = (batch["strong"] - batch["weak"]).amax((1, 2, 3))
        assert len(noise.unique()) == 7  # of each image its own
    whole, resumed = stream(), stream()
    for step in range(9):
        for name, tensor in whole.batch(step).items():
            assert torch.equal(tensor, expected[step][name])
    for step in (4, 5, 2):  # after a restart, and out of turn
        for name, tensor in resumed.batch(step).items():
            assert torch.equal(tensor, expected[step][name])


def test_a_stream_of_files_needs_a_view(files):
    with pytest.raises(InterplayError, match="at least one view"):
        FileStream(files, EpochOrder(30, 7, 3, "order"), {}, 3)
