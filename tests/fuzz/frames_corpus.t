#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The fuzz targets of the daemons replay what peers say in the protocol of today (make_frames_corpus.c).
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

"$build/make_frames_corpus" "$work" >"$work/log" 2>&1
is_ok $? "inputs are made"
for target in "$work"/*/; do
	target=$(basename "$target")
	"$build/$target" "$work/$target" >"$work/log" 2>&1
	is_ok $? "$target: $(find "$work/$target" -type f | wc -l) inputs"
done
FQ_FUZZ_COUNTED=abort "$build/session" "$work/session/right" >"$work/log" 2>&1
is_ok $? "session: right results reach the end of their job"
(FQ_FUZZ_COUNTED=abort "$build/session" "$work/session/hash") >"$work/log" 2>&1
is_ok $((! $?)) "session: and wrong ones do not"
printf '1..%d\n' $number
exit $failed
