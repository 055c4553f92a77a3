#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Profiles of the coordinator: chosen at submit, checked there, kept with the job as they were then, told of in every output, and read again
# on SIGHUP, where a wrong one costs no other.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
site=$work/site

mkdir "$work/in" "$work/out" "$site"
cd "$work/in" || exit 1
"$made" 2000 80 nova 1 >good.fq
"$made" 2000 80 nova 2 >other.fq
ours() { printf '# Ours: %s reads\nmin_reads\terror\t%s\n' "$1" "$1" >"$site/ours.txt"; }
ours 5000
cp "$top_src/conf/limits.txt" "$site/facility.txt"
printf 'kmer\tignore\t0\n' >"$site/kmers.txt"
printf 'min_q30 warn high\n' >"$site/bad.txt"
printf 'min_q30 warn 101\n' >own.txt
printf 'min_reads\terror\t1\n' >lax.txt

run() { "$@" >"$work/stdout" 2>"$work/stderr"; status=$?; }
field() { python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]: value = value[int(key) if key.isdigit() else key]
print(value)' "$@"; }
judged() { echo "$(field "$work/stdout" profile name) $(field "$work/stdout" profile status)"; }
counted() { id=$(fq submit --parsable "$@") && fq wait "$id" >/dev/null 2>&1; }

no_cache=(--cache-size 1G)
echo 0123456789abcdef >"$work/token"
echo 'jobs_max = 100;' >"$work/site.conf"
cluster_start --config "$work/site.conf" --profiles "$site" --status-listen 127.0.0.1:0 --status-token "$work/token"
worker_start 1 -n 1

# ---- which there are
ok "a wrong file is told with its line" grep -q "site/bad.txt:1: \"high\" is no number" "$work/coord.log"
fq profile list >"$work/list"
ok "the coordinator's own" grep -qE "^ours +coordinator +$site/ours.txt +Ours: 5000 reads" "$work/list"
ok "FastQC's limits.txt is a profile" grep -qE '^facility +coordinator' "$work/list"
ok "built-in ones are here, too" grep -qE '^amplicon +both +built-in' "$work/list"
ok "the wrong one is not there" bash -c '! grep -q ^bad "$0"' "$work/list"
fq profile list --json >"$work/stdout"
is "in JSON" "$(field "$work/stdout" schema) $(field "$work/stdout" rows 0 where)" "fqcluster.profiles/1 both"
is "one is shown as it is" "$(fq profile show ours)" "$(cat "$site/ours.txt")"

# ---- at submit
run fq submit --wait --as json --profile nowhere good.fq
is "an unknown name: exit 64" "$status" 64
ok "with the names that there are" grep -q "this coordinator has no profile 'nowhere'; right are amplicon, bisulfite, default, facility, kmers, long-reads, ours" "$work/stderr"
is "and no job" "$(fq status --all --no-header | wc -l)" 0
run fq submit --wait --as json --profile bad good.fq
is "one that is wrong is none: exit 64" "$status" 64
run fq submit --wait --as json --profile ours --fail-on fail good.fq
is "judged by it: exit 2" "$status" 2
is "the JSON names it" "$(judged)" "ours fail"
ok "and what failed is told" grep -q 'good.fq: fail of min_reads (2000)' "$work/stderr"
run fq submit --wait --as csv --profile ours good.fq
is "csv, too" "$status" 0
uuid=0123456789abcdef0123456789abcdef
job=$(fq submit --parsable --as json --id $uuid --profile ours good.fq)
fq wait "$job" 2>/dev/null
is "the same id and profile is the same job" "$(fq submit --parsable --as json --id $uuid --profile ours good.fq)" "$job"
run fq submit --parsable --as json --id $uuid --profile facility good.fq
is "another profile is another job: exit 64" "$status" 64

# ---- what is recorded, in all that tells of the job
ok "show" bash -c '"$@" | grep -qE "^  Profile +ours$"' - "$ctl" show -h "$host" "$job"
is "show --json" "$(fq show --json "$job" | python3 -c 'import json, sys; print(json.load(sys.stdin)["profile"])')" ours
is "status -o" "$(fq status --all --no-header -o id,profile "$job" | tr -s ' ' | sed 's/^ //; s/ $//')" "$job ours"
ok "history -o" bash -c '"$@" | grep -qE "^ *'"$job"' +ours *$"' - "$ctl" history -h "$host" -o id,profile
is "the profile itself" "$(fq profile show --job "$job")" "$(cat "$site/ours.txt")"
run fq fetch --as json "$job"
is "fetch takes it by itself" "$(judged)" "ours fail"
is "without a word" "$(cat "$work/stderr")" ""
run fq fetch --as csv --fail-on fail "$job"
is "and --fail-on: exit 2" "$status" 2
fq fetch --as html "$job" >"$work/page"
ok "the page says so" grep -q 'id="profile"><b class="fail">Fail</b> by the limits of profile <b>ours</b>' "$work/page"
ok "and which demand" grep -q '<b class="fail">Fail</b> min_reads: 2000; fails below 5000' "$work/page"
both=$(fq submit --parsable --as fastqc --profile small-rna good.fq other.fq)
fq wait "$both" 2>/dev/null
fq fetch --as fastqc --output-dir "$work/out" "$both" 2>"$work/stderr"
ok "the page of a run says it" grep -q 'id="profiles">Marks are by the limits of profile small-rna</p>' "$work/out/index.html"
summary_of() { python3 -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())' "$1" "$2"; }
summary_of "$work/out/good_fastqc.zip" good_fastqc/summary.txt >"$work/summary"
ok "the zip has only the modules of the profile" bash -c 'grep -q "Basic Statistics" "$0" && ! grep -q "Adapter Content" "$0"' "$work/summary"
fq fetch --as text "$both" >"$work/judged"
ok "as the text" bash -c '! grep -q ">>Adapter Content" "$0"' "$work/judged"
counted --as json --profile default good.fq
fq fetch --as text "$id" >"$work/text"
"$ctl" qc --local --as text good.fq >"$work/plain"
ok "the text by FastQC's limits is FastQC's" cmp "$work/text" "$work/plain"
"$ctl" qc --local --as html good.fq >"$work/plain"
ok "a page without a profile has none" bash -c '! grep -q "id=\"profile\"" "$0"' "$work/plain"
if [ -s "$state/listening-status" ]; then
	python3 -c 'import sys, urllib.request
for path in sys.argv[2:]:
	request = urllib.request.Request("http://%s%s" % (sys.argv[1], path), headers={"Authorization": "Bearer 0123456789abcdef"})
	sys.stdout.buffer.write(urllib.request.urlopen(request).read())' \
		"$(cat "$state/listening-status")" "/job/$job" "/job/$job/0/report.html" >"$work/page" 2>"$work/stderr"
	ok "the status page says it of the job" grep -q 'By the limits of profile ours' "$work/page"
	ok "and judges the report by it" grep -q '<b class="fail">Fail</b> min_reads: 2000' "$work/page"
else
	skip "this build has no status page"
fi

# ---- k-mers, which other limits do not ask for
counted --as json --profile kmers good.fq
fq fetch --as json "$id" >"$work/stdout"
is "what its limits ask for is counted" "$(grep -c '"kmer_content"' "$work/stdout")" 1

# ---- a person's own
counted --as json --profile ./own.txt good.fq
own=$id
rm own.txt
run fq fetch --as json "$own"
is "a file that is gone is recorded" "$(judged)" "./own warn"
ok "and is told apart from those of the coordinator" bash -c '"$@" | grep -q "Profile .*\./own: a file of the submitter"' - "$ctl" show -h "$host" "$own"

# ---- others
run fq fetch --as json --profile facility "$job"
is "another one may be asked for" "$(field "$work/stdout" profile name)" facility
ok "it is said" grep -q "job $job was submitted with profile ours: what is written now is judged by facility instead" "$work/stderr"
run fq fetch --as json --profile ./lax.txt "$job"
is "also a file" "$(field "$work/stdout" profile name)" ./lax
run fq fetch --as json -l "$top_src/conf/limits.txt" "$job"
ok "limits come first, too" bash -c 'grep -q "judged by the file of --limits instead" "$0" && ! grep -q "\"profile\"" "$1"' "$work/stderr" "$work/stdout"
run fq fetch --as json --profile nowhere "$job"
is "an unknown one: exit 64" "$status" 64
counted --as json good.fq
plain=$id
run fq fetch --as json "$job" "$plain" "$own"
is "each job by its own" "$(grep -o '"profile": {"name": "[^"]*' "$work/stdout" | sed 's/.*"//' | tr '\n' ' ')" "ours ./own "

# ---- what becomes of the name later
ours 100
printf 'min_q30 warn 101\n' >"$site/bad.txt"
printf 'nonsense\n' >"$site/facility.txt"
rm "$site/kmers.txt"
printf 'jobs_max = 100;\njobs_mx = 5;\n' >"$work/site.conf"
kill -HUP "$pid_coord"
wait_until 20 bash -c '"$1" profile show -h "$2" ours | grep -q "100 reads"' - "$ctl" "$host"
ok "they are read again" test $? = 0
fq profile list --no-header >"$work/list"
ok "one was mended" grep -q ^bad "$work/list"
ok "one is gone" bash -c '! grep -q ^kmers "$0"' "$work/list"
ok "one that became wrong stays as it was" grep -q ^facility "$work/list"
ok "which is told" grep -q 'site/facility.txt:1: right is a module' "$work/coord.log"
ok "so is a configuration by which the next start would fail" \
	grep -q 'the configuration stays as it was at the start, and the next start would fail: .*site.conf:2: jobs_mx: there is no such key' "$work/coord.log"
run fq fetch --as json "$job"
is "what was recorded stays" "$(judged)" "ours fail"
run fq fetch --as json --profile ours "$job"
ok "by today's it would have passed" test "$(field "$work/stdout" profile demands 0 status)" = pass
ok "and that is said" grep -q 'judged by what that name means today instead' "$work/stderr"
mkfifo "$work/slow"
fq fetch --as json "$plain" "$both" "$job" >"$work/slow" 2>"$work/stderr" {never}>&- &
client=$!
exec {pipe}<"$work/slow"
read -r -u "$pipe" line # it writes, into a pipe that nobody empties
end_process "$pid_coord" KILL
coord_start --profiles "$site"
{ echo "$line" && cat <&"$pipe"; } >"$work/stdout"
exec {pipe}<&-
wait $client
is "who writes results of other jobs meanwhile asks again" "$? $(grep -o '"profile": {"name": "[^"]*' "$work/stdout" | sed 's/.*"//' | tr '\n' ' ')" \
	"0 small-rna small-rna ours " || diag <"$work/stderr"
run fq fetch --as json "$job"
is "also behind a crash" "$(judged)" "ours fail"
is "with the limits as they were" "$(fq profile show --job "$job" | head -n 1)" "# Ours: 5000 reads"

# ---- programs that know of no profiles
if [ "${FQ_FAILPOINTS:-}" = yes ]; then
	old='env FQ_FAILPOINT=speak-1:on'
	run $old "$ctl" status -h "$host" --all --no-header -o id,profile "$job"
	is "an older fqctl is not told" "$(tr -d ' ' <"$work/stdout")" "$job-"
	end_process "$pid_coord" TERM
	run_coord=$old
	coord_start --profiles "$site" --proof none
	run_coord=
	run fq submit --wait --as json --profile small-rna good.fq
	is "an older coordinator counts" "$status" 0
	is "what is written is judged here" "$(field "$work/stdout" profile name)" small-rna
	ok "which is said" grep -q 'is too old to record a profile: it judges only what is written here' "$work/stderr"
	id=$(fq status --all --no-header -o id | tail -n 1 | tr -d ' ')
	run fq fetch --as json "$id"
	is "it was not recorded" "$(grep -c '"profile"' "$work/stdout")" 0
	run fq fetch --as json --profile small-rna "$id"
	is "and may be named again" "$(field "$work/stdout" profile name)" small-rna
	run fq submit --wait --as json --profile ours good.fq
	is "one of the coordinator is not known then: exit 64" "$status" 64
	run fq profile list
	is "nor told: exit 76" "$status" 76
	end_process "$pid_coord" TERM
	coord_start --profiles "$site"
else
	skip "this build has no failpoints"
fi

# ---- who may know
other=$(admin submit --parsable --profile ours good.fq)
run fq profile show --job "$other"
is "another one's job has no profile to be told: exit 66" "$status" 66
is "nor a name" "$(fq status --all --no-header -o profile "$other" | tr -d ' ')" -
run fq profile show --job "$plain"
is "a job without one: exit 66" "$status" 66
for words in "show" "show --job 1 ours" "list --job 1"; do
	# shellcheck disable=SC2086
	run fq profile $words
	is "profile $words: refused" "$status" 64
done
done_testing
