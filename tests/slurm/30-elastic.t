#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Workers that come with the queue and go with it (fqctl slurm keep, as the ordinary user of fqcluster-elastic.service) on a real Slurm of
# two nodes: from min to max, of which one has to wait, and back; the keeper and slurmctld are killed meanwhile. Never more than max are
# there, no slice is lost, and results are those of one process, to the byte.
. "$(dirname "$0")/rig.sh"
rig_start
cluster_start --ping 1s --dead 10s # a machine that stands still for a while loses nothing
nodes n1 n2
data_make
user_make alice
home=$rig/home/alice max=3
as alice fqctl join "$host" "$(admin token --role client)" >/dev/null &&
	as alice fqworkerd --state "$home/worker" --join "$host" "$(admin token --role worker)" >/dev/null 2>&1 || rig_fails "alice cannot join"
cat >"$home/coord.conf" <<END
elastic = {
	min = 1; max = $max; bytes_per_worker = "10M"; every = "500ms"; settle = "2s"; idle = "3s";
	address = "$host"; cpus_per_task = 2; worker_keys = "$home/worker";
};
END

keep() {
	(cd "$home" && exec setpriv --reuid alice --regid alice --init-groups env -u FQ_KEYS HOME="$home" \
		fqctl slurm keep -h "$host" --coordinator-config coord.conf) 2>"$work/said" {never}>&- &
	keeper=$!
}
said() { grep -qF -- "$1" "$work/said"; }
tasks() { jobs_of -u alice -t "$1" -o %A | wc -l; }
tasks_are() { [ "$(tasks "$1")" -eq "$2" ]; } # tasks_are STATE N
there() { [ "$(admin nodes --no-header --fields STATE | grep -cE '^(idle|mixed|alloc)')" -eq "$1" ]; }
is_saved() { # what slurmctld knows now it knows after its death, too
	touch "$work/now"
	scontrol update JobId="$(jobs_of -t R -o %A | head -n 1)" Nice=1
	ok "slurmctld has saved them" wait_until 20 test "$rig/slurmctld/job_state" -nt "$work/now"
}
most() { # until it is ended: how many there are, each time
	while :; do
		tasks PD,R,CG 2>/dev/null
		doze 0.2
	done >>"$work/most"
}
most &
sampling=$!

keep
ok "min" wait_until 30 there 1
is "that is one" "$(tasks PD,R)" 1
first=$(jobs_of -t R -o %N)
ok "it has a slice in hand" begin --slice-size 1M "$first"
ok "more of them, on both nodes" wait_until 30 there 2
ok "one more waits" wait_until 30 tasks_are PD 1
let_node_go "$first"
same_each "jobs"
ok "back to min" wait_until 40 tasks_are PD,R,CG 1
ok "and its node" wait_until 20 there 1

# ---- the keeper is killed

node=$(jobs_of -t R -o %N)
ok "it has a slice in hand" begin --slice-size 1M "$node"
ok "max" wait_until 30 tasks_are PD,R $max
kill -KILL $keeper
{ wait $keeper; } 2>/dev/null
before=$(jobs_of -o %F_%K | sort)
keep
settled() { [ "$(tasks PD,R)" -eq $max ] && [ "$(ps -o etimes= -p $keeper)" -ge 4 ]; }
ok "another keeper" wait_until 30 settled
is "finds those of the first" "$(jobs_of -o %F_%K | sort)" "$before"

# ---- slurmctld is killed

is_saved
slurmctld_kill
ok "slurmctld dies: that is said" wait_until 40 said "; waiting"
let_node_go "$node"
same_each "jobs meanwhile"
submit --slice-size 256K
same_each "a job of now"
ok "the keeper is there still" kill -0 $keeper
ok "slurmctld is there again" slurmctld_start
ok "it goes on" wait_until 40 said "it goes on"
ok "back to min" wait_until 60 tasks_are PD,R,CG 1
kill -KILL $keeper
{ wait $keeper; } 2>/dev/null
keep
ok "min" wait_until 30 there 1

# ---- the end

catches_term() { (((0x$(awk '/^SigCgt/ { print $2 }' /proc/$keeper/status) & 0x4000) != 0)); }
ok "it is ready for it" wait_until 20 catches_term
kill -TERM $keeper
{ wait $keeper; } 2>/dev/null
is "TERM ends the keeper" $? 0
is "not its worker" "$(tasks PD,R)" 1
as alice fqctl slurm stop -h "$host" -q
is "stop does" $? 0
is "no job is left" "$(jobs_of)" ""
kill -KILL $sampling
{ wait $sampling; } 2>/dev/null
is "never more than max" "$(sort -n "$work/most" | tail -n 1)" $max
is "no slice was lost" "$(grep -cE 'is gone, [1-9]' "$work/coord.log")" 0
no_processes() { ! pgrep -u alice; }
ok "no process" wait_until 10 no_processes
no_nodes() { [ -z "$(admin nodes --no-header)" ]; }
ok "no node" wait_until 10 no_nodes
done_testing
