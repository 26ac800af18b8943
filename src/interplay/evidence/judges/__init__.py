"""The judges: one per kind of test in `interplay.protocols.claims`; each returns an `Outcome`."""

from __future__ import annotations

from collections.abc import Sequence

from interplay.evidence.judges.across import judge_across
from interplay.evidence.judges.associations import judge_association, judge_correlation, judge_prediction
from interplay.evidence.judges.cells import judge_value
from interplay.evidence.judges.findings import judge_finding
from interplay.evidence.judges.limits import judge_bound, judge_no_fall, judge_stays
from interplay.evidence.judges.orderings import judge_agreement, judge_contrast, judge_interaction, judge_ordering
from interplay.evidence.judges.printed import judge_margin, judge_published_ordering, judge_rank
from interplay.evidence.judges.printed_association import judge_published_association
from interplay.evidence.judges.ranks import judge_place, judge_ranking
from interplay.evidence.judges.responses import judge_flat, judge_response
from interplay.evidence.judges.shapes import judge_dip, judge_peak, judge_trend
from interplay.evidence.judges.stopping import judge_stopping
from interplay.evidence.judges.timing import judge_delay, judge_sooner, judge_turn
from interplay.evidence.outcomes import NotRunError, Outcome
from interplay.evidence.published import Published
from interplay.protocols import claims as kinds
from interplay.records import Record

__all__ = ["judge_test"]


def judge_test(test: kinds.Test, records: Sequence[Record], published: Published) -> Outcome:
    """Put a test to its judge; what is missing in the records becomes the ruling `not run`.

    Raises:
        InterplayError: the test names a published table, row or column that does not exist.
    """
    try:
        return _dispatch(test, records, published)
    except NotRunError as reason:
        return Outcome("not run", f"Not judged: {reason}.")


def _dispatch(test: kinds.Test, records: Sequence[Record], published: Published) -> Outcome:
    match test:
        case kinds.FindingTest():
            return judge_finding(test, records)
        case kinds.TrendTest():
            return judge_trend(test, records)
        case kinds.DipTest():
            return judge_dip(test, records)
        case kinds.PeakTest():
            return judge_peak(test, records)
        case kinds.CorrelationTest():
            return judge_correlation(test, records)
        case kinds.DelayTest():
            return judge_delay(test, records)
        case kinds.OrderingTest():
            return judge_ordering(test, records)
        case kinds.BoundTest():
            return judge_bound(test, records)
        case kinds.ValueTest():
            return judge_value(test, records, published)
        case kinds.ResponseTest():
            return judge_response(test, records)
        case kinds.FlatTest():
            return judge_flat(test, records)
        case kinds.AssociationTest():
            return judge_association(test, records)
        case kinds.PredictionTest():
            return judge_prediction(test, records)
        case kinds.StoppingTest():
            return judge_stopping(test, records)
        case kinds.ContrastTest():
            return judge_contrast(test, records)
        case kinds.AcrossTest():
            return judge_across(test, records)
        case kinds.AgreementTest():
            return judge_agreement(test, records)
        case kinds.StaysTest():
            return judge_stays(test, records)
        case kinds.NoFallTest():
            return judge_no_fall(test, records)
        case kinds.TurnTest():
            return judge_turn(test, records)
        case kinds.SoonerTest():
            return judge_sooner(test, records)
        case kinds.InteractionTest():
            return judge_interaction(test, records)
        case kinds.RankTest():
            return judge_place(test, records)
        case kinds.RankingTest():
            return judge_ranking(test, records, published)
        case kinds.PublishedOrderingTest():
            return judge_published_ordering(test, published)
        case kinds.PublishedRankTest():
            return judge_rank(test, published)
        case kinds.PublishedMarginTest():
            return judge_margin(test, published)
        case kinds.PublishedAssociationTest():
            return judge_published_association(test, published)
