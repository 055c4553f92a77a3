#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Slices that end or hold up whoever counts them: at most three crashes, the job fails with their range, other jobs do not notice.
. "$(dirname "$0")/faults.sh"
[ "${FQ_FAILPOINTS:-}" = yes ] || skip_all "this build has no failpoints (--enable-failpoints)"

data_make 3000
hosts_make 2
cluster_start --ping 100ms --dead 4s --audit-percent 0 --straggler 0
# Slices of different sizes, so that none begins where another's fourth does, which is the poison.
declare -A size=([crash]=90 [abort]=95 [loop]=100 [hog]=105) begin=() end=()
points=
for kind in "${!size[@]}"; do
	cp "$data/plain.fq" "$data/$kind.fq"
	begin[$kind]=$((3 * size[$kind] * 1024)) end[$kind]=$((4 * size[$kind] * 1024))
	points+=${points:+,}child-$kind-at-${begin[$kind]}:on
done
for i in 1 2; do
	worker_on $i w$i env "FQ_FAILPOINT=$points"
	worker_start $i -n 2 --stall 4s --slot-memory 512M
done

crashes_logged() { cat "$work"/worker*.log | grep -c 'its child crashed by'; }

# poison KIND HOW: a job with such a slice beside one without.
poison() {
	local before status bad
	before=$(crashes_logged)
	journal_mark
	jobs_forget
	bad=$(fq submit --parsable --as json --slice-size "${size[$1]}K" "$data/$1.fq")
	submit plain.fq --slice-size 110K && submit zip.fq.gz || return 1
	fq wait "$bad" 2>"$work/err"
	status=$?
	diag <"$work/err"
	printf '%s crashes\n' $(($(crashes_logged) - before)) | diag
	[ $status -eq 70 ] && grep -q "$1.fq: the slice of bytes ${begin[$1]} to ${end[$1]} ended the process that counted it 3 times.*$2" "$work/err" &&
		[ $(($(crashes_logged) - before)) -eq 3 ] && [ -z "$(fq fetch --as json "$bad" 2>/dev/null)" ] &&
		journal_has c0 "job $bad: .*$1.fq: the slice of bytes" && jobs_same && all_idle 10
}
# (A sanitizer makes an exit status of SIGSEGV.)
ok "scenario 26: SIGSEGV in a slice: three crashes, then the job fails with its range, and the others complete" poison crash '\(signal 11\|exit status 1\)'
ok "scenario 26: SIGABRT" poison abort 'signal 6'
ok "scenario 26: an endless loop, which is killed" poison loop 'signal 9'
stalled() { journal_now w1 'has computed for 4000 ms without progress; it is killed' || journal_now w2 'has computed for 4000 ms without progress; it is killed'; }
ok "scenario 26: the journal says so" stalled

# As "poison loop", with children on a processor that others leave nothing of: that is no fault of the storage.
one_runs() { [ "$(fq show --slices "$bad" | grep -c ' running ')" -eq 1 ]; }
starved() {
	local before status pid others=()
	before=$(crashes_logged)
	bad=$(fq submit --parsable --as json --slice-size "${size[loop]}K" "$data/loop.fq")
	wait_until 10 one_runs || return 1
	for _ in 1 2 3; do
		taskset -c 0 setpriv --pdeathsig KILL sh -c 'while :; do :; done' &
		others+=($!)
	done
	for pid in $(children_of "${pid_worker[1]}") $(children_of "${pid_worker[2]}"); do
		taskset -cp 0 "$pid" >/dev/null && renice -n 19 -p "$pid" >/dev/null
	done
	fq wait "$bad" 2>"$work/err"
	status=$?
	for pid in "${others[@]}"; do end_process "$pid" KILL; done
	diag <"$work/err"
	printf '%s crashes\n' $(($(crashes_logged) - before)) | diag
	[ $status -eq 70 ] && grep -q 'ended the process that counted it 3 times.*signal 9' "$work/err" &&
		[ $(($(crashes_logged) - before)) -eq 3 ] && all_idle 10
}
ok "scenario 26: an endless loop that others leave no processor is one all the same" starved

# Who wants much memory needs time for it, without progress; so does who stands still because he was stopped.
patient() {
	local i
	for i in 1 2; do
		end_process "${pid_worker[$i]}" TERM
		worker_start $i -n 2 --slot-memory 512M
	done
}
patient
hog() {
	local before status bad supervisors="${pid_worker[1]} ${pid_worker[2]}"
	before=$(crashes_logged)
	journal_mark
	jobs_forget
	bad=$(fq submit --parsable --as json --slice-size "${size[hog]}K" "$data/hog.fq")
	submit plain.fq --slice-size 110K || return 1
	fq wait "$bad" 2>"$work/err"
	status=$?
	diag <"$work/err"
	[ $status -ne 0 ] && grep -q "hog.fq: out of memory.*bytes ${begin[hog]} to ${end[hog]}" "$work/err" && jobs_same && all_idle 10 &&
		[ "$(crashes_logged)" -eq "$before" ] && kill -0 $supervisors && journal_has c0 'node w. is gone' 0
}
if [ -n "${FQ_SANITIZERS:-}" ]; then
	skip "scenario 46: no memory limits in a build with sanitizers, which reserve terabytes"
else
	ok "scenario 46: a slice that wants more memory than its slot may have fails alone, with its range; no process ends" hog
fi

first_to_go() {
	local pid
	for pid in $(pgrep -P "${pid_worker[1]}"); do # but for one that has ended since
		grep -qx 500 "/proc/$pid/oom_score_adj" || [ ! -e "/proc/$pid" ] || return 1
	done
}
ok "scenario 46: where memory is short, the kernel takes a child first" wait_until 10 first_to_go
oom_kill() { # as the kernel does it
	hold 1
	hold 2
	submit plain.fq --slice-size 110K && wait_until 10 slices_of "$id" 'running  w1' && kill -KILL "$(children_of "${pid_worker[1]}" | head -n 1)" \
		"$(children_of "${pid_worker[1]}" | tail -n 1)"
	let_go 1 2>/dev/null # they are gone, or new
	let_go 2
	jobs_same && kill -0 "${pid_worker[1]}" && all_idle 10
}
ok "scenario 46: a worker whose children the kernel kills stays, and its slices are counted again" oom_kill
done_testing
