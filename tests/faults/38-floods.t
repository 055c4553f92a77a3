#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Strangers by the thousand while a job is counted: who is known is served as ever, what strangers may take is bounded, and the
# journal is not theirs. Then a coordinator without descriptors.
. "$(dirname "$0")/faults.sh"
flood=$top_build/tests/faults/flood

data_make 60000
hosts_make 1
host_make x1
for i in 2 3; do ip -n x1 addr add 10.77.0.10$i/24 dev eth0; done
cluster_start --ping 200ms --dead 2s --verbose
worker_start 1 -n 2
submit plain.fq && job_ends "$id" # warm

journal_mark
marked_s=$SECONDS
flood_start() { # flood_start MODE N [FROM...]: one process an address
	local mode=$1 n=$2 from
	shift 2
	floods=()
	for from in "${@:-${address[x1]}}"; do
		on x1 "$flood" "$mode" "${host%:*}" "${host##*:}" "$n" "$from" >"$work/flood.$from" &
		floods+=($!)
	done
}
flood_made() { [ "$(cat "$work"/flood.* | awk '$1 > n { n = $1 } END { print n + 0 }')" -ge "$1" ]; }
flood_end() { local pid; for pid in "${floods[@]}"; do end_process "$pid" KILL; done; rm -f "$work"/flood.*; }

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }

# A client that is known, five times: a handshake, HELLO and a list; the longest of them: most_ms.
ask_five() {
	local i began took
	most_ms=0
	for i in 1 2 3 4 5; do
		began=$(now_ms)
		fq status >/dev/null || return 1
		took=$(($(now_ms) - began))
		[ $took -le $most_ms ] || most_ms=$took
	done
}
ask_five
calm_ms=$most_ms # which is what this machine and this build take without a flood
served() {
	ask_five || return 1
	printf 'a client waited for at most %d ms, and without a flood for %d ms\n' $most_ms "$calm_ms" | diag
	[ $most_ms -lt $((5000 + 10 * calm_ms)) ]
}

# served_in MODE N MADE FDS [FROM...]: at most FDS descriptors more than without the flood
served_in() {
	local most=$4 before fds
	before=$(descriptors "$pid_coord")
	flood_start "$1" "$2" "${@:5}"
	submit large.fq --slice-size 1M && wait_until 20 flood_made "$3" || return 1
	served || return 1
	fds=$(descriptors "$pid_coord")
	printf 'descriptors: %d, and %d\n' "$before" "$fds" | diag
	[ "$fds" -le $((before + most)) ] && jobs_same && [ -d "/proc/$pid_coord" ]
}
stranger_lines() { tail -n +$((${marked[$work/coord.log]} + 1)) "$work/coord.log" | grep -cE 'stranger|connection from|turned away|not taken'; }
# Ten in ten seconds, and one that tells how many were left out; others come slowly.
quiet() {
	local lines most=$((11 * ((SECONDS - marked_s) / 10 + 2)))
	lines=$(stranger_lines)
	printf '%d lines about strangers, of at most %d\n' "$lines" $most | diag
	[ "$lines" -gt 0 ] && [ "$lines" -le $most ] && journal_has c0 'nothing came from the other side' 0 &&
		[ -z "$(tail -n +$((${marked[$work/coord.log]} + 1)) "$work/coord.log" | grep -E 'stranger|connection from|turned away' | grep -E '.{201}')" ]
}

ok "scenario 38: 1000 half handshakes from one address: a client is served, a job completes, 16 places are taken" \
	served_in half 1000 1000 24
flood_end
remember "$pid_coord"
ok "scenario 38: the same from three addresses" served_in half 400 1000 56 10.77.0.102 10.77.0.103 "${address[x1]}"
flood_end
ok "scenario 38: 5000 connections a second that say what is no TLS: the same" served_in connects 5000 10000 24
ok "scenario 38: few lines of the journal, none longer than 200 bytes, and no worker was taken for gone" quiet
flood_end
wait_until 10 steady "$pid_coord" 2048 # KiB, of some ten thousand connections
ok "scenario 38: afterwards all is as it was" steady "$pid_coord" 2048
end_process "$pid_coord" TERM

# ---- descriptors

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# idle_cpu: in a second, or what this machine makes of it, the coordinator does not use a fifth of it
idle_cpu() {
	local before after began passed
	before=$(ticks "$pid_coord") began=$(now_ms)
	doze 1
	after=$(ticks "$pid_coord") passed=$((($(now_ms) - began) * $(getconf CLK_TCK) / 1000))
	printf '%d ticks of %d\n' $((after - before)) $passed | diag
	[ $((after - before)) -le $((passed / 5)) ]
}

coord_on c0 prlimit --nofile=32:32
coord_start --ping 200ms --dead 2s
wait_until 20 node_is w1 idle
few() {
	local pids=() pid i refused=0
	journal_has c0 'at most 8 connections are held .* the limit of descriptors is 32' || return 1
	admin drain w1 && submit plain.fq || return 1
	journal_mark
	for i in {1..12}; do fq wait "$id" >/dev/null 2>"$work/wait.$i" & pids+=($!); done
	fq_refused() { grep -lE 'as many connections|places of this coordinator|cut off|closed' "$work"/wait.* | wc -l; }
	wait_until 10 eval '[ "$(fq_refused)" -ge 6 ]' || { cat "$work"/wait.* | diag; return 1; }
	idle_cpu && node_is w1 drain && admin resume w1 && jobs_same || return 1
	for pid in "${pids[@]}"; do wait "$pid" || refused=$((refused + 1)); done
	printf '%d of 12 clients were turned away\n' $refused | diag
	[ $refused -lt 12 ]
}
ok "scenario 45: with 32 descriptors it holds as many connections as it has room for, the others are told, and a job completes" few

# Nobody but the worker is connected: clients that have ended are, until the coordinator has looked.
only_worker() {
	[ "$(on c0 ss -Htan | grep -cE '^(ESTAB|CLOSE-WAIT)')" -eq 1 ] && [ "$(on c0 ss -Hxan | grep -F "$state/ctl.sock" | grep -vc LISTEN)" -eq 0 ]
}
none() {
	local free=0 waited began status
	submit plain.fq && job_ends "$id" && wait_until 10 nodes_idle && wait_until 10 only_worker || return 1
	while [ -e "/proc/$pid_coord/fd/$free" ]; do free=$((free + 1)); done
	journal_mark
	prlimit --pid "$pid_coord" --nofile="$free:32" || return 1
	began=$(now_ms)
	exec {socket}<>"/dev/tcp/${host%:*}/${host##*:}"
	read -r -t 10 -u "$socket"
	status=$? # 1: closed, more: the time is over
	exec {socket}<&-
	waited=$(($(now_ms) - began))
	printf 'closed (%d) after %d ms\n' $status $waited | diag
	[ $status -eq 1 ] && [ $waited -lt 5000 ] && journal_has c0 'a connection was not taken: accept: Too many open files' || return 1
	on x1 "$flood" connects "${host%:*}" "${host##*:}" 200 >/dev/null &
	floods=($!)
	idle_cpu || return 1
	flood_end
	prlimit --pid "$pid_coord" --nofile=32:32 && wait_until 5 fq status && submit plain.fq && jobs_same && all_idle 10
}
ok "scenario 45: without a descriptor a connection is taken and closed at once, nothing spins, and later it serves again by itself" none
ok "scenario 45: with few lines in the journal" eval '[ "$(stranger_lines)" -ge 1 ] && [ "$(stranger_lines)" -le 5 ]'
done_testing
