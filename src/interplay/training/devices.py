"""Which device a job computes on: cards are asked for, and locked for as long as the process lives.

Nothing but these locks keeps two jobs off one card: `--resources gpu=1` of Snakemake counts jobs and sets no
`CUDA_VISIBLE_DEVICES`. Where that variable is set, by a cluster, only its cards are considered.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from interplay.errors import InterplayError
from interplay.training.card_locks import Hold, take

POLL_SECONDS = 1.0
_held: dict[str, Hold] = {}  # by the card's key; keeps the locks until the process ends
os.register_at_fork(after_in_child=_held.clear)  # a child that asks for a card is a job of its own


@dataclass(frozen=True)
class Card:
    """A card that this process may use.

    Attributes:
        index: its number in this process, N of `cuda:N`; `CUDA_VISIBLE_DEVICES` changes it.
        key: its name on the whole machine, whatever this process can see: a UUID.
    """

    index: int
    key: str


def visible_cards() -> list[Card]:
    """The cards that torch sees, in its order; asking touches none of them."""
    if not torch.cuda.is_available():
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if visible.startswith("MIG-"):  # a part of a card; CUDA shows the first one only
        return [Card(0, visible.split(",")[0])]
    return [Card(index, _key(index)) for index in range(torch.cuda.device_count())]


def pick_device(
    name: str,
    share: float = 1.0,
    *,
    when_busy: Literal["wait", "cpu"] = "wait",
    cards: Sequence[Card] | None = None,
    say: Callable[[str], None] | None = None,
) -> torch.device:
    """The device for a job; on CUDA its share of a card is this process's until it ends.

    `auto` is the first card with room, or the CPU where there is no card; `cuda` is the same and needs a card;
    `cuda:N` is that card. Where no card has room the job waits, and says for whom. Asking again gives a card that is
    held already. The chosen card becomes torch's current one.

    Args:
        name: `auto`, `cpu`, `cuda` or `cuda:N`.
        share: of a card, in (0, 1]; .25 lets four jobs onto one. Jobs of different shares may meet on a card.
        when_busy: `cpu` lets `auto` fall back on the CPU instead of waiting.
        cards: None asks torch.
        say: told in one line that, and for whom, the job waits; None prints it at once.

    Raises:
        InterplayError: a name that is unknown or no card's, a share that is none, or a folder for locks that cannot be
            used.
    """
    if not 0 < share <= 1:
        raise InterplayError(f"device: share: expected more than 0 and at most 1 of a card, got {share}")
    wanted = _wanted(name, visible_cards() if cards is None else cards)
    if not wanted:
        return torch.device("cpu")
    mine = next((card for card in wanted if card.key in _held and _held[card.key].share >= share), None)
    card = mine or _lock_one(wanted, share, name == "auto" and when_busy == "cpu", say or _print)
    if card is None:
        return torch.device("cpu")
    if cards is None:
        torch.cuda.set_device(card.index)
    return torch.device("cuda", card.index)


def release_devices() -> None:
    """Give back what this process holds, before it ends."""
    while _held:
        _held.popitem()[1].release()


def _wanted(name: str, cards: Sequence[Card]) -> Sequence[Card]:
    """The cards that would do; none where the CPU is meant."""
    if name == "cpu" or (name == "auto" and not cards):
        return []
    if name == "auto":
        return cards
    if name.startswith(("MIG-", "GPU-")):
        raise InterplayError(f"device: {name} is a card's UUID; set CUDA_VISIBLE_DEVICES={name} and use --device cuda")
    if name != "cuda" and not name.startswith("cuda:"):
        raise InterplayError(f"device: {name} is unknown; choose auto, cpu, cuda or cuda:N")
    number = name.removeprefix("cuda").removeprefix(":")
    if name != "cuda" and not re.fullmatch("[0-9]+", number):
        raise InterplayError(
            f"device: {name}: {number or 'nothing'} is no card's number; cards are counted from cuda:0"
        )
    if not cards:
        raise InterplayError(
            f"device: {name} is asked for, but torch sees no CUDA device{_restriction()}; use --device cpu or auto"
        )
    if name == "cuda":
        return cards
    found = [card for card in cards if card.index == int(number)]
    if not found:
        last = f"cuda:0 to cuda:{len(cards) - 1}" if len(cards) > 1 else "cuda:0 alone"
        raise InterplayError(f"device: {name} is asked for, but torch sees {last}{_restriction()}")
    return found


def _print(line: str) -> None:
    print(line, flush=True)


def _restriction() -> str:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if visible is None else f" (CUDA_VISIBLE_DEVICES={visible!r})"


def _lock_one(cards: Sequence[Card], share: float, or_none: bool, say: Callable[[str], None]) -> Card | None:
    """The first card with room for `share`, once there is one; None at once where that would do."""
    for card in cards:  # a larger share than before is asked for anew, or two jobs would wait for each other
        if card.key in _held:
            _held.pop(card.key).release()
    told = False
    while True:
        taken = {}
        for card in cards:
            found = take(card.key, share)
            if isinstance(found, Hold):
                _held[card.key] = found
                return card
            taken[card.index] = found
        holders = "; ".join(f"cuda:{index} by {', '.join(names)}" for index, names in taken.items())
        if or_none:
            say(f"device: every card is taken ({holders}); computing on the CPU instead")
            return None
        if not told:
            say(f"device: waiting for a card ({holders})")
            told = True
        time.sleep(POLL_SECONDS)


def _key(index: int) -> str:
    properties = torch.cuda.get_device_properties(index)
    uuid = getattr(properties, "uuid", None)
    if uuid is not None:
        return f"GPU-{uuid}"
    place = (getattr(properties, f"pci_{part}_id", index) for part in ("domain", "bus", "device"))
    return "PCI-" + "-".join(f"{number:x}" for number in place)
