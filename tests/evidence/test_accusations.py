from __future__ import annotations

from typing import get_args

import pytest

from interplay.errors import InterplayError
from interplay.evidence import judge
from interplay.evidence.accusations import accuse
from interplay.evidence.outcomes import Outcome
from interplay.evidence.words import ERRORS
from interplay.protocols.claims import Claim, ClaimFile
from interplay.protocols.source_errors import IN_WORDS, SourceError
from interplay.protocols.sourced import validate
from interplay.records import Finding, Residual

HOLDS, FAILS = Residual(value=0.0, tolerance=1e-9), Residual(value=0.4, tolerance=1e-9)
KINDS = get_args(SourceError)
STATEMENT = {
    "id": "theorem",
    "said_in": [{"document": "metrics24", "where": "Theorem 1"}],
    "says": "It holds.",
    "needs": ["theory/metrics24"],
    "test": {"kind": "finding", "findings": ["metrics24/theorem-1"]},
}


@pytest.fixture
def verdict_of(make, level, published):
    """The verdict on the statement, given what a check of it found."""

    def judged(finding, **fields):
        record = make("theory/metrics24", dataset=None, findings={"metrics24/theorem-1": finding})
        (verdict,) = judge([Claim.model_validate(STATEMENT | fields)], [level([record])], published)
        return verdict

    return judged


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "our_finding"])
def test_the_kind_of_error_is_in_the_verdict_and_in_its_sentence(verdict_of, kind):
    verdict = verdict_of(Finding(printed=FAILS, mended=HOLDS), error=kind, note="argued")
    assert (verdict.verdict, verdict.rung.error, verdict.note) == (ERRORS[kind], kind, "argued")
    assert verdict.rung.ruling == "wrong as printed" and verdict.rung.basis == "theory"
    assert verdict.rung.sentence.lower().startswith(f"{IN_WORDS[kind]}. the statement fails as printed")
    assert verdict.model_dump(mode="json")["ladder"][0]["error"] == kind


def test_a_finding_of_ours_is_not_counted_as_wrong_in_the_source(verdict_of):
    verdict = verdict_of(Finding(printed=FAILS, mended=HOLDS), error="our_finding", note="argued")
    assert (verdict.verdict, verdict.rung.error) == ("our finding", "our_finding")
    assert verdict.rung.sentence.startswith("Our finding, no error of the document.")


def test_without_a_kind_the_document_is_not_accused(verdict_of):
    verdict = verdict_of(Finding(printed=FAILS, mended=HOLDS))
    assert (verdict.verdict, verdict.rung.ruling, verdict.rung.error) == ("unresolved", "fails", None)
    assert "not accused" in verdict.rung.sentence


@pytest.mark.parametrize("printed, ruling", [(HOLDS, "holds"), (FAILS, "fails")])
def test_only_what_fails_and_is_mended_is_in_error(verdict_of, printed, ruling):
    """A listed statement that holds shows that the list is wrong; one that cannot be mended, that our code is."""
    verdict = verdict_of(Finding(printed=printed), error="false", note="argued")
    assert (verdict.rung.ruling, verdict.rung.error) == (ruling, None)
    assert ("the list is wrong" in verdict.rung.sentence) == (ruling == "holds")


@pytest.mark.parametrize("ruling", ["undecided", "not run", "not representative", "fails"])
def test_other_rulings_stay(ruling):
    outcome = Outcome(ruling, "As it was.")
    assert accuse(outcome, None) == accuse(outcome, "false") == (outcome, None)


RUN = {"kind": "trend", "runs": "supervised/*", "series": "mir", "direction": "rising"}


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"error": "false"}, "say in note why it is false"),
        ({"error": "misprint", "note": "  "}, "say in note why it is misprint"),
        ({"error": False, "note": "n"}, "in quotes"),
        ({"error": "typo", "note": "n"}, "'misprint'"),
        ({"error": "false", "note": "n", "test": RUN}, "only statements on theory or on printed tables"),
        ({"error": "false", "note": "n", "asks": True}, "only statements on theory or on printed tables"),
    ],
)
def test_an_error_is_argued_and_only_where_it_can_be(fields, problem):
    with pytest.raises(InterplayError, match=problem) as caught:
        validate(ClaimFile, {"claims": [STATEMENT | fields]}, "claims.yaml")
    assert "\n" not in str(caught.value)


def test_every_kind_has_words_of_its_own():
    assert tuple(IN_WORDS) == tuple(ERRORS) == KINDS and len(set(IN_WORDS.values())) == len(KINDS)
