"""The pages about the documents: claims, anchors and findings that they name exist, and nothing points outside."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from interplay.experiments.theory import CHECKS
from interplay.experiments.theory.registry import run_check
from interplay.protocols.claim_files import load_claims
from interplay.protocols.claims import Claim, FindingTest, Test
from interplay.protocols.source_errors import IN_WORDS
from interplay.protocols.sourced import read_yaml, split_sources
from interplay.records import read_record

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
KINDS = {"false", "needs an assumption", "misprint", "numerically fragile", "our finding"}
ANCHOR = re.compile(r"\b(facts|errors|glossary)\.md#([\w-]+)")
# With brackets, so that this file does not contain what it looks for.
OUTSIDE = re.compile(r"\bMETHOD[S]\b|SOURCE[_]ERRORS|CATALOGUE[.]md|DESIGN[.]md|[.][.]/shared")


def tracked() -> list[Path]:
    """Text files of the project: what git knows of, or everything where there is no git."""
    try:
        names = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git to tell the project's files from others")
    suffixes = {".py", ".md", ".yaml", ".yml", ".json", ".toml", ".sh", ".smk", ".in", ".html", ".j2", ""}
    paths = (ROOT / name for name in names.stdout.decode().splitlines())
    return [path for path in paths if path.suffix in suffixes and path.is_file()]


def slugs(page: Path) -> list[str]:
    """Anchors of a page, as GitHub and MyST make them of its headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def rows(section: str) -> list[list[str]]:
    """Cells of the table rows below one heading of docs/errors.md."""
    text = (DOCS / "errors.md").read_text()
    found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/errors.md has no section {section}"
    lines = [line for line in found.group(1).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture(scope="module")
def claims(config: Path) -> dict[str, Claim]:
    return {claim.id: claim for claim in load_claims(config / "claims")}


@pytest.fixture(scope="module")
def failing() -> set[str]:
    """Statements that do not hold as printed in a few random instances."""
    return {name for name in CHECKS if not run_check(name, seed=0, draws=20).printed.holds}


def named(text: str) -> set[str]:
    """What stands in backticks and looks like the id of a claim."""
    return {word for word in re.findall(r"`([a-z0-9_]+)`", text) if "_" in word}


DOCUMENTS = ("metrics24", "interplay24", "matrixssl23", "compression25")


def test_every_claim_that_the_errors_name_exists(claims: dict[str, Claim]) -> None:
    page = (DOCS / "errors.md").read_text()
    assert len(named(page)) > 50
    assert named(page) <= set(claims), named(page) - set(claims)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_error_has_a_kind_and_a_claim_of_its_document(document: str, claims: dict[str, Claim]) -> None:
    for where, _, kind, seen, by in rows(document):
        assert kind.removesuffix(" (step of a proof)") in KINDS, (where, kind)
        assert seen, where
        assert named(by), where
        assert all(document in claims[name].documents for name in named(by)), where
        accusing = next(claims[name] for name in re.findall(r"`([a-z0-9_]+)`", by) if name in claims)
        said = IN_WORDS[accusing.error] if accusing.error else "none"
        assert said.startswith(kind.removesuffix(" (step of a proof)")), f"{where}: {accusing.id} says {said}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_fails_as_printed_is_listed_and_what_is_listed_fails(
    document: str, claims: dict[str, Claim], failing: set[str]
) -> None:
    decided = {claim.id: set(claim.test.findings) for claim in claims.values() if isinstance(claim.test, FindingTest)}
    wrong = {name for name, findings in decided.items() if findings & failing}
    expected = {name for name in wrong if document in claims[name].documents}
    for where, _, _, _, by in rows(document):
        listed = named(by) & set(decided)
        if listed:
            assert listed & expected, f"{where}: none of {sorted(listed)} fails as printed"
    everything = set().union(*(named(by) for *_, by in rows(document)))
    assert expected <= everything, f"docs/errors.md lacks {sorted(expected - everything)}"


def test_what_is_true_and_less_than_it_seems_holds_as_printed(claims: dict[str, Claim], failing: set[str]) -> None:
    for where, *_, by in rows("True, and less than it seems"):
        for name in named(by):
            test = claims[name].test
            assert not isinstance(test, FindingTest) or not set(test.findings) & failing, where


def test_exact_mir_of_the_grokking_reference_is_lowest_before_training_and_its_batch_estimate_at_the_end() -> None:
    record = read_record(ROOT / "results/reference/grokking-paper/records/grokking/modular-addition/seed0.json")
    course = record.trajectory
    exact, batches = course["train_mir"], course["train_mir_batch"]
    generalised = next(place for place, accuracy in enumerate(course["test_accuracy"]) if accuracy == 1)
    assert min(exact) == exact[0] == pytest.approx(0.245, abs=5e-4)
    assert exact[generalised] == pytest.approx(0.279, abs=5e-4)
    assert exact[-1] == pytest.approx(0.328, abs=5e-4)
    assert [batches[0], batches[generalised], batches[-1]] == pytest.approx([0.805, 0.558, 0.515], abs=5e-4)
    assert min(batches) == batches[-1]


def test_every_anchor_that_is_used_exists() -> None:
    used = {match for path in tracked() for match in ANCHOR.findall(path.read_text())}
    used |= {("facts", anchor) for anchor in re.findall(r"\]\(#([\w-]+)\)", (DOCS / "facts.md").read_text())}
    assert len(used) >= 30
    for page, anchor in sorted(used):
        assert slugs(DOCS / f"{page}.md").count(anchor) == 1, f"{page}.md#{anchor}"


def test_every_relative_link_of_every_page_leads_somewhere() -> None:
    pages = [path for path in tracked() if path.suffix == ".md"]
    assert len(pages) > 25
    for page in pages:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)  # code has brackets of its own
        for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)", text):
            place = page.parent / target if target else page
            assert place.exists(), f"{page.relative_to(ROOT)}: {target}"
            if anchor and place.suffix == ".md":
                assert anchor in slugs(place), f"{page.relative_to(ROOT)}: {target}#{anchor}"


def test_the_page_on_extending_names_every_test_of_a_claim() -> None:
    kinds = {get_args(test.model_fields["kind"].annotation)[0] for test in get_args(get_args(Test)[0])}
    (listed,) = re.findall(
        r"The tests there are: (.*?)\. The docstrings", (DOCS / "extending.md").read_text(), re.DOTALL
    )
    assert set(re.findall(r"`(\w+)`", listed)) == kinds


def test_no_file_cites_notes_that_its_reader_does_not_have() -> None:
    cited = {f"{path.relative_to(ROOT)}: {match}" for path in tracked() for match in OUTSIDE.findall(path.read_text())}
    assert not cited


def test_every_value_of_a_protocol_has_a_source_that_can_be_read_alone(config: Path) -> None:
    """A source cites a document or an entry of the facts, or says that the value is ours or a default."""
    said = re.compile(
        r"(metrics24|interplay24|matrixssl23|compression25)\b|docs/facts\.md#|chosen by us|\bours?\b|default|whole |"
        r"full resolution|all samples|every document|none: "
    )
    for path in sorted((config / "experiments").glob("*.yaml")):
        _, sources = split_sources(read_yaml(path), path)
        assert sources, path.name
        for key, source in sources.items():
            assert said.search(source), f"{path.name}: {key}: {source}"
