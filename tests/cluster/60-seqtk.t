#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# seqtk fqchk, written by others, agrees on real Illumina files: its mean quality per position (column avgQ, one digit behind
# the point; positions from 1, Phred offset 33) is ours, printed with as many digits.
. "$(dirname "$0")/cluster.sh"

command -v seqtk >/dev/null || skip_all "there is no seqtk (Debian package seqtk)"
files=()
for file in /usr/share/doc/gasic/examples/reads/*.fastq.gz "$shared"/data/illumina/*.f*q.gz "$shared"/data/illumina/*.fq; do
	[ ! -f "$file" ] || files+=("$file")
done
[ ${#files[@]} -gt 0 ] || skip_all "there are no real Illumina files here (Debian package gasic-examples)"

for file in "${files[@]}"; do
	seqtk fqchk -q0 "$file" | awk -F'\t' 'NR > 1 && $1 == "POS" { for (i = 1; i <= NF; i++) if ($i == "avgQ") column = i }
		$1 ~ /^[0-9]+$/ { print $1 - 1 "," $column }' >"$work/theirs"
	"$ctl" qc --local --as csv "$file" | python3 -c '
import sys
for line in sys.stdin:
    position, mean = line.strip().split(",")
    print("%s,%.1f" % (position, float(mean)))' >"$work/ours"
	ok "${file##*/}: $(wc -l <"$work/ours") positions" test -s "$work/ours"
	ok "${file##*/}: seqtk agrees to its printed digits" cmp "$work/ours" "$work/theirs"
done
done_testing
