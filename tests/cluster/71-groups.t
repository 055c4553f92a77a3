#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Groups of files (--merge): the report of each is that of `cat` of its files, to the byte, on three nodes and here (--local), for plain
# files, gzip and BGZF, for any size of slices; those of the files are as without. Also when the coordinator or workers are killed while
# members are counted a second time; and a member that fails fails its groups alone, with a sentence.
#
# The lanes have copies of each other's reads, many of one sequence, several tiles, and together more than 100,000 different ones:
# they are completed by the second file of A, and by the first one of B.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
in=$work/in && mkdir "$in" "$work/want" "$work/cat"
sizes=(0 1M 64K) few=
pings=(--ping 200ms --dead 1m) # who is killed is gone with his connection, and nobody else is, however busy the machine
if [ "${FQ_SANITIZERS:-}" = yes ]; then
	sizes=(64K) few=3
	diag <<<"sanitizers make this slow: slices of one size, and one death at each point"
fi

lane() { "$made" "$2" "$3" hiseq "$4" trim >"$in/$1"; }
lane A_S1_L001_R1_001.fastq 60000 101 1
lane A_S1_L002_R1_001.fastq 90000 101 2
{ "$made" 30001 101 hiseq 3 && head -n 80000 "$in/A_S1_L001_R1_001.fastq"; } >"$in/A_S1_L003_R1_001.fastq"
: >"$in/A_S1_L004_R1_001.fastq"
lane A_S1_L001_R2_001.fastq 60000 90 11
lane A_S1_L002_R2_001.fastq 9 90 12
lane B_S2_L001_R1_001.fastq 130000 60 4
lane B_S2_L002_R1_001.fastq 12345 60 5
gzip "$in/A_S1_L002_R1_001.fastq"
if command -v bgzip >/dev/null; then bgzip "$in/B_S2_L001_R1_001.fastq"; fi
cd "$in" || exit 1
files=(*)
[ "${#files[@]}" = 8 ] || { echo "Bail out! no room for the files in $work"; exit 1; }

text() { for f in "$@"; do case $f in *.gz) zcat "$f" ;; *) cat "$f" ;; esac; done; }
text A_S1_L00?_R1* >"$work/cat/A_R1"
text A_S1_L00?_R2* >"$work/cat/A_R2"
text B_S2_L00?_R1* >"$work/cat/B_R1"
cat "$work/cat/A_R1" "$work/cat/B_R1" >"$work/cat/all_R1"
groups="A_R1 A_R2 B_R1 all_R1"
"$ctl" qc --local -q --threads 1 --kmers 7 -o "$work/want" "$work"/cat/* "$in"/* 2>"$work/err"
is "reports to compare with" "$(find "$work/want" -name '*.zip' | wc -l)" 12

same() { # same DIR NAME...
	local dir=$1 name
	shift
	for name; do
		cmp "$dir/${name}_fastqc.zip" "$work/want/${name}_fastqc.zip" && cmp "$dir/${name}_fastqc.html" "$work/want/${name}_fastqc.html" || return 1
	done
}
files_same() { for f in "${files[@]}"; do f=${f%.gz} && same "$1" "${f%.fastq}" || return 1; done; }
# shellcheck disable=SC2086
groups_same() { same "$1" $groups; }
told() { fq show --json "$1" | python3 -c "import json, sys; j = json.load(sys.stdin)
for f in j['files']: print(f['role'], f['state'], f['path'].rsplit('/', 1)[-1])"; }

# ---- here

mkdir "$work/here"
ok "here" "$ctl" qc --local -q --kmers 7 --slice-size 1M --threads 3 --merge all -o "$work/here" "${files[@]}"
ok "here: the groups" groups_same "$work/here"
ok "here: the files" files_same "$work/here"
is "here: nothing else" "$(find "$work/here" -name '*.zip' | wc -l)" 12

# ---- three nodes

cluster_start "${pings[@]}"
for w in 1 2 3; do worker_start $w -n 2; done
qc() { # qc DIR OPTION...
	rm -rf "$work/$1" && mkdir "$work/$1"
	fq qc -q --kmers 7 -o "$work/$1" "${@:2}"
}
for size in "${sizes[@]}"; do
	ok "slices of $size" qc got --slice-size $size --merge all "${files[@]}"
	ok "slices of $size: the groups" groups_same "$work/got"
	ok "slices of $size: the files" files_same "$work/got"
done
ok "samples alone" qc got --merge sample "${files[@]}"
ok "samples alone: the groups" same "$work/got" A_R1 A_R2 B_R1
is "samples alone: nothing of the run" "$(find "$work/got" -name 'all*')" ""
ok "none" qc got "${files[@]}"
ok "none: the files" files_same "$work/got"
is "none: nothing else" "$(find "$work/got" -name '*.zip' | wc -l)" 8

id=$(fq submit --parsable --as fastqc --kmers 7 --merge all "${files[@]}")
ok "in two steps" fq wait "$id"
mkdir "$work/fetched"
ok "in two steps: fetched" fq fetch "$id" --as fastqc,text,json,html,csv --output-dir "$work/fetched"
ok "in two steps: the groups" groups_same "$work/fetched"
is "each form has each group" "$(cd "$work/fetched" && ls A_R1.* all_R1.* | tr '\n' ' ')" \
	"A_R1.csv A_R1.fastqc_data.txt A_R1.html A_R1.json all_R1.csv all_R1.fastqc_data.txt all_R1.html all_R1.json "
is "show tells of the groups" "$(told "$id" | grep group | tr '\n' ';')" \
	"group COMPLETED A_R1;group COMPLETED A_R2;group COMPLETED B_R1;group COMPLETED all_R1;"
is "and of each member that was counted again" "$(fq show "$id" | grep -c "again for group")" 10
is "the job's files are those that were submitted" "$(fq status --all --no-header -o FILES | tail -n 1 | tr -d ' ')" 8
ok "means alone" fq submit --merge sample --as csv --output-dir "$work/fetched" "${files[@]}"
ok "means alone: as of cat" cmp "$work/fetched/A_R1.csv" <("$ctl" qc --local -q --as csv "$work/cat/A_R1")

# ---- a member that fails

{ head -n 400 "$in/A_S1_L001_R1_001.fastq" && echo "no FASTQ"; } >"$work/A_S1_L009_R1_001.fastq"
qc got --merge all "${files[@]}" "$work/A_S1_L009_R1_001.fastq" 2>"$work/err"
is "a member is no FASTQ: exit status" $? 65
ok "its groups say so" grep -q "A_R1: there is no report of this group, since one of its files has failed: .*A_S1_L009_R1_001.fastq" "$work/err"
ok "all of them" grep -q "all_R1: there is no report of this group" "$work/err"
ok "the other groups are there" same "$work/got" A_R2 B_R1
is "those are not" "$(find "$work/got" -name 'A_R1*' -o -name 'all_R1*')" ""
qc got --local --merge all "${files[@]}" "$work/A_S1_L009_R1_001.fastq" 2>"$work/err"
is "here: exit status" $? 65
ok "here: its groups say so" grep -q "A_R1: there is no report of this group, since one of its files has failed: .*A_S1_L009_R1_001.fastq" "$work/err"
ok "here: the other groups are there" same "$work/got" A_R2 B_R1

cp A_S1_L001_R1_001.fastq "$work/odd.fastq"
qc got --merge all "${files[@]}" "$work/odd.fastq" 2>"$work/err"
is "a name that does not say its read: exit status" $? 64
ok "it is told" grep -q "the name of .*odd.fastq does not say which read of a pair it has" "$work/err"

# ---- the same names in two folders

mkdir -p "$work/runs/run1" "$work/runs/run2/deep"
cp A_S1_L001_R1_001.fastq "$work/runs/run1/"
cp B_S2_L002_R1_001.fastq "$work/runs/run2/deep/A_S1_L001_R1_001.fastq"
cp B_S2_L002_R1_001.fastq "$work/runs/run2/"
for where in --local ""; do
	# shellcheck disable=SC2086
	ok "two of one name $where" qc got $where "$work"/runs/run1/* "$work"/runs/run2/*.fastq "$work"/runs/run2/deep/*
	is "each in a folder of its own, others are not $where" "$(cd "$work/got" && find . -name '*.zip' | sort | tr '\n' ' ')" \
		"./B_S2_L002_R1_001_fastqc.zip ./run1/A_S1_L001_R1_001_fastqc.zip ./run2/deep/A_S1_L001_R1_001_fastqc.zip "
	ok "the right ones $where" same "$work/got/run1" A_S1_L001_R1_001
	is "the page leads to them $where" "$(grep -o 'href="run[^"#]*"' "$work/got/index.html" | sort -u | tr '\n' ' ')" \
		'href="run1/A_S1_L001_R1_001_fastqc.html" href="run2/deep/A_S1_L001_R1_001_fastqc.html" '
done
"$ctl" qc --local -o "$work/got" "$work/runs/run1/A_S1_L001_R1_001.fastq" "$work/runs/run1/../run1/A_S1_L001_R1_001.fastq" 2>"$work/err"
is "one file twice is refused" $? 64

# ---- the page of the run

ok "a page" qc got --as fastqc,tsv --merge all "${files[@]}"
is "the table says how many files a group has" "$(cut -f2,4,6,27 "$work/got/run.tsv" | grep -E '^(sample|all|A)' | tr '\t\n' ' ;')" \
	"sample read reads files;A R1 200001 4;A R2 60009 2;A R1 60000 1;A R2 60000 1;A R1 90000 1;A R2 9 1;A R1 50001 1;A R1 0 1;all R1 342346 6;"
ok "the page's totals are of the files alone" grep -q '<h1>2 samples, 8 files</h1>' "$work/got/index.html"

# ---- results that are kept

end_process "$pid_coord" TERM
no_cache=()
coord_start "${pings[@]}"
wait_until 20 node_is w3 '^idle$'
doze 2.1 # what was changed just now is not kept
for times in 1 2; do
	ok "kept, time $times" qc got --merge all "${files[@]}"
	ok "kept, time $times: the groups" groups_same "$work/got"
	ok "kept, time $times: the files" files_same "$work/got"
done
is "the second time the files were known" "$(fq show --json "$(fq status --all --no-header -o ID | sort -n | tail -n 1)" |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["files_cached"])')" 8
last() { fq status --all --no-header -o ID | sort -n | tail -n 1; }
state_of() { fq status --all --no-header -o ID,ST "$(last)" | awk '{ print $2 }'; }
is "and its groups: nothing was counted" "$(state_of) $(fq show "$(last)" | grep -c '^  Group [0-9]* *CACHED')" "CH 4"
is "the list has them beside their first files" "$(admin cache list --no-header | awk '{ print $NF }' | grep -c "^$in/\(A_R1\|A_R2\|B_R1\|all_R1\)$")" 4
end_process "$pid_coord" KILL
coord_start --ping 200ms --dead 2s
wait_until 20 node_is w3 '^idle$'
ok "kept, of fewer groups, behind a crash" qc got --merge sample "${files[@]}"
is "kept, of fewer groups: nothing was counted" "$(state_of)" CH
ok "kept, of fewer groups: the groups" same "$work/got" A_R1 A_R2 B_R1
ok "kept: not where that is not wanted" qc got --merge sample --no-cache A_S1_L00?_R2*
is "kept: not where that is not wanted: it is counted" "$(state_of)" CD
ok "kept: not of fewer members" qc got --merge sample A_S1_L002_R1* A_S1_L003_R1*
text A_S1_L002_R1* A_S1_L003_R1* >"$work/cat/fewer"
"$ctl" qc --local -q --kmers 7 --as text --sample A_R1 "$work/cat/fewer" >"$work/fewer"
"$ctl" fetch -h "$host" --as text --output-dir "$work/fetched" "$(last)"
ok "kept: not of fewer members: as of cat" cmp "$work/fetched/A_R1.fastqc_data.txt" "$work/fewer"
ok "kept: a report's members are none of means" fq submit --wait --merge sample --as csv --output-dir "$work/fetched" A_S1_L00?_R1*
ok "kept: means as of cat" cmp "$work/fetched/A_R1.csv" <("$ctl" qc --local -q --as csv "$work/cat/A_R1")
admin cache rm "$in/A_R2" >/dev/null
ok "kept: one group is taken away" qc got --merge sample "${files[@]}"
is "kept: it alone is counted" "$(state_of) $(fq show "$(last)" | grep -c '^  Group [0-9]* *CACHED')" "CD 2"
ok "kept: it alone is counted: the same" same "$work/got" A_R1 A_R2 B_R1
cp "$work/in/A_S1_L002_R2_001.fastq" "$work/saved"
tr A C <"$work/saved" >"$in/A_S1_L002_R2_001.fastq"
doze 2.1
ok "kept: a member has changed" qc got --merge sample "${files[@]}"
is "kept: a member has changed: its group is counted" "$(state_of) $(fq show "$(last)" | grep -c '^  Group [0-9]* *CACHED')" "CD 2"
ok "kept: a member has changed: the others are the same" same "$work/got" A_R1 B_R1
ok "kept: a member has changed: it is another report" sh -c "! cmp -s '$work/got/A_R2_fastqc.zip' '$work/want/A_R2_fastqc.zip'"
cat "$work/saved" >"$in/A_S1_L002_R2_001.fastq"
end_process "$pid_coord" TERM
no_cache=(--cache-size 0)
coord_start "${pings[@]}"

# ---- ends on the way

if [ "$FQ_FAILPOINTS" != yes ]; then
	skip "ends on the way: this build has no failpoints"
else
	end_process "$pid_coord" TERM
	FQ_FAILPOINT=group-idle:on coord_start --ping 200ms --dead 2s
	wait_until 20 node_is w3 '^idle$'
	id=$(fq submit --parsable --merge sample A_S1_L00?_R2*)
	members_done() { [ "$(timeout 10 "$ctl" show -h "$host" --json "$id" | grep -o '"files_done":2' | wc -l)" -eq 1 ]; }
	ok "while a group is merged for long, questions are answered" wait_until 30 members_done
	ok "again and again" timeout 20 "$ctl" ping -h "$host"
	is "and the job goes on" "$(fq status --no-header -o ST "$id" | tr -d ' ')" R
	ok "a job whose group is merged can be cancelled" timeout 20 "$ctl" cancel -h "$host" "$id"
	is "and is" "$(fq status --all --no-header -o ST "$id" | tr -d ' ')" CA
	id=$(fq submit --parsable --merge sample --as fastqc --kmers 7 A_S1_L00?_R2*)
	wait_until 30 members_done
	end_process "$pid_coord" KILL
	coord_start --ping 200ms --dead 2s
	ok "killed while a group is merged: the job completes" fq wait "$id"
	for point in merged again-planned file-saved; do # of the second there are as many as groups, at least
		turns="1 3 $([ $point = again-planned ] && echo 4 || echo 12)"
		for times in ${few:-$turns}; do
			end_process "$pid_coord" TERM
			FQ_FAILPOINT=$point:kill:$times coord_start "${pings[@]}"
			wait_until 20 node_is w3 '^idle$'
			id=$(fq submit --parsable --as fastqc --kmers 7 --slice-size 1M --merge all "${files[@]}" 2>/dev/null)
			wait_until 120 sh -c "! kill -0 $pid_coord" ||
				ok "the coordinator ends at its ${times}th $point" false
			end_process "$pid_coord" KILL
			coord_start "${pings[@]}"
			[ -n "$id" ] || id=$(fq status --all --no-header -o ID | sort -n | tail -n 1)
			ok "killed at $point, $times: the job completes" fq wait "$id"
			rm -rf "$work/got" && mkdir "$work/got"
			fq fetch "$id" --as fastqc --output-dir "$work/got"
			ok "killed at $point, $times: the same reports" groups_same "$work/got"
		done
	done
fi
ok "nothing in the log is an error" test -z "$(grep -i 'cannot be merged\|cannot follow\|tells of bytes' "$work"/*.log)"
done_testing
