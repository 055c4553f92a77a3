#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl watch: files below a folder become jobs once they are complete, each once, whoever is started anew meanwhile.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
run=$work/run out=$work/out watcher=
mkdir -p "$run/lane1" "$run/lane2" "$out" "$work/later"
"$made" 400 60 nova 1 >"$work/a.fq"
"$made" 600 60 hiseq 2 >"$work/b.fq"

watch_start() { # watch_start OPTION...: in the background, where a shell would have it ignore ^C; what it prints is in $work/lines and $work/said
	env --default-signal=INT "$ctl" watch -h "$host" "$@" >>"$work/lines" 2>>"$work/said" {never}>&- &
	watcher=$!
	pid_worker[90]=$! # ended with the test
}
watch_end() { # its exit status in $status
	kill -TERM "$watcher" 2>/dev/null
	wait "$watcher"
	status=$?
}
put() { cp "$1" "$work/later/put" && mv "$work/later/put" "$2"; } # whole at once: half of it that does not grow for a while would be a file as well
has_line() { grep -q "^[0-9]*	$1	$2\$" "$work/lines"; }            # has_line PATH STATE
has_refused() { grep -q "^-	$1	REFUSED\$" "$work/lines"; }
said() { grep -qF -- "$1" "$work/said"; }
jobs_n() { admin status --all --no-header | wc -l; }
lines_n() { wc -l <"$work/lines"; }
fresh() { : >"$work/lines"; : >"$work/said"; }
refuses() { # refuses STATUS WORDS OPTION...
	local want=$1 words=$2
	shift 2
	fq watch "$@" >/dev/null 2>"$work/refused"
	[ $? -eq "$want" ] && grep -qF -- "$words" "$work/refused"
}

cluster_start
worker_start 1 -n 2

# ---- while it runs

cp "$work/a.fq" "$run/lane1/there.fastq"
printf 'no FASTQ\n' >"$run/lane1/table.txt"
cp "$work/a.fq" "$run/.hidden.fq"
fresh
watch_start -o "$out" --settle 1s --every 1h "$run"
ok "a file that is there" wait_until 30 has_line "$run/lane1/there.fastq" COMPLETED
ok "its reports are where it is" test -s "$out/lane1/there_fastqc.zip" -a -s "$out/lane1/there_fastqc.html"
"$ctl" qc --local -q -o "$work/later" "$run/lane1/there.fastq"
ok "as they are made elsewhere" cmp "$out/lane1/there_fastqc.zip" "$work/later/there_fastqc.zip"
gzip -c "$work/b.fq" >"$work/later/b.gz"
put "$work/later/b.gz" "$run/lane2/new.fastq.gz"
ok "a file that comes while it runs: no look by time is needed" wait_until 30 has_line "$run/lane2/new.fastq.gz" COMPLETED
mkdir -p "$run/deep/er"
cp "$work/b.fq" "$work/later/moved.fq" && mv "$work/later/moved.fq" "$run/deep/er/moved.fq"
ok "one that is moved into a new folder" wait_until 30 has_line "$run/deep/er/moved.fq" COMPLETED
ok "its reports as well" test -s "$out/deep/er/moved_fastqc.zip"
newline=$run/lane1/$'two\nlines\t\\x.fq'
put "$work/a.fq" "$newline"
ok "a name of two lines is one line" wait_until 30 has_line "$run/lane1/two\\\\x0alines\\\\x09\\\\x5cx.fq" COMPLETED
ok "and has its reports" test -s "$out/lane1/"$'two\nlines\t\\x_fastqc.zip'
put "$work/a.fq" "$run/lane1/-n <b>\$(x) é.fq"
ok "other names" wait_until 30 has_line "$run/lane1/-n <b>\$(x) é.fq" COMPLETED

# ---- what goes wrong with one

printf '@r\nACGT\n+\nIIII\nnothing\n' >"$work/later/bad.fq"
put "$work/later/bad.fq" "$run/lane2/bad.fq"
ok "a bad file" wait_until 30 has_line "$run/lane2/bad.fq" FAILED
ok "is told" said "bad.fq"
put "$work/a.fq" "$run/lane1/there.fastq.gz.fq"
ok "a name that seems to be another's" wait_until 30 has_line "$run/lane1/there.fastq.gz.fq" COMPLETED
put "$work/a.fq" "$run/lane1/there.fq"
ok "reports that would replace those of another" wait_until 30 has_refused "$run/lane1/there.fq"
ok "are told" said "there.fq: its reports would replace those of $run/lane1/there.fastq"
ok "it is still there" kill -0 "$watcher"

# ---- a file that is still written

# grows FILE: six times in 2.4 s. 1: this script stood still for so long that it was a file which settles
grows() {
	local i last=${EPOCHREALTIME/./} now
	for i in 1 2 3 4 5 6; do
		now=${EPOCHREALTIME/./}
		cat "$work/b.fq" >>"$1"
		((${EPOCHREALTIME/./} - last < 900000)) || return 1
		last=$now
		doze 0.4
	done
	((${EPOCHREALTIME/./} - last < 900000))
}
for try in {1..10}; do
	slow=slow$try.fq
	! grows "$run/lane2/$slow" || break
	diag <<<"try $try: not written without a pause"
	[ "$try" != 10 ] || break
	wait_until 30 has_line "$run/lane2/$slow" COMPLETED
	rm "$run/lane2/$slow"
done
ok "a file that is written for longer than --settle waits" bash -c '! grep -q "$2" "$1"' - "$work/lines" $slow
ok "until it has settled" wait_until 30 has_line "$run/lane2/$slow" COMPLETED
reads_of() { # reads_of NAME_fastqc.zip
	python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    text = z.read(next(n for n in z.namelist() if n.endswith("/fastqc_data.txt"))).decode()
print(*[line.split("\t")[1] for line in text.splitlines() if line.startswith("Total Sequences")])' "$1"
}
is "and is counted once, whole" "$(grep -c $slow "$work/lines") $(reads_of "$out/lane2/${slow%.fq}_fastqc.zip")" "1 3600"
before=$(jobs_n) lines=$(lines_n)
cat "$work/a.fq" >>"$run/lane2/$slow"
more() { [ "$(grep -c $slow "$work/lines")" -eq 2 ]; }
ok "a file that grows later is another one" wait_until 30 more
is "of another job" "$(jobs_n)" $((before + 1))
ok "what has no such name is none of it" bash -c '! grep -q -e table -e hidden "$1"' - "$work/lines"

# ---- it ends, and is started anew

before=$(jobs_n)
watch_end
is "SIGTERM: exit 0" "$status" 0
ok "it says that nothing goes on" said "no job goes on"
stamp=$(stat -c %y "$out/lane1/there_fastqc.zip")
fresh
cp "$work/b.fq" "$run/lane2/after.fq"
watch_start -o "$out" --settle 1s --every 1h "$run"
ok "anew: a new file" wait_until 30 has_line "$run/lane2/after.fq" COMPLETED
ok "the bad one is told again" wait_until 30 has_line "$run/lane2/bad.fq" FAILED
watch_end
is "there is one job more" "$(jobs_n)" $((before + 1))
is "what was written is not written again" "$(stat -c %y "$out/lane1/there_fastqc.zip")" "$stamp"
ok "nor told" bash -c '! grep -q "there.fastq	" "$1"' - "$work/lines"
rm "$out/lane1/there_fastqc.zip"
before=$(jobs_n)
fq watch --once -o "$out" --settle 0 "$run" >"$work/lines" 2>"$work/said"
is "--once: exit status of the first that failed" $? 64
ok "a result that was taken away is fetched" test -s "$out/lane1/there_fastqc.zip"
is "of the job that there is" "$(jobs_n)" "$before"

# ---- the coordinator goes away

admin drain w1 >/dev/null
put "$work/a.fq" "$run/lane2/waits.fq"
fresh
watch_start -o "$out" --settle 0 --every 1h "$run"
waits() { admin status --no-header -o name | grep -q waits.fq; }
ok "a job waits for a node" wait_until 30 waits
end_process "$pid_coord" KILL
ok "the coordinator is away: it is said" wait_until 30 said "waiting for the coordinator"
put "$work/b.fq" "$run/lane2/meanwhile.fq"
doze 3
is "once" "$(grep -c 'waiting for the coordinator' "$work/said")" 1
coord_start
admin resume w1 >/dev/null
ok "it comes back" wait_until 60 has_line "$run/lane2/waits.fq" COMPLETED
ok "and what came meanwhile is counted" wait_until 60 has_line "$run/lane2/meanwhile.fq" COMPLETED
ok "that is said" said "the coordinator is there"

# ---- the folder for results goes away

mkdir "$work/away" "$work/results"
watch_end
fresh
watch_start -o "$work/results" --settle 0 --every 1h "$work/away"
put "$work/a.fq" "$work/away/first.fq"
ok "results are written" wait_until 30 has_line "$work/away/first.fq" COMPLETED
rm -r "$work/results"
put "$work/b.fq" "$work/away/second.fq"
ok "their folder is away: it is said" wait_until 30 said "cannot write into $work/results: No such file or directory; waiting for that"
is "and no file is refused" "$(grep -c REFUSED "$work/lines")" 0
mkdir "$work/results"
ok "it comes back: what came meanwhile is counted" wait_until 60 has_line "$work/away/second.fq" COMPLETED
ok "and written" test -s "$work/results/second_fastqc.zip"
ok "that is said" said "$work/results can be written into"
watch_end
fresh
watch_start -o "$out" --settle 0 --every 1h "$run"

# ---- it is ended, even killed, while jobs go on

admin drain w1 >/dev/null
put "$work/b.fq" "$run/lane2/goes-on.fq"
goes_on() { admin status --no-header -o name | grep -q goes-on.fq; }
ok "another job waits" wait_until 30 goes_on
kill -INT "$watcher"
wait "$watcher"
is "^C: exit 0" $? 0
ok "it says what goes on" grep -q '1 job goes on: [0-9]*; watching again comes back to it' "$work/said"
before=$(jobs_n)
fresh
watch_start -o "$out" --settle 0 --every 1h "$run"
doze 1
kill -KILL "$watcher"
wait "$watcher" 2>/dev/null
watch_start -o "$out" --settle 0 --every 1h "$run"
admin resume w1 >/dev/null
ok "killed and started anew: its result comes" wait_until 60 has_line "$run/lane2/goes-on.fq" COMPLETED
is "of the same job" "$(jobs_n)" "$before"
watch_end

# ---- files that say "complete"

mkdir -p "$work/run2/Fastq" "$work/out2"
cp "$work/a.fq" "$work/run2/Fastq/s1.fastq"
fresh
watch_start -o "$work/out2" --as csv --settle 1s --after CopyComplete.txt --after Done.txt "$work/run2"
doze 2.5
ok "--after: nothing without one of the names" test ! -s "$work/lines"
: >"$work/run2/Done.txt"
ok "with one, above" wait_until 30 has_line "$work/run2/Fastq/s1.fastq" COMPLETED
ok "the form that was asked for" test -s "$work/out2/Fastq/s1.fastq.csv" -a ! -e "$work/out2/Fastq/s1_fastqc.zip"
watch_end
: >"$work/run2/Fastq/CopyComplete.txt"
cp "$work/b.fq" "$work/run2/Fastq/late.fastq"
mkdir -p "$work/run3" && cp "$work/b.fq" "$work/run3/s2.fq" && doze 0.1 && : >"$work/run3/RTAComplete.txt"
fresh
watch_start --settle 1h "$work/run3"
ok "the usual names need no option and no settling" wait_until 30 has_line "$work/run3/s2.fq" COMPLETED
watch_end
fresh
watch_start --once --settle 1h "$work/run2"
ok "what is older than its mark is submitted" wait_until 30 grep -q "s1.fastq" "$work/lines"
doze 1
ok "what came behind the mark has to settle" bash -c '! grep -q late.fastq "$1"' - "$work/lines"
watch_end

# ---- once, and without results

before=$(jobs_n)
fq watch --once --settle 0 --no-header "$work/run3" >"$work/lines" 2>"$work/said"
is "--once without results: exit 0" $? 0
is "a line with id, path and state" "$(sed -E 's/^[0-9]+/N/' "$work/lines")" "N	$work/run3/s2.fq	COMPLETED"
is "of the same job as before" "$(jobs_n)" "$before"
mkdir "$work/empty"
fq watch --once --settle 0 "$work/empty" >"$work/lines" 2>&1
is "an empty folder: exit 0, no line" "$? $(lines_n)" "0 0"

# ---- what cannot be

ok "no folder" refuses 66 "is no folder; files are submitted by 'fqctl submit'" "$work/a.fq"
ok "not there" refuses 66 "No such file" "$work/nowhere"
ok "one output file" refuses 64 "right is -o DIR" --output x.csv --as csv "$run"
ok "a table" refuses 64 "--as tsv is one table" --as tsv -o "$out" "$run"
ok "a gate" refuses 64 "--fail-on" --fail-on fail -o "$out" "$run"
ok "a mark that is a path" refuses 64 "right is the name of a file" --after a/b "$run"
ok "no name of a folder for results" refuses 64 "the name of the folder is empty" -o "" "$run"
ok "no room for results" refuses 73 "cannot write into" -o "$work/nowhere" "$run"
done_testing
