#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Programs of two versions of the protocol together, and a cluster that is brought from one to the other, in both orders, while a
# job is counted. The older one is this build with the failpoint speak-1; tests/faults/upgrade.sh does the same with real older
# programs.
. "$(dirname "$0")/faults.sh"
[ "${FQ_FAILPOINTS:-}" = yes ] || skip_all "this build has no failpoints, by which a program speaks the older protocol"

old='env FQ_FAILPOINT=speak-1:on'
times=(--ping 100ms --dead 3s)
data_make 60000
hosts_make 2

reason_is() { fq status --json "$1" | grep -q "($2)"; }
peer_old() { worker_on "$1" "w$1" "$old"; }
peer_new() { worker_on "$1" "w$1"; }
restart_worker() { end_process "${pid_worker[$1]}" TERM && worker_start "$1" -n 2 --reconnect-max 200ms; }
restart_coord() { # restart_coord SIGNAL
	end_process "$pid_coord" "$1"
	coord_start "${times[@]}" "${proof[@]}" && wait_until 20 node_is w1 '^(idle|mixed|alloc)$' &&
		wait_until 20 node_is w2 '^(idle|mixed|alloc)$'
}
# begun: a job that cannot end before let_go
begun() { hold 1; hold 2; submit large.fq --slice-size 500K "$@" && wait_until 20 slices_of "$id" 'running  w1' && wait_until 20 slices_of "$id" 'running  w2'; }

# ---- workers of the older version, and proofs that they cannot check

proof=()
peer_old 1
peer_old 2
cluster_start "${times[@]}"
worker_start 1 -n 2 --reconnect-max 200ms
worker_start 2 -n 2 --reconnect-max 200ms

waits() {
	submit large.fq --slice-size 1M && wait_until 5 reason_is "$id" NoNodeChecksProofs && [ "$(job_state "$id")" = PENDING ]
}
ok "scenario 44: only older workers: a job with proofs of reading waits, and says why" waits
goes_on() {
	peer_new 2
	restart_worker 2 && jobs_same
}
ok "scenario 44: one newer worker opens the file, both count it" goes_on

old_client() {
	FQ_FAILPOINT=speak-1:on fq submit --as json "$data/plain.fq" >"$work/old" 2>&1 && return 1
	grep -q 'too old to give one; use that of version' "$work/old" || { diag <"$work/old"; return 1; }
}
ok "scenario 44: an older fqctl is told what is wrong where proofs are demanded" old_client

# ---- upgrades: workers first

workers_first() {
	peer_old 1
	peer_old 2
	run_coord="$(at c0) $old"
	restart_coord TERM && restart_worker 1 && restart_worker 2 && begun || return 1
	peer_new 1
	restart_worker 1 && let_go 2 && peer_new 2 && restart_worker 2 || return 1
	fq status >/dev/null && hold 1 && hold 2
	run_coord=$(at c0)
	restart_coord KILL && let_go 1 && let_go 2 && jobs_same && all_idle 10 && jobs_once
}
proof=(--proof none)
ok "scenario 44: an upgrade, workers first, then the coordinator, with a job counted all the time" workers_first

# ---- the coordinator first

coord_first() {
	peer_old 1
	peer_old 2
	run_coord="$(at c0) $old"
	restart_coord TERM && restart_worker 1 && restart_worker 2 && begun || return 1
	run_coord=$(at c0)
	restart_coord KILL || return 1
	peer_new 1
	let_go 2 && restart_worker 1 && peer_new 2 && restart_worker 2 && jobs_same && all_idle 10 && jobs_once
}
ok "scenario 44: an upgrade, the coordinator first: the same" coord_first

old_client_works() {
	id=$(FQ_FAILPOINT=speak-1:on fq submit --parsable --as json "$data/plain.fq") && golden_of[$id]=plain.fq && jobs_same &&
		FQ_FAILPOINT=speak-1:on fq fetch --as json "$id" | cmp - "$golden/plain.fq" && FQ_FAILPOINT=speak-1:on fq status --all | grep -q "$id"
}
ok "scenario 44: an older fqctl works where no proof is demanded" old_client_works

new_client() {
	run_coord="$(at c0) $old"
	restart_coord TERM && submit plain.fq && jobs_same
}
ok "scenario 44: newer workers and a newer fqctl with an older coordinator" new_client

# ---- slices that crash and are told to an older coordinator are not kept for an acknowledgement that never comes

crash_told() {
	hold 1
	hold 2
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' 2 || return 1 # one in each of its slots
	end_process "$(children_of "${pid_worker[1]}" | head -n 1)" KILL
	wait_until 5 slices_of "$id" '1 crashes' && let_go 1 && let_go 2 && jobs_same && all_idle 10
}
ok "scenario 44: a crash is told to an older coordinator" crash_told
done_testing
