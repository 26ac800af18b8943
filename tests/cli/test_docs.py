"""The commands in the documentation can be given as they stand there."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from interplay.cli import _register, app
from interplay.protocols.plan import select_runs
from interplay.protocols.setup import load_setup

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "ARTIFACT.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands():
    """Calls of `interplay` in the fenced blocks of all pages, but those of the example that is not there."""
    for page in PAGES:
        for block in FENCED.findall(page.read_text()):
            for line in block.splitlines():
                for command in line.removeprefix("$ ").split(" && "):
                    if command.startswith("interplay ") and "random_features" not in command:
                        yield pytest.param(command, id=f"{page.stem}: {command}")


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_of_the_documentation_is_understood(config, command, monkeypatch):
    _register()
    monkeypatch.chdir(ROOT)
    _, name, *arguments = shlex.split(command, comments=True)
    parser = typer.main.get_command(app).commands[name]
    with parser.make_context(name, arguments, resilient_parsing=False) as context:
        given = context.params
    if name not in ("run", "forecast"):
        return
    setup = load_setup(config, given["tier"], given["data"], given["chosen"] or ())
    if name == "run":
        assert select_runs(setup, given["experiment"], given["which"])
