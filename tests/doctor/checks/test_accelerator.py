import pytest

from interplay.doctor.checks.accelerator import ON_A_CARD, driver, gpu


@pytest.mark.parametrize(
    ("device", "there", "states"),
    [
        ("cuda", False, ["mend"]),
        ("cuda:1", False, ["mend"]),
        ("cuda", True, []),
        ("auto", False, []),
        ("cpu", False, []),
    ],
)
def test_whoever_asks_for_cuda_has_a_driver(machine, of_tier, device, there, states):
    assert [one.state for one in driver(machine(driver=there), of_tier(device=device))] == states


@pytest.mark.parametrize(
    ("tier", "device", "state"),
    [("smoke", "cpu", "ok"), ("review", "auto", "note"), ("review", "cuda", "mend"), ("review", "cpu", "ok")],
)
def test_no_card_is_as_bad_as_the_tier_makes_it(machine, of_tier, tier, device, state):
    (found,) = gpu(machine(cards_problem="nvidia-smi is not installed"), of_tier(tier, device=device))
    assert found.state == state
    assert "nvidia-smi is not installed" in found.found


def test_a_large_new_card_fits_the_review_tier(machine, of_tier, card):
    needs = of_tier("review", "offline")
    (found,) = gpu(machine(cards=(card(),), visible=1), needs)
    assert found.state == "ok"
    assert f"all {len(needs.on_cards())} jobs" in found.found


def test_of_the_paper_tier_some_jobs_may_not_fit_a_card_of_8_gib(machine, of_tier, card):
    needs = of_tier("paper", "published")
    (found,) = gpu(machine(cards=(card(memory_mib=8192, name="RTX 4060"),), visible=1), needs)
    sizes = needs.on_cards()
    tight = [job for job, size in sizes.items() if size > 8192 / ON_A_CARD]
    assert 0 < len(tight) < len(sizes)
    assert found.state == "note"
    assert f"{len(tight)} of {len(sizes)} jobs may not fit, the largest is {next(iter(sizes))}" in found.found


@pytest.mark.parametrize(
    ("changes", "state", "said"),
    [
        ({"driver": "550.54.15"}, "mend", "needs driver 580"),
        ({"driver": "580.65.06"}, "ok", ""),
        ({"capability": (7, 0)}, "mend", "needs capability 7.5"),
        ({"capability": (7, 5)}, "note", "tf32 needs capability 8.0"),
        ({"driver": "unknown"}, "ok", ""),
    ],
)
def test_a_card_or_a_driver_too_old_for_the_locked_cuda(machine, of_tier, card, changes, state, said):
    (found,) = gpu(machine(cards=(card(**changes),), visible=1), of_tier("review", "offline"))
    assert found.state == state
    assert said in found.advice


def test_cards_that_torch_does_not_see(machine, of_tier, card):
    _, unseen = gpu(machine(cards=(card(),), visible=0), of_tier())
    assert unseen.state == "mend"
    _, unknown = gpu(machine(cards=(card(),), visible=None, cards_problem="no answer"), of_tier())
    assert unknown.state == "note"
