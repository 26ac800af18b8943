"""Evidence: published values, claims, statistics and verdicts. Reads records only; knows neither torch nor training."""

from interplay.evidence.levels_at_hand import Level, load_levels
from interplay.evidence.published import Cell, Published, PublishedTable, Statement, load_published
from interplay.evidence.summary import count_verdicts, render_ladder, render_verdicts
from interplay.evidence.verdicts import Verdict, judge, read_verdicts, write_verdicts

__all__ = [
    "Cell",
    "Level",
    "Published",
    "PublishedTable",
    "Statement",
    "Verdict",
    "count_verdicts",
    "judge",
    "load_levels",
    "load_published",
    "read_verdicts",
    "render_ladder",
    "render_verdicts",
    "write_verdicts",
]
