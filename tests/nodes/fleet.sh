# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A fleet of fqcluster on the hosts of rig.sh, which it sources, with cluster.sh. Sourced by tests/nodes/*.t.
#
#   user_make NAME UID HOST...         an ordinary user, with the same home on all these hosts; before they boot
#   installed HOST PACKAGE...          packages of this tree;  older_installed HOST PACKAGE...  of the version before
#   admin VERB ARG...                  fqctl of root on the coordinator's host, $coordinator
#   fq VERB ARG...                     fqctl of alice on the login host, $login, by her key
#   local_csv FILE                     the result of one process, as she counts it there
#   joins_in_one_line HOST TOKEN       what an administrator types on a node
#   begin NODE...                      a job on $large that these of $workers count, and that lasts until ends: sets job
#   begin_long NODE...                 the same with more jobs behind it, for what takes long on a host that is so slow
#   draining_with_slices NODE          how often the node was stopped with slices in hand, or with the result of one
#   ends                               two checks: it completes, and its result is that of one process, $work/large
#   lost_by NODE                       how often the coordinator's journal says that the node went with slices in hand
#   journal HOST UNIT                  since the package was installed;  says HOST UNIT REGEX;  told HOST UNIT REGEX  how often
#   lacks HOST PATH...                 none of them is there; a PATH may be a pattern
#   runs HOST                          systemctl is-system-running says running
. "$(dirname "${BASH_SOURCE[0]}")/../cluster/cluster.sh"
. "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
coordinator=coord login=login workers=(node1 node2) large=/shared/large.fastq job= others=()

user_make() {
	local host
	for host in "${@:3}"; do chroot "$rig/$host/root" useradd -u "$2" -M -s /bin/bash "$1" || exit 1; done
	install -d -o "$2" -g "$2" -m 755 "$rig/home/$1"
}

installed() { host_packages "$@" >>"$work/dpkg.log" 2>&1; }
older_installed() { host_older "$@" >>"$work/dpkg.log" 2>&1; }
removed() { on "$@" >>"$work/dpkg.log" 2>&1; }
admin() { on "$coordinator" fqctl "$@"; }
fq() { as "$login" alice fqctl "$1" -h "$coordinator" "${@:2}"; }
local_csv() { as "$login" alice fqctl qc --local --as csv "$1"; }
joins_in_one_line() { on "$1" bash -c "fqworkerd --join $coordinator $2 && systemctl enable --now fqworkerd" >>"$work/join.log" 2>&1; }
alice_joins() { as "$login" alice fqctl join "$coordinator" "$(admin token --role client)" >>"$work/join.log"; }

journal() { on "$1" journalctl -q --no-pager -u "$2"; }
says() { journal "$1" "$2" | grep -q -- "$3"; }
told() { journal "$1" "$2" | grep -c -- "$3"; }
lacks() { [ -z "$(on "$1" bash -c "ls -d ${*:2} 2>/dev/null")" ]; }
runs() { [ "$(on "$1" systemctl is-system-running)" = running ]; }
lost_by() { told "$coordinator" fqcoordd "node $1 is gone, [1-9]"; }
show() { on "$1" systemctl show -P "$3" "$2"; } # show HOST UNIT PROPERTY

running_on() { admin show --slices "$1" 2>/dev/null | grep -q "running  $2"; }

speed() { # speed PERCENT: of a processor, for each worker's host
	local node
	for node in "${workers[@]}"; do host_slow "$node" "$1" || return 1; done
}

# Slow enough to last, and not counted before.
begin() {
	local node
	admin drain "${workers[@]}"
	touch "$rig$large"
	speed 3
	job=$(fq submit --as text --parsable --slice-size 4M $large) && admin resume "${workers[@]}" || return 1
	for node in "$@"; do wait_until 20 running_on "$job" "$node" || return 1; done
}

# Slices large enough that a node has one in hand at any moment.
begin_long() {
	local length
	begin "$@" || return 1
	for length in 40 42 44 46 48 50; do
		others+=("$(fq submit --as text --parsable --slice-size 32M --dup-length $length $large)") || return 1
	done
}
draining_with_slices() { told "$1" fqworkerd 'draining: \(0 slices and \)\?[1-9]'; }

has_large() { cmp <(fq fetch --as text "$1") "$work/large"; }
ends() {
	[ ${#others[@]} -eq 0 ] || fq cancel "${others[@]}" >>"$work/cancelled.log" 2>&1
	others=()
	speed 100
	ok "the job is done" fq wait --timeout 10m "$job"
	ok "with the same result" has_large "$job"
}
