#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a daemon has for itself alone: its unix socket takes nobody's place, a state folder has one worker of a host and is not written to by
# root for another user, and who may connect is not for everybody to say. Each is refused with 78 and one sentence.
. "$(dirname "$0")/cluster.sh"
cluster_start
worker_start 1 -n 1

refused() { # refused WORDS COMMAND...: exit status 78
	local words=$1
	shift
	timeout 30 "$@" >"$work/said" 2>&1 </dev/null
	[ $? -eq 78 ] && grep -q -e "$words" "$work/said" || { diag <"$work/said"; return 1; }
}
quietly() { "$@" >/dev/null; }
other=("$coordd" --state "$work/other" --listen "$coord_address:0" "${no_cache[@]}")

# ---- the coordinator's unix socket
echo reads >"$work/file"
ok "a file at the socket's place: 78" refused "unix socket $work/file: its place is taken by something that is no socket" "${other[@]}" --socket "$work/file"
is "it stays as it was" "$(cat "$work/file")" reads
ok "another coordinator's socket: 78" refused "another process listens on the unix socket $state/ctl.sock" "${other[@]}" --socket "$state/ctl.sock"
ok "that one still has it" quietly admin ping
kill -KILL "$pid_coord"
wait "$pid_coord" 2>/dev/null
ok "what is left of one that was killed" test -S "$state/ctl.sock"
coord_start
ok "is replaced" quietly admin ping
connections() { grep -c 'connected to the coordinator' "$work/worker1.log"; }
is_back() { node_is_on w1 && [ "$(connections)" -ge 2 ]; }
ok "the worker is back" wait_until 30 is_back

# ---- a worker's state folder
connected=$(connections)
second=("$workerd" --state "$work/worker1" -h "$host" -n 1)
ok "a second worker of one state folder: 78" refused "$work/worker1 is another worker's, which runs" "${second[@]}" --name w1
ok "under another name too" refused "$work/worker1 is another worker's, which runs" "${second[@]}" --name other
is "the first one is not disturbed" "$(connections)" "$connected"
ok "its pin is told meanwhile" quietly "$workerd" --state "$work/worker1" --print-pin
joins() { "$workerd" --state "$work/worker1" --name w1 --join "$host" "$(admin token --role worker)" >"$work/said" 2>&1; }
ok "and it may join again" joins
"$workerd" --batch --state "$work/worker1" --name job -h "$host" -n 1 2>>"$work/worker2.log" {never}>&- &
pid_worker[2]=$!
ok "a batch job may share it" wait_until 30 node_is_on job
end_process "${pid_worker[2]}" TERM
kill -KILL "${pid_worker[1]}"
worker_run 1 -n 1
again() { [ "$(grep -c 'slots are ready' "$work/worker1.log")" -ge 2 ] && node_is_on w1; }
ok "after one that was killed another starts at once" wait_until 30 again
ln -s worker1 "$work/link"
ok "by a symbolic link it is the same folder" refused "is another worker's, which runs" "$workerd" --state "$work/link" -h "$host" --name w3

# ---- the peers file
chmod o+w "$state/peers"
kill -HUP "$pid_coord"
ok "a peers file that everybody can write is not read again" wait_until 20 grep -q 'peers file stays as it was: .* can be written by everybody' "$work/coord.log"
end_process "$pid_coord" TERM
ok "nor started with: 78" refused "$state/peers can be written by everybody.*right is chmod o-w" "$coordd" --state "$state" --listen "$host"
chmod o-w "$state/peers"

# ---- the state of another user
if [ "$(id -u)" -eq 0 ] && id nobody >/dev/null 2>&1 && chown nobody "$state/lock" 2>/dev/null; then
	ok "root does not write to the state of a service's user: 78" refused "is user nobody's.*runuser -u nobody -- fqcoordd" "$coordd" --state "$state" --listen "$host"
	chown root "$state/lock"
else
	skip "not root"
fi
coord_start
ok "mended, it serves" quietly admin ping
done_testing
