#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The fuzz targets of lib/qc replay what real workers and coordinators send in the format of today (make_qc_corpus.c), and this
# reaches behind unpacking: it is not refused.
set -u
build=${FQ_TOP_BUILDDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/fuzz
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0 failed=0

is_ok() { # is_ok STATUS NAME
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then printf 'ok %d - %s\n' $number "$2"; else
		printf 'not ok %d - %s\n' $number "$2"
		failed=1
		tail -n 3 "$work/log" | sed 's/^/# /'
	fi
}

"$build/make_qc_corpus" "$work" 40 >"$work/log" 2>&1
is_ok $? "inputs are made"
for target in counters merge rules; do
	"$build/$target" "$work/$target" >"$work/log" 2>&1
	is_ok $? "$target: $(find "$work/$target" -type f | wc -l) inputs"
done
FQ_FUZZ_REFUSED=abort "$build/counters" "$work/counters" >"$work/log" 2>&1
is_ok $? "no counters of a worker are refused"
printf '1..%d\n' $number
exit $failed
