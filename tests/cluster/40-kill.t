#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 of a worker, of a child and of the coordinator in the middle of a job, at random moments: the result is always the
# same. FQ_KILL_RUNS (20) runs over a made plain file of FQ_KILL_MB (1000) megabytes; the moments follow from FQ_SEED. With sanitizers
# 12 runs over 200: what they may find is in the restarts, not in the megabytes.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
runs=20 mb=1000
[ "${FQ_SANITIZERS:-}" != yes ] || runs=12 mb=200
runs=${FQ_KILL_RUNS:-$runs} mb=${FQ_KILL_MB:-$mb}
RANDOM=${FQ_SEED:-4711}

"$made" $((mb * 2778)) 150 nova 5 >"$work/big.fq" || { echo "Bail out! no room for $mb MB in $work"; exit 1; }
"$ctl" qc --local --as csv "$work/big.fq" >"$work/want"
is "a CSV of 150 positions to compare with" "$(wc -l <"$work/want")" 150

cluster_start --ping 200ms --dead 2s
worker_start 1 -n 2
worker_start 2 -n 2

progress_of() { fq status --json "$1" 2>/dev/null | grep -oE '"bytes_done":[0-9]+' | cut -d: -f2; }
past() { local done; done=$(progress_of "$1"); [ "${done:-0}" -ge "$2" ]; }
child_of() { pgrep -P "$1" -x fqworkerd-slot | head -n 1; }
kill_child() { kill -KILL "$(child_of "$1")"; } # 1 while one that was killed before is not begun anew

same=0 killed_inside=0
for ((run = 1; run <= runs; run++)); do
	# Small slices: thousands of them, so that a kill meets many in every state.
	id=$(fq submit --parsable --slice-size $((100 + RANDOM % 400))K "$work/big.fq")
	fq wait "$id" >"$work/wait.out" 2>&1 &
	waiter=$!
	# Until a random part of the file is counted: the moment is the job's, not the clock's.
	wait_until 60 past "$id" $((mb * 1000 * (RANDOM % 900)))
	fq status "$id" --no-header 2>/dev/null | grep -q ' R ' && killed_inside=$((killed_inside + 1))
	case $((run % 3)) in
	0)
		w=$((1 + RANDOM % 2))
		end_process "${pid_worker[$w]}" KILL
		worker_start $w -n 2
		;;
	1) wait_until 20 kill_child "${pid_worker[$((1 + RANDOM % 2))]}" ;;
	2)
		end_process "$pid_coord" KILL
		coord_start --ping 200ms --dead 2s
		;;
	esac
	wait $waiter || diag <"$work/wait.out"
	fq fetch "$id" >"$work/got" 2>"$work/err" || diag <"$work/err"
	if cmp -s "$work/got" "$work/want"; then same=$((same + 1)); else echo "run $run differs" | diag; fi
done
is "$runs runs with a kill: identical results" $same "$runs"
ok "most kills hit a running job ($killed_inside of $runs)" test $((killed_inside * 2)) -ge "$runs"
ok "both workers are there again" wait_until 20 node_is w1 '^idle$'
ok "and the other" wait_until 20 node_is w2 '^idle$'
children_are() { [ "$(pgrep -P "${pid_worker[1]},${pid_worker[2]}" -x fqworkerd-slot | wc -l)" -eq "$1" ]; }
ok "each slot has a child, and none is left over" wait_until 20 children_are 4
done_testing
