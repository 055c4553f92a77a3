#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# FastQC's report of a file whose slices depend on what lies before them: more than 100,000 different reads, tens of thousands of
# reads on tiles. The same to the byte as by one process, for any number of workers and any size of slices, also when the
# workers or the coordinator are killed while slices are counted a second time.
#
# The file begins with more reads of few sequences than its lead has. Slices of LARGE behind it have more different reads than
# they can remember, and are begun before the file's tracked sequences are known: they must be counted again. Of small ones
# that of the 10,000th read must be.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
reads=${FQ_REPORT_READS:-1500000}
LARGE=28M
pings=(--ping 200ms --dead 1m) # who is killed is gone with his connection, and nobody else is, however busy the machine

few() { for ((i = 0; i < 400; i++)); do cat "$work/few.fq"; done; }
"$made" 1000 20 nova 6 >"$work/few.fq" && { few && "$made" "$reads" 20 nova 5; } >"$work/big.fq" || { echo "Bail out! no room for the file in $work"; exit 1; }
"$ctl" qc --local --as text --output "$work/want" "$work/big.fq"
is "a report to compare with" "$(grep -c '^>>END_MODULE' "$work/want")" 11

submit() { fq submit --parsable --as text --slice-size "$1" "$work/big.fq"; }
same() { # same ID: its report is that of one process
	fq fetch "$1" --as text --output "$work/got" 2>"$work/err" || diag <"$work/err"
	cmp "$work/got" "$work/want"
}
again_open() { again_of "$1" | awk '{ found = $1 < $2 } END { exit !found }'; }
again_of() { fq show "$1" 2>/dev/null | awk '$1 == "Again" { print $2, $4 }'; }
again_all_done() { again_of "$1" | awk '{ found = $1 > 0 && $1 == $2 } END { exit !found }'; }

# ---- sizes and workers

cluster_start "${pings[@]}"
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

# ---- ends within second counts: the process ends itself where its first one begins

if [ "$FQ_FAILPOINTS" != yes ]; then
	skip "ends within second counts: this build has no failpoints"
else
	end_process "$pid_coord" TERM
	FQ_FAILPOINT=again-planned:kill coord_start "${pings[@]}"
	wait_until 20 node_is w3 '^idle$'
	id=$(submit $LARGE)
	wait "$pid_coord" 2>/dev/null
	is "the coordinator is killed when it has planned second counts" $? 137
	coord_start "${pings[@]}"
	ok "the job completes" fq wait "$id"
	ok "the same report" same "$id"

	for w in 1 2 3; do
		end_process "${pid_worker[$w]}" TERM
		FQ_FAILPOINT=task-again:kill worker_start $w -n 3
	done
	id=$(submit $LARGE)
	for w in 1 2 3; do
		wait "${pid_worker[$w]}" 2>/dev/null
		is "worker $w is killed when it is given a second count" $? 137
	done
	ok "second counts are wanted and not there" again_open "$id"
	for w in 1 2 3; do worker_start $w -n 3; done
	ok "the job completes" fq wait "$id"
	ok "the same report" same "$id"
fi
ok "all workers are there again" wait_until 20 node_is w3 '^idle$'
ok "no second count is left in the log as an error" test -z "$(grep -i 'cannot be merged\|tells of bytes' "$work"/*.log)"
done_testing
