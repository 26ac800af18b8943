"""The audit of the locks: vulnerabilities are named, and an audit that did not happen is no good news."""

from __future__ import annotations

import json
import os

import pytest

REPORTER = """#!/bin/sh
while [ $# -gt 0 ]; do case "$1" in --output) out=$2;; --vulnerability-service) service=$2;; esac; shift; done
echo "ERROR:pip_audit._cli:$service: not to be reached" >&2
[ -f {folder}/$service ] || exit 1
cp {folder}/$service "$out"
"""
CLEAN = {"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []}
FLAW = {"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": "x"}
FLAWED = {"dependencies": [{"name": "a", "version": "1", "vulns": [FLAW]}], "fixes": []}


@pytest.fixture
def audited(load_script, tmp_path, monkeypatch):
    """The audit, with services that say what is put down for them; gives the exit status."""
    program = tmp_path / "bin/pip-audit"
    program.parent.mkdir()
    program.write_text(REPORTER.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    script = load_script("envs/audit.py")

    def run(**said):
        for service, report in said.items():
            (tmp_path / service).write_text(report if isinstance(report, str) else json.dumps(report))
        return script.main()

    return run


def test_locks_without_vulnerabilities_are_well(audited, capsys):
    assert audited(pypi=CLEAN) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(line.endswith("1 packages asked of pypi, 0 known vulnerabilities") for line in lines)


def test_a_vulnerability_is_named_with_what_mends_it(audited, capsys):
    assert audited(osv=FLAWED) == 1  # PyPI does not answer
    assert capsys.readouterr().out.splitlines()[-1] == "a 1: PYSEC-1, mended in 2"


@pytest.mark.parametrize("report", [None, "", "{}", "[1]"])
def test_an_audit_that_did_not_happen_is_one_line_and_no_success(audited, report):
    says = r"^error: bootstrap.lock is not audited, no service answers \(pypi: .*osv: "
    with pytest.raises(SystemExit, match=says) as end:
        audited(**({} if report is None else {"pypi": report}))
    assert "\n" not in str(end.value)
