#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every slice is counted by a second node: honest nodes never disagree, whatever the file holds, however it is cut and whichever of
# them knows what of the text before a slice. And the reports are those of one process.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq
mkdir "$work/in"

"$made" 60000 150 nova 1 >"$work/in/nova.fq"
"$made" 3000 2000 nova 2 >"$work/in/long.fq"
gzip -1 <"$work/in/nova.fq" >"$work/in/nova.fq.gz"
sed 's/$/\r/' <"$work/in/long.fq" >"$work/in/crlf.fq"
: >"$work/in/empty.fq"
files=("$work"/in/*)
if [ -d "$shared/data" ]; then # some of each folder
	while IFS= read -r name; do files+=("$name"); done < <(
		for folder in "$shared"/data/*/; do
			find "$folder" -type f -size -4000k \( -name '*.fq' -o -name '*.fastq' -o -name '*.gz' \) | sort | head -n "${FQ_AUDIT_FILES:-2}"
		done)
fi

cluster_start --ping 200ms --dead 5s --audit-percent 100 --verbose
for i in 1 2 3; do worker_start $i -n 2; done

same() { # same FILE SLICE: the report of the cluster is that of one process, also in failing
	local want=0 got=0
	"$ctl" qc --local --as text --output "$work/want" "$1" 2>"$work/want.err" || want=$?
	fq submit --wait --as text --slice-size "$2" --output "$work/got" "$1" >/dev/null 2>"$work/got.err" || got=$?
	if [ $want -ne 0 ]; then [ $got -eq $want ]; else
		[ $got -eq 0 ] || diag <"$work/got.err"
		cmp "$work/got" "$work/want"
	fi
}

for file in "${files[@]}"; do
	for slice in 0 300K; do ok "${file##*/} in slices of $slice" same "$file" $slice; done
done
ok "slices were audited" grep -q 'node w[123] audits slice' "$work/coord.log"
is "no two nodes disagree" "$(grep -c disagree "$work/coord.log")" 0
is "and none was drained" "$(admin nodes --no-header | awk '$2 ~ /^dr/')" ""
for i in 1 2 3; do ok "node w$i works" wait_until 20 node_is w$i '^(idle|mixed|alloc)$'; done
done_testing
