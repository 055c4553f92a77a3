#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The index that a counted gzip stream leaves beyond the coordinator's end: a new job splits by it at once; one that was in the middle of
# the file, wherever the coordinator is killed, goes on by it, and what was counted behind a gap is not counted again; one that is
# wrong, or damaged, goes also then. Also of ten files of one job, and of groups. Results are those of one process, or of a job without it.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
no_cache=()
mkdir "$work/in" "$work/many" "$work/first" "$work/by_index" "$work/without"
"$made" 60000 100 hiseq 3 | gzip -6 >"$work/in/reads.fq.gz"
file=$work/in/reads.fq.gz
for i in 0 1 2 3 4 5 6 7 8 9; do
	"$made" 8000 100 hiseq 1$i | gzip -6 >"$work/many/S$((i / 5))_S1_L00$((i % 5 + 1))_R1_001.fastq.gz"
done
times=(--ping 200ms --dead 1m --straggler 1h --stall 1h)
newest=0 counted=0
old_enough() { # what was changed just now is not kept
	local name
	for name in "$file" "$work"/many/*; do (($(date +%s) - $(stat -c %Z "$name") > 3)) || return 1; done
}
# Each time with other adapters, of which no result is kept: $other.
another() {
	newest=$((newest + 1))
	other=$work/adapters$newest
	printf 'number %d\tACGTACGTACG%s\n' $newest "$(printf '%04d' $newest | tr 0-9 ACGTCAGTCA)" >"$other"
}
submit() { id=$(fq submit --parsable --as text --split-gzip always --slice-size 100000 -a "$other" "$@"); }
same() { # same: the job ends, and comes to what one process counts
	"$ctl" qc --local --split-gzip never --as text -a "$other" --output "$work/want" "$file" 2>"$work/err" || return 1
	fq wait "$id" 2>"$work/err" && fq fetch "$id" --as text --output "$work/got" 2>>"$work/err" || { diag <"$work/err"; return 1; }
	cmp "$work/got" "$work/want"
	set -- $?
	rm -f "$work/got"
	return "$1"
}
indexed() { # indexed [N]: so many at least, and all that were cut
	fq show "$id" >"$work/shown"
	local n
	n=$(grep -c 'one stream cut every .*, by the index that an earlier job has left$' "$work/shown")
	[ "$n" -ge "${1:-1}" ] && [ "$n" -eq "$(grep -c 'Read as' "$work/shown")" ]
}
cut_anew() { fq show "$id" | grep -q 'one stream cut every .* inflated'; }
gave_up() { fq show "$id" | grep -q 'one slice: its slices did not go together'; }
scouts() { cat "$work"/worker*.log | grep -c 'was counted out of its text'; }
indices() { admin cache list --json | grep -o '"index_bytes": *[1-9]' | wc -l; } # results that have one
in_state() { fq show --slices "$id" | awk -v s="$1" '$0 ~ " " s { n++ } END { print n + 0 }'; }
idle() { node_is w1 '^idle$' && node_is w2 '^idle$'; }
killed() {
	end_process "$pid_coord" KILL
	[ $# -eq 0 ] || "$@"
	coord_start "${times[@]}"
}
workers_idle() { wait_until 20 idle || { admin nodes | diag; return 1; }; }

cluster_start "${times[@]}"
worker_start 1 -n 1 --verbose
worker_start 2 -n 2 --verbose
wait_until 20 old_enough
another
submit "$file"
ok "a file that was never seen: the report of one process" same
ok "scouts have found where slices begin" cut_anew
none=$(scouts)
ok "some were counted out of their text: $none" test "$none" -gt 3

# ---- a new job
for how in KILL TERM; do
	end_process "$pid_coord" $how
	coord_start "${times[@]}"
	another
	submit "$file"
	ok "behind SIG$how, with other adapters: the same as one process counts" same
	ok "by the index" indexed
done
is "nothing was inflated before it was counted" "$(scouts)" "$none"

# ---- a job in the middle of the file

# gap: its first slice is counted, one stands still with worker 1, and worker 2 has counted what it may behind it.
gap() {
	workers_idle && admin drain w1 && wait_until 20 node_is w1 '^drain$' && hold 2 || return 1
	another
	submit "$file" && wait_until 20 on_node w2 || return 1
	admin resume w1 && wait_until 20 node_is w1 '^idle$' && hold 1 && let_go 2 || return 1
	wait_until 20 on_node w1 && wait_until 60 node_is w2 '^idle$' || return 1
	admin drain w2 && admin resume w2 || return 1 # an answer leaves when all before it is durable
	counted=$(in_state counted)
	[ "$counted" -gt 3 ] || { fq show --slices "$id" | diag; return 1; }
}
on_node() { fq show --slices "$id" | grep -q "running  *$1"; }
heard() { wait_until 20 node_is w1 '^(idle|mixed|alloc)$' && wait_until 20 node_is w2 '^(idle|mixed|alloc)$'; }
not_fewer() { [ "$(in_state counted)" -ge "$counted" ] || { fq show --slices "$id" | diag; return 1; }; }
ok "a slice stands still, those behind it are counted" gap
killed
ok "the coordinator is killed: they still are ($counted)" not_fewer
ok "the index is asked on" indexed
heard
let_go 1
ok "the same as one process counts" same
ok "all of it by the index" indexed
is "still nothing was inflated before" "$(scouts)" "$none"

if [ "$FQ_FAILPOINTS" != yes ]; then
	skip "deaths at certain points: this build has no failpoints"
else
	fell() { wait_until 30 not_there && { wait "$pid_coord"; [ $? -eq 137 ]; }; } 2>/dev/null
	not_there() { ! kill -0 "$pid_coord"; }
	struck() { # struck POINT[:PASS]: the coordinator is killed there, in the middle of a job that is to use the index
		local client
		workers_idle || return 1
		end_process "$pid_coord" KILL
		FQ_FAILPOINT=${1/:/:kill:} coord_start "${times[@]}"
		workers_idle || return 1
		another
		fq submit --parsable --as text --split-gzip always --slice-size 100000 -a "$other" "$file" >"$work/id" 2>"$work/err" &
		client=$!
		fell || { echo "nothing passed there" | diag; return 1; }
		coord_start "${times[@]}"
		wait $client || { diag <"$work/err"; return 1; }
		id=$(cat "$work/id")
		same
	}
	struck_indexed() { struck "$1" && indexed; }
	for point in plan-saved:1 task-sent:1 result-saved:1 result-saved:7 commit-before:2 commit-after:2 merged:1 file-saved:1; do
		ok "killed at $point: the same, by the index" struck_indexed $point
	done
	is "nothing was inflated before it was counted" "$(scouts)" "$none"
fi

# ---- an index that is wrong

if ! command -v python3 >/dev/null; then
	skip "an index that is wrong: there is no python3"
else
	# What it tells of the text of slices, or its version, is not so. Numbers of 64 bits are behind two bytes: text is the fourth.
	spoil() {
		python3 - "$state/fqcluster.db" "$1" <<-'END'
			import sqlite3, sys
			base = sqlite3.connect(sys.argv[1])
			for kept, n, data in base.execute("SELECT kept, slice, bytes FROM seek WHERE slice > 0").fetchall():
			    data = bytearray(data)
			    if sys.argv[2] == "damaged":
			        data[0] = 99
			    else:
			        for at in (2 + 8 * 3, 2 + 8 * 4):
			            data[at:at + 8] = (int.from_bytes(data[at:at + 8], "little") - 5).to_bytes(8, "little")
			    base.execute("UPDATE seek SET bytes = ? WHERE kept = ? AND slice = ?", (bytes(data), kept, n))
			base.commit()
		END
	}
	first() { # one index alone is left, of a job that found all by scouts
		admin cache rm --all >/dev/null
		another
		submit "$file" && same && cut_anew && [ "$(indices)" = 1 ]
	}
	for what in wrong damaged; do
		ok "an index alone" first
		killed spoil $what
		another
		submit "$file"
		ok "it is $what when a new job finds it: the same as one process counts" same
		if [ $what = wrong ]; then
			ok "counted anew in one slice" gave_up
			is "and it is gone" "$(indices)" 0
		else
			ok "scouts go on" cut_anew
			is "it is gone, and the new one there" "$(indices)" 1
		fi

		if [ "$FQ_FAILPOINTS" != yes ]; then
			skip "killed before that is durable: this build has no failpoints"
		else
			ok "another one alone" first
			killed spoil $what
			point=$([ $what = wrong ] && echo forgotten:1 || echo plan-saved:2)
			ok "it is $what, and the coordinator is killed at $point: the same" struck $point
			is "it is gone" "$(indices)" $([ $what = wrong ] && echo 0 || echo 1)
		fi

		ok "another one alone" first
		ok "a slice stands still, those behind it are counted" gap
		killed spoil $what
		is "it is $what when the job is loaded: is it kept?" "$(indices)" $([ $what = damaged ] && echo 0 || echo 1)
		heard
		let_go 1
		ok "the same as one process counts" same
		ok "not by the index" eval '! indexed'
		is "it is gone" "$(indices)" $([ $what = wrong ] && echo 0 || echo 1)
	done
fi

# ---- many files
report() { # report NAME OPTION...: of all of them, with groups, into a folder
	submit --merge all "${@:2}" "$work"/many/* && fq wait "$id" 2>"$work/err" &&
		fq fetch "$id" --as text --output-dir "$work/$1" 2>>"$work/err" || { diag <"$work/err"; return 1; }
}
admin cache rm --all >/dev/null
another
ok "ten files and their groups" report first
none=$(scouts)
is "each leaves an index" "$(indices)" 10
killed
another
ok "behind SIGKILL, with other adapters" report by_index
ok "each by its index, also where it is counted again for a group" indexed 11
is "nothing was inflated before it was counted" "$(scouts)" "$none"
ok "without kept results" report without --no-cache --split-gzip never
ok "comes to the same, for files and groups" diff -r "$work/by_index" "$work/without"
done_testing
