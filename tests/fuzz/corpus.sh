# SPDX-License-Identifier: GPL-3.0-or-later
# What tests that replay made inputs share: TAP, and a folder of inputs for each target. Sourced by tests/fuzz/*_corpus.t.
#
#   $build               the folder of the targets; $work is the test's own
#   is_ok STATUS NAME    one test; the end of $work/log where it fails
#   replays TARGET       the target takes all inputs of $work/TARGET
#   done_testing
set -u
build=${FQ_TOP_BUILDDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}/tests/fuzz
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0 failed=0

is_ok() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then printf 'ok %d - %s\n' $number "$2"; else
		printf 'not ok %d - %s\n' $number "$2"
		failed=1
		tail -n 3 "$work/log" | sed 's/^/# /'
	fi
}

replays() {
	"$build/$1" "$work/$1" >"$work/log" 2>&1
	is_ok $? "$1: $(find "$work/$1" -type f | wc -l) inputs"
}

done_testing() {
	printf '1..%d\n' $number
	exit $failed
}
