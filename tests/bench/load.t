#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The load benchmark, small: 20 light workers and 200 files; that it runs, and that what it says of them is there. Times are not judged.
build=${FQ_TOP_BUILDDIR:-.}
source=$(dirname "$0")
command -v python3 >/dev/null || { echo "1..0 # SKIP python3 is not installed"; exit 0; }
out=$(python3 "$source/load.py" "$build" --workers 10,20 --files 200 --jobs 4 --ms 200 --seconds 2 --as json --finish 2>&1)
status=$?
tests=0 failed=0
ok() {
	tests=$((tests + 1))
	if "${@:2}"; then echo "ok $tests - $1"; else
		echo "not ok $tests - $1"
		failed=$((failed + 1))
	fi
}
told() { [ "$(grep -cE "$1" <<<"$out")" -eq "$2" ]; }
# shellcheck disable=SC2001
sed 's/^/# /' <<<"$out"
ok "it runs" [ $status -eq 0 ]
ok "for both numbers of workers" told '^[12]0 workers: there' 2
ok "the files are queued" told '200 files in 4 jobs are queued' 2
ok "slices complete meanwhile" told '^ *[1-9][0-9]* slices a second' 2
ok "all is counted" told '^  4 jobs of 200 files and 20000 reads are completed' 2
for verb in submit 'status ID' status show cancel; do ok "$verb is measured" told "^  $verb +n +[1-9]" 2; done
echo "1..$tests"
exit $((failed > 0))
