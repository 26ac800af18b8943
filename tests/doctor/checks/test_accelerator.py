from dataclasses import replace

import pytest

from interplay.doctor.checks.accelerator import ON_A_CARD, driver, gpu, usable_cards


def test_nothing_left_to_run_needs_no_driver_and_no_card(machine, of_tier, card):
    needs = of_tier("review", "offline", device="cuda", runs=())
    assert list(driver(machine(), needs)) == []
    assert [one.state for one in gpu(machine(cards=(card(capability=(7, 0)),), visible=0), needs)] == ["note", "note"]


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
        ({"capability": (7, 0)}, "mend", "needs capability 7.5"),  # which `auto` would take
        ({"capability": (7, 5)}, "note", "tf32 needs capability 8.0"),
        ({"driver": "unknown"}, "ok", ""),
    ],
)
def test_a_card_or_a_driver_too_old_for_the_locked_cuda(machine, of_tier, card, changes, state, said):
    (found,) = gpu(machine(cards=(card(**changes),), visible=1), of_tier("review", "offline"))
    assert found.state == state
    assert said in found.advice


@pytest.mark.parametrize(
    ("tier", "device", "cards", "visible", "states"),
    [
        ("smoke", "cpu", [{"capability": (7, 0)}], 1, ["note"]),
        ("smoke", "cpu", [{"driver": "550.54.15"}], 0, ["note", "note"]),
        ("review", "auto", [{"driver": "550.54.15"}], 0, ["note", "note"]),  # on the CPU then
        ("review", "cuda", [{"driver": "550.54.15"}], 0, ["mend", "mend"]),
        ("review", "cuda:0", [{"capability": (7, 0)}], 1, ["mend"]),
        ("review", "cuda:1", [{}, {"index": 1, "capability": (7, 0)}], 2, ["ok", "mend"]),
        ("review", "cuda:0", [{}, {"index": 1, "capability": (7, 0)}], 2, ["ok", "ok"]),
        ("review", "cuda:0", [{}, {"index": 1, "capability": (7, 0)}], 1, ["ok", "note"]),  # which one is not known
        ("review", "auto", [{"capability": (7, 0)}, {}], 2, ["note", "ok"]),
        ("review", "cuda", [{"capability": (7, 0)}, {}], 2, ["note", "ok"]),
    ],
)
def test_a_card_that_is_no_use_stops_only_those_who_would_use_it(
    machine, of_tier, card, tier, device, cards, visible, states
):
    seen = machine(cards=tuple(card(**changes) for changes in cards), visible=visible)
    assert [one.state for one in gpu(seen, of_tier(tier, "offline", device=device))] == states


@pytest.mark.parametrize(
    ("tier", "visible", "states"),
    [("review", 1, ["ok", "mend"]), ("review", None, ["ok", "mend", "note"]), ("smoke", 1, ["ok", "mend"])],
)
def test_a_number_beyond_the_cards_is_to_be_mended(machine, of_tier, card, tier, visible, states):
    needs = of_tier(tier, "offline", device="cuda:3")
    found = list(gpu(machine(cards=(card(),), visible=visible), needs))
    assert [one.state for one in found] == states
    assert found[1].found.startswith("DEVICE=cuda:3, but of cards torch sees 1")
    idle = gpu(machine(cards=(card(),), visible=1), replace(needs, runs=()))
    assert [one.state for one in idle] == ["ok", "note"]


def test_jobs_fit_the_card_that_is_named(machine, of_tier, card):
    cards = (card(), card(index=1, memory_mib=2048))
    for number, states in enumerate((["ok", "ok"], ["ok", "note"])):
        needs = of_tier("paper", "offline", device=f"cuda:{number}")
        seen = machine(cards=cards, visible=2)
        assert usable_cards(seen, needs) == (cards[number],)
        assert [one.state for one in gpu(seen, needs)] == states


@pytest.mark.parametrize(
    ("tier", "device", "state"),
    [("smoke", "cpu", "note"), ("review", "cpu", "note"), ("review", "auto", "note"), ("review", "cuda:0", "mend")],
)
def test_cards_that_torch_does_not_see(machine, of_tier, card, tier, device, state):
    _, unseen = gpu(machine(cards=(card(),), visible=0), of_tier(tier, "offline", device=device))
    assert unseen.state == state
    assert "CUDA_VISIBLE_DEVICES" in unseen.advice


def test_whether_torch_sees_cards_may_not_be_known(machine, of_tier, card):
    _, unknown = gpu(machine(cards=(card(),), visible=None, cards_problem="no answer"), of_tier())
    assert unknown.state == "note"
