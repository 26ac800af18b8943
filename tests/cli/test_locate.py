"""`interplay locate` on a made-up document."""

from __future__ import annotations

import pytest
import yaml

from interplay.cli.locate import locate
from interplay.errors import InterplayError
from interplay.evidence.sentences import sentence_digest
from interplay.protocols.places import Sentence

TITLES = 'documents: {note: "Notes"}\ntexts: {note: {line: "# Notes", digest: "0123456789abcdef"}}\n'
TEXT = "# Notes\n\n## 3 Results\n\nIt rises. It falls at the end.\n\n## Open Question 1\n\nDoes it rise?\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "documents.yaml").write_text(TITLES)
    (tmp_path / "a.txt").write_text(TEXT)
    return tmp_path


def test_what_is_printed_can_be_pasted_into_a_claim(folder, capsys):
    locate("note", "FALLS at", folder, folder)
    shown = capsys.readouterr()
    comment, place = shown.out.splitlines()
    assert comment == "# It falls at the end."
    found = Sentence.model_validate(yaml.safe_load(place)["sentence"])
    assert found == Sentence(section="3", paragraph=1, sentence=2, digest=sentence_digest("It falls at the end."))
    assert "another transcription of note" in shown.err


def test_a_section_without_number_goes_by_its_title(folder, capsys):
    locate("note", "does it", folder, folder)
    assert yaml.safe_load(capsys.readouterr().out)["sentence"]["section"] == "Open Question 1"


@pytest.mark.parametrize(
    ("document", "words", "said"),
    [
        ("metrics24", "it", "holds no text of 'metrics24'; there are note"),
        ("note", "nothing like it", "no sentence contains 'nothing like it'"),
    ],
)
def test_what_is_not_there_is_one_line(folder, document, words, said):
    with pytest.raises(InterplayError) as caught:
        locate(document, words, folder, folder)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_too_many_sentences_ask_for_more_words(folder):
    (folder / "a.txt").write_text(TEXT + "\nIt rises.\n" * 30)
    with pytest.raises(InterplayError, match="31 sentences contain 'rises'; give more of the words"):
        locate("note", "rises", folder, folder)
