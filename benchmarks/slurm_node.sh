# A Slurm of one node with two GPUs that do not exist, below a folder of its own; sourced by slurm_trial.sh.
# start_node FOLDER starts munged, slurmctld and slurmd and exports SLURM_CONF; stop_node ends them.
# The cards are copies of /dev/null: jobs get CUDA_VISIBLE_DEVICES, but nothing to compute on. Cores are declared, not
# counted, so that it is the cards that jobs wait for.

node_missing() { # what is missing here, in words; nothing where a node can be started
    local tool
    for tool in slurmctld slurmd munged sbatch srun; do
        PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || { echo "$tool (apt-get install slurm-wlm munge)"; return; }
    done
    [ "$(id -u)" = 0 ] || echo "root, who may make devices and start munged"
}

start_node() {
    local folder=$1 port=$((20000 + $$ % 20000)) host
    host=$(hostname -s)
    PATH=$PATH:/usr/sbin
    node_folder=$folder
    mkdir -p "$folder"/{bin,state,spool,munge}
    chmod 755 "$folder" "$folder/munge"
    dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none
    chmod 400 "$folder/munge/key"
    node_card=/dev/fakegpu-$$-
    mknod "${node_card}0" c 1 3 && mknod "${node_card}1" c 1 3
    cat >"$folder/slurm.conf" <<END
ClusterName=trial
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MinJobAge=1800
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=5,bf_interval=5
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=6 RealMemory=24000 Gres=gpu:2 State=UNKNOWN
PartitionName=cards Nodes=$host Default=YES MaxTime=60 PriorityTier=1
PartitionName=cores Nodes=$host MaxTime=60 PriorityTier=1
PartitionName=urgent Nodes=$host MaxTime=60 PriorityTier=9
END
    printf 'AutoDetect=off\nName=gpu File=%s[0-1]\n' "$node_card" >"$folder/gres.conf"
    export SLURM_CONF=$folder/slurm.conf
    # The executor takes all variables of Slurm from the environment in which it calls srun.
    printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" >"$folder/bin/srun"
    chmod +x "$folder/bin/srun"
    PATH=$folder/bin:$PATH
    munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
        --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
    slurmctld -c && slurmd -c
    for _ in $(seq 30); do
        sinfo --noheader --format %T 2>/dev/null | grep -q idle && return
        sleep 1
    done
    tail -n 5 "$folder"/slurm*.log >&2
    return 1
}

stop_node() {
    local file
    scancel --user "$(id -un)" 2>/dev/null || true
    sleep 1
    for file in "$node_folder"/slurmd.pid "$node_folder"/slurmctld.pid "$node_folder"/munge/pid; do
        [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null
    done
    sleep 1
    rm -f "${node_card}0" "${node_card}1"
}
