"""Evidence: published values, claims, statistics and verdicts. Reads records only; knows neither torch nor training."""

from interplay.evidence.claims import find_claim, load_claims, selectors
from interplay.evidence.published import Cell, Published, PublishedTable, Statement, load_published
from interplay.evidence.summary import count_verdicts, render_verdicts
from interplay.evidence.verdicts import Verdict, judge, read_verdicts, write_verdicts

__all__ = [
    "Cell",
    "Published",
    "PublishedTable",
    "Statement",
    "Verdict",
    "count_verdicts",
    "find_claim",
    "judge",
    "load_claims",
    "load_published",
    "read_verdicts",
    "render_verdicts",
    "selectors",
    "write_verdicts",
]
