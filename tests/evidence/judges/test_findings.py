from __future__ import annotations

from math import nan

import pytest

from interplay.evidence.judges import judge_test
from interplay.protocols.claims import FindingTest
from interplay.records import Finding, Residual

TEST = FindingTest(kind="finding", findings=("hdr_at_collapse",))
HOLDS, FAILS, BROKEN = (
    Residual(value=1e-12, tolerance=1e-9),
    Residual(value=0.4, tolerance=1e-9),
    Residual(value=nan, tolerance=1),
)


def rule(make, published, *findings):
    records = [make(f"theory/metrics24/{i}", findings={"hdr_at_collapse": each}) for i, each in enumerate(findings)]
    return judge_test(TEST, records, published)


@pytest.mark.parametrize(
    "finding, ruling",
    [
        (Finding(printed=HOLDS), "holds"),
        (Finding(printed=HOLDS, mended=FAILS), "holds"),
        (Finding(printed=FAILS, mended=HOLDS), "wrong as printed"),
        (Finding(printed=BROKEN, mended=HOLDS), "wrong as printed"),
        (Finding(printed=FAILS, values={"entropy": 0.0}), "fails"),
        (Finding(printed=FAILS, mended=FAILS, values={"entropy": 0.0}), "fails"),
        (Finding(printed=FAILS), "fails"),
        (Finding(printed=BROKEN, values={"entropy": 0.0}), "fails"),
        (Finding(printed=FAILS, mended=BROKEN), "fails"),
    ],
)
def test_ruling(make, published, finding, ruling):
    assert rule(make, published, finding).ruling == ruling


def test_the_counterexample_and_the_note_are_told(make, published):
    finding = Finding(printed=FAILS, mended=HOLDS, values={"true_value": 2.9043}, note="2/d for 2.")
    outcome = rule(make, published, finding)
    assert "true value 2.904" in outcome.sentence and outcome.sentence.endswith("2/d for 2.")
    assert outcome.numbers["true_value"] == 2.9043 and outcome.numbers["mended_residual"] == 1e-12


def test_the_gravest_of_several_records_counts(make, published):
    good, wrong, bad = Finding(printed=HOLDS), Finding(printed=FAILS, mended=HOLDS), Finding(printed=FAILS)
    assert rule(make, published, good, good).ruling == "holds"
    assert rule(make, published, good, wrong).ruling == "wrong as printed"
    assert rule(make, published, wrong, bad, good).ruling == "fails"


def test_every_place_must_hold_and_be_there(make, published):
    test = FindingTest(kind="finding", findings=("metrics24/lemma", "interplay24/lemma"))
    first = make("theory/metrics24", findings={"metrics24/lemma": Finding(printed=HOLDS)})
    second = make("theory/interplay24", findings={"interplay24/lemma": Finding(printed=FAILS, mended=HOLDS)})
    assert judge_test(test, [first, second], published).ruling == "wrong as printed"
    missing = judge_test(test, [first], published)
    assert missing.ruling == "not run" and "interplay24/lemma" in missing.sentence
    good = make("theory/interplay24", findings={"interplay24/lemma": Finding(printed=HOLDS)})
    both = judge_test(test, [first, good], published)
    assert both.ruling == "holds" and both.sentence.startswith("Checked as each of 2 places prints it.")


def test_no_such_finding_is_not_run(make, published):
    outcome = judge_test(TEST, [make("theory/metrics24/x")], published)
    assert outcome.ruling == "not run" and "hdr_at_collapse" in outcome.sentence
