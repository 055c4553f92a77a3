#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# MultiQC of a run: 50 samples, some with two reads and lanes, are one job of two nodes; its general table has each under its name with
# the numbers of our own table (run.tsv), and its plot of qualities is the means of our CSV. tests/report/multiqc.t has odd files.
. "$(dirname "$0")/cluster.sh"
command -v multiqc >/dev/null || skip_all "there is no multiqc (Debian package multiqc)"
made=$top_build/tests/tools/mkfastq
samples=50

mkdir "$work/in" "$work/out" "$work/read"
cd "$work/in" || exit 1
for ((i = 1; i <= samples; i++)); do
	name=$(printf 'sample%02d_S%d_L00%d' "$i" "$i" $((1 + i % 2)))
	"$made" $((100 + 7 * i)) $((40 + i)) "$([ $((i % 3)) = 0 ] && echo hiseq || echo nova)" "$i" | gzip -1 >"${name}_R1_001.fastq.gz"
done
"$made" 321 50 nova 99 >sample01_S1_L002_R2_001.fastq
files=$((samples + 1))

cluster_start
worker_start 1 -n 1
worker_start 2 -n 1
begun=$SECONDS
for i in 1 2; do hold $i; done # until each has a file in hand: none is quick enough to leave nothing to the other
fq submit --wait --name run42 --as csv,fastqc,tsv --nogroup --output-dir "$work/out" -- *.fastq* >"$work/stdout" 2>"$work/stderr" {never}>&- &
submitted=$!
in_hand() { for i in 1 2; do grep -q "running  *w$i" <<<"$(admin show --slices 1)" || return 1; done; }
wait_until 60 in_hand
for i in 1 2; do let_go $i; done
wait $submitted
is "the run is counted" $? 0
is "as one job of all files" "$(fq status --all --no-header -P -o files,files_done,state)" "$files|$files|COMPLETED"
ok "by both nodes" bash -c '[ "$(grep -c " [1-9][0-9.]* [kM]*B " "$0")" = 2 ]' <(fq nodes --no-header)
is "each has zip and CSV" "$(find "$work/out" -name '*_fastqc.zip' | wc -l) $(find "$work/out" -name '*.csv' | wc -l)" "$files $files"
multiqc --quiet --cl-config 'no_version_check: true' -o "$work/read" "$work/out" >"$work/multiqc.log" 2>&1
is "MultiQC reads it" $? 0
diag <<<"counting and MultiQC took $((SECONDS - begun)) s"

cat >"$work/compare.py" <<'PY'
# compare.py READ OUT FILES: what MultiQC read against our table and our CSVs; says what is wrong.
import csv, json, sys
read, out, files = sys.argv[1], sys.argv[2], int(sys.argv[3])
told = json.load(open(f"{read}/multiqc_data/multiqc_data.json"))
general = {}
for table in told["report_general_stats_data"]:
    general.update(table)
rows = {row["file"].split(".fastq")[0]: row for row in csv.DictReader(open(f"{out}/run.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE)}
if len(rows) != files or set(general) != set(rows):
    print(len(rows), "rows, other samples:", *sorted(set(general) ^ set(rows)))
close = lambda got, want, most: abs(float(got) - float(want)) <= most
for name, got in general.items():
    row = rows[name]
    grades = ["pass", *(grade for grade in list(row.values())[15:] if grade in ("pass", "warn", "fail"))]  # and Basic Statistics
    fails = 100 * grades.count("fail") / len(grades)
    for key, want, most in (("total_sequences", row["reads"], 0), ("percent_gc", row["gc_percent"], 1), ("percent_fails", fails, 1e-9),
                            ("avg_sequence_length", row["mean_length"], 1e-9), ("percent_duplicates", row["duplication_percent"], 1e-6)):
        if not close(got[key], want, most):
            print(name, key, got[key], "and not", want)
plots = told["report_plot_data"]["fastqc_per_base_sequence_quality_plot"]["datasets"][0]
lines = {line["name"]: line["data"] for line in plots}
if set(lines) != set(rows):
    print("lines of other samples:", *sorted(set(lines) ^ set(rows)))
for name, line in lines.items():
    means = [tuple(map(float, text.split(","))) for text in open(f"{out}/{rows[name]['file']}.csv")]
    if len(line) != len(means) or any(int(x) != int(at) + 1 or not close(y, mean, 1e-9) for (x, y), (at, mean) in zip(line, means)):
        print(name, "has other qualities than its CSV:", line[:2], means[:2])
PY
is "every sample is there under its name, with our numbers" "$(python3 "$work/compare.py" "$work/read" "$work/out" $files 2>&1)" ""

cp -r "$work/out" "$work/bad"
awk -F '\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "reads") at = i } NR == 3 { $at++ } { print }' "$work/out/run.tsv" \
	>"$work/bad/run.tsv"
ok "another number is found" eval '[ "$(python3 "$work/compare.py" "$work/read" "$work/bad" $files | wc -l)" = 1 ]'
cp "$work/out/run.tsv" "$work/bad"
sed -i '7s/,3/,2/' "$work/bad/sample07_S7_L002_R1_001.fastq.gz.csv"
ok "and another quality" eval '[ "$(python3 "$work/compare.py" "$work/read" "$work/bad" $files | wc -l)" = 1 ]'
done_testing
