#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Workers as jobs of a batch system: plain processes of a user without any rights, from one program in a shared folder, with the environment
# that a Slurm job has and no other. They join with a token from a file or share a key, leave when they are told to in the middle of a slice,
# when nothing is to be done and when their time is over, and leave nothing behind: no slice lost, no folder, no node in the list.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
host_name=$(hostname) host_name=${host_name%%.*}
shared=$work/shared tmp=$work/tmp

mkdir "$shared" "$tmp"
cp "$workerd" "$shared/fqworkerd"
reads=1200000 # 430 MB
if [ "${FQ_SANITIZERS:-}" = yes ]; then
	reads=300000
	diag <<<"sanitizers make counting slow: a quarter of the file"
fi
"$made" $reads 150 nova 5 >"$work/big.fq"
"$made" 2000 80 nova 8 >"$work/small.fq"
"$ctl" qc --local --as csv "$work/big.fq" >"$work/want"
"$ctl" qc --local --as csv "$work/small.fq" >"$work/want-small"
as_user=
if [ "$(id -u)" = 0 ]; then
	command -v setpriv >/dev/null || skip_all "setpriv is not there, and batch jobs are not root's"
	as_user="setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs"
	chmod 711 "$work"
	chmod 644 "$work"/*.fq
	chown 65534 "$tmp"
fi
nobody_lost=(--ping 100ms --dead 1m) # but who is killed, whose connection ends with him; not by a machine that stands still for a while
cluster_start "${nobody_lost[@]}"

own() { [ -z "$as_user" ] || chown -R 65534 "$@"; } # the user's, as what he has on the shared file system

# batch_run I [variable...] -- [option...]: task I of array 77, without waiting; its standard error is in $work/batchI.log
batch_run() {
	local i=$1 variables=()
	shift
	while [ "$1" != -- ]; do variables+=("$1") && shift; done
	shift
	# shellcheck disable=SC2086
	$as_user env -i PATH=/usr/bin:/bin TMPDIR="$tmp" SLURM_JOB_ID=$((77 + i)) SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID="$i" \
		SLURM_CPUS_PER_TASK=1 "${variables[@]}" "$shared/fqworkerd" --batch -h "$host" "$@" 2>"$work/batch$i.log" {never}>&- &
	pid_worker[$i]=$!
}

batch_there() { wait_until 30 node_is "$host_name-77_$1" '^(idle|mixed|alloc)$' ||
	{ echo "Bail out! batch job $1 does not come up"; tail "$work/batch$1.log" >&2; exit 1; }; }
batch_end() { # batch_end I: its exit status
	wait "${pid_worker[$1]}"
	local status=$?
	unset "pid_worker[$1]"
	return $status
}
listed() { admin nodes --no-header -P -o node | grep -qx "$1"; }
running_on() { fq show --slices "$1" 2>/dev/null | grep -q "running  $2"; }
losses() { grep -cE 'was lost with node|, [1-9][0-9]* slices go back' "$work/coord.log"; }
empty() { [ -z "$(ls -A "$1")" ]; }

# ---- a token in a file: two tasks on one host

admin token --role worker --uses 20 >"$shared/token"
chmod 600 "$shared/token"
own "$shared/token"
batch_run 1 SLURM_JOB_END_TIME=$((EPOCHSECONDS + 3600)) -- --token-file "$shared/token"
batch_run 2 -- --token-file "$shared/token"
batch_there 1
batch_there 2
is "two tasks on one host are two nodes, named after them" "$(admin nodes --no-header -P -o node --sort node | paste -sd' ')" \
	"$host_name-77_1 $host_name-77_2"
is "which tell what they are" "$(admin nodes --no-header -P -o batch,slots --sort node | paste -sd' ')" "slurm:77_1|1 slurm:77_2|1"
ok "and when their time is over" test "$(admin nodes --no-header -P -o ends --sort node | head -n 1)" -gt "$EPOCHSECONDS"
ok "in JSON, too" grep -q '"batch":"slurm:77_2","batch_ends":0' <(admin nodes --json | tr -d ' \n')
is "each has a folder of its own" "$(find "$tmp" -mindepth 1 -maxdepth 1 -name 'fqworkerd-*' -perm 700 | wc -l)" 2
ok "in which its key is" test "$(find "$tmp" -name key.pem -perm 600 | wc -l)" -eq 2
ok "nothing is written to the shared one" test "$(ls "$shared")" = "fqworkerd
token"

id=$(fq submit --parsable --slice-size 8M "$work/big.fq")
wait_until 20 running_on "$id" "$host_name-77_1"
kill -TERM "${pid_worker[1]}"
batch_end 1
is "a job that is told to end in the middle of a slice exits 0" $? 0
ok "and is in the list no more" eval "! listed '$host_name-77_1'"
ok "the file is counted by the other" fq wait "$id"
ok "with the same result" cmp <(fq fetch "$id") "$work/want"
is "no slice counts as lost" "$(losses)" 0
ok "its folder is gone" test "$(find "$tmp" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1

# ---- nothing to do

kill -TERM "${pid_worker[2]}"
batch_end 2
is "an idle one that is told to end exits 0" $? 0
# The job is there before the worker, who could leave before it otherwise. Its time begins with the job's end, behind $began and before
# $counted, whenever this script comes to look.
id=$(fq submit --parsable "$work/small.fq")
began=${EPOCHREALTIME/./}
batch_run 3 -- --token-file "$shared/token" --idle-exit 5s
ok "a small file is counted by who comes" fq wait "$id"
counted=${EPOCHREALTIME/./}
batch_end 3
is "who has nothing to do for its time gives the node back: exit 0" $? 0
ended=${EPOCHREALTIME/./}
before=$(((ended - began) / 1000)) behind=$(((ended - counted) / 1000))
ok "not before that and not long after ($before ms, $behind ms)" test $before -ge 5000 -a $behind -lt 20000
ok "with the right result" cmp <(fq fetch "$id") "$work/want-small"
ok "no folder is left" empty "$tmp"
is "and no node" "$(admin nodes --no-header)" ""

# ---- one job after the other, each of which leaves in the middle of a file

ids=()
for i in 4 5 6; do
	batch_run $i -- --token-file "$shared/token"
	batch_there $i
	ids+=("$(fq submit --parsable --slice-size 1M "$work/big.fq")")
	wait_until 20 node_is "$host_name-77_$i" '^(mixed|alloc)$'
	kill -TERM "${pid_worker[$i]}"
	batch_end $i
	is "job $i leaves files that are being counted" $? 0
done
batch_run 7 -- --token-file "$shared/token"
for id in "${ids[@]}"; do
	ok "job $id is counted" fq wait "$id"
	ok "as ever" cmp <(fq fetch "$id") "$work/want"
done
is "and still nothing was lost" "$(losses)" 0

# ---- killed

for i in {1..30}; do ln "$work/big.fq" "$work/big$i.fq"; done # a job that does not end by itself before the worker
id=$(fq submit --parsable --slice-size 64M "$work"/big?*.fq)
wait_until 20 running_on "$id" "$host_name-77_7"
kill -KILL "${pid_worker[7]}"
batch_end 7 2>/dev/null
ok "one that is killed is down for a while" wait_until 10 node_is "$host_name-77_7" '^down'
ok "and what it had in hand is lost, as is seen" wait_until 10 eval '[ "$(losses)" -gt 0 ]'
fq cancel "$id" >/dev/null
is "what is left of it is its folder" "$(find "$tmp" -mindepth 1 -maxdepth 1 | wc -l)" 1
rm -rf "$tmp"/fqworkerd-*

# ---- a key that is shared

$as_user env -i "$shared/fqworkerd" --version >/dev/null
mkdir "$shared/keys"
own "$shared/keys"
# shellcheck disable=SC2086
$as_user env -i "$shared/fqworkerd" --state "$shared/keys" --name shared --join "$host" "$(admin token --role worker)" >/dev/null
before=$(ls "$shared/keys" && cat "$shared/keys"/*)
for i in 8 9; do
	# shellcheck disable=SC2086
	$as_user env -i TMPDIR="$tmp" SLURM_JOB_ID=$i SLURM_CPUS_PER_TASK=1 "$shared/fqworkerd" --batch --key "$shared/keys/key.pem" \
		2>"$work/batch$i.log" {never}>&- &
	pid_worker[$i]=$!
done
ok "two jobs with one key, which are told no host" eval "wait_until 20 node_is '$host_name-8' idle && wait_until 20 node_is '$host_name-9' idle"
ok "count" cmp <(fq submit --wait "$work/small.fq") "$work/want-small"
for i in 8 9; do
	kill -TERM "${pid_worker[$i]}"
	batch_end $i
	is "job $i exits 0" $? 0
done
is "its folder is as before" "$(ls "$shared/keys" && cat "$shared/keys"/*)" "$before"
ok "no folder is left" empty "$tmp"

# ---- the end of the time

batch_run 10 SLURM_JOB_END_TIME=$((EPOCHSECONDS + 12)) -- --token-file "$shared/token" --drain-timeout 4s
batch_end 10
is "who knows when its time is over leaves before: exit 0" $? 0
ok "and says so" grep -q 'the time of the slurm job is over soon' "$work/batch10.log"

# ---- what is not right

batch_run 11 SLURM_CPUS_PER_TASK=all -- --token-file "$shared/token"
batch_end 11
is "a number of processors that is none: exit 64" $? 64
ok "with a sentence" grep -q 'SLURM_CPUS_PER_TASK: "all" is not what a batch system sets' "$work/batch11.log"
batch_run 12 SLURM_CPUS_PER_TASK=100000 SLURM_MEM_PER_NODE=300 -- --token-file "$shared/token" --idle-exit 1s
batch_end 12
is "more processors than there are, and little memory: it counts" $? 0
ok "with a sentence" grep -qE 'of memory are too little|are no more slots than that' "$work/batch12.log"
cp "$shared/token" "$shared/open" && chmod 644 "$shared/open" && own "$shared/open"
batch_run 13 -- --token-file "$shared/open"
batch_end 13
is "a token that everybody can read: exit 78" $? 78
ok "with a sentence" grep -q 'can be read by everybody' "$work/batch13.log"
batch_run 14 -- --token-file "$shared/none"
batch_end 14
is "no token: exit 78" $? 78
# shellcheck disable=SC2086
$as_user env -i TMPDIR=/nowhere/at/all "$shared/fqworkerd" --batch -h "$host" --token-file "$shared/token" 2>"$work/err"
is "no folder for the state: exit 73" $? 73
ok "with a sentence" grep -q 'TMPDIR' "$work/err"
ok "none of them leaves a folder" empty "$tmp"

# ---- no coordinator

end_process "$pid_coord" TERM
batch_run 15 -- --token-file "$shared/token"
ok "without a coordinator it tries again" wait_until 20 grep -q 'it is tried again' "$work/batch15.log"
kill -TERM "${pid_worker[15]}"
batch_end 15
is "until it is told to end: exit 0" $? 0
ok "and leaves nothing" empty "$tmp"
coord_start "${nobody_lost[@]}"
is "a coordinator that was started anew knows none of them" "$(admin nodes --no-header)" ""
done_testing
