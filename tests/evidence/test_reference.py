"""What smoke says of the claims, beside the committed results of larger runs: no contradiction is left unexplained."""

from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.evidence import judge
from interplay.evidence.contradictions import contradictions, disagree
from interplay.evidence.levels_at_hand import load_levels
from interplay.evidence.rulings import keep_rulings, read_rulings
from interplay.protocols.claim_files import load_claims
from interplay.protocols.frozen_claims import claim_digest
from interplay.records.selection import folders_beside


@pytest.fixture(scope="module")
def claims(config):
    return load_claims(config / "claims")


@pytest.fixture(scope="module")
def reference(config):
    return config.parent / "results/reference"


@pytest.fixture(scope="module")
def verdicts(config, claims, reference, published):
    """The claims on the reference results alone."""
    folders = [path for path in folders_beside(reference.parent / "smoke") if path.parent == reference]
    return judge(claims, load_levels(folders[0], claims, config, beside=folders[1:]), published)


def test_the_reference_results_do_not_contradict_each_other(verdicts):
    assert sum(bool(verdict.rung.records) for verdict in verdicts) > 30
    assert list(map(str, contradictions(verdicts))) == []


def test_smoke_contradicts_no_reference_result(claims, reference, verdicts):
    """A difference is explained by a precondition in the claim, or the claim is wrong in one of the two places."""
    kept = read_rulings(reference / "smoke-rulings.json").rulings
    current = {claim.id for claim in claims if claim.id in kept and kept[claim.id].digest == claim_digest(claim)}
    assert len(current) > 0.8 * len(kept), (
        "claims changed: make reproduce, then benchmarks/keep_reference.py results/smoke --rulings"
    )
    compared, found = 0, []
    for verdict in verdicts:
        for rung in verdict.ladder:
            if verdict.id in current and rung.records:
                compared += 1
                one = kept[verdict.id]
                if disagree((one.ruling, one.leaning), (rung.ruling, rung.leaning)):
                    found.append(f"{verdict.id}: {one.ruling} in smoke, {rung.ruling} ({rung.leaning}) on {rung.level}")
    assert compared > 30 and found == []


def test_rulings_are_kept_and_read(tmp_path, claims, verdicts):
    level = next(rung.level for verdict in verdicts for rung in verdict.ladder if rung.records)
    keep_rulings(verdicts, claims, level, "abc", tmp_path / "x.json")
    kept = read_rulings(tmp_path / "x.json")
    rungs = {verdict.id: rung for verdict in verdicts for rung in verdict.ladder if rung.level == level}
    assert (
        kept.level == level
        and kept.rulings
        and all(rungs[name].ruling == one.ruling for name, one in kept.rulings.items())
    )
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InterplayError, match=r"x\.json: not a file of rulings"):
        read_rulings(tmp_path / "x.json")
    with pytest.raises(InterplayError, match="keep_reference"):
        read_rulings(tmp_path / "gone.json")
