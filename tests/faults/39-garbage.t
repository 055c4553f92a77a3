#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario 39: peers with good keys that talk garbage once they are let in (stranger.c). They are dropped or told so, and nobody else
# notices: another client is answered, the worker keeps its connection, jobs end with the golden report, memory and descriptors stay.
. "$(dirname "$0")/faults.sh"
stranger=$top_build/tests/faults/stranger
MEMORY_MAX=$((256 << 10)) # KiB; the largest submission alone is 64 MiB of paths
[ -z "${FQ_SANITIZERS:-}" ] || MEMORY_MAX=$((1 << 20)) # which keep what is freed

talk() { # talk ROLE WHAT [SEED...]: what came of it in $said
	said=$(timeout 60 "$stranger" "$2" "${host%:*}" "${host##*:}" "$work/$1" "$1" "${@:3}" 2>&1)
	[ "$1" = client ] || admin resume stranger >/dev/null 2>&1 || true # a worker that came so far is suspect after each
}

dropped() { # dropped ROLE WHAT SENTENCE
	journal_mark
	talk "$1" "$2"
	ok "scenario 39: $1, $2: dropped, and told why" grep -qE "^ended: .*$3" <<<"$said" || diag <<<"$said"
	ok "scenario 39: $1, $2: one line says so" journal_has coord "$1 .* is dropped: .*$3" 1
}

lives_on() { # lives_on ROLE WHAT: nothing that it may not say, only too much of it
	talk "$1" "$2"
	ok "scenario 39: $1, $2: answered or dropped" grep -qE '^(open|ended)' <<<"$said" || diag <<<"$said"
}

ping_ms() { local began=${EPOCHREALTIME/[.,]/}; timeout 60 "$ctl" ping --socket "$state/ctl.sock" >/dev/null && took=$(((${EPOCHREALTIME/[.,]/} - began) / 1000)); }
# Within two seconds, where this machine and this build start a program at once.
quick_ping() { ping_ms && printf 'answered after %d ms, and after %d ms without a flood\n' "$took" "$calm" | diag && [ "$took" -lt $((5000 + 10 * calm)) ]; }
worker_stays() { ! grep -qE 'lost the coordinator' "$work/worker1.log"; }

mkdir -p "$data" "$golden"
"$top_build/tests/tools/mkfastq" 12000 100 nova 9 >"$data/reads.fq"
"$ctl" qc --local --as json "$data/reads.fq" >"$golden/reads.fq"
cluster_start --ping 100ms --dead 4s
worker_start 1 -n 2
FQ_KEYS=$work/client "$ctl" join "$host" "$(admin token --role client)" >/dev/null
"$workerd" --state "$work/worker" --join "$host" "$(admin token --role worker)" >/dev/null
submit reads.fq --slice-size 64K
job_ends "$id"
ping_ms && calm=$took
remember "$pid_coord"

# ---- what is no frame, or none for a coordinator
for role in client worker; do
	dropped $role noise 'unknown type'
	dropped $role unknown 'unknown type 1000'
	dropped $role too-long '4294967295 bytes; [0-9]+ are the most'
	dropped $role data 'DATA that nothing announced'
	dropped $role no-data 'DATA that nothing announced'
	dropped $role of-the-coordinator 'WELCOME is not for a coordinator'
	lives_on $role cut
	lives_on $role hello-again
	lives_on $role of-others
done
dropped client submit-twice 'SUBMIT within another'
dropped client file-alone 'SUBMIT_FILE without its SUBMIT'
dropped client other-tag 'SUBMIT_FILE without its SUBMIT'

ended=0
for ((seed = 1; seed <= 60; seed++)); do
	talk client frames $seed
	grep -qE '^(ended|open)' <<<"$said" && ended=$((ended + 1))
	[ $((seed % 3)) -ne 0 ] || { talk worker frames $seed && grep -qE '^(ended|open)' <<<"$said" || ended=0; }
done
is "scenario 39: random frames of known types: dropped or answered" $ended 60
talk client before-hello
is "scenario 39: before HELLO every type ends the connection" "$(grep -vc '^ended' <<<"$said")" 0

# ---- the corpora of the fuzz targets
for corpus in "$top_src"/tests/fuzz/corpus/{frames,session}; do
	[ -d "$corpus" ] || continue
	for role in client worker; do
		talk $role replay "$corpus"/*
		is "scenario 39: $role: each of the corpus ${corpus##*/} is dropped or answered" \
			"$(grep -cE '^(ended|open)' <<<"$said")" "$(find "$corpus" -type f | wc -l)"
	done
done

# ---- too much of what is allowed, while a job is counted
"$top_build/tests/tools/mkfastq" 200000 100 nova 3 >"$data/more.fq"
"$ctl" qc --local --as json "$data/more.fq" >"$golden/more.fq"
submit more.fq --slice-size 256K
for what in file-flood wait-flood unread many-lists; do
	talk client $what &
	flood=$!
	ok "scenario 39: $what: another client is answered meanwhile" quick_ping
	wait $flood
	ok "scenario 39: $what: and the job goes on" kill -0 "$pid_coord"
done
lives_on worker wait-flood
lives_on worker file-flood

ok "scenario 39: the jobs of others end with the golden report" jobs_same
ok "scenario 39: the worker kept its connection all the time" worker_stays
ok "scenario 39: memory is bounded ($(memory_kb "$pid_coord") KiB)" test "$(memory_kb "$pid_coord")" -lt $MEMORY_MAX
descriptors_back() { [ "$(descriptors "$pid_coord")" -le "${remembered[$pid_coord]%% *}" ]; }
ok "scenario 39: and no descriptor is left over" wait_until 5 descriptors_back
done_testing
