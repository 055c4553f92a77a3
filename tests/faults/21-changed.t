#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files that change between plan and count, or while they are counted: the job fails, and there is never a partial report.
. "$(dirname "$0")/faults.sh"
. "$(dirname "$0")/storage.sh"

data_make 10000
hosts_make 2
storage_make 2
cluster_start --ping 100ms --dead 4s --audit-percent 0 --straggler 0
worker_start 1 -n 1
worker_start 2 -n 1
submit plain.fq && job_ends "$id" # warm

let_all_go() { # also those whose slice was dropped meanwhile
	let_go 1 2>/dev/null
	let_go 2 2>/dev/null
	true
}

# changed COMMAND...: while two slices of many are being counted, the command changes $file; the job must fail and say so.
changed() {
	local status
	file=$data/changing.fq
	rm -f "$file" "$data/other.fq"
	cp "$data/plain.fq" "$file"
	journal_mark
	hold 1
	hold 2
	id=$(fq submit --parsable --as json --slice-size 60K "$file") && wait_until 10 slices_of "$id" 'running  w1' &&
		wait_until 10 slices_of "$id" 'running  w2' && "$@" || return 1
	let_all_go
	fq wait "$id" 2>"$work/err"
	status=$?
	diag <"$work/err"
	[ $status -eq 74 ] && grep -q 'changing.fq.*changed' "$work/err" && [ -z "$(fq fetch --as json "$id" 2>/dev/null)" ] &&
		journal_has c0 'job .*changing.fq.*changed' && wait_until 10 nodes_idle
}
shrink() { truncate -s -50000 "$file"; }
grow() { head -n 4 "$data/plain.fq" >>"$file"; }
replace() { cp "$file" "$data/other.fq" && mv "$data/other.fq" "$file"; }
replace_as() { cp -p "$file" "$data/other.fq" && poke "$data/other.fq" && touch -r "$file" "$data/other.fq" && mv "$data/other.fq" "$file"; }
poke() { printf 'A' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") / 2)) conv=notrunc status=none; }
poke_as() { touch -r "$file" "$work/then" && poke "$file" && touch -r "$work/then" "$file"; }
remove() { rm "$file"; }

ok "scenario 21: a file that is truncated while it is counted" changed shrink
let_all_go
ok "scenario 22: one that grows" changed grow
let_all_go
ok "scenario 22: one that is replaced by its own copy" changed replace
let_all_go
ok "scenario 22: one that is replaced by another of the same size and time" changed replace_as
let_all_go
ok "scenario 23: one that is written in its middle, and its time set back" changed poke_as
let_all_go

# The count's own view: the file ends early for who reads, and says nothing of it.
short_view() {
	local status
	storage 1 bgzf.fq.gz 'slot.read size 200000' plain.fq 'slot.read size 300000'
	storage 2 bgzf.fq.gz 'slot.read size 200000' plain.fq 'slot.read size 300000'
	for file in bgzf.fq.gz plain.fq; do
		fq submit --wait --as json "$data/$file" >"$work/none.json" 2>"$work/err"
		status=$?
		diag <"$work/err"
		[ $status -eq 74 ] && grep -q "$file.*changed" "$work/err" && [ ! -s "$work/none.json" ] || return 1
	done
}
ok "scenario 21: one that ends early only for who reads it" short_view
storage 1
storage 2

before_count() { # planned, and changed before anybody counts
	file=$data/changing.fq
	cp "$data/plain.fq" "$file"
	hold 1
	hold 2
	submit large.fq --slice-size 500K && wait_until 10 slices_of "$id" 'running  w1' && wait_until 10 slices_of "$id" 'running  w2' || return 1
	id=$(fq submit --parsable --as json "$file")
	wait_until 10 slices_of "$id" open && "$@" || return 1
	let_all_go
	fq wait "$id" 2>"$work/err"
	[ $? -eq 74 ] && grep -q 'changing.fq.*changed' "$work/err" && jobs_same
}
ok "scenario 23: between the plan and the count" before_count poke_as
let_all_go

gone_before_count() {
	before_count remove
	diag <"$work/err"
	grep -q 'changing.fq: No such file or directory' "$work/err" && jobs_same
}
ok "scenario 22: one that is removed: the job fails and names it" gone_before_count
let_all_go
ok "I5: all nodes are idle" all_idle 10
ok "I2: the file as it was has its report" eval 'submit plain.fq && jobs_same'
done_testing
