#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The coordinator's core under simulated failures: FQ_SIM_SEEDS (20,000) histories from FQ_SIM_FIRST (1) must hold; each bug that
# can be put in must be found within FQ_SIM_FIND (6,000) of them; the same seed must be the same history. In a build with sanitizers,
# which looks for other bugs and takes ten times as long, 3,000 histories and every third bug.
sim=${FQ_TOP_BUILDDIR:-.}/tests/sim/sim
seeds=20000 every=1
if [ "${FQ_SANITIZERS:-}" = yes ]; then
	seeds=3000 every=3
	echo "# sanitizers make histories slow: $seeds, and every third bug"
fi
seeds=${FQ_SIM_SEEDS:-$seeds} first=${FQ_SIM_FIRST:-1} find=${FQ_SIM_FIND:-6000}
tests=0 failed=0

ok() {
	local name=$1
	shift
	tests=$((tests + 1))
	if "$@"; then echo "ok $tests - $name"; else
		echo "not ok $tests - $name"
		failed=$((failed + 1))
	fi
}

ok "$seeds histories from seed $first" "$sim" --seeds "$seeds" --first "$first"
# What was found by seeds far from these: slices left to nobody, who is blamed, and what the simulator itself took for a fault.
for seed in 730100020055 730100052455 730100029057 730100036858 730100037049 730100078533 730100079064 730100207006 730100211304 \
            730100256251 730100261832 730100196695 730100217295 730100284709 730200030913 \
            730200059238 730200068436; do
	ok "history $seed holds" "$sim" --seeds 1 --first $seed
done
for ((i = every; i <= $("$sim" --mutants); i += every)); do
	seed=$("$sim" --mutant $i --seeds "$find")
	ok "bug $i is found (by seed $seed)" test -n "$seed"
done
# Thousands of nodes: 3,000 of one slot and as many files, a file of ten slices after another, jobs of one file.
ok "3,000 nodes, 6,000 files" "$sim" --nodes 3000 --files 6000
ok "3,000 nodes, files of 20 slices that wait for the first" "$sim" --nodes 3000 --slots 2 --files 500 --slices 20 --lead
ok "300 nodes, 3,000 jobs" "$sim" --nodes 300 --jobs 3000 --files 1
for seed in 1 77 4711; do ok "seed $seed is the same history twice" "$sim" --twice $seed; done
echo "1..$tests"
exit $((failed > 0))
