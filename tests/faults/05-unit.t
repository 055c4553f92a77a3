#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The coordinator under what systemd gives it (unit.py): sockets that outlive it, a restart, a watchdog.
# FQ_KILLS (20) kills under load; the moments follow from FQ_SEED.
. "$(dirname "$0")/faults.sh"
kills=${FQ_KILLS:-20}
RANDOM=${FQ_SEED:-4711}
RESTART=0.3 WATCHDOG=3

data_make 20000
hosts_make 2
mkdir -p "$state"
host=${address[c0]}:5381
# shellcheck disable=SC2046
$(at c0) python3 "$top_src/tests/faults/unit.py" "$host" "$state/ctl.sock" $RESTART $WATCHDOG \
	"$coordd" --state "$state" "${no_cache[@]}" --ping 100ms --dead 2s >"$work/unit.out" 2>>"$work/coord.log" &
pid_coord=$!
coordinator() { awk '$2 == "started" { pid = $3 } END { print pid }' "$work/unit.out"; }
ready() { awk -v pid="$(coordinator)" '$2 == "ready" && $3 == pid { found = 1 } END { exit !found }' "$work/unit.out"; }
wait_until 20 ready || { echo "Bail out! the coordinator does not start on sockets that it was given"; exit 1; }
"$ctl" join -h "$host" "$(admin token --role client)" >"$work/out" || { echo "Bail out! fqctl cannot join"; exit 1; }
worker_start 1 -n 2 --reconnect-max 200ms
worker_start 2 -n 2 --reconnect-max 200ms

# ---- the load: jobs, one after the other, and pings; each with its exit status, and when it ended

loading() { [ ! -e "$work/enough" ]; }

jobs_load() { # jobs_load NAME
	while loading; do
		fq submit --wait --as json --slice-size 50K "$data/$1" >"$work/got.$1" 2>"$work/err.$1"
		echo "$? $(cmp -s "$work/got.$1" "$golden/$1" && echo same)" >>"$work/jobs.$1"
		cat "$work/err.$1" >>"$work/told"
	done
}

pings_load() {
	while loading; do
		if fq ping >"$work/ping.out" 2>>"$work/told"; then echo "$EPOCHREALTIME" >>"$work/pings"; fi
	done
}

count() { wc -l <"$1"; }
pings_past() { [ "$(count "$work/pings")" -ge "$1" ]; }

twenty() {
	local i name clients=()
	late_watch
	: >"$work/pings"
	: >"$work/told"
	for name in plain.fq bgzf.fq.gz; do
		jobs_load $name &
		clients+=($!)
	done
	pings_load &
	clients+=($!)
	for ((i = 0; i < kills; i++)); do
		# Some pings later, which is another moment of the jobs.
		wait_until 10 ready && wait_until 10 pings_past $(($(count "$work/pings") + 1 + RANDOM % 10)) || break
		kill -KILL "$(coordinator)"
	done
	wait_until 10 ready && wait_until 10 pings_past $(($(count "$work/pings") + 10))
	: >"$work/enough"
	wait "${clients[@]}"
	[ $i -eq "$kills" ]
}
ok "scenario 5: kill -9 of the coordinator $kills times under load" twenty
is "scenario 5: no connection was refused" "$(grep -c refused "$work/told")" 0
jobs=$(cat "$work"/jobs.* | wc -l)
is "scenario 5: all $jobs jobs that ran meanwhile completed with the golden report" "$(cat "$work"/jobs.* | grep -vc '^0 same$')" 0
is "scenario 5: no job twice" "$(admin status --all --json | grep -oE '"id":[0-9]+' | sort -u | wc -l)" "$jobs"
ok "scenario 5: some sessions were cut and tried again" grep -q 'trying again' "$work/told"
# The longest gaps between answers are those of the kills; a machine that is busy elsewhere prolongs them, and the others as well.
awk 'NR > 1 { printf "%d\n", 1000 * ($1 - last) } { last = $1 }' "$work/pings" | sort -rn >"$work/gaps"
usual=$(sed -n "$((kills / 2))p" "$work/gaps") longest=$(head -n 1 "$work/gaps")
pace=$(tail -n +$((kills + 1)) "$work/gaps" | awk '{ gap[NR] = $1 } END { print gap[int((NR + 1) / 2)] }')
late=$(late_ms)
slow=$([ -n "${FQ_SANITIZERS:-}" ] && echo 8 || echo 1)
ok "scenario 5: nobody waited for long: $usual ms the usual, $longest ms the longest, of which 300 ms the restart; a ping took $pace ms, and \
this machine was late by $late ms at most" \
	test "$usual" -le $((300 + 500 * slow + 10 * pace)) -a "$longest" -le $((300 + 2000 * slow + 20 * pace + 3 * late))

# ---- the watchdog

stopped() {
	local pid began took
	hold 1
	hold 2
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' || return 1
	late_watch
	pid=$(coordinator)
	kill -STOP "$pid"
	began=${EPOCHREALTIME/./}
	wait_until 10 grep -q "watchdog $pid" "$work/unit.out" && wait_until 10 gone "$pid" && wait_until 10 ready || return 1
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	printf 'it serves again after %d ms\n' $took | diag
	let_go 1
	let_go 2
	[ $took -le $((1000 * WATCHDOG + 300 + 2000 * slow + 20 * pace + 3 * $(late_ms))) ] && jobs_same
}
ok "scenario 7: a coordinator that hangs is ended by its watchdog, serves again, and the job completes" stopped
wait_until 10 ready
healthy() { doze $((2 * WATCHDOG)) && [ "$(grep -c watchdog "$work/unit.out")" -eq 1 ]; }
ok "scenario 7: one that does not hang feeds it" healthy
stays() { local pid; pid=$(coordinator) && all_idle 10 && [ "$(coordinator)" = "$pid" ]; }
ok "both workers are idle" stays
ok "no job twice, none lost" jobs_once
end_process "$pid_coord" KILL
done_testing
