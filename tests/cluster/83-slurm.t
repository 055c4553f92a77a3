#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl slurm before a Slurm of the test's own (fakeslurm): what is submitted, who is there, what is left. tests/slurm has a real one.
. "$(dirname "$0")/cluster.sh"
. "$(dirname "$0")/fakeslurm.sh"
made=$top_build/tests/tools/mkfastq
me=$(uname -n) me=${me%%.*}
arrays=$HOME/.fqcluster/slurm

slurm() { "$ctl" slurm "$1" --socket "$state/ctl.sock" --address "$host" "${@:2}"; }
said() { grep -qF -- "$1" "$work/said"; }
refuses() { # refuses STATUS WORDS COMMAND...
	local want=$1 words=$2
	shift 2
	"$@" >"$work/refused" 2>"$work/said"
	[ $? -eq "$want" ] && said "$words"
}
submitted() { grep -c '^sbatch' "$FAKE_SLURM/calls" 2>/dev/null || true; }
nodes_n() { [ "$(admin nodes --no-header | awk -v s="^($2)\$" '$2 ~ s' | wc -l)" -eq "$1" ]; }
rows() { slurm status --no-header -o "$1" 2>"$work/said"; }
no_rows() { [ -z "$(rows ARRAY)" ]; }
keys_n() { admin peers --no-header | grep -c "slurm-"; }

cluster_start

# ---- what would be submitted

slurm start -N 3 --partition day --account lab --time 2:00:00 --cpus-per-task 2 --mem 4G --dry-run -- --constraint=avx2 "--exclude=a b" >"$work/script" 2>"$work/line"
is "a dry run" $? 0
ok "a script that a shell takes" sh -n "$work/script"
ok "with the address" grep -qF -- "-h '${host%:*}' -p ${host##*:}" "$work/script"
ok "the words" grep -qE -- "^sbatch --parsable --job-name=fqcluster --comment=fqcluster:$host:[0-9a-f]{8} --array=1-3 .*--partition=day --account=lab --time=2:00:00 --mem=4G --cpus-per-task=2 --constraint=avx2 '--exclude=a b'\$" "$work/line"
is "nothing is submitted" "$(submitted)" ""
ok "and nothing made" test ! -e "$HOME/.fqcluster"
is "no key is enrolled" "$(keys_n)" 0

# ---- what is refused

ok "another script" refuses 64 "would be a script's name" slurm start -- job.sh
ok "a word that is ours" refuses 64 "set by fqctl itself" slurm start -- --array=1-9
ok "a beginning of one" refuses 64 "set by fqctl itself" slurm start -- --comm=x
ok "a letter of one" refuses 64 "set by fqctl itself" slurm start -- -N7
ok "a line feed" refuses 64 "bytes that no option" slurm start -- $'--x=a\nb'
ok "an action that is none" refuses 64 "right are start, status" slurm begin
ok "an ID that is none" refuses 64 "is no array of workers" slurm stop ../x
ok "an array that there is not" refuses 64 "there is no array of workers 'deadbeef', or it has ended" slurm stop deadbeef
ok "status of it" refuses 64 "there is no array of workers 'deadbeef'" slurm status deadbeef
ok "a worker that is none" refuses 64 "is no program" slurm start --worker /nowhere
ok "no Slurm" refuses 69 "there is no sbatch here" env PATH=/nowhere "$ctl" slurm start --socket "$state/ctl.sock" --address "$host"
echo "Invalid account or account/partition combination specified" >"$FAKE_SLURM/refuse"
ok "what sbatch refuses is told in its words" refuses 69 "sbatch: Batch job submission failed: Invalid account" slurm start
rm "$FAKE_SLURM/refuse"
is "a key that was made for nothing is revoked" "$(keys_n)" 0
ok "its folder is gone" test -z "$(ls "$arrays")"
ok "an address where nobody is" refuses 69 "as workers would reach it" slurm start --address 127.0.0.1:1
is "no folder of it either" "$(ls "$arrays")" ""

# ---- workers

slurm start -N 3 --idle-exit 0 --cpus-per-task 1 >"$work/started" 2>"$work/said"
is "start" $? 0
read -r id number <"$work/started"
ok "says what it did" said "3 workers for $host: Slurm's job $number"
ok "its folder is for nobody else" test "$(stat -c %a "$arrays/$id" "$arrays/$id/key.pem" | tr '\n' ' ')" = "700 600 "
is "one key for them" "$(keys_n)" 1
ok "two run" wait_until 30 nodes_n 2 idle
is "they are named after their jobs" "$(admin nodes --no-header | awk '{ print $1 }' | tr '\n' ' ')" "$me-${number}_1 $me-${number}_2 "
is "status" "$(rows ARRAY,JOBID,STATE,NODELIST,NODE,NODE_STATE | tr -s ' ' | sed 's/ $//')" "$id ${number}_1 RUNNING n1 $me-${number}_1 idle
$id ${number}_2 RUNNING n2 $me-${number}_2 idle
$id ${number}_3 PENDING (Resources) - -"
ok "of another coordinator: none" test -z "$("$ctl" slurm status --socket "$state/ctl.sock" --address other:1 --no-header)"
ok "in JSON" python3 -c 'import json, sys; rows = json.load(sys.stdin)["rows"]; assert rows[2]["state"] == "PENDING" and rows[0]["slots"] > 0' < <(slurm status --json)
"$made" 4000 60 nova 1 >"$work/a.fq"
"$ctl" qc --local -q --as csv "$work/a.fq" >"$work/want"
fq submit --wait --slice-size 64K "$work/a.fq" >"$work/got"
ok "they count" cmp "$work/want" "$work/got"
touch "$FAKE_SLURM/down"
ok "status while nobody answers" refuses 69 "squeue: Unable to contact slurm controller" slurm status
ok "stop too" refuses 69 "Unable to contact slurm controller" slurm stop
rm "$FAKE_SLURM/down"
is "its key is there still" "$(keys_n)" 1

# ---- the end

slurm start -N 1 --idle-exit 0 >"$work/second" 2>/dev/null
read -r second _ <"$work/second"
slurm stop "$second" 2>"$work/said"
is "one array is ended" $? 0
ok "it alone" test "$(rows ARRAY | sort -u | tr -d ' ')" = "$id"
is "and its key alone" "$(keys_n)" 1
: >"$FAKE_SLURM/calls"
slurm stop 2>"$work/said"
is "stop" $? 0
ok "says how many" said "3 workers ended"
is "what waits first, then TERM to the scripts" "$(grep '^scancel' "$FAKE_SLURM/calls" | head -2)" "scancel --state=PENDING $number
scancel --batch --signal=TERM $number"
is "nobody was killed" "$(grep -c "^scancel $number" "$FAKE_SLURM/calls")" 0
ok "no job is left" no_rows
is "no key" "$(keys_n)" 0
is "no folder" "$(ls "$arrays")" ""
is "nor anything of the workers" "$(ls "$TMPDIR")" ""
ok "no slice was lost" bash -c '! grep -q "lost" "$1"' - "$work/coord.log"

# ---- what nobody ended: arrays that are gone leave a key and a folder

slurm start -N 1 --idle-exit 0 >"$work/third" 2>/dev/null
read -r third number <"$work/third"
scancel "$number"
ok "its job is gone" no_rows
rm -rf "$TMPDIR"/fqworkerd-* # a worker that is killed leaves its state
slurm stop 2>/dev/null
is "young: it may be on its way" "$(keys_n)" 1
touch -d '5 minutes ago' "$arrays/$third/about"
slurm stop 2>/dev/null
is "later it is taken back" "$(keys_n) $(ls "$arrays")" "0 "

# ---- who is no administrator

ok "a client gets no token" refuses 77 "only an administrator enrols workers" "$ctl" slurm start -h "$host"
"$workerd" --state "$work/shared" --join "$host" "$(admin token --role worker)" >/dev/null 2>&1
ok "but starts workers with a worker's key" "$ctl" slurm start -h "$host" --worker-keys "$work/shared" --idle-exit 0 -q
ok "it is there" wait_until 30 nodes_n 1 idle
ok "and ends them" "$ctl" slurm stop -h "$host" -q
is "nothing is left" "$(ls "$arrays")" ""
ok "keys of another coordinator" refuses 64 "has no line of other:5381" "$ctl" slurm start -h other --worker-keys "$work/shared"

# ---- a cluster for one call

qc() { "$ctl" qc --slurm --address "${address:-127.0.0.1}" --idle-exit 0 --cpus-per-task 1 "$@"; }
nothing_left() {
	[ -z "$(squeue --noheader --array "--user=$(id -u)" --format='%j|%k' | grep -v another)" ] && [ -z "$(ls "$TMPDIR")" ] && [ -z "$(ls "$arrays")" ]
}
mkdir "$work/out" "$work/local"
"$made" 3000 80 hiseq 2 >"$work/b.fq"
"$ctl" qc --local -q -o "$work/local" "$work/a.fq" "$work/b.fq"
qc -N 2 -o "$work/out" "$work/a.fq" "$work/b.fq" >"$work/announced" 2>"$work/said"
is "qc --slurm" $? 0
for name in a b; do ok "the report of $name.fq" cmp "$work/out/${name}_fastqc.zip" "$work/local/${name}_fastqc.zip"; done
ok "says what it asks for" said "Slurm's job"
ok "and announces as FastQC does" grep -q "Analysis complete for a.fq" "$work/announced"
ok "nothing is left" nothing_left
printf '@r\nACGT\n+\nIIII\nnothing\n' >"$work/bad.fq"
ok "a bad file: its exit status" refuses 65 "bad.fq" qc -q -o "$work/out" "$work/bad.fq"
ok "nothing is left" nothing_left
echo "Job violates accounting/QOS policy" >"$FAKE_SLURM/refuse"
ok "sbatch refuses" refuses 69 "sbatch: Batch job submission failed: Job violates" qc "$work/a.fq"
rm "$FAKE_SLURM/refuse"
ok "nothing is left" nothing_left
ok "no such address" refuses 68 "as workers would reach it" "$ctl" qc --slurm --address nowhere.invalid "$work/a.fq"
ok "nothing is left" nothing_left
ok "workers that cannot start" refuses 69 "all workers have ended, and files are left" qc --worker /bin/false "$work/a.fq"
ok "nothing is left" nothing_left
ok "--local as well" refuses 64 "different places" qc --local "$work/a.fq"
echo 0 >"$FAKE_SLURM/slots"
for signal in INT TERM; do
	rm "$work/said" # nothing of before is taken for an answer
	env --default-signal=INT "$ctl" qc --slurm --address 127.0.0.1 "$work/a.fq" >/dev/null 2>"$work/said" {never}>&- &
	pid_worker[90]=$!
	ok "it waits for nodes" wait_until 30 said "1 of 1 workers wait: Resources"
	end_process "${pid_worker[90]}" $signal
	is "SIG$signal" $? $((128 + $(kill -l $signal)))
	ok "nothing is left" nothing_left
done
rm "$work/said"
"$ctl" qc --slurm --address 127.0.0.1 "$work/a.fq" >/dev/null 2>"$work/said" {never}>&- &
pid_worker[90]=$!
ok "it waits for nodes" wait_until 30 said "1 of 1 workers wait: Resources"
private=$(echo "$TMPDIR"/fqctl-slurm.*)
pings() { "$ctl" ping --socket "$private/ctl.sock" >/dev/null 2>&1; }
ok "its coordinator is there" pings
end_process "${pid_worker[90]}" KILL
no_ping() { ! pings; }
ok "killed: its coordinator dies with it" wait_until 10 no_ping
is "its folders are left, and its workers" "$(ls -d "$private" "$arrays"/* | wc -l)" 2
for job in "$FAKE_SLURM"/jobs/*; do echo CANCELLED >"$job/state"; done
echo 2 >"$FAKE_SLURM/slots"
qc -q -o "$work/out" "$work/a.fq"
is "the next call" $? 0
ok "takes them away" nothing_left

# One that is killed in mid-slice: its worker has something in hand for ever, and ends nevertheless.
"$made" 120000 60 nova 3 >"$work/c.fq"
for i in {1..30}; do ln "$work/c.fq" "$work/c$i.fq"; done # a call that does not end by itself before it is seen to count
slots_stop() { # those of the newest job
	local pids
	pids=$(pgrep -s "$(cat "$FAKE_SLURM/jobs/$(cat "$FAKE_SLURM/number")_1/pid")" -x fqworkerd-slot) && kill -STOP $pids
}
is_newer() { [ "$(cat "$FAKE_SLURM/number")" -gt "$1" ]; }
before=$(cat "$FAKE_SLURM/number")
"$ctl" qc --slurm --address 127.0.0.1 --idle-exit 2s --slice-size 4K --as text "$work"/c?*.fq >/dev/null 2>"$work/said" {never}>&- &
pid_worker[90]=$!
ok "another call" wait_until 30 is_newer "$before"
ok "it counts" wait_until 30 slots_stop
end_process "${pid_worker[90]}" KILL
gone() { [ -z "$(squeue --noheader --array "--user=$(id -u)" --format='%j|%k' | grep -v another)" ]; }
ok "a worker without a coordinator leaves" wait_until 40 gone
qc -q -o "$work/out" "$work/a.fq"
ok "and the next call takes away what it left" nothing_left

# ---- nonsense of squeue

printf '#!/bin/sh\nprintf "%%s\\n" "1|2|RUN NING|n|1|None|fqcluster|fqcluster:h:1:ab"\n' >"$work/squeue" && chmod +x "$work/squeue"
mkdir "$work/odd" && mv "$work/squeue" "$work/odd"
odd() { PATH=$work/odd:$PATH slurm "$@"; }
ok "a line that is none" refuses 76 "squeue printed" odd status
printf '#!/bin/sh\nexec yes "1|2|PENDING||1|None|fqcluster|x"\n' >"$work/odd/squeue"
ok "lines without end" refuses 76 "squeue printed more than" odd status
done_testing
