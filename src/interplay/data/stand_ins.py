"""What stands for the classes and functions that a pickle asks for, and stays as it is whatever the pickle does."""

from __future__ import annotations

import pickle


class StandIn(type):
    """Metaclass of such classes; a function is one with a `__new__` that gives its value.

    A pickle may set attributes of whatever it was handed (opcode BUILD): on a plain class or function that would hold
    for the rest of the process, and every file read after.
    """

    def __setattr__(cls, name: str, value: object) -> None:
        raise pickle.UnpicklingError(f"it sets {name} of a class")
