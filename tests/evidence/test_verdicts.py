from __future__ import annotations

import hashlib
import json

import pytest

from interplay.errors import InterplayError
from interplay.evidence import Level, judge, read_verdicts, write_verdicts
from interplay.protocols.claims import Claim
from interplay.records import write_record

MIR = {"kind": "trend", "runs": "supervised/cifar10/plain/*", "series": "mir", "direction": "rising"}


def claim_of(test=MIR, **fields):
    standard = {"id": "mir_rises", "says": "MIR rises.", "said_in": [{"document": "metrics24", "where": "VI-A"}]}
    return Claim.model_validate(standard | {"needs": ["supervised/cifar10/plain/*"], "test": test} | fields)


def test_a_verdict_carries_its_whole_context(supervised, make, level, published):
    records = [*supervised(dataset_used="fashion-mnist"), make("grokking/addition/seed0")]
    (verdict,) = judge([claim_of(note="ours")], [level(records)], published)
    assert (verdict.id, verdict.source, verdict.statement) == ("mir_rises", "metrics24, VI-A", "MIR rises.")
    assert (verdict.test, verdict.note, verdict.verdict) == ("trend", "ours", "holds on substitute data")
    rung = verdict.rung
    assert (rung.level, rung.tier, rung.data, rung.basis) == ("smoke", "smoke", "offline", "substitute data")
    assert rung.conditions.data == {"cifar10": "fashion-mnist"} and rung.conditions.data_share == 0
    assert rung.overrides == rung.conditions.overridden == ("iterations: 1048576 -> 600",)
    assert [used.name for used in rung.records] == [f"supervised/cifar10/plain/seed{i}" for i in range(3)]
    assert rung.evidence["runs"] == 3 and rung.ruling == "holds"


@pytest.mark.parametrize(
    "fields, word",
    [
        ({"dataset_used": "glyphs", "overrides": []}, "holds on substitute data"),
        ({"dataset_used": "cifar10", "overrides": ["iterations: 9 -> 3"]}, "holds at reduced protocol"),
        ({"dataset_used": "cifar10", "overrides": ["seeds: 3 -> 1"]}, "reproduced"),
        ({"dataset_used": "cifar10", "overrides": []}, "reproduced"),
    ],
)
def test_reproduced_is_said_of_the_published_protocol_on_the_published_data_only(
    supervised, level, published, fields, word
):
    records = [record.model_copy(update=fields) for record in supervised()]
    (verdict,) = judge([claim_of()], [level(records)], published)
    assert verdict.verdict == word


def test_the_strongest_evidence_that_decides_speaks_and_all_of_it_is_shown(supervised, published):
    falling = claim_of(MIR | {"direction": "falling"})
    own = Level("smoke", "smoke", "offline", supervised(dataset_used="fashion-mnist"))
    paper = [record.model_copy(update={"overrides": []}) for record in supervised(tier="paper", data="published")]
    better = Level("reference/x", "paper", "published", paper)
    few = [
        record.model_copy(update={"trajectory": {k: v[:3] for k, v in record.trajectory.items()}}) for record in paper
    ]
    short = Level("reference/y", "paper", "published", few)
    empty = Level("review", "review", "published", [])
    (verdict,) = judge([falling], [own, better, empty], published)
    assert [rung.level for rung in verdict.ladder] == ["reference/x", "smoke"]
    assert verdict.decided_by == 0 and verdict.verdict == "deviates"
    (verdict,) = judge([falling], [own, short], published)  # stronger, but it does not decide
    assert [(rung.level, rung.ruling) for rung in verdict.ladder] == [("reference/y", "undecided"), ("smoke", "fails")]
    assert verdict.decided_by == 1 and verdict.verdict == "does not hold on substitute data"


def test_the_digest_is_that_of_the_records_file(tmp_path, supervised, level, published):
    record = supervised(seeds=(0,))[0]
    write_record(record, tmp_path / "seed0.json")
    (verdict,) = judge([claim_of()], [level([record])], published)
    expected = hashlib.sha256((tmp_path / "seed0.json").read_bytes()).hexdigest()[:16]
    assert verdict.rung.records[0].digest == expected


def test_no_verdict_where_it_would_mean_nothing(supervised, level, published):
    claims = [claim_of(tiers=["paper"]), claim_of(id="b", data=["published"]), claim_of(id="c", needs=["theory/x"])]
    verdicts = judge(claims, [level(supervised())], published)
    assert [verdict.verdict for verdict in verdicts] == ["not representative", "not representative", "not run"]
    for verdict, reason in zip(verdicts, ("tier paper", "published data", "theory/x"), strict=True):
        assert reason in verdict.rung.sentence and verdict.rung.records == () and verdict.rung.evidence == {}


@pytest.mark.parametrize(
    "least, word", [(0.5, "holds on substitute data"), (0.99, "not representative")], ids=["met", "not met"]
)
def test_a_precondition_that_no_run_meets_makes_them_not_representative(supervised, level, published, least, word):
    asked = {"because": "the runs learn something", "metric": "best_test_accuracy", "at_least": least}
    claim = claim_of(valid_if=[asked])
    (verdict,) = judge([claim], [level(supervised(dataset_used="fashion-mnist"))], published)
    assert verdict.verdict == word
    assert ("learn something" in verdict.rung.sentence) == (word == "not representative")


@pytest.mark.parametrize("direction, answer", [("rising", "yes"), ("falling", "no")])
def test_a_claim_that_asks_is_answered(supervised, level, published, direction, answer):
    claims = [claim_of(MIR | {"direction": direction}, asks=True), claim_of(id="b", tiers=["paper"], asks=True)]
    verdicts = judge(claims, [level(supervised())], published)
    assert [verdict.verdict for verdict in verdicts] == [answer, "not representative"]
    assert verdicts[0].rung.evidence["runs"] == 3
    mixed = supervised(seeds=(0,))[0]
    flat = mixed.model_copy(update={"trajectory": mixed.trajectory | {"mir": mixed.trajectory["mir"][:3]}})
    (short,) = judge(claims[:1], [level([flat])], published)
    assert short.verdict == "undecided"


def test_without_records_nothing_reads_as_agreement(level, published):
    (verdict,) = judge([claim_of()], [level([])], published)
    assert verdict.verdict == "not run" and "supervised/cifar10/plain/*" in verdict.rung.sentence
    with pytest.raises(InterplayError, match="--results"):
        judge([claim_of()], [], published)


def test_records_of_another_setup_are_refused(supervised, level):
    with pytest.raises(InterplayError, match="of tier smoke on offline data, not of paper on published"):
        level(supervised(), "paper", "published")
    with pytest.raises(InterplayError, match="two records are called"):
        level(supervised() + supervised())


def test_round_trip_and_valid_json(tmp_path, make, level, published):
    bound = {"kind": "bound", "runs": "supervised/*", "metric": "loss", "at_most": 1.0}
    records = [make(f"supervised/a/seed{seed}", seed=seed, metrics={"loss": float("nan")}) for seed in range(3)]
    verdicts = judge([claim_of(bound, needs=[])], [level(records)], published)
    path = tmp_path / "deep" / "verdicts.json"
    write_verdicts(verdicts, path)

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    content = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert {"id", "said_in", "statement", "verdict", "ladder", "decided_by"} <= set(content[0])
    assert content[0]["ladder"][0]["evidence"]["most"] is None
    assert read_verdicts(path) == verdicts


@pytest.mark.parametrize("text", [None, "{", "{}", '[{"id": "x"}]', '[{"id": "x", "verdict": "maybe"}]'])
def test_unreadable_verdicts_are_one_line(tmp_path, text):
    path = tmp_path / "verdicts.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InterplayError) as caught:
        read_verdicts(path)
    assert "verdicts.json" in str(caught.value) and "\n" not in str(caught.value)
