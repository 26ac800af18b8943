import pytest

from interplay.doctor.checks.data import data
from interplay.doctor.machine import Asset


def say(machine, of_tier, **given):
    (found,) = data(machine(assets=(Asset(**{"name": "cifar10", "size": 170_000_000} | given),)), of_tier())
    return found


@pytest.mark.parametrize(
    ("state", "said"),
    [("verified", "verified, 170 MB"), ("there", "verified before use"), ("missing", "170 MB will be fetched")],
)
def test_what_is_there_or_can_be_had_is_well(machine, of_tier, state, said):
    found = say(machine, of_tier, state=state)
    assert found.state == "ok"
    assert said in found.found


def test_damage_is_named_and_mended_by_fetching(machine, of_tier):
    found = say(machine, of_tier, state="damaged", fault="cifar-10-python.tar.gz has 12 bytes, pinned 170,498,071")
    assert found.state == "mend"
    assert "has 12 bytes" in found.found
    assert found.advice.startswith("interplay fetch cifar10 ")


def test_what_must_be_put_in_place_by_hand_is_named_with_how(machine, of_tier):
    missing = say(machine, of_tier, state="missing", size=0, by_hand="unpack UCF-101-midframes.zip there")
    assert (missing.state, missing.advice) == ("note", "unpack UCF-101-midframes.zip there")
    assert say(machine, of_tier, state="there", size=0, by_hand="unpack").state == "ok"


@pytest.mark.parametrize(
    ("sources", "state"),
    [
        ("published answers, mirror does not answer (ConnectTimeout)", "ok"),
        ("published does not answer (ConnectionError), debian not asked", "ok"),
        ("published does not answer (ConnectionError), mirror says HTTP status 404", "note"),
    ],
)
def test_sources_that_all_keep_silent_are_noted(machine, of_tier, sources, state):
    found = say(machine, of_tier, state="missing", sources=sources)
    assert found.state == state
    assert sources in found.found
    if state == "note":
        assert "docs/data.md" in found.advice


def test_a_claim_that_reads_no_file_asks_for_none(machine, of_tier):
    (found,) = data(machine(), of_tier(runs=()))
    assert (found.state, found.found) == ("ok", "no file is read")
