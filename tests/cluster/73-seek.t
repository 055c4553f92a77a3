#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A gzip stream that was counted in slices leaves where they begin, and the text before each, with its kept result: counted again with
# other options, no slice of it is inflated by a scout. What was left goes with the result.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
no_cache=()
mkdir "$work/in"
"$made" 60000 100 hiseq 3 | gzip -6 >"$work/in/reads.fq.gz"
file=$work/in/reads.fq.gz
old_enough() { (($(date +%s) - $(stat -c %Z "$file") > 3)); } # what was changed just now is not kept

want() { "$ctl" qc --local --split-gzip never --output "$work/want" "$@" "$file" 2>"$work/want.err"; }
count() { # count OPTION...: $id, and whether it comes to the same as one process's count
	id=$(fq submit --parsable --split-gzip always --slice-size 100000 "$@" "$file") && fq wait "$id" 2>"$work/err" || return 1
	fq fetch "$id" "${@:1:2}" --output "$work/got" 2>>"$work/err" || return 1
	cmp "$work/got" "$work/want"
	local r=$?
	rm -f "$work/got"
	return $r
}
inflated() { cat "$work"/worker*.log | grep -c 'was counted out of its text'; }
split() { fq show "$id" | grep -q 'one stream cut every'; }

cluster_start --ping 200ms --dead 1m
for i in 1 2; do worker_start $i -n 2 --verbose; done
wait_until 20 old_enough
want --as text
ok "in slices, found by scouts" count --as text
ok "it was cut" split
before=$(inflated)
ok "slices were counted out of their text: $before" test "$before" -gt 3
fq cache | diag
want --as text --compat 0.11.9
ok "with other options: the same as one process counts" count --as text --compat 0.11.9
ok "it was cut, too" split
is "no slice of it was inflated before it was counted" "$(inflated)" "$before"
ok "the results go" admin cache rm --all
want --as text
ok "counted anew" count --as text
ok "and what was left is gone: $before, then $(inflated)" test "$(inflated)" -gt "$before"
done_testing
