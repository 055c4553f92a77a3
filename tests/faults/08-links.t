#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Broken links between workers and coordinator: cut, cut one way, lossy, pulled with packets on their way.
. "$(dirname "$0")/faults.sh"
[ -n "${FQ_SANITIZERS:-}" ] && spare=3000 || spare=1000 # ms beyond the dead time, on a machine with other work

data_make 100000
hosts_make 2
cluster_start --ping 100ms --dead 1s
worker_start 1 -n 1
worker_start 2 -n 1
submit plain.fq && job_ends "$id" # warm
remember "$pid_coord"
remember "${pid_worker[1]}"

since() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }
worker_knows() { tail -n +$((${marked[$work/worker1.log]} + 1)) "$work/worker1.log" | grep -q 'lost the coordinator.*nothing came'; }

# partition in|out|both: w1's link, while it holds a slice. Both sides know within the dead time; the job goes on; it comes back.
partition() {
	local began coord worker
	hold 1
	hold 2
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' || return 1
	journal_mark
	link_drop w1 "$1"
	began=${EPOCHREALTIME/./}
	wait_until 10 node_is w1 down || return 1
	coord=$(since "$began")
	wait_until 10 worker_knows || return 1
	worker=$(since "$began")
	printf 'noticed by the coordinator after %d ms, by the worker after %d ms\n' "$coord" "$worker" | diag
	let_go 2
	wait_until 30 slices_of "$id" '1 losses' || job_ended "$id" && job_ends "$id" && job_same "$id" || return 1
	let_go 1
	link_heal w1
	all_idle 10 && [ "$coord" -le $((1000 + spare)) ] && [ "$worker" -le $((1000 + spare)) ] &&
		journal_has c0 'worker w1: nothing came from the other side for' 1 && journal_has c0 'node w1 is gone, 1 slices go back' 1
}
ok "scenario 8: a partition is noticed on both sides, the job completes elsewhere, and the worker comes back" partition both
ok "scenario 9: a partition of one direction (nothing reaches the worker)" partition in
ok "scenario 9: a partition of the other direction (nothing comes from the worker)" partition out
ok "the coordinator has not grown" steady "$pid_coord"
ok "nor has the worker" steady "${pid_worker[1]}"

# With results under way when the cable is pulled: neither side may keep what it cannot send.
results_queued() { on w1 ss -Htn state established | awk '$2 > 4000 { found = 1 } END { exit !found }'; }
none_left() {
	! on c0 ss -Htn state all "dst ${address[w1]}" | grep -q . &&
		! on w1 ss -Htn state all exclude syn-sent exclude time-wait "dst ${address[c0]}" | grep -q .
}
pulled() {
	journal_mark
	link_rate w1 64kbit
	submit large.fq --slice-size 200K && wait_until 20 results_queued || return 1
	link_down w1
	wait_until 10 node_is w1 down && wait_until 10 worker_knows && wait_until 10 none_left ||
		{ on c0 ss -tnoa | diag; on w1 ss -tnoa | diag; return 1; }
	job_ends "$id" && job_same "$id" || return 1
	link_heal w1
	all_idle 10 && job_same "$id"
}
ok "scenario 14: a link goes down with packets queued: noticed, and no socket is left with them" pulled

# Lost packets come late, but come: with the times of a real site nobody takes that for a death.
lossy() {
	local name
	end_process "$pid_coord" TERM
	coord_start --ping 1s --dead 5s
	all_idle 15 || return 1
	journal_mark
	for name in w1 w2; do link_loss $name 20 in; done
	submit large.fq --slice-size 2M && submit bgzf.fq.gz --slice-size 50K && jobs_same || return 1
	for name in w1 w2; do link_heal $name; done
	all_idle 10 && journal_has c0 'is gone' 0
}
ok "scenario 11: one packet in five is lost: slower, nothing else" lossy
ok "no job twice, none lost" jobs_once
done_testing
