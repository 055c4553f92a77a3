#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl that dies: between SUBMIT and its answer, while it writes results; a coordinator that dies before it has answered; and cancel
# against the last result.
. "$(dirname "$0")/../cluster/cluster.sh"
made=$top_build/tests/tools/mkfastq

"$made" 1500 100 hiseq 7 >"$work/a.fq"
"$made" 500 80 nova 8 >"$work/b.fq"
python3 "$oracle" "$work/a.fq" >"$work/a.want"
cluster_start --ping 100ms --dead 2s
worker_start 1 -n 2

run() { "$@" >"$work/out" 2>"$work/err"; status=$?; }
said() { grep -qE -- "$1" "$work/err" || { diag <"$work/err"; return 1; }; }
jobs_n() { admin status --all --no-header | wc -l; }
same() { fq wait "$1" && cmp <(fq fetch "$1") "$work/a.want"; }
uuid=0f3c1b62-9a0d-4e57-8f51-5c6d7e8f9a0b

# ---- scenario 41

twice() {
	local first
	first=$(fq submit --parsable --id $uuid "$work/a.fq") || return 1
	[ "$(fq submit --parsable --id ${uuid//-/} "$work/a.fq")" = "$first" ] && [ "$(jobs_n)" -eq 1 ] && same "$first" || return 1
	run fq submit --wait --id $uuid "$work/a.fq" # also when it has ended
	[ "$status" -eq 0 ] && cmp "$work/out" "$work/a.want" && [ "$(jobs_n)" -eq 1 ] || return 1
	run fq submit --parsable --id $uuid "$work/b.fq"
	[ "$status" -eq 64 ] && said "job $first was submitted under this id with other files" || return 1
	run fq submit --parsable --id 0f3c1b62 "$work/b.fq"
	[ "$status" -eq 64 ] && said "no UUID" && [ "$(jobs_n)" -eq 1 ]
}
ok "scenario 41: submitted twice under one --id it is one job; under an id that is taken by other files nothing is submitted" twice

killed_client() {
	local id before
	before=$(jobs_n)
	FQ_FAILPOINT=submit-answered:kill run fq submit --parsable --id 1$uuid "$work/a.fq"
	[ "$status" -eq 64 ] || return 1 # 33 digits
	FQ_FAILPOINT=submit-answered:kill run fq submit --parsable --id 1${uuid#?} "$work/a.fq"
	[ "$status" -eq 137 ] && [ ! -s "$work/out" ] || return 1
	run fq submit --parsable --id 1${uuid#?} "$work/a.fq"
	id=$(cat "$work/out")
	[ "$status" -eq 0 ] && same "$id" && [ "$(jobs_n)" -eq $((before + 1)) ]
}

# The coordinator dies with the job's row written and not committed, then with it committed and nobody told: fqctl, which is still
# there, submits again by itself, with proofs for the new connection.
killed_coordinator() {
	local point=$1 before pid
	before=$(jobs_n)
	end_process "$pid_coord" TERM
	FQ_FAILPOINT=$point:kill coord_start --ping 100ms --dead 2s
	wait_until 20 node_is w1 '^idle$' || return 1
	fq submit --parsable "$work/a.fq" >"$work/out" 2>"$work/err" &
	pid=$!
	wait "$pid_coord" 2>/dev/null
	[ $? -eq 137 ] || return 1
	coord_start --ping 100ms --dead 2s
	wait $pid || { diag <"$work/err"; return 1; }
	said "trying again" && same "$(cat "$work/out")" && [ "$(jobs_n)" -eq $((before + 1)) ]
}

if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	ok "scenario 41: fqctl is killed with the answer in its hands, and run again with the same --id: one job" killed_client
	ok "scenario 4: the coordinator is killed before the job is committed: fqctl submits it again, and it is one job" \
		killed_coordinator submit-saved
	ok "scenario 4: killed when it is committed and nobody was told: the same" killed_coordinator commit-after
else
	skip "scenario 41: fqctl killed between SUBMIT and its answer: this build has no failpoints"
	skip "scenario 4: the coordinator killed while fqctl submits: this build has no failpoints"
	skip "scenario 4: the same: this build has no failpoints"
fi

# ---- fqctl ends while it writes

is_stopped() { [ "$(ps -o stat= -p "$1" | cut -c1)" = T ]; }
left() { find "$work/results" -name '.fqctl.*'; }

# Under nohup the test itself has SIGHUP ignored.
signalled() { # signalled SIGNAL STATUS OPTION...
	local pid
	rm -rf "$work/results" && mkdir "$work/results"
	FQ_FAILPOINT=outbox-written:stop env --default-signal=HUP "$ctl" fetch -h "$host" --output-dir "$work/results" "${@:3}" "$report" >"$work/out" 2>&1 &
	pid=$!
	wait_until 10 is_stopped $pid && [ -n "$(left)" ] || return 1
	kill "-$1" $pid && kill -CONT $pid
	wait $pid
	[ $? -eq "$2" ] && [ -z "$(left)" ] && [ -z "$(ls -A "$work/results")" ]
}

report=$(fq submit --parsable --as fastqc "$work/a.fq") && fq wait "$report"
if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	ok "fetch that is ended by SIGTERM while its files are half there leaves nothing" signalled TERM 143 --as fastqc,csv
	ok "by SIGHUP, with folders in folders" signalled HUP 129 --as fastqc --extract
	# A shell starts what is in its background with SIGINT ignored, and that stays so.
	nohup_like() { signalled INT 0 --as csv || [ -s "$work/results/a.fq.csv" ]; }
	ok "a signal that was ignored when fqctl began stays ignored" nohup_like
else
	for name in SIGTERM SIGHUP SIGINT; do skip "fetch that is ended by $name: this build has no failpoints"; done
fi

# The coordinator ends and is there again between fqctl's greeting and its question.
asked_again() { # asked_again WORDS VERB OPTION...
	local pid words=$1
	shift
	FQ_FAILPOINT=list-asks:stop "$ctl" "$1" -h "$host" "${@:2}" >"$work/out" 2>"$work/err" &
	pid=$!
	wait_until 10 is_stopped $pid || return 1
	end_process "$pid_coord" KILL
	coord_start --ping 100ms --dead 2s
	kill -CONT $pid
	wait $pid && said "trying again" && grep -qE -- "$words" "$work/out"
}
questions=("a.fq|status --all" "a.fq|history" "COMPLETED|show $report --slices" '"COMPLETED"|'"show --json $report" "STATE|nodes" "^Entries|cache stats"
	"Basic Statistics|fetch --as text $report")
for question in "${questions[@]}"; do
	if [ "${FQ_FAILPOINTS:-}" = yes ]; then
		# shellcheck disable=SC2086
		ok "scenario 4: ${question#*|}: asked again of the next coordinator" asked_again "${question%%|*}" ${question#*|}
	else
		skip "scenario 4: ${question#*|}: this build has no failpoints"
	fi
done

# ---- scenario 42

# The pause before cancel follows the border between too early and too late, so that most tries are close to it. Where jobs are over before
# fqctl has begun, they become longer.
race() {
	local tries=200 i pause=4000 id cancelled=0 completed=0 outcome
	for ((i = 0; i < tries; i++)); do
		id=$(fq submit --parsable --slice-size 4K "$work/b.fq") || return 1
		read -r -t "0.$(printf '%06d' "$pause")" <> <(:) || true
		run fq cancel "$id"
		outcome=$(fq status --no-header "$id" | awk '{ print $4 }')
		case $status$outcome in
		0CA)
			cancelled=$((cancelled + 1)) pause=$((pause + pause / 4 + 100))
			fq fetch "$id" >"$work/out" 2>/dev/null
			[ ! -s "$work/out" ] || { echo "job $id was cancelled and has a result" | diag; return 1; }
			;;
		64CD)
			completed=$((completed + 1)) pause=$((pause * 3 / 4))
			said 'has ended already' && fq fetch "$id" >"$work/out" && [ -s "$work/out" ] || return 1
			[ $pause -ge 200 ] || { pause=400 && cat "$work/b.fq" "$work/b.fq" >"$work/bb.fq" && mv "$work/bb.fq" "$work/b.fq"; } || return 1
			;;
		*)
			{ echo "cancel of job $id: exit $status, state $outcome"; cat "$work/err"; } | diag
			return 1
			;;
		esac
	done
	echo "$cancelled cancelled, $completed completed" | diag
	[ $cancelled -gt 10 ] && [ $completed -gt 10 ] && [ -z "$(admin status --no-header)" ]
}
ok "scenario 42: 200 tries of cancel against the last result: cancelled without a result, or completed with one" race
ok "the worker is idle" wait_until 10 node_is w1 '^idle$'
done_testing
