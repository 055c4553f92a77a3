#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The limit of processes is reached: pthread_create() fails (shim_thread.c). With fewer threads than were wanted the work goes on with
# those, and without any it is done by the caller, or fqctl says so; nothing hangs, and results are the same.
. "$(dirname "$0")/../cluster/cluster.sh"
shim=$top_build/tests/faults/shim_thread.so made=$top_build/tests/tools/mkfastq
[ -f "$shim" ] || skip_all "$shim is not built (make check builds it)"
[ -z "${FQ_TSAN:-}" ] || skip_all "ThreadSanitizer makes threads by a way of its own"
export ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS} FQ_REFUSED=$work/refused

# with THREADS COMMAND...: in 60 s, or 124; how many were refused is in $refused
with() {
	local status
	rm -f "$work/refused"
	timeout 60 env "LD_PRELOAD=$shim" "FQ_THREADS=$1" "${@:2}" >"$work/out" 2>"$work/err"
	status=$?
	refused=$(wc -c 2>/dev/null <"$work/refused" || echo 0)
	return $status
}

"$made" 30000 100 nova 7 >"$work/plain.fq"
gzip -1 -c "$work/plain.fq" >"$work/zip.fq.gz"
"$made" 12 600000 long 5 >"$work/long.fq"
for file in plain.fq zip.fq.gz; do
	"$ctl" qc --local -t 1 --as json "$work/$file" >"$work/$file.json" 2>"$work/err"
	for threads in 1 2; do
		with $threads "$ctl" qc --local -t 4 --as json "$work/$file"
		is "$file, where 4 threads are wanted and $threads can be had" $? 0 || diag <"$work/err"
		ok "and others were refused" test "$refused" -gt 0
		ok "and it is the same report" cmp "$work/out" "$work/$file.json"
	done
done
with 1 "$ctl" qc --local -t 4 --split-gzip always --slice-size 300K --as json "$work/zip.fq.gz"
is "gzip in slices, by one thread of 4" $? 0 || diag <"$work/err"
ok "and it is the same report" cmp "$work/out" "$work/zip.fq.gz.json"
with 0 "$ctl" qc --local -t 4 --as json "$work/plain.fq"
is "without any thread fqctl cannot count here" $? 71
ok "and says what would be right" grep -q 'no thread can be started: .*unavailable; right is a higher limit' "$work/err" || diag <"$work/err"
with 1 "$ctl" check "$work/zip.fq.gz"
is "check, with one thread" $? 0 || diag <"$work/err"

run_coord="env LD_PRELOAD=$shim FQ_THREADS=0"
cluster_start
worker_start 1 -n 2
with 0 "$ctl" submit -h "$host" --wait --as json "$work/plain.fq"
is "without any thread no file can be proven" $? 71
ok "and fqctl says what would be right" grep -q 'no thread can be started: .*unavailable; right is a higher limit' "$work/err" || diag <"$work/err"
with 1 "$ctl" submit -h "$host" --wait --as json "$work/plain.fq" "$work/zip.fq.gz" "$work/plain.fq"
is "with one thread three files are proven and counted" $? 0 || diag <"$work/err"
ok "where others were refused" test "$refused" -gt 0
rm -f "$work/refused"
fq submit --wait --as json "$work/long.fq" >"$work/got" 2>"$work/err"
is "a coordinator without threads takes large counters" $? 0 || diag <"$work/err"
ok "and was refused one" test -s "$work/refused"
"$ctl" qc --local --as json "$work/long.fq" >"$work/want" 2>"$work/err"
ok "and it is the same report" cmp "$work/got" "$work/want"
done_testing
