#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A worker that is stopped for longer than the dead time and then goes on, as after a long swap or a suspended machine, while
# its children counted: its slice has been lost, its result comes late. FQ_STOP_SECONDS (5) is how long. And a machine that stands still
# for longer than what is under way may take: that blames nobody.
. "$(dirname "$0")/faults.sh"

data_make 20000
hosts_make 2
cluster_start --ping 100ms --dead 2s
worker_start 1 -n 1 --reconnect-max 1s
worker_start 2 -n 1 --reconnect-max 1s
submit plain.fq && job_ends "$id" # warm
remember "$pid_coord"
remember "${pid_worker[1]}"

# A job of one slice, which w1 has counted but not told of, and which w2 holds now.
zombie() {
	admin drain w2 && hold 1 && submit plain.fq --slice-size 1G && wait_until 10 slices_of "$id" 'running  w1' || return 1
	journal_mark
	kill -STOP "${pid_worker[1]}"
	let_go 1
	wait_until 10 node_is w1 down && hold 2 && admin resume w2 && wait_until 10 slices_of "$id" 'running  w2' &&
		slices_of "$id" '1 losses' && journal_has c0 'worker w1: nothing came from the other side for' 1 || return 1
	# The dead time again and again.
	doze "${FQ_STOP_SECONDS:-5}"
}

late_first() {
	zombie || return 1
	kill -CONT "${pid_worker[1]}"
	wait_until 10 job_ended "$id" && job_same "$id" && let_go 2 && all_idle 10 && job_same "$id" &&
		journal_has w1 'lost the coordinator' 1 && journal_has c0 "job $id of .* has completed" 1
}
ok "scenario 6: SIGSTOP of a worker, then CONT: its late result is taken, that of the other one not missed" late_first

late_second() {
	zombie && let_go 2 && wait_until 10 job_ended "$id" && job_same "$id" || return 1
	kill -CONT "${pid_worker[1]}"
	all_idle 10 && job_same "$id" && journal_has w1 'lost the coordinator' 1 && journal_has c0 "job $id of .* has completed" 1
}
ok "scenario 6: its late result comes behind that of the other one and changes nothing" late_second

ok "no job twice, none lost" jobs_once
ok "the reports are the golden ones" jobs_same
ok "the coordinator has not grown" steady "$pid_coord"
ok "nor has the worker" steady "${pid_worker[1]}"

# Everything stands still just after w1 was asked to open a file, and while w2 counts a slice, for longer than both may take.
end_process "$pid_coord" TERM
coord_start --ping 100ms --dead 1m --open 10s --stall 10s
still() {
	local counted
	wait_until 30 nodes_idle_n 2 && admin drain w1 && hold 2 && submit plain.fq --slice-size 1G &&
		wait_until 10 slices_of "$id" 'running  w2' && counted=$id || return 1
	journal_mark
	admin resume w1 && admin drain w2 && kill -STOP "${pid_worker[1]}" && submit crlf.fq && kill -STOP "$pid_coord" || return 1
	doze 11
	kill -CONT "$pid_coord"
	admin ping >"$work/out" # it has gone on before they answer
	kill -CONT "${pid_worker[1]}"
	let_go 2
	job_ends "$id" && job_same "$id" && job_ends "$counted" && job_same "$counted" &&
		journal_has c0 'has not opened|takes too long|made no progress|was lost' 0
}
ok "scenario 6: a machine that stood still blames no node, and fails no job, for what was not answered meanwhile" still
done_testing
