"""What `make reproduce` shows of Snakemake: one line per finished job, and the end of the log of a failed one.

A logger plugin of Snakemake (found by its name on PYTHONPATH, chosen with `--logger interplay`). On a terminal the last
line tells what is under way. Snakemake's own full log is written to `.snakemake/log/` all the same.
"""

from __future__ import annotations

import logging
import shutil
import sys
import time
from pathlib import Path
from typing import TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from interplay.markup import visible

LAST_LINES = 12
# That a command failed is told with the end of its log; that something failed, by `reproduce.py`.
TOLD_ELSEWHERE = ("CalledProcessError", "At least one job did not complete", "Exiting because a job execution failed")

# What a signal did, said by Snakemake and by a shell in between.
KILLED = ("Signals.SIGKILL", "exit status 137")
CRASHED = (
    "Signals.SIGSEGV",
    "exit status 139",
    "Signals.SIGABRT",
    "exit status 134",
    "Signals.SIGBUS",
    "exit status 135",
)


class LogHandler(LogHandlerBase):
    """Writes to standard error, by events; everything that is no event and no warning is left to the full log."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    stream: TextIO = sys.stderr

    def __post_init__(self) -> None:
        # On a full disk Snakemake's own log fails; that is told once, not with a traceback for every line of it.
        logging.raiseExceptions = False
        self._total = self._done = 0
        self._rules: dict[int, str] = {}
        self._started: dict[int, float] = {}
        self._failed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Show one event."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self._total = record.stats.get("total", 0)
            self._line(f"{self._total} jobs to do")
        elif event == LogEvent.JOB_INFO:
            self._rules[record.jobid] = record.rule_name
            self._started[record.jobid] = time.monotonic()
        elif event == LogEvent.JOB_FINISHED:
            self._finish(record.job_id)
        elif event == LogEvent.JOB_ERROR:
            self._fail(record)
        elif event == LogEvent.ERROR or (event is None and record.levelno >= logging.WARNING):
            self._complain(record)
        elif event is None and record.getMessage().startswith("Nothing to be done"):
            self._line("nothing to do: everything is up to date")
        self._status()

    def _finish(self, job: int) -> None:
        self._done += 1
        seconds = time.monotonic() - self._started.pop(job, time.monotonic())
        width = len(str(self._total))
        self._line(f"[{self._done:{width}}/{self._total}] {self._rules.get(job, job)}  {_duration(seconds)}")

    def _fail(self, record: logging.LogRecord) -> None:
        self._started.pop(record.jobid, None)
        if record.rule_name in self._failed:
            return
        self._failed.add(record.rule_name)
        self._line(f"FAILED {record.rule_name}")
        for log in record.log:
            path = Path(str(log).split(" (")[0])  # Snakemake appends "(check log file(s) for error details)"
            lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
            state = "is empty" if path.is_file() else "was not written"
            self._line(f"  the end of {path}:" if lines else f"  {path} {state}")
            for line in lines[-LAST_LINES:]:
                self._line(f"  | {line}")

    def _complain(self, record: logging.LogRecord) -> None:
        message = record.getMessage().strip()
        if "CalledProcessError" in message and any(sign in message for sign in KILLED):
            self._line(
                "killed from outside: by hand, or by the system for lack of memory (fewer CORES need less); "
                "the same command goes on where this job was:"
            )
        if "CalledProcessError" in message and any(sign in message for sign in CRASHED):
            self._line(
                "crashed inside a library, as happens where it is out of memory (fewer CORES need less); "
                "the same command goes on where this job was:"
            )
        if not any(part in message for part in TOLD_ELSEWHERE):
            self._line(message)

    def _line(self, text: str) -> None:
        self._erase()
        print("\n".join(map(visible, text.split("\n"))), file=self.stream, flush=True)

    def _status(self) -> None:
        if self.stream.isatty() and self._started:
            running = ", ".join(self._rules[job] for job in self._started)
            text = f"{self._done}/{self._total} done, now {running}"
            print(f"\r\x1b[2K{text[: shutil.get_terminal_size().columns - 1]}", end="", file=self.stream, flush=True)

    def _erase(self) -> None:
        if self.stream.isatty():
            print("\r\x1b[2K", end="", file=self.stream)

    def close(self) -> None:
        """Leave a clean line behind."""
        self._erase()
        super().close()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
