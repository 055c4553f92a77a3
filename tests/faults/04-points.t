#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 of the coordinator at each place of tests/faults/points, before and after its commits, while it does what passes
# there; then it starts again. Who had no answer asks again under the same uuid and has one job; what was answered is there.
. "$(dirname "$0")/faults.sh"
[ "${FQ_FAILPOINTS:-}" = yes ] || skip_all "this build has no failpoints (configure --enable-failpoints)"
points=$top_src/tests/faults/points
times=(--ping 100ms --dead 4s)

data_make 20000
# As tests/cluster/70-report.t: a file of which slices are counted a second time.
"$top_build/tests/tools/mkfastq" 1000 20 nova 6 >"$work/few.fq"
{ for ((i = 0; i < 300; i++)); do cat "$work/few.fq"; done; "$top_build/tests/tools/mkfastq" 600000 20 nova 5; } >"$data/again.fq"
"$ctl" qc --local --as json "$data/again.fq" >"$golden/again.fq"
head -c 500000 "$data/plain.fq" >"$data/cut.fq"

hosts_make 2
cluster_start "${times[@]}"
worker_start 1 -n 2 --reconnect-max 200ms
worker_start 2 -n 2 --reconnect-max 200ms

# strike POINT: the coordinator is there, and will be killed at it.
strike() {
	end_process "$pid_coord" KILL
	journal_mark
	FQ_FAILPOINT=$1 coord_start "${times[@]}"
	wait_until 10 journal_now c0 'node w1 is there' && wait_until 10 journal_now c0 'node w2 is there'
}

fell() { wait_until 20 gone "$pid_coord" && { wait "$pid_coord"; [ $? -eq 137 ]; }; } 2>/dev/null

# struck: it was, and starts again.
struck() {
	fell || { echo "nothing passed there" | diag; return 1; }
	coord_start "${times[@]}"
}

is_n() { [ "$(jobs_n)" -eq "$1" ] || { admin status --all 2>&1 | diag; return 1; }; }
jobs_n() { admin status --all --json | grep -oE '"id":[0-9]+' | wc -l; }

# A client submits, and goes on over the death of the coordinator: one job more, with the right result.
submitting() { # submitting POINT FILE OPTION...
	local before client
	strike "$1" || return 1
	before=${#golden_of[@]}
	fq submit --parsable --as json "${@:3}" "$data/$2" >"$work/id" 2>"$work/err" &
	client=$!
	struck || return 1
	wait $client || { diag <"$work/err"; return 1; }
	id=$(cat "$work/id")
	[ -n "$id" ] && [ -z "${golden_of[$id]:-}" ] || return 1
	golden_of[$id]=$2
	job_ends "$id" && job_same "$id" && jobs_once && is_n $((before + 1))
}

at_start() {
	end_process "$pid_coord" KILL
	FQ_FAILPOINT=$1 coord_run "${times[@]}"
	struck && wait_until 10 node_is w1 idle && jobs_once
}

# Passes 1 and 2 are the workers', 3 is the client's.
at_greet() {
	case $1 in *:3) submitting "$1" plain.fq ;; *) at_start "$1" ;; esac
}

at_submit() { submitting "$1" plain.fq; }
at_count() { submitting "$1" bgzf.fq.gz --slice-size 50K; }
at_again() { submitting "$1" again.fq --slice-size 28M; }

at_fail() {
	local client
	strike "$1" || return 1
	fq submit --wait --as json --slice-size 100K "$data/cut.fq" >"$work/out" 2>"$work/err" &
	client=$!
	struck || return 1
	wait $client
	[ $? -eq 65 ] && [ ! -s "$work/out" ] && grep -q 'cut.fq.*record' "$work/err" || return 1
	golden_of[$((${#golden_of[@]} + 1))]=cut.fq
	is_n ${#golden_of[@]}
}

at_crash() {
	strike "$1" || return 1
	hold 1
	hold 2
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' || return 1
	kill -KILL "$(children_of "${pid_worker[1]}" | head -n 1)" "$(children_of "${pid_worker[1]}" | tail -n 1)"
	struck || return 1
	let_go 2
	job_ends "$id" && job_same "$id"
}

here() { node_is w1 '^(idle|drain)$' && node_is w2 '^(idle|drain)$'; } # after a start nobody is until it comes back

at_drain() {
	strike "$1" || return 1
	admin drain w1 --reason "of a test" >"$work/out" 2>&1 && return 1 # it cannot have been answered
	struck && wait_until 10 here && admin drain w1 --reason "of a test" || return 1
	end_process "$pid_coord" KILL
	coord_start "${times[@]}"
	wait_until 10 node_is w1 drain && admin resume w1 && wait_until 10 node_is w1 idle
}

# The token is used up at most once, and a key that was told that it has joined is in.
at_join() {
	local token keys=$work/keys.$1
	strike "$1" || return 1
	token=$(admin token --role client)
	FQ_KEYS=$keys "$ctl" join -h "$host" "$token" >"$work/out" 2>&1 && return 1
	struck || return 1
	FQ_KEYS=$keys "$ctl" join -h "$host" "$token" >"$work/out" 2>&1 ||
		{ grep -q 'unknown, used up or expired' "$work/out" && FQ_KEYS=$keys "$ctl" join -h "$host" "$(admin token --role client)" >"$work/out"; } || return 1
	FQ_KEYS=$keys "$ctl" status -h "$host" >"$work/out" 2>&1 || return 1
	! FQ_KEYS=$keys.other "$ctl" join -h "$host" "$token" >"$work/out" 2>&1
}

# A cancelled job: CANCELLED if that was answered, perhaps by the next coordinator, and whoever asks again gets it. fqctl asks for
# longer than slices may stand still; so nobody waits for it before that one is there.
cancelled() {
	local answered=0 client
	fq cancel "$id" >"$work/out" 2>&1 &
	client=$!
	struck || return 1
	wait $client && answered=1
	# What workers are told need not wait for the commit: they may have dropped its slices, and new processes count it at the next
	# coordinator's before the client asks again. Then it was not cancelled, and he is told so.
	if [ $answered -eq 0 ] && grep -q 'has ended already' "$work/out" && [ "$(job_state "$id")" = COMPLETED ]; then
		job_same "$id"
		return
	fi
	[ $answered -eq 0 ] || [ "$(job_state "$id")" = CANCELLED ] || { echo "answered, and $(job_state "$id")" | diag; return 1; }
	fq cancel "$id" >"$work/out" 2>&1
	job_ends "$id" && [ "$(job_state "$id")" = CANCELLED ] && [ -z "$(fq fetch --as json "$id" 2>/dev/null)" ] ||
		{ { cat "$work/out"; fq show --slices "$id"; } 2>&1 | diag; return 1; }
}

at_cancel() { # one that runs
	strike "$1" || return 1
	hold 1
	hold 2
	submit plain.fq --slice-size 100K && { wait_until 10 slices_of "$id" 'running  w1' || { fq show --slices "$id" | diag; false; }; } && cancelled
	set -- $?
	let_go 1
	let_go 2
	return "$1"
}

at_withdraw() { # one that waits: the first commit is its submission's, the second one the cancellation's
	wait_until 10 here && admin drain w1 w2 && strike "$1" && submit plain.fq && cancelled
	set -- $?
	admin resume w1 w2
	return "$1"
}

at() { ok "scenario 4: killed at $1${3:+ (pass $3)} ($2)" "at_$2" "$1:kill${3:+:$3}"; }
while read -r name what _; do
	case $name in '' | \#*) continue ;; esac
	[ "$what" != expire ] || what=start
	at "$name" "$what"
done <"$points"
for name in accepted welcomed; do
	at $name greet 2
	at $name greet 3
done
at commit-before count 2
at commit-after count 2
at commit-told count 2
at commit-before drain
at commit-after drain
at end-saved cancel
at commit-before withdraw 2
at commit-after withdraw 2
at commit-told withdraw 2
ok "no job twice, none lost" jobs_once
ok "both workers are idle" all_idle 10
done_testing
