from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.evidence.inputs import find_records, setup_of
from interplay.protocols.claims import Claim
from interplay.records import write_record

CLAIM = Claim.model_validate(
    {
        "id": "x",
        "said_in": [{"document": "note", "where": "1"}],
        "says": "x",
        "needs": ["supervised/cifar10/plain/*"],
        "test": {"kind": "finding", "findings": ["x"]},
    }
)


def test_only_records_that_a_claim_is_about_are_read(tmp_path, make):
    write_record(make("supervised/cifar10/plain/lr0.03"), tmp_path / "records/supervised/cifar10/plain/lr0.03.json")
    other = tmp_path / "records/supervised/cifar10/max_mi/seed0.json"
    other.parent.mkdir(parents=True)
    other.write_text("not a record", encoding="utf-8")
    assert [record.name for record in find_records(tmp_path, [CLAIM])] == ["supervised/cifar10/plain/lr0.03"]
    other.rename(tmp_path / "records/supervised/cifar10/plain/seed0.json")
    with pytest.raises(InterplayError, match=r"seed0\.json: not a valid record"):
        find_records(tmp_path, [CLAIM])


def test_no_records_yet_and_no_folder(tmp_path):
    assert find_records(tmp_path, [CLAIM]) == []
    with pytest.raises(InterplayError, match="--results"):
        find_records(tmp_path / "nowhere", [CLAIM])


@pytest.mark.parametrize(
    "folder, asked, found",
    [
        ("smoke", {}, ("smoke", "offline")),
        ("review", {}, ("review", "published")),
        ("review-offline", {}, ("review", "offline")),
        ("elsewhere", {"tier": "paper"}, ("paper", "published")),
        ("elsewhere", {"tier": "paper", "data": "offline"}, ("paper", "offline")),
    ],
)
def test_setup_without_records_comes_from_the_folder(tmp_path, folder, asked, found):
    assert setup_of(tmp_path / folder, [], **asked) == found


@pytest.mark.parametrize(
    "folder, asked, option",
    [("elsewhere", {}, "--tier"), ("smoke", {"tier": "huge"}, "--tier"), ("smoke", {"data": "some"}, "--data")],
)
def test_a_setup_that_cannot_be_told(tmp_path, folder, asked, option):
    with pytest.raises(InterplayError, match=option):
        setup_of(tmp_path / folder, [], **asked)


def test_a_tier_of_ones_own_is_believed_where_the_configuration_has_it(tmp_path, make):
    (tmp_path / "config/tiers").mkdir(parents=True)
    (tmp_path / "config/tiers/overnight.yaml").touch()
    assert setup_of(tmp_path / "overnight", [], config=tmp_path / "config") == ("overnight", "published")
    with pytest.raises(InterplayError, match="'smoke' is none of overnight"):
        setup_of(tmp_path / "smoke", [], config=tmp_path / "config")
    own = make("supervised/a", tier="weekend", data="offline")
    assert setup_of(tmp_path, [own]) == ("weekend", "offline")


def test_setup_comes_from_the_records_and_they_must_agree(tmp_path, make):
    paper = make("supervised/a", tier="paper", data="published")
    assert setup_of(tmp_path, [paper]) == ("paper", "published")
    with pytest.raises(InterplayError, match="several setups"):
        setup_of(tmp_path, [paper, make("supervised/b")])
