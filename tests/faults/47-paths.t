#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Paths that turn into something else behind the submitter's back: links out of the root, FIFOs, folders, other files. Nothing of
# what lies elsewhere is read, told or counted, and nothing waits.
. "$(dirname "$0")/faults.sh"

data_make 3000
hosts_make 1
root=$work/root
mkdir -p "$root/sub" "$root/links" "$work/secret"
cp "$data/plain.fq" "$work/secret/a.fq"
cluster_start --ping 100ms --dead 4s --audit-percent 0
worker_start 1 -n 1 --roots "$root" --roots "$root/links:links"

# The only process of worker 1 that opens files: sets opener. On a busy machine there may be several for a while.
one_opener() { opener=$(pgrep -P "${pid_worker[1]}" -x fqworkerd-open) && [ "$(wc -l <<<"$opener")" -eq 1 ]; }
still_there() { pgrep -P "${pid_worker[1]}" -x fqworkerd-open | grep -xF "$opener" >/dev/null; }
fresh() { rm -rf "$root/sub" && mkdir "$root/sub" && cp "$data/plain.fq" "$root/sub/a.fq"; }

# turned PATTERN COMMAND...: a job whose file is there and read by its submitter; before a worker opens it, the command changes what
# its path leads to. The job fails, the journal says why, and the submitter is not told.
turned() {
	local pattern=$1 opener status
	shift
	fresh
	journal_mark
	wait_until 20 one_opener || return 1
	kill -STOP "$opener"
	id=$(fq submit --parsable --as json "$root/sub/a.fq") && "$@" || { kill -CONT "$opener"; return 1; }
	kill -CONT "$opener"
	fq wait "$id" 2>"$work/err"
	status=$?
	diag <"$work/err"
	[ $status -ne 0 ] && [ -z "$(fq fetch --as json "$id" 2>/dev/null)" ] && journal_has w1 "$pattern" &&
		! grep -qE 'secret|passwd|record|FASTQ, ' "$work/err" && still_there
}
link_out() { ln -sf "$work/secret/a.fq" "$root/sub/a.fq"; }
folder_out() { rm -rf "$root/sub" && ln -s "$work/secret" "$root/sub"; }
link_within() { cp "$data/plain.fq" "$root/sub/b.fq" && ln -sf b.fq "$root/sub/a.fq"; }
magic() { ln -sf "/proc/$$/fd/7" "$root/sub/a.fq"; }
fifo() { rm "$root/sub/a.fq" && mkfifo "$root/sub/a.fq"; }
folder() { rm "$root/sub/a.fq" && mkdir "$root/sub/a.fq"; }
socket() { rm "$root/sub/a.fq" && python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$root/sub/a.fq"; }
device() { rm "$root/sub/a.fq" && touch "$root/sub/a.fq" && mount --bind /dev/zero "$root/sub/a.fq"; }
another() { tr ACGT CGTA <"$data/plain.fq" >"$root/sub/b.fq" && mv "$root/sub/b.fq" "$root/sub/a.fq"; }

exec 7<"$work/secret/a.fq"
ok "scenario 47: a link to a file out of the root" turned 'is reached through a symbolic link below .*/root/' link_out
ok "scenario 47: a folder on the way becomes a link out of it" turned 'is reached through a symbolic link below .*/root/' folder_out
ok "scenario 47: a link within the root, which does not follow any" turned 'is reached through a symbolic link below .*/root/' link_within
ok "scenario 47: a link of /proc to a descriptor" turned 'is reached through a symbolic link below .*/root/' magic
ok "scenario 47: a FIFO, which nobody waits for" turned 'is not a regular file' fifo
ok "scenario 47: a folder" turned 'is a directory' folder
ok "scenario 47: a socket" turned '(No such device or address|is not a regular file)' socket
if touch "$root/probe" && mount --bind /dev/zero "$root/probe" 2>/dev/null; then
	ok "scenario 47: a device" turned 'is not a regular file' device
	umount "$root/sub/a.fq" "$root/probe"
else
	skip "scenario 47: no device can be put into a folder here"
fi
ok "scenario 47: another file of the same size, which the submitter has not read" turned 'nobody has shown that he can read it' another

outside() { # SENTENCE PATH
	journal_mark
	fq submit --wait --as json "$2" >"$work/got" 2>"$work/err"
	[ $? -ne 0 ] && [ ! -s "$work/got" ] && { diag <"$work/err"; journal_has w1 "$1"; }
}
ok "scenario 47: a file beneath no root" outside 'is not beneath the folders from which this worker reads' "$work/secret/a.fq"

# Where a root follows links, they stay beneath it. The submitter's program resolves links by itself, so it is given a resolved path
# whose folder is a link for the worker alone.
linked() {
	mkdir -p "$root/links/real" && cp "$data/plain.fq" "$root/links/real/a.fq"
	fresh_links && journal_mark
	local opener
	wait_until 20 one_opener || return 1
	kill -STOP "$opener"
	golden_of=()
	id=$(fq submit --parsable --as json "$root/links/dir/a.fq")
	rm -rf "$root/links/dir" && ln -s "$1" "$root/links/dir"
	kill -CONT "$opener"
	fq wait "$id" 2>"$work/err"
}
fresh_links() { rm -rf "$root/links/dir" && mkdir "$root/links/dir" && cp "$data/plain.fq" "$root/links/dir/a.fq"; }
ok "scenario 47: a root with :links follows one that stays beneath it" linked real
leaves() { ! linked ../../secret && journal_has w1 "links/dir/a.fq leads out of .*/root/links/"; }
ok "scenario 47: and none that leaves it" leaves

# For some seconds' work of renames and opens at once: whatever the worker opens is the file itself.
race() {
	local flipper job bad=0 opened=0
	fresh
	rm -rf "$root/flip" && ln -s "$work/secret" "$root/flip"
	python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
a, b = (p.encode() for p in sys.argv[1:])
while libc.renameat2(-100, a, -100, b, 2) == 0 and os.getppid() > 1: pass' "$root/flip" "$root/sub" &
	flipper=$!
	tr ACGT CGTA <"$data/plain.fq" >"$work/secret/a.fq"
	for ((i = 0; i < 40; i++)); do
		id=$(fq submit --parsable --as json "$root/sub/a.fq" 2>/dev/null) || continue
		fq wait "$id" 2>/dev/null || continue
		opened=$((opened + 1))
		# The name in the report is the path, so that only counts are compared.
		fq fetch --as csv "$id" | cmp -s - "$work/want.csv" || bad=$((bad + 1))
	done
	kill -KILL $flipper
	wait $flipper 2>/dev/null
	printf '%s of 40 were counted\n' $opened | diag
	[ $bad -eq 0 ]
}
"$ctl" qc --local --as csv "$data/plain.fq" >"$work/want.csv"
ok "scenario 47: renames and jobs at once: what is counted is the file beneath the root" race
fresh
ok "I5: the node is idle" all_idle 10
ok "I2: a file beneath the root is counted" eval 'fq submit --wait --as csv "$root/sub/a.fq" | cmp - "$work/want.csv"'
done_testing
