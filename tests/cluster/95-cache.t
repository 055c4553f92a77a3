#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Results are kept: who submits the same file again, to be counted in the same way, gets the same result at once, and no worker is given
# anything to count. A file that has changed in any way, and another way of counting, are counted.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
no_cache=()
mkdir "$work/in"
printf 'kmer ignore 0\n' >"$work/kmers.txt"
file=$work/in/a.fq
"$made" 3000 100 nova 1 >"$file"
cp "$file" "$work/in/b.fq"
cp "$file" "$work/in/c.fq"
cp "$file" "$work/in/new.fq"
printf '@r\nACGT\n+\nIIII\nnothing\n' >"$work/in/bad.fq"

old_enough() { # seconds since the last change of status: what was changed just now is not kept
	local name
	for name in "$@"; do (($(date +%s) - $(stat -c %Z "$name") > 3)) || return 1; done
}
tasks() { grep -c 'counts slice' "$work/coord.log"; }
state_of() { fq status --no-header "$1" | awk '{ print $4 }'; }
cached() { fq show --json "$1" | grep -o '"files_cached":[0-9]*' | cut -d: -f2; }

fetched() { fq fetch --as json "$1" >"$work/got"; }

# count OPTION... FILE...: submits, waits and fetches: $id, $work/got.
count() { id=$(fq submit --parsable --as json "$@") && fq wait "$id" >/dev/null 2>&1 && fq fetch --as json "$id" >"$work/got" 2>"$work/err"; }
anew() { # anew NAME OPTION... FILE: it is counted
	local name=$1
	shift
	ok "$name" count "$@"
	is "$name: it is counted" "$(state_of "$id") $(cached "$id")" "CD 0"
}
again() { # again NAME OPTION... FILE: it is not
	local name=$1
	shift
	ok "$name" count "$@"
	is "$name: it is not counted" "$(state_of "$id") $(cached "$id")" "CH 1"
}

cluster_start --ping 200ms --dead 5s --verbose --status-listen 127.0.0.1:0
worker_start 1 -n 2
wait_until 20 old_enough "$work"/in/*

anew "the first time" "$file"
cp "$work/got" "$work/first"
given=$(fq show --json "$id" | grep -o '"slices":[0-9]*')
ok "it was cut into slices" test "$given" != '"slices":0'
again "the same file" "$file"
ok "the result is the same" cmp "$work/got" "$work/first"
fq show "$id" >"$work/shown"
ok "show says so" grep -q 'cached: counted by an earlier job' "$work/shown"
is "no slice of it was handed out" "$(fq show --json "$id" | grep -o '"slices":[0-9]*')" '"slices":0'
fq submit --wait --as json "$file" >"$work/got" 2>"$work/said"
ok "submit's last line says CACHED" sh -c "tail -n 1 '$work/said' | grep -q 'CACHED: counted by an earlier job'"
ok "and the result is there" cmp "$work/got" "$work/first"
if [ -s "$state/listening-status" ] && command -v python3 >/dev/null; then
	finished() { python3 -c 'import sys, urllib.request; print(urllib.request.urlopen("http://%s/metrics" % sys.argv[1]).read().decode())' \
		"$(cat "$state/listening-status")" | awk -v name="fqcluster_jobs_finished_total{result=\"$1\"}" '$1 == name { print $2 }'; }
	is "metrics tell them apart" "$(finished completed) $(finished cached)" "1 2"
else
	skip "this build has no status page, or there is no python3"
fi

anew "--no-cache" --no-cache "$file"
again "what it counted is kept in its turn" "$file"
anew "lenient" --lenient "$file"
again "lenient again" --lenient "$file"
# Every report has the means, to the bit; the means alone are no report.
id=$(fq submit --parsable --as csv --no-cache "$file") && fq wait "$id" 2>/dev/null
is "means that are counted" "$(state_of "$id")" CD
fq fetch "$id" >"$work/means"
admin cache rm "$file" >/dev/null
for way in CD CH; do
	id=$(fq submit --parsable --as csv "$file") && fq wait "$id" 2>/dev/null
	is "means: $way" "$(state_of "$id")" $way
done
admin cache rm "$file" >/dev/null
anew "means are not a report" "$file"
for options in "" --error-mean; do
	# shellcheck disable=SC2086
	id=$(fq submit --parsable --as csv $options "$file") && fq wait "$id" 2>/dev/null
	is "means of a report that is kept $options" "$(state_of "$id")" CH
done
fq fetch --as csv "$id" >"$work/of_report"
ok "to the bit" cmp "$work/means" "$work/of_report"
anew "k-mers are more than a report" -l "$work/kmers.txt" "$file"
admin cache list --no-header | awk -v p="$file" '$NF == p { print $1 }' >"$work/kept"
ok "the report without them goes" admin cache rm "$(head -n 1 "$work/kept")"
again "one with k-mers is a report" "$file"
ok "of which it shows none" cmp "$work/got" "$work/first"
for form in text html; do
	fq fetch --as $form "$id" >"$work/got"
	"$ctl" qc --local --as $form "$file" >"$work/plain"
	ok "as $form" cmp "$work/got" "$work/plain"
done
id=$(fq submit --parsable --as csv "$file") && fq wait "$id" 2>/dev/null
is "and has the means" "$(state_of "$id")" CH
anew "another report" --compat 0.11.9 "$work/in/c.fq"
id=$(fq submit --parsable --as csv "$work/in/c.fq") && fq wait "$id" 2>/dev/null
is "has them, too" "$(state_of "$id")" CH
admin cache rm "$work/in/c.fq" >/dev/null
id=$(fq submit --parsable --as csv --lenient "$work/in/c.fq") && fq wait "$id" 2>/dev/null
is "not of other records: lenient" "$(state_of "$id")" CD

anew "the same content under another name" "$work/in/b.fq"
touch "$file" && wait_until 20 old_enough "$file"
anew "another time of change" "$file"
again "and again" "$file"
# In the middle, of the same size, and the time of change is put back: the time of status is not.
stamp=$(stat -c %y "$file")
python3 - "$file" <<'END' 2>/dev/null || sed -i '1500s/./N/' "$file"
import sys
with open(sys.argv[1], "r+b") as f:
    data = f.read()
    at = data.index(b"\n", len(data) // 2)
    at = data.index(b"\n@", at) + 1
    f.seek(data.index(b"\n", at) + 1)
    f.write(b"N")
END
touch -d "$stamp" "$file" && wait_until 20 old_enough "$file"
anew "another content of the same size and time" "$file"
ok "with another result" sh -c "! cmp -s '$work/got' '$work/first'"

id=$(fq submit --parsable --as json "$file" "$work/in/c.fq") && fq wait "$id" >/dev/null 2>&1
is "one file of two" "$(state_of "$id") $(cached "$id")" "CD 1"
id=$(fq submit --parsable --as json "$file" "$work/in/bad.fq"); fq wait "$id" >/dev/null 2>&1
is "a file that fails fails the job" "$(state_of "$id") $(cached "$id")" "F 1"
id=$(fq submit --parsable --as json "$work/in/bad.fq"); fq wait "$id" >/dev/null 2>&1
is "and is not kept" "$(state_of "$id")" F
touch "$work/in/new.fq"
anew "a file that was changed just now" "$work/in/new.fq"
touch "$work/in/new.fq"
anew "is not kept" "$work/in/new.fq"

# ---- cancelled before it is opened: nothing of the store is used
admin drain w1 && wait_until 20 node_is w1 '^drain$'
id=$(fq submit --parsable --as json "$file") && fq cancel "$id"
is "a cancelled job has nothing" "$(state_of "$id") $(cached "$id")" "CA 0"
admin resume w1

# ---- beyond a restart, and of a job that is gone
id_kept=$(fq submit --parsable --as json "$work/in/b.fq") && fq wait "$id_kept" 2>/dev/null
end_process "$pid_coord" KILL
coord_start --ping 200ms --dead 5s --verbose
wait_until 20 node_is w1 '^(idle|mixed)$'
again "behind a crash of the coordinator" "$work/in/b.fq"

# ---- cache list, stats, rm
fq cache list >"$work/list"
ok "list" grep -q "$work/in/b.fq" "$work/list"
ok "list --json" sh -c "'$ctl' cache list --json -h '$host' | grep -q '\"schema\":\"fqcluster.cache/1\"\|\"schema\": \"fqcluster.cache/1\"'"
ok "stats" sh -c "'$ctl' cache stats -h '$host' | grep -q '^Hits     1 '"
ok "stats --json" sh -c "'$ctl' cache stats --json -h '$host' | grep -q '\"schema\":\"fqcluster.cache_stats/1\"'"
ok "only an administrator takes them away" sh -c "! '$ctl' cache rm --all -h '$host' 2>'$work/err' && grep -q 'by an administrator only' '$work/err'"
again "so it is still there" "$work/in/b.fq"
ok "rm PATH" admin cache rm "$work/in/b.fq"
ok "the job that has it keeps it" fetched "$id_kept"
anew "what was taken away" "$work/in/b.fq"
ok "rm of what is not there" sh -c "! '$ctl' cache rm 999999 --socket '$state/ctl.sock' 2>'$work/err' && grep -q 'no result 999999 is kept' '$work/err'"
ok "rm ID" admin cache rm "$(fq cache list --no-header | awk -v p="$work/in/b.fq" '$NF == p { print $1 }')"
ok "rm --all" admin cache rm --all
is "none is left" "$(admin cache list --no-header)" ""
anew "all is counted again" "$work/in/c.fq"

# ---- another user's results: he gets the same, and hears of nobody
other() { FQ_KEYS=$work/other "$ctl" "$1" -h "$host" "${@:2}"; }
joins() { FQ_KEYS=$work/other "$ctl" join "$host" "$(admin token --role client)" >"$work/joined"; }
ok "another user joins" joins
id=$(other submit --parsable --as json "$work/in/c.fq") && other wait "$id" 2>/dev/null
is "he who can read the file gets the result" "$(other status --no-header "$id" | awk '{ print $4 }')" CH
other show "$id" >"$work/shown"
is "his list has that alone" "$(other cache list --no-header | wc -l)" 1

# ---- what is kept is for him alone who can read the file: here another one has the path
mkdir "$work/site" "$work/there"
cp "$work/in/c.fq" "$work/site/p.fq" && cp "$work/in/c.fq" "$work/there/p.fq"
wait_until 20 old_enough "$work/there/p.fq"
worker_start 2 -n 1 --roots "$work/site=$work/there"
admin drain w1 && wait_until 20 node_is w1 '^drain$'
anew "a file that the node has elsewhere" "$work/site/p.fq"
again "and again" "$work/site/p.fq"
tr A C <"$work/in/c.fq" >"$work/site/p.fq"
id=$(fq submit --parsable --as json "$work/site/p.fq"); fq wait "$id" >/dev/null 2>"$work/err"
is "who has another one there gets nothing" "$(state_of "$id") $(cached "$id")" "F 0"
ok "and is told what anybody is" grep -q 'no worker sees at' "$work/err"
end_process "${pid_worker[2]}" TERM
unset 'pid_worker[2]'
admin resume w1

# ---- bounds
end_process "$pid_coord" TERM
coord_start --ping 200ms --dead 5s --verbose --cache-size 1
wait_until 20 node_is w1 '^(idle|mixed)$'
anew "no room for a second one" "$work/in/b.fq"
is "so it is not kept" "$(admin cache list --no-header | grep -c b.fq)" 0
ok "but its job has it" fetched "$id"
end_process "$pid_coord" TERM
coord_start --ping 200ms --dead 5s --verbose --cache-size 0
wait_until 20 node_is w1 '^(idle|mixed)$'
anew "with cache_size 0" "$work/in/b.fq"
anew "nothing is kept" "$work/in/b.fq"
done_testing
