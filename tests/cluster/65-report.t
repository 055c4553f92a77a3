#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# FastQC's report from a cluster: the same bytes as counted on this machine, in every form, fetched anew without counting.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq

mkdir "$work/in" "$work/in/x" "$work/out" "$work/here" || exit 1
cd "$work/in" || exit 1
"$made" 20000 100 nova 8 trim >a.fq
"$made" 3000 150 hiseq 7 >b.fastq
cp b.fastq x/b.fq
gzip -c a.fq >c.fq.gz
head -c 20000 a.fq >cut.fq
printf 'Ours\tGATTACAGATTA\nTheirs\tCCCCCCCCCC\n' >adapters.txt
printf 'kmer\tignore\t0\ngc_sequence\tignore\t1\n' >limits.txt

run() { "$@" >"$work/stdout" 2>"$work/stderr"; status=$?; }
text_here() { "$ctl" qc --local -t 1 --slice-size 1T --as text "$@"; }

cluster_start
worker_start 1 -n 2
worker_start 2 -n 1
text_here a.fq >"$work/a.text"
text_here b.fastq >"$work/b.text"
ok "here: a report" grep -q '^>>Sequence Duplication Levels' "$work/a.text"

# the same bytes however the file is cut
for size in 1T 300K 50K; do
	run fq submit --wait --as text --slice-size $size a.fq
	ok "cluster, slices of $size: the same text" cmp "$work/stdout" "$work/a.text"
	run "$ctl" qc --local -t 3 --slice-size $size --as text a.fq
	ok "here, slices of $size: the same text" cmp "$work/stdout" "$work/a.text"
done
run fq submit --wait --as text c.fq.gz
ok "gzip: the same but for the name" cmp <(sed 's/^Filename\tc.fq.gz$/Filename\ta.fq/' "$work/stdout") "$work/a.text"
for options in "--compat 0.11.9" "-a adapters.txt" "-k 5 -l limits.txt" "--dup-length 4"; do
	# shellcheck disable=SC2086
	run fq submit --wait --as text --slice-size 70K $options a.fq
	# shellcheck disable=SC2086
	ok "$options: counted so on the cluster" cmp "$work/stdout" <(text_here $options a.fq)
	is "$options: exit 0" "$status" 0
	ok "$options: it makes a difference" bash -c '! cmp -s "$0" "$1"' "$work/stdout" "$work/a.text"
done

# a job is counted once and shown in many ways
id=$(fq submit --parsable --as text a.fq)
fq wait "$id" 2>/dev/null
for options in "" --nogroup --expgroup "--min_length 100" "--sample other" "--phred 64" "--compat 0.12.1"; do
	# shellcheck disable=SC2086
	run fq fetch --as text $options "$id"
	# shellcheck disable=SC2086
	ok "fetch $options: as counted so" cmp "$work/stdout" <(text_here $options a.fq)
done
for form in csv json html; do
	run fq fetch --as $form "$id"
	ok "fetch --as $form: the same bytes as here" cmp "$work/stdout" <("$ctl" qc --local --as $form a.fq)
done
run fq fetch --as text --compat 0.11.9 "$id"
is "fetch as another version: exit 64" "$status" 64
ok "and says as which it was counted" grep -q 'counted as FastQC 0.12.1' "$work/stderr"
run fq fetch --as text -l limits.txt "$id"
is "fetch with limits that ask for k-mers: exit 64" "$status" 64
ok "and says that there are none" grep -q k-mers "$work/stderr"
csv=$(fq submit --parsable a.fq)
fq wait "$csv" 2>/dev/null
run fq fetch --as text "$csv"
is "a report of a job for CSV: exit 64" "$status" 64
ok "and says for what it was counted" grep -q 'counted for csv only' "$work/stderr"
run fq show "$id" "$csv"
ok "show tells what a job counts" grep -q 'a report as FastQC 0.12.1' "$work/stdout"
ok "and of the other one" grep -q 'Counts  *means' "$work/stdout"

# FastQC's files
run fq qc -o "$work/out" a.fq b.fastq
is "qc with -h: exit 0" "$status" 0
is "tells each file as FastQC does" "$(sort "$work/stdout")" "$(printf 'Analysis complete for a.fq\nAnalysis complete for b.fastq')"
run "$ctl" qc --local -q -o "$work/here" a.fq b.fastq
is "-q tells nothing" "$(cat "$work/stdout" "$work/stderr")" ""
is "a zip and a page each" "$(ls "$work/out" | tr '\n' ' ')" "a_fastqc.html a_fastqc.zip b_fastqc.html b_fastqc.zip index.html "
ok "the same bytes as here" diff -r "$work/out" "$work/here"
ok "the zip has the text" cmp <(python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1])
names = "", "Icons/", "Images/", "summary.txt", "fastqc_report.html", "fastqc_data.txt" # and no pictures
assert z.namelist() == ["a_fastqc/" + name for name in names], z.namelist()
sys.stdout.buffer.write(z.read("a_fastqc/fastqc_data.txt"))' "$work/out/a_fastqc.zip") "$work/a.text"
run fq fetch --as fastqc --extract --delete --output-dir "$work/here" "$id"
ok "--extract --delete: a folder in place of the zip" test -d "$work/here/a_fastqc" -a ! -e "$work/here/a_fastqc.zip"
ok "with the text in it" cmp "$work/here/a_fastqc/fastqc_data.txt" "$work/a.text"
run "$ctl" qc --local b.fastq
ok "without a folder beside the input" test -s b_fastqc.zip -a -s b_fastqc.html
(cd "$work/here" && "$ctl" submit -h "$host" --wait --as fastqc "$work/in/x/b.fq") >/dev/null
ok "submit --as fastqc: into the current folder" cmp "$work/here/b_fastqc.zip" <(cd x && "$ctl" qc --local b.fq >/dev/null && cat b_fastqc.zip)

# what goes wrong
cp x/b.fq b.fq
for verb in submit "qc --local"; do
	# shellcheck disable=SC2086
	run fq $verb --as fastqc --output-dir "$work/out" b.fastq b.fq
	is "$verb: two inputs of one FastQC name in one folder: exit 64" "$status" 64
	ok "both are named" grep -q 'b.fastq and b.fq' "$work/stderr"
done
rm b.fq
for way in "-h $host" --local; do
	rm -rf "$work/out"
	mkdir "$work/out"
	# shellcheck disable=SC2086
	run "$ctl" qc $way -o "$work/out" cut.fq a.fq none.fq
	is "$way: two of three fail: the exit status is the first one's" "$status" 65
	ok "each is told" bash -c 'grep -q "cut.fq.*record" "$0" && grep -q "none.fq" "$0"' "$work/stderr"
	is "and the third has its files" "$(ls "$work/out" | tr '\n' ' ')" "a_fastqc.html a_fastqc.zip index.html "
done
run fq submit --wait --as text -a nowhere.txt a.fq
is "a list that is not there: exit 66" "$status" 66
run fq submit --wait --as text -a a.fq a.fq
is "a list that is none: exit 78" "$status" 78

# diff takes jobs in place of files; its folders are in one of the test's own, where no other program's are
mkdir "$work/tmp"
export TMPDIR=$work/tmp
a=$(fq submit --parsable --as text a.fq) b=$(fq submit --parsable --as fastqc b.fastq) means=$(fq submit --parsable --as csv a.fq)
both=$(fq submit --parsable --as text a.fq b.fastq)
fq wait "$a" "$b" "$means" "$both" 2>/dev/null
fq fetch --as text "$a" >"$work/a.txt" && fq fetch --as text "$b" >"$work/b.txt"
same_diff() { # same_diff OPTION...: of jobs as of files, but for the names
	"$ctl" diff "$@" "$work/a.txt" "$work/b.txt" | sed "s,$work/a.txt,$a,; s,$work/b.txt,$b," >"$work/want"
	test -s "$work/want" && fq diff "$@" "$a" "$b" | cmp - "$work/want"
}
ok "diff of two jobs" same_diff
ok "in JSON" same_diff --json
ok "of a job and a file" bash -c '"$1" diff -h "$2" "$3" "$4" | cmp - <("$1" diff "$5" "$4")' - "$ctl" "$host" "$a" "$work/b.txt" "$work/a.txt"
run fq diff "$a" "$both"
is "a job of two files: exit 64" "$status" 64
ok "and why" grep -q "job $both has 2 files" "$work/stderr"
run fq diff "$a" "$means"
is "a job without a report: exit 64" "$status" 64
run fq diff 999999 "$a"
ok "a job that is not there" test "$status" -ne 0
mkdir "$work/numbers" && cp "$work/b.txt" "$work/numbers/$a"
ok "a file of that name is the file" bash -c 'cd "$1" && "$2" diff "$3" "$4" >/dev/null' - "$work/numbers" "$ctl" "$a" "$work/a.txt"
is "nothing is left behind" "$(ls -A "$TMPDIR")" ""
done_testing
