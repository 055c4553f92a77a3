#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The coordinator's disk: full, and free again; full in the middle of a commit and of a checkpoint; and one that cannot be synced.
. "$(dirname "$0")/faults.sh"

shim=$top_build/tests/faults/shim_disk.so faults=$work/faults
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
TIMES='--ping 100ms --dead 1s'

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
	journal_has c0 'disk of .* is full: no job is taken' 2>/dev/null
}
disk_free() { rm -f "$state/fill"; }

refused() { # a submission, with reason and exit status
	fq submit --parsable "$data/plain.fq" >"$work/refused" 2>&1
	[ $? -eq 75 ] && grep -q "the coordinator's disk is full" "$work/refused" || { diag <"$work/refused"; return 1; }
}
alive() { kill -0 "$pid_coord"; }

job_is() { [ "$(job_state "$1")" = "$2" ]; }
hold_worker() { kill -STOP $(children_of "${pid_worker[$1]}") 2>/dev/null; }
go_worker() { kill -CONT $(children_of "${pid_worker[$1]}") 2>/dev/null; }
# one_try: a fault that is over by itself; what was asked for meanwhile is there in the end, once.
coord_end() { end_process "$pid_coord" TERM; }
trap 'umount -l "$state" 2>/dev/null; cluster_end' EXIT
data_make 20000

# ---- 28: the whole state folder on a small disk

disk_of 3m
cluster_start $TIMES
ok "it starts on a disk of 3 MiB, and says that it is small" journal_has c0 'disk of .* is small' 1
worker_start 1 -n 1
small_job() { submit crlf.fq && job_ends "$id" && job_same "$id"; }
ok "and counts there" small_job
remember "$pid_coord"

full_and_free() {
	hold_worker 1
	submit crlf.fq --slice-size 10K || return 1
	local waits=$id
	submit crlf.fq || return 1
	local cancelled=$id
	journal_mark
	disk_fill || return 1
	refused || return 1
	fq cancel "$cancelled" && unset "golden_of[$cancelled]" && job_is "$cancelled" CANCELLED || return 1
	go_worker 1
	refused && alive && job_is "$waits" RUNNING || return 1
	disk_free
	wait_until 10 journal_has c0 'disk of .* has room again' 1 && jobs_same
}
ok "scenario 28: the disk is full: submits are refused with the reason, a cancel is written; freed: it goes on alone" full_and_free
df -k "$state" | diag
admin nodes | diag; admin status --all | diag; sqlite3 "$state/fqcluster.db" "select * from node" | diag; fq show "$id" | diag
ok "scenario 28: nothing grows, no job twice" eval 'all_idle 10 && steady "$pid_coord" && jobs_once'
coord_end
done_testing
