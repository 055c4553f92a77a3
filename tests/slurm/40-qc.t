#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl qc --slurm of an ordinary user who has no service: a cluster for one call on two nodes of a real Slurm. Its reports are those of
# one process, to the byte; a node and slurmctld die meanwhile; ^C, TERM and its own death leave nothing behind.
. "$(dirname "$0")/rig.sh"
rig_start
nodes n1 n2
data_make
user_make alice
home=$rig/home/alice
mkdir "$work/local"
"$made" 3000 80 hiseq 2 | gzip >"$rig/small.fastq.gz"
fqctl qc --local -q -o "$work/local" "$reads" "$rig/small.fastq.gz"

qc() { as alice fqctl qc --slurm --cpus-per-task 2 "$@"; }
said() { grep -qF -- "$1" "$work/said"; }
no_jobs() { [ -z "$(jobs_of)" ]; }
no_processes() { ! pgrep -u alice; }
no_files() { [ -z "$(ls "$home/.fqcluster/slurm" 2>/dev/null)$(find "$rig/tmp" -mindepth 1 -maxdepth 1 -user alice)" ]; }
nothing_left() {
	ok "$1: no job is left" wait_until 40 no_jobs
	ok "$1: no process" wait_until 40 no_processes
	ok "$1: no file" wait_until 10 no_files
}
fresh() { rm -rf "$home/got" && as alice mkdir got; }
same_reports() {
	local name
	for name in reads small; do cmp "$home/got/${name}_fastqc.zip" "$work/local/${name}_fastqc.zip" || return 1; done
}

fresh
qc -N 2 -o got "$reads" "$rig/small.fastq.gz" >"$work/announced" 2>"$work/said"
is "qc --slurm -N 2" $? 0
diag <"$work/said"
ok "the same reports" same_reports
nothing_left "it"

# ---- in mid-slice

[ "${FQ_FAILPOINTS:-}" = yes ] || { skip "calls that end in mid-slice: this build has no failpoints"; done_testing; }

# begins WHAT IDLE: one more call, of which workers leave that had nothing to do for so long; its process is $pid. Who counts the first
# slice of a file stops by himself, whichever comes first, nodes or work, and no other slice is given out before; $busy is his node.
begins() {
	fresh
	(cd "$home" && exec setpriv --reuid alice --regid alice --init-groups env --default-signal=INT -u FQ_KEYS HOME="$home" \
		FQ_FAILPOINT=child-crash-at-0:stop \
		fqctl qc --slurm --cpus-per-task 2 -N 2 --idle-exit "$2" --slice-size 1M -o got "$reads" "$rig/small.fastq.gz") \
		>"$work/announced" 2>"$work/said" {never}>&- &
	pid=$! busy=
	ok "$1: a slice is in hand" wait_until 40 in_hand
}
in_hand() {
	local node
	for node in n1 n2; do ! stands_there "$node" || busy=$node; done
	[ -n "$busy" ]
}
stands_there() {
	local slots
	slots=$(slots_of "$1")
	[ -n "$slots" ] && ps -o stat= -p "$(paste -sd, <<<"$slots")" | grep -q '^T'
}

# Another node's process stops as well when it is given that slice: until the end of the call.
lets_go() {
	(while :; do let_node_go n1; let_node_go n2; doze 0.2; done) &
	letting=$!
}
ends() { # ends WHAT STATUS
	{ wait $pid; } 2>/dev/null
	is "$1: exit status" $? "$2"
	diag <"$work/said"
	[ -z "$letting" ] || end_process "$letting" KILL
	letting=
}
letting=

begins "a node goes down" 1m
for node in n1 n2; do ok "$node is there" wait_until 20 has_slots "$node"; done
node_kill "$busy"
lets_go
ends "a node goes down" 0
ok "the same reports" same_reports
rm -rf "$rig"/tmp/fqworkerd* # in this test it is the disk of each node
nothing_left "it"
cable "$busy" in
node_boot "$busy"
ok "the node is back" wait_until 40 node_in "$busy" idle

for signal in INT TERM; do
	begins $signal 3s
	kill -$signal $pid
	ends $signal $((128 + $(kill -l $signal)))
	ok "$signal: no report of what was not counted" test ! -e "$home/got/reads_fastqc.zip"
	nothing_left $signal
done

begins KILL 3s
kill -KILL $pid
ends KILL 137
coordinator() { pgrep -u alice fqcoordd; }
no_coordinator() { ! coordinator; }
ok "its coordinator dies with it" wait_until 10 no_coordinator
lets_go
ok "its workers leave" wait_until 40 no_jobs
end_process "$letting" KILL
letting=
fresh
qc -N 2 -o got "$reads" "$rig/small.fastq.gz" >"$work/announced" 2>"$work/said"
is "the next call" $? 0
ok "the same reports" same_reports
nothing_left "with what was left before"

begins "slurmctld dies" 3s
touch "$work/now"
scontrol update JobId="$(jobs_of -w "$busy" -o %A | head -n 1)" Nice=1
ok "slurmctld has saved them" wait_until 20 test "$rig/slurmctld/job_state" -nt "$work/now"
slurmctld_kill
lets_go
ends "slurmctld dies" 0
ok "the same reports" same_reports
slurmctld_start
nothing_left "slurmctld is there again"
done_testing
