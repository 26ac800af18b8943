"""What an experiment declares of itself, and the scan that finds all declarations.

A module or package `interplay.protocols.<name>` that exports `EXPERIMENT` declares the experiment `<name>`; its
protocol stands in `config/experiments/<name>.yaml`, and `interplay.experiments.<name>` carries it out. No list names
experiments.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

import interplay.protocols
from interplay.errors import InterplayError
from interplay.protocols.mappings import DataMapping
from interplay.protocols.runs import Cost, P, Protocol, Run, S, Settings
from interplay.protocols.sourced import first_problem

Kind = TypeVar("Kind", bound=Protocol)
AnyRun = Run[Protocol, Settings]


@dataclass(frozen=True)
class Given:
    """What an experiment unfolds from besides its own protocol.

    Attributes:
        mapping: which data set takes the place of which, as it holds in this experiment.
        protocols: of the experiments whose networks it reads, by name.
    """

    mapping: DataMapping
    protocols: Mapping[str, Protocol]

    def of(self, kind: type[Kind]) -> Kind:
        """The protocol of that type among those that are read."""
        return next(protocol for protocol in self.protocols.values() if isinstance(protocol, kind))


@dataclass(frozen=True, kw_only=True)
class Experiment(Generic[P, S]):
    """Everything that the plan needs to know about an experiment.

    Attributes:
        protocol: the type of its protocol.
        unfold: lists its runs, in the order in which they are done, or raises an InterplayError where the protocol asks
            for what there is not.
        cost: what one of them takes.
        reads: experiments whose trained networks it starts from; it trains none of them again.
        measures: whether its runs only measure networks of those experiments, so that they are done again on restored
            networks; what learns from them for hours (few-shot fine-tuning) does not.
        lists_runs: leaves of its protocol, as dotted keys, that say which runs there are and decide no run's result:
            lists of seeds. One seed more makes one run more, and none of the others again.
        picks: settings of its runs that name a module of a package of its own, by the package's name: what it finds by
            a scan, so that no import leads there. That module counts among the code of the run.
        similar: experiments that train networks of the same kind, so that its time on a device where none of its own
            runs was made is forecast from theirs.
    """

    protocol: type[P]
    unfold: Callable[[Any, Given], Iterable[Run[P, S]]]
    cost: Callable[[Any, Given], Cost]
    reads: tuple[str, ...] = ()
    measures: bool = False
    lists_runs: tuple[str, ...] = ()
    picks: Mapping[str, str] = field(default_factory=dict)
    similar: tuple[str, ...] = ()


@cache
def experiments() -> Mapping[str, Experiment[Protocol, Settings]]:
    """All experiments by name: those that others read come first, otherwise in alphabetical order."""
    found: dict[str, Experiment[Protocol, Settings]] = {}
    for module in pkgutil.iter_modules(interplay.protocols.__path__):
        declared = getattr(import_module(f"interplay.protocols.{module.name}"), "EXPERIMENT", None)
        if isinstance(declared, Experiment):
            found[module.name] = declared
    ordered: dict[str, Experiment[Protocol, Settings]] = {}

    def place(name: str) -> None:
        if name not in ordered:
            for other in find_experiment(name, found).reads:
                place(other)
            ordered[name] = found[name]

    for name in sorted(found):
        place(name)
    return ordered


def find_experiment(
    name: str, among: Mapping[str, Experiment[Protocol, Settings]] | None = None
) -> Experiment[Protocol, Settings]:
    """The experiment of that name.

    Raises:
        InterplayError: there is none.
    """
    known = experiments() if among is None else among
    if name not in known:
        raise InterplayError(f"experiment {name!r} is unknown; choose one of {', '.join(known)}")
    return known[name]


def unfold(name: str, protocols: Mapping[str, Protocol], mapping: DataMapping) -> list[AnyRun]:
    """The runs of an experiment with their costs, in the order in which they are done.

    Raises:
        InterplayError: the data mapping lacks what a run reads, or a run's own settings do not fit its protocol.
    """
    experiment = find_experiment(name)
    given = Given(mapping.of(name), {other: protocols[other] for other in experiment.reads})
    try:
        runs = list(experiment.unfold(protocols[name], given))
    except InterplayError as error:
        raise InterplayError(f"{name}: {error}") from error
    except ValidationError as error:
        raise InterplayError(f"{name}: {first_problem(error)}") from error
    for run in runs:
        for kind, needed, there in (
            ("datasets", run.reads, given.mapping.datasets),
            ("weights", run.weights, given.mapping.weights),
        ):
            if absent := [one for one in needed if one not in there]:
                raise InterplayError(f"data mapping: {kind}: {absent[0]} missing, {name} needs it")
    if twice := sorted(run for run, count in Counter(run.name for run in runs).items() if count > 1):
        raise InterplayError(f"{name}: two runs are called {twice[0]}; give values that differ in six digits")
    return [
        replace(run, cost=experiment.cost(run, given), models=run.models + _trained_here(run, given.mapping))
        for run in runs
    ]


def _trained_here(run: AnyRun, mapping: DataMapping) -> tuple[str, ...]:
    """Runs of this package whose weights take the place of published ones."""
    return tuple("/".join(own) for name in run.weights if (own := mapping.weights[name].run) is not None)
