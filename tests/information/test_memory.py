from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from interplay.errors import InterplayError
from interplay.information import DatasetInformation
from interplay.information.memory import check_fits, free_memory

GB = 10**9


def proc(folder: Path, cgroup: str) -> Path:
    """A /proc in which the machine has 64 GiB to spare."""
    (folder / "self").mkdir(parents=True)
    (folder / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable: {64 * 2**20} kB\n")
    (folder / "self" / "cgroup").write_text(cgroup)
    return folder


def group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(f"{content}\n")


def test_the_machine_where_nothing_else_limits(tmp_path):
    found = free_memory(cgroups=tmp_path / "none", proc=proc(tmp_path / "proc", "0::/\n"))
    assert found.free <= 64 * 2**30
    if "ulimit" not in found.limit:
        assert found == (64 * 2**30, "this machine")


@pytest.mark.parametrize("mounted", [".", "unified"])
def test_a_group_of_version_2_and_those_above_it(tmp_path, mounted):
    root = tmp_path / "cgroup" / mounted
    group(root / "slurm", memory__max=8 * GB, memory__current=5 * GB, memory__stat=f"anon 1\ninactive_file {GB}")
    group(root / "slurm" / "job", memory__max="max", memory__current=GB)
    found = free_memory(cgroups=tmp_path / "cgroup", proc=proc(tmp_path / "proc", "0::/slurm/job\n"))
    assert found.free == 4 * GB  # files that are only cached can be given back
    assert "slurm" in found.limit


def test_a_group_of_version_1(tmp_path):
    root = tmp_path / "cgroup" / "memory"
    group(root, memory__limit_in_bytes=9223372036854771712, memory__usage_in_bytes=GB)
    group(root / "job", memory__limit_in_bytes=2 * GB, memory__usage_in_bytes=GB)
    found = free_memory(cgroups=tmp_path / "cgroup", proc=proc(tmp_path / "proc", "4:memory:/job\n3:cpu:/\n"))
    assert found.free == GB


def test_in_a_container_whose_path_is_the_hosts(tmp_path):
    group(tmp_path / "cgroup", memory__max=3 * GB, memory__current=4 * GB)
    found = free_memory(cgroups=tmp_path / "cgroup", proc=proc(tmp_path / "proc", "0::/docker/0123\n"))
    assert found.free == 0


def run(code: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"{prelude}\n{code}"], capture_output=True, text=True, check=False, timeout=300
    )


def test_the_limit_of_the_process_is_seen():
    limited = "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))"
    found = run("from interplay.information.memory import free_memory as f; print(*f(), sep='|')", limited)
    free, limit = found.stdout.strip().split("|")
    assert int(free) < 8 << 30
    if int(free) < free_memory().free:
        assert limit == "the limit of this process (ulimit -v)"


def test_what_does_not_fit_is_one_line_with_both_numbers_and_a_way_out():
    with pytest.raises(InterplayError, match=r"^things need 1e\+09 GB of memory, and .* has .* left; buy more"):
        check_fits(1e18, "things", "buy more")
    check_fits(1, "things", "buy more")


def test_moments_that_do_not_fit_are_refused_by_the_collector_which_stays_as_it_was():
    information = DatasetInformation(100_000, 1000)
    with pytest.raises(InterplayError, match=r"moments of 1000 classes of 100000 features need .*PCA"):
        information.update(torch.ones(2, 100_000), torch.tensor([0, 1]))
    with pytest.raises(InterplayError, match="call update first"):
        information.compute(torch.ones(1000, 3))


PEAK = """
import json, sys, torch
from interplay.collapse import measure
from interplay.collapse.arrays import HeldSamples
from interplay.collapse.batches import measuring_memory
from interplay.information.plan import few_samples

def highest():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))

n, classes, d, head, size = json.loads(sys.argv[1])
measure(torch.randn(50, 8), torch.arange(50) % 3, torch.randn(3, 8))  # what libraries take at their first use
x, y = torch.empty(n, d), torch.arange(n) % classes
for start in range(0, n, 100):
    x[start : start + 100].normal_()
weights = torch.randn(classes, d) if head else None
before = highest()
few = few_samples(n, d, classes if head else 1)
estimate = measuring_memory(HeldSamples(x, y, weights), classes, min(size, n), few)
measure(x, y, weights, batch_size=size)
print(json.dumps([estimate, highest() - before]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux, which tells of the peak")
@pytest.mark.parametrize(
    "case",
    [
        pytest.param([1500, 1000, 128, True, 64], id="many classes"),
        pytest.param([2000, 10, 2000, False, 64], id="no head, many features"),
        pytest.param([300, 10, 40_000, False, 64], id="no head, maps"),
        pytest.param([2400, 2400, 400, True, 64], id="one class a sample"),
        pytest.param([60_000, 10, 96, True, 60_000], id="one batch of all"),
    ],
)
def test_the_estimate_is_near_the_true_peak(case):
    # What malloc keeps of what was freed, and how many threads have buffers, moves the peak by a third from run to run.
    # An estimate that is wrong is wrong each time.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    found: list[float] = []
    while len(found) < 3 and not any(0.8 <= ratio <= 1.6 for ratio in found):
        done = subprocess.run(
            [sys.executable, "-c", PEAK, json.dumps(case)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        estimate, peak = json.loads(done.stdout)
        found.append(estimate / peak)
    assert any(0.8 <= ratio <= 1.6 for ratio in found), found
