import re

from interplay.doctor.checks.memory import memory
from interplay.protocols.forecast import CUDA_MIB
from interplay.records.machine import Memory


def have(total, free=None, limited=False):
    return Memory(total_mib=total, free_mib=total if free is None else free, limited=limited)


def test_what_is_too_large_stops_nothing_that_fits(machine, of_tier):
    sizes = list(of_tier().memory_of_jobs(cards=False).values())
    (found,) = memory(machine(memory=have(sizes[3])), of_tier(cores=1))
    assert sizes[2] > sizes[3]
    assert found.state == "note"
    assert f"; 3 of {len(sizes)} jobs do not fit and may be killed" in found.found
    (found,) = memory(machine(memory=have(sizes[-1] - 1)), of_tier(cores=1))
    assert found.state == "mend"
    assert f"declares {sizes[0] / 1024:.1f} GiB; {len(sizes)} of {len(sizes)} jobs do not fit" in found.found


def test_a_control_group_counts_as_the_machine_does(machine, of_tier):
    (found,) = memory(machine(memory=have(1024, limited=True)), of_tier())
    assert found.state == "mend"
    assert found.found.startswith("its control group allows 1.0 GiB")


def test_a_laptop_does_the_smoke_tier(machine, of_tier):
    (found,) = memory(machine(memory=have(8 << 10)), of_tier())
    assert found.state == "ok"


def test_more_jobs_at_once_than_fit_are_noted_with_the_cores_that_fit(machine, of_tier):
    needs = of_tier(cores=64)
    (found,) = memory(machine(memory=have(16 << 10)), needs)
    assert found.state == "note"
    cores = int(re.search(r"CORES=(\d+)", found.advice)[1])
    sizes = list(needs.memory_of_jobs(cards=False).values())
    assert sum(sizes[:cores]) <= 16 << 10 < sum(sizes[: cores + 1])
    assert sizes == sorted(sizes, reverse=True)


def test_memory_that_others_take_is_noted(machine, of_tier):
    (found,) = memory(machine(memory=have(8 << 10, free=1000)), of_tier(cores=1))
    assert (found.state, found.advice) == ("note", "end what else takes memory")


def test_a_card_takes_ordinary_memory_too(machine, of_tier):
    needs = of_tier("review", "offline")
    without = next(iter(needs.memory_of_jobs(cards=False).values()))
    (cpu,) = memory(machine(memory=have(without)), needs)
    (card,) = memory(machine(memory=have(without), driver=True), needs)
    assert (cpu.state, card.state) == ("ok", "note")
    assert next(iter(needs.memory_of_jobs(cards=True).values())) == without + CUDA_MIB


def test_nothing_to_run_needs_no_memory(machine, of_tier):
    (found,) = memory(machine(memory=have(10)), of_tier(runs=()))
    assert found.state == "ok"
