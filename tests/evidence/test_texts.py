"""Places and digests against the documents themselves, where `INTERPLAY_DOCUMENTS` names their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interplay.errors import InterplayError
from interplay.evidence.sentences import split_document
from interplay.evidence.texts import VARIABLE, find_sentences, is_known_text, load_texts, printed_labels
from interplay.protocols.claim_files import load_claims
from interplay.protocols.coverage import load_coverage

# Tables without a caption, and checks that the note lists without a number.
UNPRINTED = {"first table", "second table", "Next Check 1", "Next Check 2", "Next Check 3"}
COPIED = 8  # words in a row that count as copied; names and places reach seven


@pytest.fixture(scope="module")
def texts(config: Path) -> dict:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"the documents are not part of the project: {VARIABLE} names the folder that holds their texts")
    texts = {name: text for name, text in load_texts(Path(folder), config).items() if is_known_text(name, text, config)}
    if not texts:
        pytest.skip(f"{folder}: other transcriptions than the ones from which places were taken")
    return texts


def test_every_numbered_item_is_listed_and_none_is_made_up(texts, config):
    coverage = load_coverage(config)
    for name, text in texts.items():
        listed = [item.label for item in coverage.documents[name].items]
        printed = printed_labels(text)
        assert [label for label in printed if label not in listed] == [], name
        assert [label for label in listed if label not in printed and label not in UNPRINTED] == [], name


def test_every_sentence_is_classified(texts, config):
    coverage = load_coverage(config)
    for name, text in texts.items():
        spans = [passage.span for passage in coverage.documents[name].passages]
        found = split_document(text)
        for one in found:
            covering = [span for span in spans if span.covers(one.section, one.paragraph, one.sentence)]
            assert len(covering) == 1, f"{name} {one.section} {one.paragraph}.{one.sentence}: {one.text[:60]}"
        for span in spans:
            assert any(span.covers(one.section, one.paragraph, one.sentence) for one in found), f"{name}: {span}"


def test_every_sentence_that_states_a_result_has_its_digest(texts, config):
    coverage = load_coverage(config)
    for name, text in texts.items():
        digests = {f"{s.section} {s.paragraph}.{s.sentence}": s.place.digest for s in split_document(text)}
        for passage in coverage.documents[name].statements:
            assert digests.get(passage.at) == passage.digest, f"{name} {passage.at}"


def test_every_sentence_of_a_claim_stands_where_it_says(texts, config):
    places = {name: {one.place for one in split_document(text)} for name, text in texts.items()}
    for claim in load_claims(config / "claims"):
        for place in claim.said_in:
            if place.sentence is not None and place.document in places:
                assert place.sentence in places[place.document], f"{claim.id}: {place.document} {place.sentence}"


def test_sentences_are_not_copied(texts, config):
    said = {claim.id: claim.says for claim in load_claims(config / "claims")}
    for name, document in load_coverage(config).documents.items():
        said |= {f"{name} {passage.at}": passage.states or "" for passage in document.statements}
    printed: set[tuple[str, ...]] = set()
    for text in texts.values():
        words = _words(text)
        printed |= {words[start : start + COPIED] for start in range(len(words) - COPIED + 1)}
    for name, sentence in said.items():
        words = _words(sentence)
        copied = [words[i : i + COPIED] for i in range(len(words) - COPIED + 1) if words[i : i + COPIED] in printed]
        assert copied == [], name


def _words(text: str) -> tuple[str, ...]:
    return tuple("".join(c if c.isalnum() else " " for c in text.casefold()).split())


TITLES = """documents: {metrics24: One, note: Two}
texts:
  metrics24: {line: "One", digest: "0123456789abcdef"}
  note: {line: "# One", digest: "0123456789abcdef"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "documents.yaml").write_text(TITLES)
    (tmp_path / "whatever.txt").write_text("One\n\nAbstract\n\nThis is  said here. That is not.\n")
    (tmp_path / "readme.md").write_text("Of something else.\n")
    return tmp_path


def test_a_text_is_told_by_a_line_whatever_the_file_is_called(folder):
    texts = load_texts(folder, folder)
    assert list(texts) == ["metrics24"]
    assert not is_known_text("metrics24", texts["metrics24"], folder)
    assert [one.sentence for one in find_sentences(texts["metrics24"], "IS said\there")] == [1]


def test_what_is_wrong_with_a_folder_is_one_line(folder):
    with pytest.raises(InterplayError, match="no such folder"):
        load_texts(folder / "nowhere", folder)
    (folder / "again.md").write_text("One\n\nAbstract\n\nOther words.\n")
    with pytest.raises(InterplayError, match=r"whatever\.txt and again\.md are both metrics24"):
        load_texts(folder, folder)
    (folder / "empty").mkdir()
    with pytest.raises(InterplayError, match=r"no \.txt or \.md file is one of metrics24, note"):
        load_texts(folder / "empty", folder)


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("**Theorem 4.4.** Given", "Theorem 4.4"),
        ("Definition III.1 (Matrix entropy). Suppose", "Definition III.1"),
        ("Theorem 1 has the consequence", None),
        ("Remark: Note", "Remark"),
        ("NC4: As a result", "NC4"),
        ("(NC 2) $x$", "NC 2"),
        ("Figure 3.4.: Plots", "Figure 3.4"),
        ("Figure 2 illustrates", None),
        ("TABLE II: Error", "TABLE II"),
        ("$$x = 1. \\quad (1.5)$$", "Eq. (1.5)"),
        ("(14)", "Eq. (14)"),
        ("$$x,\\tag{B.2}$$", "Eq. (B.2)"),
        ("By (2.1) it is so (3)", None),
    ],
)
def test_labels_are_read_where_they_are_printed(line, label):
    assert printed_labels(f"Words.\n\n{line}\n") == ([] if label is None else [label])
