from __future__ import annotations

import hashlib
import json

import pytest

from interplay.errors import InterplayError
from interplay.evidence import judge, read_verdicts, write_verdicts
from interplay.protocols.claims import Claim
from interplay.records import write_record

MIR = {"kind": "trend", "runs": "supervised/cifar10/plain/*", "series": "mir", "direction": "rising"}


def claim_of(test=MIR, **fields):
    standard = {"id": "mir_rises", "document": "metrics24", "where": "VI-A", "says": "MIR rises."}
    return Claim.model_validate(standard | {"needs": ["supervised/cifar10/plain/*"], "test": test} | fields)


def test_a_verdict_carries_its_whole_context(supervised, make, published):
    records = [*supervised(), make("grokking/addition/seed0")]
    (verdict,) = judge([claim_of(note="ours")], records, published, "smoke", "offline")
    assert verdict.verdict == "reproduced"
    assert (verdict.id, verdict.source, verdict.statement) == ("mir_rises", "metrics24, VI-A", "MIR rises.")
    assert (verdict.tier, verdict.data, verdict.test, verdict.note) == ("smoke", "offline", "trend", "ours")
    assert verdict.overrides == ("iterations: 1048576 -> 600",)
    assert [used.name for used in verdict.records] == [f"supervised/cifar10/plain/seed{i}" for i in range(3)]
    assert verdict.evidence["runs"] == 3 and "3 of 3 runs" in verdict.sentence


def test_the_digest_is_that_of_the_records_file(tmp_path, supervised, published):
    record = supervised(seeds=(0,))[0]
    write_record(record, tmp_path / "seed0.json")
    (verdict,) = judge([claim_of()], [record], published, "smoke", "offline")
    assert verdict.records[0].digest == hashlib.sha256((tmp_path / "seed0.json").read_bytes()).hexdigest()[:16]


def test_not_run_where_it_would_mean_nothing(supervised, published):
    claims = [claim_of(tiers=["paper"]), claim_of(id="b", data=["published"]), claim_of(id="c", needs=["theory/x"])]
    verdicts = judge(claims, supervised(), published, "smoke", "offline")
    assert [verdict.verdict for verdict in verdicts] == ["not run"] * 3
    for verdict, reason in zip(verdicts, ("tier paper", "published data", "theory/x"), strict=True):
        assert reason in verdict.sentence and verdict.records == () and verdict.evidence == {}


@pytest.mark.parametrize("direction, ruling", [("rising", "yes"), ("falling", "no")])
def test_a_claim_that_asks_is_answered(supervised, published, direction, ruling):
    claims = [claim_of(MIR | {"direction": direction}, asks=True), claim_of(id="b", tiers=["paper"], asks=True)]
    verdicts = judge(claims, supervised(), published, "smoke", "offline")
    assert [verdict.verdict for verdict in verdicts] == [ruling, "not run"]
    assert "3 runs" in verdicts[0].sentence and verdicts[0].evidence["runs"] == 3
    mixed = supervised(seeds=(0,))[0]
    flat = mixed.model_copy(update={"trajectory": mixed.trajectory | {"mir": mixed.trajectory["mir"][:3]}})
    (short,) = judge(claims[:1], [flat], published, "smoke", "offline")
    assert short.verdict == "undecided"


def test_without_records_nothing_reads_as_agreement(published):
    (verdict,) = judge([claim_of()], [], published, "smoke", "offline")
    assert verdict.verdict == "not run" and "supervised/cifar10/plain/*" in verdict.sentence


def test_records_of_another_setup_are_refused(supervised, published):
    with pytest.raises(InterplayError, match="of tier smoke on offline data, not of paper on published"):
        judge([claim_of()], supervised(), published, "paper", "published")
    with pytest.raises(InterplayError, match="two records are called"):
        judge([claim_of()], supervised() + supervised(), published, "smoke", "offline")


def test_round_trip_and_valid_json(tmp_path, make, published):
    bound = {"kind": "bound", "runs": "supervised/*", "metric": "loss", "at_most": 1.0}
    records = [make("supervised/a", metrics={"loss": float("nan")})]
    verdicts = judge([claim_of(bound, needs=[])], records, published, "smoke", "offline")
    path = tmp_path / "deep" / "verdicts.json"
    write_verdicts(verdicts, path)

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    content = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert {"id", "source", "statement", "verdict", "evidence", "tier"} <= set(content[0])
    assert content[0]["verdict"] == "deviates" and content[0]["evidence"]["most"] is None
    assert read_verdicts(path) == verdicts


@pytest.mark.parametrize("text", [None, "{", "{}", '[{"id": "x"}]', '[{"id": "x", "verdict": "maybe"}]'])
def test_unreadable_verdicts_are_one_line(tmp_path, text):
    path = tmp_path / "verdicts.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InterplayError) as caught:
        read_verdicts(path)
    assert "verdicts.json" in str(caught.value) and "\n" not in str(caught.value)
