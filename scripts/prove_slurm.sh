#!/usr/bin/env bash
# A job array on a real Slurm: examples/scale/with_slurm.sbatch on one node, set up for this test
# alone, on this machine. Debian's packages slurm-wlm and munge are installed; needs root. One task
# is killed and requeued; the merged result has to be that of the whole.
#
#   scripts/prove_slurm.sh PROGRAM MODEL LABELS
#
# Exits with 77 where there is no root or no such package.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

[ $# = 3 ] || fail "usage: scripts/prove_slurm.sh PROGRAM MODEL LABELS"
program=$(realpath "$1") model=$(realpath "$2") labels=$(realpath "$3")
[ "$(id -u)" = 0 ] || left_out "it needs root"
(require_packages slurm-wlm munge) || left_out "no Slurm"
for tool in slurmctld slurmd sbatch munged; do
    command -v $tool >/dev/null || left_out "no $tool here"
done

folder=$(mktemp -d)
host=$(hostname)
own_munge=
clean() {
    status=$?
    for daemon in slurmd slurmctld; do
        [ ! -s "$folder/$daemon.pid" ] || kill "$(cat "$folder/$daemon.pid")" || true
    done
    [ -z "$own_munge" ] || kill "$own_munge" || true
    [ $status = 0 ] || tail -n 20 "$folder"/*.log >&2 || true
    rm -rf "$folder"
}
trap clean EXIT

if ! munge -n >/dev/null 2>&1; then
    mkdir -p /run/munge
    chown munge: /run/munge
    runuser -u munge -- munged
    own_munge=$(pgrep -n munged)
fi

mkdir "$folder/state" "$folder/spool"
cat >"$folder/slurm.conf" <<END
ClusterName=one
SlurmctldHost=$host
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=$host CPUs=$(nproc) State=UNKNOWN
PartitionName=one Nodes=ALL Default=YES State=UP
END
export SLURM_CONF=$folder/slurm.conf
slurmctld
slurmd
for _ in $(seq 60); do
    [ "$(sinfo -h -o %T)" != idle ] || break
    sleep 0.5
done

# The first time, task 2 dies in the middle of its work.
mkdir "$folder/bin"
cat >"$folder/bin/vkresnet" <<END
#!/bin/bash
"$program" "\$@" &
if [ "\$SLURM_ARRAY_TASK_ID" = 2 ] && [ -z "\${SLURM_RESTART_COUNT:-}" ]; then
    sleep 0.3
    kill -9 \$!
fi
wait \$!
END
chmod +x "$folder/bin/vkresnet"
export PATH=$folder/bin:$PATH

state_of() {
    scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' | sort -u | tr '\n' ' '
}

# wait_for JOB WANTED..: until no task is in another state.
wait_for() {
    local job=$1 state
    shift
    for _ in $(seq 600); do
        state=$(state_of "$job")
        case "$state" in
        *PENDING* | *RUNNING* | *COMPLETING* | *CONFIGURING*) sleep 0.5 ;;
        *) break ;;
        esac
    done
    echo "job $job: $state"
    [ "$state" = "$*" ] || [ "$state" = "$* " ]
}

job=$(sbatch --parsable --array=0-3 --chdir="$folder" \
    "$project/examples/scale/with_slurm.sbatch" "$model" "$labels" --batch 1)
wait_for "$job" COMPLETED FAILED
if "$program" merge "$folder"/part-*.json >/dev/null 2>"$folder/merge.log"; then
    fail "merge did not miss the killed part"
fi
cat "$folder/merge.log"
scontrol requeue "${job}_2"
scontrol update "JobId=${job}_2" StartTime=now || true # Slurm would wait two minutes
wait_for "$job" COMPLETED

counts() {
    python3 -c 'import json, sys
found = json.load(sys.stdin)
print({key: found[key] for key in ("images", "wrong", "top1_count", "top5_count")},
      sorted(found["confusion"]))'
}
"$program" merge --json "$folder"/part-*.json | counts >"$folder/merged.txt"
"$program" eval --model "$model" --labels "$labels" --json --quiet | counts >"$folder/whole.txt"
cut -c1-100 "$folder/merged.txt"
cmp "$folder/merged.txt" "$folder/whole.txt"
say "slurm: the merged parts are the whole, with $(sinfo --version), on $(distribution)"
