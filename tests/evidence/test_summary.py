from __future__ import annotations

from interplay.evidence import count_errors, count_verdicts, judge, render_verdicts
from interplay.evidence.summary import render_counts
from interplay.protocols.claim_files import load_claims


def test_counts_add_up_and_name_every_ruling(config, published):
    claims = load_claims(config / "claims")
    verdicts = judge(claims, [], published, "smoke", "offline")
    counts = count_verdicts(verdicts)
    assert sum(sum(row.values()) for row in counts.values()) == len(claims)
    for row in counts.values():
        assert list(row) == [
            *("reproduced", "deviates", "underpowered", "not run", "wrong in the source", "our finding"),
            *("yes", "no", "undecided"),
        ]


def test_text_has_totals_and_reasons(config, published):
    claims = [claim for claim in load_claims(config / "claims") if claim.id.startswith("max_mi_beats")]
    text = render_verdicts(judge(claims, [], published, "smoke", "offline"))
    assert text.startswith("2 claims, tier smoke, offline data")
    assert "wrong in the source (why: in the report):" in text and "deviates:" not in text
    assert all(claim.id in text for claim in claims)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.splitlines()[2].split() == ["verdict", *(claim.document for claim in claims), "all"]
    counts = {" ".join(name): numbers for *name, _, _, numbers in map(str.split, text.splitlines()[3:13])}
    assert counts == dict.fromkeys(counts, "0") | {"wrong in the source": "2", "- false": "2"}


def test_counts_of_all_documents_fit_a_terminal_of_80_columns(config, published):
    verdicts = judge(load_claims(config / "claims"), [], published, "smoke", "offline")
    lines = render_counts(verdicts).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["verdict", *count_verdicts(verdicts), "all"]
    total = [int(line.split()[-1]) for line in lines[1:] if line[-1].isdigit() and not line.startswith("-")]
    assert sum(total) == len(verdicts)


def test_errors_are_told_by_kind_and_our_findings_apart(config, published):
    claims = [claim for claim in load_claims(config / "claims") if claim.test.kind.startswith("published_")]
    verdicts = judge(claims, [], published, "smoke", "offline")
    text = render_verdicts(verdicts)
    wrong, _, ours = text.partition("our finding, no error of a document:")
    assert "  false (2): max_mi_beats_freematch," in wrong and "needs an assumption (1): mce_is_best_on_gsm8k" in wrong
    assert "misprint with a clear meaning (1): mec_second_best_on_coco" in wrong and "fragile" not in wrong
    assert "cma_only_beats_ce_only_for_few_classes" in ours and "cma_only_beats_ce_only_for_few_classes" not in wrong
    counts = count_errors(verdicts)
    assert counts["metrics24"] == {
        "false": 1,
        "needs_assumption": 0,
        "misprint": 0,
        "fragile": 0,
        "our_finding": 1,
    }
    assert counts["matrixssl23"]["misprint"] == counts["matrixssl23"]["needs_assumption"] == 1


def test_what_deviates_is_told_with_its_reason(config, published):
    claims = [claim for claim in load_claims(config / "claims") if claim.id.startswith("max_mi_beats")]
    verdicts = [v.model_copy(update={"verdict": "deviates"}) for v in judge(claims, [], published, "smoke", "offline")]
    text = " ".join(render_verdicts(verdicts).split())
    assert "16.61±1.19 against 15.56±0.55" in text
    assert "deviates:" in text and "wrong in the source (why" not in text


def test_questions_are_listed_by_answer(config, published):
    claims = [claim for claim in load_claims(config / "claims") if claim.id.startswith("max_mi_beats")]
    judged = judge(claims, [], published, "smoke", "offline")
    answers = [v.model_copy(update={"verdict": a}) for v, a in zip(judged, ("yes", "undecided"), strict=True)]
    text = render_verdicts(answers)
    assert f"asked, yes (numbers: in the report):\n  {claims[0].id}" in text
    assert f"asked, undecided (numbers: in the report):\n  {claims[1].id}" in text and "asked, no" not in text


def test_no_claims():
    assert render_verdicts([]) == "No claims."
