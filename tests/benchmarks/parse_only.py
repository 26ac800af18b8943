"""A stand-in for `python`: scripts and commands read their arguments for real, and end before they do anything.

    python parse_only.py LOG ARGUMENTS...

A benchmark ends where its argparse parser has accepted the arguments; `interplay run` where it has selected its runs,
of which there must be some; pytest after it has collected at least one test. Everything else runs. What was accepted
is noted in LOG.
"""

import argparse
import os
import runpy
import sys
import types
from pathlib import Path

LOG = Path(sys.argv[1])
del sys.argv[1]


def accept():
    with LOG.open("a") as log:
        print(*COMMAND, file=log)
    sys.exit(0)


def parse_args(parser, *arguments, **options):
    parse(parser, *arguments, **options)
    accept()


def run_all(setup, experiment, runs, *, device, **_):
    assert runs and str(device).startswith("cuda")
    accept()


COMMAND = sys.argv[1:]
parse, argparse.ArgumentParser.parse_args = argparse.ArgumentParser.parse_args, parse_args
if COMMAND[:2] == ["-m", "pytest"]:
    import pytest

    argparse.ArgumentParser.parse_args = parse
    status = pytest.main([*COMMAND[2:], "--collect-only", "-q"])
    accept() if status == 0 else sys.exit(int(status))
elif COMMAND[:3] == ["-m", "interplay", "run"]:
    # In place of what imports torch and would train.
    for name, content in (
        ("experiments.runner", {"run_all": run_all}),
        ("training", {"pick_device": lambda name, share: name}),
    ):
        module = sys.modules[f"interplay.{name}"] = types.ModuleType(f"interplay.{name}")
        vars(module).update(content)
    sys.argv[1:] = COMMAND[2:]
    runpy.run_module("interplay", run_name="__main__")
elif COMMAND[0].endswith(".py"):
    sys.argv[:] = COMMAND
    sys.path[0] = str(Path(COMMAND[0]).parent)
    runpy.run_path(COMMAND[0], run_name="__main__")
else:
    os.execv(sys.executable, [sys.executable, *COMMAND])
