#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The fuzz targets of the daemons replay what peers say in the protocol of today (make_frames_corpus.c).
. "$(dirname "$0")/corpus.sh"

"$build/make_frames_corpus" "$work" >"$work/log" 2>&1
is_ok $? "inputs are made"
for target in "$work"/*/; do
	replays "$(basename "$target")"
done
FQ_FUZZ_COUNTED=abort "$build/session" "$work/session/right" >"$work/log" 2>&1
is_ok $? "session: right results reach the end of their job"
FQ_FUZZ_PLACED=abort "$build/session" "$work/session/split" >"$work/log" 2>&1
is_ok $? "session: slices of a gzip stream are taken from scouts, and the first one is proven"
(FQ_FUZZ_COUNTED=abort "$build/session" "$work/session/hash") >"$work/log" 2>&1
is_ok $((! $?)) "session: and wrong ones do not"
done_testing
