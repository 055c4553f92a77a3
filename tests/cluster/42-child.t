#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A child that ends while it has nothing to do, and whose worker gives it a slice before it hears of that: the slice waits for the next
# child. It is no failure of the file there, three of which would drain the node until a person resumes it.
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
done_testing
