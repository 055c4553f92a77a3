#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tables of a real cluster: columns by name, order, pipes, filters, the history of ended jobs and what they come to.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
export TZ=UTC

"$made" 1000 100 hiseq 7 >"$work/a.fq"
"$made" 2000 100 nova 8 >"$work/b.fq"
head -c 5000 "$work/a.fq" >"$work/cut.fq"
cluster_start
worker_start 01 -n 1
worker_start 02 -n 1

first=$(fq submit --parsable --name first "$work/a.fq")
second=$(fq submit --parsable --name 'sec|ond' "$work/b.fq")
fq wait "$first" "$second" 2>/dev/null # so that it is known who ends last
bad=$(fq submit --parsable --name bad "$work/cut.fq")
fq wait "$bad" 2>/dev/null

run() { "$@" >"$work/out" 2>"$work/err"; status=$?; }

run fq status -a -o JOBID,name,State,reads --sort -id
is "columns by name, sorted, newest first" "$(awk '{ print $1, $3 }' "$work/out" | tr '\n' ' ')" \
	"JOBID STATE $bad FAILED $second COMPLETED $first COMPLETED "
run fq status -a -P -o id,name,reads --sort id
is "between pipes: whole numbers, and no | within" "$(cat "$work/out")" "id|name|reads
$first|first|1000
$second|sec\\x7cond|2000
$bad|bad|0"
run fq status -o JOB
is "an unknown field: exit 64" "$status" 64
is "and the fields there are" "$(sed 's/right are .*/right are/' "$work/err"):$(grep -c 'JOBID, NAME, USER' "$work/err")" \
	"fqctl: --fields: there is no field 'JOB'; right are:1"
is "of a state that ends jobs ended ones are listed" "$(fq status -t F --no-header -o id)" "$bad"
is "of this user" "$(fq status -a -u "$(fq status --no-header -o user "$first")" --no-header | wc -l)" 3
is "of another one none" "$(fq status -a -u nobody-else --no-header)" ""
run fq status -t idle
is "a state that is none: exit 64" "$status" 64
"$ctl" status -h "$host" -w 1 -a --no-header -o id >"$work/watched" &
watching=$!
ok "--watch lists again" wait_until 20 bash -c '[ "$(grep -cx " *$1" "$2")" -ge 2 ]' - "$first" "$work/watched"
end_process $watching TERM

# nodes
is "nodes by fields" "$(admin nodes --no-header -P -o node,slots --sort -node)" "w02|1
w01|1"
admin drain w01 w02 --reason test
waiting=$(fq submit --parsable "$work/a.fq")
is "why a job waits" "$(fq status --no-header -o nodelist "$waiting")" "(NoWorkers)"
admin resume w01 w02
fq wait "$waiting"

# history
run fq history
is "ended jobs, in the order in which they ended" "$(awk 'NR > 1 { print $NF }' "$work/out" | sort | tr '\n' ' ')" "0 0 0 65 "
ok "with a header" grep -Eq '^JOBID +NAME +USER +FILES +READS +BYTES +WAIT +ELAPSED +STATE +EXIT$' "$work/out"
is "the failed one" "$(fq history --no-header -P -t F -o id,name,state,exit_code)" "$bad|bad|FAILED|65"
is "none of another time" "$(fq history --no-header -E yesterday)" ""
is "all of today" "$(fq history --no-header -S 1d | wc -l)" 4
is "the newest two" "$(fq history -q --no-header --limit 2 -P -o id --sort id)" "$bad
$waiting"
ok "which is told" bash -c '"$0" history -h "$1" --limit 2 2>&1 >/dev/null | grep -q "newest 2 jobs"' "$ctl" "$host"
json() {
	fq history --json --sort id | python3 -c 'import json, sys
all = json.load(sys.stdin)
assert all["schema"] == "fqcluster.history/1"
assert [row["id"] for row in all["rows"]] == [int(id) for id in sys.argv[1:]], all
row = all["rows"][0]
assert row["name"] == "first" and row["reads"] == 1000 and row["bases"] == 100000 and row["exit_code"] == 0 and row["state"] == "COMPLETED"
assert 0 < row["submitted_ms"] <= row["started_ms"] <= row["ended_ms"] and row["wait_ms"] == row["started_ms"] - row["submitted_ms"]
assert row["elapsed_ms"] == row["ended_ms"] - row["started_ms"] and row["files"] == 1 and row["error"] == ""
assert all["rows"][2]["error"] and all["rows"][2]["exit_code"] == 65
' "$first" "$second" "$bad" "$waiting"
}
ok "as JSON" json
stats() {
	fq history --stats --json | python3 -c 'import json, sys
all = json.load(sys.stdin)
assert all["schema"] == "fqcluster.history-stats/1" and all["jobs"] == 4 and all["states"] == {"COMPLETED": 3, "FAILED": 1}, all
assert all["files"] == 4 and all["reads"] == 4000 and 0 <= all["wait_median_ms"] <= all["wait_p95_ms"]
'
}
ok "what they come to, as JSON" stats
run fq history --stats
is "and in words" "$(head -n 1 "$work/out")" "Jobs     4: 3 COMPLETED, 1 FAILED"
run fq history -S tomorrow
is "no time: exit 64" "$status" 64
run fq history -S today -E yesterday
ok "an end before the start: a sentence" grep -q -- '--end yesterday is not behind --start today' "$work/err"

# another user sees owners and counts, no names
FQ_KEYS=$work/other "$ctl" join -h "$host" "$(admin token --role client)" >/dev/null
is "another one's jobs have no names" "$(FQ_KEYS=$work/other fq history --no-header -P -o name,error | sort -u)" "-|"
done_testing
