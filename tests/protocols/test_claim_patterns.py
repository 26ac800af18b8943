"""Claims that are written once: over patterns, with shared thresholds and preconditions."""

from __future__ import annotations

from pathlib import Path

import pytest

from interplay.errors import InterplayError
from interplay.protocols.claim_patterns import expand_claims

PATH = Path("claims.yaml")
FILE = {
    "patterns": {
        "scenario": {"big": {"runs": "x/big/*", "name": "f+"}, "small": {"runs": "x/small/*", "name": "f-"}},
        "layer": {"l1": {"number": 1}, "l2": {"number": 2}},
    },
    "thresholds": {"half": {"origin": "before", "why": "half of the range"}},
    "preconditions": {"trained": {"because": "trained networks are meant", "metric": "a", "at_least": 0.9}},
}


def expand(*claims, **changes):
    return expand_claims(FILE | changes | {"claims": list(claims)}, PATH)["claims"]


def test_one_claim_for_every_combination_with_values_of_their_own_type():
    claim = {
        "id": "x_<scenario>_<layer>",
        "over": ["scenario", "layer"],
        "says": "<name>, layer <number>",
        "n": "<number>",
    }
    found = expand(claim)
    assert [one["id"] for one in found] == ["x_big_l1", "x_big_l2", "x_small_l1", "x_small_l2"]
    assert found[1] == {"id": "x_big_l2", "says": "f+, layer 2", "n": 2}


def test_only_narrows_and_with_changes_one_member():
    found = expand({"id": "x_<scenario>", "over": "scenario", "with": {"small": {"data": ["published"]}}})
    assert found == [{"id": "x_big"}, {"id": "x_small", "data": ["published"]}]
    found = expand({"id": "x_<scenario>_<layer>", "over": ["scenario", "layer"], "only": ["l2"]})
    assert [one["id"] for one in found] == ["x_big_l2", "x_small_l2"]


def test_names_stand_for_what_the_file_shares():
    own = {"because": "b", "setting": "s", "at_most": 1}
    (found,) = expand({"id": "x", "threshold": "half", "valid_if": ["trained", own]})
    assert found["threshold"] == FILE["thresholds"]["half"]
    assert found["valid_if"] == [FILE["preconditions"]["trained"], own]
    assert set(expand_claims(FILE | {"claims": []}, PATH)) == {"claims"}


@pytest.mark.parametrize(
    "claim, said",
    [
        ({"id": "x", "over": "network"}, "no pattern 'network'; there are scenario, layer"),
        ({"id": "x", "over": "scenario", "only": ["huge"]}, "no member 'huge'"),
        ({"id": "x", "over": "scenario", "says": "<size>"}, "no value for <size>"),
        ({"id": "x", "threshold": "third"}, "threshold: no 'third'; there are half"),
        ({"id": "x", "valid_if": ["large"]}, "valid_if: no 'large'; there are trained"),
    ],
)
def test_what_is_not_there_is_one_line(claim, said):
    with pytest.raises(InterplayError) as caught:
        expand(claim)
    assert "claims.yaml: claim x" in str(caught.value) and said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["patterns", "thresholds", "preconditions"])
def test_what_is_shared_is_given_by_name(kind):
    with pytest.raises(InterplayError, match=f"{kind}: give"):
        expand({"id": "x"}, **{kind: ["half"]})
