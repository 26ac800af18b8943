import pytest

from interplay.doctor.checks.processor import cores


@pytest.mark.parametrize(
    ("quota", "state", "said"),
    [(None, "ok", "8 of 8 usable"), (0.5, "note", "0.5 of a core"), (1.0, "ok", "allows 1"), (2.5, "ok", "allows 2.5")],
)
def test_half_a_core_is_noted(machine, of_tier, quota, state, said):
    (found,) = cores(machine(quota=quota), of_tier())
    assert found.state == state
    assert said in found.found
    assert ("2 times as long" in found.advice) == (quota == 0.5)
