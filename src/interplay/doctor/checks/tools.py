"""Container engines and cluster clients; nothing but their own targets needs them."""

from __future__ import annotations

from collections.abc import Iterator

from interplay.doctor.diagnosis import Diagnosis, check, note, ok
from interplay.doctor.machine import Machine
from interplay.doctor.needs import Needs


@check("container")
def container(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """An engine is installed and its daemon answers."""
    if not machine.engines:
        yield note("no docker, podman or apptainer", "only `make container` needs one")
    for engine in machine.engines:
        if engine.silent:
            yield note(
                f"{engine.name} is installed but does not answer ({engine.silent})", "start its daemon, or use another"
            )
        else:
            yield ok(f"{engine.name} {engine.version}")


@check("cluster")
def cluster(machine: Machine, needs: Needs) -> Iterator[Diagnosis]:
    """A client is installed and its controller answers."""
    if not machine.clients:
        yield note("no client of Slurm or Kubernetes", "only profiles of clusters need one")
    for client in machine.clients:
        if client.silent:
            yield note(
                f"{client.name}'s client is installed, no cluster answers ({client.silent})",
                "only its profile needs one",
            )
        else:
            yield ok(f"{client.name}: {client.version}")
