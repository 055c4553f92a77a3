#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl slurm and fqctl qc --slurm on a real Slurm of two nodes: start, status, stop in mid-slice; a cluster for one call, ^C, and the
# death of fqctl; workers that come and go with the queue, over slurmctld's death. Results are those of one process, to the byte.
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
rows() { slurm status --no-header -o "$1" 2>/dev/null | tr -s ' ' | sed 's/ $//'; }
no_jobs() { [ -z "$(jobs_of -u alice)" ]; }
there() { [ "$(admin nodes --no-header | awk '$2 ~ /^(idle|mixed|alloc)$/' | wc -l)" -eq "$1" ]; }
keys_n() { admin peers --no-header | grep -c 'slurm-'; }
said() { grep -qF -- "$1" "$work/said"; }
folders() { [ -z "$(ls "$arrays" 2>/dev/null)" ]; }
lost() { grep -cE 'is gone, [1-9]' "$work/coord.log"; }

# ---- start, status, stop

slurm start -N 3 --cpus-per-task 2 --time 30 -- --nice=1 >"$work/started" 2>"$work/said"
is "start" $? 0
read -r id number <"$work/started"
ok "Slurm knows the array by its comment" test "$(job_says "${number}_1" Comment)" = "fqcluster:$host:$id"
ok "two workers come up" wait_until 30 there 2
ok "the third one waits" wait_until 20 job_in "${number}_3" PENDING
is "status" "$(rows JOBID,STATE,NODE_STATE | sort)" "${number}_1 RUNNING idle
${number}_2 RUNNING idle
${number}_3 PENDING -"
ok "each beside its node" test "$(rows NODELIST,NODE | grep -c '^n\([12]\) n\1-')" = 2
why() { rows NODELIST | grep -q '(Resources)\|(Priority)'; }
ok "and why one waits" wait_until 20 why
submit --slice-size 256K
same_each "a file over both nodes"
ok "both have slices in hand" begin n1 n2
slurm stop --drain 40s 2>"$work/said"
is "stop" $? 0
ok "ends all three" said "3 workers ended"
for task in 1 2; do ok "task $task drained, and was not killed" job_in "${number}_$task" COMPLETED; done
ok "nothing is left at Slurm" no_jobs
is "nor of the key" "$(keys_n)" 0
ok "nor of the folder" folders
is "no slice was lost" "$(lost)" 0
slurm start -N 1 --cpus-per-task 2 >/dev/null 2>&1
same_each "what they returned"
slurm stop -q

# ---- slurmctld is dead

slurm start -N 1 >"$work/started" 2>/dev/null
read -r id number <"$work/started"
ok "a worker" wait_until 30 there 1
ok "slurmctld has saved it" wait_until 20 grep -qa "fqcluster:$host:$id" "$rig/slurmctld/job_state"
slurmctld_kill
slurm status >/dev/null 2>"$work/said"
is "status: 69" $? 69
ok "with Slurm's words" said "squeue: "
ok "the worker is there" there 1
ok "slurmctld is there again" slurmctld_start
ok "it knows the worker" wait_until 20 job_in "${number}_1" RUNNING
slurm stop -q
is "and stop ends it" $? 0
ok "nothing is left" no_jobs
ok "what sbatch refuses" bash -c '! "$@" >"$0" 2>&1 && grep -q "fqctl: sbatch: .*invalid partition" "$0"' "$work/said" \
	setpriv --reuid alice --regid alice --init-groups env HOME="$rig/home/alice" FQ_KEYS="$rig/home/alice/.config/fqcluster" fqctl slurm start -h "$host" --partition none
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
begins() { # begins: one that is in the middle, held; its process in $pid
	as alice env --default-signal=INT fqctl qc --slurm --address head --cpus-per-task 2 --slice-size 1M --as text -o "$rig/home/alice/got" "$reads" >/dev/null 2>"$work/said" {never}>&- &
	pid=$!
	wait_until 30 counting
}
counting() { [ -n "$(slots_of n1)$(slots_of n2)" ]; }
mkdir "$rig/home/alice/got" && chown alice "$rig/home/alice/got"
ok "another one counts" begins
kill -INT $pid
wait $pid
ok "^C ends it" test $? -ne 71
ok "and all of it" wait_until 40 no_jobs
ok "coordinator" wait_until 10 none_left
ok "and folder" folders

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
