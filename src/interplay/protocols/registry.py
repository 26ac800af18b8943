"""What the modules of a package export, by name: a new file is a new data set, or weights, or a family of such."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

from interplay.errors import InterplayError
from interplay.protocols.assets import Asset

Kind = TypeVar("Kind", bound=Asset)


class Registry(Mapping[str, Kind], Generic[Kind]):
    """The objects called `attribute` of all modules of a package, by their names; imported when first asked for.

    A module exports one object, whose name it bears, or a tuple of those that belong together.
    """

    def __init__(self, package: str, attribute: str, kind: type[Kind], noun: str) -> None:
        self._package, self._attribute, self._kind, self._noun = package, attribute, kind, noun

    @cached_property
    def _entries(self) -> dict[str, Kind]:
        found: dict[str, Kind] = {}
        for module in sorted(iter_modules(import_module(self._package).__path__), key=lambda module: module.name):
            path = f"{self._package}.{module.name}"
            exported: Any = getattr(import_module(path), self._attribute, None)
            family: tuple[Any, ...] = exported if isinstance(exported, tuple) else (exported,)
            for entry in family:
                if not isinstance(entry, self._kind):
                    raise InterplayError(f"{path}: exports no {self._attribute} of type {self._kind.__name__}")
                if entry is exported and module.name != entry.name.replace("-", "_"):
                    raise InterplayError(f"{path}: describes {entry.name!r}; call it {entry.name.replace('-', '_')}.py")
                if entry.name in found:
                    raise InterplayError(f"{path}: describes {entry.name!r}, which is described before")
                found[entry.name] = entry
        return dict(sorted(found.items()))

    def __getitem__(self, name: str) -> Kind:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def info(self, name: str) -> Kind:
        """The entry of that name.

        Raises:
            InterplayError: there is none; the message names the nearest.
        """
        if name in self:
            return self[name]
        near = difflib.get_close_matches(name.lower(), self, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise InterplayError(f"unknown {self._noun} {name!r}; {hint}known: {', '.join(sorted(self))}")
