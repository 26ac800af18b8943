"""What holds for every command: wrong input and a refusing system are one line, whoever runs it and wherever."""

import errno
import os
import subprocess
import sys

import pytest

from interplay import cli
from interplay.records.machine import usable_cores


def interplay(*arguments, **options):
    command = [sys.executable, "-m", "interplay", *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.mark.parametrize("seed", [2**64, 2**63, -1])
def test_a_seed_that_torch_cannot_take_is_one_line(tmp_path, seed):
    done = interplay("measure", str(tmp_path / "none.npz"), f"--seed={seed}")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "--seed" in done.stderr


def test_more_threads_than_cores_are_as_many_as_cores(root, tmp_path):
    # No such run, so that nothing starts.
    arguments = ("run", "theory", "--run", "nothing", "--threads", "100000", "--results", str(tmp_path))
    done = interplay(*arguments, cwd=root)
    cores = usable_cores()
    note, error = done.stderr.splitlines()
    assert note == f"--threads 100000: this process may use {cores} cores, so {cores} threads"
    assert error.startswith("error: theory: no run matches")


def test_a_user_without_home_runs_all_the_same(root, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "MPLCONFIGDIR", "USER")}
    environment |= {"HOME": "/none/such", "TMPDIR": "/none/such"}
    done = interplay("figure", "note/none", cwd=root, env=environment)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_forecast_in_a_pipe_keeps_each_job_on_one_line(root):
    done = interplay("forecast", cwd=root)
    head, *lines, total = done.stdout.splitlines()
    assert (done.returncode, head.split()) == (0, ["job", "runs", "on", "time", "scaled", "from"])
    assert total.startswith(f"{len(lines)} jobs of ")
    (line,) = (line for line in lines if line.startswith("grokking modular-addition "))
    assert line[head.index("on") :].startswith("cpu ")


@pytest.fixture
def failing(monkeypatch, capsys):
    """What is said, and the status, where a command raises an error."""

    def fail(error):
        def command():
            raise error

        monkeypatch.setattr(cli, "_register", command)
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, capsys.readouterr().err

    return fail


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "is full: "), (errno.EROFS, "read-only"), (errno.EACCES, "permission denied")]
)
def test_what_the_system_refuses_is_one_line(failing, tmp_path, number, says):
    status, said = failing(OSError(number, os.strerror(number), str(tmp_path / "file")))
    assert status == 2
    assert said.startswith(f"error: {tmp_path / 'file'}: ")
    assert says in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), "out of memory (this process took "),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"),
            "out of",
        ),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "out of memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory"),
        (SystemError("error return without exception set"), "Python lost an error, as where it is out of memory (this"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0"), "the card has no more memory"),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be"), "the card has no more memory"),
        (
            RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
            "the card has no more memory",
        ),
        (RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"), "the card has no more"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. "), "out of memory"),
        (
            RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's"),
            "too little shared memory (/dev/shm)",
        ),
        (
            RuntimeError("unable to write to file </torch_12_34_0>: No space left on device (28)"),
            "too little shared memory (/dev/shm)",
        ),
    ],
)
def test_a_lack_of_memory_is_one_line(failing, error, says):
    status, said = failing(error)
    assert status == 2
    assert said.startswith(f"error: {says}")
    assert said.endswith("work done is kept\n") or "work done is kept, the same command goes on" in said
    assert len(said.splitlines()) == 1


def test_a_library_that_comes_too_late_is_no_lack_of_memory(failing):
    status, said = failing(
        ImportError("/lib/aarch64-linux-gnu/libgomp.so.1: cannot allocate memory in static TLS block")
    )
    assert (status, len(said.splitlines())) == (2, 1)
    assert said.startswith("error: /lib/aarch64-linux-gnu/libgomp.so.1 was loaded too late")
    assert "LD_PRELOAD=/lib/aarch64-linux-gnu/libgomp.so.1" in said
    assert "CORES" not in said


def test_memory_that_really_runs_out_is_one_line(root):
    code = (
        "import resource\nfrom interplay import cli\n"
        "def command():\n    resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28))\n    bytearray(2**30)\n"
        "cli._register = command\ncli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: out of memory (this process took ")
    assert len(done.stderr.splitlines()) == 1


def test_an_error_of_ours_is_no_excuse(monkeypatch):
    def command():
        raise OSError("without a number")

    monkeypatch.setattr(cli, "_register", command)
    with pytest.raises(OSError, match="without a number"):
        cli.main()


def test_a_reader_that_has_seen_enough_is_no_error(root):
    command = f"{sys.executable} -m interplay forecast | head -c 1"
    done = subprocess.run(["bash", "-c", command], cwd=root, capture_output=True, text=True)
    assert done.stderr == ""
