"""The appendix: a row for every claim, experiment and exhibit, and no Markdown that breaks."""

from __future__ import annotations

import re

import pytest

from interplay.errors import InterplayError
from interplay.evidence.verdicts import read_verdicts, write_verdicts
from interplay.report import gather_report, render_appendix


def rows_of(text: str, title: str) -> list[list[str]]:
    """Cells of the first table after a heading; an escaped pipe does not end a cell."""
    after = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in after.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def claims_of(text: str) -> list[list[str]]:
    """Rows of the table of claims, which follows that of the counts."""
    return rows_of(text.replace("One by one:", "## One by one\n"), "One by one")


def test_every_claim_maps_to_evidence_experiment_command_and_cost(sample):
    rows = {row[0]: row for row in claims_of(render_appendix(gather_report(*sample)))}
    assert set(rows) == {f"`{verdict.id}`" for verdict in read_verdicts(sample[0] / "verdicts.json")}
    assert rows["`features_entropy_rises`"][2:] == [
        *("holds on substitute data", "substitute data", "`reference/supervised-review-offline`"),
        *("Fashion-MNIST", "CIFAR-10", "supervised", "`make claim ID=features_entropy_rises`"),
        *("1", "21.5 s", "534 MiB"),
    ]
    assert rows["`linear_evaluation`"][2:8] == [
        *("not run", "nothing judged", "`smoke`", "nothing", "unknown here", "unknown"),
    ]
    assert rows["`theorem_4_4`"][2:7] == ["false", "theory", "`smoke`", "mathematics", "mathematics"]


def test_unique_claims_are_counted_by_class_of_evidence(sample):
    rows = rows_of(render_appendix(gather_report(*sample)).partition("One by one:")[0], "Claims")
    counted = {row[0]: sum(int(cell or 0) for cell in row[1:]) for row in rows}
    assert counted == {
        "theory": 1,
        "printed table": 1,
        "reduced protocol": 1,
        "substitute data": 2,
        "nothing judged": 2,
        "questions": 1,
    }


def test_levels_that_disagree_are_told(sample):
    text = render_appendix(gather_report(*sample))
    assert "- grokking_delay: holds on smoke+weight_decay, does not on smoke\n" in text


def test_exhibits_and_what_is_missing(sample):
    rows = rows_of(render_appendix(gather_report(*sample)), "Figures and tables")
    assert [row[3] for row in rows].count("**missing**") == 2
    assert rows[2][0] == "`metrics24/fig9`, `interplay24/fig7`"


def test_cost_adds_up_and_machines_and_data_are_named(sample):
    text = render_appendix(gather_report(*sample))
    assert rows_of(text, "Time and memory")[-1][:4] == ["total", "", "5", "2 min 40 s"]
    assert "`smoke`: 4 runs on " in text
    assert "`reference/supervised-review-offline`: 1 run on " in text
    assert "`87be02d01f80ee86` (2)" in text
    assert "| `fashion-mnist` | published (fashion-mnist.s3-website" in text
    assert "| MIT |" in text
    assert "`ARTIFACT.md`" in text
    assert "    make reproduce\n" in text
    assert "speaks for 1)" in text


@pytest.mark.parametrize("name", ["x; touch ran", "x\ny", "$(touch ran)", "-x", ""])
def test_a_verdict_is_called_like_a_claim(own_sample, name):
    path = own_sample[0] / "verdicts.json"
    write_verdicts([verdict.model_copy(update={"id": name}) for verdict in read_verdicts(path)], path)
    with pytest.raises(InterplayError, match=r"id: String should match pattern"):
        read_verdicts(path)


def test_words_cannot_break_out_of_their_cell(own_sample):
    results, config = own_sample
    path = results / "verdicts.json"
    hostile = "a | b\n\n# heading `code` <b> [x](y)"
    verdicts = [
        verdict.model_copy(
            update={
                "said_in": tuple(place.model_copy(update={"where": hostile}) for place in verdict.said_in),
            }
        )
        for verdict in read_verdicts(path)
    ]
    write_verdicts(verdicts, path)
    text = render_appendix(gather_report(results, config))
    assert {len(row) for row in claims_of(text)} == {12}
    assert not re.search(r"^# heading", text, re.MULTILINE)
    assert "\\[x\\](y)" in text
