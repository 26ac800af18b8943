"""What was published comes back as it was, at three levels, or one line says why not."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace

import pytest

from interplay.archive.contents import LEVELS, measures_networks
from interplay.archive.restore import restore
from interplay.errors import InterplayError
from interplay.protocols.plan import plan_jobs


def test_all_comes_back_as_it_was(setup, published, reviewer, remote, contents):
    brought = restore(setup, reviewer, remote=str(remote), say=lambda line: None)
    expected = contents(published[0])
    del expected["smoke/logs/run/theory.log"]
    assert contents(reviewer) == expected
    assert brought.made and not brought.to_do and not brought.stale
    assert set(brought.current) == {path for job in plan_jobs(setup) for path in job.outputs}
