#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A fleet of four hosts of the version before ($nodes_older) that is upgraded by its packages while a job is counted: the nodes one
# by one and then the coordinator, and the other way round; then back. Keys, enrolment and jobs stay; results are those of one
# process, to the byte. Skipped where the clone has no history.
. "$(dirname "$0")/fleet.sh"
rig_start older
hosts coord node1 node2 login
user_make alice 1000 coord node1 node2 login
"$made" 2000000 100 nova 8 >"$rig$large" # 500 MB
for host in coord node1 node2 login; do host_boot $host; done

packages_for() { # packages_for HOST: of this host's part
	case $1 in
	coord) echo fqcluster-{common,client,coordinator} ;;
	login) echo fqcluster-{common,client} ;;
	*) echo fqcluster-{common,worker} ;;
	esac
}
# shellcheck disable=SC2046
older() { older_installed "$1" $(packages_for "$1"); }
# shellcheck disable=SC2046
newer() { installed "$1" $(packages_for "$1"); }
program_of() { case $1 in coord) echo fqcoordd ;; login) echo fqctl ;; *) echo fqworkerd ;; esac; }
version() { on "$1" "$(program_of "$1")" --version | sed -n '1s/.* //p'; }
runs_version() { # runs_version HOST VERSION: the process does, and not only the file
	[ "$(version "$1")" = "$2" ] && on "$1" bash -c "/proc/\$(systemctl show -P MainPID $(program_of "$1"))/exe --version" | grep -q " $2\$"
}
before=$(dpkg-deb -f "$debs_older/"fqcluster-common_*.deb Version) now=$(dpkg-deb -f "$debs/"fqcluster-common_*.deb Version)
ok "the version before, $before, is lower than $now" dpkg --compare-versions "$before" lt "$now"

pins() { admin peers --no-header | awk '{ print $1, $2, $3 }' | sort; }
all_idle() { for host in node1 node2; do wait_until 30 node_is $host '^idle' || return 1; done; }

is_there() { node_is "$1" '^(idle|mixed|alloc)'; }

# A fleet of the older version, joined.
older_fleet() {
	local host
	for host in coord node1 node2 login; do older $host || return 1; done
	wait_until 20 admin ping || return 1
	token=$(admin token --role worker --uses 2 --ttl 1h)
	for host in node1 node2; do
		on $host bash -c 'echo "slots = 1;" >>/etc/fqcluster/fqworkerd.conf'
		joins_in_one_line $host "$token" || return 1
	done
	alice_joins && all_idle && enrolled=$(pins)
}

# A host gets its packages while slices are in hand: a node is stopped with some, and the coordinator comes back to some.
in_hand() { admin status --no-header | grep -q ' R '; }
stopped=0 # nodes with slices in hand
node_upgraded() {
	local drained
	ok "a job in hand" begin_long node1 node2
	drained=$(draining_with_slices "$1")
	ok "$1: packages of $now" newer "$1"
	stopped=$((stopped + $(draining_with_slices "$1") - drained))
	ok "jobs are in hand" in_hand
	ok "$1 runs $now" wait_until 60 runs_version "$1" "$now"
	ok "and is there again" wait_until 60 is_there "$1"
	ends
}
coord_upgraded() {
	ok "a job in hand" begin_long node1 node2
	ok "the coordinator: packages of $now" newer coord
	ok "it runs $now" wait_until 60 runs_version coord "$now"
	ok "and has jobs in hand" in_hand
	for host in node1 node2; do ok "$host comes back to it" wait_until 60 is_there $host; done
	ends
}
same_fleet() {
	is "the same keys are enrolled" "$(pins)" "$enrolled"
	ok "all are back" all_idle
	for host in coord node1 node2 login; do ok "$host: systemd says running" runs $host; done
}

ok "a fleet of $before" older_fleet
as login alice fqctl qc --local --as text $large >"$work/large"
node_upgraded node1
node_upgraded node2
coord_upgraded
ok "the older fqctl has the first job's result too" has_large "$job"
ok "login: packages of $now" newer login
ok "and so has the newer one" has_large "$job"
same_fleet

gone() { removed "$1" bash -c 'dpkg -P $(dpkg-query -f "\${Package}\n" -W "fqcluster-*") && [ ! -e /var/lib/fqcluster ]'; }
for host in login node1 node2 coord; do ok "$host: all purged" gone $host; done
rm -r "$rig/home/alice/.config"

ok "another fleet of $before" older_fleet
coord_upgraded
first=$job
ok "a job in hand of older nodes, for the newer coordinator" begin node1 node2
ends
node_upgraded node2
node_upgraded node1
ok "login: packages of $now" newer login
ok "the first job's result is there" has_large "$first"
same_fleet

ok "nodes were stopped with slices in hand ($stopped of 4)" test $stopped -ge 3

# ---- back: nodes, fqctl, and the coordinator as far as its database is one that the older one knows

back() { older "$1" && [ "$1" = login ] || wait_until 20 runs_version "$1" "$before"; }
ok "a job in hand of $now" begin node1 node2
for host in node1 node2 login; do ok "$host: back to $before" back $host; done
ends
ok "the coordinator: packages of $before" older coord
refuses() { says coord fqcoordd 'this program knows'; }
decided() { refuses || all_idle; }
ok "which decides" wait_until 60 decided
if ! refuses; then
	ok "serves from what the newer one left" all_idle
	ok "the first job's result is there" has_large "$first"
else
	ok "it says of which version its database is" refuses
	ok "and does not touch it: the newer one serves" newer coord
	ok "the first job's result is there" has_large "$first"
fi
[ $failed -eq 0 ] || hosts_logs
done_testing
