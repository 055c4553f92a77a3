#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A fleet of four hosts under systemd, from Debian packages: a coordinator, two workers and a login host, joined by token. Jobs of
# an ordinary user on the login host while hosts lose their power, their cable or their coordinator, and are upgraded; the oracle is
# the same file counted by one process. Then the packages leave. See rig.sh for what it needs.
. "$(dirname "$0")/fleet.sh"
rig_start
hosts coord node1 node2 login

ok "lintian has no error and no warning" lintian --allow-root --fail-on error,warning "$debs"/fqcluster-*.deb

# ---- files of two users, on what all hosts share

user_make alice 1000 coord node1 node2 login
user_make bob 1001 coord node1 node2 login
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
ok "coordinator's package" installed coord fqcluster-{common,client,coordinator}
for host in node1 node2; do ok "$host: worker's package" installed $host fqcluster-{common,worker}; done
ok "login host: client's package" installed login fqcluster-{common,client}

exposed() { on "$1" systemd-analyze security --no-pager --threshold="$2" "$3" >/dev/null; } # in tenths

ok "the coordinator serves" wait_until 20 admin ping
on node1 systemctl start fqworkerd 2>/dev/null
is "a worker without a coordinator: exit status" "$(on node1 systemctl show -P ExecMainStatus fqworkerd)" 78
ok "and the reason in the journal" wait_until 20 says node1 fqworkerd 'no coordinator is named: right is fqworkerd --join HOST TOKEN'
on node1 systemctl reset-failed

token=$(admin token --role worker --uses 2 --ttl 1h)
for host in node1 node2; do
	on $host bash -c 'echo "slots = 1;" >>/etc/fqcluster/fqworkerd.conf'
	on $host bash -c 'cd /etc/systemd/system && mkdir -p fqworkerd.service.d && cd fqworkerd.service.d &&
		cp /usr/share/doc/fqcluster-common/examples/fqworkerd.service.d/home.conf . && sed -i "s, /home/bob/runs,," home.conf'
	ok "$host joins in one line" joins_in_one_line $host "$token"
done
for host in node1 node2; do ok "the coordinator has $host" wait_until 20 node_is $host '^idle'; done
ok "alice joins" alice_joins
for host in coord node1 node2 login; do ok "$host: systemd says running" runs $host; done
ok "exposure of the coordinator at most 0.5" exposed coord 5 fqcoordd
for host in node1 node2; do ok "exposure of $host at most 1.5" exposed $host 15 fqworkerd; done
is "the coordinator has no network" "$(on coord bash -c 'cat /proc/$(systemctl show -P MainPID fqcoordd)/net/dev' | awk 'NR > 2 && $1 != "lo:"')" ""

# ---- jobs, in quiet

small=/shared/small.fastq.gz
local_csv $small >"$work/small"
as login alice fqctl qc --local --as text $large >"$work/large"
ok "a job of alice on the login host" cmp <(fq submit --wait $small) "$work/small"
ok "FastQC's text" cmp <(fq qc --as text $small) <(as login alice fqctl qc --local --as text $small)
ok "a large one, on both nodes" cmp <(fq qc --as text $large) "$work/large"
ok "files below a home (example home.conf)" cmp <(fq submit --wait /home/alice/runs/mine.fastq) <(local_csv /home/alice/runs/mine.fastq)
fq submit --wait /home/bob/his.fastq >"$work/out" 2>"$work/err"
is "another home is not there for the workers: exit 66" $? 66

# ---- the journal of the coordinator's host tells the story of a job

story() { on coord journalctl --sync && on coord journalctl -q -u fqcoordd -o cat --output-fields=FQ_EVENT "FQ_JOB=$1" | paste -sd' '; }
is "the story of job 1" "$(story 1)" "job-submitted job-completed"
ok "the catalog explains" grep -q "Subject: All files of a job were counted" <(on coord journalctl -q --no-pager -x FQ_JOB=1)

# ---- fqctl doctor, and what it says to do

well() { "$@" >"$work/out" 2>&1 && ! grep -E '^(warn|bad) ' "$work/out" || { diag <"$work/out"; return 1; }; }
finds() { grep -qE -- "$1" "$work/out" || { diag <"$work/out"; return 1; }; }
ok "doctor of alice on the login host: all is well" well fq doctor $small
ok "that of the administrator too" well admin doctor $small
on node2 systemctl stop fqworkerd
wait_until 20 node_is node2 '^down'
fq doctor $small >"$work/out" 2>&1
ok "a worker that was stopped" finds '^warn +nodes +node2 is down'
on node2 systemctl start fqworkerd
ok "and started: it is there again" wait_until 20 node_is node2 '^idle'
group=/shared/group.fastq
admin probe --all $group >"$work/out" 2>&1
is "a file of a group that the workers lack: exit 66" $? 66
for host in node1 node2; do ok "$host must not open it" finds "^$host +no .*Permission denied"; done
admin doctor $group >"$work/out" 2>&1
ok "doctor says what to do" finds 'the user fqcluster has to read it, by a group: .*/fqworkerd.service.d/groups.conf'
for host in node1 node2; do
	on $host bash -c 'cp /usr/share/doc/fqcluster-common/examples/fqworkerd.service.d/groups.conf /etc/systemd/system/fqworkerd.service.d/ &&
		systemctl daemon-reload && systemctl restart fqworkerd'
	ok "that done, $host is there again" wait_until 20 node_is $host '^idle'
done
ok "and both can" admin probe --all $group
ok "doctor too says that all is well" well fq doctor $group
ok "and a job reads it" cmp <(fq submit --wait $group) <(local_csv $group)

# ---- a user without a key, through a worker of the login host that counts nothing

bob() { as login bob fqctl "$@"; }
in_hand() { admin status --no-header | grep -q ' R '; }
ok "login host: worker's package" installed login fqcluster-worker
on login bash -c 'echo "gate_only = true;" >>/etc/fqcluster/fqworkerd.conf'
ok "it joins in one line, with a token that lets it vouch" joins_in_one_line login "$(admin token --role worker --vouch)"
ok "its gate lets bob in, who has no key" wait_until 20 bob ping
is "anybody may connect" "$(on login stat -c %a /run/fqworkerd/ctl.sock)" 666
ok "a job of bob" cmp <(bob submit --wait $small) "$work/small"
ok "is his" grep -q " bob:1001 " <(admin status --all --no-header)
ok "doctor of bob: all is well" well bob doctor $small
is "login is no node" "$(admin nodes --no-header | awk '{ print $1 }' | sort | paste -sd' ')" "node1 node2"
for user in bob root; do
	as login $user env HOME=/nowhere fqctl token --role client >"$work/out" 2>&1
	is "$user is no administrator there: exit 77" $? 77
done
ok "exposure of the login host's worker at most 1.5" exposed login 15 fqworkerd
speed 3
touch "$rig$large"
bob submit --wait --as text --slice-size 4M $large >"$work/bobs" 2>"$work/err" &
waits=$!
ok "a large job of bob" wait_until 30 in_hand
on login systemctl restart fqworkerd
ok "the login host's worker starts anew in mid-job" in_hand
speed 100
wait $waits
is "his fqctl goes on" $? 0
ok "and has the result" cmp "$work/bobs" "$work/large"
admin revoke login >>"$work/join.log"
refused() { ! bob ping >"$work/out" 2>&1 && grep -q revoked "$work/out"; }
ok "revoked: nobody is let in, and bob is told why" wait_until 20 refused
ok "purge of the login host's worker" removed login dpkg -P fqcluster-worker
ok "takes its gate away" on login test ! -e /run/fqworkerd -a ! -e /var/lib/fqcluster/worker
on login systemctl reset-failed

# ---- a key from elsewhere than the state folder

coord_key() { journal coord fqcoordd | sed -n 's/.* key \([0-9a-f]\{64\}\)$/\1/p' | tail -n 1; }
key=$(coord_key)
on coord install -D -m 600 /var/lib/fqcluster/coord/key.pem /etc/credstore/fqcoordd.key
on coord rm /var/lib/fqcluster/coord/key.pem
on coord systemctl restart fqcoordd
is "the coordinator's key from the credential store" "$(coord_key)" "$key"
for host in node1 node2; do ok "$host is back" wait_until 30 node_is $host '^idle'; done

# ---- and with what happens to hosts

completed() { on coord journalctl -q -b -u fqcoordd | grep -q "job $1 of .* has completed"; } # since the coordinator's host booted
all_back() { for host in node1 node2; do ok "$host is back" wait_until 30 node_is $host '^idle'; done; }

ok "power cut of node1 in mid-job" begin node1
host_kill node1
ok "the coordinator notices" wait_until 20 node_is node1 '^down'
ends
is "the coordinator's journal says who is gone, in mid-job" "$(lost_by node1)" 1
lost_slices() { on coord journalctl -q -b -o cat --output-fields=FQ_SLICE FQ_EVENT=slice-lost "FQ_NODE=$1" "FQ_JOB=$job"; }
ok "and which slices of the job went with it" test -n "$(lost_slices node1)"
host_boot node1
ok "with the power back it is there again" wait_until 30 node_is node1 '^idle'

# parted HOW WHAT: node2 behind its cable while it counts.
parted() {
	local before lost
	before=$(lost_by node2) lost=$(told node2 fqworkerd 'lost the coordinator coord:5381')
	ok "$2 in mid-job" begin node2
	cable node2 "$1"
	ok "the coordinator notices" wait_until 20 node_is node2 '^down'
	notices() { [ "$(told node2 fqworkerd 'lost the coordinator coord:5381')" -gt "$lost" ]; }
	ok "the node does too" wait_until 20 notices
	ends
	is "it was in mid-job" "$(lost_by node2)" $((before + 1))
	cable node2 in
	ok "with the cable whole it is there again" wait_until 30 node_is node2 '^idle'
}
parted out "cable of node2 pulled"
parted deaf "cable of node2 that loses what goes to it"
parted mute "cable of node2 that loses what comes from it"

ok "cable of the coordinator pulled in mid-job" begin node1 node2
cable coord out
for host in node1 node2; do ok "the coordinator misses $host" wait_until 20 node_is $host '^down'; done
cable coord in
ends
all_back

ok "reboot of the coordinator in mid-job" begin node1
host_reboot coord
ends
ok "it was in mid-job" completed "$job"
all_back
is "workers went on" "$(show node2 fqworkerd NRestarts)" 0

ok "power cut of the coordinator in mid-job" begin node2
host_kill coord
host_boot coord
ends
ok "it was in mid-job" completed "$job"
all_back

ok "coordinator killed in mid-job" begin node2
on coord systemctl kill --signal=KILL fqcoordd
answered() { "$@" >/dev/null; }
ok "who calls meanwhile waits" answered fq nodes
ends

# ---- the status page, as fqcoordd-status.socket says it

page() { # its first line
	on coord bash -c 'exec 3<>/dev/tcp/127.0.0.1/5382 &&
		printf "GET /metrics HTTP/1.1\r\nHost: localhost:5382\r\nConnection: close\r\n\r\n" >&3 && head -n 1 <&3' 2>/dev/null
}
serves_page() { [[ $(page) == "HTTP/1.1 200"* ]]; }
ok "there is none by itself" eval '! serves_page'
on coord bash -c 'systemctl enable -q fqcoordd-status.socket
	systemctl stop fqcoordd.service && systemctl start fqcoordd-status.socket fqcoordd.service'
ok "switched on it is there, without a network for the coordinator" wait_until 20 serves_page
all_back

# ---- leaving within the unit's time

ok "node1 is stopped in mid-job" begin_long node1
before=$(lost_by node1) drained=$(draining_with_slices node1) start=$SECONDS
on node1 systemctl stop fqworkerd
ok "that took $((SECONDS - start)) s, less than TimeoutStopSec" test $((SECONDS - start)) -lt 45
is "in order" "$(show node1 fqworkerd Result), $(show node1 fqworkerd ExecMainStatus)" "success, 0"
is "with slices in hand" "$(draining_with_slices node1)" $((drained + 1))
ends
is "and lost none" "$(lost_by node1)" "$before"
on node1 systemctl start fqworkerd
all_back

# ---- upgrade, removal, purge

ok "upgrade of a node in mid-job" begin_long node1
before=$(lost_by node1) drained=$(draining_with_slices node1)
ok "its packages" installed node1 fqcluster-{common,worker}
is "it had slices in hand" "$(draining_with_slices node1)" $((drained + 1))
ok "upgrade of the coordinator" installed coord fqcluster-{common,client,coordinator}
ends
all_back
is "and lost nothing" "$(lost_by node1)" "$before"
ok "the status page is there still" wait_until 20 serves_page
for host in coord node1 node2 login; do ok "$host: systemd says running" runs $host; done

ok "removal of the worker's package" removed node2 dpkg -r fqcluster-worker
ok "the node has left in order" wait_until 20 says coord fqcoordd 'node node2 is gone, 0 slices'
ok "its key and its configuration stay" on node2 test -s /var/lib/fqcluster/worker/key.pem -a -s /etc/fqcluster/fqworkerd.conf
ok "installed again it needs no token" installed node2 fqcluster-worker
ok "and is enabled still" on node2 systemctl -q is-enabled fqworkerd
on node2 systemctl start fqworkerd
ok "it is there again" wait_until 30 node_is node2 '^idle'
ok "purge" removed node2 dpkg -P fqcluster-worker fqcluster-common
ok "takes state and configuration away" lacks node2 /var/lib/fqcluster /etc/fqcluster
ok "so it does on the coordinator" removed coord dpkg -P fqcluster-coordinator
is "nor does a unit of it run" "$(on coord systemctl list-units --no-legend --plain 'fqcoordd*' 'fqcluster-*')" ""
ok "state, socket and units are gone" lacks coord /var/lib/fqcluster /run/fqcluster/ctl.sock '/{lib,etc}/systemd/system/{,*/}fqcoordd*'

[ $failed -eq 0 ] || hosts_logs
done_testing
