import pytest
import yaml

from interplay.doctor.checks.accelerator import ON_A_CARD
from interplay.doctor.fitting import HEAD, fit_tiers, makespan
from interplay.doctor.needs import needs_of
from interplay.protocols.forecast import Estimate, Measured
from interplay.protocols.setup import load_setup
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
    assert (smoke.jobs, smoke.lacking, smoke.largest[0]) == (61, (), "clip_pretraining/small")  # it draws its images
    assert smoke.longest[0].startswith("theory/")
    assert smoke.unknown > 50


def test_what_does_not_fit_says_for_want_of_what(machine, config, tmp_path, folder):
    small = machine(memory=Memory(total_mib=4096, free_mib=4096, limited=True))
    fits = {(fit.tier, fit.data): fit for fit in fit_tiers(small, [], config, tmp_path, tmp_path)}
    smoke, review = fits["smoke", "offline"], fits["review", "offline"]
    assert smoke.row[3:7] == ("yes", "61 of 61", "on the CPU", "not known")
    needs = needs_of(load_setup(config, "review", "offline"), "cpu", 8, whole=False)
    fitting = sum(size <= 4096 for size in needs.memory_of_jobs(cards=False).values())
    assert 0 < fitting < review.jobs
    assert review.row[3:7] == ("in part", f"{fitting} of {review.jobs}", "on the CPU", "not known")
    tiny = machine(memory=Memory(total_mib=10, free_mib=10, limited=True))
    assert {fit.row[3] for fit in fit_tiers(tiny, [], config, tmp_path, tmp_path)} == {"no: memory"}


def test_cards_and_the_device_that_is_asked_for_count(machine, card, config, tmp_path):
    small = machine(driver=True, cards=(card(memory_mib=8192),), visible=1)
    fits = {(fit.tier, fit.data): fit for fit in fit_tiers(small, [], config, tmp_path, tmp_path)}
    assert fits["smoke", "offline"].row[5] == "on the CPU"
    sizes = needs_of(load_setup(config, "paper", "offline"), "auto", 8, whole=False).on_cards().values()
    fitting = sum(size * ON_A_CARD <= 8192 for size in sizes)
    assert 0 < fitting < len(sizes)
    assert fits["paper", "offline"].row[5] == f"{fitting} of {len(sizes)}"
    assert {fit.row[5] for fit in fit_tiers(small, [], config, tmp_path, tmp_path, "cpu")} == {"on the CPU"}
    (none,) = (
        fit
        for fit in fit_tiers(machine(), [], config, tmp_path, tmp_path, "cuda")
        if fit.row[:2] == ("smoke", "offline")
    )
    assert none.row[3:6] == ("no: driver", "61 of 61", "0 of 61")


@pytest.mark.parametrize(
    ("given", "cards", "at_once", "quota", "seconds"),
    [
        ([("cpu", 10), ("cpu", 20), ("cpu", 30)], 0, 2, None, 30),
        ([("cpu", 20), ("cpu", 20), ("cpu", 20)], 0, 2, None, 30),
        ([("cpu", 20), ("cpu", 20)], 0, 1, 0.5, 80),
        ([("cuda", 20), ("cuda", 20), ("cpu", 5)], 1, 4, None, 40),
        ([("cuda", 20), ("cuda", 20), ("cpu", 5)], 2, 4, None, 40),  # as the profile has it, one at a time
        ([], 0, 1, None, 0),
    ],
)
def test_jobs_share_cores_and_one_card(root, machine, card, given, cards, at_once, quota, seconds):
    profile = yaml.safe_load((root / "profiles/default/config.yaml").read_text())
    assert profile["resources"] == ["gpu=1"]
    seen = machine(cards=tuple(card(index=index) for index in range(cards)), visible=cards, quota=quota)
    assert makespan(estimates(*given), seen, at_once) == seconds
