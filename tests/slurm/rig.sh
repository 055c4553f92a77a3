# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A Slurm of a test: munged and slurmctld on the host "head", a slurmd on each node. Sourced by tests/slurm/*.t.
#
#   rig_start [OPTION...]          starts this test once more in namespaces of its own, or skips it with the reason; then munged
#   nodes NAME...                  nodes with two processors each; slurmctld and slurmd, until all are idle for Slurm
#   user_make NAME                 an ordinary user with a home;  as NAME COMMAND...  as that user, from there
#   slurmctld_kill, slurmctld_start   by SIGKILL, and with what it had saved
#   node_kill NAME                 what a power cut does to a node; node_boot NAME   its slurmd again
#   cable NAME out|in              its network cable
#   on NAME COMMAND...             there, as root
#   slots_of NAME                  the processes that count there
#   hold_node NAME                 stops both, so that what they count stays in hand;  let_node_go NAME
#   node_state NAME                what Slurm says of it, "idle", "down*"; jobs_of [OPTION...]   what is in the queue, by squeue
#   job_says ID KEY                a value out of scontrol show job
#   data_make                      $reads of some size, and its report by one process
#   submit [OPTION...]             a job on it, remembered; begin --slice-size SIZE NODE...  as many as those nodes have one in hand, held
#   same_each NAME                 a check for all of them: done, with the same report
#   $rig                           a folder that all hosts and users reach; $rig/bin has our programs and is in PATH
#
# and all of tests/cluster/cluster.sh (TAP, waiting, a coordinator on "head"). The programs of Slurm are those that are installed, or
# the files of their packages in $FQ_SLURM_CACHE (.ci/packages unpack FOLDER), which are laid over /usr for this test alone; nothing is
# installed and no unit, user or file of this machine is touched: /etc is covered, /run and $rig are memory (/mnt, or /srv where the tree
# is below that). A node has a network, a name and processes of its own. Hosts need no cgroups: Slurm is given an empty folder for them,
# which is enough for processes that it follows by their parents. Everything ends with the namespaces, however the test ends.
#
#   FQ_SLURM_CACHE   folder of the unpacked packages (default: fqcluster-slurm in TMPDIR; that of ./check.sh is build/slurm)

slurm_cache=${FQ_SLURM_CACHE:-${TMPDIR:-/tmp}/fqcluster-slurm}
slurm_net=10.83.0
slurm_scheduler=batch_sched_delay=0,sched_min_interval=0,sched_interval=2,bf_interval=2 # nobody waits for Slurm to look
rig=/mnt
case "$(realpath "${BASH_SOURCE[0]}") ${FQ_TOP_BUILDDIR:-} $(realpath "$slurm_cache")" in "$rig"/* | *" $rig"/*) rig=/srv ;; esac
declare -A node_pid=() node_number=()
pid_slurmctld=

# Prints why not, or nothing. First what no package mends: ./check.sh asks by "bash tests/slurm/rig.sh" before it fetches any.
rig_forbidden() {
	local said
	[ "$(id -u)" = 0 ] || { echo "hosts with users of their own need root"; return; }
	said=$(unshare -mnpfu bash -c "mount -t tmpfs tmpfs $rig && mkdir $rig/a $rig/b &&
		mount -t overlay overlay -o lowerdir=/etc,upperdir=$rig/a,workdir=$rig/b /etc &&
		mount -t overlay overlay -o lowerdir=$rig/a:/usr /usr" 2>&1) ||
		{ echo "namespaces with mounts are not allowed here: $(tail -n 1 <<<"$said")"; return; }
	! command -v ip >/dev/null ||
		unshare -n bash -c 'ip link add name fq1 type veth peer name fq2 && ip link add name fq3 type bridge' 2>/dev/null ||
		echo "no virtual network cables here"
}
rig_lacks() {
	rig_forbidden
	command -v ip >/dev/null || { echo "ip is not installed: .ci/packages test"; return; }
	command -v slurmctld >/dev/null || [ -e "$slurm_cache/.ready" ] ||
		{ echo "there is no Slurm: .ci/packages unpack FOLDER, and FQ_SLURM_CACHE=FOLDER"; return; }
}

# Once more, in namespaces of its own; who waits here for the end only passes it on.
rig_enter() {
	[ -z "${FQ_SLURM_INSIDE:-}" ] || return 0
	local reason inside=
	reason=$(rig_lacks | head -n 1)
	[ -z "$reason" ] || { printf '1..0 # SKIP %s\n' "$reason"; exit 0; }
	trap 'kill -KILL "$inside" 2>/dev/null; exit 130' INT TERM HUP
	FQ_SLURM_INSIDE=1 setpriv --pdeathsig KILL unshare -mnpfu --kill-child --mount-proc --propagation private "$0" "$@" &
	inside=$!
	wait "$inside"
	exit
}

rig_fails() { printf 'Bail out! %s\n' "$1"; exit 1; }

# ---- the host "head": this shell

# Of Debian's programs there are several builds, of which its alternatives choose one; unpacked alone they have no names of their own.
rig_programs() {
	local program
	command -v slurmctld >/dev/null && return
	mkdir -p "$rig/usr/sbin"
	for program in "$slurm_cache"/usr/sbin/*-wlm; do
		program=${program##*/}
		ln -s "$program" "$rig/usr/sbin/${program%-wlm}"
	done
	mount -t overlay overlay -o "lowerdir=$rig/usr:$slurm_cache/usr:/usr" /usr
}

rig_folders() {
	mount -t tmpfs -o mode=755 tmpfs "$rig" && mkdir "$rig"/{etc,etc.work,build,bin,home,cgroup,tmp} && chmod 1777 "$rig/tmp" &&
		rig_programs && mount -t overlay overlay -o "lowerdir=/etc,upperdir=$rig/etc,workdir=$rig/etc.work" /etc &&
		mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns /run/munge && mount -t tmpfs tmpfs /run/netns &&
		mount --bind "$top_build" "$rig/build" && ln -s ../build/ctl/fqctl ../build/daemon/fq{coord,worker}d "$rig/bin"
}

rig_network() {
	hostname head && ip link set lo up && ip link add switch type bridge && ip addr add $slurm_net.1/24 dev switch &&
		ip link set switch up && printf '127.0.0.1 localhost\n::1 localhost\n%s.1 head\n' $slurm_net >/etc/hosts
}

rig_users() {
	local user
	for user in munge slurm; do
		id $user >/dev/null 2>&1 || useradd -r -M -d /nonexistent -s /bin/sh $user || return 1
	done
	rm -rf /etc/munge /etc/slurm && mkdir /etc/munge /etc/slurm && head -c 1024 /dev/urandom >/etc/munge/munge.key &&
		chmod 400 /etc/munge/munge.key && install -d -o munge "$rig/munge" && install -d -o slurm "$rig/slurmctld" &&
		chown -R munge /etc/munge /run/munge
}

rig_munged() {
	setpriv --reuid munge --regid munge --clear-groups munged -F --log-file="$rig/munge/log" --pid-file=/run/munge/pid \
		--seed-file="$rig/munge/seed" >>"$work/munged.log" 2>&1 {never}>&- &
	wait_until 20 munge -n
}

# The namespaces' end is that of every process; before it, cluster_end waits for those that were started here.
rig_end() {
	local status=$?
	trap - EXIT
	# shellcheck disable=SC2046
	{ kill -KILL $(jobs -p); wait; } 2>/dev/null
	(exit $status)
	cluster_end
}

rig_start() {
	rig_enter "$@"
	PATH=$rig/bin:$PATH:/usr/sbin:/sbin
	top_build=${FQ_TOP_BUILDDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
	rig_folders || rig_fails "folders cannot be mounted"
	export TMPDIR=$rig/tmp HOME=$rig/home/root
	mkdir -m 700 "$HOME"
	# shellcheck source=tests/cluster/cluster.sh
	. "$(dirname "${BASH_SOURCE[0]}")/../cluster/cluster.sh"
	trap rig_end EXIT
	chmod 711 "$work"
	coord_address=$slurm_net.1
	made=$top_build/tests/tools/mkfastq
	[ -x "$made" ] || rig_fails "$made is not built: make check TESTS="
	rig_network || rig_fails "no network"
	rig_users || rig_fails "no users"
	rig_munged || rig_fails "munged does not answer"
}

# cred_expire: how long a job that was requeued has to wait. Nothing waits for a node longer than for its answer.
slurm_conf() { # slurm_conf NODE...
	cat <<-END
		ClusterName=fq
		SlurmctldHost=head
		SlurmUser=slurm
		AuthType=auth/munge
		AuthInfo=cred_expire=5
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		AccountingStorageType=accounting_storage/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		${slurm_scheduler:+SchedulerParameters=$slurm_scheduler}
		ReturnToService=2
		SlurmdTimeout=10
		MinJobAge=300
		MailProg=/bin/true
		MpiDefault=none
		SlurmctldPidFile=/run/slurmctld.pid
		SlurmdPidFile=/run/slurmd.%n.pid
		StateSaveLocation=$rig/slurmctld
		SlurmdSpoolDir=$rig/slurmd/%n
		SlurmdParameters=config_overrides
		NodeName=$(IFS=,; echo "$*") CPUs=2 RealMemory=16384 State=UNKNOWN
		PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
	END
}

slurmctld_start() {
	slurmctld -D >>"$work/slurmctld.log" 2>&1 {never}>&- &
	pid_slurmctld=$!
	wait_until 20 scontrol ping && scontrol ping | grep -q 'is UP'
}
slurmctld_kill() { end_process "$pid_slurmctld" KILL; }

# ---- nodes

node_plug() {
	ip netns add "$1" && ip link add "to-$1" type veth peer name eth0 netns "$1" && ip link set "to-$1" master switch up &&
		ip -n "$1" link set lo up && ip -n "$1" addr add "$slurm_net.${node_number[$1]}/24" dev eth0 && ip -n "$1" link set eth0 up
}

# The first process of a node takes over those whose parents have ended.
node_boot() {
	nsenter --net="/run/netns/$1" unshare -upmf --kill-child --mount-proc bash -c "hostname $1; slurmd -D & wait" \
		>>"$work/slurmd-$1.log" 2>&1 {never}>&- &
	node_pid[$1]=$!
}

node_kill() {
	cable "$1" out
	kill -KILL "$(node_first "$1")"
	wait "${node_pid[$1]}" 2>/dev/null
}

node_first() { pgrep -P "${node_pid[$1]}" | head -n 1; }
on() { nsenter -t "$(node_first "$1")" -n -u -p -m -- "${@:2}"; }
cable() { if [ "$2" = out ]; then ip link set "to-$1" down; else ip link set "to-$1" up; fi; }

nodes() {
	local name n=10
	for name in "$@"; do
		node_number[$name]=$((++n))
		echo "$slurm_net.$n $name" >>/etc/hosts
		node_plug "$name" || rig_fails "no network for $name"
	done
	slurm_conf "$@" >/etc/slurm/slurm.conf
	printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=%s\nCgroupAutomount=no\n' "$rig/cgroup" >/etc/slurm/cgroup.conf
	mkdir -p "$rig/slurmd"
	for name in "$@"; do node_boot "$name"; done
	slurmctld_start || rig_fails "slurmctld does not answer"
	for name in "$@"; do wait_until 30 node_in "$name" idle || rig_fails "node $name is $(node_state "$name")"; done
}

node_state() { sinfo -h -N -n "$1" -o %t; }
node_in() { [ "$(node_state "$1")" = "$2" ]; }
jobs_of() { squeue -h -r "$@"; }
job_says() { scontrol -o show job "$1" 2>/dev/null | tr ' ' '\n' | sed -n "s/^$2=//p"; }
job_in() { [[ $(job_says "$1" JobState) =~ ^($2)$ ]]; } # job_in ID REGEX

uts_of() { readlink "/proc/$1/ns/uts"; }
processes_of() { # processes_of NODE NAME
	local uts pid
	uts=$(uts_of "$(node_first "$1")")
	for pid in $(pgrep -x "$2"); do [ "$(uts_of "$pid")" != "$uts" ] || echo "$pid"; done
}
slots_of() { processes_of "$1" fqworkerd-slot; }

# A worker is there before its slots are, and one of them may be just being started anew.
has_slots() { [ "$(slots_of "$1" | wc -l)" -eq 2 ]; }
hold_node() { wait_until 20 held_there "$1"; }
held_there() {
	local slots
	slots=$(slots_of "$1")
	# shellcheck disable=SC2086
	[ "$(wc -w <<<"$slots")" -eq 2 ] && kill -STOP $slots && [ "$(ps -o stat= -p "$(paste -sd, <<<"$slots")" | grep -c '^T')" -eq 2 ]
}
# shellcheck disable=SC2046
let_node_go() { kill -CONT $(slots_of "$1") 2>/dev/null; }

# ---- jobs

data_make() {
	reads=$rig/reads.fastq jobs=()
	"$made" 200000 100 nova 8 >"$reads" && "$ctl" qc --local --as text "$reads" >"$work/want" || rig_fails "no reads" # 50 MB
}

submit() {
	id=$(fq submit --parsable --as text "$@" "$reads") && jobs+=("$id")
}

# A job begins with one slice, and by it with one node; the rest waits for how long that takes.
begin() {
	local size=$2 node tries
	shift 2
	for node in "$@"; do hold_node "$node"; done
	for node in "$@"; do
		for ((tries = 0; tries < 8; tries++)); do
			! running_on "$node" || break
			submit --slice-size "$size" && wait_until 20 running_on ''
		done
		running_on "$node" || return 1
	done
}
running_on() { [ ${#jobs[@]} -gt 0 ] && grep -q "running  $1" <<<"$(fq show --slices "${jobs[@]}")"; }

same_job() { fq wait --timeout 10m "$1" && cmp <(fq fetch --as text "$1") "$work/want"; }
same_jobs() {
	local job bad=0
	for job in "${jobs[@]}"; do same_job "$job" || bad=1; done
	jobs=()
	return $bad
}
same_each() { ok "$1: the same result" same_jobs; }

# ---- users

user_make() {
	useradd -M -d "$rig/home/$1" -s /bin/bash "$1" && install -d -o "$1" -g "$1" -m 755 "$rig/home/$1"
}
as() {
	local user=$1 home=$rig/home/$1
	shift
	(cd "$home" && exec setpriv --reuid "$user" --regid "$user" --init-groups env -u FQ_KEYS HOME="$home" USER="$user" LOGNAME="$user" "$@")
}

[ "$0" != "${BASH_SOURCE[0]}" ] || rig_forbidden
