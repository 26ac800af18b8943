"""What digests stand for, kept and compared."""

import json

import pytest

from interplay.records import code_digest
from interplay.records.ingredients import Ingredients


@pytest.fixture
def planned(tmp_path):
    """The digests of a plan: of a claim, of all claims, and of code."""

    def plan(bound, other="1"):
        ingredients = Ingredients(tmp_path / "ingredients")
        claim = ingredients.of_values("claim", {"test": {"at_least": bound}})
        digests = {"claims": ingredients.digest("claims", {"claim rises": claim, "claim falls": other})}
        digests["code"] = ingredients.of_code("interplay.records.values")
        return ingredients, digests

    return plan


def test_a_changed_part_is_named_down_to_its_value(planned):
    before, old = planned(0.99)
    before.keep()
    now, new = planned(0.98)
    changed = now.changes(now.find(old["claims"]), now.find(new["claims"]))
    assert changed == ["claim rises: test.at_least: 0.99 -> 0.98"]


def test_of_a_part_that_is_only_a_digest_it_is_told_that_it_changed(planned):
    before, old = planned(0.99)
    before.keep()
    now, new = planned(0.99, other="2")
    assert now.changes(now.find(old["claims"]), now.find(new["claims"])) == ["claim falls changed"]


def test_the_digest_of_code_stands_for_its_modules(planned):
    ingredients, digests = planned(1)
    assert digests["code"] == code_digest("interplay.records.values")
    kept = ingredients.find(digests["code"])
    assert kept.kind == "code"
    assert "module interplay.records.values" in kept.parts


def test_the_digest_follows_the_parts_and_the_parameter(planned):
    ingredients, digests = planned(1)
    assert planned(1)[1] == digests
    assert planned(2)[1]["claims"] != digests["claims"]
    assert ingredients.digest("levels", {"a": "1"}) != ingredients.digest("reference", {"a": "1"})


def test_only_what_is_new_is_written_and_what_was_is_found_later(planned, tmp_path):
    first, old = planned(0.99)
    first.keep()
    first.keep()
    (file,) = (tmp_path / "ingredients").glob("*.json")
    second, new = planned(0.98)
    second.keep()
    (added,) = set((tmp_path / "ingredients").glob("*.json")) - {file}
    assert new["code"] not in json.loads(added.read_text())
    later = Ingredients(tmp_path / "ingredients")
    assert later.find(old["claims"]).parts["claim falls"] == "1"
    assert later.find(new["claims"]).kind == "claims"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"0000000000000000": {"kind": 1}}'])
def test_what_is_damaged_is_not_known_and_hurts_nothing(tmp_path, content):
    (tmp_path / "ingredients").mkdir()
    (tmp_path / "ingredients/0.json").write_text(content)
    assert Ingredients(tmp_path / "ingredients").find("0" * 16) is None


def test_an_unknown_digest_is_not_known(planned):
    assert planned(1)[0].find("f" * 16) is None
