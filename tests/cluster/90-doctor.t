#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl doctor and probe on a real cluster: all is well, and one fault after another, each with its mark, its sentence and what to
# do; the exit status; nobody is told of files that he cannot read.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq clock=$top_build/tests/faults/shim_clock.so
export HOME=$work/home XDG_CONFIG_HOME=$work/config
mkdir -p "$XDG_CONFIG_HOME/fqcluster" "$work/a" "$work/b"
reads=$work/a/reads.fq
"$made" 3000 100 nova 8 >"$reads"

# doctor STATUS COMMAND...: its exit status is this; what it printed is in $work/out.
doctor() {
	local want=$1 got
	shift
	"$@" >"$work/out" 2>"$work/err"
	got=$?
	[ $got -eq "$want" ] && [ ! -s "$work/err" ] || { echo "exit status $got, not $want"; cat "$work/out" "$work/err"; } | diag
	[ $got -eq "$want" ]
}
# says MARK CHECK REGEX: such a line; and with ADVICE a line below it with that.
says() {
	awk -v mark="$1" -v check="$2" -v found="$3" -v advice="${4-}" '
		hit && advice != "" && $1 == "->" && $0 ~ advice { all = 1 }
		{ hit = $1 == mark && $2 == check && $0 ~ found }
		hit && advice == "" { all = 1 }
		END { exit !all }' "$work/out" || { diag <"$work/out"; return 1; }
}
# That the disk of this machine is nearly full is no fault of the cluster.
says_none() { ! grep -E "^($1) " "$work/out" | grep -vE '^warn +disk ' || { diag <"$work/out"; return 1; }; }
both() { "${@:1:4}" && says "${@:5}"; }

# ---- nobody there

nobody() { doctor 1 "$ctl" doctor && says bad host 'no coordinator is named' 'doctor -h HOST'; }
ok "no coordinator is named" nobody
unknown() { doctor 1 "$ctl" doctor -h nowhere.invalid && says bad name 'nowhere.invalid' 'getent hosts'; }
ok "a name that there is not" unknown
shut() { doctor 1 "$ctl" doctor -h 127.0.0.1:1 "$reads" && says bad connect 'Connection refused' 'nobody listens' && says ok file 'can be read here' && says skip file 'no node was asked'; }
ok "a port at which nobody listens; what is here is looked at all the same" shut
no_socket() { doctor 1 "$ctl" doctor --socket "$work/no.sock" && says bad connect 'No such file' 'fqcoordd.socket'; }
ok "a socket that is not there" no_socket
deaf() { # something listens, and says nothing
	python3 -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(120)' >"$work/port" &
	pid_worker[9]=$!
	wait_until 10 test -s "$work/port" && "$ctl" doctor -h "127.0.0.1:$(cat "$work/port")" >"$work/out"
	[ $? -eq 1 ] && says ok connect listens && says bad 'trust' 'is not known here'
}
ok "something else listens there" deaf

# ---- all is well

cluster_start --ping 200ms --dead 1m
worker_start 1 -n 2 --roots "$work/a"
worker_start 2 -n 1 --roots "$work/a"
well() { doctor 0 fq doctor "$reads" && says_none 'bad|warn|skip' && says ok file '2 of 2 nodes can open it, and it is the same there as here'; }
ok "all is well" well
no_fastq() { # as bzip2 and other things of kind.c: it opens well, and yet no node takes it
	printf '>x\nAC\n' >"$work/a/x.fa" && : >"$work/a/void.fq.gz"
	doctor 1 fq doctor "$work/a/x.fa" "$work/a/void.fq.gz" && says bad file 'x.fa is FASTA' 'head -c 100' && says bad file 'void.fq.gz has no bytes' &&
		! grep -qE 'findmnt|nodes can open' "$work/out"
}
ok "what is no FASTQ is told by what it is, and not as one that nodes cannot open" no_fastq
doctor 0 fq doctor "$reads"
order() { [ "$(awk '{ print $2 }' "$work/out" | uniq | tr '\n' ' ')" = 'config host name connect trust key versions clocks nodes slots roots disk troubles proof file ' ] || { diag <"$work/out"; return 1; }; }
ok "in the order in which things fail" order
admin_well() { doctor 0 admin doctor "$reads" && says_none 'bad|warn|skip' && says ok key administrator && says ok host 'ctl.sock, from the command line'; }
ok "also to an administrator, by the socket" admin_well
from() { FQ_HOST=$host doctor 0 "$ctl" doctor && says ok host "$host, from FQ_HOST"; }
ok "from where the host comes" from
json() {
	fq doctor --json "$reads" | python3 -c 'import json, sys
d = json.load(sys.stdin)
assert d["schema"] == "fqcluster.doctor/1" and d["mark"] == "ok"
assert all(set(r) == {"check", "mark", "found", "advice"} for r in d["rows"]) and d["rows"][0]["check"] == "config"'
}
ok "as JSON" json

# ---- the user's own files

config() {
	echo 'hosst = "x";' >"$XDG_CONFIG_HOME/fqcluster/fqctl.conf"
	doctor 1 fq doctor && says bad config 'fqctl.conf:1: hosst' '--check-config' && says ok nodes '2 of 2'
	local status=$?
	fq nodes >/dev/null 2>&1 && status=1 # other verbs do not run so
	rm "$XDG_CONFIG_HOME/fqcluster/fqctl.conf"
	return $status
}
ok "a wrong configuration file; it goes on without" config
strange() { FQ_KEYS=$work/none doctor 1 fq doctor && says bad trust 'is not known here' 'fqctl join'; }
ok "a coordinator that was not joined" strange
wrong_key() {
	cp -r "$FQ_KEYS" "$work/wrong" && sed -i "s/ [0-9a-f]*$/ $(printf '%064d' 7)/" "$work/wrong/known"
	FQ_KEYS=$work/wrong doctor 1 fq doctor && says bad trust 'not the pinned one' 'sed -i .*fqctl join'
}
ok "a coordinator with another key than the known one" wrong_key
revoked() {
	FQ_KEYS=$work/second "$ctl" join -h "$host" "$(admin token --role client)" >/dev/null &&
		admin revoke "$(admin peers --no-header | grep -o '[^ ]*@[^ ]*[.]2')" >/dev/null
	FQ_KEYS=$work/second doctor 1 fq doctor && says bad key 'is not enrolled here' 'token --role client' && says ok trust 'has the key that is known'
}
ok "a key that is not enrolled" revoked

# ---- nodes

drained() { admin drain --reason 'disk swap' w2 && doctor 0 fq doctor && says warn nodes 'w2 is drained .*disk swap' 'fqctl resume w2'; admin resume w2; }
ok "a drained node, with the reason" drained
down() { end_process "${pid_worker[2]}" KILL; wait_until 10 node_is w2 '^down' && doctor 0 fq doctor "$reads" && says warn nodes 'w2 is down' 'systemctl status fqworkerd' && says ok file '1 of 1 node can'; }
ok "a node that is down" down
all_down() { end_process "${pid_worker[1]}" KILL; wait_until 10 node_is w1 '^down' && doctor 1 fq doctor "$reads" && says bad nodes 'none of 2 nodes works' && says bad nodes 'w1 is down' 'systemctl' && says skip slots 'no node that works' && says skip file 'no node that could be asked'; }
ok "none is left" all_down

other_file() {
	worker_start 1 -n 1 --roots "$work/a=$work/b" && worker_start 2 -n 1 --roots "$work/a" || return 1
	tr ACGT CGTA <"$reads" >"$work/b/reads.fq"
	doctor 0 fq doctor "$reads" && says warn file "$reads on w1: this node cannot open it, or what is there is not what you have read" 'fqctl probe w1' &&
		says warn file '1 of 2 nodes can open it'
}
ok "another file of the same size under the same path at a node" other_file
other_admin() { doctor 0 admin doctor "$reads" && says warn file "$reads on w1: .*is not, on this node, what the submitter has read" 'same file system'; }
ok "an administrator is told that it is another" other_admin
missing() { rm "$work/b/reads.fq" && doctor 0 admin doctor "$reads" && says warn file "$reads on w1: .*No such file" 'mounts.conf'; }
ok "and that it is not there" missing
same_words() { doctor 0 fq doctor "$reads" && says warn file "$reads on w1: this node cannot open it, or what is there is not what you have read" 'fqctl probe w1'; }
ok "others in the same words as before" same_words
outside() { cp "$reads" "$work/b/x.fq" && doctor 1 fq doctor "$work/b/x.fq" && says bad file "on w2: it is beneath none of this node's roots" 'to roots in'; }
ok "a file beneath no root" outside
not_here() { doctor 1 fq doctor "$work/b/no.fq" && says bad file 'no.fq cannot be opened: No such file' 'ls -l'; }
ok "a file that is not here" not_here
roots() {
	end_process "${pid_worker[1]}" KILL
	worker_start 1 -n 1 --roots "$work/a" --roots "$work/b:links" && doctor 0 fq doctor && says warn roots "w1: $work/a, $work/b" && says warn roots "w2: $work/a" 'different folders'
}
ok "roots that differ" roots
# At a worker's start, since otherwise only jobs that fail would tell. One that is well is not told, nor one that may be searched but not listed.
roots_missing() {
	mkdir -p "$work/unlisted" && chmod 311 "$work/unlisted"
	end_process "${pid_worker[1]}" KILL
	worker_start 1 -n 1 --roots "$work/a" --roots "$work/b:links" --roots "/data=$work/none" --roots "$reads" --roots "$work/unlisted" &&
		wait_until 10 grep -qF "nothing can be opened beneath /data: the folder $work/none/ of this worker: No such file or directory; right are" "$work/worker1.log" &&
		wait_until 10 grep -qF "nothing can be opened beneath $reads: the folder $reads/ of this worker: Not a directory" "$work/worker1.log" &&
		! grep -qE "beneath $work/(a|b|unlisted):" "$work/worker1.log"
}
ok "roots that are not there" roots_missing

# ---- probe

probe_one() { fq probe w1 "$reads" >"$work/out" && grep -Eq '^w1 +yes +[0-9]+ +plain' "$work/out" && fq probe w1 "$reads" --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
assert d["schema"] == "fqcluster.probe/1" and d["rows"][0]["answer"] == "yes" and d["rows"][0]["bytes"] > 0'; }
ok "probe: a node can" probe_one
probe_all() { fq probe --all "$work/b/x.fq" >"$work/out" 2>"$work/err"; [ $? -eq 66 ] && grep -Eq '^w1 +yes' "$work/out" && grep -Eq '^w2 +no' "$work/out" && grep -q '1 of 2 nodes' "$work/err"; }
ok "probe --all: one can, one cannot: exit status 66" probe_all
probe_who() { fq probe w7 "$reads" 2>"$work/err"; [ $? -eq 64 ] && grep -q "there is no node 'w7'" "$work/err" && { fq probe "$reads" 2>/dev/null; [ $? -eq 64 ]; }; }
ok "probe: a node that there is not, and no node at all" probe_who

# Who says that he can read a file and cannot: for a file that is there, for one that is not, for another one, he gets the same.
curious() {
	local file words=()
	cp "$reads" "$work/a/secret.fq"
	for file in secret.fq reads.fq; do
		cp "$reads" "$work/a/mine.fq"
		words+=("$(FQ_FAILPOINT=proof-forged:on fq probe w2 "$work/a/$file" --json)")
	done
	[[ ${words[0]} == *'"answer":"no","bytes":0,"kind":"-","errno":0'* ]] && [ "${words[0]}" = "${words[1]}" ]
}
if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	ok "who proves nothing learns nothing" curious
	old_node() {
		end_process "${pid_worker[2]}" KILL
		run_worker[2]='env FQ_FAILPOINT=speak-1:on'
		worker_start 2 -n 1 --roots "$work/a" && doctor 0 fq doctor "$reads" && says warn versions 'older than the coordinator .*w2 \(.*protocol 1\)' 'apt install' &&
			says ok file '1 of 1 node can'
	}
	ok "a node of an older protocol" old_node
	old_coord() {
		run_coord='env FQ_FAILPOINT=speak-1:on'
		end_process "$pid_coord" KILL
		coord_start --ping 200ms --dead 1m --proof none && wait_until 20 node_is w1 '^idle' && wait_until 20 node_is w2 '^idle' && doctor 0 fq doctor "$reads" &&
			says warn versions 'the coordinator .* speaks protocol 1' && says skip health 'too old' && says ok nodes '2 of 2' && says skip file 'no node was asked'
		local status=$?
		run_coord='' run_worker[2]=''
		return $status
	}
	ok "a coordinator of an older protocol" old_coord
else
	skip "no failpoints: who proves nothing learns nothing"
fi

# ---- clocks

end_process "$pid_coord" KILL
for i in 1 2; do end_process "${pid_worker[$i]}" KILL; done
if [ -e "$clock" ]; then
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
	echo 3600 >"$work/clock1" && echo -90 >"$work/clock2" && echo 0 >"$work/clock0"
	run_worker[1]="env LD_PRELOAD=$clock FQ_CLOCK=$work/clock1" run_worker[2]="env LD_PRELOAD=$clock FQ_CLOCK=$work/clock2"
	run_coord="env LD_PRELOAD=$clock FQ_CLOCK=$work/clock0"
	coord_start --ping 200ms --dead 1m
	worker_start 1 -n 1
	worker_start 2 -n 1
	# A clock is known within half of the time that an answer takes: where that is long, it is asked again.
	off() { doctor 0 fq doctor && says warn clocks 'the clock of w1 is fast by (3600.[0-4]|3599.[5-9]) s' 'set-ntp' && says warn clocks 'the clock of w2 is slow by (90.[0-4]|89.[5-9]) s'; }
	ok "nodes with wrong clocks" wait_until 20 off
	set_right() { echo 0 >"$work/clock1" && echo 0 >"$work/clock2" && doctor 0 fq doctor && says ok clocks '2 nodes within'; }
	ok "that are set right: it is seen at once" set_right
	coord_off() { echo 600 >"$work/clock0" && doctor 0 fq doctor && says warn clocks 'the clock of the coordinator is fast by (600.[0-4]|599.[5-9]) s' && says warn clocks 'the clock of w1 is slow'; }
	ok "the coordinator with a wrong clock" wait_until 20 coord_off
else
	skip "no library for wrong clocks"
fi
done_testing
