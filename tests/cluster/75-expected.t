#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every valid file of the shared data set, counted by a cluster of three workers in slices of 4 KiB and of 64 KiB: the report is what
# FastQC 0.11.9 and 0.12.1 themselves printed, to the byte. With sanitizers each version in one of the sizes.
. "$(dirname "$0")/cluster.sh"

[ ! -d "$shared" ] || shared=$(realpath "$shared")
manifest=$shared/data/MANIFEST.tsv
[ -f "$manifest" ] || skip_all "there is no $manifest; made data is compared in tests/report"

cluster_start
for i in 1 2 3; do worker_start $i -n 1; done

# What FastQC has a report of.
files=()
while IFS=$'\t' read -r file _ expect _; do
	case $expect in "count "*) files+=("$file") ;; esac
done <"$manifest"
ok "the manifest lists files" test ${#files[@]} -gt 90

expected() { # expected VERSION FILE: its report, on standard output; 1 where it made none
	local path=$shared/expected/$1/$2.fastqc_data.txt
	if [ -f "$path" ]; then cat "$path"; elif [ -f "$path.gz" ]; then gzip -dc "$path.gz"; else return 1; fi
}

round() { # round VERSION SIZE: all files at once, one job a file
	local ids=() i bad=0
	for i in "${!files[@]}"; do
		ids[i]=$(fq submit --parsable --as text --compat "$1" --slice-size "$2" -- "$shared/data/${files[i]}") || bad=1
	done
	for i in "${!files[@]}"; do
		expected "$1" "${files[i]}" >"$work/want" || continue
		fq wait "${ids[i]}" 2>"$work/err" && fq fetch "${ids[i]}" --as text --compat "$1" >"$work/got" 2>>"$work/err" &&
			cmp -s "$work/got" "$work/want" ||
			{ bad=1; { echo "${files[i]}"; cat "$work/err"; diff "$work/want" "$work/got" | head -n 4 | cut -c 1-200; } | diag; }
	done
	return $bad
}
ways=("0.11.9 64K" "0.12.1 4K")
[ "${FQ_SANITIZERS:-}" = yes ] || ways+=("0.11.9 4K" "0.12.1 64K")
for way in "${ways[@]}"; do ok "all ${#files[@]} files in slices of ${way#* } = FastQC ${way% *}" round ${way% *} "${way#* }"; done
done_testing
