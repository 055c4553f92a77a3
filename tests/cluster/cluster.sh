# SPDX-License-Identifier: GPL-3.0-or-later
# The cluster of a test: a coordinator and N workers on loopback in a temporary folder, and TAP. Sourced by tests/cluster/*.t.
#
#   cluster_start [coordinator option...]     starts the coordinator; $host is its address, $state its folder
#   worker_start I [worker option...]         enrols (once) and starts worker I under the node name wI, and waits until it is there
#   fq VERB ARG...                            fqctl with a client's key against $host
#   admin VERB ARG...                         fqctl through the unix socket (the administrator)
#   pid_coord, pid_worker[I]                  process ids, for kill
#   ok NAME COMMAND...  is NAME GOT WANT  skip_all REASON  done_testing
#   hold I, let_go I                          stops the children of worker I where they are, so that what they count stays in hand; continues
#   wait_until SECONDS COMMAND...             until the command succeeds; 1 when the time is over, on a quiet machine
#   doze SECONDS                              a pause, where time itself is what is tried
#   no_cache=()                               before cluster_start: the coordinator keeps results for later jobs; otherwise each counts
#   run_coord, run_worker[I]                  words before the program, for instance of a namespace or an environment
#   coord_address                             where the coordinator listens: an address of loopback that no other test has, so that nobody
#                                             takes its port while it is being started anew
#
# Everything that was started is ended when the test ends, however it ends. Every path can be set from outside:
# FQ_TOP_SRCDIR, FQ_TOP_BUILDDIR (programs), TMPDIR.
set -u

top_src=${FQ_TOP_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
top_build=${FQ_TOP_BUILDDIR:-$top_src}
shared=${FQ_SHARED:-$top_src/../shared}
coordd=$top_build/daemon/fqcoordd workerd=$top_build/daemon/fqworkerd ctl=$top_build/ctl/fqctl
oracle=$top_src/tests/oracle/mean.py
work=$(mktemp -d "${TMPDIR:-/tmp}/fqtest.XXXXXX")
state=$work/coord
export FQ_KEYS=$work/user
unset FQ_HOST FQ_SOCKET
no_cache=(--cache-size 0)
host= pid_coord= run_coord= coord_address=127.$(($$ / 65536 % 254 + 1)).$(($$ / 256 % 256)).$(($$ % 256)) tests=0 failed=0
declare -A pid_worker=() run_worker=()

cluster_end() {
	local status=$? pid
	trap - EXIT
	# A process of a program to be started that gets a signal before it has dropped these traps: the test goes on.
	[ "$BASHPID" = $$ ] || exit $status
	for pid in $pid_coord "${pid_worker[@]}"; do kill -KILL "$pid" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$work"
	exit $status
}
trap cluster_end EXIT
trap 'exit 130' INT TERM HUP

diag() { sed 's/^/# /' >&2; }

ok() {
	local name=$1
	shift
	tests=$((tests + 1))
	if "$@"; then printf 'ok %d - %s\n' $tests "$name"; else
		printf 'not ok %d - %s\n' $tests "$name"
		failed=$((failed + 1))
		printf 'failed: %s\n' "$*" | diag
		return 1
	fi
}

is() {
	tests=$((tests + 1))
	if [ "$2" = "$3" ]; then printf 'ok %d - %s\n' $tests "$1"; else
		printf 'not ok %d - %s\n' $tests "$1"
		failed=$((failed + 1))
		printf 'got:  %.2000s\nwant: %.2000s\n' "$2" "$3" | diag
		return 1
	fi
}

skip() { tests=$((tests + 1)); printf 'ok %d # SKIP %s\n' $tests "$1"; }
skip_all() { printf '1..0 # SKIP %s\n' "$1"; exit 0; }
done_testing() {
	printf '1..%d\n' $tests
	[ $failed -eq 0 ] || tail -n 30 "$work"/*.log 2>/dev/null | diag
	exit $((failed > 0))
}

# A pause without a process: nothing ever comes through this descriptor.
exec {never}<> <(:)
doze() { read -r -t "$1" -u "$never" || true; }

# Where the tries themselves take long, because the machine is busy or the build is slow, there is more time, up to four times as much.
wait_until() {
	local end=$((SECONDS + $1)) last=$((SECONDS + 4 * $1)) tries=$((20 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((tries-- > 0 ? SECONDS < last : SECONDS < end)) || return 1
		doze 0.05
	done
}

fq() { "$ctl" "$1" -h "$host" "${@:2}"; }
admin() { "$ctl" "$1" --socket "$state/ctl.sock" "${@:2}"; }

coord_run() { # starts it without waiting
	rm -f "$state/listening"
	# shellcheck disable=SC2086
	$run_coord "$coordd" --state "$state" --listen "${host:-$coord_address:0}" "${no_cache[@]}" "$@" 2>>"$work/coord.log" {never}>&- &
	pid_coord=$!
}

# coord_start OPTION...: (again) on the same address.
coord_start() {
	coord_run "$@"
	wait_until 30 test -s "$state/listening" || { echo "Bail out! the coordinator does not listen"; tail "$work/coord.log" >&2; exit 1; }
	host=$(cat "$state/listening")
}

cluster_start() {
	coord_start "$@"
	"$ctl" join -h "$host" "$(admin token --role client)" >/dev/null || { echo "Bail out! fqctl cannot join"; exit 1; }
}

# node_is NAME REGEX: so is its state
node_is() { admin nodes --no-header | awk -v n="$1" -v s="$2" '$1 == n && $2 ~ s { found = 1 } END { exit !found }'; }

node_is_on() { node_is "$1" '^(idle|mixed|alloc)$'; }
node_is_off() { ! node_is_on "$1"; }

worker_run() { # worker_run I OPTION...: starts it without waiting
	local i=$1
	shift
	# shellcheck disable=SC2086
	${run_worker[$i]:-} "$workerd" --state "$work/worker$i" --name "w$i" -h "$host" "$@" 2>>"$work/worker$i.log" {never}>&- &
	pid_worker[$i]=$!
}

worker_start() {
	local i=$1
	if [ ! -f "$work/worker$i/known" ]; then
		# shellcheck disable=SC2086
		${run_worker[$i]:-} "$workerd" --state "$work/worker$i" --join "$host" "$(admin token --role worker)" >>"$work/worker$i.log" 2>&1 ||
			{ echo "Bail out! worker $i cannot join"; tail "$work/worker$i.log" >&2; exit 1; }
	fi
	wait_until 20 node_is_off "w$i" # one that has just been ended is not taken for this one
	worker_run "$@"
	wait_until 30 node_is_on "w$i" || { echo "Bail out! worker $i does not come up"; tail "$work/worker$i.log" >&2; exit 1; }
}

children_of() { pgrep -P "$1" -x fqworkerd-slot; }

# hold I: returns when a child of each slot (worker_start I -n SLOTS) stands still. One that is just being started anew is waited for.
hold() { wait_until 20 held_still "$1" || { printf 'the children of worker %s cannot be stopped\n' "$1" | diag; return 1; }; }
held_still() {
	local pid=${pid_worker[$1]} slots children
	slots=$(tr '\0' ' ' <"/proc/$pid/cmdline" | grep -oE ' -n [0-9]+')
	children=$(children_of "$pid")
	# shellcheck disable=SC2086
	[ "$(wc -w <<<"$children")" -ge "${slots##* }" ] && kill -STOP $children &&
		[ "$(ps -o stat= -p "$(paste -sd, <<<"$children")" | grep -c '^T')" -eq "$(wc -w <<<"$children")" ]
}
# Children that the worker has ended since are none to continue: whether work goes on is for what follows to see.
# shellcheck disable=SC2046
let_go() { kill -CONT $(children_of "${pid_worker[$1]}") 2>/dev/null || true; }

# end_process PID SIGNAL: and waits for it.
end_process() {
	kill "-$2" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
