#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Broken links between workers and coordinator: cut, cut one way, lossy, pulled with packets on their way.
. "$(dirname "$0")/faults.sh"
[ -n "${FQ_SANITIZERS:-}" ] && spare=6000 || spare=1000 # ms beyond the dead time, on a machine with other work

data_make 100000
hosts_make 2
cluster_start --ping 100ms --dead 2s
worker_start 1 -n 1 --reconnect-max 1s
worker_start 2 -n 1 --reconnect-max 1s
submit plain.fq && job_ends "$id" # warm
remember "$pid_coord"
remember "${pid_worker[1]}"

# Whoever has bytes on their way learns it from TCP, the other one from his own clock.
silence='(nothing came from the other side for [0-9]+ ms|the connection broke: Connection timed out)'
since() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }
worker_knows() { tail -n +$((${marked[$work/worker1.log]} + 1)) "$work/worker1.log" | grep -qE "lost the coordinator .*$silence"; }

# partition in|out|both: w1's link, while it holds a slice. Both sides know within the dead time; the job goes on; it comes back.
partition() {
	local began coord worker looked most
	hold 1
	hold 2
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' || return 1
	journal_mark
	late_watch
	link_drop w1 "$1"
	began=${EPOCHREALTIME/./}
	wait_until 10 node_is w1 down || return 1
	coord=$(since "$began")
	wait_until 10 worker_knows || return 1
	worker=$(since "$began")
	# How long such a look takes, and how late what runs here may be, are the machine's.
	looked=${EPOCHREALTIME/./}
	node_is w1 down && worker_knows
	most=$((2000 + spare + 3 * $(since "$looked") + 2 * $(late_ms)))
	printf 'noticed by the coordinator after %d ms, by the worker after %d ms, of at most %d ms\n' "$coord" "$worker" $most | diag
	slices_of "$id" '1 losses' && let_go 2 && job_ends "$id" && job_same "$id" || return 1
	let_go 1
	link_heal w1
	all_idle 10 && [ "$coord" -le $most ] && [ "$worker" -le $most ] &&
		journal_has c0 "worker w1: $silence" 1 && journal_has c0 'node w1 is gone, 1 slices go back' 1
}
ok "scenario 8: a partition is noticed on both sides, the job completes elsewhere, and the worker comes back" partition both
ok "scenario 9: a partition of one direction (nothing reaches the worker)" partition in
ok "scenario 9: a partition of the other direction (nothing comes from the worker)" partition out
ok "the coordinator has not grown" steady "$pid_coord"
ok "nor has the worker" steady "${pid_worker[1]}"

# With results under way when the cable is pulled: the coordinator, which has many workers, keeps no socket beyond the dead
# time; the worker's one waits for longer, since a coordinator may let a worker wait, and goes when the link is there again.
results_queued() { on w1 ss -Htn state established | awk '$2 > 4000 { found = 1 } END { exit !found }'; }
# What the kernel has of a connection that never came about, or is over, is no socket of ours.
none_at() { ! on "$1" ss -Htn state all exclude syn-sent exclude syn-recv exclude time-wait "dst ${address[$2]}" | grep -vF "$(established "$1" "$2")" | grep -q .; }
established() { on "$1" ss -Htn state established "dst ${address[$2]}" | head -n 1 | awk '{ print $3 } END { if (!NR) print "none" }'; }
pulled() {
	journal_mark
	link_rate w1 64kbit
	submit large.fq --slice-size 200K && wait_until 20 results_queued || return 1
	link_down w1
	wait_until 10 node_is w1 down && wait_until 10 worker_knows && wait_until 10 none_at c0 w1 ||
		{ on c0 ss -tno state all exclude time-wait | diag; return 1; }
	job_ends "$id" && job_same "$id" || return 1
	link_heal w1
	all_idle 10 && wait_until 20 none_at w1 c0 && none_at c0 w1 && job_same "$id" ||
		{ on w1 ss -tno state all | diag; return 1; }
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
