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

# begins NODE...: one more call, that has slices in hand of those, held; its process is $pid. One file begins with one slice, on one node.
begins() {
	local node
	fresh
	(cd "$home" && exec setpriv --reuid alice --regid alice --init-groups env --default-signal=INT -u FQ_KEYS HOME="$home" \
		fqctl qc --slurm --cpus-per-task 2 -N 2 --idle-exit 3s --slice-size 1M -o got "$reads" "$rig/small.fastq.gz") \
		>"$work/announced" 2>"$work/said" {never}>&- &
	pid=$!
	for node in n1 n2; do wait_until 30 has_slots "$node" && hold_node "$node"; done
}
ends() { # ends WHAT STATUS
	{ wait $pid; } 2>/dev/null
	is "$1: exit status" $? "$2"
	diag <"$work/said"
}
lets_go() { let_node_go n1; let_node_go n2; }

begins n1 n2
node_kill n1
let_node_go n2
ends "a node goes down" 0
ok "the same reports" same_reports
rm -rf "$rig"/tmp/fqworkerd* # in this test it is the disk of each node
nothing_left "it"
cable n1 in
node_boot n1
ok "the node is back" wait_until 40 node_in n1 idle

for signal in INT TERM; do
	begins n1 n2
	kill -$signal $pid
	ends $signal $((128 + $(kill -l $signal)))
	ok "$signal: no report of what was not counted" test ! -e "$home/got/reads_fastqc.zip"
	nothing_left $signal
done

begins n1 n2
kill -KILL $pid
ends KILL 137
coordinator() { pgrep -u alice fqcoordd; }
no_coordinator() { ! coordinator; }
ok "its coordinator dies with it" wait_until 10 no_coordinator
lets_go
ok "its workers leave" wait_until 40 no_jobs
fresh
qc -N 2 -o got "$reads" "$rig/small.fastq.gz" >"$work/announced" 2>"$work/said"
is "the next call" $? 0
ok "the same reports" same_reports
nothing_left "with what was left before"

begins n1 n2
touch "$work/now"
scontrol update JobId="$(jobs_of -o %A | head -n 1)" Nice=1
ok "slurmctld has saved them" wait_until 20 test "$rig/slurmctld/job_state" -nt "$work/now"
slurmctld_kill
lets_go
ends "slurmctld dies" 0
ok "the same reports" same_reports
slurmctld_start
nothing_left "slurmctld is there again"
done_testing
