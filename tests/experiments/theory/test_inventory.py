"""Every numbered statement of the documents that asserts something, listed by hand, has a check and one claim."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from interplay.experiments.theory import CHECKS
from interplay.experiments.theory.registry import EXACT
from interplay.protocols.claim_patterns import expand_claims
from interplay.protocols.claims import ClaimFile, FindingTest
from interplay.protocols.sourced import read_yaml, split_sources, validate
from interplay.protocols.theory import TheoryProtocol

# Read off the documents, not off the code.
NUMBERED = {
    "metrics24": """definition-iii1 definition-iii2 definition-iii3 definition-iii4 definition-iii5 definition-iv1
        theorem-iv2 theorem-iv3 theorem-iv4 corollary-iv5 lemma-iv6 lemma-iv7 theorem-iv8 algorithm-1""",
    "interplay24": """definition-3-1 definition-3-2 definition-3-3 definition-3-4 definition-4-1 theorem-4-2
        corollary-4-3 lemma-4-4 lemma-4-5 theorem-4-6 theorem-a-1 corollary-a-2 lemma-b-1 lemma-b-2 theorem-b-3""",
    "matrixssl23": """definition-3-1 definition-3-2 definition-3-3 lemma-3-4 definition-3-5 proposition-3-6
        proposition-4-1 proposition-4-2 proposition-4-3 theorem-4-4 theorem-4-5 proposition-4-6 theorem-5-1 lemma-5-2
        lemma-c-1 lemma-c-2 algorithm-1 definition-d-1 definition-d-2 definition-e-1 definition-e-2 theorem-e-3
        theorem-e-4 theorem-e-5""",
    "compression25": """theorem-1 theorem-2 theorem-3 theorem-4 algorithm-1 algorithm-2 equation-1-4 equation-2-1
        equation-b-1 equation-b-2 equation-b-3 equation-b-4 equation-b-5""",
}
# Of these, what defines and asserts nothing: used, nothing to verify. That our functions are what is defined there is
# for test_definitions.py to say.
DEFINED = {
    "metrics24": "definition-iii2 definition-iii3 definition-iii4 definition-iii5 algorithm-1",
    "interplay24": "definition-3-1 definition-3-2 definition-3-3 definition-3-4 definition-4-1",
    "matrixssl23": "definition-3-2 definition-3-5 definition-e-1 algorithm-1",
}
# Remarks, proofs and sentences besides: each row of the list of known errors that is not a numbered statement itself.
BESIDES = {
    "metrics24": """neural-collapse remark-interval remark-approximation section-iv-b-exp-entropy
        section-v-a-batch-entropy section-vi-a-upper-limit section-vi-a-chance-level equation-1""",
    "interplay24": """neural-collapse remark-interval remark-approximation section-4-2-exp-entropy
        section-5-1-upper-limit section-5-1-chance-level""",
    "matrixssl23": """section-3-3-quantum-kl proposition-4-1-gradient proposition-4-2-gradient
        section-4-trace-identity equation-3 equation-8 equation-19 equation-20 equation-21
        equation-20-alignment equation-20-ridge theorem-5-1-proof
        section-5-1-constant-norms section-6-1-diagonal definition-e-2-remark theorem-e-3-converse
        theorem-e-5-normalised""",
    "compression25": """nc4 theorem-4-complexity algorithm-1-eigenvalues section-2-1-drift algorithm-2-logarithm
        section-1-3-sign-flips
        section-2-2-entropy section-2-2-minimality section-3-3-weights section-b-2""",
}


def listed(*tables):
    return {f"{document}/{name}" for table in tables for document, names in table.items() for name in names.split()}


INVENTORY = listed(NUMBERED, BESIDES) - listed(DEFINED)


@pytest.fixture(scope="module")
def claims(config):
    path = config / "claims" / "theory.yaml"
    return validate(ClaimFile, expand_claims(read_yaml(path), path), path).claims


def test_every_statement_is_checked_and_nothing_else():
    assert listed(DEFINED) <= listed(NUMBERED)
    assert set(CHECKS) == INVENTORY


def test_every_finding_has_exactly_one_claim_and_every_claim_a_finding(claims):
    tests = [claim.test for claim in claims]
    assert all(isinstance(test, FindingTest) for test in tests)
    assert Counter(name for test in tests for name in test.findings) == Counter(dict.fromkeys(CHECKS, 1))


def test_statements_that_are_printed_alike_are_one_claim(claims):
    """Those that one check decides, whatever the document; the parts of one proof are statements of their own."""
    for claim in claims:
        shared = {name for name in CHECKS if CHECKS[name] is CHECKS[claim.test.findings[0]]}
        assert shared == set(claim.test.findings) or claim.id.startswith("compression25_equation_b_"), claim.id


def test_what_fails_as_printed_has_a_kind_of_error_and_nothing_else(claims, findings):
    """The other side of the same list: no accusation without evidence, no failure that nobody has looked into."""
    accused = {name for claim in claims if claim.error is not None for name in claim.test.findings}
    assert accused == {name for name, finding in findings.items() if not finding.printed.holds}


def test_what_is_compared_with_more_than_rounding_says_where_that_comes_from(claims, findings):
    for claim in claims:
        own = [findings[name] for name in claim.test.findings]
        rounding = all(finding.printed.tolerance == EXACT for finding in own)
        rounding &= all(finding.mended is None or finding.mended.tolerance == EXACT for finding in own)
        assert (claim.threshold is None) == rounding, claim.id


# An error of one symbol may be that of the text at hand; these errors are of a word or a line.
LONGER_THAN_A_SYMBOL = {"matrixssl23_definition_e_2_remark"}


def test_an_error_of_one_symbol_says_that_the_text_is_a_transcription(claims):
    slips = [claim for claim in claims if claim.error == "misprint"]
    assert len(slips) >= 8 and all("transcription" in claim.note for claim in slips)
    assert {claim.id for claim in slips} >= LONGER_THAN_A_SYMBOL
    assert all("may be its own" in claim.note for claim in slips if claim.id not in LONGER_THAN_A_SYMBOL)


def test_claims_are_named_placed_and_fed_by_their_documents(claims):
    for claim in claims:
        assert claim.id == re.sub(r"[^a-z0-9]", "_", claim.test.findings[0])
        assert set(claim.documents) == {name.split("/")[0] for name in claim.test.findings}, claim.id
        assert claim.needs == tuple(f"theory/{document}" for document in claim.documents)
        assert claim.tiers is None and claim.data is None


def test_places_name_the_number_of_the_statement(claims):
    """A place of "theorem-iv2" says Theorem IV.2, of "lemma-c-2" Lemma C.2."""
    for claim in claims:
        for finding in claim.test.findings:
            document, name = finding.split("/")
            places = "; ".join(place.where for place in claim.said_in if place.document == document)
            kind, _, number = name.partition("-")
            if kind in {"definition", "theorem", "lemma", "proposition", "corollary", "algorithm"}:
                spelt = re.match(r"(?:iii|iv)?\d|[a-e0-9]-\d", number).group()
                digits = re.sub(r"^(iii|iv)(\d)", r"\1.\2", spelt).replace("-", ".").upper()
                if not re.search("gradient|proof|remark", number):
                    assert re.search(rf"\b{kind.capitalize()} {re.escape(digits)}\b", places), claim.id


def test_the_protocol_covers_the_documents(config):
    path = config / "experiments" / "theory.yaml"
    values, sources = split_sources(read_yaml(path), path)
    protocol = validate(TheoryProtocol, values, path)
    assert set(protocol.documents) == set(NUMBERED) and set(sources) == {"documents", "seed", "draws"}
