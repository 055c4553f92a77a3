#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl slurm keep before a Slurm of the test's own (fakeslurm): workers come with the queue and go with it, never more than max, over the
# death of Slurm, of the coordinator and of the keeper.
. "$(dirname "$0")/cluster.sh"
. "$(dirname "$0")/fakeslurm.sh"
made=$top_build/tests/tools/mkfastq
keeper=

keep() { "$ctl" slurm keep -h "$host" --coordinator-config "$work/fqcoordd.conf" "$@"; }
keep_start() {
	NOTIFY_SOCKET=${notify:-} "$ctl" slurm keep -h "$host" --coordinator-config "$work/fqcoordd.conf" 2>>"$work/said" {never}>&- &
	keeper=$!
	pid_worker[90]=$!
}
keep_end() { # keep_end SIGNAL: its status in $status
	kill "-$1" "$keeper"
	{ wait "$keeper"; } 2>/dev/null
	status=$?
}
said() { grep -qF -- "$1" "$work/said"; }
said_n() { grep -cF -- "$1" "$work/said"; }
fresh() { : >"$work/said"; }
workers() { squeue --noheader --array "--user=$(id -u)" --format='%T|%k' | grep -c "$1.*:elastic\$"; }
workers_are() { [ "$(workers "$1")" -eq "$2" ]; }
nodes_n() { [ "$(admin nodes --no-header | awk -v s="^($2)\$" '$2 ~ s' | wc -l)" -eq "$1" ]; }
refuses() { # refuses STATUS WORDS COMMAND...
	local want=$1 words=$2
	shift 2
	"$@" >/dev/null 2>"$work/refused"
	[ $? -eq "$want" ] && grep -qF -- "$words" "$work/refused"
}
config() { # config KEY = VALUE;...: the group, and what every test has
	cat >"$work/fqcoordd.conf" <<-END
		keep = "7d";
		elastic = {
			every = "200ms"; settle = "0s"; idle = "1s"; bytes_per_worker = "1M"; address = "$host";
			worker_keys = "$work/shared"; worker = "$workerd"; folder = "$work/folder"; cpus_per_task = 1; partition = "day";
			$*
		};
	END
}

cluster_start
"$workerd" --state "$work/shared" --join "$host" "$(admin token --role worker)" >/dev/null 2>&1
echo 3 >"$FAKE_SLURM/slots"
# Of more than two workers' bytes as long as it takes the keeper to look at it.
reads=300000
[ "${FQ_SANITIZERS:-}" != yes ] || reads=120000
"$made" $reads 60 nova 1 >"$work/a.fq"
"$ctl" qc --local -q --as csv "$work/a.fq" >"$work/want"

# ---- what is wrong with the group

config 'max = 3; mx = 4;'
ok "a key that is none" refuses 78 "mx: there is no such key for elastic: right are min, max" keep
ok "the coordinator says so too" refuses 78 "mx: there is no such key for elastic" "$coordd" --config "$work/fqcoordd.conf" --check-config
config 'max = "x";'
ok "a value that is none" refuses 78 "max: " "$coordd" --config "$work/fqcoordd.conf" --check-config
config 'min = 4; max = 3;'
ok "min above max" refuses 78 "min is above max" keep
ok "for the coordinator as well" refuses 78 "min is above max" "$coordd" --config "$work/fqcoordd.conf" --check-config
config ''
ok "no max" refuses 78 "there is nothing to keep" keep
ok "no file" refuses 78 "/nowhere is not there: right is --coordinator-config" "$ctl" slurm keep -h "$host" --coordinator-config /nowhere
config 'max = 3;'
takes() { "$coordd" --config "$work/fqcoordd.conf" --check-config >/dev/null; }
ok "which the coordinator takes" takes
config 'max = 3; worker_keys = "";' 2>/dev/null
ok "a key twice" refuses 78 "right is each key once" keep

# ---- up and down

config 'max = 3;'
keep --once --dry-run 2>"$work/said"
ok "nothing to do" test ! -s "$work/said"
id=$(fq submit --parsable --detach --slice-size 4K "$work/a.fq")
keep --dry-run 2>"$work/said"
ok "a job of which nothing is known: one" said "1 workers would be started"
ok "and nothing was" workers_are . 0
fresh
keep_start
ok "the first worker opens it, and more are started: max" wait_until 30 said "2 workers started"
"$ctl" wait -h "$host" "$id"
is "the job" $? 0
"$ctl" fetch -h "$host" "$id" >"$work/got"
ok "is counted right" cmp "$work/want" "$work/got"
ok "all end, when there is nothing more" wait_until 30 workers_are . 0
ok "in order: no slice was lost" bash -c '! grep -Eq "is gone, [1-9]" "$1"' - "$work/coord.log"
is "sbatch has the words of the group" "$(grep -c '^sbatch .*--partition=day --cpus-per-task=1$' "$FAKE_SLURM/calls")" "$(grep -c '^sbatch' "$FAKE_SLURM/calls")"
ok "it is found by name and comment" grep -qF -- "--job-name=fqcluster --comment=fqcluster:$host:elastic" "$FAKE_SLURM/calls"
keep_end TERM
is "TERM ends the keeper" $status 0

# ---- deaths

config 'min = 2; max = 3;'
fresh
keep_start
ok "min is held" wait_until 30 nodes_n 2 idle
keep_end KILL
started=$(grep -c '^sbatch' "$FAKE_SLURM/calls")
fresh
keep_start
looks() { [ "$(grep -c '^squeue' "$FAKE_SLURM/calls")" -gt "$1" ]; }
ok "another keeper looks" wait_until 30 looks $(($(grep -c '^squeue' "$FAKE_SLURM/calls") + 3))
is "and finds those of the first: none is started" "$(grep -c '^sbatch' "$FAKE_SLURM/calls")" "$started"
touch "$FAKE_SLURM/down"
ok "Slurm dies" wait_until 30 said "squeue: Unable to contact slurm controller (connect failure) (exit status 1); waiting"
ok "it is asked again and again" wait_until 30 looks $(($(grep -c '^squeue' "$FAKE_SLURM/calls") + 4))
is "that is said once" "$(said_n waiting)" 1
rm "$FAKE_SLURM/down"
ok "and its return" wait_until 30 said "it goes on"
is "nothing was started" "$(grep -c '^sbatch' "$FAKE_SLURM/calls")" "$started"
fresh
end_process "$pid_coord" KILL
ok "the coordinator dies" wait_until 60 said "; waiting"
ok "its workers stay" workers_are RUNNING 2
coord_start
ok "it returns" wait_until 60 said "it goes on"
is "that was all" "$(grep -c '^sbatch' "$FAKE_SLURM/calls")" "$started"
kill -KILL -- "-$(cat "$FAKE_SLURM/jobs/$(cat "$FAKE_SLURM/number")_1/pid")"
more() { [ "$(grep -c '^sbatch' "$FAKE_SLURM/calls")" -gt "$started" ]; }
ok "a worker dies: another one is started" wait_until 30 more
ok "two are there" wait_until 30 nodes_n 2 idle
keep_end TERM
started=$(grep -c '^sbatch' "$FAKE_SLURM/calls")

# ---- an answer of sbatch that is lost

"$ctl" slurm stop -h "$host" --folder "$work/folder" -q
ok "stop ends them" workers_are . 0
config 'min = 2; max = 2; settle = "2s";' && sed -i 's/ settle = "0s";//' "$work/fqcoordd.conf"
touch "$FAKE_SLURM/lost"
fresh
keep_start
ok "sbatch is heard to fail" wait_until 30 said "sbatch: Batch job submission failed: Socket timed out"
ok "but it has started two" wait_until 30 nodes_n 2 idle
ok "it goes on" wait_until 30 said "it goes on"
is "and two it stays" "$(grep -c '^sbatch' "$FAKE_SLURM/calls") $(workers .)" "$((started + 1)) 2"
rm "$FAKE_SLURM/lost"
keep_end TERM

# ---- a smaller max

config 'max = 1; idle = "1h";' && sed -i 's/ idle = "1s";//' "$work/fqcoordd.conf"
fresh
keep_start
ok "at once" wait_until 30 workers_are . 1
keep_end INT
is "^C" $status 0
"$ctl" slurm stop -h "$host" --folder "$work/folder" -q
ok "nothing is left" workers_are . 0

# ---- what systemd hears

notify=$work/notify
python3 - "$notify" >"$work/heard" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    text = s.recv(4096).decode()
    print(text.replace("\n", " "), flush=True)
    if "STOPPING" in text:
        break
END
pid_worker[91]=$!
wait_until 10 test -S "$notify"
keep_start
heard() { grep -q "$1" "$work/heard"; }
ok "READY, with words" wait_until 30 heard "^READY=1 WATCHDOG=1 STATUS=0 workers, 0 wanted; 0 jobs"
ok "the watchdog" wait_until 30 heard "^WATCHDOG=1"
keep_end TERM
ok "and the end" wait_until 10 heard "^STOPPING=1"
done_testing
