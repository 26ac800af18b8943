"""Rungs in words: data read and published, likeness, degree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.evidence.conditions import Conditions
from interplay.evidence.verdicts import DegreeShown, Rung
from interplay.report import wording


def rung(basis, data=None, scale=None, overridden=()):
    found = (
        None
        if data is None
        else Conditions(data=data, data_share=1.0, protocol_share=1.0, scale=scale, overridden=overridden)
    )
    return Rung.model_validate(
        {"level": "smoke", "tier": "smoke", "data": "offline", "ruling": "holds", "basis": basis, "word": "verified"}
        | {
            "sentence": "s",
            "degree": DegreeShown(),
            "evidence": {},
            "conditions": found,
            "overrides": (),
            "records": (),
        }
    )


@pytest.mark.parametrize(
    ("basis", "data", "read", "published"),
    [
        ("theory", {}, "mathematics: no data", "mathematics"),
        ("printed table", None, "the document's printed numbers", "printed numbers"),
        ("published protocol", {}, "generated, as published", "generated"),
        ("reduced protocol", {"fashion-mnist": "fashion-mnist"}, "Fashion-MNIST, as published", "Fashion-MNIST"),
        ("substitute data", {"cifar10": "fashion-mnist"}, "Fashion-MNIST for CIFAR-10", "CIFAR-10"),
        (None, None, "nothing was read", ""),
    ],
)
def test_data_read_and_published_are_both_named(basis, data, read, published):
    """The name of a data mapping stands on nothing, least of all on what has no data or read the published ones."""
    found = rung(basis, data)
    assert (wording.data_in_words(found), wording.data_published(found)) == (read, published)
    assert "offline" not in " ".join(wording.data_read(found))


def test_a_data_set_of_somebody_else_keeps_its_name():
    assert wording.data_read(rung("substitute data", {"cifar10": "my-own", "cifar100": "my-own"})) == ("my-own",)


def test_likeness_counts_departures_and_scale():
    data = {"cifar10": "cifar10"}
    assert wording.likeness(rung("published protocol", data, 1.0)) == "as published"
    assert wording.likeness(rung("published protocol", data)) == "as published"
    assert (
        wording.likeness(rung("reduced protocol", data, 1 / 69, ("a: 2 -> 1",)))
        == "1 override, 1/69 of the computation"
    )
    assert wording.likeness(rung("theory", {})) == ""


@pytest.mark.parametrize(
    ("scale", "words"), [(1.0, "all"), (0.62, "62 %"), (0.0146, "1/68"), (5.456e-6, "1/180,000"), (0.0, "none")]
)
def test_scales(scale, words):
    assert wording.scale_in_words(scale) == words


@given(st.floats(1e-9, 0.0999))
def test_a_scale_in_words_is_right_to_two_digits(scale):
    top, bottom = wording.scale_in_words(scale).split("/")
    assert int(top) / int(bottom.replace(",", "")) == pytest.approx(scale, rel=0.06)


def test_the_degree_says_effect_margin_and_what_another_threshold_would_do():
    degree = DegreeShown(effect=0.41, low=0.2, high=0.83, threshold=0.5, runs=3, p=0.04, variation=0.1, flips_at=(0.5,))
    assert wording.degree_in_words(degree) == {
        "effect": "0.41 [0.2, 0.83]",
        "margin": "-0.09 to the threshold 0.5",
        "p": "0.04",
        "coefficient of variation": "0.1",
        "runs": "3 runs",
        "another threshold": "another ruling at half the threshold",
    }
    assert wording.degree_in_words(DegreeShown()) == {}


def test_a_threshold_that_does_not_matter_says_so():
    assert "stands at half and at one and a half" in wording.flips_of(DegreeShown(flips_at=()))
    assert "at half and at one and a half times" in wording.flips_of(DegreeShown(flips_at=(0.5, 1.5)))
    assert wording.flips_of(DegreeShown(flips_at=None)) == ""
