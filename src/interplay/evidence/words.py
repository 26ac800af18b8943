"""What a verdict is called: what came out, in the words of what it rests on.

"Reproduced" and "deviates" are said of the published protocol on the published data, and of nothing less.
"""

from __future__ import annotations

from typing import Literal, get_args

from interplay.evidence.outcomes import Ruling
from interplay.protocols.source_errors import SourceError

Basis = Literal["theory", "printed table", "published protocol", "reduced protocol", "substitute data"]
"""What a verdict rests on: the class of its evidence.

- `theory`: a numeric check of a definition or theorem, on data made for it;
- `printed table`: numbers of the document itself;
- `published protocol`: runs of the published protocol on the published data;
- `reduced protocol`: runs on the published data that depart from the published protocol;
- `substitute data`: runs on other data than the published ones.
"""

BASES: tuple[Basis, ...] = get_args(Basis)
STRENGTH: dict[Basis, int] = {
    "theory": 3,
    "printed table": 3,
    "published protocol": 2,
    "reduced protocol": 1,
    "substitute data": 0,
}

Word = Literal[
    "verified",
    "false",
    "unresolved",
    "needs an assumption",
    "misprint",
    "numerically fragile",
    "our finding",
    "borne out",
    "compatible",
    "contradicted",
    "reproduced",
    "deviates",
    "underpowered",
    "holds at reduced protocol",
    "does not hold at reduced protocol",
    "undecided at reduced protocol",
    "holds on substitute data",
    "does not hold on substitute data",
    "undecided on substitute data",
    "yes",
    "no",
    "undecided",
    "not representative",
    "not run",
]
WORDS: tuple[Word, ...] = get_args(Word)

ERRORS: dict[SourceError, Word] = {
    "false": "false",
    "needs_assumption": "needs an assumption",
    "misprint": "misprint",
    "fragile": "numerically fragile",
    "our_finding": "our finding",
}
ANSWERS: dict[Ruling, Word] = {"holds": "yes", "fails": "no", "undecided": "undecided"}
BY_BASIS: dict[Basis, dict[Ruling, Word]] = {
    "theory": {"holds": "verified", "fails": "unresolved", "undecided": "unresolved"},
    "printed table": {"holds": "borne out", "fails": "contradicted", "undecided": "compatible"},
    "published protocol": {"holds": "reproduced", "fails": "deviates", "undecided": "underpowered"},
    "reduced protocol": {
        "holds": "holds at reduced protocol",
        "fails": "does not hold at reduced protocol",
        "undecided": "undecided at reduced protocol",
    },
    "substitute data": {
        "holds": "holds on substitute data",
        "fails": "does not hold on substitute data",
        "undecided": "undecided on substitute data",
    },
}
MEANINGS: dict[Word, str] = {
    "verified": "the statement holds in a numeric check, as printed",
    "false": "a counterexample meets every hypothesis of the statement",
    "unresolved": "fails as printed, and no mended form is known to hold: the error may be ours",
    "needs an assumption": "holds once a hypothesis is added that the document does not state",
    "misprint": "a symbol, index or word is not the one meant, which the document's own context tells",
    "numerically fragile": "right in exact arithmetic, but what it compares or computes does not survive rounding",
    "our finding": "the document does not say it: a reading or an extension of ours that does not hold",
    "borne out": "the printed numbers bear the sentence out, beyond their printed spread where there is one",
    "compatible": "the printed numbers agree, but by less than their printed spread would need",
    "contradicted": "the document's own printed numbers say otherwise",
    "reproduced": "came out at the published protocol, on the published data",
    "deviates": "did not come out at the published protocol, on the published data",
    "underpowered": "at the published protocol, but too few or too noisy runs to tell",
    "holds at reduced protocol": "came out on the published data, at less than the published protocol",
    "does not hold at reduced protocol": "did not come out on the published data, at less than the full protocol",
    "undecided at reduced protocol": "published data, less than the published protocol, and the runs cannot tell",
    "holds on substitute data": "came out on other data than the published ones",
    "does not hold on substitute data": "did not come out on other data than the published ones",
    "undecided on substitute data": "other data than the published ones, and the runs cannot tell",
    "yes": "a question, answered yes; what the answer rests on stands beside it",
    "no": "a question, answered no; what the answer rests on stands beside it",
    "undecided": "a question that the runs at hand cannot answer",
    "not representative": "the runs at hand are not of the kind that the statement is about",
    "not run": "nothing at hand was run that could tell",
}


def word(ruling: Ruling, basis: Basis | None, asks: bool, error: SourceError | None) -> Word:
    """The word for a ruling that rests on `basis` (None: nothing was judged); `error` where a document is in error."""
    if ruling in ("not run", "not representative") or basis is None:
        return "not representative" if ruling == "not representative" else "not run"
    if error is not None and ruling == "wrong as printed":
        return "contradicted" if basis == "printed table" and error == "false" else ERRORS[error]
    if asks:
        return ANSWERS[ruling]
    return BY_BASIS[basis]["fails" if ruling == "wrong as printed" else ruling]
