"""From claims to experiments to commands, as the claims' own selectors and the catalogue give it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from interplay.markup import markdown_code as code
from interplay.markup import markdown_table, markdown_text
from interplay.protocols.catalogue import Exhibit, load_catalogue
from interplay.protocols.claim_files import load_claims, selectors
from interplay.protocols.claims import Claim
from interplay.protocols.experiments import experiments
from interplay.protocols.setup import load_setup
from interplay.report.commands import Commands

SMOKE = Commands("results/smoke", "smoke", "offline")
PRINTED = "none: numbers printed in the document"
TIERS = ("smoke", "review", "paper")


def experiments_of(claim: Claim) -> tuple[str, ...]:
    """The experiments whose records a claim reads; those that are not built are marked."""
    names = sorted({glob.partition("/")[0] for glob in selectors(claim)})
    return tuple(name if name in experiments() else f"{name} (not built)" for name in names)


def by_experiment(config: Path) -> str:
    """A row per experiment: whose claims, how many, figures and tables, runs of each tier, the command for it alone.

    Runs are those on the data that a tier takes unless it is told otherwise, which the head of their column names.
    """
    claims, catalogue = load_claims(config / "claims"), load_catalogue(config)
    runs = {tier: load_setup(config, tier) for tier in TIERS}
    counted = (f"{tier}, {setup.data_name}" for tier, setup in runs.items())
    head = ("experiment", "documents", "claims", "headline", "figures and tables", *counted, "all its runs by hand")
    rows = []
    names = dict.fromkeys((*experiments(), *sorted({name for claim in claims for name in experiments_of(claim)})))
    for name in names:
        own = [claim for claim in claims if name in experiments_of(claim)]
        shown = [one for one in catalogue.exhibits if name in {need.partition("/")[0] for need in one.needs}]
        built = name in experiments()
        counts = [str(len(runs[tier].unfold(name))) if built else "none" for tier in TIERS]
        rows.append([name, *_tally(own), str(len(shown)), *counts, code(SMOKE.run(name)) if built else "none"])
    printed = [claim for claim in claims if not experiments_of(claim)]
    rows.append([PRINTED, *_tally(printed), "0", *("none" for _ in TIERS), code(SMOKE.verdicts)])
    return markdown_table(head, rows)


def _tally(claims: Iterable[Claim]) -> tuple[str, str, str]:
    claims = list(claims)
    documents = dict.fromkeys(document for claim in claims for document in claim.documents)
    return ", ".join(documents), str(len(claims)), str(sum(claim.weight == "headline" for claim in claims))


def headline_claims(config: Path) -> str:
    """A row for each headline claim: what it says, where, by which experiments it is judged and by which command."""
    claims = [claim for claim in load_claims(config / "claims") if claim.weight == "headline"]
    rows = [
        [markdown_text(claim.says), _places(claim), _read(claim), code(SMOKE.claim(claim.id))]
        for claim in _in_order(claims)
    ]
    return markdown_table(("claim", "said in", "experiments", "command"), rows)


def every_claim(config: Path) -> str:
    """A row for every claim: its id, where it is said, experiments, figures and tables, command."""
    rows = [
        [code(claim.id), _places(claim), _read(claim), ", ".join(claim.exhibits), code(SMOKE.claim(claim.id))]
        for claim in _in_order(load_claims(config / "claims"))
    ]
    return markdown_table(("claim", "said in", "experiments", "shown by", "command"), rows)


def exhibits(config: Path) -> str:
    """A row for each figure and table: its numbers, title, experiments and command."""
    rows = [
        [", ".join(map(code, one.ids)), markdown_text(one.title), _needed(one), code(SMOKE.exhibit(one))]
        for one in load_catalogue(config).exhibits
    ]
    return markdown_table(("figure or table", "title", "experiments", "command"), rows)


def _in_order(claims: Iterable[Claim]) -> list[Claim]:
    """By document, otherwise in the order of the files."""
    return sorted(claims, key=lambda claim: claim.said_in[0].document)


def _places(claim: Claim) -> str:
    return markdown_text("; ".join(map(str, claim.said_in)))


def _read(claim: Claim) -> str:
    return ", ".join(experiments_of(claim)) or PRINTED


def _needed(exhibit: Exhibit) -> str:
    if exhibit.analytic:
        return "none: drawn from formulas"
    return ", ".join(sorted({need.partition("/")[0] for need in exhibit.needs}))
