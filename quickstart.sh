#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Counts FASTQ files on a small cluster of its own: a coordinator and two workers on this machine's loopback, in a
# temporary folder, each enrolled by token as on a real cluster. Prints only the CSV on standard output (mean Phred score
# per base position); everything else goes to standard error. All that it started is stopped however it ends.
#
#   ./quickstart.sh [FILE...]      without a FILE: real reads from the Debian package gasic-examples
set -euo pipefail

top=$(cd "$(dirname "$0")" && pwd)
build=$top/build/quickstart
work=
counting=
pids=()

say() { printf 'quickstart: %s\n' "$*" >&2; }
die() { say "$1"; exit "${2:-1}"; }

stop_all() {
	local status=$?
	trap - EXIT INT TERM HUP
	local i
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill -TERM "${pids[i]}" 2>/dev/null || true; done
	((${#pids[@]} == 0)) || wait "${pids[@]}" 2>/dev/null || true
	# What went wrong while it started is in the logs; afterwards fqctl has said it.
	if [ "$status" -ne 0 ] && [ -n "$work" ] && [ -z "$counting" ]; then tail -n 5 "$work"/*.log >&2 2>/dev/null || true; fi
	[ -z "$work" ] || rm -rf "$work"
	exit "$status"
}

# Builds in $build; quick when nothing changed.
build_programs() {
	"$top/.ci/packages" build >&2
	mkdir -p "$build"
	if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
		say "making configure"
		(cd "$top" && ./autogen.sh) >"$build/build.log" 2>&1 || { tail -n 20 "$build/build.log" >&2; die "autogen.sh failed"; }
	fi
	if [ ! -f "$build/Makefile" ]; then
		say "configuring"
		(cd "$build" && "$top/configure" --quiet) >"$build/build.log" 2>&1 || { tail -n 20 "$build/build.log" >&2; die "configure failed"; }
	fi
	make -C "$build" -q daemon/fqcoordd daemon/fqworkerd ctl/fqctl >/dev/null 2>&1 || say "building"
	make -C "$build" -s -j"$(nproc)" daemon/fqcoordd daemon/fqworkerd ctl/fqctl >"$build/build.log" 2>&1 ||
		{ tail -n 20 "$build/build.log" >&2; die "make failed; the log is $build/build.log"; }
}

# Real reads: 100,000 of an Illumina run, 72 bases each. Unpacked here, not installed.
example_reads() {
	local name=usr/share/doc/gasic/examples/reads/SRR059298_subset.fastq.gz
	if [ -f "/$name" ]; then printf '/%s\n' "$name"; return; fi
	if [ ! -f "$build/example/$name" ]; then
		say "fetching example reads (Debian package gasic-examples)"
		mkdir -p "$build/example"
		(cd "$build/example" && apt-get -q download gasic-examples && dpkg-deb -x gasic-examples_*.deb .) >"$build/example.log" 2>&1 ||
			{ tail -n 5 "$build/example.log" >&2; die "cannot fetch the package gasic-examples; name a FASTQ file instead" 66; }
	fi
	printf '%s\n' "$build/example/$name"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" 2>/dev/null; do
		((SECONDS < end)) || die "$what"
		sleep 0.05
	done
}

start_cluster() {
	"$build/daemon/fqcoordd" --state "$work/coord" --listen 127.0.0.1:0 2>"$work/coord.log" &
	pids+=($!)
	wait_for 20 "the coordinator does not listen" test -s "$work/coord/listening"
	host=$(cat "$work/coord/listening")
	local i token
	for i in 1 2; do
		token=$(fqctl token --socket "$work/coord/ctl.sock" --role worker)
		"$build/daemon/fqworkerd" --state "$work/worker$i" --join "$host" "$token" >"$work/join$i.log" 2>&1 ||
			{ cat "$work/join$i.log" >&2; die "worker $i could not join"; }
		"$build/daemon/fqworkerd" --state "$work/worker$i" --name "quick$i" -h "$host" -n "$(((($(nproc)) + 1) / 2))" 2>"$work/worker$i.log" &
		pids+=($!)
	done
	token=$(fqctl token --socket "$work/coord/ctl.sock" --role client)
	fqctl join -h "$host" "$token" >&2
}

fqctl() { "$build/ctl/fqctl" "$@"; }

build_programs
files=("$@")
if [ $# -eq 0 ]; then files=("$(example_reads)"); fi
work=$(mktemp -d "${TMPDIR:-/tmp}/fqcluster.XXXXXX")
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export FQ_KEYS=$work/user
start_cluster
say "counting ${#files[@]} file(s) on 127.0.0.1"
counting=1
fqctl submit -h "$host" --wait --as csv -- "${files[@]}"
