from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.protocols.claims import Claim
from interplay.protocols.frozen_claims import NAME, changed_since, freeze_claims, read_frozen


def claim_of(name, at_most=0.5, **fields):
    test = {"kind": "bound", "runs": "supervised/a/*", "metric": "loss", "at_most": at_most}
    said_in = [{"document": "metrics24", "where": "VI-A"}]
    standard = {"id": name, "said_in": said_in, "says": "It is low.", "needs": [], "test": test}
    return Claim.model_validate(standard | fields)


def test_what_changed_since_is_told(tmp_path):
    assert freeze_claims([claim_of("kept"), claim_of("moved"), claim_of("gone")], tmp_path / "paper")
    later = [claim_of("kept", note="said anew", weight="headline"), claim_of("moved", 0.6), claim_of("new")]
    frozen = read_frozen(tmp_path / "paper")
    assert changed_since(frozen, later) == {"gone": "dropped", "moved": "changed", "new": "added"}
    assert len(frozen.git_commit) >= 7 and frozen.frozen.endswith("+00:00")


def test_they_are_frozen_once(tmp_path):
    assert freeze_claims([claim_of("one")], tmp_path)
    before = (tmp_path / NAME).read_bytes()
    assert not freeze_claims([claim_of("one", 0.9)], tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_nothing_frozen_is_no_error_and_a_broken_file_is_one_line(tmp_path):
    assert read_frozen(tmp_path) is None
    (tmp_path / NAME).write_text('{"frozen": 3}', encoding="utf-8")
    with pytest.raises(
        InterplayError, match=r"claims\.lock\.json: not a list of frozen claims .*bring it back"
    ) as caught:
        read_frozen(tmp_path)
    assert "\n" not in str(caught.value)
