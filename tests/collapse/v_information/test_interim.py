"""Interruptions anywhere in a measurement: what is done is kept, and nothing of another measurement is taken."""

import copy

import pytest
import torch

from interplay.collapse.v_information import (
    DecoderSettings,
    Interim,
    LabelledImages,
    Samples,
    sufficiency_and_minimality,
    train_decoders,
)


class Shelf:
    """Where the state of a measurement lies; it may interrupt after any saving, as a kill would."""

    def __init__(self):
        self.state, self.saved, self.interrupt_at = None, 0, None

    def load(self):
        return copy.deepcopy(self.state)

    def save(self, state):
        self.state = copy.deepcopy(state)
        self.saved += 1
        if self.saved == self.interrupt_at:
            raise KeyboardInterrupt

    def interim(self):
        return Interim(self.load, self.save, seconds=0)


@pytest.fixture(autouse=True)
def always_due(monkeypatch):
    monkeypatch.setattr("interplay.collapse.v_information.interim.MOST_OF_THE_TIME", 0)


def on_device(images, labels, device):
    rows = torch.arange(27).view(1, 27)
    questions = {"y": labels, "digit": torch.arange(27) % 3}
    moved = {question: answers.to(device) for question, answers in questions.items()}
    return [
        Samples(name, data.to(device), moved, rows.to(device))
        for name, data in (("train", images), ("test", 1 - images))
    ]


@pytest.mark.each_device
@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("killed_after", [1, 4, 9])
def test_killed_and_resumed_decoders_end_as_if_nothing_had_happened(
    make_network, images, draw, device, folded, killed_after
):
    """Some decoders stop early, at different epochs, so that banks shrink before and after the interruption."""
    samples, network = on_device(*images, device), make_network().to(device)
    settings = DecoderSettings(epochs=12, batch_size=9, learning_rate=0.02, stop_at_loss=0.5, epochs_of={"y": 5})
    whole = train_decoders(network, samples, [0, 2, 3], settings, draw, folded=folded)
    assert len({reading.epochs for reading in whole.values()}) > 3
    shelf = Shelf()
    shelf.interrupt_at = killed_after
    with pytest.raises(KeyboardInterrupt):
        train_decoders(network, samples, [0, 2, 3], settings, draw, folded=folded, interim=shelf.interim())
    resumed = train_decoders(network, samples, [0, 2, 3], settings, draw, folded=folded, interim=shelf.interim())
    assert shelf.saved == 12  # every epoch once, in both sessions together
    if device.type == "cpu":
        assert resumed == whole
    for key, reading in whole.items():
        assert resumed[key].epochs == reading.epochs
        assert resumed[key].last_epoch == pytest.approx(reading.last_epoch, rel=1e-6)  # float64; sums of atomics
        assert resumed[key].frozen == pytest.approx(reading.frozen, rel=1e-6)


def test_splits_of_different_sizes_are_kept_one_after_the_other(make_network, images, draw):
    data, labels = images
    splits = {"train": LabelledImages(data, labels), "test": LabelledImages(data[5:], labels[5:])}
    settings = DecoderSettings(epochs=4, batch_size=12)
    network = make_network()
    whole = sufficiency_and_minimality(network, splits, settings, draw, layers=[2, 3])
    for killed_after in range(1, 11):  # four epochs and the end of each group
        shelf = Shelf()
        shelf.interrupt_at = killed_after
        with pytest.raises(KeyboardInterrupt):
            sufficiency_and_minimality(network, splits, settings, draw, layers=[2, 3], interim=shelf.interim())
        again = sufficiency_and_minimality(network, splits, settings, draw, layers=[2, 3], interim=shelf.interim())
        assert again == whole
        assert shelf.saved == 10


def test_a_part_is_done_once_and_takes_the_time_of_all_sessions(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("interplay.collapse.v_information.interim.monotonic", lambda: now[0])
    shelf, done = Shelf(), []

    def work(interim, break_at=None):
        def inner():
            state = interim.resume() or {"step": 0}
            for step in range(state["step"], 3):
                now[0] += 10
                done.append(step)
                interim.keep(lambda step=step: {"step": step + 1})
                if step == break_at:
                    now[0] += 1000  # lost, as it was not saved
                    raise KeyboardInterrupt
            return "inner"

        return interim.once("outer", lambda: interim.once("inner", inner)[0] + " and outer")

    with pytest.raises(KeyboardInterrupt):
        work(shelf.interim(), break_at=1)
    assert shelf.state["progress"] == {"outer/inner": {"step": 2}}
    assert work(shelf.interim()) == ("inner and outer", 30)
    assert done == [0, 1, 2]
    assert work(shelf.interim()) == ("inner and outer", 30)
    assert done == [0, 1, 2]
    assert shelf.state == {"results": {"outer": ("inner and outer", 30)}, "progress": {}, "seconds": {}}


def test_saving_is_rare_and_takes_a_small_share_of_the_time(monkeypatch):
    now, saved = [0.0], []
    monkeypatch.setattr("interplay.collapse.v_information.interim.monotonic", lambda: now[0])
    monkeypatch.setattr("interplay.collapse.v_information.interim.MOST_OF_THE_TIME", 20)

    def slow(state):
        saved.append(now[0])
        now[0] += 10

    interim = Interim(save=slow, seconds=60)
    for _ in range(500):
        now[0] += 1
        interim.keep(dict)
    assert saved == [60, 270, 480]


def test_without_a_place_nothing_is_kept():
    interim = Interim(seconds=0)
    assert interim.resume() is None
    interim.keep(lambda: pytest.fail("nobody asked for the state"))
    assert interim.once("a", lambda: 1)[0] == 1
