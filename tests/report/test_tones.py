"""What came out, in tones: every word has one, and no statement counts twice."""

from __future__ import annotations

import pytest

from interplay.evidence.verdicts import read_verdicts
from interplay.evidence.words import ANSWERS, BY_BASIS, ERRORS, WORDS
from interplay.report.tones import LABELS, TONE_OF, TONES, tally


def test_every_word_has_a_tone_and_every_tone_a_label():
    assert set(TONE_OF) == set(WORDS)
    assert set(TONE_OF.values()) == set(TONES) == set(LABELS)


@pytest.mark.parametrize("basis", sorted(set(BY_BASIS) - {"theory", "printed table"}))
def test_runs_that_hold_fail_or_cannot_tell_have_the_tone_of_that_name(basis):
    assert {ruling: TONE_OF[word] for ruling, word in BY_BASIS[basis].items()} == {
        "holds": "holds",
        "fails": "fails",
        "undecided": "undecided",
    }


def test_only_documents_are_blamed_for_errors_in_the_source():
    blamed = {word for word in WORDS if TONE_OF[word] == "source"}
    assert blamed == (set(ERRORS.values()) | {"contradicted"}) - {"our finding"}


def test_answers_never_look_like_verdicts_on_statements():
    assert {TONE_OF[answer] for answer in ANSWERS.values()} == {"yes", "no", "undecided"}


def test_the_tally_counts_unique_statements_and_questions_apart(sample):
    verdicts = read_verdicts(sample[0] / "verdicts.json")
    counts = tally([*verdicts, verdicts[0]])
    assert {row: dict(found) for row, found in counts.items() if found} == {
        "theory": {"source": 1},
        "printed table": {"holds": 1},
        "reduced protocol": {"fails": 1},
        "substitute data": {"holds": 1, "undecided": 1},
        "nothing judged": {"none": 2},
        "questions": {"undecided": 1},
    }
    assert sum(found.total() for found in counts.values()) == len(verdicts)
