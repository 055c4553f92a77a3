#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A child that ends while it has nothing to do, and whose worker gives it a slice before it hears of that: the slice waits for the next
# child. It is no failure of the file there, three of which would drain the node until a person resumes it. And a child that ends while a
# debugger holds it, so that its worker is told nothing.
. "$(dirname "$0")/cluster.sh"
[ "${FQ_FAILPOINTS:-}" = yes ] || skip_all "this build has no failpoints"
"$top_build/tests/tools/mkfastq" 1000 150 hiseq 7 >"$work/a.fq"
"$ctl" qc --local --as csv "$work/a.fq" >"$work/want"

cluster_start
worker_start 2 -n 1
FQ_FAILPOINT=give-child-ended:on worker_start 1 -n 1
admin drain w2
id=$(fq submit --parsable "$work/a.fq")
ended() { [ "$(grep -c 'its child ended before it could be given a slice' "$work/worker1.log")" -ge 4 ]; }
ok "children end before they are given a slice" wait_until 30 ended
is "that drained no node" "$(admin nodes --no-header | awk '$1 == "w1" && $2 ~ /^dr/')" ""
is "and is no failure of the file" "$(grep -c 'cannot be given to a child' "$work/worker1.log")" 0
end_process "${pid_worker[1]}" KILL
admin resume w2
ok "the job completes" fq wait "$id"
ok "with the right result" cmp <(fq fetch "$id") "$work/want"

# ---- a debugger

debugger='
import ctypes, os, sys
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
child = int(sys.argv[1])
if ptrace(0x4206, child, None, None) != 0: # PTRACE_SEIZE
    sys.exit(os.strerror(ctypes.get_errno()))
print("held", flush=True)
sys.stdin.readline()
os.waitpid(child, 0x40000000) # __WALL: and it is let go
'
child=$(children_of "${pid_worker[2]}")
coproc DEBUGGER { exec python3 -c "$debugger" "$child" 2>"$work/debugger"; }
debugger_pid=$DEBUGGER_PID
exec {held}<&"${DEBUGGER[0]}" {let}>&"${DEBUGGER[1]}"
is_zombie() { [ "$(ps -o stat= -p "$child" | cut -c1)" = Z ]; }
is_new() { local now && now=$(children_of "${pid_worker[2]}") && [ -n "$now" ] && [ "$now" != "$child" ]; }
if read -r -u "$held" _; then
	kill -KILL "$child"
	ok "a child that ends in a debugger's hands" wait_until 10 is_zombie
	fq submit --parsable "$work/a.fq" >"$work/id"
	doze 0.5 # the worker has looked, and saw nothing
	ok "is not begun anew while it is held" eval '! is_new'
	echo >&"$let"
	wait "$debugger_pid"
	ok "afterwards it is" wait_until 20 is_new
	ok "and counts" fq wait --timeout 30s "$(cat "$work/id")"
else
	for what in held kept anew counts; do skip "a child in a debugger's hands, $what: $(cat "$work/debugger")"; done
fi
done_testing
