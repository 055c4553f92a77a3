#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wall clocks that are ten years ahead or behind, and that jump each second, on the coordinator and on one worker of two:
# timers, leases and deaths do not look at them. The client's clock is right.
. "$(dirname "$0")/faults.sh"
shim=$top_build/tests/faults/shim_clock.so
[ -f "$shim" ] || skip_all "$shim is not built (make check builds it)"
export ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
YEARS=315360000

data_make 100000
hosts_make 2
coord_on c0 env "LD_PRELOAD=$shim" "FQ_CLOCK=$work/clock.c0"
worker_on 1 w1 env "LD_PRELOAD=$shim" "FQ_CLOCK=$work/clock.w1"
set_clock() { echo "$2" >"$work/new" && mv "$work/new" "$work/clock.$1"; }
set_clock c0 0
set_clock w1 0
cluster_start --ping 100ms --dead 2s
worker_start 1 -n 1
worker_start 2 -n 1

# A job while the clocks are as they are: nothing but the times in it may show that.
year() { admin show "$1" | awk '$1 == "Submitted" { print substr($2, 1, 4) }'; }
under() { # under SECONDS_OF_C0 SECONDS_OF_W1
	set_clock c0 "$1"
	set_clock w1 "$2"
	journal_mark
	submit large.fq --slice-size 1M && jobs_same && journal_has c0 'is gone|no progress' 0 && journal_has w1 'lost the coordinator' 0
}
ok "scenario 36: the clocks are right" under 0 0
this=$(year "$id")
is "the job's times say so" "$this" "$(date +%Y)"
ok "scenario 36: the coordinator is ten years ahead" under $YEARS 0
ok "the job's times show that the clock is another one ($(year "$id"))" test "$(year "$id")" -ge $((this + 9))
ok "scenario 36: the coordinator is ten years behind" under -$YEARS 0
ok "scenario 36: a worker is ten years ahead" under 0 $YEARS
ok "scenario 36: a worker is ten years behind, the coordinator ahead" under $YEARS -$YEARS

# Back and forth by ten years while a job is counted and nodes only ping: more than three times the dead time.
jumping() {
	local i
	hold 1
	hold 2
	journal_mark
	submit large.fq --slice-size 1M && wait_until 10 slices_of "$id" 'running  w1' || return 1
	for i in 1 -1 1 -1; do
		set_clock c0 $((i * YEARS))
		set_clock w1 $((-i * YEARS))
		doze 1.6
	done
	let_go 1
	let_go 2
	jobs_same && journal_has c0 'is gone|no progress' 0 && journal_has w1 'lost the coordinator' 0
}
ok "scenario 36: both jump by twenty years again and again: nobody is lost, the report is the golden one" jumping

# A coordinator that starts with a wrong clock does not take all jobs for old ones and remove them; tokens are good for as long as ever.
started_wrong() {
	local n=${#golden_of[@]}
	end_process "$pid_coord" TERM
	set_clock c0 $YEARS
	coord_start --ping 100ms --dead 2s
	all_idle 10 && jobs_once && jobs_same && [ "$(admin status --all --no-header | wc -l)" -eq "$n" ] || return 1
	FQ_KEYS=$work/another "$ctl" join -h "$host" "$(admin token --role client)" >"$work/out"
}
ok "scenario 36: started with a clock that is ten years ahead: all jobs and results are still there" started_wrong
ok "no job twice, none lost" jobs_once
ok "both workers are idle" all_idle 10
done_testing
