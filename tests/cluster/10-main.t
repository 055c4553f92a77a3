#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The main job on real daemons: submit, look, fetch, cancel, drain; and how the program answers what is wrong.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq

"$made" 1000 150 hiseq 7 >"$work/a.fq"
"$made" 20000 100 nova 8 trim >"$work/b.fq"
gzip -c "$work/b.fq" >"$work/b.fq.gz"
python3 "$oracle" "$work/a.fq" >"$work/a.want"
python3 "$oracle" "$work/b.fq" >"$work/b.want"

cluster_start
worker_start 1 -n 2
worker_start 2 -n 2

# status_of EXIT COMMAND...: runs it, keeps stdout and stderr, and checks the exit status.
run() { "$@" >"$work/out" 2>"$work/err"; status=$?; }

run fq submit --wait "$work/a.fq"
is "submit --wait exits 0" "$status" 0
ok "the CSV is the oracle's" cmp "$work/out" "$work/a.want"
is "nothing on standard error in a pipe" "$(cat "$work/err")" ""
run "$ctl" qc --local --as csv "$work/a.fq"
ok "counted on this machine: the same bytes" cmp "$work/out" "$work/a.want"
run fq submit --wait "$work/b.fq.gz"
ok "trimmed reads in gzip: the oracle's CSV" cmp "$work/out" "$work/b.want"
run fq qc --as csv "$work/b.fq"
ok "qc with -h counts on the cluster" cmp "$work/out" "$work/b.want"
run env FQ_HOST="$host" "$ctl" submit --wait "$work/a.fq"
ok "FQ_HOST names the coordinator" cmp "$work/out" "$work/a.want"

# forms
run fq submit --wait --base 1 --header --crlf --error-mean "$work/a.fq"
ok "header, base 1, CRLF, error mean" cmp "$work/out" <(python3 "$oracle" --base 1 --header --crlf --error-mean "$work/a.fq")
run fq submit --wait --phred auto "$work/a.fq"
ok "--phred auto" cmp "$work/out" "$work/a.want"
run fq submit -o "$work/o.csv" "$work/a.fq"
is "-o waits and writes nothing on standard output" "$status:$(cat "$work/out")" "0:"
ok "-o writes the file" cmp "$work/o.csv" "$work/a.want"
mkdir "$work/d"
run fq submit -o "$work/d/X.csv" "$work/a.fq" "$work/b.fq"
ok "-o with several files: <input>.<name>" cmp "$work/d/a.fq.X.csv" "$work/a.want"
ok "and the second one" cmp "$work/d/b.fq.X.csv" "$work/b.want"
run fq submit --output-dir "$work/d" "$work/a.fq" "$work/b.fq"
ok "--output-dir: <input>.csv" cmp "$work/d/b.fq.csv" "$work/b.want"
run fq submit --wait "$work/a.fq" "$work/b.fq"
ok "several files on standard output: a line with the name before each" \
	cmp "$work/out" <(echo "$work/a.fq"; cat "$work/a.want"; echo "$work/b.fq"; cat "$work/b.want")

# a job's life from outside
run fq submit --parsable "$work/b.fq"
id=$(cat "$work/out")
ok "--parsable prints a number only" test "$id" -gt 0
run fq wait "$id"
is "wait exits 0 for a completed job" "$status" 0
run fq fetch "$id"
ok "fetch gives the CSV again" cmp "$work/out" "$work/b.want"
run fq fetch --base 1 "$id"
ok "fetch in another form, without counting" cmp "$work/out" <(python3 "$oracle" --base 1 "$work/b.fq")
run fq show --slices "$id"
ok "show tells state and file" grep -q "COMPLETED.*b.fq" "$work/out"
run fq status --all --no-header
ok "status --all lists it" grep -Eq "^ *$id  .* CD " "$work/out"
run fq status --json --all
ok "status --json parses" python3 -m json.tool "$work/out" "$work/parsed"
run admin nodes --json
ok "nodes --json parses" python3 -m json.tool "$work/out" "$work/parsed"
run fq ping
is "ping exits 0" "$status" 0
run fq submit --detach "$work/a.fq"
ok "--detach says the job's number" grep -Eq '^Submitted job [0-9]+: 1 file$' "$work/out"

# drained nodes get nothing; a job waits, is cancelled, or goes on
admin drain w1 w2 --reason "disk swap"
ok "drained nodes are told so, when they have finished what they had" wait_until 20 node_is w1 '^drain$'
ok "with the reason" bash -c '"$0" nodes --socket "$1" | grep -q "disk swap"' "$ctl" "$state/ctl.sock"
id=$(fq submit --parsable "$work/a.fq")
id2=$(fq submit --parsable "$work/b.fq")
ok "a job without nodes waits" bash -c '"$0" status --socket "$1" | grep -Eq " PD .*\("' "$ctl" "$state/ctl.sock"
for limit in 1s 5s 30s; do # on a busy machine a second may be over before it is connected
	run fq wait --timeout "$limit" "$id"
	! grep -q 'goes on' "$work/err" || break
done
is "wait for it, until the time is over: what goes on, why, and how to come back" "$status: $(cat "$work/err")" \
	"124: fqctl: the time of --timeout is over; job $id goes on (waiting: NoWorkers), and 'fqctl follow -h $host $id' comes back to it"
run fq cancel "$id" --reason "not needed"
is "cancel exits 0" "$status" 0
run fq wait "$id"
is "wait for a cancelled job exits 1" "$status" 1
ok "and says why" grep -q "not needed" "$work/err"
admin resume w1 w2
run fq wait "$id2"
is "after resume the other job completes" "$status" 0
ok "with the right result" cmp <(fq fetch "$id2") "$work/b.want"

# a worker that is told no host goes where it joined
end_process "${pid_worker[2]}" TERM
"$workerd" --state "$work/worker2" --name w2 -n 2 2>>"$work/worker2.log" &
pid_worker[2]=$!
ok "a worker finds the coordinator that it joined" wait_until 30 node_is w2 '^idle$'
run "$workerd" --config /dev/null --state "$work/unjoined"
is "one that joined none: exit 78" "$status" 78
ok "and says what to do" grep -q 'fqworkerd: no coordinator is named: right is fqworkerd --join HOST TOKEN' "$work/err"

# a job as JSON
shown() {
	fq show --json --slices "$1" | python3 -c 'import json, sys
job = json.load(sys.stdin)
assert job["schema"] == "fqcluster.job/1" and job["id"] == int(sys.argv[1]) and job["state"] == "COMPLETED" and job["exit_code"] == 0
assert job["submitted"].endswith("Z") and job["started"] >= job["submitted"] and job["elapsed_s"] >= 0 and job["error"] == ""
f, = job["files"]
assert f["path"] == sys.argv[2] and f["kind"] == "plain" and f["reads"] == job["reads"] > 0 and f["slices_done"] == f["slices"] and f["slice_list"] == []
' "$1" "$2"
}
run fq submit --parsable "$work/a.fq"
json_job=$(cat "$work/out")
run fq wait "$json_job"
ok "show --json" shown "$json_job" "$work/a.fq"
run fq show --json 999999
is "show --json of no job prints nothing" "$(cat "$work/out")" ""

# what is wrong gets its sentence and exit status
run "$ctl" nodes -h
is "-h without a host: exit 64" "$status" 64
is "and its sentence" "$(cat "$work/err")" "fqctl: -h needs a HOST; help is -? or --help"
run "$ctl" nodes -h nowhere.invalid
is "unknown host: exit 68" "$status" 68
run "$ctl" ping -h 127.0.0.1:1
is "nobody there: exit 69" "$status" 69
run env FQ_KEYS="$work/nobody" "$ctl" ping -h "$host"
is "not joined with that coordinator: exit 77" "$status" 77
run "$ctl" frobnicate
is "unknown verb: exit 64" "$status" 64
run fq wait 999999
ok "unknown job: a sentence with its number" grep -q 999999 "$work/err"
ok "and an exit status that says so" test "$status" -ge 64
run fq submit --wait "$work/none.fq"
is "a file that no worker can open: exit 66" "$status" 66
ok "names the file" grep -q "none.fq.*No such file" "$work/err"
run fq submit --wait "$work"
is "a directory: exit 66" "$status" 66
run fq submit -o "$work/no/where.csv" "$work/a.fq"
is "output folder missing: exit 73, before anything is counted" "$status" 73
run fq submit --wait "$work/a.fq" "$work/none.fq"
is "one of two files missing: exit 66" "$status" 66
ok "the other one is there whole" cmp <(tail -n +2 "$work/out") "$work/a.want"
head -c 20000 "$work/a.fq" >"$work/cut.fq"
run fq submit --wait "$work/cut.fq"
is "a truncated file: exit 65" "$status" 65
is "no partial CSV" "$(cat "$work/out")" ""
ok "file and record are named" grep -q "cut.fq.*record" "$work/err"
run fq submit -o "$work/cut.csv" "$work/cut.fq"
ok "no partial file" test ! -e "$work/cut.csv"
gzip -c "$work/b.fq" | head -c 100000 >"$work/cut.gz"
run fq submit --wait "$work/cut.gz"
is "a truncated gzip: exit 74" "$status" 74
run env FQ_KEYS="$work/stranger" "$ctl" join -h "$host" FQ1-00-11
is "a token that is none: exit 64 or 77" "$((status == 64 || status == 77 || status == 65))" 1
mkdir -p "$work/stranger"; cp "$FQ_KEYS/known" "$work/stranger/"; openssl genpkey -algorithm ed25519 -out "$work/stranger/key.pem" 2>/dev/null
chmod 600 "$work/stranger/key.pem"
run env FQ_KEYS="$work/stranger" "$ctl" nodes -h "$host"
is "a key that was never enrolled: exit 77" "$status" 77
run fq submit --wait "$work/a.fq"
ok "and the service goes on" cmp "$work/out" "$work/a.want"

kill -TERM "$pid_coord"
wait "$pid_coord"
is "the coordinator ends with 0 on TERM" $? 0
run fq ping
is "no coordinator: exit 69" "$status" 69
pid_coord=
done_testing
