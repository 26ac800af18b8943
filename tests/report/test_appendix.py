"""The appendix: a row for every claim, experiment and exhibit, and no Markdown that breaks."""

from __future__ import annotations

import re

from interplay.evidence.verdicts import read_verdicts, write_verdicts
from interplay.report import gather_report, render_appendix


def rows_of(text: str, title: str) -> list[list[str]]:
    """Cells of the first table after a heading; an escaped pipe does not end a cell."""
    after = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in after.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_kind_of_error_stands_beside_the_verdict(sample):
    assert "wrong in the source: false" in render_appendix(gather_report(*sample))


def test_every_claim_maps_to_experiment_command_and_cost(sample):
    rows = {row[0]: row for row in rows_of(render_appendix(gather_report(*sample)), "Claims")}
    assert set(rows) == {f"`{verdict.id}`" for verdict in read_verdicts(sample[0] / "verdicts.json")}
    assert rows["`features_entropy_rises`"][2:] == [
        *("reproduced", "supervised", "`snakemake claim_features_entropy_rises`", "2", "41.8 s", "534 MiB"),
    ]
    assert rows["`linear_evaluation`"][2:4] == ["not run", "unknown"]


def test_exhibits_and_what_is_missing(sample):
    rows = rows_of(render_appendix(gather_report(*sample)), "Figures and tables")
    assert [row[3] for row in rows].count("**missing**") == 2
    assert rows[2][0] == "`metrics24/fig9`, `interplay24/fig7`"


def test_cost_adds_up_and_machines_and_data_are_named(sample):
    text = render_appendix(gather_report(*sample))
    assert rows_of(text, "Time and memory")[-1][:4] == ["total", "4", "2 min 19 s", "607 MiB"]
    assert "4 runs on " in text
    assert "`87be02d01f80ee86` (2)" in text
    assert "    snakemake\n" in text
    assert "These are not the papers' numbers" in text


def test_words_cannot_break_out_of_their_cell(own_sample):
    results, config = own_sample
    path = results / "verdicts.json"
    hostile = "a | b\n\n# heading `code` <b> [x](y)"
    verdicts = [verdict.model_copy(update={"id": hostile, "source": hostile}) for verdict in read_verdicts(path)]
    write_verdicts(verdicts, path)
    text = render_appendix(gather_report(results, config))
    assert {len(row) for row in rows_of(text, "Claims")} == {8}
    assert not re.search(r"^# heading", text, re.MULTILINE)
    assert "\\[x\\](y)" in text
