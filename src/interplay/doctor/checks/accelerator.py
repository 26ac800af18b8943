"""The NVIDIA driver, its cards, and whether what is to be trained fits onto them."""

from __future__ import annotations

from collections.abc import Iterator

from interplay.doctor.diagnosis import Diagnosis, check, mend, note, ok
from interplay.doctor.machine import Card, Machine
from interplay.doctor.needs import Needs
from interplay.doctor.sizes import gibibytes

# Of NVIDIA's release notes: the oldest driver for Linux and the oldest cards, by major version of CUDA.
OLDEST_DRIVER = {12: 525, 13: 580}
OLDEST_CAPABILITY = {12: (5, 0), 13: (7, 5)}
ROUNDED_FROM = (8, 0)  # tf32 and bf16
# A card holds more than what a job declares, which is what it takes on a CPU: the one reading that was measured on both
# took 4,588 MiB of a card where its job declares 3,273.
ON_A_CARD = 1.5


@check("driver", quick=True)
def driver(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Whoever asks for CUDA has NVIDIA's driver."""
    if needs.device.startswith("cuda") and needs.runs and not machine.driver:
        yield mend(f"DEVICE={needs.device}, but no NVIDIA driver is here", "install it, or give DEVICE=cpu or auto")


@check("GPU")
def gpu(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """Cards with a driver for the locked CUDA, which torch sees. What else there is stops nothing if one will do."""
    asked, jobs = needs.device.startswith("cuda"), needs.on_cards()
    if not machine.cards:
        found = f"none ({machine.cards_problem})"
        if asked and jobs:
            yield mend(f"{found}, but DEVICE={needs.device}", "give DEVICE=cpu or auto, or mend the driver")
        elif jobs:
            yield note(f"{found}; {len(jobs)} jobs run on the CPU", "see the table below for how long that takes")
        else:
            yield ok(f"{found}; {_no_job(needs)}")
        return
    # `auto` takes whichever card torch sees, one too old to compute as well; without any it takes the CPU.
    taken = asked or (needs.device == "auto" and machine.visible != 0)
    stops = bool(jobs) and taken and not usable_cards(machine, needs)
    named = _named(machine, needs)
    for card in machine.cards:
        yield _one(card, needs, stops) if card in named else ok(f"{_seen(card)}; DEVICE={needs.device} is another")
    number, seen = _number(needs), len(machine.cards) if machine.visible is None else machine.visible
    if number is not None and number >= seen > 0:
        yield (mend if jobs else note)(
            f"DEVICE={needs.device}, but of cards torch sees {seen}, counted from cuda:0", "give another, cuda or auto"
        )
    if machine.visible == 0:
        yield (mend if stops else note)(
            f"torch sees none of {len(machine.cards)}; {f'{len(jobs)} jobs would use one' if jobs else _no_job(needs)}",
            "look at CUDA_VISIBLE_DEVICES, and whether torch was installed with CUDA (make setup)",
        )
    elif machine.visible is None:
        yield note(f"whether torch sees them is not known ({machine.cards_problem})", "python -c 'import torch'")


def usable_cards(machine: Machine, needs: Needs) -> tuple[Card, ...]:
    """Those that torch can compute on, of those that DEVICE names."""
    return tuple(card for card in _named(machine, needs) if not _lack(card, needs)) if machine.visible != 0 else ()


def fits_on(cards: tuple[Card, ...], declared_mib: int) -> bool:
    """Whether a job that declares so much memory fits the largest of some cards, by what a card was seen to hold."""
    return max((card.memory_mib for card in cards), default=0) >= ON_A_CARD * declared_mib


def _number(needs: Needs) -> int | None:
    """N of `cuda:N`."""
    number = needs.device.partition(":")[2]
    return int(number) if number else None


def _named(machine: Machine, needs: Needs) -> tuple[Card, ...]:
    """Card N alone for `cuda:N`, unless torch sees but some of them, which it counts anew; else all."""
    number = _number(needs)
    if number is None or machine.visible not in (None, len(machine.cards)):
        return machine.cards
    return tuple(card for card in machine.cards if card.index == number)


def _seen(card: Card) -> str:
    capability = ".".join(map(str, card.capability))
    memory = f"{gibibytes(card.memory_mib)} ({gibibytes(card.free_mib)} free)"
    return f"{card.index}: {card.name}, {memory}, compute capability {capability}, driver {card.driver}"


def _one(card: Card, needs: Needs, stops: bool) -> Diagnosis:
    found = _seen(card)
    if lack := _lack(card, needs):
        return (mend if stops else note)(found, lack)
    jobs = needs.on_cards()
    tight = [job for job, size in jobs.items() if not fits_on((card,), size)]
    if tight:
        return note(
            f"{found}; {len(tight)} of {len(jobs)} jobs may not fit, the largest is {tight[0]} with "
            f"{gibibytes(jobs[tight[0]])} declared",
            "a larger card, or a claim or figure without them (make plan)",
        )
    if needs.precision != "fp32" and card.capability < ROUNDED_FROM:
        return note(found, f"{needs.precision} needs capability 8.0; this card computes in single precision, slower")
    return ok(f"{found}; {f'all {len(jobs)} jobs that use one fit' if jobs else _no_job(needs)}")


def _lack(card: Card, needs: Needs) -> str:
    """What keeps torch from computing on a card, and what to do; empty where nothing does."""
    cuda = int(needs.locked.get("nvidia-cuda-runtime", "0").partition(".")[0])
    major = card.driver.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST_DRIVER.get(cuda, 0):
        return f"CUDA {cuda} of the locked torch needs driver {OLDEST_DRIVER[cuda]} or newer; update it"
    if card.capability < OLDEST_CAPABILITY.get(cuda, (0, 0)):
        oldest = ".".join(map(str, OLDEST_CAPABILITY[cuda]))
        return f"CUDA {cuda} of the locked torch needs capability {oldest}; give DEVICE=cpu or another card"
    return ""


def _no_job(needs: Needs) -> str:
    return f"no job of tier {needs.tier} that is left uses one with DEVICE={needs.device}"
