#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The status page of a coordinator that has seen something, in a browser (tests/report/status_pages.py): two nodes, one of them lost; jobs
# that are done, of files with hostile names, that have failed, were cancelled, run and wait. The worker is stopped in the middle of a
# job, so that the page stands still.
. "$(dirname "$0")/cluster.sh"
command -v chromium >/dev/null || skip_all "there is no chromium (Debian package chromium)"
made=$top_build/tests/tools/mkfastq
give_up() { echo "Bail out! $1"; tail -n 20 "$work"/*.log >&2; exit 1; }

mkdir "$work/in"
cd "$work/in" || exit 1
hostile=('<img src=x onerror=alert(1)>&.fq' $'"quotes\'\nand a line.fq' $'right\u202eto left\u2066.fq' "$(printf 'long%.0s' {1..50}).fq")
"$made" 20000 100 nova 1 >plain.fq
for file in "${hostile[@]}"; do "$made" 3000 80 nova 2 >"$file"; done
head -c 20000 plain.fq >'cut <b>off.fq'
"$made" 400000 150 hiseq 7 >large.fq

printf 'correct-horse-battery\n' >"$work/token"
cluster_start --status-listen 127.0.0.1:0 --status-token "$work/token" --dead 10m --stall 10m --open 10m # nothing is taken from a worker that is stopped
grep -q 'built without libmicrohttpd' "$work/coord.log" && skip_all "this build has no libmicrohttpd"
worker_start 1 -n 2
worker_start 2 -n 2
fq submit --wait --as html -d "$work" --name 'run "42" <done>' plain.fq "${hostile[@]}" >/dev/null 2>"$work/err" || give_up "no report"
fq submit --wait 'cut <b>off.fq' >/dev/null 2>&1
end_process "${pid_worker[2]}" KILL
wait_until 30 node_is w2 '^down' || give_up "w2 is not lost"
begun() { [ "$(fq status --no-header -P -o bytes_done "$job")" -gt 30000000 ]; }
for try in 1 2 3 4 5; do # a fast machine may be through with it before the worker is stopped
	job=$(fq submit --parsable --slice-size 128K --as fastqc --name 'running & <b>' large.fq)
	wait_until 20 begun
	kill -STOP "${pid_worker[1]}"
	[ "$(fq status --no-header -o state "$job")" != RUNNING ] || break
	kill -CONT "${pid_worker[1]}"
	diag <<<"try $try: the job was done"
done
for name in waiting "$(printf 'a name of some length %.0s' {1..9})" gone; do last=$(fq submit --parsable --name "$name" large.fq); done
fq cancel --reason 'the <i>wrong</i> run' "$last" >/dev/null 2>&1 || fq cancel "$last" >/dev/null
fq status --all --json >"$work/jobs.json"
fq nodes --json >"$work/nodes.json"

python3 "$top_src/tests/report/status_pages.py" "http://$(cat "$state/listening-status")" correct-horse-battery \
	"$work/jobs.json" "$work/nodes.json" "$job"
status=$?
kill -CONT "${pid_worker[1]}"
exit $status
