"""`interplay locate`: where a document says something, as claims and `config/coverage.yaml` give it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interplay.cli import app
from interplay.cli.options import Config
from interplay.markup import say

SHOWN = 20


@app.command()
def locate(
    document: Annotated[str, typer.Argument(help="Key of the document, as in config/documents.yaml.")],
    words: Annotated[str, typer.Argument(help="Some words of the sentence, as they stand there.")],
    documents: Annotated[
        Path, typer.Option(envvar="INTERPLAY_DOCUMENTS", help="Folder with the documents' texts (.txt or .md).")
    ],
    config: Config = Path("config"),
) -> None:
    """Print the place and the digest of every sentence that contains the words, ready to paste into a claim."""
    from interplay.errors import InterplayError
    from interplay.evidence.texts import find_sentences, is_known_text, load_texts

    texts = load_texts(documents, config)
    known = {str(name): name for name in texts}
    if document not in known:
        raise InterplayError(f"{documents}: holds no text of {document!r}; there are {', '.join(known)}")
    text = texts[known[document]]
    found = find_sentences(text, words)
    if not found:
        raise InterplayError(
            f"{document}: no sentence contains {words!r}; formulas and line breaks stand as in the text"
        )
    if len(found) > SHOWN:
        raise InterplayError(f"{document}: {len(found)} sentences contain {words!r}; give more of the words")
    for sentence in found:
        place = sentence.place
        say(f"# {sentence.text[:100]}{'...' if sentence.text[100:] else ''}")
        say(
            f"sentence: {{section: {_quoted(place.section)}, paragraph: {place.paragraph}, "
            f'sentence: {place.sentence}, digest: "{place.digest}"}}'
        )
    if not is_known_text(known[document], text, config):
        say(f"note: this is another transcription of {document} than the one that config/ refers to", err=True)


def _quoted(section: str) -> str:
    return section if section.replace("-", "").isalpha() else f'"{section}"'
