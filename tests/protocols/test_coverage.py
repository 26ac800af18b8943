"""Nothing of the documents is left out: what `config/coverage.yaml` says, against claims and catalogue."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from interplay.errors import InterplayError
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.claim_files import load_claims
from interplay.protocols.coverage import CoverageFile, Span, load_coverage, matching
from interplay.protocols.coverage_summary import coverage_summary

EXHIBITS = 58  # of the five documents, each under every number that it has
NO_SENTENCE = ("mce_beats_ce", "mce_gain_on_math", "supervised_accuracy_*", "compression25_algorithm_1_eigenvalues")
LABELS = {"metrics24": 37, "interplay24": 28, "matrixssl23": 61, "compression25": 38, "note": 6}


@pytest.fixture(scope="module")
def coverage(config: Path) -> CoverageFile:
    return load_coverage(config)


@pytest.fixture(scope="module")
def claims(config: Path) -> list:
    return load_claims(config / "claims")


def test_every_claim_that_is_named_exists_and_is_of_its_kind(coverage, claims):
    ids = [claim.id for claim in claims]
    for document in coverage.documents.values():
        for entry in document.entries:
            for pattern in entry.patterns:
                found = matching([pattern], ids)
                assert found, f"{entry}: {pattern} names no claim"
                ours = pattern in entry.ours
                assert all(name.startswith("ours_") == ours for name in found), f"{entry}: {pattern}"


def test_every_claim_is_named_somewhere(coverage, claims):
    patterns = [pattern for document in coverage.documents.values() for e in document.entries for pattern in e.patterns]
    named = set(matching(patterns, [claim.id for claim in claims]))
    assert [claim.id for claim in claims if claim.id not in named] == []


def test_a_claim_that_an_exhibit_shows_is_named_with_the_exhibit(coverage, claims):
    items = {
        name: item for document in coverage.documents.values() for item in document.items for name in item.exhibits
    }
    for claim in claims:
        for exhibit in claim.exhibits:
            assert exhibit in items, f"{claim.id}: {exhibit} is listed nowhere"
            assert matching(items[exhibit].patterns, [claim.id]), f"{claim.id} is missing at {exhibit}"


def test_every_exhibit_is_listed_once_and_made_or_said_why_not(coverage, config):
    made = {name for exhibit in load_catalogue(config).exhibits for name in exhibit.ids}
    own: list[str] = []
    listed: list[str] = []
    for name, document in coverage.documents.items():
        for item in (one for one in document.items if one.exhibits):
            assert item.exhibits[0].startswith(f"{name}/")
            assert (item.exhibits[0] in made) == (item.not_made is None), item.exhibits[0]
            own.append(item.exhibits[0])
            listed += item.exhibits
    assert made <= set(listed)
    assert len(own) == EXHIBITS and max(Counter(listed).values()) == 1


def test_numbered_items_are_as_many_as_were_counted_in_the_documents(coverage):
    assert {name: len(document.items) for name, document in coverage.documents.items()} == LABELS
    for document in coverage.documents.values():
        assert max(Counter(item.label for item in document.items).values()) == 1


def test_no_sentence_is_classified_twice(coverage):
    for document in coverage.documents.values():
        spans = [passage.span for passage in document.passages]
        for number, span in enumerate(spans):
            for other in spans[:number]:
                assert not _overlap(span, other), f"{span} and {other}"


def _overlap(one: Span, other: Span) -> bool:
    if one.section != other.section:
        return False
    if one.last_paragraph < other.paragraph or other.last_paragraph < one.paragraph:
        return False
    if one.sentence is None or other.sentence is None:
        return True
    return one.sentence <= other.last_sentence and other.sentence <= one.last_sentence


def test_every_reason_is_used(coverage):
    given = {entry.because for document in coverage.documents.values() for entry in document.entries}
    given |= {item.not_made for document in coverage.documents.values() for item in document.items}
    assert set(coverage.reasons) == given - {None}


def test_the_sentence_of_a_claim_is_one_that_names_it(coverage, claims):
    """Places in claims and in the coverage are the same ones, each with its digest."""
    for claim in claims:
        for place in claim.said_in:
            if place.sentence is None:
                continue
            at = f"{place.sentence.section} {place.sentence.paragraph}.{place.sentence.sentence}"
            found = [one for one in coverage.documents[place.document].statements if one.at == at]
            assert found, f"{claim.id}: {place.document} {at} states nothing, says the coverage"
            assert found[0].digest == place.sentence.digest, f"{claim.id}: {place.document} {at}"
            assert matching(found[0].patterns, [claim.id]), f"{claim.id} is missing at {place.document} {at}"


def test_every_claim_on_what_a_document_says_has_its_sentence(claims):
    """What is ours has none; nor have cells of tables that no sentence mentions, and a line of an algorithm."""
    without = {c.id for c in claims for place in c.said_in if place.sentence is None and not c.id.startswith("ours_")}
    assert {name for name in without if not matching(NO_SENTENCE, [name])} == set()
    assert all(matching([pattern], sorted(without)) for pattern in NO_SENTENCE)


def test_the_summary_adds_up(coverage, config):
    summary = coverage_summary(config)
    assert summary.exhibits == EXHIBITS
    assert summary.made + sum(len(ids) for _, ids in summary.missing) == EXHIBITS
    assert str(summary).startswith(f"{summary.made} of 58 exhibits")
    for document in summary.documents:
        for tally in (document.items, document.exhibits, document.statements):
            assert tally.covered + sum(count for _, count in tally.reasons) == tally.total
        assert document.items.total + document.exhibits.total == LABELS[document.document]


ROW = {"at": "V-A 2.1", "digest": "0123abcd", "states": "it rises", "claims": ["rises"]}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW | {"claims": []}, "give the claims that cover it, or because"),
        (ROW | {"because": "plan"}, "one of the two"),
        (ROW | {"at": "V-A"}, "write section paragraph.sentence"),
        (ROW | {"at": "V-A 2.1-3"}, "one sentence that states something"),
        ({"at": "V-A 2", "claims": ["rises"]}, "say in states"),
        ({"at": "V-A 2", "because": "laziness"}, "no reason 'laziness'; there are plan"),
        (ROW | {"digest": "xyz"}, "digest"),
    ],
)
def test_a_row_that_does_not_fit_is_one_line(tmp_path, row, said):
    content = {"reasons": {"plan": "a plan"}, "documents": {"metrics24": {"items": [], "passages": [row]}}}
    (tmp_path / "coverage.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InterplayError) as caught:
        load_coverage(tmp_path)
    assert "coverage.yaml" in str(caught.value) and said in str(caught.value) and "\n" not in str(caught.value)
