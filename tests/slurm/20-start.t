#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl slurm start, status and stop before a real Slurm: workers of an administrator over two nodes, one that waits for a third, one
# that is cancelled by hand in mid-slice; a node's link and slurmctld are away meanwhile; nothing is left in the end.
. "$(dirname "$0")/rig.sh"
rig_start
cluster_start --ping 1s --dead 10s # a machine that stands still for a while loses nothing
nodes n1 n2
data_make
arrays=$HOME/.fqcluster/slurm

slurm() { fqctl slurm "$1" --socket "$state/ctl.sock" --address "$host" "${@:2}"; }
rows() { slurm status --no-header -o "$1" | tr -s ' ' | sed 's/ $//'; }
row() { rows "$1" | sed -n "$2p"; }
tasks() { slurm status --no-header --parsable -o JOBID,STATE,NODE_STATE 2>/dev/null; }
task_is() { [ "$(tasks | grep -cE "^${number}_$1\\|$2\\|$3\$")" -eq 1 ]; }
keys_n() { admin peers --no-header | grep -c "slurm-"; }
lost() { grep -cE " is gone, [1-9]" "$work/coord.log"; }
refuses() { # refuses WORDS COMMAND...: exit status 69
	local words=$1
	shift
	"$@" >"$work/refused" 2>"$work/said"
	[ $? -eq 69 ] && says "$words"
}
says() { grep -q "$1" "$work/said"; }

slurm start -N 3 --cpus-per-task 2 --idle-exit 0 --time 5 >"$work/started" 2>"$work/said"
is "start" $? 0
read -r array number <"$work/started"
diag <"$work/said"
for task in 1 2; do ok "task $task counts" wait_until 20 task_is $task RUNNING idle; done
ok "the third waits" task_is 3 PENDING -
slurm status | diag
admin nodes | diag
is "nodes with their jobs" "$(admin nodes --no-header --fields NODE,BATCH | tr -s ' ' | sed 's/ $//' | sort)" "$(for node in n1 n2; do
	task=$(squeue -h -r -n fqcluster -w $node -o %K); echo "$node-${number}_$task slurm:${number}_$task"; done)"
submit --slice-size 256K
same_each "a job over both"

ok "what sbatch refuses: its words" refuses "fqctl: sbatch: .*invalid partition" slurm start --partition none
is "leaves no folder" "$(cd "$arrays" && ls -d */)" "$array/"
is "and no key" "$(keys_n)" 1

# ---- one is cancelled by hand in mid-slice: the next one takes its node

ok "both have slices in hand" begin --slice-size 1M n1 n2
scancel "${number}_1"
ok "the third takes its place" wait_until 30 task_is 3 RUNNING '(idle|mixed|alloc)'
let_node_go n1
let_node_go n2
same_each "jobs of before"
is "nothing was lost" "$(lost)" 0

# ---- a cable

ok "both have slices in hand" begin --slice-size 1M n1 n2
there=$(squeue -h -r -n fqcluster -w n2 -o %K) other=$(squeue -h -r -n fqcluster -w n1 -o %K)
cable n2 out
ok "a node's cable is out: down here" wait_until 40 task_is "$there" '(RUNNING|COMPLETING)' '(down.*|-)'
let_node_go n1
let_node_go n2
same_each "jobs of that node"
ok "the other task goes on" task_is "$other" RUNNING '(idle|mixed|alloc)'
cable n2 in
ok "the cable is in: there again" wait_until 30 task_is "$there" RUNNING '(idle|mixed|alloc)'
submit
same_each "with both"

# ---- slurmctld

touch "$work/now"
scontrol update "JobId=${number}_$there" Comment="$(job_says "${number}_$there" Comment)"
ok "slurmctld has saved them" wait_until 20 test "$rig/slurmctld/job_state" -nt "$work/now"
ok "both have slices in hand" begin --slice-size 1M n1 n2
slurmctld_kill
ok "slurmctld is dead: status says so" refuses "squeue: " slurm status
ok "stop too" refuses "squeue: " slurm stop
is "keys are there still" "$(keys_n)" 1
let_node_go n1
let_node_go n2
same_each "jobs meanwhile"
ok "slurmctld is there again" slurmctld_start
ok "status too" wait_until 20 task_is "$there" RUNNING '(idle|mixed|alloc)'

# ---- the end, in mid-slice

before=$(lost)
ok "both have slices in hand" begin --slice-size 1M n1 n2
slurm start -N 2 --idle-exit 0 >"$work/second" 2>/dev/null
is "more of them" $? 0
is "a key for each array" "$(keys_n)" 2
slurm stop 2>"$work/said" {never}>&- &
stopping=$!
draining() { [ "$(admin nodes --no-header --fields STATE | grep -c '^dr')" -eq 2 ]; }
ok "stop: they drain" wait_until 20 draining
let_node_go n1
let_node_go n2
wait "$stopping"
is "stop" $? 0
diag <"$work/said"
is "nothing was lost" "$(lost)" "$before"
is "no job is left" "$(jobs_of)" ""
is "no key" "$(keys_n)" 0
is "no folder" "$(ls "$arrays")" ""
no_nodes() { [ -z "$(admin nodes --no-header)" ]; }
ok "no node" wait_until 10 no_nodes
no_process() { ! pgrep -f 'fqworker[d]'; }
ok "no process" wait_until 10 no_process
worker_start 1
same_each "what was given back is counted by others"
done_testing
