from __future__ import annotations

from types import SimpleNamespace

import pytest

from interplay.errors import InterplayError
from interplay.experiments import theory
from interplay.protocols.theory import TheoryProtocol, TheorySettings

PROTOCOL = TheoryProtocol(documents=("compression25", "note"), seed=1, draws=10)


def test_one_record_holds_the_findings_of_one_document():
    outcome = theory.run(PROTOCOL, SimpleNamespace(settings=TheorySettings(document="compression25")), context=None)
    assert len(outcome.findings) == 23 and all(name.startswith("compression25/") for name in outcome.findings)
    assert list(outcome.findings) == sorted(outcome.findings)
    assert outcome.findings == theory.check_document(PROTOCOL, "compression25")


@pytest.mark.parametrize("document", ["metrics24", "note", "metrics"])
def test_an_unknown_document_is_refused_in_one_line(document):
    with pytest.raises(InterplayError, match=f"no checks for document '{document}'"):
        theory.check_document(PROTOCOL, document)
