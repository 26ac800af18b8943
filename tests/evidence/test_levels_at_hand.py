from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.evidence.levels_at_hand import Level, load_levels, name_of
from interplay.protocols.claims import Claim
from interplay.records import write_record
from interplay.records.selection import folders_beside

CLAIM = Claim.model_validate(
    {
        "id": "low",
        "said_in": [{"document": "metrics24", "where": "VI-A"}],
        "says": "It is low.",
        "needs": [],
        "test": {"kind": "bound", "runs": "supervised/*", "metric": "loss", "at_most": 0.5},
    }
)


@pytest.fixture
def root(tmp_path, make):
    for folder, tier, data in (
        ("smoke", "smoke", "offline"),
        ("paper", "paper", "published"),
        ("reference/a", "review", "offline"),
    ):
        write_record(
            make("supervised/seed0", tier=tier, data=data), tmp_path / folder / "records/supervised/seed0.json"
        )
    write_record(make("grokking/seed0"), tmp_path / "review/records/grokking/seed0.json")
    (tmp_path / "controls/untrained/smoke/records").mkdir(parents=True)
    return tmp_path


def test_all_results_of_a_root_count_and_controls_do_not(root, config):
    assert [name_of(path) for path in folders_beside(root / "smoke")] == ["reference/a", "paper", "review"]
    levels = load_levels(root / "smoke", [CLAIM], config)
    assert [(level.name, level.tier, level.data) for level in levels] == [
        *(("smoke", "smoke", "offline"), ("reference/a", "review", "offline"), ("paper", "paper", "published")),
    ]  # of `review` no claim reads anything
    assert [level.name for level in load_levels(root / "paper", [CLAIM], config, beside=[])] == ["paper"]


def test_what_cannot_be_read_beside_is_left_out_and_said(root, config):
    (root / "paper/records/supervised/seed0.json").write_text("{}", encoding="utf-8")
    said = []
    levels = load_levels(root / "smoke", [CLAIM], config, say=said.append)
    assert [level.name for level in levels] == ["smoke", "reference/a"]
    assert len(said) == 1 and "paper/records/supervised/seed0.json" in said[0]
    with pytest.raises(InterplayError, match=r"seed0\.json"):
        load_levels(root / "smoke", [CLAIM], config, beside=[root / "paper"])


def test_records_of_one_level_belong_together(make):
    with pytest.raises(InterplayError, match="of tier smoke on offline data, not of paper on published"):
        Level("paper", "paper", "published", [make("supervised/a")])
    with pytest.raises(InterplayError, match="two records are called supervised/a"):
        Level("smoke", "smoke", "offline", [make("supervised/a"), make("supervised/a")])
