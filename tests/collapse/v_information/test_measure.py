from math import log2

import pytest
import torch

from interplay.collapse.v_information import (
    DecoderSettings,
    LabelledImages,
    minimality_given_label,
    sufficiency_and_minimality,
)
from interplay.errors import InterplayError

SETTINGS = DecoderSettings(epochs=60, batch_size=27, learning_rate=0.02)


@pytest.fixture
def readable(images):
    """Images in which two strokes spell the label and the index within the class: all there is to know is decodable."""
    _, labels = images
    index = torch.arange(9).repeat(3)
    data = torch.zeros(27, 2, 8, 8).double()
    data[torch.arange(27), 0, 0, labels * 2 + 1] = 1
    for sample, (low, high) in enumerate(zip(index % 3, index // 3, strict=True)):
        data[sample, 1, 2, low * 2 + 1] = 1
        data[sample, 1, 5, high * 2 + 1] = 1
    return LabelledImages(data, labels)


def test_everything_is_decodable_from_images_that_spell_it(make_network, readable, draw):
    network = make_network(image=(2, 8, 8), channels=(8, 16, 24))
    found = sufficiency_and_minimality(network, {"train": readable}, SETTINGS, draw, layers=[0, 1])
    given = minimality_given_label(network, {"train": readable}, SETTINGS, draw, layers=[0, 1])
    for name, value in (found | given).items():
        assert value == pytest.approx(log2(3), abs=0.1), name
        assert value <= log2(3)


def test_a_constant_representation_informs_about_nothing(make_network, images, draw):
    data, labels = images
    blank = {"train": LabelledImages(torch.ones_like(data), labels)}
    settings = DecoderSettings(epochs=150, batch_size=27, learning_rate=0.01)
    columns = sufficiency_and_minimality(make_network(), blank, settings, draw, layers=[0, 3])
    columns |= minimality_given_label(make_network(), blank, settings, draw, layers=[0, 3])
    for name, value in columns.items():
        assert -1e-3 < value <= 1e-12, name  # nothing beats guessing by frequency, and training comes close


def test_as_coded_and_as_defined_differ_where_the_label_unlocks_the_relabelling(make_network, draw):
    """h spells (y + n) mod 3: it says nothing about n alone, and everything given y."""
    labels, digit = torch.arange(3).repeat_interleave(3), torch.arange(3).repeat(3)
    labels, digit = labels.repeat(4), digit.repeat(4)  # four copies: the relabelling counts 12 indices a class
    order = labels.argsort(stable=True)
    labels, digit = labels[order], digit[order]
    assert (digit == torch.arange(12).repeat(3) % 3).all()
    data = torch.zeros(36, 1, 8, 8).double()
    data[torch.arange(36), 0, 2, (labels + digit) % 3 * 2 + 1] = 1
    splits = {"train": LabelledImages(data, labels)}
    settings = DecoderSettings(epochs=60, batch_size=36, learning_rate=0.02)
    network = make_network(channels=(8, 16, 24))
    given = minimality_given_label(network, splits, settings, draw, layers=[0])
    coded = sufficiency_and_minimality(network, splits, settings, draw, layers=[0])
    # Three digits; the upper two say which of the copies, and equal images cannot tell.
    assert given["minimality_given_label_train_l0_frozen"] == pytest.approx(log2(3) / 3, abs=0.05)
    assert coded["minimality_train_l0_frozen"] == pytest.approx(0, abs=0.05)


def test_splits_of_different_sizes_are_measured_one_after_the_other(make_network, images, draw):
    data, labels = images
    splits = {"train": LabelledImages(data, labels), "test": LabelledImages(data[5:], labels[5:])}
    settings = DecoderSettings(epochs=2, batch_size=12)
    both = sufficiency_and_minimality(make_network(), splits, settings, draw)
    single = sufficiency_and_minimality(make_network(), {"test": splits["test"]}, settings, draw)
    assert len(both) == 2 * 2 * 2 * 4
    assert {name: both[name] for name in single} == pytest.approx(single)


def test_entropies_are_those_of_the_relabelling(make_network, images, draw):
    """Blank images tell nothing, though the digits of an uneven class are not balanced: taking log C would show.

    Not exactly nothing: a digit that never occurs has a logit that falls for ever.
    """
    data, labels = images
    kept = torch.cat([torch.arange(5), torch.arange(9, 27)])  # five of class 0: its upper digit takes two values
    blank = {"train": LabelledImages(torch.zeros_like(data[kept]), labels[kept])}
    settings = DecoderSettings(epochs=400, batch_size=30, learning_rate=0.02, weight_decay=0)
    found = minimality_given_label(make_network(), blank, settings, draw, layers=[3])
    assert found["minimality_given_label_train_l3_frozen"] == pytest.approx(0, abs=5e-3)


def test_no_data_is_refused(make_network, draw):
    with pytest.raises(InterplayError, match="at least one split"):
        sufficiency_and_minimality(make_network(), {}, SETTINGS, draw)


@pytest.mark.parametrize("measure", [sufficiency_and_minimality, minimality_given_label])
def test_decoders_are_trained_inside_inference_mode_too(measure, make_network, images, draw):
    settings = DecoderSettings(epochs=2, batch_size=27)
    expected = measure(make_network(), {"train": LabelledImages(*images)}, settings, draw, layers=[1])
    with torch.inference_mode():
        data, labels = (values * 1 for values in images)
        found = measure(make_network(), {"train": LabelledImages(data, labels)}, settings, draw, layers=[1])
    assert found == expected


@pytest.mark.parametrize("measure", [sufficiency_and_minimality, minimality_given_label])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data, labels: (data[:0], labels[:0]), r"V-information: test: images: empty, shape \[0, "),
        (lambda data, labels: (data, labels + 5), "test: labels: expected 0 to 2, got values from 5 to 7"),
        (lambda data, labels: (data, labels[:3]), "test: labels: expected shape"),
        (
            lambda data, labels: (data.flatten(1), labels),
            r"test: images: expected \[samples, channels, height, width\]",
        ),
        (lambda data, labels: (data.numpy(), labels), "test: images: expected a torch.Tensor, got ndarray"),
    ],
)
def test_a_split_that_is_none_is_named(measure, change, message, make_network, images, draw):
    splits = {"train": LabelledImages(*images), "test": LabelledImages(*change(*images))}
    with pytest.raises(InterplayError, match=message):
        measure(make_network(), splits, SETTINGS, draw)
