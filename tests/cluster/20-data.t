#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every real file of the shared data set: what is valid counts to the oracle's CSV locally and on the cluster, for slice
# sizes from one record to the whole file by 1 worker, of one record and of 64K by 4; what is not is refused, by both, with the same
# sentence. With sanitizers 4 workers count slices of one record only.
. "$(dirname "$0")/cluster.sh"

[ ! -d "$shared" ] || shared=$(realpath "$shared")
manifest=$shared/data/MANIFEST.tsv
[ -f "$manifest" ] || skip_all "there is no $manifest; made data is counted in 30-input.t"

cluster_start
worker_start 1 -n 1

valid=() refused=() reads=()
while IFS=$'\t' read -r file _ expect _; do
	case $expect in
	"count "*) valid+=("$file") reads+=("$(cut -d' ' -f2 <<<"$expect")") ;;
	"refuse: "*) refused+=("$file") ;;
	esac
done <"$manifest"
ok "the manifest lists files" test ${#valid[@]} -gt 50

# record_size FILE: about one record in bytes of the file as it is.
record_size() {
	local bytes n=$2
	bytes=$(stat -c %s "$shared/data/$1")
	echo $((n > 0 && bytes > n ? bytes / n : 1))
}

files=()
for i in "${!valid[@]}"; do
	file=${valid[i]}
	files+=("$shared/data/$file")
	python3 "$oracle" "$shared/data/$file" >"$work/$i.want" 2>"$work/oracle.err" || diag <"$work/oracle.err"
	"$ctl" qc --local --as csv -- "$shared/data/$file" >"$work/local" 2>"$work/err" || diag <"$work/err"
	ok "$file: counted here = oracle" cmp "$work/local" "$work/$i.want"
	is "$file: ${reads[i]} reads" "$("$ctl" check -- "$shared/data/$file" | grep -oE '[0-9]+ reads')" "${reads[i]} reads"
done

# All files at once, one job a file, so that the cluster is always busy.
round() { # round WORKERS SIZE
	local ids=() i size bad=0
	for i in "${!valid[@]}"; do
		size=$2
		[ "$size" != record ] || size=$(record_size "${valid[i]}" "${reads[i]}")
		# One slice a record of a large file is a great many round trips: there ten records.
		[ "$2" != record ] || ((reads[i] < 20000)) || size=$((size * 100))
		ids[i]=$(fq submit --parsable --slice-size "$size" -- "$shared/data/${valid[i]}") || bad=1
	done
	for i in "${!valid[@]}"; do
		fq wait "${ids[i]}" 2>"$work/err" && fq fetch "${ids[i]}" >"$work/got" 2>>"$work/err" && cmp -s "$work/got" "$work/$i.want" ||
			{ bad=1; { echo "${valid[i]}"; cat "$work/err"; } | diag; }
	done
	return $bad
}
for workers in 1 4; do
	if ((workers == 4)); then for i in 2 3 4; do worker_start $i -n 1; done; fi
	sizes=(record 4K 64K 1T)
	((workers == 1)) || sizes=(record 64K)
	[ "${FQ_SANITIZERS:-}" != yes ] || ((workers == 1)) || sizes=(record)
	for size in "${sizes[@]}"; do
		ok "all ${#valid[@]} files on $workers worker(s) in slices of $size = oracle" round $workers $size
	done
done

for file in "${refused[@]}"; do
	"$ctl" qc --local --as csv -- "$shared/data/$file" >"$work/out" 2>"$work/err.local"
	here=$?
	fq submit --wait -- "$shared/data/$file" >>"$work/out" 2>"$work/err"
	there=$?
	is "$file: refused with exit 65 or 74, here and there the same" "$((here == there && (here == 65 || here == 74)))" 1
	is "$file: no CSV" "$(cat "$work/out")" ""
	is "$file: the same sentence" "$(sed -E 's/job [0-9]+ failed: //' "$work/err")" "$(cat "$work/err.local")"
done
done_testing
