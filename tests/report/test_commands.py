"""The commands shown are those that the workflow and the command line know."""

from __future__ import annotations

import importlib
import re
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
    assert commands.everything == "snakemake"
    assert commands.claim("x") == "snakemake claim_x"
    assert commands.exhibit(EXHIBIT) == "snakemake figure_metrics24_fig9"


def test_other_tiers_are_named_after_the_target():
    """Snakemake's --config takes every word that follows it, so the target must stand before it."""
    commands = Commands("results/review-offline", "review", "offline")
    assert commands.claim("x") == "snakemake claim_x --config tier=review data=offline"


def test_rule_names_are_those_of_the_workflow(root: Path):
    rules = "".join(path.read_text(encoding="utf-8") for path in sorted((root / "workflow" / "rules").glob("*.smk")))
    assert 'f"claim_{_claim.id}"' in rules
    assert 'f"{_exhibit.kind}_{_exhibit.name}"' in rules


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
