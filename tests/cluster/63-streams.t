#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Standard streams that are closed, full, or read by nobody any more: what is printed goes nowhere else, and the exit status tells.
. "$(dirname "$0")/cluster.sh"
"$top_build/tests/tools/mkfastq" 200 100 hiseq 7 >"$work/a.fq"
cp "$work/a.fq" "$work/b.fq"
cluster_start
worker_start 1 -n 1

run() { "$@" 2>"$work/err"; status=$?; }

# Without the defence the socket to the coordinator is number 1 here, and the table goes into it.
run fq submit --wait "$work/a.fq" >&-
is "a result for a standard output that is closed: exit 73" "$status" 73
is "and why" "$(sed 's/.*: //' "$work/err")" "Bad file descriptor"
run fq nodes >&-
is "a table, too" "$status" 73
"$ctl" qc --local --as text -o "$work" "$work/a.fq" "$work/none.fq" <&- >&- 2>&-
is "a file that is missing, all streams closed" $? 66
"$ctl" qc --local --as text "$work/a.fq" >"$work/right" 2>/dev/null
ok "no message in the result of the other one" cmp "$work/right" "$work/a.fq.fastqc_data.txt"
"$coordd" --state "$work/silent" --print-pin >/dev/null <&- 2>&-
is "a daemon with closed streams" $? 0
"$coordd" --state "$work/silent" --print-pin >&- 2>"$work/err"
is "whose answer is lost: exit 73" "$?:$(cat "$work/err")" "73:fqcoordd: standard output cannot be written: Bad file descriptor"

# A pipe that nobody reads: opened and its reader ended before anything is printed.
unread() { # unread COMMAND...: its standard output is such a pipe; $status, and $work/err
	mkfifo "$work/pipe"
	exec {both}<>"$work/pipe" {out}>"$work/pipe" {both}<&-
	"$@" >&"$out" 2>"$work/err"
	status=$?
	exec {out}>&-
	rm "$work/pipe"
}
for verb in "nodes" "nodes --json" "status -a" "status -a -w 1" "history" "doctor" "show 1" "show --json 1" "follow 1" "fetch 1" "submit --wait $work/a.fq $work/b.fq"; do
	# shellcheck disable=SC2086
	unread fq $verb
	is "$verb, whose output nobody reads: exit 73 and no word of it" "$status:$(grep -v '^1  \|CACHED' "$work/err")" "73:"
done
unread "$ctl" --help
is "help, too" "$status:$(cat "$work/err")" "73:"

if [ -c /dev/full ]; then
	fq follow 1 >/dev/full 2>"$work/err"
	is "a full disk" "$?:$(grep -v '^1  ' "$work/err")" "73:fqctl: standard output cannot be written"
	fq nodes >/dev/full 2>"$work/err"
	is "and why" "$?:$(cat "$work/err")" "73:fqctl: standard output cannot be written: No space left on device"
else
	skip "no /dev/full"
	skip "no /dev/full"
fi
done_testing
