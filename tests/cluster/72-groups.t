#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real files as groups: each file of the shared data set that FastQC has printed a report of is cut into three lanes; the report of the
# lanes together (--merge sample, here) is FastQC's of the file, to the byte but for the file's name. By both versions.
. "$(dirname "$0")/cluster.sh"

[ ! -d "$shared" ] || shared=$(realpath "$shared")
manifest=$shared/data/MANIFEST.tsv
[ -f "$manifest" ] || skip_all "there is no $manifest; made data is compared in 71-groups.t"

expected() { # expected VERSION FILE: its report, on standard output; 1 where it made none
	local path=$shared/expected/$1/$2.fastqc_data.txt
	if [ -f "$path" ]; then cat "$path"; elif [ -f "$path.gz" ]; then gzip -dc "$path.gz"; else return 1; fi
}
unnamed() { grep -av '^Filename	'; }

# lanes FILE: cut into three, the second of a few records, as X_S1_L00N_R1_001.fastq. 1: it has too few records
lanes() {
	local lines returns
	rm -rf "$work/lanes" && mkdir "$work/lanes"
	{ gzip -dcf "$1" 2>/dev/null || cat "$1"; } >"$work/text"
	lines=$(wc -l <"$work/text")
	returns=$(tr -cd '\r' <"$work/text" | wc -c)
	# what is no plain row of records of four lines is not to be cut so simply
	((lines >= 40 && (returns == 0 || returns == lines))) && LC_ALL=C awk 'NR % 4 == 1 && !/^@/ { exit 1 }' "$work/text" || return 1
	head -n $((lines / 12 * 4)) "$work/text" >"$work/lanes/X_S1_L001_R1_001.fastq"
	tail -n +$((lines / 12 * 4 + 1)) "$work/text" | head -n 8 >"$work/lanes/X_S1_L002_R1_001.fastq"
	tail -n +$((lines / 12 * 4 + 9)) "$work/text" >"$work/lanes/X_S1_L003_R1_001.fastq"
}

compared=0 bad=()
while IFS=$'\t' read -r file _ expect _; do
	case $expect in "count "*) ;; *) continue ;; esac
	lanes "$shared/data/$file" || continue
	for version in 0.11.9 0.12.1; do
		expected $version "$file" | unnamed >"$work/want"
		[ -s "$work/want" ] || continue
		rm -rf "$work/got" && mkdir "$work/got"
		"$ctl" qc --local -q --compat $version --merge sample --as text -o "$work/got" "$work"/lanes/* 2>"$work/err"
		compared=$((compared + 1))
		unnamed <"$work/got/X_R1.fastqc_data.txt" | cmp -s - "$work/want" || bad+=("$version $file: $(head -c 200 "$work/err")")
	done
done <"$manifest"
diag <<<"$compared reports were compared"
ok "many reports were compared" test $compared -ge 60
is "all are FastQC's" "$(printf '%s\n' "${bad[@]}")" ""
done_testing
