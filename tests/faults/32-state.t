#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The coordinator's state: damaged, cut, missing, old, used twice, copied. Whatever cannot be trusted is refused with what to do,
# and nothing begins empty. Then copies that are made and put back by fqcoordd itself.
. "$(dirname "$0")/faults.sh"

TIMES='--ping 100ms --dead 3s'
old=$work/old

coord_end() { end_process "$pid_coord" "${1:-TERM}"; }
# again: a start, and the worker that was there, or after its patience a new process of it.
again() {
	coord_start $TIMES "$@"
	wait_until 1 node_is w1 idle && return
	end_process "${pid_worker[1]}" TERM
	worker_start 1 -n 1 --reconnect-max 200ms
}
# refuses TEXT [OPTION...]: a start ends by itself, with this sentence, for a person to look at.
refuses() {
	timeout 20 "$coordd" --state "$state" --listen "$host" "${@:2}" 2>"$work/start"
	[ $? -eq 78 ] && grep -qE -- "$1" "$work/start" || { diag <"$work/start"; return 1; }
}
state_copy() { rm -rf "$2" && cp -a "$1" "$2"; }
one_job() { submit crlf.fq && job_ends "$id" && job_same "$id"; }
fetches() { local job; for job; do job_same "$job" || return 1; done; }

data_make 20000
cluster_start $TIMES
worker_start 1 -n 1 --reconnect-max 200ms

# ---- 31

power_cuts() { FQ_POWER_CUTS=${FQ_POWER_CUTS:-300} "$top_build/tests/unit/daemon/test_power" >"$work/power" && grep '^ok 1' "$work/power" | diag; }
if [ -n "${FQ_SANITIZERS:-}" ]; then skip "scenario 31: tests/unit/daemon/test_power, which is slow here, runs by itself"; else
	ok "scenario 31: power cuts (tests/unit/daemon/test_power, which does 1,500): nothing acknowledged is lost" power_cuts
fi

# ---- 32

one_job && first=$id
damaged_page() {
	coord_end
	state_copy "$state" "$old"
	dd if=/dev/urandom of="$state/fqcluster.db" bs=4096 seek=3 count=1 conv=notrunc 2>/dev/null
	refuses 'database in .* is damaged .*put back a backup by fqcoordd --restore' || return 1
	state_copy "$old" "$state"
	again && fetches "$first"
}
ok "scenario 32: a damaged page: refused with what to do; put back, all is there" damaged_page

# Jobs that are in the log only: the process is killed before it copies them into the database.
log_gone() { # log_gone COMMAND...: the log is lost by it
	again && one_job && one_job || return 1
	coord_end KILL
	state_copy "$state" "$old"
	"$@"
	refuses "database in .* is not what was committed last .*fqcluster.db-wal is missing or cut" || return 1
	state_copy "$old" "$state"
	again && fetches "$id" "$first" && coord_end
}
log_cut() { truncate -s $(($(stat -c %s "$state/fqcluster.db-wal") * 2 / 3)) "$state/fqcluster.db-wal"; }
coord_end
ok "scenario 32: a deleted log: refused; put back, all is there" log_gone rm "$state/fqcluster.db-wal"
ok "scenario 32: a log that was cut" log_gone log_cut
ok "scenario 32: an emptied log" log_gone truncate -s 0 "$state/fqcluster.db-wal"

gone() {
	state_copy "$state" "$old"
	rm "$state/fqcluster.db"
	refuses 'fqcluster.db is missing or empty' && [ ! -e "$state/fqcluster.db" ] || return 1
	: >"$state/fqcluster.db"
	refuses 'fqcluster.db is missing or empty' && refuses 'fqcluster.db is missing or empty' --accept-rollback || return 1
	state_copy "$old" "$state"
	again && fetches "$first"
}
ok "scenario 32: no database, or an empty one, where one was: it does not begin empty" gone
ok "scenario 32: no job twice" eval 'all_idle 10 && jobs_once'

# ---- 33

old_database() { # only fqcluster.db is put back
	coord_end
	state_copy "$state" "$old"
	again && one_job && coord_end && cp "$old/fqcluster.db" "$state/" || return 1
	refuses 'is not what was committed last .* an old copy was put back'
}
ok "scenario 33: an old copy of the database alone: the mark beside it tells" old_database

old_state() { # the whole folder: only workers know better
	state_copy "$old" "$state"
	again && coord_end && again && one_job && late=$id && coord_end || return 1
	state_copy "$old" "$state"
	journal_mark
	coord_start $TIMES
	wait_until 10 journal_now c0 'worker w1 has seen start [0-9]+ of this coordinator, which is at start [0-9]+: its state was put back'
	wait_until 10 journal_now w1 'has seen start [0-9]+ of the coordinator, which now is at start'
	node_is w1 idle && return 1
	journal_has c0 'worker w1 has seen start' 1 && kill -0 "$pid_coord"
}
ok "scenario 33: an old copy of the whole state: workers are turned away, both logs say why, once" old_state

accepted() {
	coord_end
	again --accept-rollback && one_job || return 1
	[ "$id" -gt $((late + 1000)) ] || { printf 'job %s after job %s\n' "$id" "$late" | diag; return 1; }
	unset "golden_of[$late]"
	coord_end && again && fetches "$first" "$id"
}
ok "scenario 33: accepted: workers take it for another one, numbers of lost jobs are not given again" accepted
in_hand() { # a worker lives through it with slices of a job that is lost
	coord_end
	state_copy "$state" "$old"
	again || return 1
	hold 1
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' || return 1
	late=$id
	coord_end KILL
	state_copy "$old" "$state"
	journal_mark
	coord_start $TIMES --accept-rollback
	wait_until 20 journal_now w1 'has begun another state under the same key' && let_go 1 || return 1
	unset "golden_of[$late]"
	one_job && [ "$id" -gt "$late" ] && ! job_state "$late" | grep .
}
ok "scenario 33: workers forget what they hold for jobs that are not in it" in_hand
ok "scenario 33: the worker is idle" all_idle 10

# ---- 34

second() {
	refuses 'is locked: another coordinator uses it' --listen 127.0.0.1:0 --socket "$work/second.sock" && kill -0 "$pid_coord" && one_job
}
ok "scenario 34: a second coordinator on the same state ends with: locked; the first one goes on" second

# ---- 35

copied() {
	coord_end
	state_copy "$state" "$old"
	again && coord_end && again || return 1
	local real=$state
	coord_end KILL
	journal_mark
	state=$old # under the address that workers know
	coord_start $TIMES
	wait_until 10 journal_now c0 'another coordinator runs with a copy' &&
		wait_until 10 journal_now w1 'its state was put back from an old backup, or it is a copy' || return 1
	node_is w1 idle && return 1
	coord_end
	state=$real
	again && one_job
}
ok "scenario 35: a coordinator with a copy of the state: workers do not work for it, and go on with the real one" copied
ok "scenario 35: no job twice" eval 'all_idle 10 && jobs_once'

# ---- backups

backup=$work/backup
backed_up() {
	"$coordd" --state "$state" --backup "$backup" >"$work/out" 2>&1 || { diag <"$work/out"; return 1; }
	[ "$(ls "$backup" | tr '\n' ' ')" = 'fqcluster.db key.pem peers ' ] && [ "$(stat -c %a "$backup")" = 700 ] && [ ! -e "$state/backup" ]
}
ok "a backup of a coordinator that runs" backed_up
ok "a folder that is there is not written over" eval '! backed_up 2>/dev/null'
ok "a restore while it runs is refused" eval '! "$coordd" --state "$state" --restore "$backup" 2>"$work/err" && grep -q "a coordinator runs on" "$work/err"'
restored() {
	local before=$id
	one_job || return 1
	late=$id
	coord_end
	"$coordd" --state "$state" --restore "$backup" >"$work/out" 2>&1 || { diag <"$work/out"; return 1; }
	[ -s "$state/before-restore-1/fqcluster.db" ] && refuses 'was put back from a backup; start fqcoordd once with --accept-rollback' || return 1
	again --accept-rollback && unset "golden_of[$late]" && fetches "$first" "$before" && one_job && [ "$id" -gt "$late" ]
}
ok "put back: what was there is kept, a start needs --accept-rollback, all jobs of then are there" restored
offline() {
	coord_end
	rm -rf "$backup" && backed_up && dd if=/dev/urandom of="$backup/fqcluster.db" bs=4096 seek=3 count=1 conv=notrunc 2>/dev/null
	! "$coordd" --state "$state" --restore "$backup" 2>"$work/err" && grep -q damaged "$work/err" && again && fetches "$first" "$id"
}
ok "a backup of one that does not run; a damaged one is not put back, and the state stays as it was" offline
keyless() {
	coord_end
	rm -rf "$backup"
	mv "$state/key.pem" "$work/elsewhere.pem"
	! backed_up 2>/dev/null && grep -q 'there is no key .*/key.pem.*: right is --key FILE' "$work/out" && [ ! -e "$backup" ] || return 1
	"$coordd" --state "$state" --backup "$backup" --key "$work/elsewhere.pem" >"$work/out" 2>&1 &&
		cmp "$backup/key.pem" "$work/elsewhere.pem" && mv "$work/elsewhere.pem" "$state/key.pem" && again
}
ok "a backup without the key is none: refused with what to say, and that works" keyless
ok "no job twice" eval 'all_idle 10 && jobs_once'
done_testing
