#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Leaving in order: SIGTERM to a worker with a slice in hand, as systemctl stop and Slurm's end of the time send it. It exits 0
# within --drain-timeout, and what it gives back is no loss. (Real systemd and Slurm: tests of those parts.)
. "$(dirname "$0")/faults.sh"

# A worker that stands still for half of this time returns what it has not begun, and leaves some seconds before it is over.
drain=16000

data_make 100000
hosts_make 2
cluster_start --ping 100ms --dead 4s
worker_start 1 -n 1 --drain-timeout $((drain / 1000))s
worker_start 2 -n 1 --drain-timeout $((drain / 1000))s
submit plain.fq && job_ends "$id" # warm
remember "$pid_coord"

in_hand() {
	hold 1
	hold 2
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' && wait_until 10 slices_of "$id" 'running  w2'
}
no_losses() { slices_of "$id" '0 crashes +0 losses' 2 && ! slices_of "$id" '[1-9][0-9]* (losses|crashes)'; }

# term I: sends SIGTERM; left I MS: it has exited 0 within that
term() { late_watch && began=${EPOCHREALTIME/./} && kill -TERM "${pid_worker[$1]}"; }
left() {
	local status took
	wait_until 30 gone "${pid_worker[$1]}" || return 1
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	wait "${pid_worker[$1]}"
	status=$?
	printf 'exit %d after %d ms\n' $status $took | diag
	[ $status -eq 0 ] && [ $took -le $(($2 + 2 * $(late_ms))) ]
}

finished() {
	in_hand || return 1
	journal_mark
	term 1
	wait_until 5 node_is w1 drng && let_go 1 && left 1 $drain && journal_has w1 'drained: 0 slices were given back, 0 results' 1 &&
		wait_until 5 node_is w1 down && journal_has c0 'node w1 is gone, 0 slices go back' 1 && no_losses && let_go 2 && jobs_same
}
ok "scenario 43: SIGTERM with a slice that will be done in time: it is finished, and the worker exits 0" finished
worker_start 1 -n 1 --drain-timeout $((drain / 1000))s

returned() {
	in_hand || return 1
	journal_mark
	term 1
	left 1 $drain && journal_has w1 'drained: 1 slices were given back, 0 results' 1 &&
		wait_until 5 node_is w1 down && journal_has c0 'node w1 is gone, 0 slices go back' 1 && no_losses && let_go 2 && jobs_same
}
ok "scenario 43: SIGTERM with a slice that hangs: it is given back in time, no loss is counted, and the worker exits 0" returned
worker_start 1 -n 1 --drain-timeout $((drain / 1000))s

drained() {
	in_hand || return 1
	admin drain w1 --reason "of a test" && wait_until 5 node_is w1 drng && let_go 1 && wait_until 10 node_is w1 drain &&
		no_losses && let_go 2 && jobs_same && submit bgzf.fq.gz --slice-size 50K && job_ends "$id" && job_same "$id" &&
		admin resume w1
}
ok "scenario 43: fqctl drain during a slice: it is finished there, nothing new comes, the rest goes to the other" drained

all_leave() {
	in_hand || return 1
	term 1
	term 2
	left 1 $drain && left 2 $drain && no_losses && ! job_ended "$id" || return 1
	worker_start 1 -n 1
	worker_start 2 -n 1
	jobs_same
}
ok "scenario 43: SIGTERM to all workers: the job waits without a loss, and completes when they are back" all_leave

coordinator_leaves() {
	local status
	in_hand || return 1
	end_process "$pid_coord" TERM
	status=$?
	coord_start --ping 100ms --dead 4s
	[ $status -eq 0 ] && let_go 1 && let_go 2 && jobs_same
}
ok "no job twice, none lost" jobs_once
ok "the coordinator has not grown" steady "$pid_coord"
ok "scenario 43: SIGTERM to the coordinator: it exits 0, and the job completes when it is back" coordinator_leaves
ok "both workers are idle" all_idle 10
done_testing
