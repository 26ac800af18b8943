import pytest
import torch
from torch.nn import functional

from interplay.collapse.v_information import DecoderSettings, Key, Samples, train_decoders
from interplay.errors import InterplayError


def alone(network, samples, key, settings, draw):
    """One decoder trained by itself, written out with PyTorch's own parts."""
    torch.manual_seed(draw("decoder", key.layer, key.samples, key.part, key.question).initial_seed())
    decoder = network.decoder(key.layer).double()
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    answers = samples.labels[key.question]

    def losses(epoch):
        for indices in samples.batches(settings.batch_size, draw, epoch):
            with torch.no_grad():
                hidden = samples.images[indices.flatten()]
                for block in network.layers[: key.layer]:
                    hidden = block(hidden)
            own = slice(key.part * indices.shape[1], (key.part + 1) * indices.shape[1])
            yield functional.cross_entropy(decoder(hidden[own]), answers[indices[key.part]]), indices.shape[1]

    for epoch in range(settings.epochs):
        total = count = 0
        for loss, size in losses(epoch):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, count = total + loss.item() * size, count + size
        if settings.stop_at_loss is not None and total / count <= settings.stop_at_loss:
            break
    with torch.no_grad():
        frozen = sum(loss.item() * size for loss, size in losses("frozen")) / count
    return total / count, frozen, epoch + 1


@pytest.fixture
def sets(images):
    """Two sets with two questions; all samples in one part, or in three."""

    def make(parts):
        data, labels = images
        questions = {"y": labels, "digit": torch.arange(27) % 3}
        rows = torch.arange(27).view(3, 9) if parts == 3 else torch.arange(27).view(1, 27)
        return [Samples("train", data, questions, rows), Samples("test", 1 - data.flip(0), questions, rows)]

    return make


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(("network", "image"), [("f_plus", (1, 8, 8)), ("f_minus", (1, 27, 27))])
def test_side_by_side_is_one_by_one(make_network, sets, draw, network, image, parts, folded):
    model = make_network(network, image=image)
    samples = sets(parts)
    if image[1] == 27:
        resize = lambda x: functional.interpolate(x, size=image[1:])  # noqa: E731
        samples = [Samples(s.name, resize(s.images), s.labels, s.parts) for s in samples]
    settings = DecoderSettings(epochs=3, batch_size=15)
    found = train_decoders(model, samples, [0, 1, 2, 3], settings, draw, folded=folded)
    assert len(found) == 4 * 2 * parts * 2
    for key in [Key(0, "train", 0, "y"), Key(1, "test", parts - 1, "digit"), Key(3, "train", parts - 1, "y")]:
        one = next(s for s in samples if s.name == key.samples)
        loss, frozen, epochs = alone(model, one, key, settings, draw)
        assert found[key].last_epoch == pytest.approx(loss, rel=1e-7)
        assert found[key].frozen == pytest.approx(frozen, rel=1e-7)
        assert found[key].epochs == epochs == 3


def test_folded_and_separate_decoders_stop_on_their_own(make_network, sets, draw):
    model, samples = make_network(), sets(1)
    settings = DecoderSettings(epochs=12, batch_size=9, learning_rate=0.02, stop_at_loss=0.5)
    separate = train_decoders(model, samples, [0, 2, 3], settings, draw, folded=False)
    folded = train_decoders(model, samples, [0, 2, 3], settings, draw, folded=True)
    assert {reading.epochs for reading in separate.values()} > {12}  # some stop, at different times, and some do not
    for key, reading in separate.items():
        assert folded[key].epochs == reading.epochs
        assert folded[key].last_epoch == pytest.approx(reading.last_epoch, rel=1e-6)
        assert folded[key].frozen == pytest.approx(reading.frozen, rel=1e-6)
        assert (reading.last_epoch <= 0.5) == (reading.epochs < 12) or reading.epochs == 12
    key = min(separate, key=lambda k: separate[k].epochs)
    one = next(s for s in samples if s.name == key.samples)
    loss, frozen, epochs = alone(model, one, key, settings, draw)
    assert (separate[key].epochs, separate[key].last_epoch) == (epochs, pytest.approx(loss, rel=1e-6))
    assert separate[key].frozen == pytest.approx(frozen, rel=1e-6)


def test_questions_may_have_epochs_of_their_own(make_network, sets, draw):
    model, samples = make_network(), sets(1)
    both = train_decoders(model, samples, [3], DecoderSettings(4, 9, epochs_of={"y": 2}), draw)
    assert {key.question: reading.epochs for key, reading in both.items()} == {"y": 2, "digit": 4}
    for epochs, question in ((2, "y"), (4, "digit")):
        alike = train_decoders(model, samples, [3], DecoderSettings(epochs, 9), draw)
        assert all(alike[key] == reading for key, reading in both.items() if key.question == question)
    with pytest.raises(InterplayError, match="at least 1 epoch"):
        DecoderSettings(4, 9, epochs_of={"y": 0})


def test_results_do_not_depend_on_company(make_network, sets, draw):
    model, samples, settings = make_network(), sets(1), DecoderSettings(epochs=2, batch_size=14)
    together = train_decoders(model, samples, [1, 2], settings, draw)
    single = Samples("test", samples[1].images, {"digit": samples[1].labels["digit"]}, samples[1].parts)
    by_itself = train_decoders(model, [single], [2], settings, draw)
    key = Key(2, "test", 0, "digit")
    assert by_itself[key] == together[key]
    assert train_decoders(model, samples, [1, 2], settings, draw, only={key}) == {key: together[key]}


def test_the_network_stays_as_it_was(make_network, sets, draw):
    model = make_network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    train_decoders(model, sets(1), [0, 3], DecoderSettings(epochs=1, batch_size=9), draw)
    assert all(p.grad is None for p in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_every_sample_is_seen_once_an_epoch(sets, draw):
    for parts in (1, 3):
        samples = sets(parts)[0]
        batches = list(samples.batches(12, draw, 0))
        seen = torch.cat(batches, dim=1)
        assert [b.shape[1] for b in batches] == ([12, 12, 3] if parts == 1 else [4, 4, 1])
        assert torch.equal(seen.sort(1).values, samples.parts)
        assert not torch.equal(seen, torch.cat(list(samples.batches(12, draw, 1)), dim=1))


def test_batches_that_batch_norm_cannot_use_are_refused(make_network, sets, draw):
    with pytest.raises(InterplayError, match="choose another batch size"):
        train_decoders(make_network(), sets(3), [3], DecoderSettings(epochs=1, batch_size=12), draw)
    with pytest.raises(InterplayError, match="at least 1 epoch"):
        DecoderSettings(epochs=0, batch_size=9)
    uneven = [sets(1)[0], sets(3)[1]]
    with pytest.raises(InterplayError, match="equal sizes"):
        train_decoders(make_network(), uneven, [3], DecoderSettings(epochs=1, batch_size=9), draw)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("parts", [1, 3])
def test_on_a_cuda_device_in_streams_of_their_own(make_network, sets, draw, parts):
    settings = DecoderSettings(epochs=4, batch_size=15, learning_rate=0.02, stop_at_loss=0.5)
    expected = train_decoders(make_network(), sets(parts), [0, 1, 2, 3], settings, draw)
    moved = [
        Samples(s.name, s.images.cuda(), {q: a.cuda() for q, a in s.labels.items()}, s.parts.cuda())
        for s in sets(parts)
    ]
    found = train_decoders(make_network().cuda(), moved, [0, 1, 2, 3], settings, draw)
    for key, reading in expected.items():
        assert found[key].epochs == reading.epochs
        assert found[key].last_epoch == pytest.approx(reading.last_epoch, rel=1e-5)
        assert found[key].frozen == pytest.approx(reading.frozen, rel=1e-5)
