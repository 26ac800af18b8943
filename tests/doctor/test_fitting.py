import pytest

from interplay.doctor.fitting import HEAD, fit_tiers, makespan
from interplay.protocols.forecast import Estimate, Measured
from interplay.records.machine import Memory

EARLIER = [Measured("theory", 1e9, 10.0, 10.0, "cpu", "smoke, cpu")]


def estimates(*given):
    return [Estimate(job=None, device=device, seconds=seconds, basis="") for device, seconds in given]


def test_every_tier_with_every_mapping_has_a_row(machine, config, tmp_path):
    fits = fit_tiers(machine(), EARLIER, config, tmp_path, tmp_path)
    names = [(fit.tier, fit.data) for fit in fits]
    assert {("smoke", "offline"), ("review", "published"), ("paper", "offline"), ("paper", "published")} <= set(names)
    assert len(set(names)) == len(names)
    assert {len(fit.row) for fit in fits} == {len(HEAD)}
    smoke = next(fit for fit in fits if (fit.tier, fit.data) == ("smoke", "offline"))
    assert (smoke.jobs, smoke.lacking, smoke.largest[0]) == (61, (), "cross_modal/imagenet")
    assert smoke.longest[0].startswith("theory/")
    assert smoke.unknown > 50


def test_what_does_not_fit_says_for_want_of_what(machine, config, tmp_path, folder):
    small = machine(memory=Memory(total_mib=4096, free_mib=4096, limited=True))
    fits = {(fit.tier, fit.data): fit for fit in fit_tiers(small, [], config, tmp_path, tmp_path)}
    assert fits["smoke", "offline"].lacking == ()
    assert fits["review", "offline"].lacking == ("memory",)
    assert fits["paper", "published"].lacking == ("memory",)
    assert fits["review", "offline"].row[3:5] == ("no: memory", "not known")


@pytest.mark.parametrize(
    ("given", "cards", "at_once", "quota", "seconds"),
    [
        ([("cpu", 10), ("cpu", 20), ("cpu", 30)], 0, 2, None, 30),
        ([("cpu", 20), ("cpu", 20), ("cpu", 20)], 0, 2, None, 30),
        ([("cpu", 20), ("cpu", 20)], 0, 1, 0.5, 80),
        ([("cuda", 20), ("cuda", 20), ("cpu", 5)], 1, 4, None, 40),
        ([("cuda", 20), ("cuda", 20), ("cpu", 5)], 2, 4, None, 20),
        ([], 0, 1, None, 0),
    ],
)
def test_jobs_share_cores_and_cards(machine, card, given, cards, at_once, quota, seconds):
    seen = machine(cards=tuple(card(index=index) for index in range(cards)), visible=cards, quota=quota)
    assert makespan(estimates(*given), seen, at_once) == seconds
