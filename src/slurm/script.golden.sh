#!/bin/bash
# Written by wnlstm sweep. Each task of this job array trains the runs of one entry of the tasks file.
#SBATCH --job-name=wnlstm-rates
#SBATCH --array=0-11%4
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --partition=main
#SBATCH --account=lab
#SBATCH --time=2:00:00
#SBATCH --mem=2G
#SBATCH --gres=gpu:1
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output="/home/ada/runs/rates/slurm/%A_%a.log"
#SBATCH --qos=low
#SBATCH --nice=10

sweep='/home/ada/runs/rates'
tasks='/home/ada/runs/rates/slurm/tasks-1.json'
node='/home/ada/node/bin/node'
program='/home/ada/wnlstm/bin/wnlstm.js'
PATH=$PATH:'/opt/slurm/bin'
export NO_COLOR=1 FORCE_COLOR=
task=${SLURM_ARRAY_TASK_ID}
self=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $1"; }
fail() {
  echo "wnlstm: $1" >&2
  exit 127
}

# Slurm sends USR1 to this shell only, so it is passed on: as USR2, which means the same to the program. A USR1 before the
# program has started would start Node's debugger.
forward() {
  signal=$1
  [ -z "$child" ] || kill -s "$1" "$child" 2>/dev/null
}
signal=
child=
trap 'forward USR2' USR1
trap 'forward TERM' TERM

say "task $self starts on $(hostname), after ${SLURM_RESTART_COUNT:-0} restarts"
[ -d "$sweep" ] || fail "$(hostname) does not see the folder $sweep. It must be on a file system that all nodes share."
[ -x "$node" ] || fail "$(hostname) has no $node. Install Node in a folder that all nodes share, or leave this node out with --sbatch --exclude=$(hostname)."
"$node" --version >/dev/null || fail "$node does not run on $(hostname); the line above says why. Leave this node out with --sbatch --exclude=$(hostname)."
[ -f "$program" ] || fail "$(hostname) has no $program. Install wnlstm in a folder that all nodes share, or leave this node out with --sbatch --exclude=$(hostname)."

"$node" "$program" work "$sweep" --tasks "$tasks" --task "$task" --threads 2 --jobs 1 --idle-exit &
child=$!
[ -z "$signal" ] || forward "$signal"
# A signal ends wait before the child has ended.
while signal= && wait "$child"; code=$? && [ -n "$signal" ]; do :; done

# 140: USR2 has ended the program before it started.
if [ "$code" -eq 75 ] || [ "$code" -eq 140 ]; then
  say "task $self was told to stop; it goes back to the queue"
  trap '' USR1 TERM # requeueing ends this task with TERM, also scontrol
  scontrol requeue "$self" || echo "wnlstm: task $self could not be requeued. Run the sweep command again." >&2
else
  say "task $self ends with exit code $code"
fi
exit "$code"
