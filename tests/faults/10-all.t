#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The coordinator is cut off from everybody, and found again: its FQ_PEERS (60) workers on six hosts lose it within the same
# moment, and must not come back in one. FQ_OUTAGE_SECONDS (6) is how long it lasts.
. "$(dirname "$0")/faults.sh"
peers=${FQ_PEERS:-60} outage=${FQ_OUTAGE_SECONDS:-6}

data_make 20000
hosts_make 6
for ((i = 7; i <= peers; i++)); do worker_on "$i" "w$((1 + i % 6))"; done
cluster_start --ping 100ms --dead 2s
workers_start "$peers" -n 1
down_n() { [ "$(admin nodes --no-header | awk '$2 == "down"' | wc -l)" -eq "$1" ]; }
submit bgzf.fq.gz --slice-size 50K && job_ends "$id" # warm
remember "$pid_coord"

# Each line of the coordinator's log with the time at which it came.
while IFS= read -r line; do echo "$EPOCHREALTIME $line"; done >"$work/timed" < <(tail -n 0 -F --pid=$$ "$work/coord.log" 2>/dev/null) &
pid_worker[0]=$! # is ended as they are

outage() {
	late_watch
	submit plain.fq && job_ends "$id" || return 1
	link_drop c0 both
	wait_until 20 down_n "$peers" || return 1
	doze "$outage"
	link_heal c0
	wait_until 20 nodes_idle_n "$peers"
}
ok "scenario 10: the coordinator is cut off from all for $outage s: all are back" outage
back_n() { [ "$(awk '/is there with/' "$work/timed" | wc -l)" -ge "$peers" ]; }
wait_until 5 back_n
# The most that came within any half second.
awk '/is there with/ { print $1 }' "$work/timed" | sort -n >"$work/back"
most=$(awk '{ at[NR] = $1; while (at[NR] - at[low + 1] > 0.5) low++; if (NR - low > most) most = NR - low } END { print most + 0 }' "$work/back")
awk 'NR == 1 { first = $1 } { last = $1 } END { printf "%d came within %.1f s\n", NR, last - first }' "$work/back" | diag
# A build with sanitizers is so slow that they queue; and whoever is late by some ms comes together with those of these ms.
allowed=$([ -n "${FQ_SANITIZERS:-}" ] && echo $((peers / 2)) || echo $((peers / 3)))
late=$(late_ms)
allowed=$((allowed + allowed * 2 * late / 500))
[ $allowed -le $((peers * 9 / 10)) ] || allowed=$((peers * 9 / 10))
printf 'this machine was late by %d ms at most\n' "$late" | diag
ok "scenario 10: no more than $allowed of $peers within half a second ($most)" test "$most" -gt 0 -a "$most" -le "$allowed"
journal_mark
submit bgzf.fq.gz --slice-size 50K
ok "they count" jobs_same
ok "no job twice, none lost" jobs_once
ok "the coordinator has not grown" steady "$pid_coord"
done_testing
