#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl watch --merge: the files of a sample in one folder are one job, once each of them is complete or the run's mark is there, and its
# groups have the reports of `cat` of their files, to the byte. A file that comes later makes another job of its sample, and of no other.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
run=$work/run out=$work/out watcher=
mkdir -p "$run/p" "$out" "$work/in" "$work/cat" "$work/want"

lane() { "$made" "$2" 60 hiseq "$3" trim >"$work/in/$1"; }
lane A_S1_L001_R1_001.fastq 3000 1
lane A_S1_L001_R2_001.fastq 3000 2
lane A_S1_L002_R1_001.fastq 2000 3
lane A_S1_L002_R2_001.fastq 2000 4
lane A_S1_L003_R1_001.fastq 500 5
lane B_S2_L001_R1_001.fastq 1500 6
lane B_S2_L002_R1_001.fastq 1500 7
gzip "$work/in/A_S1_L002_R1_001.fastq"

watch_start() { # watch_start OPTION...
	"$ctl" watch -h "$host" --as text,fastqc -o "$out" "$@" >>"$work/lines" 2>>"$work/said" {never}>&- &
	watcher=$!
	pid_worker[90]=$! # ended with the test
}
watch_end() { kill -TERM "$watcher" 2>/dev/null; wait "$watcher"; }
put() { for f in "${@:2}"; do cp "$work/in/$f" "$work/put" && mv "$work/put" "$run/$1/$f"; done; }
has_line() { grep -q "^[0-9]*	$run/$1	$2\$" "$work/lines"; } # has_line PATH STATE
job_of() { grep "	$run/$1	" "$work/lines" | tail -n 1 | cut -f1; }
lines_n() { grep -c "	$run/$1	" "$work/lines"; }
jobs_n() { admin status --all --no-header | wc -l; }
fresh() { : >"$work/lines"; : >"$work/said"; }
# as_cat DIR NAME FILE...: the group's report is that of `cat` of the files
as_cat() {
	local dir=$1 name=$2
	for f in "${@:3}"; do case $f in *.gz) zcat "$work/in/$f" ;; *) cat "$work/in/$f" ;; esac; done >"$work/cat/$name"
	"$ctl" qc --local -q --as text,fastqc -o "$work/want" "$work/cat/$name"
	cmp "$out/$dir/$name.fastqc_data.txt" "$work/want/$name.fastqc_data.txt" && cmp "$out/$dir/${name}_fastqc.zip" "$work/want/${name}_fastqc.zip"
}

cluster_start
worker_start 1 -n 2

# ---- by settling: a mate that is not there for long is waited for as long as files come

fresh
watch_start --merge sample --settle 3s --every 1h "$run"
put p A_S1_L001_R1_001.fastq
doze 1.5
put p A_S1_L001_R2_001.fastq
doze 1.5
put p A_S1_L002_R1_001.fastq.gz B_S2_L001_R1_001.fastq
doze 1.5
is "what is complete waits for its sample" "$(cat "$work/lines")$(jobs_n)" 0
put p A_S1_L002_R2_001.fastq B_S2_L002_R1_001.fastq
ok "a group has its line" wait_until 60 has_line p/A_R2 COMPLETED
ok "so has one of the other sample" wait_until 60 has_line p/B_R1 COMPLETED
ok "and each file" has_line p/A_S1_L002_R2_001.fastq COMPLETED
is "a sample is one job" "$(for f in A_S1_L001_R1_001.fastq A_S1_L002_R2_001.fastq A_R1 A_R2; do job_of "p/$f"; done | sort -u | wc -l)" 1
is "another one is another" "$(jobs_n)" 2
ok "R1, as of cat" as_cat p A_R1 A_S1_L001_R1_001.fastq A_S1_L002_R1_001.fastq.gz
ok "R2, as of cat" as_cat p A_R2 A_S1_L001_R2_001.fastq A_S1_L002_R2_001.fastq
ok "the other sample, as of cat" as_cat p B_R1 B_S2_L001_R1_001.fastq B_S2_L002_R1_001.fastq
ok "files have their reports" test -s "$out/p/A_S1_L001_R1_001_fastqc.zip" -a -s "$out/p/B_S2_L002_R1_001.fastq.fastqc_data.txt"

# ---- another lane comes later

put p A_S1_L003_R1_001.fastq
again() { [ "$(lines_n p/A_R1)" -eq 2 ]; }
ok "a lane that comes later: its sample again" wait_until 60 again
ok "with it, as of cat" as_cat p A_R1 A_S1_L001_R1_001.fastq A_S1_L002_R1_001.fastq.gz A_S1_L003_R1_001.fastq
is "one job more; nothing of the other sample" "$(jobs_n) $(lines_n p/B_R1)" "3 1"

# ---- files that are taken away make nothing new, and who watches anew submits nothing again

rm "$run/p/B_S2_L001_R1_001.fastq"
touch "$run/p/A_S1_L003_R2_001.txt"
doze 1.5
watch_end
put p B_S2_L001_R1_001.fastq
touch -r "$work/in/B_S2_L001_R1_001.fastq" "$run/p/B_S2_L001_R1_001.fastq" # not as it was: it is another one
stamp=$(stat -c %y "$out/p/A_R1_fastqc.zip")
fresh
watch_start --merge sample --settle 1s --every 1h "$run"
ok "anew: the one with a new file" wait_until 60 has_line p/B_R1 COMPLETED
watch_end
is "and nothing else" "$(jobs_n) $(lines_n p/A_R1)" "4 0"
is "nor written" "$(stat -c %y "$out/p/A_R1_fastqc.zip")" "$stamp"
rm "$out/p/A_R1_fastqc.zip"
fresh
fq watch --once --as text,fastqc -o "$out" --merge sample --settle 0 "$run" >/dev/null
is "once: exit 0" $? 0
ok "a group's result that was taken away is fetched" as_cat p A_R1 A_S1_L001_R1_001.fastq A_S1_L002_R1_001.fastq.gz A_S1_L003_R1_001.fastq
is "of the job that there is" "$(jobs_n)" 4
rm "$run/p/A_S1_L003_R1_001.fastq"
watch_start --merge sample --settle 0 --every 500ms "$run"
doze 1.5
rm "$run/p/B_S2_L002_R1_001.fastq"
before=$(jobs_n)
doze 1.5
is "files that go while it watches make no job" "$(jobs_n)" "$before"
watch_end

# ---- by the run's mark, all files of a folder, one of which is bad

mkdir -p "$run/q/x"
put q A_S1_L001_R1_001.fastq B_S2_L001_R1_001.fastq
put q/x A_S1_L002_R2_001.fastq
printf '@r\nACGT\n+\nIIII\nnothing\n' >"$run/q/x/A_S1_L001_R2_001.fastq"
fresh
watch_start --merge all --settle 1h "$run/q"
doze 1
is "no mark: nothing" "$(cat "$work/lines")" ""
: >"$run/q/CopyComplete.txt"
ok "with a mark: all files of a folder as one" wait_until 60 has_line q/all_R1 COMPLETED
is "of one job" "$(for f in A_S1_L001_R1_001.fastq B_S2_L001_R1_001.fastq all_R1; do job_of "q/$f"; done | sort -u | wc -l)" 1
ok "a folder below is another job" wait_until 60 has_line q/x/A_R2 FAILED
ok "of which the good file is there" has_line q/x/A_S1_L002_R2_001.fastq COMPLETED
ok "and the bad one is not" has_line q/x/A_S1_L001_R2_001.fastq FAILED
ok "both failures are told" sh -c "grep -q 'A_S1_L001_R2_001.fastq' '$work/said' && grep -q 'A_R2: there is no report of this group' '$work/said'"
watch_end
out=$out/ # below the folder that is watched
ok "as of cat" as_cat . all_R1 A_S1_L001_R1_001.fastq B_S2_L001_R1_001.fastq
ok "the good file's report is there" test -s "$out/x/A_S1_L002_R2_001_fastqc.zip" -a ! -e "$out/x/A_R2_fastqc.zip"

# ---- a file that turns bad: what was written of it and of its group before is told, and stands

cp "$out/x/A_S1_L002_R2_001_fastqc.zip" "$work/old.zip"
put q/x A_S1_L001_R2_001.fastq
fresh
fq watch --once --as text,fastqc -o "$out/x" --merge all --settle 0 "$run/q/x" >"$work/lines" 2>"$work/said"
is "mended: exit 0" $? 0
ok "nothing is old" sh -c "! grep -q 'was before' '$work/said'"
printf '@r\nACGT\n+\nIIII\nnothing\n' >"$run/q/x/A_S1_L001_R2_001.fastq"
fq watch --once --as text,fastqc -o "$out/x" --merge all --settle 0 "$run/q/x" >"$work/lines" 2>"$work/said"
is "damaged: exit status" $? 65
old() { grep -q "/x/$1[^ ]* is of what .*/x/$2 was before; take it away" "$work/said"; }
ok "the file's former report is told" old A_S1_L001_R2_001 A_S1_L001_R2_001.fastq
ok "that of its group is" old A_R2 A_R2
ok "that of the good file is not" sh -c "! grep -q 'A_S1_L002_R2_001.fastq was before' '$work/said'"

# ---- a file that cannot be read here: its sample waits for it, another one does not

nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/ FQ_KEYS="$work/nobody") # in the background it is the process itself
as() { "${nobody[@]}" "$@"; }
if [ "$(id -u)" -eq 0 ] && chmod 711 "$work" && as test -r "$work/in/A_S1_L001_R2_001.fastq" && as test -x "$ctl" 2>/dev/null; then
	mkdir -p "$work/nobody/out" "$run/u"
	chown -R 65534:65534 "$work/nobody"
	as "$ctl" join -h "$host" "$(admin token --role client)" >/dev/null
	put u A_S1_L001_R1_001.fastq A_S1_L001_R2_001.fastq B_S2_L001_R1_001.fastq
	chmod 600 "$run/u/A_S1_L001_R1_001.fastq"
	as "$ctl" watch -h "$host" --once --as text -o "$work/nobody/out" --merge sample --settle 0 "$run/u" >"$work/lines" 2>"$work/said"
	is "one cannot be read: exit status" $? 66
	is "its sample is refused" "$(grep -c "^-	$run/u/A_S1_L001_R[12]_001.fastq	REFUSED\$" "$work/lines")" 2
	ok "the other one is counted" has_line u/B_S2_L001_R1_001.fastq COMPLETED
	ok "why" grep -q "A_S1_L001_R1_001.fastq cannot be opened: Permission denied" "$work/said"
	ok "and that the rest waits for it" grep -q "the 2 files that are counted together with .* were not submitted" "$work/said"
	is "no line says nothing, or too much" "$(grep -cE '^fqctl: *\$|nothing was submitted' "$work/said")" 0
	fresh
	"${nobody[@]}" "$ctl" watch -h "$host" --as text -o "$work/nobody/out" --merge sample --settle 0 --every 500ms "$run/u" >>"$work/lines" 2>>"$work/said" {never}>&- &
	watcher=$!
	pid_worker[90]=$watcher
	ok "while it watches it is refused" wait_until 30 grep -q REFUSED "$work/lines"
	chmod 644 "$run/u/A_S1_L001_R1_001.fastq"
	ok "and counted as soon as it can be read" wait_until 60 has_line u/A_S1_L001_R1_001.fastq COMPLETED
	watch_end
else
	skip "a file that cannot be read here: needs root, and a build that nobody may read"
fi

# ---- names

mkdir "$run/n"
put n A_S1_L001_R1_001.fastq A_S1_L002_R2_001.fastq
cp "$work/in/B_S2_L001_R1_001.fastq" "$run/n/odd.fastq"
fresh
fq watch --once --as text -o "$out" --merge all --settle 0 "$run/n" >"$work/lines" 2>"$work/said"
is "all, and a name that does not say its read: exit status" $? 64
ok "it is refused" grep -q "^-	$run/n/odd.fastq	REFUSED" "$work/lines"
ok "and told" grep -q "does not say which read of a pair" "$work/said"
fq watch --once --as text -o "$out" --merge sample --settle 0 "$run/n" >"$work/lines" 2>"$work/said"
is "sample: each of them is counted" "$? $(grep -c COMPLETED "$work/lines")" "0 3"
done_testing
