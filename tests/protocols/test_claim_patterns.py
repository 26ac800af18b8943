from __future__ import annotations

from pathlib import Path

import pytest

from interplay.errors import InterplayError
from interplay.protocols.claim_patterns import expand_claims

PATH = Path("a.yaml")
SETS = {"dataset": {"cifar10": {"called": "CIFAR-10", "most": 0.1}, "cifar100": {"called": "CIFAR-100", "most": 0.2}}}
NETWORKS = {"network": {"plus": {"title": "f+"}, "minus": {"title": "f-"}}}
CLAIM = {"id": "low_<dataset>", "over": "dataset", "says": "Low on <called>.", "test": {"at_most": "<most>"}}


def expanded(*claims, **patterns):
    return expand_claims({"patterns": SETS | patterns, "claims": list(claims)}, PATH)["claims"]


def test_one_claim_for_each_member_with_its_values_as_they_are():
    assert expanded(CLAIM) == [
        {"id": "low_cifar10", "says": "Low on CIFAR-10.", "test": {"at_most": 0.1}},
        {"id": "low_cifar100", "says": "Low on CIFAR-100.", "test": {"at_most": 0.2}},
    ]


def test_several_patterns_are_crossed_and_narrowed():
    claim = CLAIM | {"id": "<network>_<dataset>", "over": ["dataset", "network"], "says": "<title> on <called>"}
    names = [one["id"] for one in expanded(claim, **NETWORKS)]
    assert names == ["plus_cifar10", "minus_cifar10", "plus_cifar100", "minus_cifar100"]
    assert [one["id"] for one in expanded(claim | {"only": ["plus"]}, **NETWORKS)] == ["plus_cifar10", "plus_cifar100"]
    assert [one["id"] for one in expanded(claim | {"only": ["plus", "cifar100"]}, **NETWORKS)] == ["plus_cifar100"]


def test_a_member_may_differ():
    ten, hundred = expanded(CLAIM | {"with": {"cifar100": {"note": "on <called> only"}}})
    assert "note" not in ten and hundred["note"] == "on CIFAR-100 only"


def test_what_is_said_once_stays_as_it_is():
    plain = {"id": "a", "says": "A < B and C > D, <dataset>."}
    assert expand_claims({"claims": [plain]}, PATH) == {"claims": [plain]}


@pytest.mark.parametrize(
    "change, said",
    [
        ({"over": "colour"}, "no pattern 'colour'; there are dataset"),
        ({"says": "Low on <colour>."}, "no value for <colour>; there are dataset, called, most"),
        ({"only": ["mnist"]}, "no member 'mnist'; there are cifar10, cifar100"),
        ({"with": {"mnist": {}}}, "no member 'mnist'"),
    ],
)
def test_a_wrong_name_is_one_line_with_file_and_claim(change, said):
    with pytest.raises(InterplayError) as caught:
        expanded(CLAIM | change)
    assert str(caught.value).startswith("a.yaml: claim low_<dataset>") and said in str(caught.value)
    assert "\n" not in str(caught.value)
