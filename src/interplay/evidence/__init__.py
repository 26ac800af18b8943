"""Evidence: published values, claims, statistics and verdicts. Reads records only; knows neither torch nor training."""

from interplay.evidence.published import Cell, Published, PublishedTable, Statement, load_published
from interplay.evidence.summary import count_errors, count_verdicts, render_verdicts
from interplay.evidence.verdicts import Verdict, judge, read_verdicts, write_verdicts

__all__ = [
    "Cell",
    "Published",
    "PublishedTable",
    "Statement",
    "Verdict",
    "count_errors",
    "count_verdicts",
    "judge",
    "load_published",
    "read_verdicts",
    "render_verdicts",
    "write_verdicts",
]
