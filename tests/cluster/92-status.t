#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Status page and metrics by HTTP: off unless switched on; on loopback without a token, else with one; read only; numbers grow by what
# was counted; slow and many askers hold nobody up; names from outside stay text.
. "$(dirname "$0")/cluster.sh"
python=/usr/bin/python3
[ -x $python ] || python=python3
command -v "$python" >/dev/null || skip_all "python3 is not installed"
made=$top_build/tests/tools/mkfastq
"$made" 3000 80 nova 8 >"$work/a.fq"
gzip -c "$work/a.fq" >"$work/b.fastq.gz"

cat >"$work/ask.py" <<'PY'
# ask.py ADDRESS METHOD PATH [HEADER: VALUE]...: the status, then the headers to the file "headers", and the body
import http.client, sys
address, method, path = sys.argv[1:4]
connection = http.client.HTTPConnection(address, timeout=20)
connection.putrequest(method, path, skip_host=any(h.startswith("Host:") for h in sys.argv[4:]))
for header in sys.argv[4:]:
    connection.putheader(*header.split(": ", 1))
connection.endheaders()
answer = connection.getresponse()
body = answer.read()
sys.stdout.write("%d\n" % answer.status)
sys.stdout.flush()
sys.stdout.buffer.write(str(answer.headers).encode() if method == "HEAD" else body)
PY
ask() { "$python" "$work/ask.py" "$status_at" "$@"; }
code() { ask "$@" | sed -n 1p; }
metric() { ask GET /metrics | awk -v name="$1" '$1 == name { print $2 }'; }
metric_is() { [ "$(metric "$1")" = "$2" ]; }

# ---- off by default, and not for everybody
cluster_start
is "nothing listens but the job port" "$(find "$state" -name 'listening*' | wc -l)" 1
sockets() { local fd; for fd in /proc/"$pid_coord"/fd/*; do readlink "$fd"; done | sed -n 's/^socket:\[\(.*\)\]$/\1/p' | sort; }
listens() { awk '$4 == "0A" { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null | sort | comm -12 - <(sockets) | wc -l; }
is "one port is open" "$(listens)" 1
end_process "$pid_coord" TERM
timeout 20 "$coordd" --state "$state" --listen 127.0.0.1:0 --status-listen 0.0.0.0:0 2>"$work/refused"
refused=$?
if grep -q 'built without libmicrohttpd' "$work/refused"; then
	pid_coord=
	skip "this build has no libmicrohttpd"
	done_testing
fi
is "for all the world without a token: exit 78" "$refused" 78
ok "and a sentence" grep -q 'there is no token in .*status.token: right is' "$work/refused"
coord_start --status-listen 127.0.0.1:0
status_at=$(cat "$state/listening-status")
is "two ports are open" "$(listens)" 2

# ---- what is told
is "/healthz" "$(ask GET /healthz)" $'200\nok'
is "no such page: 404" "$(code GET /none)" 404
for method in POST PUT DELETE OPTIONS TRACE; do is "$method is refused: 405" "$(code $method /)" 405; done
is "HEAD has no body" "$(code HEAD /metrics)" 200
ask HEAD /metrics >"$work/headers"
for header in "Content-Security-Policy: default-src 'none'" "X-Content-Type-Options: nosniff" "Cache-Control: no-store"; do
	ok "header $header" grep -q "^$header" "$work/headers"
done
is "asked for by another one's name: 403" "$(code GET / 'Host: evil.example:5382')" 403
is "localhost is none" "$(code GET /metrics 'Host: localhost:5382')" 200
is "nor ::1" "$(code GET /metrics 'Host: [::1]:5382')" 200

# ---- numbers
worker_start 1 -n 2
is "a worker is idle" "$(metric 'fqcluster_workers{state="idle"}')" 1
is "nothing was counted" "$(metric fqcluster_reads_total)" 0
fq submit --wait "$work/a.fq" "$work/b.fastq.gz" >/dev/null
reads=$(($(wc -l <"$work/a.fq") / 4)) bases=$(awk 'NR % 4 == 2 { n += length($0) } END { print n }' "$work/a.fq")
is "reads grow by what was counted" "$(metric fqcluster_reads_total)" $((2 * reads))
is "bases" "$(metric fqcluster_bases_total)" $((2 * bases))
is "bytes of text" "$(metric 'fqcluster_input_bytes_total{compression="none"}')" "$(stat -c %s "$work/a.fq")"
is "bytes of gzip" "$(metric 'fqcluster_input_bytes_total{compression="gzip"}')" "$(stat -c %s "$work/b.fastq.gz")"
is "slices" "$(metric fqcluster_slices_total)" 2
is "each has a duration" "$(metric fqcluster_slice_duration_seconds_count)" 2
is "a job has completed" "$(metric 'fqcluster_jobs_finished_total{result="completed"}')" 1
is "it has waited once" "$(metric fqcluster_job_queue_seconds_count)" 1
is "and lasted once" "$(metric fqcluster_job_duration_seconds_count)" 1
head -c 20000 "$work/a.fq" >"$work/cut.fq"
fq submit --wait "$work/cut.fq" >/dev/null 2>&1
is "one has failed" "$(metric 'fqcluster_jobs_finished_total{result="failed"}')" 1
is "of a slice at fault nothing is counted" "$(metric fqcluster_reads_total)" $((2 * reads))
is "nor did it come back" "$(metric 'fqcluster_slice_requeues_total{reason="crash"}')" 0
end_process "${pid_worker[1]}" TERM
ok "a worker that is gone is none or down" wait_until 10 metric_is 'fqcluster_workers{state="idle"}' 0
fq submit --parsable "$work/a.fq" >"$work/id"
is "a job waits" "$(metric 'fqcluster_jobs{state="pending"}')" 1
fq cancel "$(cat "$work/id")" >/dev/null
is "no more" "$(metric 'fqcluster_jobs{state="pending"}')" 0
is "it was cancelled" "$(metric 'fqcluster_jobs_finished_total{result="cancelled"}')" 1
is "without a duration" "$(metric fqcluster_job_duration_seconds_count)" 2

# ---- a slice that is lost with its worker
if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	FQ_FAILPOINT=child-loop-at-0:on worker_start 1 -n 1
	fq submit --parsable "$work/a.fq" >"$work/id"
	ok "a slice is in flight" wait_until 10 metric_is fqcluster_slices_inflight 1
	end_process "${pid_worker[1]}" KILL
	ok "what is lost is requeued" wait_until 20 metric_is 'fqcluster_slice_requeues_total{reason="lost_worker"}' 1
	is "and is in flight no more" "$(metric fqcluster_slices_inflight)" 0
	ok "its node is down" wait_until 10 metric_is 'fqcluster_workers{state="down"}' 1
	worker_start 1 -n 2
	fq wait "$(cat "$work/id")" >/dev/null
	is "it is counted once" "$(metric fqcluster_reads_total)" $((3 * reads))
else
	skip "no failpoints in this build (--enable-failpoints): no slice is lost"
	worker_start 1 -n 2
fi

# Every metric that rules and dashboard ask for is there, and they ask for most of what there is.
cat >"$work/asked.py" <<'PY'
import json, re, sys
told = set(re.findall(r"^# TYPE (\S+)", open(sys.argv[1]).read(), re.M))
rules, board = open(sys.argv[2]).read(), json.load(open(sys.argv[3]))
words = rules + " ".join(t["expr"] for p in board["panels"] for t in p["targets"])
asked = set(re.sub("_bucket$", "", w) for w in re.findall(r"\b(?:fqcluster|process)_[a-z_]+", words))
print(*sorted(asked - told))
sys.exit(bool(asked - told) or len(asked) < 15 or len({p["id"] for p in board["panels"]}) != len(board["panels"]))
PY
ask GET /metrics >"$work/metrics"
ok "alert rules and dashboard name metrics that there are" "$python" "$work/asked.py" "$work/metrics" "$top_src/contrib/prometheus/fqcluster.rules.yml" \
	"$top_src/contrib/grafana/fqcluster.json"
sed 's/fqcluster_serving/fqcluster_server/' "$top_src/contrib/prometheus/fqcluster.rules.yml" >"$work/rules.yml"
ok "a planted one is found" eval '! "$python" "$work/asked.py" "$work/metrics" "$work/rules.yml" "$top_src/contrib/grafana/fqcluster.json" >/dev/null'

# ---- the page, as strangers see it
ask GET / >"$work/page"
ok "the page is HTML" grep -q '^<!DOCTYPE html>' "$work/page"
ok "it has no script and nothing from elsewhere" eval '! grep -qiE "<script|https?:|src=|@import|url\(" "$work/page"'
ok "it is loaded anew" grep -q 'http-equiv="refresh" content="5"' "$work/page"
ok "the jobs are on it" grep -q '</span>completed</td>' "$work/page"
ok "and the failed one" grep -q '</span>failed</td>' "$work/page"
ok "without names and sentences" eval '! grep -qE "a\.fq|cut\.fq|record" "$work/page"'

is "reports are not for strangers" "$(code GET /job/1)" 404

# ---- slow ones, and many
cat >"$work/flood.py" <<'PY'
# Opens as many connections as it can, up to 1000, half a request on each, and holds them until it is told to end.
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
held = []
for i in range(1000):
    s = socket.socket()
    s.settimeout(0.2)
    try:
        s.connect((host, int(port)))
        s.send(b"GET / HTTP/1.1\r\nHost: 127")
        held.append(s)
    except OSError:
        break
print(len(held), flush=True)
sys.stdin.read()
PY
ulimit -n 4096 2>/dev/null || true
before=$EPOCHSECONDS
fq submit --wait "$work/a.fq" "$work/b.fastq.gz" >/dev/null
quiet=$((EPOCHSECONDS - before))
coproc flood { "$python" "$work/flood.py" "$status_at"; }
flood_pid=$flood_PID # which is unset when it has ended
read -r held <&"${flood[0]}"
ok "more connections are held than there may be: $held" test "$held" -gt 64
before=$EPOCHSECONDS
fq submit --wait "$work/a.fq" "$work/b.fastq.gz" >/dev/null
ok "workers and clients do not notice (without them $quiet s)" test $((EPOCHSECONDS - before)) -le $((10 + 5 * quiet))
ok "the process has few of them" test "$(find /proc/"$pid_coord"/fd 2>/dev/null | wc -l)" -lt 150
exec {end}>&"${flood[1]}"-
exec {end}>&-
wait "$flood_pid" 2>/dev/null
answers() { [ "$(code GET /healthz)" = 200 ]; }
ok "afterwards it answers again" wait_until 30 answers

# ---- with a token
end_process "$pid_coord" TERM
ok "the file that tells the address goes with the coordinator" test ! -e "$state/listening-status"
printf 'short\n' >"$state/status.token"
timeout 20 "$coordd" --state "$state" --listen 127.0.0.1:0 --status-listen 127.0.0.1:0 2>"$work/refused"
is "a token of five letters: exit 78" $? 78
printf 'correct-horse-battery\nsecond line\n' >"$state/status.token"
coord_start --status-listen 0.0.0.0:0
status_at=127.0.0.1:$(sed 's/.*://' "$state/listening-status")
basic() { printf 'Authorization: Basic %s' "$(printf '%s' "anybody:$1" | base64)"; }
is "without the token: 401" "$(code GET /)" 401
is "metrics too" "$(code GET /metrics)" 401
is "a wrong one: 401" "$(code GET /metrics 'Authorization: Bearer correct-horse-batterx')" 401
is "its beginning: 401" "$(code GET /metrics 'Authorization: Bearer correct-horse')" 401
is "none: 401" "$(code GET /metrics 'Authorization: Bearer ')" 401
is "a wrong password: 401" "$(code GET /metrics "$(basic wrong)")" 401
is "the right one: 200" "$(code GET /metrics 'Authorization: Bearer correct-horse-battery')" 200
is "as a password: 200" "$(code GET /metrics "$(basic correct-horse-battery)")" 200
is "/healthz is for everybody" "$(code GET /healthz)" 200
is "by any name" "$(code GET /metrics 'Host: coord.example' 'Authorization: Bearer correct-horse-battery')" 200
printf 'another-horse-battery\n' >"$state/status.token"
kill -HUP "$pid_coord"
new_token() { [ "$(code GET /metrics 'Authorization: Bearer another-horse-battery')" = 200 ]; }
ok "SIGHUP reads it anew" wait_until 10 new_token
with_token() { ask GET "$1" 'Authorization: Bearer another-horse-battery'; }
evil=$work/'<img src=x onerror=alert(1)>&"'\''.fq'
cp "$work/a.fq" "$evil"
worker_start 2 -n 2
fq submit --wait "$evil" >/dev/null
told() { with_token / | tail -n +2 >"$work/page"; grep -q '&#60;img src=x onerror=alert(1)&#62;&#38;&#34;&#39;.fq' "$work/page"; }
ok "who has the token sees names, as text" wait_until 10 told
ok "and no markup of theirs" eval '! grep -q "<img" "$work/page"'
ok "and why a job has failed" grep -q 'record.*the file ends within' "$work/page"
ok "the page is well-formed" "$python" -c 'import sys, xml.dom.minidom as x; x.parseString(open(sys.argv[1]).read().split("\n", 1)[1])' "$work/page"

# ---- reports of finished jobs
mkdir "$work/reports"
fq submit --wait --as html -d "$work/reports" "$work/a.fq" "$evil" >/dev/null 2>"$work/err" || diag <"$work/err"
id=$(fq status --all --no-header | awk '{ print $1 }' | sort -n | tail -n 1)
with_token "/job/$id" >"$work/page"
is "a job has a page" "$(sed -n 1p "$work/page")" 200
ok "with its files as text" grep -q '&#60;img src=x' "$work/page"
ok "and links to reports" grep -q "href=\"/job/$id/1/report.html\"" "$work/page"
linked() { with_token / | grep -q "href=\"/job/$id\""; }
ok "the status page leads there" wait_until 20 linked
with_token "/job/$id/0/report.html" | tail -n +2 >"$work/page"
ok "the report is the one that fqctl writes" cmp "$work/page" "$work/reports/a.fq.html"
for path in "/job/$id/2/report.html" /job/999999 /job/1/0/report.html /job/x /job/ "/job/$id/0" "/job/$id/0/x.html" "/job/$id/-1/report.html" \
	"/job/$id/4294967296/report.html" /job/../metrics; do
	is "$path: 404" "$(with_token "$path" | sed -n 1p)" 404
done
is "not without the token" "$(code GET "/job/$id/0/report.html")" 401
printf 'short\n' >"$state/status.token"
kill -HUP "$pid_coord"
ok "one that is too short is told" wait_until 10 grep -q 'token of the status page stays as it was' "$work/coord.log"
is "and the last one holds" "$(code GET /metrics 'Authorization: Bearer another-horse-battery')" 200
is "the old one is none any more" "$(code GET /metrics 'Authorization: Bearer correct-horse-battery')" 401
# ---- kept results
end_process "$pid_coord" TERM
no_cache=()
rm "$state/status.token"
coord_start --status-listen 127.0.0.1:0
status_at=$(cat "$state/listening-status")
rests() { (($(date +%s) - $(stat -c %Z "$work/a.fq") > 3)); } # what has just changed is not kept
ok "a file rests" wait_until 20 rests
ok "both workers are back" wait_until 30 metric_is fqcluster_worker_slots 4
fq submit --wait "$work/a.fq" >/dev/null
kept=$(admin cache stats --json | grep -o '"bytes":[0-9]*' | cut -d: -f2)
is "kept results are as fqctl tells" "$(metric fqcluster_cache_entries) $(metric fqcluster_cache_size_bytes)" "1 $kept"
fq submit --wait "$work/a.fq" >/dev/null 2>&1
is "one was of use" "$(metric fqcluster_cache_hits_total) $(metric fqcluster_cache_misses_total)" "1 1"
is "nothing was counted for it" "$(metric fqcluster_reads_total)" "$reads"

done_testing
