"""The texts of the documents, where they are at hand: they are no part of the project.

A folder, named on the command line or by `INTERPLAY_DOCUMENTS`, is searched for files that begin a line as
`config/documents.yaml` says of each document; names of files do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from interplay.errors import InterplayError
from interplay.evidence.sentences import ALGORITHM, CAPTION, Located, split_document
from interplay.protocols.catalogue import load_documents
from interplay.protocols.places import Document
from interplay.records import text_digest

VARIABLE = "INTERPLAY_DOCUMENTS"
KINDS = "Definition|Theorem|Lemma|Corollary|Proposition"
STATEMENT = re.compile(rf"\s*\**(?P<label>(?:{KINDS}) [A-Z\d.]*\d|Remark)(?=\.?\**(?:[.:]|\s*\())")
QUESTION = re.compile(r"#+ (?P<label>Open Question \d+)")
CONDITION = re.compile(r"(?:- )?\(?(?P<label>NC ?\d)[:)]")
EQUATION = re.compile(r"\((?P<number>(?:[A-Z1-9]\.)?\d+)\)(?:\$\$)?\.?$|\\tag\{(?P<tag>[^}]+)\}")


def load_texts(folder: Path, config: Path) -> dict[Document, str]:
    """The texts of the documents that `folder` holds, by document.

    Raises:
        InterplayError: there is no such folder, two files are texts of one document, or none is of any; one line.
    """
    if not folder.is_dir():
        raise InterplayError(f"{folder}: no such folder; name the one that holds the documents' texts ({VARIABLE})")
    documents = load_documents(config)
    found: dict[Document, str] = {}
    origin: dict[Document, Path] = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".md")):
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = set(text.splitlines())
        for document in (name for name, mark in documents.texts.items() if mark.line in lines):
            if document in found and found[document] != text:
                raise InterplayError(f"{folder}: {path.name} and {origin[document].name} are both {document}; keep one")
            found[document], origin[document] = text, path
    if not found:
        raise InterplayError(f"{folder}: no .txt or .md file is one of {', '.join(documents.texts)}")
    return found


def is_known_text(document: Document, text: str, config: Path) -> bool:
    """Whether it is, letter by letter, the transcription from which places and digests were taken."""
    mark = load_documents(config).texts.get(document)
    return mark is not None and mark.digest == text_digest(text)


def find_sentences(text: str, words: str) -> list[Located]:
    """The sentences that contain `words`, whatever the case and the white space."""
    wanted = " ".join(words.split()).casefold()
    return [sentence for sentence in split_document(text) if wanted in sentence.text.casefold()]


def printed_labels(text: str) -> list[str]:
    """Labels of everything that carries a number in a text: statements, conditions, equations, algorithms, captions."""
    return list(dict.fromkeys(_labels(text.splitlines())))


def _labels(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        for pattern in (STATEMENT, QUESTION, CONDITION, CAPTION, ALGORITHM):
            if (found := pattern.match(line)) is not None:
                yield found["label"]
        if line.startswith(("$$", "(", "=", "&", "\\")) or "\\tag" in line:
            for number in EQUATION.finditer(line.strip()):
                yield f"Eq. ({number['number'] or number['tag']})"
