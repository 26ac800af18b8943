"""The image: a pinned base, nobody's secrets, no root, and neither more nor less than the repository inside."""

import json
import os
import re
import shutil
import subprocess
import sys
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
    assert any("mv tests /tests" in rest for word, rest in stages["project"] if word == "RUN")
    assert ("COPY", "--from=project /tests tests/") in stages["test"]


@pytest.mark.parametrize("stage", ["runtime", "test"])
def test_a_checkout_that_others_may_not_read_makes_an_image_that_starts(stages, stage):
    """COPY keeps rights: what comes from the checkout passes `project`, which gives them before all else."""
    own = stages[stage][len(stages["base"]) :]
    assert all(rest.startswith("--from=") for word, rest in own if word == "COPY")
    from_checkout = stages["project"].index(("COPY", ". ."))
    assert stages["project"][from_checkout + 1] == ("RUN", "chmod -R a+rX .")
    assert not [rest for word, rest in stages["project"][from_checkout + 1 :] if word == "COPY"]


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
    patterns = [re.sub(r"^(!?)(?!\*\*)", r"\1/", line) for line in lines if line and line[0] != "#"]
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
        ".env.local",
        ".netrc",
        ".snakemake/log/x.log",
        "anything",
        "config/.env.local",
        "config/.netrc",
        "data/fashion-mnist/train-images-idx3-ubyte.gz",
        "data/weights/clip.safetensors",
        "envs/ca.crt",
        "envs/client.p12",
        "envs/pip.conf",
        "envs/uv.toml",
        "interplay.sif",
        "interplay.tar",
        "results/smoke/records/supervised/run.json",
        "notes/of/mine.txt",
        "src/interplay/__pycache__/errors.cpython-311.pyc",
        "uv.toml",
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


def test_what_is_let_in_is_there(root):
    """Or a name that is no longer the project's would let in what happens to bear it."""
    named = [line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert [name for name in named if not any(root.glob(name))] == [
        "results/*.dvc"
    ]  # pins, once something is published


@pytest.fixture
def container(root, stages, tmp_path):
    """Makes a folder that stands for the image's, upon a folder of results, and starts a command there as it does."""
    text = (root / "envs/entrypoint.sh").read_text()
    assert "/interplay/" in text
    link = re.search(r"ln -sT (\S+) (\S+)", " ".join(rest for _, rest in stages["project"]))

    def make(name, results=tmp_path / "mounted", **reference):
        folder = tmp_path / name
        (folder / ".cache/reference/deep").mkdir(parents=True)
        for file, content in (reference or {"run.json": "{}"}).items():
            (folder / ".cache/reference/deep" / file).write_text(content)
        (folder / "results").symlink_to(results)
        (folder / link[2]).symlink_to(link[1])
        (folder / "entrypoint.sh").write_text(text.replace("/interplay/", f"{folder}/"))

        def call(*command, **variables):
            command = ["sh", str(folder / "entrypoint.sh"), *command]
            return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=os.environ | variables)

        return call

    return make


@pytest.fixture
def mounted(tmp_path):
    folder = tmp_path / "mounted"
    folder.mkdir()
    return folder


def test_a_mounted_folder_gets_the_committed_runs_and_the_command_is_run_as_given(container, mounted):
    start = container("image", **{"run.json": "{}"})
    done = start("sh", "-c", 'echo "$1"; exit 7', "sh", "two  words")
    assert (done.returncode, done.stdout, done.stderr) == (7, "two  words\n", "")
    assert sorted(path.name for path in mounted.iterdir()) == [".snakemake", "reference"]
    assert (mounted / "reference/deep/run.json").read_text() == "{}"
    (mounted / "reference/deep/run.json").write_text("mine")
    assert start("true").returncode == 0
    assert (mounted / "reference/deep/run.json").read_text() == "mine"


def test_what_an_earlier_image_left_gives_way_unless_someone_changed_it(container, mounted):
    old, new = container("old", **{"run.json": "old", "gone.json": "{}"}), container("new", **{"run.json": "new"})
    for first, second in ((old, new), (new, old)):
        assert first("true").returncode == second("true").returncode == 0
    assert {path.name for path in mounted.glob("reference/deep/*")} == {"run.json", "gone.json"}
    (mounted / "reference/deep/gone.json").unlink()
    assert new("true").returncode == 0
    assert (mounted / "reference/deep/run.json").read_text() == "old"
    assert sorted(path.name for path in mounted.iterdir()) == [".snakemake", "reference"]


def test_the_committed_runs_of_a_checkout_are_left_as_they_are(container, mounted):
    (mounted / "reference/deep").mkdir(parents=True)
    (mounted / "reference/deep/run.json").write_text("the checkout's")
    assert container("image")("true").returncode == 0
    assert [path.name for path in (mounted / "reference").rglob("*")] == ["deep", "run.json"]
    assert (mounted / "reference/deep/run.json").read_text() == "the checkout's"


@pytest.mark.parametrize("before", [{}, {"run.json": "old"}])
def test_a_copy_that_fails_is_one_line_and_not_put_in_place(container, mounted, tmp_path, before):
    if before:
        container("old", **before)("true")
    programs = tmp_path / "programs"
    programs.mkdir()
    half = "#!/bin/sh\nmkdir -p \"$3/deep\"\nprintf 'cp: %s: No space left on device\\n' a b >&2\nexit 1\n"
    (programs / "cp").write_text(half)
    (programs / "cp").chmod(0o755)
    refused = container("new", **{"run.json": "new"})("echo", "run", PATH=f"{programs}:{os.environ['PATH']}")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert re.fullmatch(r"error: the folder mounted at \S+ cannot .*: cp: a: No space left on device\n", refused.stderr)
    assert [path.read_text() for path in mounted.glob("reference/deep/*")] == list(before.values())
    assert not list(mounted.glob(".reference.*"))


def test_a_folder_that_cannot_be_written_is_one_line(container):
    start = container("image")  # nothing is mounted
    for command in (["python", "workflow/reproduce.py"], ["make", "claim", "ID=x"], ["snakemake", "-n"]):
        refused = start(*command)
        assert refused.returncode == 2
        assert re.fullmatch(rf"error: user {os.getuid()} may not write .*; add --user [^\n]*\n", refused.stderr)
    assert start("echo", "measured").stdout == "measured\n"  # what writes no results is not held up


def test_what_made_a_file_is_known_to_the_next_container_of_the_folder(container, mounted, tmp_path):
    def snakemake(start, *options):
        done = start(sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-triggers", "params", *options)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    starts = []
    for name, digest in (("first", "a"), ("second", "a"), ("other-code", "b")):
        starts.append(container(name))
        rule = f'rule run:\n    output: "results/record"\n    params: code="{digest}"\n    shell: "echo > {{output}}"\n'
        (tmp_path / name / "Snakefile").write_text(rule)
    snakemake(starts[0])
    assert list(mounted.glob(".snakemake/metadata/*"))
    assert "Nothing to be done" in snakemake(starts[1], "--dry-run")
    assert "Params have changed" in snakemake(starts[2], "--dry-run")


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


def test_the_development_container_has_an_environment_of_its_own(root, stages):
    """The checkout is the host's, whose .venv would be cleared for having been made under another path."""
    content = json.loads((root / ".devcontainer/devcontainer.json").read_text())
    (mount,) = (dict(part.split("=") for part in one.split(",")) for one in content["mounts"])
    assert mount["type"] == "volume"
    assert "${devcontainerId}" in mount["source"]
    assert mount["target"] == f"{content['workspaceFolder']}/.venv"
    made = last(stages[content["build"]["target"]], "RUN")
    assert f"--owner {content['remoteUser']} --mode 777 {mount['target']}" in made


@pytest.mark.parametrize(
    ("engine", "user", "options"),
    [
        ("docker", 1000, []),
        ("docker", 0, []),
        ("podman", 1000, ["--userns=keep-id", "--security-opt=label=disable"]),
        ("podman", 0, ["--security-opt=label=disable"]),
    ],
)
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_folder_given_to_make_is_mounted_by_its_whole_path_and_as_the_users(root, tmp_path, engine, user, options):
    shutil.copy(root / "Makefile", tmp_path)
    programs = {engine: '[ "$1" = build ] || printf "%s\\n" "$@"', "id": f"echo {user}", "git": ":"}
    for name, line in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    for given, folder in ([], "results/container"), (["RESULTS=re sults"], "re sults"):
        command = ["make", "-C", str(tmp_path), "--silent", "--no-print-directory", "smoke-in-container", *given]
        environment = {key: value for key, value in os.environ.items() if "MAKE" not in key and key != "RESULTS"}
        environment |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ENGINE": engine}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        words = done.stdout.splitlines()
        assert done.returncode == 0, done.stderr
        assert words[-2:] == [f"{tmp_path}/{folder}:/interplay/results", "interplay"]
        assert words[words.index("--user") + 1] == f"{user}:{user}"
        assert [word for word in words if "=" in word] == options
