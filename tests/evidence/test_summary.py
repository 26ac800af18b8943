from __future__ import annotations

import pytest

from interplay.evidence import count_verdicts, judge, render_verdicts
from interplay.evidence.summary import render_counts
from interplay.evidence.words import WORDS
from interplay.protocols.claim_files import load_claims


@pytest.fixture(scope="module")
def claims(config):
    """All claims of the repository."""
    return load_claims(config / "claims")


@pytest.fixture(scope="module")
def verdicts(claims, level, published):
    """Theory, runs: nothing at hand. Printed tables: judged."""
    return judge(claims, [level([])], published)


@pytest.fixture(scope="module")
def two(verdicts):
    """Two verdicts on printed tables of two documents."""
    return [verdict for verdict in verdicts if verdict.id in ("cma_imagenet_best_weight", "mce_beats_ce")]


def as_word(verdict, word, ruling):
    """The verdict with another word and ruling."""
    rung = verdict.rung.model_copy(update={"word": word, "ruling": ruling})
    return verdict.model_copy(update={"verdict": word, "ladder": (rung,), "decided_by": 0})


def test_counts_add_up_over_documents_and_name_every_word(claims, verdicts):
    counts = count_verdicts(verdicts)
    assert sum(sum(row.values()) for row in counts.values()) == sum(len(claim.documents) for claim in claims)
    assert all(list(row) == list(WORDS) for row in counts.values())


def test_a_claim_of_two_documents_counts_in_both_and_once_among_the_unique(two):
    both = two[0].model_copy(update={"said_in": (*two[0].said_in, *two[1].said_in)})
    assert {name: row[both.verdict] for name, row in count_verdicts([both]).items()} == {
        "metrics24": 1,
        "matrixssl23": 1,
    }
    assert render_counts([both]).splitlines()[-1].split() == ["claims", "1", "1", "1"]


def test_counts_of_all_documents_fit_a_terminal_of_80_columns(verdicts):
    lines = render_counts(verdicts).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["verdict", *count_verdicts(verdicts), "unique"]
    assert lines[-1].split()[-1] == str(len(verdicts))
    assert sum(int(line.split()[-1]) for line in lines[1:-1] if line[-1].isdigit()) == len(verdicts)


def test_what_is_in_error_is_named_by_kind(two):
    text = render_verdicts([as_word(verdict, "contradicted", "wrong as printed") for verdict in two])
    assert text.startswith("2 claims, on smoke")
    assert f"contradicted (2): {two[0].id}, {two[1].id}" in " ".join(text.split())
    assert all(len(line) <= 100 for line in text.splitlines())


def test_what_does_not_come_out_is_told_with_place_and_reason(two):
    fails, holds = as_word(two[0], "does not hold on substitute data", "fails"), two[1]
    text = render_verdicts([fails, holds.model_copy(update={"weight": "detail"})])
    _, _, told = text.partition("did not come out:")
    assert f"{fails.id} ({fails.source})" in told and fails.rung.sentence in " ".join(told.split())
    assert holds.id not in told and "in error" not in text


def test_headlines_are_listed_whatever_became_of_them(two):
    first, second = (
        verdict.model_copy(update={"weight": weight})
        for verdict, weight in zip(two, ("headline", "detail"), strict=True)
    )
    assert f"headline claims:\n  {first.verdict} (1): {first.id}" in render_verdicts([first, second])


def test_questions_are_listed_where_they_are_answered(two):
    answers = [as_word(verdict, word, "fails") for verdict, word in zip(two, ("yes", "undecided"), strict=True)]
    text = render_verdicts([verdict.model_copy(update={"asks": True, "weight": "detail"}) for verdict in answers])
    assert f"questions answered:\n  yes (1): {two[0].id}" in text and two[1].id not in text


def test_no_claims():
    assert render_verdicts([]) == "No claims."
