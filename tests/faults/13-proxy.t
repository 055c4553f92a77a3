#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A bad network by fqproxy: delay with jitter, little room, resets, half-closed connections, flipped bits, silence. First
# between workers and coordinator while they count, then between a client and the coordinator while it submits and fetches.
. "$(dirname "$0")/faults.sh"
proxy=$top_build/tests/faults/fqproxy
[ -x "$proxy" ] || skip_all "$proxy is not built (make check builds it)"

data_make 50000
hosts_make 2
cluster_start --ping 200ms --dead 3s
true_host=$host

mkfifo "$work/commands"
exec {commands}<>"$work/commands"
proxy_start() {
	setpriv --pdeathsig KILL "$proxy" 10.77.0.1:0 "$true_host" "${FQ_SEED:-4711}" <"$work/commands" >"$work/proxy.out" 2>>"$work/proxy.log" &
	pid_worker[0]=$! # is ended as the workers are
	wait_until 30 test -s "$work/proxy.out"
	proxy_host=$(head -n 1 "$work/proxy.out")
}
say() { printf '%s\n' "$@" >&"$commands"; }
# stat N: the N-th number of the proxy's: connections, resets, halves, flips, those that are open
stat() { local lines; lines=$(wc -l <"$work/proxy.out") && say stat && wait_until 5 more "$lines" && tail -n 1 "$work/proxy.out" | awk -v n="$1" '{ print $n }'; }
more() { [ "$(wc -l <"$work/proxy.out")" -gt "$1" ]; }
proxy_start

host=$proxy_host
worker_start 1 -n 2 --reconnect-max 300ms
worker_start 2 -n 2 --reconnect-max 300ms
host=$true_host
submit large.fq --slice-size 300K && submit bgzf.fq.gz --slice-size 50K && jobs_same # warm
remember "$pid_coord"

# spoiled NTH COMMAND...: jobs while the network is so, which must have struck at least 3 times; and then it is good again
spoiled() {
	local nth=$1 before
	shift
	jobs_forget
	before=$(stat "$nth")
	journal_mark
	say "$@"
	submit large.fq --slice-size 300K && submit bgzf.fq.gz --slice-size 20K && submit zip.fq.gz && submit crlf.fq --slice-size 50K || return 1
	jobs_same || return 1
	while [ $(($(stat "$nth") - before)) -lt 3 ]; do
		[ "$nth" -gt 1 ] || break
		submit large.fq --slice-size 300K && jobs_same || return 1
	done
	say clear
	all_idle 10
}
ok "scenario 13: 300 ms +- 100 of delay: slower, nothing else" spoiled 1 'delay 300 100'
ok "and nobody was taken for dead" journal_has c0 'is gone' 0
ok "scenario 13: 2 MB a second: slower, nothing else" spoiled 1 'rate 2000000'
ok "scenario 13: resets at random" spoiled 2 'rst 200'
told_of_cut() { journal_now w1 'lost the coordinator .*(cut off|closed)' || journal_now w2 'lost the coordinator .*(cut off|closed)'; }
ok "its cause is in the journal" wait_until 5 told_of_cut # of whom it struck
ok "scenario 13: half-closed at random" spoiled 3 'half 200'
ok "scenario 13: bits flip at random: TLS notices each of them" spoiled 4 'flip 200'
ok "its cause is in the journal" bash -c 'cat "$@" | grep -q "bytes of the connection were changed on the way"' - "$work/worker1.log" "$work/worker2.log" "$work/coord.log"
ok "nobody who was greeted is told to speak no TLS" bash -c '! grep -E "(lost the coordinator .*|^worker w.*)does not speak TLS" "$@"' - "$work/worker1.log" "$work/worker2.log" "$work/coord.log"
ok "scenario 13: all of that at once" spoiled 4 'delay 50 50' 'rst 60' 'half 60' 'flip 100'

# Who was sending notices that nothing is taken, others that nothing comes.
# Both have connections that were made after all faults: what was spoiled before may be noticed up to a dead time later, and who is
# dialling again when silence begins has lost nobody.
clean() {
	say clear cut
	wait_until 10 open_are 2 && all_idle 10
}
open_are() { [ "$(stat 5)" -eq "$1" ]; }
both_know() { knows w1 && knows w2; }
knows() { journal_has "$1" 'lost the coordinator .*(nothing came|does not read|timed out)'; }
silent() {
	clean || return 1
	journal_mark
	submit large.fq --slice-size 300K
	say pause
	wait_until 10 node_is w1 down && wait_until 10 node_is w2 down && wait_until 10 both_know || { say go; return 1; }
	say go
	all_idle 20 && jobs_same
}
ok "scenario 13: silence for longer than the dead time" silent

# The client behind it: it gets the right bytes, or says what is wrong; never other bytes.
mkdir -p "$work/keys2"
cp "$FQ_KEYS"/* "$work/keys2/"
FQ_KEYS=$work/keys2 "$ctl" join -h "$proxy_host" "$(admin token --role client)" >"$work/out" 2>&1
client() {
	local i right=0 told=0 status
	say 'flip 200' 'rst 200' 'half 100'
	for ((i = 0; i < 20; i++)); do
		FQ_KEYS=$work/keys2 timeout 30 "$ctl" submit --wait --as json -h "$proxy_host" "$data/crlf.fq" >"$work/got" 2>"$work/err"
		status=$?
		if cmp -s "$work/got" "$golden/crlf.fq" && [ $status -eq 0 ]; then
			right=$((right + 1))
		elif [ $status -ne 0 ] && [ $status -ne 124 ] && [ ! -s "$work/got" ] && [ -s "$work/err" ]; then
			told=$((told + 1))
			head -n 1 "$work/err" | diag
		else
			printf 'exit %d\n' $status | cat - "$work/err" | diag
			return 1
		fi
	done
	say clear
	printf '%d right, %d told\n' $right $told | diag
	[ $right -ge 5 ]
}
ok "scenario 13: a client behind it: the right bytes, or a sentence" client
ok "no job twice" test -z "$(admin status --all --json | grep -oE '"id":[0-9]+' | sort | uniq -d)"
ok "both workers are idle" all_idle 10
ok "the coordinator has not grown" steady "$pid_coord" 16384
done_testing
