#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# FastQC's report of a file whose slices depend on what lies before them: more than 100,000 different reads, tens of thousands of
# reads on tiles. The same to the byte as by one process, for any number of workers and any size of slices, also when a worker
# or the coordinator is killed while slices are counted a second time.
#
# The file begins with more reads of few sequences than its lead has. Slices of LARGE behind it have more different reads than
# they can remember, and are begun before the file's tracked sequences are known: they must be counted again. Of small ones
# that of the 10,000th read must be.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
reads=${FQ_REPORT_READS:-1500000} tries=${FQ_REPORT_TRIES:-20}
LARGE=28M

few() { for ((i = 0; i < 400; i++)); do cat "$work/few.fq"; done; }
"$made" 1000 20 nova 6 >"$work/few.fq" && { few && "$made" "$reads" 20 nova 5; } >"$work/big.fq" || { echo "Bail out! no room for the file in $work"; exit 1; }
"$ctl" qc --local --as text --output "$work/want" "$work/big.fq"
is "a report to compare with" "$(grep -c '^>>END_MODULE' "$work/want")" 11

submit() { fq submit --parsable --as text --slice-size "$1" "$work/big.fq"; }
same() { # same ID: its report is that of one process
	fq fetch "$1" --as text --output "$work/got" 2>"$work/err" || diag <"$work/err"
	cmp "$work/got" "$work/want"
}
again_of() { fq show "$1" 2>/dev/null | awk '$1 == "Again" { print $2, $4 }'; }
has_again() { [ -n "$(again_of "$1")" ]; }
again_all_done() { again_of "$1" | awk '{ found = $1 > 0 && $1 == $2 } END { exit !found }'; }

# ---- sizes and workers

cluster_start --ping 200ms --dead 2s
worker_start 1 -n 3
for size in 0 100K $LARGE; do
	id=$(submit $size)
	ok "one worker, slices of $size: the job completes" fq wait "$id"
	ok "the same report" same "$id"
done
ok "large slices were counted again" again_all_done "$id"
worker_start 2 -n 3
worker_start 3 -n 3
for size in 300K $LARGE 200M; do
	id=$(submit $size)
	ok "three workers, slices of $size: the job completes" fq wait "$id"
	ok "the same report" same "$id"
done

# ---- kills within second counts

kill_worker() {
	local w=$((1 + $1 % 3))
	end_process "${pid_worker[$w]}" KILL
	worker_start $w -n 3
}
kill_coordinator() {
	end_process "$pid_coord" KILL
	coord_start --ping 200ms --dead 2s
}

again_open() { again_of "$1" | awk '{ found = $1 < $2 } END { exit !found }'; }
ended_or_again() { has_again "$1" || ! fq status "$1" --no-header | grep -q ' R '; }

for what in worker coordinator; do
	hits=0 equal=0 run=0
	while ((run < tries && hits < 2)); do
		run=$((run + 1))
		id=$(submit $LARGE)
		wait_until 60 ended_or_again "$id"
		if again_open "$id"; then hits=$((hits + 1)); fi
		kill_$what $run
		fq wait "$id" >"$work/wait.out" 2>&1 || diag <"$work/wait.out"
		if same "$id"; then equal=$((equal + 1)); fi
	done
	is "kills of a $what: the same report each time" $equal $run
	ok "within second counts ($hits of $run)" test $hits -gt 0
done
ok "all workers are there again" wait_until 20 node_is w3 '^idle$'
ok "no second count is left in the log as an error" test -z "$(grep -i 'cannot be merged\|tells of bytes' "$work"/*.log)"
done_testing
