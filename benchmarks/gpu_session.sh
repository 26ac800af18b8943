#!/usr/bin/env bash
# What only a GPU can show, for whoever has one next: one part per call, each well inside ten minutes on a recent card.
#   benchmarks/gpu_session.sh tests      GPU tests, and CPU and GPU agree
#   benchmarks/gpu_session.sh speed      DatasetInformation and training throughput, as ratios
#   benchmarks/gpu_session.sh review     the review tier of supervised training on offline data (start again to go on)
#   benchmarks/gpu_session.sh grokking   grokking at the published size
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
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
