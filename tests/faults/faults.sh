# SPDX-License-Identifier: GPL-3.0-or-later
# The cluster of a fault test: tests/cluster/cluster.sh on hosts with links that can be cut. Sourced by tests/faults/*.t.
#
# The test starts again in user, network and mount namespaces of its own, where it is root, and is skipped with the reason
# where that is not allowed. A host is one more network namespace, with a cable (a veth pair) to a bridge in the test's.
#
#   hosts_make N              hosts c0 (coordinator) and w1 to wN (workers 1 to N); then cluster_start and worker_start as ever.
#                             Clients (fq, admin) run in the test's namespace, 10.77.0.1, on the same bridge.
#   host_make NAME            one more host; address[NAME] is its address
#   coord_on, worker_on I     HOST [WORD...]: where it starts from now on, and words before it, as env LD_PRELOAD=...
#   on HOST COMMAND...        runs a command there; it dies with the test's shell
#   link_drop HOST in|out|both   loses all that goes in, out; link_loss HOST PERCENT [in|out|both]  some of it
#   link_rate HOST RATE       as tc says it (1mbit), both ways; link_down HOST  pulls the cable, link_up HOST
#   link_heal HOST            as if nothing had been
#
#   data_make [READS]         $data/{plain.fq,zip.fq.gz,bgzf.fq.gz,crlf.fq} and large.fq of READS (400000) reads, with golden
#                             reports in $golden
#   submit FILE [OPTION...]   a job on $data/FILE: sets id, remembers it
#   job_ends ID [SECONDS]     I1: it ends within 60 s        job_state ID   COMPLETED, FAILED, ...
#   job_same ID [FILE]        I2: it is completed, and its report is the golden one to the byte
#   jobs_same                 I1, I2 for all that were submitted and not forgotten (jobs_forget)
#   jobs_once                 I4: no job twice, all that were submitted there
#   all_idle SECONDS [NODE...]   I5: these nodes (all) are idle and connected in time
#   remember PID, steady PID [KIB]   I6: descriptors, memory (+20 %, and KIB: of a coordinator after many jobs the 16384 of its
#                             database's page cache) and zombies of a process, since it was remembered (warm: after a job)
#   journal_mark              from here on; journal_has HOST REGEX [N]   I8: at least one line (exactly N) of its log, which may come a
#                             little later than what it is about is seen; journal_now: the same at this moment, in silence
#   slices_of ID REGEX [N]    at least N (1) lines of its slices match: "running  w1", "[1-9] losses", "[1-9] crashes"
#   workers_start N [OPTION...]   workers 1 to N at once; nodes_idle_n N: so many nodes are idle
#   gone PID                  the process has ended
#   late_watch, late_ms       from now on; by how many ms at most this machine has let a process wait since that had to run, or had to have
#                             something on the disk. What is late by no more than some of these is not the program's fault
#
# Everything that was started ends with the test, also when the test is killed: daemons get SIGKILL when their parent dies.
set -u

faults_source=$(dirname "${BASH_SOURCE[0]}")
PATH=$PATH:/usr/sbin:/sbin

faults_skip() { printf '1..0 # SKIP %s\n' "$1"; exit 0; }

if [ -z "${FQ_FAULTS_INSIDE:-}" ]; then
	for tool in ip tc nft unshare nsenter setpriv; do
		command -v $tool >/dev/null || faults_skip "$tool is not installed (packages iproute2, nftables, util-linux)"
	done
	refused=$(unshare -Urnm mount -t tmpfs fq /run 2>&1) || faults_skip "no namespaces here: $refused"
	FQ_FAULTS_INSIDE=1 exec unshare -Urnm "$BASH" "$0" "$@"
fi
unset FQ_FAULTS_INSIDE
{ ip link set lo up && mount -t tmpfs fq /run && ip link add br0 type bridge && ip addr add 10.77.0.1/24 dev br0 &&
	ip link set br0 up && nft add table netdev fq; } || faults_skip "no bridge or no nftables in a namespace here"

# shellcheck source=tests/cluster/cluster.sh
. "$faults_source/../cluster/cluster.sh"
data=$work/data golden=$work/golden id=
declare -A address=() golden_of=() remembered=() marked=()

# ---- hosts and processes

at() { printf 'nsenter --net=/run/netns/%s setpriv --pdeathsig KILL' "$1"; }

# shellcheck disable=SC2046
on() { $(at "$1") "${@:2}"; }

host_make() {
	local name=$1
	address[$name]=10.77.0.$((${#address[@]} + 2))
	ip netns add "$name" && ip link add "$name" type veth peer name eth0 netns "$name" &&
		ip link set "$name" master br0 up && ip -n "$name" addr add "${address[$name]}/24" dev eth0 &&
		ip -n "$name" link set lo up && ip -n "$name" link set eth0 up &&
		nft "add chain netdev fq $name { type filter hook ingress device $name priority 0; policy accept; }" &&
		on "$name" nft add table netdev fq &&
		on "$name" nft 'add chain netdev fq in { type filter hook ingress device eth0 priority 0; policy accept; }' ||
		{ echo "Bail out! host $name cannot be made"; exit 1; }
}

coord_on() {
	run_coord="$(at "$1") ${*:2}"
	coord_address=${address[$1]}
}

worker_on() { run_worker[$1]="$(at "$2") ${*:3}"; }

hosts_make() {
	local i
	host_make c0
	coord_on c0
	for ((i = 1; i <= $1; i++)); do
		host_make "w$i"
		worker_on "$i" "w$i"
	done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

late_turns() {
	local turn most=0 before late
	for ((turn = 0; ; turn++)); do
		before=${EPOCHREALTIME/[.,]/}
		doze 0.02
		sync "$work" # who looks at something starts a process, and a coordinator waits for the disk
		late=$(((${EPOCHREALTIME/[.,]/} - before) / 1000 - 20))
		[ $late -le $most ] || most=$late
		echo "$turn $most" >"$work/late"
	done
}
late_watch() {
	[ -z "${pid_worker[late]:-}" ] || end_process "${pid_worker[late]}" KILL
	rm -f "$work/late"
	late_turns &
	pid_worker[late]=$! # is ended as the workers are
	wait_until 10 test -s "$work/late"
}
late_ms() { # with what lasts just now
	local turn now most
	read -r turn _ <"$work/late"
	wait_until 10 eval "read -r now most <'$work/late' && [ \$now -gt $((${turn:-0} + 1)) ]"
	echo "${most:-0}"
}
# workers_start N OPTION...: many at once.
workers_start() {
	local i token joins=()
	token=$(admin token --role worker --uses "$1")
	for ((i = 1; i <= $1; i++)); do
		# shellcheck disable=SC2086
		${run_worker[$i]} "$workerd" --state "$work/worker$i" --join "$host" "$token" >>"$work/worker$i.log" 2>&1 &
		joins+=($!)
		[ $((i % 10)) -ne 0 ] || wait "${joins[@]}"
	done
	wait "${joins[@]}"
	for ((i = 1; i <= $1; i++)); do worker_run "$i" "${@:2}"; done
	wait_until 60 nodes_idle_n "$1" || { echo "Bail out! not all workers come up"; exit 1; }
}
nodes_idle_n() { [ "$(admin nodes --no-header | awk '$2 == "idle"' | wc -l)" -eq "$1" ]; }

# ---- links: what comes out of a host is dropped where it enters the bridge, what goes in where it enters the host

link_rule() { # link_rule HOST in|out|both RULE...
	[ "$2" = in ] || nft add rule netdev fq "$1" "${@:3}"
	[ "$2" = out ] || on "$1" nft add rule netdev fq in "${@:3}"
}

link_drop() { link_rule "$1" "$2" drop; }
link_loss() { link_rule "$1" "${3:-both}" numgen random mod 100 '<' "$2" drop; }
link_down() { ip link set "$1" down; }
link_up() { ip link set "$1" up; }

link_rate() {
	tc qdisc replace dev "$1" root tbf rate "$2" burst 16k latency 200ms
	tc -n "$1" qdisc replace dev eth0 root tbf rate "$2" burst 16k latency 200ms
}

link_heal() {
	nft flush chain netdev fq "$1"
	on "$1" nft flush chain netdev fq in
	tc qdisc delete dev "$1" root 2>/dev/null
	tc -n "$1" qdisc delete dev eth0 root 2>/dev/null
	link_up "$1"
}

# ---- data, and jobs on it

data_make() {
	local made=$top_build/tests/tools/mkfastq file
	mkdir -p "$data" "$golden"
	"$made" 3000 101 hiseq 3 trim >"$data/plain.fq"
	"$made" 4000 100 nova 4 | gzip -c >"$data/zip.fq.gz"
	"$made" 2000 75 hiseq 5 | sed 's/$/\r/' >"$data/crlf.fq"
	"$made" 5000 151 nova 6 | bgzip -c >"$data/bgzf.fq.gz"
	"$made" "${1:-400000}" 150 nova 7 >"$data/large.fq"
	for file in plain.fq zip.fq.gz crlf.fq bgzf.fq.gz large.fq; do
		"$ctl" qc --local --as json "$data/$file" >"$golden/$file" || { echo "Bail out! no golden report of $file"; exit 1; }
	done
}

submit() {
	id=$(fq submit --parsable --as json "${@:2}" "$data/$1") && [ -n "$id" ] && golden_of[$id]=$1
}

job_state() { fq status --json "$1" 2>/dev/null | grep -oE '"state": ?"[A-Z]+"' | head -n 1 | grep -oE '[A-Z]+'; }
job_ended() { case $(job_state "$1") in COMPLETED | FAILED | CANCELLED) ;; *) return 1 ;; esac; }
job_ends() { wait_until "${2:-60}" job_ended "$1" || { fq show --slices "$1" 2>&1 | head -n 40 | diag; return 1; }; }

# Slices of a job: slices_of ID REGEX N: at least N of its lines in show --slices match.
slices_of() { [ "$(fq show --slices "$1" 2>/dev/null | grep -cE -- "$2")" -ge "${3:-1}" ]; }

job_same() {
	fq fetch --as json "$1" >"$work/fetched" && cmp "$work/fetched" "$golden/${2:-${golden_of[$1]}}" && return
	{ printf 'job %s of %s is not as it should be\n' "$1" "${2:-${golden_of[$1]}}" && fq show --slices "$1"; } 2>&1 | head -n 40 | diag
	return 1
}

jobs_same() {
	local job bad=0
	for job in "${!golden_of[@]}"; do
		job_ends "$job" && job_same "$job" || { printf 'job %s of %s\n' "$job" "${golden_of[$job]}" | diag; bad=1; }
	done
	return $bad
}

jobs_once() {
	local ids
	ids=$(admin status --all --json | grep -oE '"id":[0-9]+' | cut -d: -f2 | sort -n)
	[ -z "$(uniq -d <<<"$ids")" ] || return 1
	[ -z "$(printf '%s\n' "${!golden_of[@]}" | grep -vxF -e "$ids")" ]
}

jobs_forget() { golden_of=(); }

# ---- the other invariants

nodes_idle() {
	admin nodes --no-header | awk -v want=" $* " '
		want != "  " && !index(want, " " $1 " ") { next }
		{ n++; if ($2 != "idle") bad = 1 }
		END { exit bad || n == 0 }'
}

all_idle() { wait_until "$1" nodes_idle "${@:2}" || { admin nodes | diag; return 1; }; }

descriptors() { find "/proc/$1/fd" -type l ! -lname '/memfd:brief*' | wc -l; } # briefs aside, of which a worker keeps 32
memory_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
zombies() { ps --no-headers -o stat --ppid "$1" | grep -c '^Z'; }
remember() { remembered[$1]="$(descriptors "$1") $(memory_kb "$1")"; }

# A connection that its client has closed is there until the daemon has looked; the same with a child that has ended.
at_rest() { [ "$(descriptors "$1")" -le "$2" ] && [ "$(zombies "$1")" -eq 0 ]; }
steady() {
	local fds kb now_fds now_kb dead
	read -r fds kb <<<"${remembered[$1]}"
	wait_until 10 at_rest "$1" "$fds"
	now_fds=$(descriptors "$1") now_kb=$(memory_kb "$1") dead=$(zombies "$1")
	printf 'descriptors %s -> %s, memory %s -> %s KiB, %s zombies\n' "$fds" "$now_fds" "$kb" "$now_kb" "$dead" | diag
	# A MiB more is the allocator's, and the sanitizers keep what is freed.
	[ "$now_fds" -le "$fds" ] && [ "$dead" -eq 0 ] && { [ -n "${FQ_SANITIZERS:-}" ] || [ "$now_kb" -le $((kb * 6 / 5 + 1024 + ${2:-0})) ]; }
}

log_of() { case $1 in c0 | coord) echo "$work/coord.log" ;; w*) echo "$work/worker${1#w}.log" ;; *) echo "$work/$1.log" ;; esac; }

journal_mark() {
	local log
	for log in "$work"/*.log; do marked[$log]=$(wc -l <"$log"); done
}

journal_n() { # journal_n HOST REGEX: how many lines
	local log
	log=$(log_of "$1")
	tail -n +$((${marked[$log]:-0} + 1)) "$log" | grep -cE -- "$2"
}
journal_now() {
	local n
	n=$(journal_n "$1" "$2")
	if [ -n "${3:-}" ]; then [ "$n" -eq "$3" ]; else [ "$n" -gt 0 ]; fi
}
journal_has() {
	[ "${3:-}" = 0 ] || wait_until 5 journal_now "$@" || true
	journal_now "$@" || { printf '%s has %s lines of %s\n' "$(log_of "$1")" "$(journal_n "$1" "$2")" "$2" | diag; return 1; }
}
