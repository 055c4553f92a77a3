#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The fuzz targets of lib/qc replay what real workers and coordinators send in the format of today (make_qc_corpus.c), and this
# reaches behind unpacking: it is not refused.
. "$(dirname "$0")/corpus.sh"

"$build/make_qc_corpus" "$work" 40 >"$work/log" 2>&1
is_ok $? "inputs are made"
for target in counters merge rules; do
	replays "$target"
done
FQ_FUZZ_REFUSED=abort "$build/counters" "$work/counters" >"$work/log" 2>&1
is_ok $? "no counters of a worker are refused"
done_testing
