#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what the tests need (.ci/packages), builds in build/ and runs everything:
#
#   ./check.sh          gcc with all tests, booted hosts, Slurm, clang, the sanitizers with all tests, ThreadSanitizer, distcheck
#   ./check.sh quick    the first of these
#   ./check.sh nodes    the second
#   ./check.sh slurm    the third
#
# Hosts are booted by root, where namespaces and cgroups are allowed, else these tests are skipped with the reason; their root file
# system and packages stay in build/nodes. So it is with Slurm, which needs no cgroups; its programs stay in build/slurm.
#
# Each step has its log build/STEP.log. The last line counts the tests of all steps; the exit status is 0 when none failed.
set -euo pipefail

top=$(cd "$(dirname "$0")" && pwd)
build=$top/build
jobs=$(nproc)
test_jobs=$((jobs + 1)) # many tests wait more than they compute
passed=0 failed=0 skipped=0

# The steps run where their status is asked for, which switches off set -e: so each is one chain of &&.

# configured FOLDER OPTION...: configures build/FOLDER unless that was done with the same options.
configured() {
	local folder=$build/$1
	shift
	mkdir -p "$folder"
	if [ -f "$folder/Makefile" ] && [ "$(cat "$folder/options" 2>/dev/null)" = "$*" ]; then return; fi
	(cd "$folder" && "$top/configure" --quiet "$@") &&
		printf '%s\n' "$*" >"$folder/options"
}

step_gcc() {
	configured gcc CC=gcc --enable-werror --enable-failpoints &&
		make -C "$build/gcc" -j"$jobs" &&
		make -C "$build/gcc" -j"$test_jobs" -k check
}

# Where it is forbidden the tests say so; there nothing is installed for them.
step_nodes() {
	configured gcc CC=gcc --enable-werror --enable-failpoints &&
		make -C "$build/gcc" -j"$jobs" &&
		{ [ -n "$(bash "$top/tests/nodes/rig.sh")" ] || "$top/.ci/packages" nodes; } &&
		FQ_NODES_CACHE=$build/nodes make -C "$build/gcc" -j"$jobs" -k check-nodes
}

# Likewise. Its tests wait more than they compute.
step_slurm() {
	configured gcc CC=gcc --enable-werror --enable-failpoints &&
		make -C "$build/gcc" -j"$jobs" &&
		{ [ -n "$(bash "$top/tests/slurm/rig.sh")" ] || "$top/.ci/packages" unpack "$build/slurm"; } &&
		FQ_SLURM_CACHE=$build/slurm make -C "$build/gcc" -j"$test_jobs" -k check-slurm
}

# Everything as clang sees it, the fuzz targets as libFuzzer programs; nothing is run.
step_clang() {
	configured clang CC=clang --enable-werror --enable-failpoints --enable-fuzzers CFLAGS="-O1 -g" &&
		make -C "$build/clang" -j"$jobs" -k &&
		make -C "$build/clang" -j"$jobs" check TESTS=
}

# No --enable-werror here: what the sanitizers insert misleads the warnings of gcc.
step_sanitizers() {
	configured sanitizers CC=gcc --enable-sanitizers --enable-failpoints CFLAGS="-O1 -g" &&
		make -C "$build/sanitizers" -j"$jobs" &&
		make -C "$build/sanitizers" -j"$test_jobs" -k check
}

# ThreadSanitizer on what has threads.
step_threads() {
	configured threads CC=gcc --enable-tsan --enable-failpoints CFLAGS="-O1 -g" &&
		make -C "$build/threads" -j"$jobs" &&
		make -C "$build/threads" -j"$jobs" -k check-threads
}

# The tarball builds, passes the quick tests, installs and uninstalls from a read-only source tree.
step_distcheck() {
	configured dist CC=gcc &&
		make -C "$build/dist" -j"$jobs" distcheck HEAVY_TESTS= DISTCHECK_CONFIGURE_FLAGS="CFLAGS=-O0"
}

# summary NAME LOG: the sum of a line of automake's test summaries.
summary() {
	awk -v line="$1:" '$1 == "#" && $2 == line { n += $3 } END { print n + 0 }' "$2"
}

# repeated LOG: how many errors only say that a program whose failing tests are counted exited accordingly.
repeated() {
	awk '$1 == "FAIL:" { failed[$2] } /^ERROR: .* - exited with status/ { exited[$2] }
		END { for (test in exited) n += test in failed; print n + 0 }' "$1"
}

# of_failures LOG: what was said before each test that failed, and the end of the log, but for the tests that passed.
of_failures() {
	local said
	said=$(grep -avE '^(ok [0-9]+|PASS:) ' "$1" | cut -c 1-300) # "ok 12fqctl: ..." is what was said in the middle of a line
	grep -B 15 -A 3 '^# failed: ' <<<"$said" | head -n 60 || true
	printf -- '---- its end\n'
	tail -n 25 <<<"$said"
}

# told LOG: what the programs that failed said; without any, how the step ended.
told() {
	local log=$1 names name of any=
	names=$(awk '$1 == "FAIL:" || $1 == "XPASS:" || $1 == "ERROR:" { sub(/\.t$/, "", $2); print $2 }' "$log" | sort -u | head -n 8)
	for name in $names; do
		of=$(find "$build" -path "*/$name.log" -newer "$build/begun" -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
		[ -n "$of" ] || continue
		any=1
		printf -- '---- of %s\n' "$of"
		of_failures "$of"
	done
	[ -z "$any" ] || return 0
	printf -- '---- the end of %s\n' "$log"
	tail -n 40 "$log"
}

# run STEP: its numbers are added to the totals; a step that fails without a failing test counts as one.
run() {
	local step=$1 log=$build/$1.log status=0 start=$SECONDS good bad
	printf 'check: %-12s' "$step" >&2
	: >"$build/begun"
	("step_$step") >"$log" 2>&1 </dev/null || status=$?
	good=$(($(summary PASS "$log") + $(summary XFAIL "$log")))
	bad=$(($(summary FAIL "$log") + $(summary XPASS "$log") + $(summary ERROR "$log") - $(repeated "$log")))
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + $(summary SKIP "$log")))
	printf '%6d passed, %d failed, %d s\n' "$good" "$bad" "$((SECONDS - start))" >&2
	grep -a '^SKIP: .* - ' "$log" | sort -u | head -n 20 | sed 's/^/       /' >&2 || true
	[ "$bad" -gt 0 ] || return 0
	grep -aE '^(FAIL|XPASS|ERROR): |: error: |undefined reference' "$log" | grep -v ' - exited with status ' | head -n 40 >&2 || true
	told "$log" >&2
}

steps=(gcc nodes slurm clang sanitizers threads distcheck)
case ${1:-all} in
all) ;;
quick) steps=(gcc) ;;
nodes | slurm) steps=("$1") ;;
*)
	printf 'usage: ./check.sh [quick|nodes|slurm]\n' >&2
	exit 64
	;;
esac

"$top/.ci/packages" build
"$top/.ci/packages" test
mkdir -p "$build"
if [ -f "$top/config.status" ]; then
	printf 'check: this tree was configured in place; run "make distclean" first\n' >&2
	exit 1
fi
if [ ! -x "$top/configure" ] && ! "$top/autogen.sh" >"$build/autogen.log" 2>&1; then
	tail -n 20 "$build/autogen.log" >&2
	exit 1
fi
for step in "${steps[@]}"; do run "$step"; done
[ "$skipped" -eq 0 ] || printf '%d skipped\n' "$skipped"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
