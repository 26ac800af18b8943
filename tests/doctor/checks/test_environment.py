import pytest

from interplay.doctor.checks.environment import packages, python

LOCKED = {"torch": "2.14.1", "numpy": "2.0"}


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10, 14), "mend"), ((3, 11, 0), "ok"), ((3, 13, 9), "ok"), ((3, 14, 0), "mend")]
)
def test_only_supported_versions_of_python_pass(machine, of_tier, version, state):
    (found,) = python(machine(python=version), of_tier())
    assert found.state == state
    assert ("PYTHON=" in found.advice) == (state == "mend")


def test_what_the_lock_pins_and_no_more_is_asked_for(machine, of_tier):
    (found,) = packages(machine(installed=LOCKED | {"mine": "1"}), of_tier(locked=LOCKED))
    assert (found.state, found.found) == ("ok", "all 2 as locked")


@pytest.mark.parametrize(
    ("installed", "said"),
    [({"torch": "2.11.0", "numpy": "2.0"}, "torch 2.11.0 (locked 2.14.1)"), ({"numpy": "2.0"}, "torch is missing")],
)
def test_another_version_is_mended_in_the_own_environment_and_noted_in_anothers(machine, of_tier, installed, said):
    needs = of_tier(locked=LOCKED)
    (own,) = packages(machine(installed=installed), needs)
    assert own.state == "mend"
    assert said in own.found
    assert "make setup" in own.advice
    (other,) = packages(machine(installed=installed, own_environment=False), needs)
    assert other.state == "note"
    assert said in other.found


def test_of_many_differences_some_are_named(machine, of_tier):
    (found,) = packages(machine(installed={}), of_tier(locked={f"p{number}": "1" for number in range(9)}))
    assert found.found.endswith("p3 is missing (locked 1) and 5 more")


def test_a_set_up_from_other_locks_is_mended(machine, of_tier):
    (found,) = packages(machine(installed=LOCKED, set_up=False), of_tier(locked=LOCKED))
    assert (found.state, found.advice) == ("mend", "make setup")


def test_without_a_lock_nothing_can_be_said(machine, of_tier):
    (found,) = packages(machine(), of_tier(locked={}))
    assert found.state == "note"
