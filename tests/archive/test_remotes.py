"""Remotes as they are: a server of S3, a web server that only serves, SSH, and one that DVC knows by name."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

import interplay.archive.bench as benches
from interplay.archive.publish import publish
from interplay.archive.restore import restore
from interplay.dvc import Said
from interplay.errors import InterplayError

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
SECRET = "not-a-secret-of-anyone"
RECORD = "records/grokking/modular-addition/seed0.json"


@pytest.fixture
def quiet():
    return {"say": lambda line: None}


@pytest.fixture
def same(contents):
    """Whether restored results are those that were published; their list names the commit of that moment."""

    def compare(results: Path, published: Path) -> bool:
        mine, theirs = contents(results), contents(published)
        del theirs["smoke/logs/run/theory.log"]
        return mine == theirs

    return compare


@pytest.fixture
def bucket(monkeypatch):
    """A server that speaks S3, with a bucket `results`; its address is all that DVC is told of it."""
    server = pytest.importorskip("moto.server", reason="moto[s3] is not installed").ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reviewer")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket="results")
    yield client
    server.stop()


def test_what_may_be_secret_of_a_remote_is_in_no_message(setup, reviewer, served, tmp_path):
    """A token before the host, a signature in the query: they stand in DVC's own complaints too."""
    (tmp_path / "empty").mkdir()
    url = served(tmp_path / "empty").replace("://", f"://{SECRET}@")
    lines = []
    with pytest.raises(InterplayError) as refused:
        restore(setup, reviewer, remote=f"{url}/folder?signature={SECRET}2", say=lines.append)
    assert SECRET not in f"{refused.value}{lines}"
    assert re.search(r"cannot be had from http://127.0.0.1:\d+/folder \(", str(refused.value))


@pytest.mark.parametrize("remote", [f"http://[{SECRET}", f"https://{SECRET}@host/\x07"])
def test_a_remote_that_is_no_url_is_one_line_without_it(setup, reviewer, quiet, remote):
    with pytest.raises(InterplayError, match=r"the remote('s URL cannot be read \(| holds characters)") as refused:
        restore(setup, reviewer, remote=remote, **quiet)
    assert SECRET not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("remote", ["lab.example.org:/srv/x", "me@lab:x", "s3:/bucket/x", "bucket/folder", "new/"])
def test_a_slip_in_an_address_makes_no_folder(setup, finished, quiet, monkeypatch, tmp_path, remote):
    monkeypatch.chdir(tmp_path)
    known = set(tmp_path.iterdir())
    with pytest.raises(InterplayError, match=r"neither a URL \(s3://bucket/path, ssh://host/path, ...\) nor a folder"):
        publish(setup, finished, remote=remote, **quiet)
    assert set(tmp_path.iterdir()) == known


@pytest.mark.parametrize("remote", ["there", "./new", "new/../new", "/"])
def test_a_folder_is_told_in_full(fresh, monkeypatch, tmp_path, remote):
    (tmp_path / "there").mkdir()
    (tmp_path / "new").mkdir() if remote.startswith("new") else None
    monkeypatch.chdir(tmp_path)
    with benches.bench(fresh, remote) as made:
        assert made.remote == str((tmp_path / remote).resolve())


@pytest.mark.parametrize("remote", ["~nosuchuser/remote", f"/{'a' * 300}", "a" * 300])
def test_a_folder_that_cannot_be_is_one_line(setup, finished, quiet, remote):
    with pytest.raises(InterplayError) as refused:
        publish(setup, finished, remote=remote, **quiet)
    assert "\n" not in str(refused.value) and remote[:5] in str(refused.value)


@pytest.mark.parametrize("when", ["opened", "locked"])
def test_a_bench_that_another_command_swept_before_it_was_locked_is_made_anew(tmp_path, fresh, monkeypatch, when):
    module, name = {"opened": (benches.tempfile, "mkdtemp"), "locked": (benches.fcntl, "flock")}[when]
    real, swept = getattr(module, name), []

    def sweeping(*arguments, **options):
        if when == "opened":
            made = real(*arguments, **options)
        if not swept:
            swept.append(True)
            benches._sweep(fresh)
        return made if when == "opened" else real(*arguments, **options)

    monkeypatch.setattr(module, name, sweeping)
    with benches.bench(fresh, f"{tmp_path}/") as made:
        assert swept and made.root.is_dir()
        benches._sweep(fresh)
        assert made.root.is_dir(), "what is in use stays"
    assert not list(fresh.glob(".dvc-bench-*"))


def test_what_vanishes_while_it_is_swept_is_no_error(fresh, monkeypatch):
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter([self / ".dvc-bench-gone"]))
    benches._sweep(fresh)


def test_s3(setup, finished, fresh, bucket, quiet, same, contents):
    publish(setup, finished, remote="s3://results/interplay", **quiet)
    shutil.copy(finished / "smoke.dvc", fresh)
    restore(setup, fresh, remote="s3://results/interplay", **quiet)
    assert same(fresh, finished)
    assert not any(SECRET.encode() in content for content in contents(finished.parent).values())
    stored = [one["Key"] for one in bucket.list_objects_v2(Bucket="results")["Contents"]]
    assert all(key.startswith("interplay/files/md5/") for key in stored)
    shutil.rmtree(fresh / "smoke")
    shutil.rmtree(fresh.parent / ".dvc/cache")
    for key in stored:
        bucket.put_object(Bucket="results", Key=key, Body=b"damage")
    with pytest.raises(InterplayError, match=r"published.json: cannot be had from s3://results/interplay"):
        restore(setup, fresh, remote="s3://results/interplay", **quiet)
    assert set(contents(fresh)) == {"smoke.dvc"}


def test_http_serves_what_was_published_elsewhere(setup, published, reviewer, remote, served, quiet, same):
    restore(setup, reviewer, remote=served(remote), **quiet)
    assert same(reviewer, published[0])


def test_http_without_the_file_or_the_server_is_one_line(setup, reviewer, tmp_path, served, quiet):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InterplayError, match=r"published.json: cannot be had from http://127.0.0.1:\d+ \(.*\); run"):
        restore(setup, reviewer, remote=served(tmp_path / "empty"), **quiet)


@pytest.mark.parametrize("how", ["refused", "cut off"])
def test_what_a_server_will_not_hand_out_is_no_damage(setup, published, reviewer, remote, stored, served, quiet, how):
    """Nothing is to be deleted there; nor is the signature told that the server repeats."""
    place = stored(remote, (published[0] / "smoke" / RECORD).read_bytes())

    def answer(handler):
        if place.name not in handler.path:
            return False
        if how == "refused":
            handler.send_error(403)
        else:
            handler.send_response(200)
            handler.send_header("Content-Length", str(place.stat().st_size))
            handler.end_headers()
            handler.wfile.write(place.read_bytes()[:50])
        return True

    with pytest.raises(InterplayError) as refused:
        restore(setup, reviewer, remote=served(remote, answer), level="records", **quiet)
    line = str(refused.value)
    assert re.search(rf"smoke/{RECORD}: cannot be had from http://127.0.0.1:\d+ \(", line) and "\n" not in line
    assert ("403, message='Forbidden'" if how == "refused" else "payload is not completed") in line
    assert "; run the same command again; " in line and "delete" not in line and "damage" not in line


@pytest.mark.parametrize(
    "url", [f"http://{SECRET}@host/a?b={SECRET}", f"s3://host/a#{SECRET}", f"ssh://u:{SECRET}@host/a"]
)
def test_urls_that_dvc_repeats_are_cut_to_what_may_be_told(tmp_path, url, monkeypatch):
    monkeypatch.setattr(benches, "run_dvc", lambda *given: Said(False, "", f"ERROR: 403, url='{url}' <{url}>", 1))
    said = benches.Bench(tmp_path, tmp_path, "there", "dvc").dvc("pull")
    bare = f"{url.partition(':')[0]}://host/a"
    assert said.complaints == f"ERROR: 403, url='{bare}' <{bare}>"


def test_a_remote_that_dvc_knows_by_name_is_used_with_all_that_is_configured(setup, finished, fresh, dvc, quiet, same):
    """Its folder stands in the configuration relative to it, as DVC writes that."""
    for results in (finished, fresh):
        dvc(results.parent, "remote", "add", "-q", "--local", "--default", "ours", "../remote")
    publish(setup, finished, remote="ours", **quiet)
    shutil.copy(finished / "smoke.dvc", fresh)
    restore(setup, fresh, remote=None, **quiet)
    assert same(fresh, finished)


@pytest.fixture
def ssh(tmp_path):
    """A server of SSH of one's own, and DVC's options for it: key, port, host."""
    if SSHD is None:
        pytest.skip("no sshd here; `apt-get install openssh-server` brings one")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    (tmp_path / "authorized").write_text((tmp_path / "user.pub").read_text())
    (tmp_path / "authorized").chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "authorized",
        "PidFile": tmp_path / "pid",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "yes",
        "Subsystem": "sftp internal-sftp",
    }
    (tmp_path / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in options.items()))
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config")], stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield {"port": str(port), "user": getpass.getuser(), "keyfile": str(tmp_path / "user")}
    server.terminate()
    server.wait()


def test_ssh(setup, finished, fresh, ssh, tmp_path, dvc, quiet, same, contents):
    """Key, port and user stand in DVC's local configuration, which git does not see."""
    for results in (finished, fresh):
        dvc(results.parent, "remote", "add", "-q", "--local", "server", f"ssh://127.0.0.1{tmp_path}/far")
        for key, value in ssh.items():
            dvc(results.parent, "remote", "modify", "-q", "--local", "server", key, value)
    publish(setup, finished, remote="server", **quiet)
    shutil.copy(finished / "smoke.dvc", fresh)
    restore(setup, fresh, remote="server", **quiet)
    assert same(fresh, finished)
    assert str(tmp_path) not in (finished / "smoke.dvc").read_text()
