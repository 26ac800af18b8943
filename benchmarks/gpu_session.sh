#!/usr/bin/env bash
# What only a GPU can show, for whoever has one next. A call ends within LIMIT seconds (540); what it cuts off goes on
# from its checkpoints when it is called again.
#   benchmarks/gpu_session.sh session     the most important of the parts below, each cut short, in 7 minutes in all
#   benchmarks/gpu_session.sh tests       every training loop on CUDA, and CPU and GPU agree
#   benchmarks/gpu_session.sh speed       training throughput and DatasetInformation, as ratios
#   benchmarks/gpu_session.sh decoders    decoders trained side by side against one by one, and seconds per V-information
#   benchmarks/gpu_session.sh semi_supervised
#                                         every semi-supervised method on CUDA and captured, a published step of
#                                         FreeMatch and its parts (against semilearn's, where REFERENCE names the Python
#                                         of an environment that has it), then the review tier's runs of seed 0
#   benchmarks/gpu_session.sh cross_modal the dual encoders and prompts on CUDA, a step and its parts, then the review
#                                         tier's runs of seed 1 (needs open_clip_torch; DATA=published wants the sets)
#   benchmarks/gpu_session.sh run TIER [EXPERIMENT [RUNS]]
#                                         records of a tier: of all experiments that want a GPU, of one, or of some of
#                                         its runs, for example `run paper compression 'fashion-mnist/information'`
# Needs the packages of pyproject.toml, pytest and hypothesis, but neither Snakemake nor DVC; no network either where
# DATA (offline) is there already. Everything goes to ${OUT:-results}: figures as text files, records below a folder of
# their tier, from where `python benchmarks/keep_reference.py FOLDER NAME RUNS` copies those worth keeping.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="src${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
out=${OUT:-results}
limit=${LIMIT:-540}
python=$(command -v python || command -v python3)
failed=0

# One line on what this machine lacks. A version outside of what is tested may still do.
check_needs() {
    "$python" - <<'END'
import sys, tomllib
from importlib.metadata import PackageNotFoundError, version
from packaging.requirements import Requirement

wanted = [Requirement(line) for line in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]]
wanted = [one for one in wanted if one.marker is None or one.marker.evaluate()]
missing, other = [], []
for one in [*wanted, Requirement("pytest"), Requirement("hypothesis")]:
    try:
        if not one.specifier.contains(version(one.name), prereleases=True):
            other.append(f"{one} (here {version(one.name)})")
    except PackageNotFoundError:
        missing.append(str(one))
if other:
    print("untested versions:", ", ".join(other), file=sys.stderr)
if missing:
    sys.exit(f"error: missing here: {', '.join(missing)}; install them, offline from wheels, or put them on PYTHONPATH")
END
}

# experiments TIER: those with a run that gains from a GPU, those first whose networks others measure.
experiments() {
    "$python" - "$1" <<'END'
import sys
from pathlib import Path
from interplay.errors import InterplayError
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup

try:
    jobs = plan_jobs(load_setup(Path("config"), sys.argv[1]))
except InterplayError as error:
    sys.exit(f"error: {error}")
print(*dict.fromkeys(job.experiment for job in jobs if job.accelerator))
END
}

# part NAME SECONDS COMMAND...: what it prints goes to a file and its end to the screen; a failure stops nothing.
part() {
    local name=$1 seconds=$2 began=$SECONDS status=0 word=done
    shift 2
    echo "== $name, at most $seconds s: $*"
    timeout --signal=INT --kill-after=5 "$seconds" "$@" >"$out/$name.txt" 2>&1 || status=$?
    tail -n 25 "$out/$name.txt"
    # Tests that are all skipped, for want of a GPU, show nothing: pytest's own status where there are none.
    case $status:$(tail -n 1 "$out/$name.txt") in 0:*\ passed*) ;; 0:*\ skipped*) status=5 ;; esac
    case $status in
    0) ;;
    124 | 137) word="cut off" failed=1 ;;
    *) word="failed with $status" failed=1 ;;
    esac
    echo "$name: $word after $((SECONDS - began)) s" | tee -a "$out/summary.txt"
}

# run_for_the_rest EXPERIMENT ARGUMENTS...: within what is left of the call; being cut off is no failure.
run_for_the_rest() {
    local left=$((limit - SECONDS)) status=0
    if ((left < 10)); then
        echo "no time left for $1; call again to go on"
        return
    fi
    timeout --kill-after=10 "$left" "$python" -m interplay run "$@" --results "$out" --device cuda || status=$?
    case $status in
    0) ;;
    124 | 137) echo "$1: cut off; call again to go on" ;;
    *) failed=1 ;;
    esac
}

tests() { part tests "$1" "$python" -m pytest -m gpu -rs -v --tb=short --durations=15 --continue-on-collection-errors tests; }
throughput() { part training_throughput "$1" "$python" benchmarks/training_throughput.py --device cuda "${@:2}"; }
information() { part dataset_information "$1" "$python" benchmarks/dataset_information.py --device cuda "${@:2}"; }
freematch() {
    part "freematch_$2" "$1" "$python" benchmarks/semi_supervised.py --device cuda --precision "$2" --capture "$3" \
        ${REFERENCE:+--reference "$REFERENCE"}
}
decoders() { part "$1" "$2" "$python" benchmarks/side_by_side_decoders.py --published --device cuda "${@:3}"; }

case ${1:-} in
session | tests | speed | decoders | semi_supervised | cross_modal | run)
    check_needs
    mkdir -p "$out"
    rm -f "$out/summary.txt"
    ;;
*)
    sed -n '2,20s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
case $1 in
session)
    tests 125
    throughput 75 --modes none cuda_graph # compiling takes minutes
    decoders decoders 75 --network f_plus --epochs 1 --ways "one by one" "side by side, as chosen"
    decoders reading 60 --network f_plus f_minus --epochs 2 --only-given-label --ways "side by side, as chosen"
    information 50 --only size naive linear
    ;;
tests) tests "$limit" ;;
speed)
    throughput $((limit / 2))
    information $((limit / 2))
    ;;
decoders) decoders decoders "$limit" --given-label --epochs 1 ;;
semi_supervised)
    part semi_supervised_tests 150 "$python" -m pytest -m gpu -rs -v --tb=short tests/experiments/semi_supervised \
        tests/data/test_semi_supervised.py tests/data/test_randaugment.py tests/data/test_strong.py
    freematch 120 tf32 cuda_graph
    REFERENCE='' freematch 60 fp32 none
    run_for_the_rest semi_supervised --tier review --data "${DATA:-offline}" --run '*/seed0'
    ;;
cross_modal)
    part cross_modal_tests 120 "$python" -m pytest -m gpu -rs -v --tb=short tests/experiments/cross_modal tests/models
    part cross_modal_step 120 "$python" benchmarks/cross_modal.py --device cuda
    [ "${DATA:-offline}" = published ] || run_for_the_rest clip_pretraining --tier review --data offline
    run_for_the_rest cross_modal --tier review --data "${DATA:-offline}" --run 'zero_shot/*'
    run_for_the_rest cross_modal --tier review --data "${DATA:-offline}" --run '*/seed1'
    ;;
run)
    tier=${2:?give a tier: review or paper}
    chosen=${3:-$(experiments "$tier")} || exit 1
    [ -n "$chosen" ] || { echo "error: tier $tier has no run that gains from a GPU" >&2; exit 1; }
    for experiment in $chosen; do
        run_for_the_rest "$experiment" --tier "$tier" --data "${DATA:-offline}" --run "${4:-*}"
    done
    ;;
esac
if [ -f "$out/summary.txt" ]; then printf '== summary\n' && cat "$out/summary.txt"; fi
exit "$failed"
