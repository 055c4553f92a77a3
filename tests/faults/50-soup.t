#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scenario 50: a soup of the other scenarios' faults, one on top of the other, in an order and at moments that follow from
# FQ_SEED, for FQ_SOUP_SECONDS (20), while clients submit and cancel. Then all is healed, and all must be well. For a night:
#
#     FQ_SOUP_SECONDS=600 FQ_SEED=$RANDOM make check TESTS=tests/faults/50-soup.t
#
# It prints its seed and what it does, for the log of a run that failed.
. "$(dirname "$0")/faults.sh"
proxy=$top_build/tests/faults/fqproxy
[ -x "$proxy" ] || skip_all "$proxy is not built (make check builds it)"
seconds=${FQ_SOUP_SECONDS:-20} seed=${FQ_SEED:-4711}
WORKERS=3 SLOTS=2
RANDOM=$seed
printf 'seed %d, %d seconds\n' "$seed" "$seconds" | diag
# Nobody's fault may fail a job here: that many would.
limits=(--ping 100ms --dead 1s --losses-max 10000 --crashes-max 100)

data_make 30000
hosts_make $WORKERS
cluster_start "${limits[@]}"
true_host=$host
mkfifo "$work/commands"
exec {commands}<>"$work/commands"
setpriv --pdeathsig KILL "$proxy" 10.77.0.1:0 "$true_host" "$seed" <"$work/commands" >"$work/proxy.out" 2>>"$work/proxy.log" &
pid_worker[0]=$! # is ended as the workers are
wait_until 30 test -s "$work/proxy.out"
spoil() { printf '%s\n' "$@" >&"$commands"; }

# The last worker stands behind the proxy.
start() {
	[ "$1" -lt $WORKERS ] || host=$(head -n 1 "$work/proxy.out")
	worker_run "$1" -n $SLOTS --reconnect-max 500ms --drain-timeout 2s
	host=$true_host
}
for ((i = 1; i <= WORKERS; i++)); do
	[ $i -lt $WORKERS ] || host=$(head -n 1 "$work/proxy.out")
	"$workerd" --state "$work/worker$i" --join "$host" "$(admin token --role worker)" >>"$work/worker$i.log" 2>&1
	start $i
done
ok "all workers are there" wait_until 60 nodes_idle_n $WORKERS

# ---- the load: each client writes "ID FILE STATE" of what was accepted; STATE is what it asked for

clients=()
loading() { [ ! -e "$work/enough" ]; }
load() { # load SEED
	local files=(plain.fq zip.fq.gz bgzf.fq.gz crlf.fq large.fq) file job wanted
	RANDOM=$1
	while loading; do
		file=${files[RANDOM % 5]} wanted=COMPLETED
		job=$(fq submit --parsable --as json --slice-size $((20 + RANDOM % 300))K "$data/$file" 2>>"$work/clients.log") || continue
		if [ $((RANDOM % 8)) -eq 0 ]; then
			wanted=any
			fq cancel "$job" >>"$work/clients.log" 2>&1 && wanted=CANCELLED
		fi
		echo "$job $file $wanted" >>"$work/accepted.$1"
		[ $((RANDOM % 3)) -gt 0 ] || fq wait --timeout 5s "$job" >>"$work/clients.log" 2>&1
	done
}

# ---- the faults: what each does, and how it is healed; most are healed only later, among others

declare -A healed=()
alive() { kill -0 "$1" 2>/dev/null; }

strike() {
	local w=$((1 + RANDOM % WORKERS)) ways=(in out both) child
	case $((RANDOM % 13)) in
	0) end_process "${pid_worker[$w]}" KILL; start $w; what="kill w$w" ;;
	1) child=$(children_of "${pid_worker[$w]}" | head -n 1); [ -z "$child" ] || kill -KILL "$child"; what="kill a child of w$w" ;;
	2) kill -STOP "${pid_worker[$w]}"; healed[stop$w]="kill -CONT ${pid_worker[$w]}"; what="stop w$w" ;;
	3) link_drop w$w "${ways[RANDOM % 3]}"; healed[link$w]="link_heal w$w"; what="cut w$w" ;;
	4) link_loss w$w $((5 + RANDOM % 30)); healed[link$w]="link_heal w$w"; what="loss at w$w" ;;
	5) link_rate w$w $((100 + RANDOM % 2000))kbit; healed[link$w]="link_heal w$w"; what="slow link of w$w" ;;
	6) link_down w$w; healed[link$w]="link_heal w$w"; what="pull w$w" ;;
	7) spoil "delay $((RANDOM % 200)) 100" "rst $((RANDOM % 100))" "half $((RANDOM % 50))" "flip $((RANDOM % 50))"; healed[proxy]="spoil clear"; what="spoil" ;;
	8) spoil cut; what="reset all behind the proxy" ;;
	9) end_process "$pid_coord" KILL; coord_start "${limits[@]}"; what="kill the coordinator" ;;
	10) kill -STOP "$pid_coord"; pause 2; kill -CONT "$pid_coord"; what="stop the coordinator for a while" ;;
	11) kill -CONT "${pid_worker[$w]}"; end_process "${pid_worker[$w]}" TERM; start $w; what="SIGTERM to w$w" ;;
	12) link_drop c0 "${ways[RANDOM % 3]}"; healed[all]="link_heal c0"; what="cut off the coordinator" ;;
	esac
	printf '%s\n' "$what" >>"$work/strikes"
}

heal_some() { # heal_some PART: each in turn, or not
	local name
	for name in $(printf '%s\n' "${!healed[@]}" | sort); do
		[ $((RANDOM % $1)) -eq 0 ] || continue
		${healed[$name]} 2>/dev/null
		unset "healed[$name]"
	done
}

pause() { doze "$((RANDOM % $1)).$((RANDOM % 10))"; }

soup() {
	local end=$((SECONDS + seconds))
	for i in 1 2; do
		load $((seed + i)) &
		clients+=($!)
	done
	while [ $SECONDS -lt $end ]; do
		strike
		pause 1
		heal_some 3
	done
	heal_some 1
	: >"$work/enough"
	wait "${clients[@]}"
}
{ soup; } 2>>"$work/soup.log"
sort "$work/strikes" | uniq -c | sort -rn | diag

# ---- all is well again

nothing_left() { [ "$(admin status --no-header | wc -l)" -eq 0 ]; }
ok "I1: every job that was accepted has ended" wait_until 60 nothing_left
ok "I5: all workers are connected and idle within 10 s" all_idle 10

accepted=$(cat "$work"/accepted.* | wc -l)
right() { # every one of them as it should be
	local job file wanted ended bad=0
	declare -A states=()
	while read -r job ended; do states[$job]=$ended; done < <(admin status --all --json |
		python3 -c 'import json, sys; [print(row["id"], row["state"]) for row in json.load(sys.stdin)["rows"]]')
	while read -r job file wanted; do
		ended=${states[$job]:-lost}
		case $wanted:$ended in
		COMPLETED:COMPLETED | any:COMPLETED) job_same "$job" "$file" || bad=1 ;;
		CANCELLED:CANCELLED | any:CANCELLED) [ -z "$(fq fetch --as json "$job" 2>/dev/null)" ] || bad=1 ;;
		*) printf 'job %s of %s is %s, not %s\n' "$job" "$file" "$ended" "$wanted" | diag; bad=1 ;;
		esac
	done < <(cat "$work"/accepted.*)
	return $bad
}
ok "I2, I3: all $accepted of them are as golden as their files, or cancelled as asked" right
once() { [ -z "$(cut -d ' ' -f 1 "$work"/accepted.* | sort | uniq -d)" ] && [ "$(jobs_of_uuid)" -ge "$accepted" ]; }
jobs_of_uuid() { admin status --all --json | grep -oE '"id":[0-9]+' | sort -u | wc -l; }
ok "I4: no job twice" once
clean() {
	local i bad=0
	for ((i = 1; i <= WORKERS; i++)); do
		[ "$(children_of "${pid_worker[$i]}" | wc -l)" -eq $SLOTS ] && [ "$(zombies "${pid_worker[$i]}")" -eq 0 ] || bad=1
	done
	return $bad
}
ok "I6: each worker has its children and no zombies" wait_until 10 clean
ok "no assertion, no sanitizer, no lost file in a log" bash -c '! grep -nE "ssertion|Sanitizer|runtime error|cannot go on|cannot be merged" "$@"' - "$work"/*.log
done_testing
