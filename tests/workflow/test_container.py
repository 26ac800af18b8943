"""The image: a pinned base, nobody's secrets, no root, and neither more nor less than the repository inside."""

import json
import os
import re
import subprocess
import tomllib

import pathspec
import pytest
import yaml

PINNED = re.compile(r"\S+@sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def stages(root):
    """Instructions of the Dockerfile by stage, in order, what a stage builds upon first; '' is what comes before."""
    text = re.sub(r"^\s*#.*\n", "", (root / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found, current = {"": []}, ""
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            upon, _, name = rest.partition(" AS ")
            current = name or "last"
            assert upon == "${BASE}" or upon in found, f"{upon} is neither the base nor a stage"
            found[current] = list(found.get(upon, []))
        found[current].append((word, rest))
    return found


def last(instructions, word):
    return [rest for found, rest in instructions if found == word][-1]


def test_the_base_is_pinned_by_digest_and_the_same_for_both_engines(root, stages):
    base = last(stages[""], "ARG").removeprefix("BASE=")
    assert PINNED.fullmatch(base)
    assert f"\nFrom: {base}\n" in (root / "envs/interplay.def").read_text()


@pytest.mark.parametrize("stage", ["runtime", "test", "last"])
def test_what_is_run_is_not_run_by_root(stages, stage):
    user = last(stages[stage], "USER").split(":")[0]
    assert user.isdecimal(), "an orchestrator tells root from others by a number only"
    assert int(user) > 0


def test_without_a_target_the_runtime_is_built_and_it_holds_no_tests(stages):
    assert [one for one in stages["last"] if one[0] != "FROM"] == [one for one in stages["runtime"] if one[0] != "FROM"]
    assert any("rm -rf tests" in rest for word, rest in stages["project"] if word == "RUN")
    assert ("COPY", "tests/ tests/") in stages["test"]


def test_secrets_are_mounted_and_neither_copied_nor_named(stages):
    for instructions in stages.values():
        for word, rest in instructions:
            assert word != "ADD", rest
            if word in ("ARG", "ENV", "COPY", "LABEL"):
                assert not re.search(r"cert|\bca\b|\.crt|token|passw|proxy|pip\.conf", rest, re.IGNORECASE), rest
            if word == "RUN" and ("envs/secrets.sh" in rest or "interplay fetch" in rest):
                assert {"--mount=type=secret,id=ca", "--mount=type=secret,id=pip"} <= set(rest.split())


def test_certificates_reach_the_build_as_a_secret_alone(root):
    def arguments(*given):
        command = ["make", "--no-print-directory", "--silent", "container", "ENGINE=echo", *given]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout

    shown = arguments("CA=/some/bundle.crt", "PIP_CONF=/some/pip.conf", "BASE=other")
    assert "--secret=id=ca,src=/some/bundle.crt --secret=id=pip,src=/some/pip.conf" in shown
    assert shown.count("/some/") == 2
    assert "--build-arg=BASE=other" in shown
    plain = arguments()
    assert "--secret" not in plain
    assert "BASE=" not in plain


def test_labels_say_what_the_project_says_of_itself(root, stages):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    labels = dict(re.findall(r'org\.opencontainers\.image\.([\w.]+)="([^"]*)"', last(stages["runtime"], "LABEL")))
    assert labels["title"] == project["name"]
    assert {key: labels[key] for key in ("description", "version")} == {
        key: project[key] for key in ("description", "version")
    }
    assert labels["licenses"] == project["license"]


@pytest.fixture(scope="module")
def ignored(root):
    """Whether a path stays out of the build; patterns of a .dockerignore start at the root, and the last one counts."""
    lines = (root / ".dockerignore").read_text().splitlines()
    patterns = [re.sub(r"^(!?)(?=[^*])", r"\1/", line) for line in lines if line and line[0] != "#"]
    return pathspec.GitIgnoreSpec.from_lines(patterns).match_file


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        ".cache/setup.lock",
        ".dvc/cache/files/md5/00/1",
        ".dvc/config.local",
        ".env",
        "data/fashion-mnist/train-images-idx3-ubyte.gz",
        "data/weights/clip.safetensors",
        "envs/ca.crt",
        "envs/pip.conf",
        "interplay.sif",
        "interplay.tar",
        "results/smoke/records/supervised/run.json",
        "src/interplay/__pycache__/errors.cpython-311.pyc",
    ],
)
def test_what_belongs_to_a_machine_stays_out(ignored, path):
    assert ignored(path)


def test_all_that_the_repository_holds_goes_in(root, ignored):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True)
    if listed.returncode:
        pytest.skip("needs git to tell the project's files from others")
    kept = [name for name in listed.stdout.decode().split("\0") if name and not name.startswith("data/splits/")]
    assert kept
    assert [name for name in kept if ignored(name)] == []


@pytest.fixture
def start(root, tmp_path):
    """Starts a command as the image does, in a folder that stands for the image's."""
    text = (root / "envs/entrypoint.sh").read_text()
    assert "/interplay/" in text
    (tmp_path / ".cache/reference").mkdir(parents=True)
    (tmp_path / ".cache/reference/run.json").write_text("{}")
    script = tmp_path / "entrypoint.sh"
    script.write_text(text.replace("/interplay/", f"{tmp_path}/"))

    def call(*command):
        return subprocess.run(["sh", str(script), *command], capture_output=True, text=True, cwd=tmp_path)

    return call


def test_a_mounted_folder_gets_the_committed_runs_and_the_command_is_run_as_given(start, tmp_path):
    (tmp_path / "results").mkdir()
    done = start("sh", "-c", 'echo "$1"; exit 7', "sh", "two  words")
    assert (done.returncode, done.stdout, done.stderr) == (7, "two  words\n", "")
    assert [path.name for path in (tmp_path / "results").rglob("*")] == ["reference", "run.json"]
    (tmp_path / "results/reference/run.json").write_text("mine")
    start("true")
    assert (tmp_path / "results/reference/run.json").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_one_line(start):
    refused = start("python", "workflow/reproduce.py")
    assert refused.returncode == 2
    assert re.fullmatch(rf"error: user {os.getuid()} may not write .*; add --user [^\n]*\n", refused.stderr)
    assert start("echo", "measured").stdout == "measured\n"  # what writes no results is not held up


def test_services_are_of_the_image_and_one_of_them_asks_for_a_gpu(root, stages):
    services = yaml.safe_load((root / "compose.yaml").read_text())["services"]
    reserved = services["gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert [(one["driver"], one["capabilities"]) for one in reserved] == [("nvidia", ["gpu"])]
    assert "deploy" not in services["cpu"]
    for name in ("cpu", "gpu"):
        targets = [volume.rsplit(":", 1)[1] for volume in services[name]["volumes"]]
        assert last(stages["runtime"], "VOLUME") in targets
    assert services["test"]["build"]["target"] in stages


def test_the_development_container_is_a_stage_with_its_user(root, stages):
    content = json.loads((root / ".devcontainer/devcontainer.json").read_text())
    build = content["build"]
    assert (root / ".devcontainer" / build["dockerfile"]).resolve() == root / "Dockerfile"
    assert last(stages[build["target"]], "USER") == content["remoteUser"]
