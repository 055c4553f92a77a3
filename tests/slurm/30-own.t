#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# On a real Slurm of two nodes: fqctl qc --slurm, to its end and to ^C, and fqctl slurm keep, whose workers come and go with the queue, over
# slurmctld's death. Results are those of one process, to the byte.
. "$(dirname "$0")/rig.sh"
rig_start
cluster_start --ping 1s --dead 3s
nodes n1 n2
data_make
user_make alice
chmod 644 "$reads"
as alice fqctl join "$host" "$(admin token --role admin)" >/dev/null || rig_fails "alice cannot join"
arrays=$rig/home/alice/.fqcluster/slurm

slurm() { as alice fqctl slurm "$1" -h "$host" "${@:2}"; }
no_jobs() { [ -z "$(jobs_of -u alice)" ]; }
said() { grep -qF -- "$1" "$work/said"; }
folders() { [ -z "$(ls "$arrays" 2>/dev/null)" ]; }

# ---- words of Slurm

refused() { ! slurm start --partition none >/dev/null 2>"$work/said" && said "fqctl: sbatch: " && said "invalid partition"; }
ok "what sbatch refuses" refused
ok "leaves nothing" folders

# ---- a cluster for one call

qc() { as alice fqctl qc --slurm --address head --cpus-per-task 2 --as text "$@"; }
qc -N 2 "$reads" >"$work/got" 2>"$work/said"
is "qc --slurm" $? 0
ok "the same result" cmp "$work/got" "$work/want"
ok "nothing is left at Slurm" no_jobs
ok "nor of its folder" folders
coordinators() { pgrep -u alice fqcoordd; }
none_left() { ! coordinators; }
ok "nor a coordinator" none_left
mkdir "$rig/home/alice/got" && chown alice "$rig/home/alice/got"
counting() { [ -n "$(slots_of n1)$(slots_of n2)" ]; }
calls() { pgrep -o -u alice -x fqctl; } # the parent of those that belong to one call
begins() { # begins OPTION...: a call that is in the middle, held
	as alice env --default-signal=INT fqctl qc --slurm --address head --cpus-per-task 2 --slice-size 1M --as text -o "$rig/home/alice/got" "$@" "$reads" \
		>/dev/null 2>"$work/said" {never}>&- &
	call=$!
	wait_until 30 counting || return 1
	[ -z "$(slots_of n1)" ] || hold n1
	[ -z "$(slots_of n2)" ] || hold n2
}
ok "another one counts" begins
kill -INT "$(calls)"
wait $call
is "^C ends it" $? 130
ok "and all of it" no_jobs
ok "coordinator" none_left
ok "and folder" folders
ok "nothing was written" test -z "$(ls "$rig/home/alice/got")"
ok "another one counts" begins --idle-exit 3s
kill -KILL "$(calls)"
wait $call 2>/dev/null
ok "killed: its coordinator dies with it" wait_until 10 none_left
ok "workers without a coordinator leave" wait_until 60 no_jobs
touch -d '5 minutes ago' "$arrays"/*/about
ok "its folder is left" test -n "$(ls "$arrays")"
qc "$reads" >"$work/got" 2>"$work/said"
ok "the next call takes it away" folders
ok "and counts" cmp "$work/got" "$work/want"

# ---- workers that come and go

as alice fqworkerd --state "$rig/home/alice/worker" --join "$host" "$(admin token --role worker)" >/dev/null 2>&1
cat >"$rig/home/alice/coord.conf" <<END
elastic = {
	max = 2; bytes_per_worker = "8M"; every = "500ms"; settle = "2s"; idle = "3s"; address = "$host"; cpus_per_task = 2;
	worker_keys = "$rig/home/alice/worker";
};
END
chmod 644 "$rig/home/alice/coord.conf"
as alice fqctl slurm keep -h "$host" --coordinator-config coord.conf 2>"$work/said" {never}>&- &
keeper=$!
submit --slice-size 64K
ok "a job: workers are started" wait_until 60 said "started: Slurm's job"
same_each "it"
ok "they go when nothing is to be done" wait_until 60 no_jobs
slurmctld_kill
ok "slurmctld dies" wait_until 60 said "; waiting"
submit --slice-size 64K
ok "slurmctld is there again" slurmctld_start
ok "it goes on" wait_until 60 said "it goes on"
same_each "a job of meanwhile"
kill -TERM "$(pgrep -u alice -f 'fqctl slurm keep')"
wait $keeper
slurm stop -q
ok "nothing is left" no_jobs
done_testing
