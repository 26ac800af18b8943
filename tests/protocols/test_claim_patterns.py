"""Claims written once and expanded, thresholds and preconditions by name, and the schema of files in that form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interplay.errors import InterplayError
from interplay.protocols.claim_files import load_claims, selectors
from interplay.protocols.claim_patterns import expand_claims
from interplay.protocols.json_schema import json_schemas
from interplay.protocols.sourced import read_yaml

jsonschema = pytest.importorskip("jsonschema")

HERE = Path("claims.yaml")
CONTENT = {
    "patterns": {
        "data": {"one": {"name": "ONE", "runs": ["x/one/*", "x/other/*"]}, "two": {"name": "TWO", "runs": ["x/two/*"]}},
        "reading": {"batch": {"tag": "", "bound": 0.5}, "exact": {"tag": "_exact", "bound": 1}},
    },
    "thresholds": {"half": {"origin": "before", "why": "half of <name>"}},
    "preconditions": {"wide": {"because": "wide on <name>", "setting": "d", "at_least": 1, "runs": "p/<data>/*"}},
    "claims": [
        {
            "id": "rises_<data><tag>",
            "over": ["data", "reading"],
            "says": "MIR rises on <name>.",
            "needs": "<runs>",
            "test": {"at_least": "<bound>"},
            "threshold": "half",
            "valid_if": ["wide", {"because": "narrow", "setting": "d", "at_most": 9}],
            "with": {"exact": {"weight": "headline"}},
        },
        {"id": "falls", "says": "HDR falls."},
    ],
}


def expanded(**changes):
    claims = [CONTENT["claims"][0] | changes, CONTENT["claims"][1]]
    return expand_claims(CONTENT | {"claims": claims}, HERE)["claims"]


def test_a_claim_stands_once_for_every_combination():
    claims = expanded()
    assert [claim["id"] for claim in claims] == [
        "rises_one",
        "rises_one_exact",
        "rises_two",
        "rises_two_exact",
        "falls",
    ]
    assert [claim["says"] for claim in claims[1:3]] == ["MIR rises on ONE.", "MIR rises on TWO."]
    # A text that is a placeholder and nothing else takes the value as it is.
    assert claims[0]["needs"] == ["x/one/*", "x/other/*"] and claims[1]["test"] == {"at_least": 1}
    assert [claim.get("weight") for claim in claims] == [None, "headline", None, "headline", None]
    assert not {"over", "with", "only"} & {key for claim in claims for key in claim}


def test_only_narrows_the_pattern_that_it_names_a_member_of():
    assert [claim["id"] for claim in expanded(only=["two"])] == ["rises_two", "rises_two_exact", "falls"]
    assert [claim["id"] for claim in expanded(only=["one", "exact"])] == ["rises_one_exact", "falls"]


def test_names_stand_for_thresholds_and_preconditions_with_the_claims_values():
    claim = expanded()[2]
    assert claim["threshold"] == {"origin": "before", "why": "half of TWO"}
    assert claim["valid_if"][0] == {"because": "wide on TWO", "setting": "d", "at_least": 1, "runs": "p/two/*"}
    assert claim["valid_if"][1]["because"] == "narrow"


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"over": "dataset"}, "no pattern 'dataset'; there are data, reading"),
        ({"only": ["three"]}, "no member 'three'"),
        ({"with": {"three": {}}}, "no member 'three'"),
        ({"says": "<colour>"}, "no value for <colour>"),
        ({"threshold": "third"}, "threshold: no 'third'; there are half"),
        ({"valid_if": ["deep"]}, "valid_if: no 'deep'; there are wide"),
        ({"over": "reading", "id": "r<tag>", "says": "", "needs": [], "threshold": "half"}, "no value for <name>"),
    ],
)
def test_what_is_not_there_is_one_line(changes, said):
    with pytest.raises(InterplayError, match=said) as caught:
        expanded(**changes)
    assert str(caught.value).startswith("claims.yaml: claim r") and "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["patterns", "thresholds", "preconditions"])
def test_a_list_where_names_belong_is_one_line(part):
    with pytest.raises(InterplayError, match=f"claims.yaml: {part}: give"):
        expand_claims(CONTENT | {part: [1]}, HERE)


def test_files_fit_their_schema_as_they_are_written(config):
    validator = jsonschema.Draft202012Validator(json.loads(json_schemas()["claims.json"]))
    for path in sorted((config / "claims").glob("*.yaml")):
        assert not list(validator.iter_errors(read_yaml(path))), path.name


@pytest.mark.parametrize(
    "spoil",
    [
        lambda claim: claim.pop("says"),
        lambda claim: claim.update(weigth="headline"),
        lambda claim: claim.update(weight="heavy"),
        lambda claim: claim["test"].update(kind="guess"),
        lambda claim: claim["test"].update(direction="up"),
        lambda claim: claim["said_in"][0].update(document="novel"),
        lambda claim: claim.update(valid_if=[{"because": "no bound", "settings": "d"}]),
        lambda claim: claim.update(threshold={"origin": "guessed", "why": "so"}),
    ],
)
def test_the_schema_tells_what_is_wrong_in_a_claim_over_a_pattern(config, spoil):
    validator = jsonschema.Draft202012Validator(json.loads(json_schemas()["claims.json"]))
    content = read_yaml(config / "claims" / "supervised.yaml")
    claim = next(claim for claim in content["claims"] if claim["id"] == "supervised_mir_rises_<data><tag>")
    assert validator.is_valid(content | {"claims": [claim]})
    spoil(claim)
    assert not validator.is_valid(content | {"claims": [claim]})


def test_runs_of_preconditions_are_read_too(config):
    claims = {claim.id: claim for claim in load_claims(config / "claims")}
    assert "supervised/cifar100/plain/*" in selectors(claims["pruning_accuracy_kept_cifar100"])


def test_no_two_claims_are_the_same_test_on_the_same_records(config):
    seen = {}
    for claim in load_claims(config / "claims"):
        if claim.test.kind != "finding" and claim.documents[0] in ("metrics24", "interplay24", "note"):
            key = claim.test.model_dump_json()
            assert key not in seen, f"{claim.id} and {seen[key]} are one; give it two places in said_in"
            seen[key] = claim.id


def test_every_claim_can_be_read_alone(config):
    for claim in load_claims(config / "claims"):
        assert "the same on" not in claim.says.lower(), claim.id
        assert "<" not in claim.id and "<" not in str(claim.needs), claim.id
