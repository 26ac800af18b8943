import sys

from interplay.doctor import commands
from interplay.doctor.commands import cards_of_torch, look_at_cards, look_for, read_cards

TABLE = """0, NVIDIA H100 80GB HBM3, 81559, 80994, 9.0, 580.82.07
1, NVIDIA GeForce RTX 4060, 8188, 7800, 8.9, 580.82.07
2, Broken, [N/A], [N/A], [N/A], 580.82.07
"""


def program(folder, name, text, monkeypatch):
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_cards_are_read_as_their_driver_prints_them():
    first, second = read_cards(TABLE)
    assert (first.name, first.memory_mib, first.capability) == ("NVIDIA H100 80GB HBM3", 81_559, (9, 0))
    assert (second.index, second.free_mib, second.driver) == (1, 7800, "580.82.07")
    assert read_cards("No devices were found\n") == ()


def test_a_machine_with_cards_is_seen(tmp_path, monkeypatch):
    program(tmp_path, "nvidia-smi", f"print({TABLE!r})", monkeypatch)
    found, problem = look_at_cards()
    assert (len(found), problem) == (2, "")


def test_a_driver_that_does_not_run_is_said(tmp_path, monkeypatch):
    said = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    program(tmp_path, "nvidia-smi", f"import sys\nprint({said!r})\nsys.exit(9)", monkeypatch)
    assert look_at_cards() == ((), f"nvidia-smi: {said}")


def test_no_driver_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert look_at_cards() == ((), "nvidia-smi is not installed")


def test_what_is_installed_answers_or_says_why_not(tmp_path, monkeypatch):
    program(tmp_path, "docker", "import sys\nsys.exit('Cannot connect to the Docker daemon')", monkeypatch)
    program(tmp_path, "podman", "print('5.1.0')", monkeypatch)
    docker, podman = look_for(commands.ENGINES)
    assert (docker.name, docker.silent) == ("docker", "Cannot connect to the Docker daemon")
    assert (podman.name, podman.version, podman.silent) == ("podman", "5.1.0", "")


def test_torch_is_asked_in_a_process_of_its_own(tmp_path, monkeypatch):
    program(tmp_path, "python", "print('a warning')\nprint(3)", monkeypatch)
    assert cards_of_torch(str(tmp_path / "python")) == (3, "")
    program(tmp_path, "python", "raise SystemExit('no torch')", monkeypatch)
    assert cards_of_torch(str(tmp_path / "python")) == (None, "no torch")
