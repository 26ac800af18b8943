import os
import pwd
import stat
import tempfile
from pathlib import Path

import pytest

from interplay.errors import InterplayError
from interplay.records import machine
from interplay.records.machine import Memory, bound_threads, bounded, cpu_quota, settle, usable_cores, usable_memory


@pytest.fixture
def many_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)), raising=False)


def cgroup(root, lines, mounts, files):
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(lines)
    (root / "proc/self/mountinfo").write_text(mounts)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "32 23 0:28 {part} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
)


@pytest.mark.parametrize(
    ("lines", "mounts", "files", "cores"),
    [
        ("0::/\n", V2, {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", V2, {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 64),
        ("0::/a/b\n", V2, {"sys/fs/cgroup/a/cpu.max": "150000 100000", "sys/fs/cgroup/a/b/cpu.max": "max 100000"}, 2),
        ("0::/a/b\n", V2, {"sys/fs/cgroup/a/cpu.max": "max 100000", "sys/fs/cgroup/a/b/cpu.max": "50000 100000"}, 1),
        ("0::/the/hosts/path\n", V2, {"sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3),
        ("0::/\n", V2, {"sys/fs/cgroup/cpu.max": "nonsense"}, 64),
        (
            "4:memory:/x\n3:cpu,cpuacct:/docker/1\n",
            V1.format(part="/docker/1"),
            {
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        (
            "3:cpu,cpuacct:/slurm/job\n",
            V1.format(part="/"),
            {
                "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us": "500000\n",
                "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_period_us": "100000\n",
            },
            5,
        ),
        ("", "", {}, 64),
    ],
)
def test_a_quota_of_cpu_time_bounds_the_cores(tmp_path, many_cores, lines, mounts, files, cores):
    cgroup(tmp_path, lines, mounts, files)
    assert usable_cores(tmp_path, {}) == cores


MEMINFO = "MemTotal:       33554432 kB\nMemFree:  100 kB\nMemAvailable:   16777216 kB\n"
MEMORY_V1 = "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
# As the kernel writes it: first what is of the group alone, then the sums with all groups below.
STAT_V1 = (
    f"cache {64 << 20}\nrss 4096\ninactive_anon 0\nactive_anon 4096\ninactive_file {32 << 20}\nactive_file {32 << 20}\n"
    f"hierarchical_memory_limit {1 << 30}\ntotal_cache {512 << 20}\ntotal_rss 8192\ntotal_inactive_anon 0\n"
    f"total_active_anon 8192\ntotal_inactive_file {256 << 20}\ntotal_active_file {256 << 20}\n"
)
NO_LIMIT_V1 = "9223372036854771712"


@pytest.mark.parametrize(
    ("lines", "mounts", "files", "memory"),
    [
        ("", "", {}, Memory(32768, 16384, False)),
        ("0::/\n", V2, {"sys/fs/cgroup/memory.max": "max\n"}, Memory(32768, 16384, False)),
        (
            "0::/a/b\n",
            V2,
            {
                "sys/fs/cgroup/a/memory.max": str(2 << 30),
                "sys/fs/cgroup/a/memory.current": str(1 << 30),
                "sys/fs/cgroup/a/memory.stat": f"anon 5\ninactive_file {512 << 20}\n",
                "sys/fs/cgroup/a/b/memory.max": "max",
            },
            Memory(2048, 1536, True),
        ),
        ("0::/\n", V2, {"sys/fs/cgroup/memory.max": str(1 << 40)}, Memory(32768, 16384, False)),
        (
            "9:memory:/docker/1\n",
            MEMORY_V1,
            {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT_V1,
                "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": str(1 << 30),
                "sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes": str(1 << 30),
                "sys/fs/cgroup/memory/docker/1/memory.stat": STAT_V1,
            },
            Memory(1024, 256, True),
        ),
        ("9:memory:/\n", MEMORY_V1, {"sys/fs/cgroup/memory/memory.limit_in_bytes": "x"}, Memory(32768, 16384, False)),
    ],
)
def test_a_control_group_bounds_the_memory(tmp_path, lines, mounts, files, memory):
    cgroup(tmp_path, lines, mounts, files | {"proc/meminfo": MEMINFO})
    assert usable_memory(tmp_path) == memory


def test_half_a_core_is_told_as_it_is(tmp_path):
    cgroup(tmp_path, "0::/\n", V2, {"sys/fs/cgroup/cpu.max": "50000 100000"})
    assert cpu_quota(tmp_path) == 0.5
    assert cpu_quota(tmp_path / "none") is None


def test_affinity_bounds_the_cores_and_no_proc_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3}, raising=False)
    assert usable_cores(tmp_path / "none") == 1
    assert bounded(100_000) == 1


@pytest.mark.parametrize(
    ("allocated", "cores"),
    [
        ({"SLURM_CPUS_ON_NODE": "3", "SLURM_CPUS_PER_TASK": "1"}, 3),  # three tasks of one core share the job
        ({"SLURM_CPUS_PER_TASK": "2"}, 2),
        ({"SLURM_CPUS_ON_NODE": "128"}, 64),
        ({"SLURM_CPUS_ON_NODE": "0"}, 1),
        ({"SLURM_CPUS_ON_NODE": "many"}, 64),
        ({}, 64),
    ],
)
def test_what_slurm_allocated_bounds_the_cores(tmp_path, many_cores, allocated, cores):
    assert usable_cores(tmp_path, allocated) == cores


def test_threads_of_libraries_are_bounded(monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 2)
    environment = {"OMP_NUM_THREADS": "100000", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "4,2"}
    bound_threads(environment)
    assert environment == {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "4,2"}


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("given", [{}, {"HOME": ""}, {"HOME": "/"}, {"HOME": "/none/such"}])
def test_a_user_without_account_and_home_gets_both(temporary, monkeypatch, given):
    def unknown(user):
        raise KeyError(f"getpwuid(): uid not found: {user}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    environment = dict(given)
    settle(environment)
    home = Path(environment["HOME"])
    assert home == temporary / f"interplay-{os.getuid()}"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert environment["USER"] == f"user{os.getuid()}"
    assert Path(environment["MPLCONFIGDIR"]).is_relative_to(home)
    settle(again := dict(given))
    assert again["HOME"] == environment["HOME"]  # all processes share what is cached there


def test_a_home_that_cannot_be_written_is_kept_for_what_is_read_there(temporary, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    environment = {"HOME": str(temporary), "MPLCONFIGDIR": "/given"}
    settle(environment)
    assert environment["HOME"] == str(temporary)
    assert environment["MPLCONFIGDIR"] == "/given"
    assert Path(environment["XDG_CACHE_HOME"]).is_relative_to(temporary)


def test_who_has_a_home_keeps_everything_as_it_is(tmp_path):
    environment = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "USER": "someone"}
    settle(environment)
    assert environment == {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "USER": "someone"}


def test_a_folder_that_someone_else_could_write_is_not_trusted(temporary):
    (temporary / f"interplay-{os.getuid()}").mkdir()
    (temporary / f"interplay-{os.getuid()}").chmod(0o777)
    settle(environment := {"HOME": "/"})
    assert environment["HOME"] != str(temporary / f"interplay-{os.getuid()}")
    assert stat.S_IMODE(Path(environment["HOME"]).stat().st_mode) == 0o700


def test_temporary_files_go_where_there_is_room_for_them(temporary, monkeypatch):
    settle(environment := {"HOME": str(temporary), "TMPDIR": "/none/such"})
    assert environment["TMPDIR"] == str(temporary)

    def nowhere():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(InterplayError, match="TMPDIR="):
        settle({})
