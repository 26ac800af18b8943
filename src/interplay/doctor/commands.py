"""What programs say of cards, containers and clusters."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

from interplay.doctor.machine import Card, Tool
from interplay.programs import ask

SECONDS = 5.0
CLUSTER_SECONDS = 2.0  # a client that finds no controller waits for 10 s and more
TORCH_SECONDS = 120.0  # a first `import torch` from a cold disk takes its time
_FIELDS = "index,name,memory.total,memory.free,compute_cap,driver_version"

# What each says where its daemon, controller or server answers.
ENGINES = {
    "docker": ("docker", "version", "--format", "{{.Server.Version}}"),
    "podman": ("podman", "version", "--format", "{{.Client.Version}}"),
    "apptainer": ("apptainer", "--version"),
}
CLIENTS = {
    "Slurm": ("sinfo", "--noheader", "--format=%R %D %G"),
    "Kubernetes": ("kubectl", "version", "--request-timeout=2s"),
}


def look_for(programs: Mapping[str, Sequence[str]], seconds: float = SECONDS) -> tuple[Tool, ...]:
    """Those of some programs that are installed, with what they answer."""
    found = []
    for name, command in programs.items():
        if shutil.which(command[0]):
            said, silent = ask(command, seconds)
            found.append(Tool(name=name, version=" ".join(said.splitlines()[-1:]), silent=silent))
    return tuple(found)


def look_at_cards() -> tuple[tuple[Card, ...], str]:
    """The GPUs that NVIDIA's driver knows, and why there are none."""
    if shutil.which("nvidia-smi") is None:
        return (), "nvidia-smi is not installed"
    said, silent = ask(["nvidia-smi", f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"], SECONDS)
    return (read_cards(said), "") if not silent else ((), f"nvidia-smi: {silent}")


def read_cards(table: str) -> tuple[Card, ...]:
    """Cards from what `nvidia-smi` prints of them; lines that it could not fill in are left out."""
    cards = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        try:
            index, name, total, free, capability, driver = cells
            major, _, minor = capability.partition(".")
            cards.append(
                Card(
                    index=int(index),
                    name=name,
                    memory_mib=int(total),
                    free_mib=int(free),
                    capability=(int(major), int(minor)),
                    driver=driver,
                )
            )
        except ValueError:
            continue
    return tuple(cards)


def cards_of_torch(python: str) -> tuple[int | None, str]:
    """How many cards torch sees and can use, asked of a process of its own, and why that cannot be told."""
    said, silent = ask(
        [python, "-c", "import torch; print(torch.cuda.is_available() and torch.cuda.device_count() or 0)"],
        TORCH_SECONDS,
    )
    last = said.splitlines()[-1] if said else ""
    return (int(last), "") if last.isdecimal() else (None, silent or "torch does not say")
