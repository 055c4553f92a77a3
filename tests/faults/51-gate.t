#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Users of a worker's host, who reach the coordinator through its unix socket and without keys: all that fqctl can do, whose the jobs
# are, who is not let in, and what becomes of it when the coordinator, the worker or a user does not behave. Several users are made by
# shim_peer.so and a passwd file of the test's own.
. "$(dirname "$0")/faults.sh"
export ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS} # of a build with sanitizers
intruder=$top_build/tests/faults/intruder
gate=/run/fqworkerd/ctl.sock

# ---- hosts: the coordinator, and two workers' with users

printf 'root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\nbob:x:1002:1002::/:/bin/sh\ncorp@eve:x:1003:1003::/:/bin/sh\n' >"$work/passwd"
mount --bind "$work/passwd" /etc/passwd || skip_all "no passwd file of one's own here"
mkdir -p /run/fqworkerd "$work/gates"
hosts_make 2
for i in 1 2; do worker_on $i w$i env LD_PRELOAD="$top_build/tests/faults/shim_peer.so"; done
data_make 200000
cluster_start --ping 200ms --dead 5s --slice-min 1M --slice-max 1M

# enrol I [OPTION...]: with a token of these options.
enrol() {
	local i=$1
	${run_worker[$i]} "$workerd" --state "$work/worker$i" --join "$host" "$(admin token --role worker "${@:2}")" >>"$work/worker$i.log" 2>&1
}
gates=("" "$gate" "$work/gates/w2.sock")

# as UID VERB ARG...: fqctl of a user who has no key and names no host; as2: on the host of worker 2.
as() { FQ_AS=$1 FQ_KEYS=$work/none "$ctl" "$2" "${@:3}"; }
as2() { FQ_AS=$1 FQ_KEYS=$work/none "$ctl" "$2" --socket "${gates[2]}" "${@:3}"; }
run() { "$@" >"$work/out" 2>"$work/err"; status=$?; }
said() { grep -qE -- "$1" "$work/err" "$work/out" || { cat "$work/err" "$work/out" | diag; return 1; }; }
told() { [ "$status" -eq "$1" ] && said "$2" || { echo "exit status $status" | diag; return 1; }; }
owner_of() { admin status --all --json "$1" | grep -oE '"(owner|user)": ?"[^"]*"' | head -n 1 | grep -oE '[^"]*"$' | tr -d '"'; }
intrude() { run "$intruder" "${gates[1]}" "$@"; }

# ---- who may vouch

enrol 1
worker_start 1 -n 2 --gate "$gate"
unvouched() {
	run as 1001 ping
	told 77 'through this host.s worker \(/run/fqworkerd/ctl.sock\): worker [^ ]* may not vouch for users of its host; an administrator can let it: the word vouch'
}
ok "a worker that may not vouch lets nobody in, and its users are told what an administrator can do" unvouched
by_hand() {
	sed -i '/^worker /s/$/ vouch/' "$state/peers" && kill -HUP "$pid_coord" && wait_until 10 as 1001 ping
}
ok "the word in the peers file, and SIGHUP: they are let in" by_hand
enrol 2 --vouch
worker_start 2 -n 1 --gate "${gates[2]}"
ok "a token made with --vouch does the same" as2 1001 ping
both_vouch() { [ "$(admin peers --no-header | awk '$2 == "worker" && $NF == "yes"' | wc -l)" -eq 2 ]; }
ok "fqctl peers tells who vouches" both_vouch

# ---- all that fqctl can do, without a host, a key or a word about the way

verbs() {
	local id
	run as 1001 ping && said '^/run/fqworkerd/ctl.sock: fqcoordd' || return 1
	as 1001 submit --wait --as json "$data/large.fq" >"$work/got" && cmp "$work/got" "$golden/large.fq" || return 1
	id=$(as 1001 submit --parsable --as json "$data/bgzf.fq.gz") && as 1001 wait "$id" && as 1001 show "$id" | grep -q 'alice:1001' &&
		as 1001 fetch --as json "$id" >"$work/got" && cmp "$work/got" "$golden/bgzf.fq.gz" || return 1
	[ "$(as 1001 nodes --no-header | wc -l)" -eq 2 ] && as 1001 status --all | grep -q "alice:1001" || return 1
	hold 1 && hold 2
	id=$(as 1001 submit --parsable "$data/large.fq") && as 1001 cancel "$id"
	let_go 1 && let_go 2
	[ "$(job_state "$id")" = CANCELLED ]
}
ok "ping, submit --wait, show, wait, fetch, nodes, status, cancel through the gate" verbs
ok "qc --socket counts on the cluster too" eval 'as2 1001 qc --as text -o "$work" "$data/plain.fq" >/dev/null && [ -n "$(ls "$work"/plain*)" ]'
unread() { chmod 600 "$data/crlf.fq" && run as 1001 submit --parsable "$data/nothing.fq"; told 66 'nothing.fq'; }
ok "a file that is not there is refused as ever" unread
way() { # the coordinator's own socket comes first, a named host before both
	mkdir -p /run/fqcluster && ln -s "$state/ctl.sock" /run/fqcluster/ctl.sock
	run as 1001 ping && said '^/run/fqcluster/ctl.sock: ' && run fq ping && said "^$host: "
	local r=$?
	rm -r /run/fqcluster
	return $r
}
ok "the coordinator's own socket comes before the worker's, and a host that is named before both" way

# ---- whose jobs

owners() {
	local id
	id=$(as 1001 submit --parsable "$data/plain.fq") && [ "$(owner_of "$id")" = alice:1001 ] && as2 1001 wait "$id" &&
		as2 1001 fetch "$id" >"$work/got" && [ -s "$work/got" ] || return 1
	run as 1002 fetch "$id"
	told 66 "there is no job $id of yours" && run as2 0 fetch "$id" && told 66 "there is no job $id of yours" || return 1
	id=$(as 1003 submit --parsable "$data/plain.fq") && [ "$(owner_of "$id")" = corp_eve:1003 ] || return 1
	id=$(as 0 submit --parsable "$data/plain.fq") && [ "$(owner_of "$id")" = root:0 ]
}
ok "a user has his jobs through every worker, and nobody else has them, nor root of a worker's host" owners
is_plain() { run as 0 token && told 77 'making a token is not permitted to a client' && run as 0 drain w1 && told 77 'draining a node is not permitted to a client'; }
ok "root of a worker's host is no administrator" is_plain
nameless() { run as 4242 ping; told 77 'cannot tell who you are \(user 4242, without a name\)'; }
ok "a user without a name is told to join" nameless
overflow() { run as 65534 ping; told 77 'cannot tell who you are'; }
ok "so is the one who is nobody" overflow
hangs() {
	local pid try
	for try in 1 2 3 4 5; do # a name is waited for for four seconds, in which a busy machine may not do a job
		FQ_AS=1999 FQ_KEYS=$work/none "$ctl" ping >"$work/hung" 2>&1 &
		pid=$!
		wait_until 10 pgrep -P "${pid_worker[1]}" -x fqworkerd || return 1
		run as 1001 submit --wait --as json "$data/plain.fq" && cmp "$work/out" "$golden/plain.fq" || return 1
		! kill -0 $pid 2>/dev/null || break
		[ $try -lt 5 ] || return 1
		wait $pid
	done
	wait $pid
	[ $? -eq 69 ] && grep -q 'this host could not tell in time who user 1999 is' "$work/hung" || { diag <"$work/hung"; return 1; }
	wait_until 10 eval '[ -z "$(pgrep -P "${pid_worker[1]}" -x fqworkerd)" ]' # who asked for the name
}
ok "a name service that does not answer: he is told so, and others are served meanwhile" hangs
worth() { run fq ping && told 0 "^$host"; }
ok "a key is as good as it was" worth

# ---- who is not fqctl

lies() {
	FQ_AS=1002 intrude root
	said '^alice:1001 has $' && ! grep -qE 'has [^ ]' "$work/out" || { diag <"$work/out"; return 1; }
}
ok "who says that he is root is who he is" lies
for role in admin worker none; do
	refused_role() { intrude $role; said 'through the worker of this host one is a client and nothing else'; }
	ok "HELLO as $role is refused by the worker" refused_role
done
answers() { intrude "$1" && said "$2"; }
ok "JOIN does not go through" answers join 'sent JOIN before it said who it is'
ok "nor an administrator's message" answers token 'making a token is not permitted'
ok "nor a worker's" answers counts 'DRAINING is not permitted'
ok "bytes that are no frame end it" answers garbage 'frame of the unknown type'
ok "also when they come later" answers later 'frame of the unknown type'
early() { intrude early && [ "$(paste -sd' ' "$work/out")" = "WELCOME NODE" ] || { diag <"$work/out"; return 1; }; }
ok "what is said in one breath with HELLO waits for WELCOME" early
ok "the coordinator trusts the worker as before" eval '! admin nodes | grep -q "sent what cannot be" && all_idle 10'

# ---- many

stays() { coproc stays { FQ_AS=$1 exec "$intruder" "${gates[1]}" "${@:2}" 2>&1; }; read -r -t 30 line <&"${stays[0]}"; }
goes() { local pid=$stays_PID; exec {stays[1]}>&-; wait "$pid" 2>/dev/null; }
remember "${pid_worker[1]}"
quiet() { [ "$(descriptors "${pid_worker[1]}")" -le "${remembered[${pid_worker[1]}]%% *}" ]; }
# Who says nothing is ended after five seconds, in which a busy machine may not come so far.
mutes() {
	local try
	for try in 1 2 3 4 5; do ! mutes_once || return 0; done
	return 1
}
mutes_once() {
	stays 1002 mute 40 || return 1
	[[ $line == 24\ * ]] && run as 1001 ping && told 0 fqcoordd && run as 1002 ping
	local r=$?
	told 75 'you have 16 connections through the worker of this host, which is the most' || r=1
	goes
	return $r
}
ok "of 40 connections of one user that say nothing 16 have a place, and others are served" mutes
# Those that went before have given their places back; those that are greeted first say nothing more, so that on a machine which greets
# the others too late they are gone by then.
busy() {
	local try
	for try in 1 2 3 4 5; do ! { wait_until 20 quiet && busy_once; } || return 0; done
	return 1
}
busy_once() {
	stays 1002 busy 20 || return 1
	echo "greeted: $line" | diag
	[[ $line == 16\ * ]] && run as 1001 submit --wait --as json "$data/large.fq" && cmp "$work/out" "$golden/large.fq"
	local r=$?
	goes
	return $r
}
ok "of 20 that are greeted 16; others count meanwhile" busy
hasty() {
	FQ_AS=1002 "$intruder" "${gates[1]}" hasty 1000 &
	local pid=$!
	run as 1001 submit --wait --as json "$data/large.fq" && cmp "$work/out" "$golden/large.fq"
	local r=$?
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	return $r
}
ok "a thousand that come and go: others count meanwhile" hasty
deaf() {
	local id kb before
	id=$(as 1002 submit --parsable --as json "$data/large.fq") && as 1002 wait "$id" || return 1
	before=$(memory_kb "${pid_worker[1]}")
	stays 1002 deaf "$id" || return 1
	run as 1001 submit --wait --as json "$data/large.fq" && cmp "$work/out" "$golden/large.fq"
	local r=$?
	kb=$(memory_kb "${pid_worker[1]}")
	echo "memory of the worker: $before -> $kb KiB" | diag
	goes
	[ $r -eq 0 ] && { [ -n "${FQ_SANITIZERS:-}" ] || [ "$kb" -lt $((before + 8192)) ]; }
}
ok "one that asks and does not read costs the worker nothing, nor others" deaf
slow() {
	local id
	id=$(as 1002 submit --parsable --as json "$data/large.fq") && as 1002 wait "$id" || return 1
	FQ_AS=1002 intrude slow "$id" && said '^40 of 40, [0-9]{8,} bytes' && diag <"$work/out"
}
ok "one that reads slowly gets all that it asked for" slow
ok "when they have gone the worker has no more descriptors than before" wait_until 20 quiet
ok "nor memory" steady "${pid_worker[1]}" 4096
ok "all nodes are idle" all_idle 20

# ---- ends

coordinator_dies() {
	local pid
	hold 1 && hold 2
	as 1001 submit --wait --as json "$data/large.fq" >"$work/got" 2>"$work/waits" &
	pid=$!
	wait_until 20 slices_of_any
	end_process "$pid_coord" KILL
	run as 1001 ping
	told 69 'the worker of this host (has lost the coordinator|is not connected to its coordinator; it is looking for)' || return 1
	coord_start --ping 200ms --dead 5s --slice-min 1M --slice-max 1M
	let_go 1 && let_go 2
	wait $pid && cmp "$work/got" "$golden/large.fq" && grep -q 'trying again' "$work/waits" || { diag <"$work/waits"; return 1; }
}
slices_of_any() { admin status --no-header | grep -q ' R '; }
ok "the coordinator is killed: users are told (exit 69), and submit --wait finds it again" coordinator_dies
ok "all nodes are back" all_idle 30

restarted() {
	local pid begun
	hold 2
	as 1001 submit --wait --as json "$data/large.fq" >"$work/got" 2>"$work/err" &
	pid=$!
	wait_until 20 slices_of_any
	begun=$SECONDS
	kill -TERM "${pid_worker[1]}" && wait "${pid_worker[1]}"
	[ $? -eq 0 ] && [ $((SECONDS - begun)) -lt 20 ] || return 1
	worker_start 1 -n 2 --gate "$gate"
	let_go 2
	wait $pid && cmp "$work/got" "$golden/large.fq" || { diag <"$work/err"; return 1; }
	grep -q 'the worker of this host, through which you reached the coordinator, ends' "$work/err" || { diag <"$work/err"; return 1; }
}
ok "the worker is started anew: it ends in order, and submit --wait goes on through the new one" restarted
in_mid_result() {
	local id pid
	id=$(as 1002 submit --parsable --as json "$data/large.fq") && as 1002 wait "$id" || return 1
	FQ_AS=1002 "$intruder" "$gate" slow "$id" >"$work/slow" &
	pid=$!
	wait_until 20 grep -q begins "$work/slow" || return 1
	kill -TERM "${pid_worker[1]}" && wait "${pid_worker[1]}"
	[ $? -eq 0 ] && wait $pid && grep -q '^40 of 40' "$work/slow"
	local r=$?
	diag <"$work/slow"
	worker_start 1 -n 2 --gate "$gate"
	return $r
}
ok "told to end in the middle of results it passes them on first" in_mid_result
gate_gone() {
	end_process "${pid_worker[1]}" KILL
	run as 1001 ping
	told 69 'through this host.s worker .*Connection refused' || return 1
	worker_start 1 -n 2 --gate "$gate" && as 1001 ping >"$work/out"
}
ok "killed: fqctl says so, and the socket that is left is no hindrance to the next one" gate_gone
second() {
	mkdir -p "$work/worker3" && cp "$work/worker2"/* "$work/worker3/"
	# shellcheck disable=SC2086
	${run_worker[2]} "$workerd" --state "$work/worker3" --name w3 -h "$host" -n 1 --gate "$gate" 2>"$work/worker3.log" &
	pid_worker[3]=$!
	wait_until 20 grep -q 'users of this host are not let in: another process listens on the gate.s socket' "$work/worker3.log" &&
		as 1001 ping >"$work/out" && wait_until 20 node_is w3 idle
	local r=$?
	end_process "${pid_worker[3]}" TERM
	unset 'pid_worker[3]'
	return $r
}
ok "a second worker with the same socket says that it is taken, and counts" second
in_the_way() {
	: >"$work/gates/file"
	# shellcheck disable=SC2086
	run ${run_worker[2]} "$workerd" --state "$work/worker3" -h "$host" --gate-only --gate "$work/gates/file"
	told 78 'taken by something that is no socket' && [ -f "$work/gates/file" ]
}
ok "a file in the socket's place is not taken away" in_the_way

vouches_no_more() {
	hold 1 && hold 2
	as 1001 submit --wait "$data/large.fq" >"$work/got" 2>"$work/err" &
	local pid=$!
	wait_until 20 slices_of_any
	sed -i 's/ vouch$//' "$state/peers" && kill -HUP "$pid_coord"
	wait $pid
	local status=$?
	let_go 1 && let_go 2
	[ $status -eq 77 ] && grep -qE 'revoked|may not vouch' "$work/err" || { diag <"$work/err"; return 1; }
	nodes_idle_n 2 || wait_until 30 nodes_idle_n 2
}
ok "without the word in the peers file sessions end, exit 77, and the workers go on counting" vouches_no_more
sed -i '/^worker /s/$/ vouch/' "$state/peers"
kill -HUP "$pid_coord"

# ---- a socket of systemd's

handed_over() {
	end_process "${pid_worker[1]}" TERM
	rm -f "$gate"
	# shellcheck disable=SC2086
	${run_worker[1]} systemd-socket-activate -l "$gate" "$workerd" --state "$work/worker1" --name w1 -h "$host" -n 2 2>>"$work/worker1.log" &
	pid_worker[1]=$!
	wait_until 20 test -S "$gate" && wait_until 20 as 1001 ping && wait_until 20 node_is w1 idle
}
if command -v systemd-socket-activate >/dev/null; then
	ok "a socket that systemd hands over is the gate" handed_over
else
	skip "systemd-socket-activate is not installed"
fi

# ---- a login host

no_node() { [ "$(admin nodes --no-header | awk '$1 == "w1" && $2 != "down"' | wc -l)" -eq 0 ]; }
childless() { [ -z "$(pgrep -P "${pid_worker[1]}")" ]; } # but for who asks for a name
login() {
	end_process "${pid_worker[1]}" TERM
	worker_run 1 --gate "$gate" --gate-only
	wait_until 20 as 1001 ping || return 1
	wait_until 10 no_node && wait_until 10 childless || return 1
	as 1001 submit --wait --as json "$data/large.fq" >"$work/got" && cmp "$work/got" "$golden/large.fq" || return 1
	admin peers --no-header | grep -q ' w1 ' && kill -TERM "${pid_worker[1]}" && wait "${pid_worker[1]}"
}
ok "gate_only: users are let in, nothing is counted there, and it is no node; it ends in order" login
alone() { run "$workerd" --state "$work/worker1" -h "$host" --gate-only; told 78 'there is no gate'; }
ok "gate_only without a gate is wrong" alone
if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	old() {
		end_process "$pid_coord" TERM
		FQ_FAILPOINT=speak-1:on coord_start --ping 200ms --dead 2s
		worker_run 1 --gate "$gate" --gate-only
		wait_until 20 grep -q 'connected to the coordinator' "$work/worker1.log" && wait_until 20 too_old
	}
	too_old() { run as 1001 ping; told 76 'is too old to let anybody in through a worker'; }
	: >"$work/worker1.log"
	ok "a coordinator of an older protocol: users are told" old
else
	skip "a coordinator of an older protocol: this build has no failpoints"
fi
done_testing
