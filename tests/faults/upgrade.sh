#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Another revision of these programs together with those that are built here, and a cluster that is brought from one to the other
# while a job is counted, in both orders: scenario 44 with real older programs.
#
#     tests/faults/upgrade.sh REVISION        in a build folder, or with FQ_TOP_BUILDDIR; builds in upgrade-REVISION there
#
# Not a part of make check: it builds for a minute or two, and needs the repository.
set -u
[ $# -eq 1 ] || { echo "usage: ${0##*/} REVISION" >&2; exit 64; }
FQ_TOP_SRCDIR=${FQ_TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
FQ_TOP_BUILDDIR=${FQ_TOP_BUILDDIR:-$PWD}
export FQ_TOP_SRCDIR FQ_TOP_BUILDDIR
older=$FQ_TOP_BUILDDIR/upgrade-$1

if [ ! -x "$older/build/daemon/fqworkerd" ]; then
	mkdir -p "$older/src" "$older/build"
	echo "# building $1 in $older"
	(git -C "$FQ_TOP_SRCDIR" archive "$1" | tar -x -C "$older/src" && cd "$older/src" && ./autogen.sh && cd ../build &&
		../src/configure --quiet && make -j2) >"$older/log" 2>&1 || { tail "$older/log" >&2; exit 70; }
fi
# shellcheck source=tests/faults/faults.sh
. "$(dirname "$0")/faults.sh"
newer=$top_build
new_ctl=$ctl old_ctl=$older/build/ctl/fqctl

programs() { # programs OLDER|NEWER: what is started from now on
	coordd=$1/daemon/fqcoordd workerd=$1/daemon/fqworkerd no_cache=(--cache-size 0)
	"$coordd" --help | grep -q -e --cache-size || no_cache=() # it counts each anyway
}
older_ones() { programs "$older/build"; }
newer_ones() { programs "$newer"; }
both_there() { wait_until 20 node_is w$((first + 1)) '^(idle|mixed|alloc)$' && wait_until 20 node_is w$((first + 2)) '^(idle|mixed|alloc)$'; }
worker_again() { end_process "${pid_worker[$1]}" TERM; worker_start "$1" -n 2; }
coord_again() { end_process "$pid_coord" "$1"; coord_start --ping 100ms --dead 1s "${@:2}" && both_there; }

# A cluster of older programs (workers FIRST+1 and FIRST+2) with a job in hand.
older_cluster() {
	first=$1 state=$work/coord$1 host= FQ_KEYS=$work/user$1
	older_ones
	ctl=$old_ctl
	cluster_start --ping 100ms --dead 1s
	worker_start $((first + 1)) -n 2
	worker_start $((first + 2)) -n 2
	submit plain.fq && job_ends "$id" && hold $((first + 1)) && hold $((first + 2)) && submit large.fq --slice-size 500K &&
		wait_until 20 slices_of "$id" "running  w$((first + 1))" && wait_until 20 slices_of "$id" "running  w$((first + 2))"
}
said() { "$1" --version 2>/dev/null | head -n 1; }

data_make 60000
hosts_make 4
echo "# older: $(said "$old_ctl"), newer: $(said "$new_ctl")"
ok "older programs: a cluster with a job in hand" older_cluster 0

coord_first() {
	newer_ones
	coord_again KILL || return 1
	sed -n 's/^/coordinator: /p' "$work/coord.log" | grep -iE 'schema|database|migrat' | diag
	slices_of "$id" "running  w1" && let_go 2 && worker_again 1 && worker_again 2 && jobs_same && all_idle 20 && jobs_once
}
ok "the coordinator first, with the older one's database and a job half counted; then the workers, one by one: the same report" coord_first

older_client() {
	"$old_ctl" submit -h "$host" --as json "$data/plain.fq" >"$work/told" 2>&1 && return 1
	diag <"$work/told"
	grep -q 'proof' "$work/told" && "$old_ctl" fetch -h "$host" --as json "$id" | cmp - "$golden/large.fq"
}
ok "an older fqctl: a sentence where a proof is demanded, and what it did before it may fetch" older_client
no_proof() {
	coord_again TERM --proof none && id=$("$old_ctl" submit -h "$host" --parsable --as json "$data/plain.fq") &&
		golden_of[$id]=plain.fq && jobs_same
}
ok "and where none is demanded it works" no_proof
ctl=$new_ctl
ok "a newer fqctl gives proofs to the same coordinator" eval 'coord_again TERM && submit bgzf.fq.gz && jobs_same'
for i in 1 2; do end_process "${pid_worker[$i]}" TERM; done
end_process "$pid_coord" TERM
jobs_forget

ok "older programs again" older_cluster 2
workers_first() {
	newer_ones
	let_go 4
	worker_again 3 && worker_again 4 && job_ends "$id" && submit large.fq --slice-size 500K && jobs_same || return 1
	ctl=$new_ctl
	submit zip.fq.gz && jobs_same || return 1
	hold 3
	hold 4
	submit large.fq --slice-size 500K && wait_until 20 slices_of "$id" "running  w3" || return 1
	coord_again KILL && let_go 3 && let_go 4 && jobs_same && all_idle 20 && jobs_once
}
ok "the workers first, one by one, a newer fqctl, then the coordinator: the same reports" workers_first
done_testing
