#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 of a supervisor, of a child, and of every worker, each with slices in hand.
. "$(dirname "$0")/faults.sh"

data_make 20000
hosts_make 2
cluster_start --ping 100ms --dead 10s
worker_start 1 -n 1
worker_start 2 -n 1
submit plain.fq && job_ends "$id" # warm
remember "$pid_coord"

# in_hand: both workers hold a slice of a job and go no further.
in_hand() {
	hold 1
	hold 2
	submit plain.fq --slice-size 100K
	wait_until 10 slices_of "$id" 'running  w1' && wait_until 10 slices_of "$id" 'running  w2'
}

all_gone() { local pid; for pid in $1; do [ ! -d "/proc/$pid" ] || return 1; done; }

killed() {
	local children
	in_hand || return 1
	journal_mark
	children=$(children_of "${pid_worker[1]}")
	end_process "${pid_worker[1]}" KILL
	wait_until 5 all_gone "$children" && journal_has c0 'node w1 is gone, 1 slices go back' 1 &&
		wait_until 5 slices_of "$id" '1 losses' && let_go 2 && jobs_same
}
ok "scenario 1: kill -9 of a supervisor that counts: its children die with it, the slice is counted by another" killed
worker_start 1 -n 1

child_killed() {
	local supervisor=${pid_worker[1]} child
	in_hand || return 1
	journal_mark
	remember "$supervisor"
	child=$(children_of "$supervisor")
	end_process "$child" KILL
	wait_until 5 slices_of "$id" '1 crashes' && journal_has w1 'slot 1: its child crashed by signal 9' 1 &&
		journal_has c0 'worker w1: the process that counted slice .* ended by signal 9' 1 &&
		[ "$(fq show --slices "$id" | grep -cE '[1-9][0-9]* (crashes|losses)')" -le 1 ] &&
		let_go 2 && jobs_same && node_is w1 idle && [ -d "/proc/$supervisor" ] && steady "$supervisor"
}
ok "scenario 2: kill -9 of a child: its worker stays, one crash of one slice is counted, no other is touched" child_killed

all_killed() {
	in_hand || return 1
	journal_mark
	kill -KILL "${pid_worker[1]}" "${pid_worker[2]}"
	wait "${pid_worker[1]}" "${pid_worker[2]}" 2>/dev/null
	wait_until 5 node_is w1 down && wait_until 5 node_is w2 down && ! job_ended "$id" &&
		journal_has c0 'node w[12] is gone, 1 slices go back' 2 || return 1
	worker_start 1 -n 1
	worker_start 2 -n 1
	jobs_same
}
ok "scenario 3: kill -9 of all workers at once: the job waits for them, and completes" all_killed

ok "no job twice, none lost" jobs_once
ok "both workers are idle" all_idle 10
ok "the coordinator has not grown" steady "$pid_coord"
done_testing
