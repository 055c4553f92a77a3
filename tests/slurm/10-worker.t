#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Workers as an array of one-node jobs that somebody hands in himself (contrib/engines/slurm.sbatch; other engines have the same contract:
# start, TERM = drain, exit 0): a file over two nodes; scancel, the time limit, slurmctld's death and a node's in mid-slice. Results
# are those of one process, to the byte.
. "$(dirname "$0")/rig.sh"
rig_start
cluster_start --ping 1s --dead 10s # a machine that stands still for a while loses nothing
nodes n1 n2
data_make
user_make alice
(umask 077 && admin token --role worker --uses 20 >"$rig/home/alice/token")
chown alice "$rig/home/alice/token"

cp "$top_src/contrib/engines/slurm.sbatch" "$rig/home/alice" # which is the job

log_of() { echo "$rig/home/alice/task$1.log"; }
array_start() { # array_start TASKS [FAILPOINT]
	as alice env FQ_HOST="$host" ${2:+FQ_FAILPOINT="$2"} FQ_TOKEN_FILE="$rig/home/alice/token" \
		sbatch --parsable --array="$1" --cpus-per-task=2 --output=task%a.log slurm.sbatch
}
here() { admin nodes --no-header | awk -v name="$1" '$1 == name && $2 ~ /^(idle|mixed|alloc)$/ { found = 1 } END { exit !found }'; }
batch_of() { admin nodes --no-header --fields NODE,BATCH | awk -v name="$1" '$1 == name { print $2 }'; }
node_of() { squeue -h -j "$1" -o %N; }
lost() { grep -cE "$1-.* is gone, [1-9]" "$work/coord.log"; }

# ---- start, and a file over both

array=$(array_start 1-2)
for task in 1 2; do ok "task $task runs" wait_until 20 job_in "${array}_$task" RUNNING; done
w1=$(node_of "${array}_1")-${array}_1 w2=$(node_of "${array}_2")-${array}_2
for worker in "$w1" "$w2"; do ok "$worker is there" wait_until 20 here "$worker"; done
ok "each on a node of its own" test "${w1%%-*}" != "${w2%%-*}"
is "the column batch" "$(batch_of "$w1")" "slurm:${array}_1"
counted() { admin nodes --no-header --parsable --fields NODE,BYTES | grep -q "^$1|[1-9]"; }
both_counted() { counted "$w1" && counted "$w2"; }
for ((tries = 0; tries < 8; tries++)); do # a file is counted so fast that a node which is late finds nothing left
	submit --slice-size 256K
	same_each "a file over both nodes"
	! both_counted || break
done
ok "both counted some of it" both_counted

# ---- ended in mid-slice

# again [SIZE [FAILPOINT]]: task 2 once more, with slices in hand; sets array2 and w2.
again() {
	array2=$(array_start 2 "${2:-}")
	ok "another task" wait_until 20 job_in "${array2}_2" RUNNING
	w2=$(node_of "${array2}_2")-${array2}_2
	ok "$w2 is there" wait_until 20 here "$w2"
	ok "both have slices in hand" begin --slice-size "${1:-1M}" n1 n2
}
ended_well() { # ended_well STATE EXITCODE
	ok "it leaves" wait_until 20 leaves "${exited:=1}"
	ok "$1 for Slurm" wait_until 20 job_in "${array2}_2" "$1"
	is "exit status" "$(job_says "${array2}_2" ExitCode)" "$2"
	is "nothing was lost by it" "$(lost n2)" 0
	exited=$((exited + 1))
}
leaves() { [ "$(grep -c drained: "$(log_of 2)")" -ge "$1" ]; }
drains() { [ "$(grep -c draining "$(log_of 2)")" -ge "$1" ]; }
let_both_go() { let_node_go n1; let_node_go n2; }

array2=$array
ok "both have slices in hand" begin --slice-size 1M n1 n2
as alice scancel "${array}_2"
ok "scancel: it drains" wait_until 20 drains 1
let_both_go
same_each "jobs in hand of a worker that was cancelled"
ended_well CANCELLED 0:0

# The warning comes when slurmctld looks at its limits, which is twice a minute.
again
scontrol update "JobId=${array2}_2" EndTime=now+85 2>/dev/null
ok "time limit: it drains" wait_until 60 drains 2
let_both_go
same_each "jobs in hand of a worker whose time is over"
ended_well COMPLETED 0:0

# Before TERM Slurm sends CONT to all of the task, so one that is only stopped would go on: here it counts for ever.
gone() { grep -q "node $1 is gone" "$work/coord.log"; }
gives_back() { grep drained: "$(log_of 2)" | sed -n 3p | grep -q ': [1-9][0-9]* slices were given back'; }

given_back() {
	again 64M child-loop-at-0:on
	as alice scancel "${array2}_2"
	ok "scancel: it drains" wait_until 20 drains 3
	ok "and gives back what it cannot count in time" wait_until 30 gives_back
	let_both_go
	same_each "jobs that were given back"
	ended_well CANCELLED 0:0
}

# stops PID...: whatever goes on; sets stopping.
stops() {
	(while kill -STOP "$@"; do doze 0.02; done) 2>/dev/null &
	stopping=$!
}
no_slots() { [ -z "$(slots_of n2)" ]; }

killed() {
	again 64M child-loop-at-0:on
	# shellcheck disable=SC2046
	stops $(slots_of n2) $(processes_of n2 fqworkerd)
	as alice scancel "${array2}_2"
	ok "a worker that does not react is gone" wait_until 40 gone "$w2"
	let_node_go n1
	same_each "jobs in hand of a worker that does not react"
	ok "it is killed" wait_until 60 no_slots
	end_process $stopping KILL
	ok "CANCELLED for Slurm" wait_until 20 job_in "${array2}_2" CANCELLED
	is "what it had was lost" "$(lost n2)" 1
}

if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	given_back
	killed
else
	skip "workers that are cancelled and cannot count in time: this build has no failpoints"
fi

# ---- slurmctld dies while they count, and comes back

again
began=$(job_says "${array2}_2" StartTime)
touch "$work/now"
scontrol update "JobId=${array2}_2" Comment=saved
ok "slurmctld has saved it" wait_until 20 test "$rig/slurmctld/job_state" -nt "$work/now"
slurmctld_kill
let_both_go
same_each "slurmctld is dead: jobs"
submit
same_each "slurmctld is dead: a job of now"
ok "slurmctld is there again" slurmctld_start
ok "and knows the tasks" wait_until 20 job_in "${array2}_2" RUNNING
is "which were not started again" "$(job_says "${array2}_2" StartTime)" "$began"
ok "both have slices in hand" begin --slice-size 1M n1 n2

# ---- a node goes down

lost_before=$(lost n2) began=$(job_says "${array}_1" StartTime)
node_kill n2
ok "node down: it is gone" wait_until 40 gone "$w2"
let_both_go
same_each "jobs in hand of a node that went down"
is "what it had was lost" "$(lost n2)" $((lost_before + 1))
ok "Slurm sees it too" wait_until 40 node_in n2 'down*'
is "the other task goes on" "$(job_says "${array}_1" JobState) $(job_says "${array}_1" StartTime)" "RUNNING $began"
ok "this one waits for a node" job_in "${array2}_2" PENDING
cable n2 in
node_boot n2
ok "the node is back" wait_until 40 job_in "${array2}_2" RUNNING
ok "and its worker" wait_until 20 here "$w2"
submit
same_each "with both"
done_testing
