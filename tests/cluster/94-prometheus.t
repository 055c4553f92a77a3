#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Prometheus itself, where it is installed: promtool has nothing against /metrics and the rules, each alert speaks when it should and not
# else; a server on loopback scrapes a coordinator every second, without a token and with one: what it then tells is what fqctl tells, it
# evaluates every rule, and every panel of the dashboard finds something.
. "$(dirname "$0")/cluster.sh"
for program in prometheus promtool python3; do
	command -v $program >/dev/null || skip_all "there is no $program (Debian package ${program/promtool/prometheus})"
done
made=$top_build/tests/tools/mkfastq
rules=$top_src/contrib/prometheus/fqcluster.rules.yml
pid_prometheus=
trap '[ -z "$pid_prometheus" ] || kill -KILL "$pid_prometheus" 2>/dev/null; cluster_end' EXIT

cat >"$work/ask.py" <<'PY'
# ask.py ADDRESS metrics|value|state|rules|panels [QUERY|FILE]: of /metrics or of the server's HTTP API, as lines that can be compared
import json, re, sys, urllib.parse, urllib.request
address, what, *rest = sys.argv[1:]

def get(path, **query):
    with urllib.request.urlopen(f"http://{address}{path}?{urllib.parse.urlencode(query)}", timeout=20) as answer:
        return answer.read().decode()

def api(path, **query):
    told = json.loads(get("/api/v1/" + path, **query))
    assert told["status"] == "success", told
    return told["data"]

def rules():
    return [rule for group in api("rules")["groups"] for rule in group["rules"]]

if what == "metrics":
    sys.stdout.write(get("/metrics"))
elif what == "value":
    print(*[f"{float(row['value'][1]):.0f}" for row in api("query", query=rest[0])["result"]])
elif what == "state":
    print(*[rule["state"] for rule in rules() if rule["name"] == rest[0]])
elif what == "rules":
    print(*[f"{rule['name']} {rule['health']} {rule.get('lastError', '')}".strip() for rule in rules()], sep="\n")
elif what == "panels":
    for panel in json.load(open(rest[0]))["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "1m").replace("$job", "fqcluster")
            if not api("query", query=query)["result"]:
                print(panel["title"], query)
PY
promtool() { command promtool "$@" >"$work/promtool" 2>&1 || { diag <"$work/promtool"; return 1; }; }
told() { python3 "$work/ask.py" "$prometheus" "$@"; }
value_is() { [ "$(told value "$1")" = "$2" ]; }
state_is() { [ "$(told state "$1")" = "$2" ]; }

# ---- the rules alone
ok "promtool has nothing against the rules" promtool check rules "$rules"
ok "the alerts speak when they should, and not else" promtool test rules "$top_src/contrib/prometheus/fqcluster.rules.test.yml"
cat >"$work/tested.py" <<'PY'
# Which alerts of the rules are never tried: as one that speaks, or as one that does not.
import re, sys
alerts = set(re.findall(r"- alert: (\w+)", open(sys.argv[1]).read()))
tests = open(sys.argv[2]).read()
speak = set(re.findall(r"alertname: (\w+)\s+exp_alerts:\s+- exp_labels", tests))
silent = set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", tests))
print(*sorted(alerts - speak | alerts - silent))
PY
is "each is tried both ways" "$(python3 "$work/tested.py" "$rules" "$top_src/contrib/prometheus/fqcluster.rules.test.yml")" ""

# ---- a coordinator, and a server that scrapes it twice: once with a token
cluster_start --status-listen 127.0.0.1:0 --status-token "$work/status.token"
if grep -q 'built without libmicrohttpd' "$work/coord.log"; then
	skip "this build has no libmicrohttpd"
	done_testing
fi
status_at=$(cat "$state/listening-status")
printf 'correct-horse-battery\n' >"$work/scrape.token"
cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$(realpath "$rules")"]
scrape_configs:
  - job_name: fqcluster
    static_configs: [{targets: ["$status_at"]}]
  - job_name: with-token
    authorization: {credentials_file: "$work/scrape.token"}
    static_configs: [{targets: ["$status_at"]}]
END
ok "promtool has nothing against the configuration" promtool check config "$work/prometheus.yml"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" --web.listen-address=127.0.0.1:0 \
	2>"$work/prometheus.log" {never}>&- &
pid_prometheus=$!
prometheus=
listens() { prometheus=$(sed -n 's/.*msg="Listening on" address=//p' "$work/prometheus.log") && [ -n "$prometheus" ]; }
ok "the server starts" wait_until 60 listens
ok "the coordinator is up" wait_until 60 value_is 'up{job="fqcluster"}' 1
ok "a token where none is asked for is no harm" wait_until 20 value_is 'up{job="with-token"}' 1

# ---- what it tells is what fqctl tells
worker_start 1 -n 2
ok "a worker is idle" wait_until 20 value_is 'fqcluster_workers{job="fqcluster",state="idle"}' 1
"$made" 3000 80 nova 1 >"$work/a.fq"
gzip -c "$work/a.fq" >"$work/b.fastq.gz"
head -c 20000 "$work/a.fq" >"$work/cut.fq"
fq submit --wait "$work/a.fq" "$work/b.fastq.gz" >/dev/null
fq submit --wait "$work/b.fastq.gz" >/dev/null
fq submit --wait "$work/cut.fq" >/dev/null 2>&1
end_process "${pid_worker[1]}" TERM
ok "no worker: the alert has begun" wait_until 30 state_is FqclusterNoWorkers pending
fq cancel "$(fq submit --parsable "$work/a.fq")" >/dev/null
fq submit --parsable "$work/a.fq" >/dev/null
told_by_fqctl() { fq status --all --no-header -P -o state | grep -cx "$1"; }
for result in completed failed cancelled; do
	count=$(told_by_fqctl "${result^^}")
	ok "$result jobs: $count" wait_until 20 value_is "fqcluster_jobs_finished_total{job=\"fqcluster\",result=\"$result\"}" "$count"
done
ok "one is pending" wait_until 20 value_is 'fqcluster_jobs{job="fqcluster",state="pending"}' "$(told_by_fqctl PENDING)"
reads=$(fq status --all --no-header -P -o reads | awk '/^[0-9]/ { n += $1 } END { print n }')
ok "reads: $reads" wait_until 20 value_is 'fqcluster_reads_total{job="fqcluster"}' "$reads"
ok "over time, too" wait_until 20 eval '[ "$(told value "increase(fqcluster_reads_total{job=\"fqcluster\"}[5m]) > bool 0")" = 1 ]'
names=$(python3 "$work/ask.py" "$status_at" metrics | tee "$work/metrics" | grep -vc '^#')
ok "all $names numbers are taken" wait_until 20 value_is 'scrape_samples_scraped{job="fqcluster"}' "$names"
ok "promtool has nothing against the metrics" eval 'promtool check metrics <"$work/metrics" && ! grep . "$work/promtool"'
sed 's/_total\b/_sum/' "$work/metrics" >"$work/bad"
ok "against others it has" eval '! command promtool check metrics <"$work/bad" >/dev/null 2>&1'
is "every rule is evaluated" "$(told rules | grep -cx 'Fqcluster[A-Za-z]* ok')" "$(grep -c 'alert:' "$rules")"
is "every panel of the dashboard finds something" "$(told panels "$top_src/contrib/grafana/fqcluster.json")" ""

# ---- with a token
end_process "$pid_coord" TERM
ok "an absent coordinator is seen" wait_until 20 value_is 'up{job="fqcluster"}' 0
ok "the alert has begun" wait_until 20 state_is FqclusterCoordinatorAbsent pending
cp "$work/scrape.token" "$work/status.token"
coord_start --status-listen "$status_at" --status-token "$work/status.token"
ok "who has the token comes in" wait_until 30 value_is 'up{job="with-token"}' 1
is "who has none does not" "$(told value 'up{job="fqcluster"}')" 0
ok "counters that began anew are no harm" wait_until 20 value_is 'fqcluster_jobs_finished_total{job="with-token",result="completed"}' 0
done_testing
