"""The report: gathers verdicts, exhibits and provenance of a results folder; computes nothing."""

from interplay.report.appendix import render_appendix
from interplay.report.gather import gather_report
from interplay.report.model import Report
from interplay.report.render import render_page
from interplay.report.write import write_report

__all__ = ["Report", "gather_report", "render_appendix", "render_page", "write_report"]
