#!/usr/bin/env bash
# Whether the workflow keeps its word on Slurm: one node with two GPUs that do not exist, real jobs in its queue.
#   benchmarks/slurm_trial.sh [shrunken|smoke [PARTS]]     three small experiments, or the whole smoke tier
# (a) everything is made, by jobs that never share a card, and a third job waits for one; (b) after a change of one
# figure's module that figure and the report are made again, nothing else; (c) a job that its time limit ends and a job
# that is pre-empted go on from their checkpoints, to the records of an undisturbed run; (d) Ctrl-C and kill -9 leave no
# job behind, and a node drained in the middle and resumed loses nothing. PARTS are letters (abcd); b and d need a.
# Needs root and slurm-wlm (else says so, and ends with status 77), the plugins of envs/clusters.lock, 6 GiB of memory.
# Everything happens in a folder of its own (TRIAL, by default a temporary one, kept where something failed); no workflow
# takes longer than LIMIT seconds.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD tier=${1:-shrunken} parts=${2:-abcd}
source benchmarks/slurm_node.sh
case $tier in shrunken | smoke) ;; *) echo "error: $tier is neither shrunken nor smoke" >&2; exit 2 ;; esac
case $parts in '' | *[!abcd]*) echo "error: PARTS are letters of abcd, and '$parts' has others or none" >&2; exit 2 ;; esac
[ -d .venv ] && PATH=$root/.venv/bin:$PATH
missing=$(node_missing)
[ -z "$missing" ] || { echo "skipped: this trial of Slurm needs $missing"; exit 77; }
python -c 'import interplay, snakemake_executor_plugin_slurm' 2>/dev/null ||
    { echo 'skipped: this trial of Slurm needs the executor plugins (make setup EXTRAS=clusters)'; exit 77; }

trial=${TRIAL:-$(mktemp -d)} limit=${LIMIT:-1800} failed=0
[ "$tier" = smoke ] && limit=${LIMIT:-7200}
mkdir -p "$trial"
began=$SECONDS
checkout=$trial/checkout out=$checkout/results/smoke
export PYTHONPATH=$checkout/src${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
watcher=''

say() { printf '%5d s  %s\n' $((SECONDS - began)) "$*"; }
check() { # check STATUS WHAT: says whether it is so
    if [ "$1" = 0 ]; then say "ok: $2"; else say "FAILED: $2"; failed=1; fi
}
finish() {
    [ -z "$watcher" ] || kill "$watcher" 2>/dev/null
    # What a workflow that hung left behind.
    PYTHONPATH=workflow python -c 'import sys, supervision; supervision.end_marked(sys.argv[1], at_once=True)' \
        "$(realpath "$checkout")/.cache/reproduce.lock"
    stop_node
    if [ $failed = 0 ]; then say "everything as it should be"; [ -n "${TRIAL:-}" ] || rm -rf "$trial"; else say "see $trial"; fi
    exit $failed
}
trap 'failed=1; finish' INT TERM

# workflow LOG ARGUMENTS...: `make reproduce PROFILE=profiles/trial` in the copy, killed where it hangs.
workflow() {
    local log=$trial/$1
    shift
    (cd "$checkout" && exec timeout --foreground --signal=KILL "$limit" \
        python workflow/reproduce.py --device auto --profile profiles/trial "$@") >"$log" 2>&1
}
done_in() { sed -n 's/^\[ *[0-9]*\/[0-9]*\] \([^ ]*\)  .*/\1/p' "$trial/$1" | grep -vx all | sort | tr '\n' ' '; }
running() { squeue --noheader --states=running --format %A | wc -l; }
wait_for() { # wait_for SECONDS COMMAND...: until it succeeds
    local until=$((SECONDS + $1))
    shift
    until "$@"; do [ $SECONDS -lt $until ] || return 1; sleep 0.5; done
}
some_running() { [ "$(running)" -gt 0 ]; }
none_queued() { [ -z "$(squeue --noheader)" ]; }
# same_records FOLDER FOLDER [NAME]: records equal but for where, when and how long they were made.
same_records() {
    python - "$@" <<'END'
import json, sys
from pathlib import Path

sys.path.insert(0, "benchmarks")
from undisturbed import without_times

one, other = (Path(folder) for folder in sys.argv[1:3])
names = {path.relative_to(one) for path in one.rglob(f"{(sys.argv[3:] or ['*'])[0]}.json")}


def results(path):
    return without_times(json.loads(path.read_text()) | {"provenance": {}})


contents = [{name: results(folder / name) for name in names} for folder in (one, other)]
unequal = [str(name) for name in names if contents[0][name] != contents[1][name]]
print(f"        {len(names)} records compared", *unequal)
sys.exit(not names or bool(unequal))
END
}

say "a checkout of the $tier form in $trial"
python - "$checkout" "$tier" <<'END' || exit 2
import shutil, sys
from pathlib import Path

import yaml

sys.path.insert(0, "benchmarks")
import shrunken

folder, tier = Path(sys.argv[1]), sys.argv[2]
shrunken.copy_code(folder)
if tier == "shrunken":
    shrunken.shrink(folder / "config", ("metrics24/fig2", "metrics24/fig9"))
    shrunken.keep_experiments(folder, ("theory", "grokking", "supervised"))
    none: list[float] = []
    variants = {"temperatures": none, "label_smoothing": none, "seeds": [0]}
    shrunken.override(folder / "config", "supervised", seeds=[0], variants=variants)
else:  # data and fonts as they are here
    for path in Path("data").iterdir():
        if not path.name.startswith(".") and not (folder / "data" / path.name).exists():
            (folder / "data" / path.name).symlink_to(path.resolve())
# The profile of the repository, with the partitions of this node; it looks at jobs and files more often.
profile = yaml.safe_load(Path("profiles/slurm/config.yaml").read_text())
profile |= {"slurm-partition-config": "profiles/trial/partitions.yaml", "latency-wait": 10}
profile["config"] = ["longest=60"]
# This node keeps no accounts, and forgets finished jobs after half an hour (MinJobAge).
profile |= {"slurm-status-command": "squeue", "slurm-init-seconds-before-status-checks": 2}
profile |= {"slurm-keep-successful-logs": True}
mine = folder / "profiles/trial"
mine.mkdir()
(mine / "config.yaml").write_text(yaml.safe_dump(profile))
limits = {"cards": {"max_gpu": 2}, "cores": {"max_gpu": 0, "max_mem_mb": 24000}}
(mine / "partitions.yaml").write_text(yaml.safe_dump({"partitions": limits}))
END
start_node "$trial/node" || { check 1 "a node of Slurm starts"; finish; }

# What runs and what it sees, twice a second: `interplay run` and the others, by the number of their job. Only what works
# in this checkout: another Slurm on this machine has jobs and cards of the same numbers.
python - "$checkout" >"$trial/seen.txt" <<'END' &
import subprocess, sys, time
from pathlib import Path

checkout = Path(sys.argv[1]).resolve()
while True:
    cards = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cwd").readlink() != checkout:
                continue
            words = (folder / "cmdline").read_bytes().split(b"\0")
            environment = dict(e.split(b"=", 1) for e in (folder / "environ").read_bytes().split(b"\0") if b"=" in e)
        except OSError:
            continue
        if b"SLURM_JOB_ID" in environment and any(w.endswith(b"/interplay") for w in words[:2]):
            job = environment[b"SLURM_JOB_ID"].decode()
            cards[job] = environment.get(b"CUDA_VISIBLE_DEVICES", b"none").decode()
    shown = ["squeue", "--noheader", "--states=pending", "--Format", "JobID:12,tres-per-job:24,Reason:24"]
    queue = subprocess.run(shown, capture_output=True, text=True).stdout
    waiting = [":".join(line.split()) for line in queue.splitlines() if "gpu" in line]
    print(*(f"{job}={card}" for job, card in sorted(cards.items())), "|", *waiting, flush=True)
    time.sleep(0.5)
END
watcher=$!

part_a() {
    say "(a) the $tier tier"
    workflow a.txt
    check $? "every job succeeds ($(done_in a.txt | wc -w) jobs, $(squeue --noheader --states=all --format %A | wc -l) of Slurm)"
    [ -s "$out/report/index.html" ] && [ -s "$out/verdicts.json" ]
    check $? "report and verdicts are there"
    python - "$trial/seen.txt" <<'END'
import sys

lines = [line.rstrip("\n").split("|") for line in open(sys.argv[1])]
seen = [({pair.split("=")[0]: pair.split("=")[1] for pair in left.split()}, right.split()) for left, right in lines]
held = [[card for card in cards.values() if card != "none"] for cards, _ in seen]
shared = [cards for cards in held if len(set(cards)) < len(cards)]
third = [(cards, waiting) for (cards, waiting), own in zip(seen, held) if sorted(own) == ["0", "1"] and waiting]
without = {job for cards, _ in seen for job, card in cards.items() if card == "none"}
print(f"        {len(seen)} looks: both cards in use in {sum(len(own) == 2 for own in held)},",
      f"a third job waits in {len(third)}, a card shared in {len(shared)}; {len(without)} jobs saw no card")
if third:
    print(f"        for example {third[0][0]} and in the queue {third[0][1][0]}")
sys.exit(not third or bool(shared) or not without)
END
    check $? "two jobs at once get cards 0 and 1, a third waits, and jobs that asked for none see none"
    workflow again.txt
    grep -q 'nothing to do' "$trial/again.txt"
    check $? "run again, there is nothing to do"
}

part_b() {
    say "(b) a change of one figure's module"
    echo 'CHANGED = True' >>"$checkout/src/interplay/figures/grokking.py"
    workflow b.txt
    check $? "it succeeds"
    [ "$(done_in b.txt)" = "figure_metrics24_fig9 make_report " ]
    check $? "made again: $(done_in b.txt)"
}

# grokking_for STEPS: the settings of a run of so many steps, which leaves a hundred checkpoints.
grokking_for() { echo "grokking.steps=$1 grokking.checkpoint_every=$((($1 + 99) / 100)) grokking.seeds=[0]"; }
by_hand() { # by_hand FOLDER STEPS: that run without Slurm, and how long its training took (seconds)
    (cd "$checkout" && interplay run grokking --results "$trial/$1" $(printf -- '--set %s ' $(grokking_for "$2"))) \
        >"$trial/$1.txt" 2>&1 && python -c 'import json, sys
print(json.load(open(sys.argv[1]))["provenance"]["seconds"]["training"])' "$trial/$1"/*/"$grokking"
}
by_slurm() { # by_slurm LOG: the same run by Slurm, as process $flow, until it has left a checkpoint
    rm -rf "$checkout"/results/smoke+*
    workflow "$1" --set "$(grokking_for $steps)" --claim grokking_train_fits &
    flow=$!
    wait_for 600 checkpointed
}
check_resumed() { # what the log says of its last start, and that the record is that of the run by hand
    local said
    said=$(grep -h 'goes on from step' "$checkout"/results/smoke+*/logs/run/grokking/*.log)
    check $? "its log: $said"
    same_records "$trial"/undisturbed/*/records/grokking "$checkout"/results/smoke+*/records/grokking
    check $? "its record is that of the undisturbed run, made in $(python -c 'import json, sys
print(json.load(open(sys.argv[1]))["provenance"]["sessions"])' "$checkout"/results/smoke+*/"$grokking") sessions"
}
cut_off() { squeue --noheader --states=timeout --format %A | wc -l; }
checkpointed() { compgen -G "$checkout/results/smoke+*/checkpoints/grokking/modular-addition/*.checkpoint" >/dev/null; }

part_c() {
    local steps before flow
    grokking=records/grokking/modular-addition/seed0.json
    # Slurm knows limits of whole minutes and looks twice a minute; a short try is slower, step by step, than a long one.
    steps=$(python -c 'import sys; print(int(150 * 5000 / float(sys.argv[1])))' "$(by_hand speed 5000)")
    say "(c) a job whose training takes two and a half minutes ($steps steps), its limit of time lowered while it runs"
    by_hand undisturbed "$steps" >/dev/null
    check $? "it is done by hand, undisturbed"
    before=$(cut_off)
    by_slurm limited.txt
    scontrol update jobid="$(squeue --noheader --states=running --format %A)" timelimit=1
    wait $flow
    check $? "by Slurm it is done at last"
    [ "$(cut_off)" -gt "$before" ]
    check $? "its time limit ended it $(($(cut_off) - before)) times"
    check_resumed
    say "(c) the same job, pre-empted by one of a higher partition"
    by_slurm preempted.txt
    sbatch --quiet --partition urgent --gpus 2 --mem 100 --output /dev/null --wrap 'sleep 5'
    wait $flow
    check $? "it is done"
    scontrol show job | grep -q 'Restarts=[1-9]'
    check $? "Slurm requeued it"
    check_resumed
}

none_running() { ! some_running; }
some_waiting() { [ -n "$(squeue --noheader --states=pending)" ]; }
old_ones_gone() { ! squeue --noheader --format %A | grep -qxF "$old"; }

part_d() {
    local flow old
    say "(d) interrupted, killed and drained"
    mv "$out" "$trial/first"
    set -m # processes of their own groups, as from a terminal
    workflow interrupted.txt &
    flow=$!
    wait_for 300 some_running
    check $? "$(running) jobs run, and Ctrl-C is pressed"
    kill -INT -- -$flow
    wait $flow
    [ $? = 130 ]
    check $? "$(tail -n 1 "$trial/interrupted.txt")"
    wait_for 20 none_queued
    check $? "no job is left in the queue"
    workflow killed.txt &
    flow=$!
    wait_for 300 some_running
    kill -KILL -- -$flow
    wait $flow
    set +m
    sleep 2
    old=$(squeue --noheader --format %A)
    [ -n "$old" ]
    check $? "kill -9 leaves $(wc -w <<<"$old") jobs in the queue"
    workflow drained.txt &
    flow=$!
    wait_for 120 old_ones_gone
    check $? "the next workflow ends them"
    wait_for 300 some_running
    scontrol update nodename="$(hostname -s)" state=drain reason=trial
    say "the node is drained: $(sinfo --noheader --partition cards --format %T), $(running) jobs run"
    wait_for 600 none_running
    sleep 10
    none_running && some_waiting && kill -0 $flow
    check $? "they end; $(squeue --noheader --states=pending --format %A | wc -l) wait for the node, as does the workflow"
    scontrol update nodename="$(hostname -s)" state=resume
    wait $flow
    check $? "resumed, everything is made"
    same_records "$trial/first/records" "$out/records"
    check $? "all records are those of the first time"
}

for part in $(grep -o . <<<"$parts"); do
    "part_$part"
done
finish
