#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl diff: two reports side by side, against a slow comparison in Python; texts and zips that are none are refused.
ctl=$(realpath "${FQ_TOP_BUILDDIR:-.}/ctl/fqctl")
command -v python3 >/dev/null || { echo "1..0 # SKIP python3 is not installed"; exit 0; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset FQ_HOST FQ_SOCKET
cd "$work" || exit 1
count=0 failed=0

ok() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$work/said" 2>&1; then echo "ok $count - $name"; else
		echo "not ok $count - $name"
		failed=$((failed + 1))
		head -n 20 "$work/said" | sed 's/^/# /'
	fi
}
exits() { # exits STATUS COMMAND...
	local want=$1
	shift
	"$@" >/dev/null 2>&1
	[ $? -eq "$want" ]
}
says() { "${@:2}" 2>&1 >/dev/null | grep -qF -- "$1"; } # says WORDS COMMAND...

# Reads of some length, the tail of bad quality where it was not trimmed, in two tiles.
reads() { # reads LENGTH BAD N
	awk -v length_="$1" -v bad="$2" -v n="$3" 'BEGIN {
		srand(7)
		for (i = 0; i < n; i++) {
			s = q = ""
			for (k = 0; k < length_; k++) {
				s = s substr("ACGTTN", int(rand() * 5.02) + 1, 1)
				q = q (k >= length_ - bad ? substr("#$%", int(rand() * 3) + 1, 1) : substr("FI5H", int(rand() * 4) + 1, 1))
			}
			print "@m:1:f:1:" 1101 + i % 2 ":1:" i "\n" s "\n+\n" q
		}
	}'
}
mkdir z
reads 60 12 900 >z/a.fq
reads 48 0 850 >z/b.fq
for name in a b; do
	"$ctl" qc --local --as text z/$name.fq >$name.txt
	"$ctl" qc --local -q -o z z/$name.fq
done

cat >oracle.py <<'END'
import json, math, sys
def read(path):
    out, name = {}, None
    for line in open(path):
        line = line.rstrip("\n")
        if line.startswith(">>END"): name = None
        elif line.startswith(">>"):
            name, status = line[2:].split("\t")
            out[name] = (status, [], [])
        elif name and line.startswith("#"): out[name][2][:] = [n.rstrip(" ") for n in line.split("\t")] # the last such line
        elif name: out[name][1].append(line.split("\t"))
    return out
a, b = read(sys.argv[1]), read(sys.argv[2])
told = json.load(sys.stdin)
assert told["schema"] == "fqcluster.diff/1"
rows = {row["section"]: row for row in told["rows"]}
order, worse = ["pass", "warn", "fail"], False
assert len(rows) == len(set(a) | set(b)) - 1, rows
for name in (set(a) | set(b)) - {"Basic Statistics"}:
    row = rows[name.lower().replace(" ", "_")]
    sa, sb = (side[name][0] if name in side else None for side in (a, b))
    assert [row["a"], row["b"]] == [sa, sb], (name, row)
    want = None if sa == sb else "new" if sa is None else "gone" if sb is None else "worse" if order.index(sb) > order.index(sa) else "better"
    worse |= want == "worse"
    assert row["change"] == want, (name, row, want)
    if sa is None or sb is None:
        continue
    keys = 2 if name.startswith("Per tile") else 1
    share = name in ("Per sequence quality scores", "Per sequence GC content", "Sequence Length Distribution")
    zero = share or name == "Overrepresented sequences"
    sides = []
    heads = [side[name][2] for side in (a, b)]
    both = [h for h in heads[0] or heads[1] if h in (heads[1] or heads[0])][keys:]
    if name.startswith("Over"): both = ["Percentage"]
    for side in (a, b):
        total = sum(float(r[1]) for r in side[name][1]) if share else 100
        sides.append({tuple(r[:keys]): [100 * float(r[side[name][2].index(h)]) / total for h in both] for r in side[name][1]})
    p, q = sides
    assert [row["only_a"], row["only_b"]] == [len(p.keys() - q.keys()), len(q.keys() - p.keys())], (name, row)
    width = len(next(iter(p.values() or q.values()), []))
    some = p.keys() | q.keys() if zero else p.keys() & q.keys()
    most = [abs(x - y) for key in some for x, y in zip(p.get(key, [0] * width), q.get(key, [0] * width)) if math.isfinite(x) and math.isfinite(y)]
    got = row["most"]
    assert (got is None) == (not most) and (got is None or math.isclose(got, max(most), rel_tol=1e-9, abs_tol=1e-12)), (name, got, max(most, default=None))
    assert got is None or math.isclose(abs(row["value_a"] - row["value_b"]), got, rel_tol=1e-9, abs_tol=1e-12)
assert told["worse"] == worse
assert told["figures"]["reads"] == {k: dict(map(lambda r: r[:2], s["Basic Statistics"][1]))["Total Sequences"] for k, s in (("a", a), ("b", b))}
END
compare() { "$ctl" diff --json "$1" "$2" | python3 oracle.py "${3:-$1}" "${4:-$2}"; }
ok "the oracle agrees" compare a.txt b.txt
ok "the other way round" compare b.txt a.txt
ok "with itself" compare a.txt a.txt
{ cat z/a.fq && head -n 400 z/a.fq && for i in {1..20}; do printf '@A\n%060d\n+\n%060d\n' 0 5 | sed '2s/0/A/g'; done; } >z/again.fq
for version in 0.11.9 0.12.1; do "$ctl" qc --local --as text --compat $version z/again.fq >again-$version.txt; done
ok "columns are matched by name: 0.11.9 has one more of duplicates, and another adapter" compare again-0.11.9.txt b.txt
ok "the other way round" compare b.txt again-0.11.9.txt
same() { # same A B: of duplicates and adapters
	"$ctl" diff --json "$1" "$2" | python3 -c 'import json, sys
most = {row["section"]: row["most"] for row in json.load(sys.stdin)["rows"]}
assert most["sequence_duplication_levels"] == most["adapter_content"] == 0, most'
}
ok "both versions count duplicates and adapters of one file alike" same again-0.11.9.txt again-0.12.1.txt
ok "and the other way round" same again-0.12.1.txt again-0.11.9.txt
sed '/^#Position/s/.*/#Position\tx\tx\tx\tx\tx\tx/; /^>>Adapter/,/^>>END/s/^[0-9].*/&\t7/; /^>>Adapter/,/^>>END/s/^\([0-9-]*\)\t[^\t]*/\1/' a.txt >alike.txt
ok "adapters of one name" same alike.txt alike.txt
ok "zips" compare z/a_fastqc.zip z/b_fastqc.zip a.txt b.txt
ok "a zip and a text" compare z/a_fastqc.zip b.txt a.txt b.txt
sed '/^>>Adapter/,/^>>END/d' a.txt >less.txt
ok "a section that is gone" compare a.txt less.txt
ok "or new" compare less.txt a.txt
sed '/^>>Per base seq/,/^>>END/s/^7\t[^\t]*/7\tNaN/' a.txt >nan.txt
ok "NaN is no number" compare a.txt nan.txt
sed 's/$/\r/' a.txt >crlf.txt
ok "lines that end with CR LF" compare crlf.txt b.txt a.txt b.txt
# but the one whose rows stand there twice
for shared in "${FQ_SHARED:-${FQ_TOP_SRCDIR:-.}/../shared}"/data/fastqc_out/*fastqc_data*.txt; do
	[[ ! -e $shared || $shared == */nan_reads_* ]] || ok "FastQC's own: ${shared##*/}" compare "$shared" a.txt
done

# statuses and what they lead to
ok "the table shows what became better" bash -c '"$1" diff a.txt b.txt | grep -qE "^Per base sequence quality +fail +pass +better"' - "$ctl"
ok "and figures" bash -c '"$1" diff a.txt b.txt | grep -qE "^Total Sequences +900 +850$"' - "$ctl"
ok "better: exit 0" exits 0 "$ctl" diff --fail-on worse a.txt b.txt
ok "worse: exit 1" exits 1 "$ctl" diff --fail-on worse b.txt a.txt
ok "worse, and nobody asks: exit 0" exits 0 "$ctl" diff b.txt a.txt

# what is no report
refused() { # refused WORDS: the standard input is A
	cat >wrong && exits 65 "$ctl" diff wrong b.txt && says "$1" "$ctl" diff wrong b.txt
}
ok "nothing" refused "is no fastqc_data.txt" </dev/null
ok "a FASTQ file" refused 'wrong:1: this is no fastqc_data.txt' <z/a.fq
ok "a text that is cut" refused "it is cut" < <(head -n 40 a.txt)
ok "a section twice" refused "each section once" < <(cat a.txt; tail -n +2 a.txt)
ok "a section that nobody knows" refused "a section of FastQC's" < <(sed 's/^>>Adapter Content/>>Adaptor Content/' a.txt)
ok "a status that nobody knows" refused "pass, warn or fail" < <(sed 's/^\(>>Adapter Content\t\).*/\1good/' a.txt)
ok "a zero byte" refused "right is a text" < <(cat a.txt; printf '\0')
ok "a zip that is cut" refused "no zip, or a damaged one" < <(head -c 2000 z/a_fastqc.zip)
ok "a zip of something else" refused "there is no fastqc_data.txt in the zip" < <(python3 -c 'import sys, zipfile
with zipfile.ZipFile("other.zip", "w") as z: z.writestr("a/x.txt", "x")
sys.stdout.buffer.write(open("other.zip", "rb").read())')
ok "a zip that claims to hold 3 GB" refused "too large" < <(python3 -c 'import struct, sys, zipfile
with zipfile.ZipFile("big.zip", "w") as z: z.writestr("a/fastqc_data.txt", "x")
data = bytearray(open("big.zip", "rb").read())
at = data.index(b"PK\x01\x02")
data[at + 24:at + 28] = struct.pack("<I", 3 << 30)
sys.stdout.buffer.write(data)')
ok "a file that is not there: 66" exits 66 "$ctl" diff none b.txt
ok "one alone: 64" exits 64 "$ctl" diff a.txt
hostile() { sed 's/^7\t/\x1b[31m<7>\t/' a.txt >hostile.txt && ! "$ctl" diff hostile.txt b.txt | grep -q $'\x1b' && compare hostile.txt b.txt; }
ok "a hostile row reaches no terminal" hostile
echo "1..$count"
exit $((failed > 0))
