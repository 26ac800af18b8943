#!/bin/sh
# Resolve pyproject.toml and the .in files into the hash-pinned locks, from the public index only: no configuration and
# no local index of this machine may leak into them.
set -eu
cd "$(dirname "$0")/.."
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_FIND_LINKS
compile() {
    output=$1
    shift
    .venv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --output-file "$output" "$@"
}
compile envs/bootstrap.lock envs/bootstrap.in "$@"
compile envs/requirements.lock --constraint envs/bootstrap.lock --extra clip --extra workflow --extra archive --extra dev pyproject.toml envs/requirements.in "$@"
compile envs/clusters.lock --constraint envs/requirements.lock --extra clusters pyproject.toml "$@"
