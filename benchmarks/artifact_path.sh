#!/bin/sh
# The ten-minute path of ARTIFACT.md in a fresh clone of this checkout, removed afterwards: prints the minutes of each
# step. For an idle machine; packages come from the caches that it has.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d "${TMPDIR:-/tmp}/artifact-path-XXXXXX")
trap 'rm -rf "$place"' EXIT INT TERM
unset PYTHONPATH PYTHONHOME MAKEFLAGS
total=0

step() {
    name=$1
    shift
    began=$(date +%s)
    "$@" > "$place/log" 2>&1 || { cat "$place/log" >&2; echo "error: $name failed" >&2; exit 1; }
    took=$(($(date +%s) - began))
    total=$((total + took))
    printf '%-10s %3d min %02d s\n' "$name" $((took / 60)) $((took % 60))
}

figure() {
    cp -r results/reference/grokking-paper "$place/grokking"
    .venv/bin/interplay figure metrics24/fig9 --results "$place/grokking"
}

step clone git clone --quiet "$here" "$place/interplay"
cd "$place/interplay"
step set-up make setup
step claim make claim ID=metrics24_theorem_iv4
step figure figure
printf '%-10s %3d min %02d s\n' total $((total / 60)) $((total % 60))
