#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One ordinary gzip stream in slices, on workers and slots of every number: the report of the sequential count to the byte, for files of
# all kinds of programs, any size of slices, and whoever is killed. A damaged file fails with the sequential count's sentence.
#
# FQ_SEED: other sizes of slices and other damage. FQ_SPLIT_READS: larger files.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq mkgzip=$top_src/tests/tools/mkgzip.py
reads=${FQ_SPLIT_READS:-40000}
[ "${FQ_SANITIZERS:-}" != yes ] || reads=10000
RANDOM=${FQ_SEED:-1}
diag <<<"FQ_SEED=${FQ_SEED:-1}"

# ---- files, all of the same name, so that their reports are the same

mapfile -t kinds < <(python3 "$mkgzip")
"$made" "$reads" 100 hiseq 3 >"$work/text" || { echo "Bail out! no room in $work"; exit 1; }
for kind in "${kinds[@]}"; do
	mkdir "$work/$kind"
	python3 "$mkgzip" "$kind" <"$work/text" >"$work/$kind/reads.fq.gz" || { echo "Bail out! no file of the kind $kind"; exit 1; }
done
want() { # want FILE: what one process counts of it, in one slice
	"$ctl" qc --local --split-gzip never --as text --output "$work/want" "$1" 2>"$work/want.err"
}
want "$work/level-6/reads.fq.gz"
is "a report to compare with, of ${#kinds[@]} kinds of files" "$(grep -c '^>>END_MODULE' "$work/want")" 11

# ---- jobs

size() { echo $((32768 + RANDOM * 8)); }
submit() { fq submit --parsable --as text --split-gzip always --slice-size "$1" "$2"; }
same() { # same ID: its report is that of one process
	fq wait "$1" 2>"$work/err" && fq fetch "$1" --as text --output "$work/got" 2>>"$work/err" || diag <"$work/err"
	cmp "$work/got" "$work/want"
	local r=$?
	rm -f "$work/got"
	return $r
}
shown() { fq show "$1" | grep 'Read as'; }
split() { shown "$1" | grep -q 'one stream cut every'; }
counted() { cat "$work"/worker*.log | grep -c "was counted $1"; }

# all SIZE...: each kind in slices of such a size, at once. With "random", one for each.
all() {
	local -A ids=()
	local kind bad=0 n=$1
	for kind in "${kinds[@]}"; do
		[ "$1" != random ] || n=$(size)
		ids[$kind]=$(submit "$n" "$work/$kind/reads.fq.gz") || bad=1
	done
	for kind in "${kinds[@]}"; do
		same "${ids[$kind]}" || { bad=1; diag <<<"$kind: job ${ids[$kind]}, $(shown "${ids[$kind]}")"; }
	done
	return $bad
}

cluster_start --ping 200ms --dead 1m
worker_start 1 -n 1 --verbose
ok "all kinds on one slot in slices of 64K: the same report" all 64K
worker_start 2 -n 3 --verbose
ok "on four slots of two nodes in slices of 32K" all 32K
for i in 3 4; do worker_start $i -n 2 --verbose; done
for round in 1 2; do ok "on eight slots of four nodes, round $round" all random; done
ok "in one slice" all 1T
id=$(submit 64K "$work/level-6/reads.fq.gz")
ok "a stream comes to the same" same "$id"
ok "and was cut" split "$id"
diag <<<"$(shown "$id")"

# ---- small ones

tiny() {
	local n bad=0
	for n in 0 1 5 40; do
		mkdir -p "$work/tiny"
		"$made" $n 60 nova 4 | gzip >"$work/tiny/reads.fq.gz"
		want "$work/tiny/reads.fq.gz"
		local status=$?
		id=$(submit 32K "$work/tiny/reads.fq.gz")
		if ((status == 0)); then
			same "$id" || bad=1
		else
			fq wait "$id" 2>"$work/err" && bad=1
			is "$n reads: the same sentence" "$(sed -E 's/job [0-9]+ failed: //' "$work/err")" "$(cat "$work/want.err")"
		fi
	done
	want "$work/level-6/reads.fq.gz"
	return $bad
}
ok "files of 0 to 40 reads" tiny

# ---- damage

# damage N: a bit of the file is turned, or it is cut.
damage() {
	mkdir -p "$work/bad"
	python3 - "$work/level-6/reads.fq.gz" "$work/bad/reads.fq.gz" "$RANDOM$1" <<-'END'
		import random, sys
		random.seed(sys.argv[3])
		data = bytearray(open(sys.argv[1], "rb").read())
		if random.random() < 0.3:
		    del data[random.randrange(20, len(data)):]
		else:
		    data[random.randrange(20, len(data))] ^= 1 << random.randrange(8)
		open(sys.argv[2], "wb").write(data)
	END
}
damaged() {
	local i here there bad=0
	for i in {1..12}; do
		damage $i
		want "$work/bad/reads.fq.gz"
		here=$?
		id=$(submit "$(size)" "$work/bad/reads.fq.gz")
		fq wait "$id" 2>"$work/err"
		there=$?
		((here == there)) && [ "$(sed -E 's/job [0-9]+ failed: //' "$work/err")" = "$(cat "$work/want.err")" ] ||
			{ bad=1; { echo "exit status $there, wanted $here"; cat "$work/err" "$work/want.err"; } | diag; }
	done
	want "$work/level-6/reads.fq.gz"
	return $bad
}
ok "damaged files: the sequential count's sentence" damaged

# ---- who is killed

big() { for i in {1..8}; do cat "$work/text"; done; }
mkdir "$work/big"
big | gzip -1 >"$work/big/reads.fq.gz"
want "$work/big/reads.fq.gz"
begun() { fq show "$1" | awk '$1 == "Slices" && $2 > '"$2"' { found = 1 } END { exit !found }'; }
children() { cat /proc/"${pid_worker[$1]}"/task/*/children 2>/dev/null; }

texts=$(counted 'out of its text') points=$(counted 'from its point')
id=$(submit 64K "$work/big/reads.fq.gz")
ok "a larger file on eight slots" same "$id"
texts=$(($(counted 'out of its text') - texts)) points=$(($(counted 'from its point') - points))
ok "most of it is inflated once: $texts slices were counted out of their text, $points from their point" test $texts -gt $points

for try in 1 2 3 4 5; do # a fast machine may be through with it before it is cancelled
	id=$(submit 64K "$work/big/reads.fq.gz")
	wait_until 20 begun "$id" 3
	! fq cancel "$id" >/dev/null 2>"$work/err" || break
	diag <"$work/err"
done
cancelled() { fq show "$id" | grep -q '^Job .* CANCELLED'; }
ok "a job is cancelled" wait_until 10 cancelled

id=$(submit 64K "$work/big/reads.fq.gz")
wait_until 20 begun "$id" 3
end_process "${pid_worker[2]}" KILL
ok "a worker is killed with the texts that it keeps: the same report" same "$id"
worker_start 2 -n 3 --verbose
id=$(submit 64K "$work/big/reads.fq.gz")
wait_until 20 begun "$id" 3
for pid in $(children 3); do kill -KILL "$pid" 2>/dev/null; done
ok "all processes of a worker are killed: the same report" same "$id"
id=$(submit 64K "$work/big/reads.fq.gz")
wait_until 20 begun "$id" 3
end_process "${pid_worker[4]}" TERM
ok "a worker is told to end: the same report" same "$id"
worker_start 4 -n 2 --verbose
id=$(submit 64K "$work/big/reads.fq.gz")
wait_until 20 begun "$id" 3
end_process "$pid_coord" KILL
coord_start --ping 200ms --dead 1m
ok "the coordinator is killed: the same report" same "$id"
ok "no child was killed for what it said" test -z "$(grep -h 'its child is killed' "$work"/worker*.log)"

if [ "$FQ_FAILPOINTS" != yes ]; then
	skip "scouts that crash: this build has no failpoints"
else
	ok "all workers are there again" wait_until 20 node_is w4 '^idle$'
	for i in 1 2 3 4; do end_process "${pid_worker[$i]}" TERM; done
	for i in 1 2; do FQ_FAILPOINT=scout-crash-at-$((3 * 50000)):on worker_start $i -n 3 --verbose; done
	id=$(submit 50000 "$work/big/reads.fq.gz")
	# There are six slots: it is inflated at once. Unless it is known where the slice begins before it was tried three times.
	poison() {
		fq wait "$1" 2>"$work/err"
		case $? in
		0) same "$1" ;;
		70) grep -q 'bytes 150000 to 200000 ended the process' "$work/err" ;;
		*) return 1 ;;
		esac
	}
	ok "a scout that ends whoever runs it: the job fails with its bytes, or does without" poison "$id"
	ok "it was inflating" grep -q 'inflating bytes 150000 to 200000' "$work"/worker[12].log
	id=$(submit 70000 "$work/big/reads.fq.gz")
	ok "another job does not notice" same "$id"
fi

# ---- real files

if [ ! -d "$shared/data" ]; then
	skip "there are no real files in $shared/data"
else
	real() {
		local file id bad=0
		for file in "$shared"/data/*/*.gz; do
			want "$file"
			here=$?
			id=$(submit 64K "$file")
			if ((here == 0)); then
				same "$id" || bad=1
			else
				fq wait "$id" 2>"$work/err"
				(($? == here)) || bad=1
			fi
			((bad == 0)) || { diag <<<"$file"; return 1; }
		done
	}
	ok "real files in slices of 64K" real
	want "$work/level-6/reads.fq.gz"
fi
done_testing
