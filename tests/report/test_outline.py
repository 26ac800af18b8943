"""Sections in the order of the document, each claim and each exhibit once."""

from __future__ import annotations

from collections import Counter

import pytest

from interplay.protocols.places import Place, Sentence
from interplay.report import gather_report
from interplay.report.outline import section_of, section_rank, section_title


@pytest.mark.parametrize(
    ("where", "section"),
    [
        ("VI-B, caption of Fig. 7", "VI-B"),
        ("3.1, Fig. 3.1", "3.1"),
        ("Theorem IV.2", "IV"),
        ("Definition D.1", "D"),
        ("Proposition 4.6", "4"),
        ("Theorem E.3, converse", "E"),
        ("Theorem 3", "Theorems and algorithms"),
        ("B.1, Eq. (B.1)", "B.1"),
        ("abstract and fig. 4", "abstract"),
        ("open question 1", "open question 1"),
    ],
)
def test_places_lie_in_sections(where, section):
    assert section_of(Place(document="metrics24", where=where)) == section


def test_the_section_of_a_sentence_is_as_printed():
    sentence = Sentence(section="VI-A", paragraph=1, sentence=2, digest="0" * 8)
    assert section_of(Place(document="metrics24", where="elsewhere", sentence=sentence)) == "VI-A"


def test_sections_stand_in_the_order_of_a_document():
    order = [
        "abstract",
        "1",
        "2.1",
        "3",
        "3.1",
        "10",
        "A",
        "A.1",
        "B",
        "Theorems and algorithms",
        "Shown without a claim",
    ]
    assert sorted([*order[5:], *order[:5]], key=section_rank) == order
    roman = ["abstract", "II", "IV-A", "V-B", "IX", "B"]
    assert sorted([*roman[3:], *roman[:3]], key=section_rank) == roman


def test_titles_of_sections():
    names = ["VI-B", "D.2", "abstract", "open question 1"]
    assert [section_title(name) for name in names] == ["Section VI-B", "Appendix D.2", "Abstract", "Open question 1"]


def test_every_claim_and_every_exhibit_stands_once(sample):
    report = gather_report(*sample)
    groups = [group for document in report.documents for section in document.sections for group in section.groups]
    claims = Counter(claim.verdict.id for group in groups for claim in group.claims)
    assert claims == Counter(claim.verdict.id for claim in report.claims)
    shown = Counter(group.view.exhibit.name for group in groups if group.here)
    assert shown == Counter(view.exhibit.name for view in (*report.figures, *report.tables))


def test_what_two_documents_say_is_linked_from_the_second(sample):
    documents = {document.key: document for document in gather_report(*sample).documents}
    sections = {section.title: section for section in documents["metrics24"].sections}
    (group,) = sections["Section VI-C"].groups
    assert group.here and group.view.exhibit.ids[0] == "metrics24/fig9"
    assert [claim.verdict.id for claim in group.links] == ["grokking_delay"]
    (other,) = documents["interplay24"].sections[0].groups
    assert [claim.verdict.id for claim in other.claims] == ["grokking_delay"]
    assert not other.here


def test_an_exhibit_without_a_claim_stands_at_the_end(own_sample):
    results, config = own_sample
    (results / "verdicts.json").unlink()
    titles = {
        document.key: [section.title for section in document.sections]
        for document in gather_report(results, config).documents
    }
    assert titles["metrics24"] == ["Shown without a claim"]
    assert titles["interplay24"] == []
