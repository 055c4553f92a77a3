#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqcluster-elastic.service on a booted host, from the packages, as docs/administration.md has it: what it says where there is nothing to
# keep, its user and folders, its exposure, a job that it wants a worker for, its watchdog, and its end. Slurm's programs are those of
# tests/cluster/fakeslurm with a queue that runs nothing; the one script that sbatch takes is run by the test, as Slurm would on a node.
. "$(dirname "$0")/fleet.sh"
rig_start
login=coord workers=(node1)
hosts coord node1
user_make alice 1000 coord node1
"$made" 50000 100 nova 8 >"$rig/shared/reads.fastq"

unit=fqcluster-elastic slurm=/shared/slurm
put() { install -D -m "${3:-644}" "$1" "$rig/$2"; } # put FILE HOST/root/PATH [MODE]
for host in coord node1; do # the same numbers on all hosts, as fqcluster.sysusers says it
	sed 's/^\(u fqcluster\) -/\1 790/; s/^\(u fqcluster-elastic\) -/\1 791/' "$top_src/systemd/fqcluster.sysusers" >"$work/numbers"
	put "$work/numbers" $host/root/etc/sysusers.d/fqcluster.conf
done
for program in sbatch squeue scancel; do put "$top_src/tests/cluster/fakeslurm" coord/root/usr/local/bin/$program 755; done
printf '%s\n' '[Service]' "Environment=FAKE_SLURM=$slurm" WatchdogSec=5 >"$work/drop-in"
put "$work/drop-in" coord/root/etc/systemd/system/$unit.service.d/test.conf
for host in coord node1; do host_boot $host; done
ok "coordinator's package" installed coord fqcluster-{common,client,coordinator}
ok "worker's package on the node alone" installed node1 fqcluster-{common,worker}
is "who asks Slurm has the site's number" "$(on coord id -u $unit) $(on node1 id -u $unit)" "791 791"
unit_is() { on coord systemctl "is-$1" $unit; }
is "the package starts and enables nothing" "$(unit_is enabled) $(unit_is active)" "disabled inactive"

# ---- nothing to keep

ok "the coordinator serves" wait_until 20 admin ping
ok "without the group it does not start" eval '! on coord systemctl start $unit 2>/dev/null'
is "exit status, and not started anew" "$(show coord $unit ExecMainStatus) $(show coord $unit ActiveState)" "78 failed"
ok "with the reason" wait_until 20 says coord $unit 'fqcoordd.conf: there is no group elastic with max above 0, so there is nothing to keep'
on coord systemctl reset-failed

# ---- the group, the key and the folders, as the page has them

mine() { on "$1" runuser -u $unit -- "${@:2}"; } # mine HOST COMMAND...
group() { # group KEY = VALUE;...
	on coord sed -i '/^elastic = /,$d' /etc/fqcluster/fqcoordd.conf
	on coord tee -a /etc/fqcluster/fqcoordd.conf >/dev/null
} <<END
elastic = {
	max = 2; address = "coord"; worker_keys = "/shared/fqcluster/worker"; worker = "/shared/fqcluster/fqworkerd";
	every = "500ms"; settle = "0s"; idle = "2s";
};
END
on node1 install -d -o $unit -m 700 /shared/fqcluster $slurm
on node1 install -o $unit -m 755 /usr/sbin/fqworkerd /shared/fqcluster/fqworkerd
echo 0 >"$rig$slurm/slots"
joins() { mine node1 fqworkerd --state /shared/fqcluster/worker --join coord "$(admin token --role worker)" >>"$work/join.log" 2>&1; }
ok "the key of its workers is made on a node" joins
group
takes() { on coord fqcoordd --check-config >/dev/null; }
ok "the coordinator takes the group" takes
ok "and prints it" eval "on coord fqcoordd --dump-config | grep -q '^	worker_keys = \"/shared/fqcluster/worker\";'"

ok "it starts, and says when it has looked" on coord systemctl start $unit
held() { [[ $(show coord $unit StatusText) == "$1 workers, $2 wanted; $3 jobs" ]]; }
ok "what there is, for systemctl status" wait_until 10 held 0 0 0
exposed() { on coord systemd-analyze security --no-pager --threshold="$1" $unit >/dev/null; } # in tenths
ok "exposure of at most 1.5" exposed 15
is "in the slice" "$(show coord $unit Slice)" fqcluster.slice
state=/var/lib/fqcluster-elastic
is "its folder is for nobody else" "$(on coord stat -c '%U %a' $state)" "$unit 700"
ok "and there is one for the logs in it" on coord test -d $state/.fqcluster/slurm
sees() { on coord bash -c "ls /proc/\$(systemctl show -P MainPID $unit)/root$1" >/dev/null 2>&1; }
ok "it sees the key" sees /shared/fqcluster/worker/key.pem
ok "and no home" eval '! sees /home/alice'
mine coord fqctl token --role worker >"$work/out" 2>&1
is "for the coordinator it is no administrator: exit 77" $? 77
for path in coord/key.pem coord/peers; do ok "nor reads it $path" eval "! mine coord cat /var/lib/fqcluster/$path 2>/dev/null"; done

# ---- a job

as coord alice fqctl qc --local --as csv /shared/reads.fastq >"$work/want"
job=$(as coord alice fqctl submit --parsable --detach /shared/reads.fastq)
ok "a job of another user: one worker is asked for" wait_until 20 held 1 1 1
ok "the journal says so" wait_until 20 says coord $unit "1 worker started: Slurm's job 101"
is "it is the service's user who asks" "$(stat -c %u "$rig$slurm/jobs/101_1")" 791
mine node1 env SLURM_JOB_ID=1011 SLURM_ARRAY_JOB_ID=101 SLURM_ARRAY_TASK_ID=1 SLURMD_NODENAME=node1 sh $slurm/jobs/101_1/script \
	>"$work/script.log" 2>&1 {never}>&- &
ok "its script, on a node: the job is done" as coord alice fqctl wait --timeout 10m "$job"
ok "right" cmp <(as coord alice fqctl fetch --as csv "$job") "$work/want"
ok "the worker is not needed any more" wait_until 20 says coord $unit 'worker 101_1 is not needed and ends'
ok "nor held" wait_until 20 held 0 0 0

# ---- what happens to it

pid=$(show coord $unit MainPID)
on coord systemctl kill --kill-whom=main --signal=STOP $unit
ok "one that hangs" wait_until 20 says coord $unit 'Watchdog timeout'
anew() { [ "$(show coord $unit MainPID)" -gt 1 ] && [ "$(show coord $unit MainPID)" != "$pid" ] && held 0 0 0; }
ok "is started anew" wait_until 20 anew
on coord systemctl stop $unit
is "it ends in order" "$(show coord $unit Result), $(show coord $unit ExecMainStatus)" "success, 0"
sed 's,/shared/fqcluster/worker",/home/alice/worker",' "$rig/coord/root/etc/fqcluster/fqcoordd.conf" >"$work/home" &&
	cat "$work/home" >"$rig/coord/root/etc/fqcluster/fqcoordd.conf"
on coord systemctl start $unit 2>/dev/null
ok "a key below a home: it says what it lacks" wait_until 20 says coord $unit 'the folder /home/alice/worker of a worker'
on coord bash -c "systemctl stop $unit; systemctl reset-failed"
sed 's,/home/alice/worker",/shared/fqcluster/worker",' "$work/home" >"$rig/coord/root/etc/fqcluster/fqcoordd.conf"
ok "enabled" on coord systemctl enable -q --now $unit
for host in coord node1; do ok "$host: systemd says running" runs $host; done
pid=$(show coord $unit MainPID)
ok "upgrade of the coordinator" installed coord fqcluster-{common,client,coordinator}
ok "the new one runs" wait_until 20 anew

ok "it runs still" test "$(on coord pgrep -c -u $unit)" = 1
ok "purge of the coordinator's package" removed coord dpkg -P fqcluster-coordinator
ok "takes unit and folder away" lacks coord $state "/{lib/systemd/system,etc/systemd/system/*}/$unit.service"
is "it has ended" "$(unit_is active)" inactive
is "no process of its user is left" "$(on coord pgrep -c -u $unit)" 0
ok "coord: systemd says running" runs coord
[ $failed -eq 0 ] || hosts_logs
done_testing
