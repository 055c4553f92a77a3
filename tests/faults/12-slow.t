#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A thin line and large results: counters of long reads go for many times the dead time, and for longer than a slice may be without
# progress, while the other slot's wait behind them. Nobody is taken for gone, and no slice is lost.
. "$(dirname "$0")/faults.sh"

rate=${FQ_SLOW_RATE:-4mbit} reads=${FQ_SLOW_BASES:-400000} dead=2 stall=5
# A coordinator with sanitizers takes so long for such counters that it is itself silent for some seconds on a busy machine.
[ -z "${FQ_SANITIZERS:-}" ] || rate=${FQ_SLOW_RATE:-2mbit} dead=5 stall=11
mkdir -p "$data" "$golden"
for i in 1 2; do "$top_build/tests/tools/mkfastq" 1 "$reads" nova $((20 + i)); done >"$data/long.fq"
"$ctl" qc --local --as json "$data/long.fq" >"$golden/long.fq" || { echo "Bail out! no golden report"; exit 1; }

hosts_make 1
cluster_start --ping 100ms --dead ${dead}s --stall ${stall}s
worker_start 1 -n 2
submit long.fq --slice-size "$reads" && job_ends "$id" # warm
remember "${pid_worker[1]}"

slow() {
	local began
	journal_mark
	link_rate w1 "$rate"
	began=$SECONDS
	submit long.fq --slice-size "$reads" && job_ends "$id" 120 && job_same "$id" || return 1
	printf 'it took %d s\n' $((SECONDS - began)) | diag
	link_heal w1
	[ $((SECONDS - began)) -gt $stall ] && journal_has c0 'nothing came|is gone|made no progress|suspect' 0 &&
		journal_has w1 'lost the coordinator' 0 && ! slices_of "$id" '[1-9] (losses|crashes)'
}
ok "scenario 12: a line of $rate and large results: slower, and nothing else" slow
ok "scenario 12: the worker is as it was" eval 'all_idle 10 && steady "${pid_worker[1]}"'
done_testing
