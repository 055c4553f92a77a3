#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A user without a key, through the unix socket of a worker: whoever runs the test, and as the kernel names him. More of it, with
# several users, is in tests/faults/51-gate.t.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
"$made" 50000 100 nova 8 >"$work/reads.fq"
"$ctl" qc --local --as csv "$work/reads.fq" >"$work/want"
me=$(id -un | tr -c 'A-Za-z0-9._\n-' _):$(id -u)

cluster_start
"$workerd" --state "$work/worker1" --join "$host" "$(admin token --role worker --vouch)" >/dev/null
worker_start 1 -n 1 --gate "$work/gate"
login() { FQ_KEYS=$work/none "$ctl" "$1" --socket "$work/gate" "${@:2}"; }

ok "anybody may connect" test "$(stat -c %a "$work/gate")" = 666
ok "a job of his, from submit to result" cmp <(login submit --wait "$work/reads.fq") "$work/want"
is "is that of his name and number" "$(login status --all --no-header | awk '{ print $3 }')" "$me"
ok "it can be fetched again" cmp <(login fetch 1) "$work/want"
not_mine() { ! fq fetch 1 >"$work/out" 2>&1 && grep -q 'no job 1 of yours' "$work/out"; }
ok "who has a key has other jobs" not_mine
no_admin() { ! login peers >"$work/out" 2>&1 && grep -q 'not permitted' "$work/out"; }
ok "he is no administrator, whoever he is" no_admin

# A worker that counts nothing, beside one that does.
"$workerd" --state "$work/worker2" --join "$host" "$(admin token --role worker --vouch)" >/dev/null
worker_run 2 --gate-only --gate "$work/gate2"
lets_in() { FQ_KEYS=$work/none "$ctl" ping --socket "$work/gate2"; }
ok "gate_only: it lets users in" wait_until 20 lets_in
is "and is no node" "$(admin nodes --no-header | awk '{ print $1 }')" w1
is "though it is connected" "$(admin peers --no-header | awk '$5 == "w2"' | wc -l)" 1
looks() { FQ_KEYS=$work/none "$ctl" doctor --socket "$work/gate2" "$work/reads.fq" >"$work/out" 2>&1 && ! grep -E '^(warn|bad) ' "$work/out" | grep -vE '^warn +disk '; }
ok "doctor through it is well: it is not asked for the file, which it cannot open" looks
no_node() { admin probe w2 "$work/reads.fq" >"$work/out" 2>&1; [ $? -eq 64 ]; }
ok "nor is it a node for fqctl probe" no_node
ok "and it is the same process still" kill -0 "${pid_worker[2]}"
end_process "${pid_worker[2]}" TERM
is "its end is no loss of a node" "$(admin nodes --no-header | awk '{ print $1 }')" w1
done_testing
