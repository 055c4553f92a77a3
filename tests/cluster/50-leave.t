#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nodes that leave: drained by TERM in the middle of a slice, silent without a word, vanished clients, changed files.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq

"$made" 1200000 150 nova 5 >"$work/big.fq" # 430 MB
"$ctl" qc --local --as csv "$work/big.fq" >"$work/want"
cluster_start --ping 100ms --dead 1s
worker_start 1 -n 1
worker_start 2 -n 1

# Without work in hand a job would be over before the test looks. Each job is submitted while nobody counts (which begins with hold_work);
# in_hand: then worker 1 has slices of it that it does not come on with; go_on: until now, and the other one counts too.
hold_work() { admin drain w1 w2 && hold 1; }
running_on() { fq show --slices "$1" 2>/dev/null | grep -q "running  $2"; }
in_hand() { admin resume w1 && wait_until 20 running_on "$id" w1; }
go_on() { let_go 1 && admin resume w2; }

hold_work
id=$(fq submit --parsable --slice-size 1M "$work/big.fq")
ok "a worker has slices in hand" in_hand
kill -TERM "${pid_worker[1]}"
go_on
wait "${pid_worker[1]}"
is "when it is told to end in mid-job it exits 0" $? 0
ok "and is down for the coordinator" wait_until 10 node_is w1 '^down'
ok "the job completes on the other one" fq wait "$id"
ok "with the same result" cmp <(fq fetch "$id") "$work/want"

# The coordinator answers each try: 40 are about 2.5 s on a quiet machine, and more on one that is busy or stands still.
noticed() {
	for ((tries = 1; tries <= 40; tries++)); do
		! node_is w1 '^down' || return 0
		doze 0.05
	done
	return 1
}
worker_start 1 -n 1
hold_work
id=$(fq submit --parsable --slice-size 1M "$work/big.fq")
ok "it is there again and has slices in hand" in_hand
kill -STOP "${pid_worker[1]}"
began=${EPOCHREALTIME/./}
ok "a silent worker is noticed within the dead time of 1 s and a bit" noticed
printf '# after %d ms, at try %d\n' $(((${EPOCHREALTIME/./} - began) / 1000)) $tries
go_on
ok "its slice runs elsewhere and the job completes" fq wait "$id"
ok "with the same result" cmp <(fq fetch "$id") "$work/want"
kill -CONT "${pid_worker[1]}"
ok "the worker comes back" wait_until 20 node_is w1 '^idle$'

# Not by fq, which is a shell in the background, with fqctl as its child.
hold_work
"$ctl" submit -h "$host" --wait "$work/big.fq" >"$work/got" 2>&1 &
client=$!
newest() { fq status --all --json | grep -oE '"id":[0-9]+' | cut -d: -f2 | sort -n | tail -n 1; }
submitted() { [ "$(newest)" -gt "$1" ]; }
ok "a client's job is there" wait_until 20 submitted "$id"
id=$(newest)
ok "and is counted" in_hand
ok "while the client waits" kill -KILL $client
wait $client 2>/dev/null
go_on
ok "that it vanishes changes nothing" fq wait "$id"
ok "its result can be fetched" cmp <(fq fetch "$id") "$work/want"
is "and nobody has got it" "$(cat "$work/got")" ""

cp "$work/big.fq" "$work/changing.fq"
hold_work
id=$(fq submit --parsable --slice-size 4M "$work/changing.fq")
ok "slices of a file are in hand" in_hand
truncate -s -1000000 "$work/changing.fq"
go_on
fq wait "$id" 2>"$work/err"
is "a file that shrinks under the reader: exit 74" $? 74
ok "the sentence says that it changed" grep -q 'changed' "$work/err"
is "and no CSV" "$(fq fetch "$id" 2>/dev/null)" ""
ok "the service goes on" cmp <(fq submit --wait "$work/big.fq") "$work/want"
done_testing
