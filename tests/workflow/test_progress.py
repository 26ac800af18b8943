"""What is shown of a workflow's events."""

import io
import logging

import pytest

LogEvent = pytest.importorskip("snakemake_interface_logger_plugins.common", reason="needs Snakemake").LogEvent


@pytest.fixture
def shown(load_script):
    """Feeds events to the handler; gives the lines that it wrote."""
    plugin = load_script("workflow/progress/snakemake_logger_plugin_interplay/__init__.py")
    handler = plugin.LogHandler(None, None)
    handler.stream = io.StringIO()

    def show(*events):
        for event, level, message, fields in events:
            record = logging.LogRecord("snakemake", level, "", 0, message, (), None)
            record.__dict__.update(fields, event=event)
            handler.emit(record)
        return handler.stream.getvalue().splitlines()

    return show


def info(event, **fields):
    return event, logging.INFO, "", fields


def test_a_finished_job_is_one_line_with_its_turn_and_time(shown):
    lines = shown(
        info(LogEvent.RUN_INFO, stats={"train": 12, "total": 12}),
        info(LogEvent.JOB_INFO, jobid=4, rule_name="train"),
        info(LogEvent.SHELLCMD, shellcmd="interplay run"),
        info(LogEvent.JOB_FINISHED, job_id=4),
    )
    assert lines[0] == "12 jobs to do"
    assert lines[1].startswith("[ 1/12] train  0.")
    assert len(lines) == 2


def test_a_failed_job_shows_the_end_of_its_log_once(shown, tmp_path):
    log = tmp_path / "train.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))
    failure = (
        LogEvent.JOB_ERROR,
        logging.ERROR,
        "Error in rule train",
        {"rule_name": "train", "jobid": 1, "log": [f"{log} (check log file(s) for error details)"]},
    )
    lines = shown(failure, failure)
    assert lines[:2] == ["FAILED train", f"  the end of {log}:"]
    assert lines[2:] == [f"  | line {number}" for number in range(88, 100)]


def test_a_log_that_was_never_written_is_named(shown, tmp_path):
    failure = {"rule_name": "train", "jobid": 1, "log": [str(tmp_path / "train.log")]}
    assert shown((LogEvent.JOB_ERROR, logging.ERROR, "", failure))[1].endswith("train.log was not written")


def test_a_log_that_says_nothing_is_named(shown, tmp_path):
    (tmp_path / "train.log").touch()
    failure = {"rule_name": "train", "jobid": 1, "log": [str(tmp_path / "train.log")]}
    assert shown((LogEvent.JOB_ERROR, logging.ERROR, "", failure))[1].endswith("train.log is empty")


def test_an_error_of_the_workflow_itself_is_shown(shown):
    message = "WorkflowError:\nconfig/tiers/smoke.yaml: bundles: unknown key"
    assert shown((LogEvent.ERROR, logging.ERROR, message, {})) == message.splitlines()
    assert shown((None, logging.WARNING, "the disk is nearly full", {}))[-1] == "the disk is nearly full"


def test_what_is_told_elsewhere_is_not_told_twice(shown):
    failed = "RuleException:\nCalledProcessError in file Snakefile, line 7"
    assert shown((LogEvent.ERROR, logging.ERROR, failed, {})) == []
    assert shown((None, logging.INFO, "Select jobs to execute...", {})) == []


@pytest.mark.parametrize("how", ["died with <Signals.SIGKILL: 9>", "returned non-zero exit status 137"])
def test_a_job_that_was_killed_says_what_that_may_mean(shown, how):
    failed = f"RuleException:\nCalledProcessError in file Snakefile, line 7\nCommand 'x' {how}."
    (line,) = shown((LogEvent.ERROR, logging.ERROR, failed, {}))
    assert line.startswith("killed from outside: by hand, or by the system for lack of memory (fewer CORES need less)")


@pytest.mark.parametrize("how", ["died with <Signals.SIGSEGV: 11>", "returned non-zero exit status 139"])
def test_a_job_that_crashed_says_what_that_may_mean(shown, how):
    failed = f"RuleException:\nCalledProcessError in file Snakefile, line 7\nCommand 'x' {how}."
    (line,) = shown((LogEvent.ERROR, logging.ERROR, failed, {}))
    assert line.startswith("crashed inside a library, as happens where it is out of memory (fewer CORES need less)")


def test_nothing_to_do_is_said(shown):
    message = "Nothing to be done (all requested files are present and up to date)."
    assert shown((None, logging.INFO, message, {})) == ["nothing to do: everything is up to date"]
