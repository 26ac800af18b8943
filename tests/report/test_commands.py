"""The commands shown are those that the workflow and the command line know."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path

from typer.main import get_command

from interplay.cli import app
from interplay.protocols.catalogue import Exhibit
from interplay.report.commands import Commands

EXHIBIT = Exhibit(
    ids=("metrics24/fig9", "interplay24/fig7"), kind="figure", module="grokking", title="t", shows="s", needs=("a/*",)
)


def test_the_default_tier_needs_no_options():
    commands = Commands("results/smoke", "smoke", "offline")
    assert commands.everything == "make reproduce"
    assert commands.claim("x") == "make claim ID=x"
    assert commands.exhibit(EXHIBIT) == "make figure ID=metrics24/fig9"


def test_other_tiers_are_named_with_their_data():
    commands = Commands("results/review-offline", "review", "offline")
    assert commands.claim("x") == "make claim ID=x TIER=review DATA=offline"


def test_a_shell_takes_every_value_as_one_word(tmp_path):
    bad = f"x'; touch {tmp_path}/ran; '$(touch {tmp_path}/ran)\n"
    exhibit = EXHIBIT.model_copy(update={"ids": (bad,)})
    commands = Commands(bad, bad, bad)
    for line, words in (
        (commands.everything, ["make", "reproduce", f"TIER={bad}", f"DATA={bad}"]),
        (commands.claim(bad), ["make", "claim", f"ID={bad}", f"TIER={bad}", f"DATA={bad}"]),
        (commands.exhibit(exhibit), ["make", "figure", f"ID={bad}", f"TIER={bad}", f"DATA={bad}"]),
        (commands.exhibit_by_hand(exhibit), ["interplay", "figure", bad, "--results", bad]),
        (commands.report, ["interplay", "report", "--results", bad]),
        (commands.verdicts, ["interplay", "verdicts", "--results", bad]),
        (commands.run(bad, bad), ["interplay", "run", bad, "--run", bad, "--tier", bad, "--data", bad]),
    ):
        told = subprocess.run(["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True)
        assert told.stdout.split("\0")[:-1] == words
    assert not (tmp_path / "ran").exists()


def test_targets_and_variables_are_those_of_the_makefile(root: Path):
    commands = Commands("results/review-offline", "review", "offline")
    lines = (root / "Makefile").read_text(encoding="utf-8")
    for command in (commands.everything, commands.claim("x"), commands.exhibit(EXHIBIT)):
        _, target, *given = command.split()
        assert re.search(rf"^{target}:", lines, re.MULTILINE)
        for name in (word.partition("=")[0] for word in given):
            assert f"$${name}" in lines


def test_every_interplay_command_exists_with_its_options():
    commands = Commands("results/smoke", "smoke", "offline")
    for module in ("run", "exhibits", "verdicts", "report"):
        importlib.import_module(f"interplay.cli.{module}")
    known = get_command(app).commands
    for line in (
        commands.report,
        commands.verdicts,
        commands.exhibit_by_hand(EXHIBIT),
        commands.run("grokking", "a/*"),
    ):
        words = line.split()
        assert words[0] == "interplay"
        options = {option for parameter in known[words[1]].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", line)) <= options
