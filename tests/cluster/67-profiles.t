#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Profiles of limits and the exit status that they lead to (--profile, --fail-on), on the cluster as on this machine.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq

mkdir "$work/in" "$work/out"
cd "$work/in" || exit 1
"$made" 2000 80 nova 1 >good.fq
awk 'BEGIN { for (i = 0; i < 300; i++) print "@r" i "\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n+\n########################################" }' >bad.fq
printf 'min_reads\terror\t1000\nmin_q30 warn 101\n' >few.txt
awk 'BEGIN { split("tile kmer duplication n_content overrepresented sequence gc_sequence quality_sequence sequence_length adapter quality_base", m, " ")
	for (i in m) print m[i], "ignore", 1 }' >none.txt
cat none.txt few.txt >own.txt

run() { "$@" >"$work/stdout" 2>"$work/stderr"; status=$?; }
field() { python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]: value = value[int(key) if key.isdigit() else key]
print(value)' "$@"; }

cluster_start
worker_start 1 -n 1

run fq submit --wait --as json -l none.txt --fail-on warn bad.fq
is "nothing is judged, nothing fails: exit 0" "$status" 0
run fq submit --wait --as json --fail-on fail bad.fq
is "bad reads: exit 2" "$status" 2
ok "the result is there" test -s "$work/stdout"
ok "and the sections are told" grep -q '^fqctl: bad.fq: .*fail of Per base sequence quality' "$work/stderr"
ok "but not those that only warn" bash -c '! grep -q "warn of" "$0"' "$work/stderr"
run fq submit --wait --as json bad.fq
is "who does not ask gets exit 0" "$status" 0
for way in "submit --wait -h $host" "qc --local"; do
	# shellcheck disable=SC2086
	run "$ctl" $way --as json --profile ./own.txt --fail-on fail good.fq
	is "$way: enough reads: exit 0" "$status" 0
	# shellcheck disable=SC2086
	run "$ctl" $way --as json --profile ./own.txt --fail-on warn good.fq
	is "$way: a demand that warns: exit 2" "$status" 2
	ok "it is told with its value" grep -qE 'good.fq: warn of min_q30 \([0-9.]+\)' "$work/stderr"
	cp "$work/stdout" "$work/good.json"
	is "$way: the JSON names the profile" "$(field "$work/good.json" profile name)" ./own
	is "its verdict" "$(field "$work/good.json" profile status)" warn
	is "and its demands" "$(field "$work/good.json" profile demands 0 name) $(field "$work/good.json" profile demands 0 value)" "min_reads 2000.0"
	# shellcheck disable=SC2086
	run "$ctl" $way --as csv --profile ./own.txt --fail-on fail bad.fq good.fq
	is "$way: one of two, as CSV: exit 2" "$status" 2
	ok "that one is told alone" bash -c 'grep -q "bad.fq: fail of min_reads (300)" "$0" && ! grep -q good.fq: "$0"' "$work/stderr"
	ok "and both results are there" grep -q '^good.fq' "$work/stdout"
done
run "$ctl" qc --local --as csv --profile ./own.txt --fail-on fail none.fq bad.fq
is "a file that cannot be read comes first: exit 66" "$status" 66
ok "the gate is told all the same" grep -q 'bad.fq: fail of min_reads' "$work/stderr"
id=$(fq submit --parsable --as json good.fq)
fq wait "$id" 2>/dev/null
run fq fetch --as json --profile amplicon "$id"
is "fetch takes another profile" "$(field "$work/stdout" profile name)" amplicon
is "which leaves out what it ignores" "$(grep -c 'sequence_duplication_levels' "$work/stdout")" 0
run fq fetch --as csv --profile ./own.txt --fail-on warn "$id"
is "and may be a gate: exit 2" "$status" 2
"$ctl" qc --local --as json good.fq >"$work/plain.json"
ok "without a profile JSON has none" bash -c '! grep -q "\"profile\"" "$0"' "$work/plain.json"
"$ctl" qc --local --as text --profile default good.fq >"$work/default"
ok "the default one is FastQC's" cmp "$work/default" <("$ctl" qc --local --as text good.fq)

# the verb
run "$ctl" profile list
is "list: exit 0" "$status" 0
ok "built-in ones with what they are" grep -qE '^amplicon +here +built-in +Amplicons: ' "$work/stdout"
"$ctl" profile list --json >"$work/stdout"
is "in JSON" "$(field "$work/stdout" schema) $(field "$work/stdout" rows 0 name)" "fqcluster.profiles/1 amplicon"
"$ctl" profile show rna-seq >mine.txt
run "$ctl" qc --local --as json --profile ./mine.txt good.fq
is "what show prints can be used" "$(field "$work/stdout" profile name)" ./mine

# what cannot be
run "$ctl" qc --local --profile rna good.fq
is "no such profile: exit 64" "$status" 64
ok "and where they are listed" grep -q "this machine has no profile 'rna'; right are amplicon, " "$work/stderr"
run "$ctl" qc --local --profile ./nowhere.txt good.fq
is "no such file: exit 66" "$status" 66
printf 'min_q30 warn high\n' >wrong.txt
run "$ctl" qc --local --profile ./wrong.txt good.fq
is "a file that is none: exit 78" "$status" 78
ok "and which line" grep -q './wrong.txt:1: "high" is no number' "$work/stderr"
run "$ctl" qc --local --profile amplicon -l none.txt good.fq
is "--profile and --limits: exit 64" "$status" 64
run fq submit --parsable --fail-on fail good.fq
is "a gate for who does not wait: exit 64" "$status" 64
ok "nothing was written but what was asked for" bash -c '! ls ./*_fastqc* 2>/dev/null'
for words in "list x" show "show none" "show ../x" drop; do
	# shellcheck disable=SC2086
	run "$ctl" profile $words
	is "profile $words: refused" "$((status == 64 || status == 66))" 1
done
done_testing
