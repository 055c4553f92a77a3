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

running_on() { fq show --slices "$1" 2>/dev/null | grep -q "running  $2"; }

id=$(fq submit --parsable --slice-size 1M "$work/big.fq")
wait_until 20 running_on "$id" w1
kill -TERM "${pid_worker[1]}"
wait "${pid_worker[1]}"
is "a worker that is told to end in mid-job exits 0" $? 0
ok "and is down for the coordinator" wait_until 10 node_is w1 '^down'
ok "the job completes on the other one" fq wait "$id"
ok "with the same result" cmp <(fq fetch "$id") "$work/want"

worker_start 1 -n 1
id=$(fq submit --parsable --slice-size 1M "$work/big.fq")
wait_until 20 running_on "$id" w1
kill -STOP "${pid_worker[1]}"
began=${EPOCHREALTIME/./}
ok "a silent worker is noticed" wait_until 10 node_is w1 '^down'
took=$(((${EPOCHREALTIME/./} - began) / 1000))
ok "within the dead time of 1 s and a bit ($took ms)" test $took -lt 2500
ok "its slice runs elsewhere and the job completes" fq wait "$id"
ok "with the same result" cmp <(fq fetch "$id") "$work/want"
kill -CONT "${pid_worker[1]}"
ok "the worker comes back" wait_until 20 node_is w1 '^idle$'

fq submit --wait "$work/big.fq" >"$work/got" 2>&1 &
client=$!
jobs_running() { [ "$(fq status --no-header | wc -l)" -gt 0 ]; }
wait_until 10 jobs_running
end_process $client KILL
id=$(fq status --all --json | grep -oE '"id":[0-9]+' | cut -d: -f2 | sort -n | tail -n 1)
ok "a client that vanishes changes nothing" fq wait "$id"
ok "its result can be fetched" cmp <(fq fetch "$id") "$work/want"

cp "$work/big.fq" "$work/changing.fq"
admin drain w1 w2
hold 1 # what it is given stays in hand
id=$(fq submit --parsable --slice-size 4M "$work/changing.fq")
admin resume w1
wait_until 20 running_on "$id" w1
truncate -s -1000000 "$work/changing.fq"
let_go 1
admin resume w2
fq wait "$id" 2>"$work/err"
is "a file that shrinks under the reader: exit 74" $? 74
ok "the sentence says that it changed" grep -q 'changed' "$work/err"
is "and no CSV" "$(fq fetch "$id" 2>/dev/null)" ""
ok "the service goes on" cmp <(fq submit --wait "$work/big.fq") "$work/want"
done_testing
