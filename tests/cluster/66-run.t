#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is said of several files together: the page that leads to their reports, and the table (--as tsv), on the cluster as on this
# machine. tests/report/run.t looks at the page in a browser.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq

mkdir "$work/in" "$work/out" "$work/here" "$work/one"
cd "$work/in" || exit 1
"$made" 300 50 nova 1 >s10_S2_L001_R1_001.fastq
"$made" 400 60 hiseq 2 >s10_S2_L001_R2_001.fastq
"$made" 200 60 hiseq 3 >s2_S1_L002_R1_001.fastq
"$made" 200 60 hiseq 4 >s2_S1_L001_R1_001.fastq
hostile='<b>&"x#%.fq'
"$made" 100 40 nova 5 >"$hostile"
printf '@r\nACGT\n+\n' >cut.fq
: >empty.fq
files=(s10_S2_L001_R1_001.fastq s10_S2_L001_R2_001.fastq s2_S1_L002_R1_001.fastq s2_S1_L001_R1_001.fastq "$hostile" empty.fq)

run() { "$@" >"$work/stdout" 2>"$work/stderr"; status=$?; }

cluster_start
worker_start 1 -n 1

run fq submit --as html,tsv,json --output-dir "$work/out" "${files[@]}"
is "the cluster: exit 0" "$status" 0
run "$ctl" qc --local --as html,tsv,json -o "$work/here" "${files[@]}"
is "here: exit 0" "$status" 0
ok "both write the same, in the order of no clock" diff -r "$work/out" "$work/here"
ok "there are page and table" test -s "$work/out/index.html" -a -s "$work/out/run.tsv"
is "samples stand in the order of people, lanes and reads below" "$(cut -f2-5 "$work/out/run.tsv" | tr '\t\n' ' ;')" \
	"sample lane read set;<b>&\"x#% NA NA NA;empty NA NA NA;s2 1 R1 1;s2 2 R1 1;s10 1 R1 1;s10 1 R2 1;"
ok "figures of an empty file are not known" grep -q $'^empty.fq\tempty\tNA\tNA\tNA\t0\t0\t0\t0\tNA\tNA\tNA\tNA\t' "$work/out/run.tsv"

# The page, read strictly: rows against the table and the JSON of each file, links to files that are there, the script's hash.
cat >"$work/page.py" <<'END'
import base64, csv, hashlib, json, os, re, sys, urllib.parse, xml.etree.ElementTree as xml
folder = sys.argv[1]
text = open(f"{folder}/index.html", encoding="utf-8").read()
page = xml.fromstring(text.split("\n", 1)[1])
rows = list(csv.DictReader(open(f"{folder}/run.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE))
shown = page.findall(".//tbody/tr")
assert len(rows) == len(shown) == int(sys.argv[2]), (len(rows), len(shown))
heads = ["".join(h.itertext()).replace("\xa0", " ") for h in page.findall(".//thead/tr/th")]
ids = [k for k in list(rows[0])[15:] if k != "files" and any(row[k] != "NA" for row in rows)]
for row, tr in zip(rows, shown):
    assert len(tr) == len(heads), (len(tr), heads)
    cells = dict(zip(heads, tr))
    name = "".join(cells["Sample"].find("a").itertext())
    assert name == row["sample"], (name, row)
    path = os.path.join(folder, urllib.parse.unquote(cells["Sample"].find("a").get("href")))
    report = open(path, encoding="utf-8").read()
    with open(path.removesuffix(".html") + ".json", encoding="utf-8") as file:
        told = json.load(file)
    status = {s["key"]: s["status"] for s in told["sections"]}
    assert [int(row["reads"]), int(row["bases"])] == [told["reads"], told["bases"]], row
    assert {k: row[k] for k in ids} == {k: status.get(k, "NA") for k in ids}, (row, status)
    for key, column in (("Reads", "reads"), ("Mean length", "mean_length"), ("Q30 %", "q30_percent"), ("GC %", "gc_percent"),
                        ("Duplicates %", "duplication_percent"), ("Adapters %", "adapter_percent")):
        want = row[column]
        got = cells[key].get("data-v")
        assert (want == "NA") == (got is None) and (got is None or abs(float(got) - float(want)) <= 1e-5 * abs(float(want))), (key, got, want)
    for section in told["sections"]:
        for note, value in section.get("notes", {}).items():
            assert abs(100 - value - float(row["duplication_percent"])) < 1e-9, (note, value)
    signs = [td for td in tr if td.get("class") == "sign"]
    assert len(signs) == len(ids)
    for key, td in zip(ids, signs):
        if row[key] == "NA":
            assert td.find("a") is None
            continue
        address, fragment = td.find("a").get("href").split("#")
        assert fragment == key and f'id="{key}"' in report and td.find("a/svg").get("aria-label") == row[key], (key, address)
script = re.search(r"<script>(.*)</script>", text, re.S).group(1)
digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
assert f"script-src 'sha256-{digest}'" in text, digest
assert "http:" not in text and "https:" not in text
END
ok "the page has the numbers of the table and the reports, and leads to them" python3 "$work/page.py" "$work/out" 6
sed 's/a\.tHead/b.tHead/; s/table\.tHead/table.tBody/' "$work/out/index.html" >"$work/here/index.html"
ok "another script is found" bash -c '! python3 "$1" "$2" 6 2>/dev/null' - "$work/page.py" "$work/here"
sed 's/#adapter_content/#adapters/' "$work/out/index.html" >"$work/here/index.html"
ok "and a link to nothing" bash -c '! python3 "$1" "$2" 6 2>/dev/null' - "$work/page.py" "$work/here"

# of FastQC's files, some of which fail
rm -rf "$work/here" && mkdir "$work/here"
run "$ctl" qc --local -q -o "$work/here" s2_S1_L002_R1_001.fastq cut.fq s2_S1_L001_R1_001.fastq
is "one of three fails: exit 65" "$status" 65
ok "the page says that one has no result" grep -q '1 of the 3 files that were asked for have no result' "$work/here/index.html"
ok "and leads to FastQC's pages" grep -q 'href="s2_S1_L001_R1_001_fastqc.html#adapter_content"' "$work/here/index.html"
ok "of several failed ones nothing is left" bash -c '! "$1" qc --local -q -o "$2" cut.fq none.fq 2>/dev/null && [ -z "$(ls "$2")" ]' - "$ctl" "$work/one"
run "$ctl" qc --local -q -o "$work/one" s2_S1_L002_R1_001.fastq
ok "one file needs no page of a run" test ! -e "$work/one/index.html" -a -e "$work/one/s2_S1_L002_R1_001_fastqc.html"

# the table alone
run "$ctl" qc --local --as tsv s2_S1_L002_R1_001.fastq s2_S1_L001_R1_001.fastq
is "a table to standard output: head and two lines, in order" "$(cut -f1 "$work/stdout" | tr '\n' ' ')" \
	"file s2_S1_L001_R1_001.fastq s2_S1_L002_R1_001.fastq "
cp "$work/stdout" "$work/table"
run "$ctl" submit -h "$host" --wait --as tsv -o "$work/one/X.tsv" s2_S1_L002_R1_001.fastq s2_S1_L001_R1_001.fastq
ok "one file with -o, of all inputs" cmp "$work/one/X.tsv" "$work/table"
run fq submit --wait --as tsv --sample liver s2_S1_L002_R1_001.fastq
is "--sample is the sample" "$(sed -n 2p "$work/stdout" | cut -f1-4)" $'s2_S1_L002_R1_001.fastq\tliver\t2\tR1'
a=$(fq submit --parsable --as text s10_S2_L001_R1_001.fastq) b=$(fq submit --parsable --as text s2_S1_L001_R1_001.fastq)
fq wait "$a" "$b" 2>/dev/null
rm -rf "$work/one" && mkdir "$work/one"
run fq fetch --as html,tsv,json --output-dir "$work/one" "$a" "$b"
ok "fetch of several jobs: one page" python3 "$work/page.py" "$work/one" 2

# the coordinator goes away while results are written, here into a pipe that nobody empties
cp cut.fq cut2.fq
mkfifo "$work/slow"
fq submit --wait --as json s10*.fastq s2*.fastq cut.fq cut2.fq >"$work/slow" 2>"$work/stderr" {never}>&- &
client=$!
exec {pipe}<"$work/slow"
read -r -u "$pipe" line
end_process "$pid_coord" KILL
coord_start
{ echo "$line" && cat <&"$pipe"; } >"$work/stdout"
exec {pipe}<&-
wait $client
is "a coordinator that was away when results had been written: exit 65" $? 65
is "the results are whole" "$(grep -c '"schema"' "$work/stdout")" 4
is "each that failed is told, once" "$(grep -c 'fqctl: .*/cut2\?.fq.*record' "$work/stderr")" 2 || diag <"$work/stderr"

# what cannot be
cp empty.fq index
run "$ctl" qc --local --as html -o "$work/one" index empty.fq
is "a report that would be index.html: exit 64" "$status" 64
ok "and why" grep -q 'which is the page of the run' "$work/stderr"
mkdir "$work/two" "$work/two/index.html"
run "$ctl" qc --local -q --as html -o "$work/two" empty.fq s2_S1_L001_R1_001.fastq
is "a page that cannot be written: exit 73" "$status" 73
ok "and which" grep -q 'two/index.html' "$work/stderr"
done_testing
