"""The command line: thin functions that parse, call a room, and print. One module per command."""

from __future__ import annotations

import importlib
import os
import sys
from io import TextIOWrapper
from typing import Any

import typer

from interplay import __version__
from interplay.errors import InterplayError
from interplay.markup import one_line, say
from interplay.records.disk import explain
from interplay.records.machine import bound_threads, explain_memory, settle

# The class of usage errors is click's, which newer versions of typer bring along under a name of their own.
COMMANDS = (
    "run",
    "exhibits",
    "metrics",
    "verdicts",
    "controls",
    "report",
    "measure",
    "fetch",
    "doctor",
    "forecast",
    "schema",
    "locate",
    "archive",
)
USAGE_ERRORS: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    name="interplay",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reproduce papers on matrix information and neural collapse; measure MIR, HDR and collapse of any model.",
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    if version:
        say(__version__)
        raise typer.Exit


def _register() -> None:
    """Import the modules of the commands; each registers itself. They import their rooms only when called."""
    for name in COMMANDS:
        importlib.import_module(f"interplay.cli.{name}")


def main() -> None:
    """Run the command line; wrong input is one line on standard error and exit status 2, never a traceback."""
    try:
        settle(os.environ)
        bound_threads(os.environ)
        if isinstance(sys.stdout, TextIOWrapper):  # a file may have a name that is no text
            sys.stdout.reconfigure(errors="backslashreplace")
        _register()
        app(standalone_mode=False)
    except InterplayError as error:
        sys.exit(_fail(str(error)))
    except typer.Exit as error:
        sys.exit(error.exit_code)
    except USAGE_ERRORS as error:
        sys.exit(_fail(error.format_message()))
    except BrokenPipeError:  # whoever read what is printed, as `| head` does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (ImportError, MemoryError, OSError, RuntimeError, SystemError) as error:
        said = explain_memory(error) or (explain(error) if isinstance(error, OSError) else None)
        if said is None:
            raise
        sys.exit(_fail(said))
    except (KeyboardInterrupt, typer.Abort):
        say("interrupted; finished work is kept, run the same command again to go on", err=True)
        sys.exit(130)


def _fail(message: str) -> int:
    say(f"error: {one_line(message)}", err=True)
    return 2
