"""How the commands of the workflow end when something goes wrong: one line and a status, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps

from interplay.errors import InterplayError
from interplay.markup import one_line, say
from interplay.records.disk import explain
from supervision import INTERRUPTED, BusyError

BROKEN_PIPE = 141  # as a shell has it for SIGPIPE


def ends_in_one_line(main: Callable[[], int]) -> Callable[[], int]:
    """Let the `main` of a command give a status back for all that is no defect of the command itself.

    2: wrong input or what the system refuses; 1: another workflow is at work; 130: Ctrl-C; 141: whoever read what is
    printed, as `| head` does, has seen enough.
    """

    @wraps(main)
    def run() -> int:
        try:
            status = main()
            sys.stdout.flush()
        except InterplayError as error:
            return fail(str(error), 2)
        except BusyError as busy:
            return fail(f"another workflow is at work in this checkout ({busy}); wait for it or stop it", 1)
        except KeyboardInterrupt:
            return interrupted()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter fails once more
            return BROKEN_PIPE
        except OSError as error:
            if (said := explain(error)) is None:
                raise
            return fail(said, 2)
        return status

    return run


def fail(message: str, status: int) -> int:
    """Say what went wrong, in one line, and give the exit status back."""
    say(f"error: {one_line(message)}", err=True)
    return status


def interrupted() -> int:
    """Say that it was interrupted, and give the exit status of that back."""
    say("interrupted; finished work is kept, run the same command again to go on", err=True)
    return INTERRUPTED
