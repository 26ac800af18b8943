"""What a long measurement has come to, so that an interruption costs a minute of it and not the whole."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

Result = TypeVar("Result")
State = dict[str, Any]  # tensors, numbers, strings, and lists and dictionaries of them

MOST_OF_THE_TIME = 20  # saving may take a twentieth of it


class Interim:
    """Results of finished parts of a measurement by name, and the state of the part in progress.

    Where both live is the caller's: `load` gives back what `save` was last given, or None, and must never give what
    belongs to another measurement. Without them nothing is kept.

    Args:
        load: called once, at the first use.
        save: called between steps of the work, whenever the last time is long enough ago.
        seconds: that must lie between two savings; longer where saving itself takes long.
    """

    def __init__(
        self,
        load: Callable[[], State | None] | None = None,
        save: Callable[[State], None] | None = None,
        seconds: float = 60.0,
    ) -> None:
        self._load, self._save, self._seconds = load, save, seconds
        self._state: State | None = None
        self._running: list[tuple[str, float]] = []  # the parts in progress, the innermost last, and their starts
        self._due = monotonic() + seconds

    def once(self, name: str, compute: Callable[[], Result]) -> tuple[Result, float]:
        """What `compute` gives, or gave in an earlier session, and the seconds that it took over all sessions.

        Parts may lie within each other; names count within the part that they are in.
        """
        state = self._opened()
        path = "/".join([*(name for name, _ in self._running[-1:]), name])
        if path in state["results"]:
            result, seconds = state["results"][path]
            return result, seconds
        self._running.append((path, monotonic() - state["seconds"].get(path, 0.0)))
        try:
            result = compute()
        finally:
            _, started = self._running.pop()
        seconds = monotonic() - started
        for kept in state.values():  # what it was made of is of no use any more
            for inner in [key for key in kept if key == path or key.startswith(f"{path}/")]:
                del kept[inner]
        state["results"][path] = (result, seconds)
        self._save_if_due()
        return result, seconds

    def resume(self) -> Any:
        """The state that the part in progress was in when it was last saved, once; None where there is none."""
        return self._opened()["progress"].pop(self._part(), None)

    def keep(self, state: Callable[[], State]) -> None:
        """Save the state of the part in progress, if it is time."""
        self._save_if_due(state)

    def _part(self) -> str:
        return self._running[-1][0] if self._running else ""

    def _opened(self) -> State:
        if self._state is None:
            loaded = self._load() if self._load is not None else None
            self._state = loaded or {"results": {}, "progress": {}, "seconds": {}}
        return self._state

    def _save_if_due(self, progress: Callable[[], State] | None = None) -> None:
        started = monotonic()
        if self._save is None or started < self._due:
            return
        state = self._opened()
        state["seconds"] = {path: started - since for path, since in self._running}
        state["progress"] = {self._part(): progress()} if progress is not None else {}
        self._save(state)
        state["progress"] = {}  # may be large
        self._due = monotonic() + max(self._seconds, MOST_OF_THE_TIME * (monotonic() - started))
