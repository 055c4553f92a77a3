#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A fleet of four hosts under systemd, from Debian packages: a coordinator, two workers and a login host, joined by token. Jobs of
# an ordinary user on the login host while hosts lose their power, their cable or their coordinator, and are upgraded; the oracle is
# the same file counted by one process. Then the packages leave. See rig.sh for what it needs.
. "$(dirname "$0")/../cluster/cluster.sh"
. "$(dirname "$0")/rig.sh"
rig_start
made=$top_build/tests/tools/mkfastq
hosts coord node1 node2 login

ok "lintian has no error and no warning" lintian --allow-root --fail-on error,warning "$debs"/fqcluster-*.deb

# ---- files of two users, on what all hosts share

for user in alice:1000 bob:1001; do
	name=${user%:*}
	for host in coord node1 node2 login; do
		chroot "$rig/$host/root" useradd -u "${user#*:}" -M -s /bin/bash "$name" || exit 1
	done
	install -d -o "${user#*:}" -g "${user#*:}" -m 755 "$rig/home/$name"
done
for host in node1 node2 login; do chroot "$rig/$host/root" groupadd -g 900 sequencing; done
install -d -o 1000 -g 1000 -m 755 "$rig/home/alice/runs"
"$made" 2000000 100 nova 8 >"$rig/shared/large.fastq" # 500 MB
"$made" 100000 100 hiseq 9 | gzip -1 >"$rig/shared/small.fastq.gz"
"$made" 50000 100 hiseq 10 >"$rig/home/alice/runs/mine.fastq"
"$made" 1000 100 hiseq 11 >"$rig/home/bob/his.fastq"
install -m 640 -g 900 "$rig/home/alice/runs/mine.fastq" "$rig/shared/group.fastq"
chroot "$rig/login/root" usermod -aG sequencing alice

# ---- four hosts, from packages

for host in coord node1 node2 login; do host_boot $host; done
installed() { host_packages "$@" >>"$work/dpkg.log" 2>&1; }
ok "coordinator's package" installed coord fqcluster-{common,client,coordinator}
for host in node1 node2; do ok "$host: worker's package" installed $host fqcluster-{common,worker}; done
ok "login host: client's package" installed login fqcluster-{common,client}

fq() { as login alice fqctl "$1" -h coord "${@:2}"; } # as the user does
admin() { on coord fqctl "$@"; }
local_csv() { as login alice fqctl qc --local --as csv "$1"; }
journal() { on "$1" journalctl -q --no-pager -u "$2"; }
says() { journal "$1" "$2" | grep -q -- "$3"; }
exposed() { on "$1" systemd-analyze security --no-pager --threshold="$2" "$3" >/dev/null; } # in tenths
in_one_line() { on "$1" bash -c "$2" >>"$work/join.log" 2>&1; }
runs() { [ "$(on "$1" systemctl is-system-running)" = running ]; }

ok "the coordinator serves" wait_until 20 admin ping
on node1 systemctl start fqworkerd 2>/dev/null
is "a worker without a coordinator: exit status" "$(on node1 systemctl show -P ExecMainStatus fqworkerd)" 78
ok "and the reason in the journal" says node1 fqworkerd 'no coordinator is named: right is fqworkerd --join HOST TOKEN'
on node1 systemctl reset-failed

token=$(admin token --role worker --uses 2 --ttl 1h)
for host in node1 node2; do
	on $host bash -c 'echo "slots = 1;" >>/etc/fqcluster/fqworkerd.conf'
	on $host mkdir -p /etc/systemd/system/fqworkerd.service.d
	for example in groups home; do on $host cp /usr/share/doc/fqcluster-common/examples/fqworkerd.service.d/$example.conf /etc/systemd/system/fqworkerd.service.d/; done
	on $host sed -i 's, /home/bob/runs,,' /etc/systemd/system/fqworkerd.service.d/home.conf
	ok "$host joins in one line" in_one_line $host "fqworkerd --join coord $token && systemctl enable --now fqworkerd"
done
for host in node1 node2; do ok "the coordinator has $host" wait_until 20 node_is $host '^idle'; done
alice_joins() { as login alice fqctl join coord "$(admin token --role client)" >>"$work/join.log"; }
ok "alice joins" alice_joins
for host in coord node1 node2 login; do ok "$host: systemd says running" runs $host; done
ok "exposure of the coordinator at most 0.5" exposed coord 5 fqcoordd
for host in node1 node2; do ok "exposure of $host at most 1.5" exposed $host 15 fqworkerd; done
is "the coordinator has no network" "$(on coord bash -c 'cat /proc/$(systemctl show -P MainPID fqcoordd)/net/dev' | awk 'NR > 2 && $1 != "lo:"')" ""

# ---- jobs, in quiet

small=/shared/small.fastq.gz large=/shared/large.fastq
local_csv $small >"$work/small"
as login alice fqctl qc --local --as text $large >"$work/large"
has_large() { cmp <(fq fetch --as text "$1") "$work/large"; }
ok "a job of alice on the login host" cmp <(fq submit --wait $small) "$work/small"
ok "FastQC's text" cmp <(fq qc --as text $small) <(as login alice fqctl qc --local --as text $small)
ok "a large one, on both nodes" cmp <(fq qc --as text $large) "$work/large"
ok "files of a group (example groups.conf)" cmp <(fq submit --wait /shared/group.fastq) <(local_csv /shared/group.fastq)
ok "files below a home (example home.conf)" cmp <(fq submit --wait /home/alice/runs/mine.fastq) <(local_csv /home/alice/runs/mine.fastq)
fq submit --wait /home/bob/his.fastq >"$work/out" 2>"$work/err"
is "another home is not there for the workers: exit 66" $? 66

# ---- a key from elsewhere than the state folder

coord_key() { journal coord fqcoordd | sed -n 's/.* key \([0-9a-f]\{64\}\)$/\1/p' | tail -n 1; }
key=$(coord_key)
on coord install -D -m 600 /var/lib/fqcluster/coord/key.pem /etc/credstore/fqcoordd.key
on coord rm /var/lib/fqcluster/coord/key.pem
on coord systemctl restart fqcoordd
is "the coordinator's key from the credential store" "$(coord_key)" "$key"
for host in node1 node2; do ok "$host is back" wait_until 30 node_is $host '^idle'; done

# ---- and with what happens to hosts

slices() { admin show --slices "$1" 2>/dev/null; }
running_on() { slices "$1" | grep -q "running  $2"; }
completed() { on coord journalctl -q -b -u fqcoordd | grep -q "job $1 of .* has completed"; } # since the coordinator's host booted

speed() { host_slow node1 "$1" && host_slow node2 "$1"; } # percent of a processor

# begin NODE: a job that is counted there, and lasts until ends.
begin() {
	admin drain node1 node2
	touch "$rig/shared/large.fastq" # not what was counted before
	speed 3
	job=$(fq submit --as text --parsable --slice-size 4M $large) &&
		admin resume node1 node2 && wait_until 20 running_on "$job" "$1"
}

# It completes, with the right result.
ends() {
	speed 100
	ok "the job is done" fq wait "$job"
	ok "with the same result" has_large "$job"
}

ok "power cut of node1 in mid-job" begin node1
host_kill node1
ok "the coordinator notices" wait_until 20 node_is node1 '^down'
ends
ok "the coordinator's journal says who is gone, in mid-job" says coord fqcoordd 'node node1 is gone, [1-9]'
host_boot node1
ok "with the power back it is there again" wait_until 30 node_is node1 '^idle'

ok "cable of node2 pulled in mid-job" begin node2
cable node2 out
ok "the coordinator notices" wait_until 20 node_is node2 '^down'
ok "the node does too" wait_until 20 says node2 fqworkerd 'lost the coordinator coord:5381'
ends
ok "it was in mid-job" says coord fqcoordd 'node node2 is gone, [1-9]'
cable node2 in
ok "with the cable in it is there again" wait_until 30 node_is node2 '^idle'

ok "reboot of the coordinator in mid-job" begin node1
host_reboot coord
ends
ok "it was in mid-job" completed "$job"
for host in node1 node2; do ok "$host is back" wait_until 30 node_is $host '^idle'; done
is "workers went on" "$(on node2 systemctl show -P NRestarts fqworkerd)" 0

ok "coordinator killed in mid-job" begin node2
on coord systemctl kill --signal=KILL fqcoordd
answered() { "$@" >/dev/null; }
ok "who calls meanwhile waits" answered fq nodes
ends

# ---- upgrade, removal, purge

ok "upgrade of a node in mid-job" begin node1
others=()
for length in 40 50 60 70; do others+=("$(fq submit --as text --parsable --slice-size 4M --dup-length $length $large)"); done # or it ends before
ok "its packages" installed node1 fqcluster-{common,worker}
ok "it had slices in hand" says node1 fqworkerd 'draining: [1-9]'
fq cancel "${others[@]}"
ok "upgrade of the coordinator" installed coord fqcluster-{common,client,coordinator}
ends
for host in node1 node2; do ok "$host is back" wait_until 30 node_is $host '^idle'; done
gone_with() { journal coord fqcoordd | grep -c "node $1 is gone, [1-9]"; }
is "and lost nothing" "$(gone_with node1)" 1
for host in coord node1 node2 login; do ok "$host: systemd says running" runs $host; done

removed() { on "$@" >>"$work/dpkg.log" 2>&1; }
ok "removal of the worker's package" removed node2 dpkg -r fqcluster-worker
ok "the node has left in order" wait_until 20 says coord fqcoordd 'node node2 is gone, 0 slices'
ok "its key and its configuration stay" on node2 test -s /var/lib/fqcluster/worker/key.pem -a -s /etc/fqcluster/fqworkerd.conf
ok "installed again it needs no token" installed node2 fqcluster-worker
ok "and is enabled still" on node2 systemctl -q is-enabled fqworkerd
on node2 systemctl start fqworkerd
ok "it is there again" wait_until 30 node_is node2 '^idle'
ok "purge" removed node2 dpkg -P fqcluster-worker fqcluster-common
ok "takes state and configuration away" on node2 bash -c '! ls -d /var/lib/fqcluster /etc/fqcluster 2>/dev/null'
ok "so it does on the coordinator" removed coord dpkg -P fqcluster-coordinator
ok "state, socket and units are gone" on coord bash -c '! ls -d /var/lib/fqcluster /run/fqcluster/ctl.sock /lib/systemd/system/fqcoordd.* /etc/systemd/system/*/fqcoordd.* 2>/dev/null'

# ---- the packages' own test, on a host of its own

hosts alone
host_boot alone
installed alone fqcluster-{common,client,coordinator,worker}
install -D "$top_src/debian/tests/cluster" "$rig/shared/.debs/cluster"
own_test() { on alone /shared/.debs/cluster > >(sed 's/^/# /'); }
ok "debian/tests/cluster" own_test
[ $failed -eq 0 ] || hosts_logs
done_testing
