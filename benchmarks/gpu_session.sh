#!/usr/bin/env bash
# What only a GPU can show, for whoever has one next: one part per call, each well inside ten minutes on a recent card.
#   benchmarks/gpu_session.sh tests      GPU tests, and CPU and GPU agree
#   benchmarks/gpu_session.sh speed      DatasetInformation and training throughput, as ratios
#   benchmarks/gpu_session.sh review     the review tier of supervised training on offline data (start again to go on)
#   benchmarks/gpu_session.sh grokking   grokking at the published size
#   benchmarks/gpu_session.sh trained    what is measured on the review tier's networks: temperature, connectivity, pruning, ...
#   benchmarks/gpu_session.sh information  V-information of the thesis' networks at the published protocol (start again to go on)
#   benchmarks/gpu_session.sh decoders   decoders trained side by side against one by one, as a ratio
# Needs torch, torchvision and the package's own dependencies, but neither Snakemake nor DVC, and no network where
# data/fashion-mnist is there. Results go to ${OUT:-results}; copy the records worth keeping to results/reference/ with
# `python benchmarks/keep_reference.py FROM NAME`.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="src${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
out=${OUT:-results}
case ${1:-} in
tests) python -m pytest -m gpu -rs tests ;;
speed)
    python benchmarks/dataset_information.py --device cuda | tee "$out/dataset_information.txt"
    python benchmarks/training_throughput.py --device cuda | tee "$out/training_throughput.txt"
    ;;
review)
    # Ten minutes a call: the runs that are finished are kept, the one in progress resumes from its checkpoint.
    timeout 540 python -m interplay run supervised --tier review --data offline --results "$out" --device cuda || test $? = 124
    ;;
grokking) timeout 540 python -m interplay run grokking --tier paper --results "$out" --device cuda || test $? = 124 ;;
trained)
    for experiment in temperature connectivity pruning estimators; do
        timeout 240 python -m interplay run "$experiment" --tier review --data offline --results "$out" --device cuda || test $? = 124
    done
    ;;
information)
    # Checkpointed after every epoch of the main network; `interplay forecast --tier paper` says what is left to do.
    for network in f_plus f_minus; do
        timeout 280 python -m interplay run compression --tier paper --data offline --run "fashion-mnist/$network/information/*" \
            --results "$out" --device cuda || test $? = 124
    done
    ;;
decoders) python benchmarks/side_by_side_decoders.py --published --given-label --device cuda | tee "$out/side_by_side_decoders.txt" ;;
*)
    sed -n '2,12s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
