"""Files of claims as people write them: they fit their schema, every claim stands alone, none stands twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interplay.protocols.claim_files import load_claims, selectors
from interplay.protocols.claim_patterns import expand_claims
from interplay.protocols.json_schema import json_schemas
from interplay.protocols.sourced import read_yaml

jsonschema = pytest.importorskip("jsonschema")


def test_placeholders_in_what_a_file_shares_are_those_of_the_claim():
    content = {
        "patterns": {"data": {"one": {"name": "ONE"}, "two": {"name": "TWO"}}},
        "thresholds": {"half": {"origin": "before", "why": "half of <name>"}},
        "preconditions": {"wide": {"because": "<name> is wide", "setting": "d", "at_least": 1, "runs": "p/<data>/*"}},
        "claims": [{"id": "x_<data>", "over": "data", "threshold": "half", "valid_if": ["wide"]}],
    }
    first, second = expand_claims(content, Path("claims.yaml"))["claims"]
    assert (first["threshold"]["why"], second["threshold"]["why"]) == ("half of ONE", "half of TWO")
    assert second["valid_if"] == [{"because": "TWO is wide", "setting": "d", "at_least": 1, "runs": "p/two/*"}]


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
        key = (claim.test.model_dump_json(), claim.needs)
        assert key not in seen, f"{claim.id} and {seen[key]} are one; give it two places in said_in"
        seen[key] = claim.id


def test_every_claim_can_be_read_alone(config):
    for claim in load_claims(config / "claims"):
        assert "the same on" not in claim.says.lower(), claim.id
        assert "<" not in claim.id and "<" not in str(claim.needs), claim.id
