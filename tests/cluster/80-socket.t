#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A coordinator that gets its sockets from systemd, as fqcoordd.socket hands them over: here by systemd-socket-activate, once in
# this network namespace and once in an empty one, which is what PrivateNetwork= of the unit comes to.
. "$(dirname "$0")/cluster.sh"
command -v systemd-socket-activate >/dev/null || skip_all "systemd-socket-activate is not installed"
made=$top_build/tests/tools/mkfastq

"$made" 100000 100 nova 8 >"$work/reads.fq"
"$ctl" qc --local --as csv "$work/reads.fq" >"$work/want"

# Enrols a worker and a client, and finds a free port.
cluster_start
worker_start 1 -n 1
end_process "$pid_coord" TERM

# activated COMMAND...: hands both sockets to the command, which runs the coordinator, at the first connection.
activated() {
	rm -f "$state/listening" "$state/ctl.sock"
	systemd-socket-activate -l "$host" -l "$state/ctl.sock" "$@" --state "$state" --listen 127.0.0.1:1 2>>"$work/coord.log" &
	pid_coord=$!
	wait_until 20 test -S "$state/ctl.sock"
}

# Whether a job of each way to the coordinator has the right result.
serves() {
	cmp <(fq submit --wait "$work/reads.fq") "$work/want" && cmp <(admin submit --wait "$work/reads.fq") "$work/want"
}

no_socket_of_its_own() { ! grep -q 'cannot listen\|127.0.0.1:1$' "$work/coord.log"; }

# Where a blocking listener would be: the flags of descriptors 3 and 4.
does_not_block() {
	local fd flags
	for fd in 3 4; do
		flags=$(awk '$1 == "flags:" { print $2 }' "/proc/$pid_coord/fdinfo/$fd") && ((8#$flags & 8#4000)) || return 1
	done
}

activated "$coordd"
ok "the worker's call starts it" wait_until 20 test -s "$state/listening"
is "STATE/listening has the socket's address" "$(cat "$state/listening")" "$host"
ok "the worker is back" wait_until 20 node_is w1 '^idle'
ok "jobs by TLS and by the unix socket" serves
ok "it opened no socket of its own" no_socket_of_its_own
ok "sockets that were handed over do not block" does_not_block
end_process "$pid_coord" TERM
ok "the address is forgotten at its end" test ! -e "$state/listening"

if unshare -rn true 2>/dev/null; then
	activated unshare -rn "$coordd"
	ok "without a network: the worker's call starts it" wait_until 20 test -s "$state/listening"
	ok "it has none" test "$(awk 'NR > 2' "/proc/$pid_coord/net/dev" | grep -vc ' lo:')" = 0
	ok "the worker is back" wait_until 20 node_is w1 '^idle'
	ok "jobs by TLS and by the unix socket" serves
else
	skip "no user namespace with a network of its own here"
fi
done_testing
