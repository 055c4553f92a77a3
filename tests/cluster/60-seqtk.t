#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real Illumina files: our mean per position and seqtk's, to the digit that seqtk prints.
#
# `seqtk fqchk -q0 FILE` (1.3) prints a line on lengths, a line of headings, a line ALL, and one for each position from 1 on. Its
# column avgQ is (sum of quality byte - 33) / bases at the position: integers, one division of doubles, printf's %.1f. The offset
# is always 33, a score above 93 counts as 93 (there is none in valid FASTQ), a base N counts like any other. So the same double printed in the same way must give the same digit: nothing is
# allowed for rounding. (errQ takes qualities below 4 for an error of one half and is no --error-mean; it is not compared.)
. "$(dirname "$0")/cluster.sh"
[ "$(type -t seqtk)" = file ] || skip_all "seqtk is not installed"

# ours FILE, theirs FILE: "position mean" from position 1 on, one digit.
ours() { "$ctl" qc --local --as csv --base 1 "$1" | LC_ALL=C awk -F, '{ printf "%d %.1f\n", $1, $2 }'; }
theirs() { seqtk fqchk -q0 "$1" | awk -F'\t' 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == "avgQ") c = i } NR > 3 { print $1, $c }'; }
agree() { ours "$1" >"$work/ours" && theirs "$1" >"$work/theirs" && [ -s "$work/theirs" ] && cmp "$work/ours" "$work/theirs"; }

gasic=/usr/share/doc/gasic/examples/reads/SRR059298_subset.fastq.gz
if [ -f "$gasic" ]; then
	ok "SRR059298_subset.fastq.gz of gasic-examples: $(gzip -dc "$gasic" | wc -l) lines" agree "$gasic"
else
	skip "no $gasic (Debian's gasic-examples)"
fi
if [ -d "$shared/data/illumina" ]; then
	for file in "$shared"/data/illumina/*.gz; do ok "${file##*/}" agree "$file"; done
else
	skip "no $shared/data/illumina (FQ_SHARED)"
fi

# Made files: trimmed reads of many lengths; then one score of the last position changed, which must be seen.
"$top_build/tests/tools/mkfastq" 5000 120 nova 60 trim >"$work/a.fq"
ok "made reads of many lengths" agree "$work/a.fq"
printf '@r1\nACGTN\n+\n!5I~!\n@r2\nAC\n+\n"~\n@r3\nNNNNN\n+\n!!!"~\n' >"$work/b.fq"
ok "qualities 0 to 93, bases N" agree "$work/b.fq"
ours "$work/b.fq" >"$work/good"
sed -i '$s/.$/}/' "$work/b.fq"
theirs "$work/b.fq" >"$work/theirs"
ok "another score in one read is seen" bash -c '! cmp -s "$1" "$2"' - "$work/good" "$work/theirs"
done_testing
