#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl counts on its own cores, and reads and inflates ahead in threads of their own: under ThreadSanitizer nothing is found, and the
# reports are those of one thread. That it would find something a planted race shows.
. "$(dirname "$0")/../cluster/cluster.sh"
[ -n "${FQ_TSAN:-}" ] || skip_all "built without --enable-tsan"
made=$top_build/tests/tools/mkfastq
export TSAN_OPTIONS="exitcode=66 halt_on_error=1 suppressions=$top_src/tests/threads/suppressions"

"$top_build/tests/threads/race" >/dev/null 2>"$work/race"
is "a race is found" $? 66
ok "and said to be one" grep -q 'data race' "$work/race"
FQ_FAILPOINT=test-both:on:200001 "$top_build/tests/threads/points" >"$work/out" 2>"$work/err"
is "failpoints that two threads come by: no race, and both are counted" $? 0 || diag <"$work/err"

"$top_build/tests/threads/holders" >"$work/out" 2>"$work/err"
is "bytes that two threads hold: no race, and none is lost" $? 0 || diag <"$work/err"

"$made" 60000 100 nova 7 >"$work/plain.fq"
gzip -1 -c "$work/plain.fq" >"$work/zip.fq.gz"
bgzip -c "$work/plain.fq" >"$work/bgzf.fq.gz"
{ gzip -1 -c "$work/plain.fq" && gzip -c "$work/plain.fq"; } >"$work/members.fq.gz"
head -c 3000000 "$work/zip.fq.gz" >"$work/cut.fq.gz"
"$made" 12 600000 long 5 >"$work/long.fq" # its counters are large: the coordinator has a thread for them

for file in plain.fq zip.fq.gz bgzf.fq.gz members.fq.gz long.fq; do
	"$ctl" qc --local -t 1 --as json "$work/$file" >"$work/want" 2>"$work/err"
	for threads in 2 4; do
		"$ctl" qc --local -t $threads --as json "$work/$file" >"$work/got" 2>"$work/err"
		is "$file with $threads threads: no race" $? 0 || diag <"$work/err"
		ok "$file with $threads threads: the same report" cmp "$work/got" "$work/want"
	done
done
for file in zip.fq.gz members.fq.gz; do
	"$ctl" qc --local -t 1 --as text "$work/$file" >"$work/want" 2>"$work/err"
	"$ctl" qc --local -t 4 --split-gzip always --slice-size 300K --as text "$work/$file" >"$work/got" 2>"$work/err"
	is "$file in slices: no race" $? 0 || diag <"$work/err"
	ok "$file in slices: the same report" cmp "$work/got" "$work/want"
done
"$ctl" qc --local -t 4 --split-gzip always --slice-size 300K --as text "$work/cut.fq.gz" >"$work/got" 2>"$work/err"
is "a file in slices that is cut: no race, and refused" $? 74 || diag <"$work/err"
"$ctl" qc --local -t 4 --as json "$work/cut.fq.gz" >"$work/got" 2>"$work/err"
is "a file that is cut: no race, and refused" $? 74 || diag <"$work/err"
"$ctl" qc --local -t 4 -o "$work" "$work/plain.fq" "$work/zip.fq.gz" "$work/long.fq" >"$work/got" 2>"$work/err"
is "three files at a time: no race" $? 0 || diag <"$work/err"
mkdir "$work/lanes" "$work/merged"
ln "$work/plain.fq" "$work/lanes/A_S1_L001_R1_001.fastq"
ln "$work/zip.fq.gz" "$work/lanes/A_S1_L002_R1_001.fastq.gz"
"$ctl" qc --local -t 4 --merge sample --split-gzip always --slice-size 300K -o "$work/merged" "$work"/lanes/* >"$work/got" 2>"$work/err"
is "a group of two files: no race" $? 0 || diag <"$work/err"
"$ctl" check "$work/zip.fq.gz" >"$work/got" 2>"$work/err"
is "check, which reads ahead: no race" $? 0 || diag <"$work/err"
mkdir "$work/many" "$work/out4"
head -n 2000 "$work/plain.fq" >"$work/small.fq"
for i in {1..24}; do ln "$work/small.fq" "$work/many/$i.fq"; done
"$ctl" qc --local -q -t 4 --as fastqc,html,json,text -o "$work/out4" "$work"/many/*.fq >"$work/got" 2>"$work/err"
is "many small files, written by the threads that end them: no race" $? 0 || diag <"$work/err"
for at in 20 60; do # percent: a byte is another one
	place=$(($(stat -c %s "$work/zip.fq.gz") * at / 100))
	{ head -c $place "$work/zip.fq.gz" && printf U && tail -c +$((place + 2)) "$work/zip.fq.gz"; } >"$work/bad$at.fq.gz"
	"$ctl" qc --local -t 4 --split-gzip always --slice-size 300K --as text "$work/bad$at.fq.gz" >"$work/got" 2>"$work/err"
	ok "a file in slices with another byte at $at %: no race, and refused ($?)" test "$(grep -c 'data race' "$work/err")" = 0 -a -s "$work/err"
done
for i in 1 2; do
	mkdir "$work/ended$i"
	"$ctl" qc --local -q -t 4 -o "$work/ended$i" "$work"/many/*.fq "$work/plain.fq" >"$work/got" 2>"$work/err" &
	pid=$!
	wait_until 30 test -s "$work/ended$i/$((i * 3))_fastqc.html"
	end_process $pid TERM
	is "ended by a signal while threads write: no race" $? 143 || diag <"$work/err"
	is "and nothing half done is left" "$(find "$work/ended$i" -name '.fqctl.*' | wc -l)" 0
done
if unshare -m true 2>/dev/null; then
	mkdir "$work/full"
	unshare -m sh -c 'mount -t tmpfs -o size=200k none "$1" && "$2" qc --local -q -t 4 -o "$1" "$3"/*.fq; status=$?
		find "$1" -name ".fqctl.*"; exit $status' - "$work/full" "$ctl" "$work/many" >"$work/got" 2>"$work/err"
	is "the disk is full while threads write: no race, and said" $? 73 || diag <"$work/err"
	is "and nothing half done is left" "$(cat "$work/got")" ""
else
	skip "no mount can be made here"
fi

# The coordinator's and the worker's threads, and fqctl's that read proofs.
no_cache=()
printf 'correct-horse-battery\n' >"$work/token"
cluster_start --verbose --status-listen 127.0.0.1:0 --status-token "$work/token"
worker_start 1 -n 2
id=$(fq submit --parsable --as json "$work/plain.fq" "$work/bgzf.fq.gz" "$work/zip.fq.gz" "$work/long.fq" 2>"$work/err")
is "a job of four files is submitted: no race" $? 0 || diag <"$work/err"
fq wait "$id" >"$work/out" 2>&1
is "and counted" $? 0 || diag <"$work/out"
id=$(fq submit --parsable --as json --merge sample --split-gzip always --slice-size 300K "$work"/lanes/* 2>"$work/err")
is "a group, of a file and a stream in slices, is submitted: no race" $? 0 || diag <"$work/err"
fq wait "$id" >"$work/out" 2>&1
is "and counted" $? 0 || diag <"$work/out"

# Large counters are merged and large reports are rendered (a thread of the coordinator's) while pages and results are asked for.
cat >"$work/ask.py" <<'PY'
import base64, sys, urllib.error, urllib.request
for page in sys.argv[2:]:
    authorization = "Basic " + base64.b64encode(b":correct-horse-battery").decode()
    request = urllib.request.Request("http://" + sys.argv[1] + page, headers={"Authorization": authorization})
    try:
        print(page, len(urllib.request.urlopen(request, timeout=60).read()))
    except (OSError, urllib.error.HTTPError) as error:
        print(page, error)
PY
# Without python3 or libmicrohttpd there are no pages, and the rest goes on.
pages() {
	[ -s "$state/listening-status" ] || return 0
	python3 "$work/ask.py" "$(cat "$state/listening-status")" / /metrics /job/1 /job/1/3/report.html /job/1/0/report.html \
		>>"$work/pages" 2>&1
}
fq submit --parsable --no-cache --as json "$work/long.fq" >"$work/id" 2>"$work/err"
is "a job of long reads is submitted" $? 0 || diag <"$work/err"
asking=()
pages & asking+=($!)
pages & asking+=($!)
for form in html json; do
	mkdir "$work/fetched.$form"
	fq fetch --as $form -o "$work/fetched.$form" 1 >"$work/fetch.$form" 2>&1 & asking+=($!)
done
kill -HUP "$pid_coord"
wait "${asking[@]}"
# It may render for longer than fqctl waits for an answer.
ok "and counted while pages and results were asked for" wait_until 60 fq wait "$(cat "$work/id")"
fq submit --wait --as json "$work/long.fq" >"$work/got" 2>"$work/err"
is "it is kept for a later job" $? 0 || diag <"$work/err"
fq submit --parsable --no-cache --as json "$work/long.fq" >"$work/id" 2>"$work/err"
pages & asking=($!)
fq cancel "$(cat "$work/id")" >"$work/out" 2>&1 # it may be through with it
end_process "$pid_coord" TERM
is "the coordinator ends in the middle of that: no race" $? 0 || diag <"$work/coord.log"
wait "${asking[@]}"
end_process "${pid_worker[1]}" TERM
is "no race in the coordinator" "$(grep -c 'data race' "$work/coord.log")" 0
is "no race in the worker" "$(grep -c 'data race' "$work/worker1.log")" 0
done_testing
