#!/usr/bin/env bash
# Is the image what docs/container.md says? Builds it with a real engine, weighs it, looks for secrets in its layers and
# runs the smoke tier and `make test` inside; the last lines say minutes, sizes and what passed.
#   benchmarks/container_trial.sh                all parts below, about two hours on two cores
#   benchmarks/container_trial.sh build          the images `interplay` and `interplay:test`, and the minutes they take
#   benchmarks/container_trial.sh layers         sizes, and the layers and packages that dominate
#   benchmarks/container_trial.sh secrets        nothing of CA and PIP_CONF in history or layers, nor the paths in the history
#   benchmarks/container_trial.sh part           one claim and one measurement, as a user that the image does not know
#   benchmarks/container_trial.sh smoke          the smoke tier without network, into $OUT/results, with Snakemake's notes
#   benchmarks/container_trial.sh tests          `make test` without network; TESTS="pytest tests/records" runs less
# ENGINE, BASE, CA, PIP_CONF and BUILD_FLAGS are those of `make container`. A run inside ends within LIMIT seconds (7200).
# OUT (default: results/container-trial) takes results and logs.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/bin:$PATH
engine=${ENGINE:-docker} limit=${LIMIT:-7200} out=$(realpath -m "${OUT:-results/container-trial}")
export ENGINE=$engine
said=() failed=0
mkdir -p "$out"

# timed NAME: run it, keep its log, note minutes and whether it passed.
timed() {
    local name=$1 begin=$SECONDS status
    "$name" 2>&1 | tee "$out/$name.log"
    status=${PIPESTATUS[0]}
    [ "$status" = 0 ] || failed=1
    said+=("$(printf '%-16s %6.1f min  %s' "$name" "$(bc -l <<<"($SECONDS - $begin) / 60")" \
        "$([ "$status" = 0 ] && echo passed || echo "FAILED with status $status, see $out/$name.log")")")
}

# inside IMAGE OPTIONS -- COMMAND...: without network and within the limit, the container ended with the client.
inside() {
    local image=$1 options=() name=interplay-trial-$$
    shift
    case $engine in *podman)
        options+=(--security-opt=label=disable)
        [ "$(id -u)" = 0 ] || options+=(--userns=keep-id)
    esac
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    timeout "$limit" "$engine" run --rm --init --name "$name" --network none ${options[@]+"${options[@]}"} "$image" "$@"
    local status=$?
    "$engine" kill "$name" >/dev/null 2>&1
    return "$status"
}

build() { make container && make container-tests; }

layers() {
    "$engine" images --format '{{.Repository}}:{{.Tag}} {{.Size}}' interplay
    make --no-print-directory container-layers
}

secrets() {
    "$engine" history --no-trunc --format '{{.CreatedBy}}' interplay:test >"$out/history.txt"
    "$engine" inspect --format '{{json .Config}}' interplay:test >>"$out/history.txt"
    local path
    for path in ${CA:+"$CA"} ${PIP_CONF:+"$PIP_CONF"}; do
        if grep -qF -- "$path" "$out/history.txt"; then echo "the history names $path"; return 1; fi
    done
    "$engine" save interplay:test |
        python benchmarks/container_scan.py ${CA:+"--bundle=$CA"} ${PIP_CONF:+"--settings=$PIP_CONF"}
}

part() {
    mkdir -p "$out/part" && chmod a+rwx "$out/part"
    inside interplay --user 4321:4321 --volume "$out/part:/interplay/results" -- \
        make claim ID=metrics24_theorem_iv4 CORES=1 &&
        inside interplay --user 4321:4321 --volume "$out/part:/here" -- sh -c '
            python -c "import numpy as np; rng = np.random.default_rng(0); labels = np.arange(200) % 4
np.savez(\"/here/features.npz\", features=np.eye(4, 16)[labels] + rng.normal(0, 0.1, (200, 16)), labels=labels)" &&
            interplay measure /here/features.npz'
}

smoke() {
    mkdir -p "$out/results"
    inside interplay --user "$(id -u):$(id -g)" --volume "$out/results:/interplay/results" -- \
        python workflow/reproduce.py --tier smoke && test -s "$out/results/smoke/report/index.html" &&
        test -n "$(ls "$out/results/.snakemake/metadata")"
}

tests() {
    # shellcheck disable=SC2086  # TESTS is a command with its arguments
    inside interplay:test -- ${TESTS:-make test}
}

for name in ${*:-build layers secrets part smoke tests}; do
    case $name in
        build | layers | secrets | part | smoke | tests) timed "$name" ;;
        *) echo "error: there is no part $name; give build, layers, secrets, part, smoke or tests" >&2; exit 2 ;;
    esac
done
printf '%s\n' "${said[@]}"
exit "$failed"
