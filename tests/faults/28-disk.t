#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The coordinator's disk: full, and free again; full in the middle of a commit and of a checkpoint; and one that cannot be synced.
. "$(dirname "$0")/faults.sh"

shim=$top_build/tests/faults/shim_disk.so faults=$work/faults
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
TIMES='--ping 100ms --dead 3s'

# disk_of SIZE: the state folder on a disk of its own.
disk_of() {
	mkdir -p "$state" && mount -t tmpfs -o "size=$1,mode=0700" fqstate "$state" || { echo "Bail out! no tmpfs"; exit 1; }
}
# disk_fill: until the coordinator says so; what it gives back by itself is taken, too, but for the ballast.
disk_fill() { wait_until 10 disk_full; }
disk_full() {
	local blocks
	blocks=$(stat -f -c %a "$state")
	[ -e "$state/ballast" ] && dd if=/dev/zero bs=4k count="$blocks" oflag=append conv=notrunc of="$state/fill" 2>/dev/null
	journal_now c0 'disk of .* is full: no job is taken'
}
disk_free() { rm -f "$state/fill"; }

refused() { # a submission, with reason and exit status
	fq submit --parsable "$data/plain.fq" >"$work/refused" 2>&1
	[ $? -eq 75 ] && grep -q "the coordinator's disk is full" "$work/refused" || { diag <"$work/refused"; return 1; }
}
alive() { kill -0 "$pid_coord"; }
doctor_disk() { # STATUS REGEX
	fq doctor >"$work/doctor" 2>&1
	[ $? -eq "$1" ] && grep -Eq "^$2" "$work/doctor" || { diag <"$work/doctor"; return 1; }
}

job_is() { [ "$(job_state "$1")" = "$2" ]; }
# held FILE SIZE: a job whose first slice is in the hand of the worker that stands still. Its plan is committed with the next
# answer, so that no commit of it is left that could be the one to fail.
held() { hold 1; submit "$1" --slice-size "$2" && wait_until 10 slices_of "$id" 'running  w1' && admin resume w1; }
coord_end() { end_process "$pid_coord" TERM; }
trap 'umount -l "$state" 2>/dev/null; cluster_end' EXIT
data_make 20000

# ---- 28: the whole state folder on a small disk

disk_of 12m
cluster_start $TIMES
ok "it starts on a disk of 12 MiB, and says that it is small" journal_has c0 'disk of .* is small' 1
worker_start 1 -n 1 --reconnect-max 200ms
small_job() { submit crlf.fq && job_ends "$id" && job_same "$id"; }
ok "and counts there" small_job
remember "$pid_coord"

full_and_free() {
	hold 1
	submit crlf.fq --slice-size 10K || return 1
	local waits=$id
	submit crlf.fq || return 1
	local cancelled=$id
	journal_mark
	doctor_disk 0 'warn +disk .*nearly full' || return 1 # a small one
	disk_fill || return 1
	refused && doctor_disk 1 'bad +disk .*is full' || return 1
	fq cancel "$cancelled" && unset "golden_of[$cancelled]" && job_is "$cancelled" CANCELLED || return 1
	let_go 1
	refused && alive && job_is "$waits" RUNNING || return 1
	disk_free
	wait_until 10 journal_now c0 'disk of .* has room again' 1 && jobs_same
}
ok "scenario 28: the disk is full: submits are refused with the reason, a cancel is written; freed: it goes on alone" full_and_free
ok "scenario 28: nothing grows, no job twice" eval 'all_idle 10 && steady "$pid_coord" && jobs_once'

# ---- 29: calls that fail for want of room, one by one

coord_again() { run_coord="env LD_PRELOAD=$shim FQ_DISK_FOLDER=$state FQ_DISK_FAULTS=$faults" && : >"$faults" && coord_start $TIMES && wait_until 10 node_is w1 idle; }
fault() { printf '%s\n' "$@" >"$faults.new" && mv "$faults.new" "$faults"; }
slices_done() { fq show "$1" 2>/dev/null | awk '$1 == "Slices" { print $2 }'; }
no_core() { fq status >/dev/null 2>"$work/err"; [ $? -eq 75 ] && grep -q "the coordinator's disk is full" "$work/err"; }
coord_end
ok "the coordinator on a disk that can fail" coord_again

# commit_full CALL: the disk takes nothing from the CALL-th write to the log on, while results come; later it does again.
commit_full() {
	hold 1
	submit plain.fq --slice-size 100K || return 1
	journal_mark
	fault "write ENOSPC $1 0 -wal" 'write ENOSPC 1 0 ballast'
	let_go 1
	wait_until 10 no_core && alive && journal_has c0 'is full; make room: what is not committed is taken back' 1 || return 1
	fault
	wait_until 10 journal_now c0 'going on from the last commit, as start' && jobs_same
}
ok "scenario 29: full at the first write of a result's commit: nothing is served, then it goes on alone" commit_full 1
ok "scenario 29: full some writes later" commit_full 4

# Syncs that last for longer than anybody may be silent, as of a disk that is busy elsewhere: a submission's, then a result's.
slow_disk() {
	journal_mark
	fault 'sync 7000 1 1 -'
	submit crlf.fq 2>"$work/err" && job_ends "$id" && job_same "$id" && [ ! -s "$work/err" ] || { diag <"$work/err"; return 1; }
	hold 1
	submit plain.fq --slice-size 100K && wait_until 10 slices_of "$id" 'running  w1' || return 1
	fault 'sync 7000 1 1 -'
	let_go 1
	job_ends "$id" && job_same "$id" && fault && [ "$(journal_n c0 'a slow disk, took [0-9]+ ms')" -ge 2 ] &&
		journal_has c0 'nothing came|is gone|suspect' 0 && journal_has w1 'lost the coordinator' 0 && ! slices_of "$id" '[1-9] (losses|crashes)'
}
ok "scenario 29: a disk whose syncs take 7 s: everybody waits, and nobody takes anybody for gone" slow_disk

# A cancel whose commit finds no room: fqctl asks again, also where there is no core for a while, and the job is cancelled.
cancel_full() { # cancel_full TIMES
	local cancelling status
	held plain.fq 100K || return 1
	unset "golden_of[$id]"
	journal_mark
	fault "write ENOSPC 1 $1 -wal" "write ENOSPC 1 $1 ballast"
	fq cancel "$id" 2>"$work/err" &
	cancelling=$!
	wait_until 10 journal_now c0 'what is not committed is taken back' || return 1
	[ "$1" -eq 1 ] || wait_until 10 grep -q 'trying again' "$work/err" || return 1
	fault
	wait "$cancelling"
	status=$?
	let_go 1
	[ $status -eq 0 ] && grep -q 'trying again' "$work/err" && job_is "$id" CANCELLED || { diag <"$work/err"; return 1; }
}
ok "scenario 29: a cancel whose commit finds no room, once: fqctl asks again" cancel_full 1
ok "scenario 29: and for longer" cancel_full 0

# Once only, in the middle of whatever: workers come back with what they hold, fqctl with the same uuid.
commits_full() {
	local call
	journal_mark
	for call in 1 2 3 5 8 13; do
		fault "write ENOSPC $call 1 -wal"
		submit plain.fq --slice-size 150K || return 1
	done
	fault
	alive && jobs_same && journal_has c0 'what is not committed is taken back'
}
ok "scenario 29: full for one write only, at several moments: each job is there, with its report" commits_full

checkpoint_full() {
	journal_mark
	fault 'write ENOSPC 1 0 fqcluster.db' 'write ENOSPC 1 0 ballast'
	until journal_now c0 'disk of .* is full: no job is taken'; do submit crlf.fq || break; done
	journal_has c0 'disk of .* is full: no job is taken' 1 && refused && alive || return 1
	fault
	wait_until 10 journal_now c0 'disk of .* has room again' && jobs_same
}
ok "scenario 29: full at a checkpoint: submits are refused, what is committed stays, it goes on alone" checkpoint_full
ok "scenario 29: no job twice, the worker is idle" eval 'all_idle 10 && jobs_once'

# ---- 30

sync_fails() { # sync_fails CALL NAME TEXT: once, when a submission is committed while results are awaited
	local asking
	held plain.fq 100K || return 1
	journal_mark
	fault "$1 EIO 1 1 $2"
	fq submit --parsable --as json "$data/crlf.fq" >"$work/asked" 2>"$work/asking" &
	asking=$!
	wait_until 20 gone "$pid_coord" || { kill "$asking"; return 1; }
	wait "$pid_coord" 2>/dev/null
	[ $? -eq 134 ] && journal_has c0 "cannot go on: .*$3: Input/output error" 1 || return 1
	let_go 1
	coord_again && wait "$asking" && golden_of[$(cat "$work/asked")]=crlf.fq && jobs_same
}
ok "scenario 30: the log cannot be synced, once: the process ends with the reason, its next start has all" \
	sync_fails sync -wal 'it cannot be synced to the disk'
ok "scenario 30: nor written" sync_fails write -wal 'it cannot be written'
ok "scenario 30: the worker is idle, no job twice" eval 'all_idle 10 && jobs_once'

# ---- disks on which nothing can be counted

coord_end
umount -l "$state"
network_disk() {
	local magic
	for magic in 6969 ff534d42 65735546; do # NFS, CIFS, FUSE
		LD_PRELOAD=$shim FQ_DISK_FOLDER=$state FQ_DISK_MAGIC=$magic timeout 20 "$coordd" --state "$state" --listen 127.0.0.1:0 2>"$work/err"
		[ $? -eq 78 ] && grep -q 'lies on a network file system; it must be on a local disk' "$work/err" || return 1
	done
}
ok "a state folder on a network file system is refused" network_disk

tiny() {
	disk_of 256k
	host= run_coord=
	coord_start $TIMES && journal_mark && disk_fill || return 1
	admin submit --parsable "$data/plain.fq" >"$work/refused" 2>&1
	[ $? -eq 75 ] && grep -q "the coordinator's disk is full" "$work/refused" || return 1
	disk_free
	wait_until 10 journal_now c0 'disk of .* has room again' && admin submit --parsable "$data/plain.fq" >"$work/out" && alive
}
ok "scenario 28: on a disk of 256 KiB: it starts, refuses a job with the reason, and takes one when there is room" tiny
no_room() { # too small even for the database: a sentence, and not an abort
	coord_end
	umount -l "$state"
	disk_of 24k
	timeout 20 "$coordd" --state "$state" --listen 127.0.0.1:0 2>"$work/err"
	[ $? -eq 75 ] && grep -q 'the disk of .* is full' "$work/err" || { diag <"$work/err"; return 1; }
}
ok "on a disk that is too small for the database it says so" no_room
done_testing
