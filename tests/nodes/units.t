#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the units promise, on booted hosts with the packages: coordinator and worker side by side on one host, a node of which
# configuration management has the key (without a token, as the manual pages say it), reload, watchdogs, backups where the key is a
# credential, filters of addresses, limits of the slice, taking a node away. Then the packages' own test by autopkgtest.
. "$(dirname "$0")/fleet.sh"
rig_start
coordinator=both login=both workers=(node)
host_unified[both]=1
hosts both node alone
user_make alice 1000 both node
"$made" 300000 100 nova 8 >"$rig$large"

# ---- keys in files, before anything is installed

# The two lines of fqcoordd(8) for the key of NAME; prints its fingerprint.
managed_key() {
	(cd "$work" && sed -n 's/\\-/-/g; /^openssl /p' "$top_src/daemon/coord/fqcoordd.8" | sed "s/node7/$1/" | bash -e | cut -d' ' -f1)
}
coord_pin=$(managed_key both) node_pin=$(managed_key node) alice_pin=$(managed_key alice)
put() { install -D -o "${4:-0}" -g "${4:-0}" -m 600 "$1" "$rig/$2/root$3"; } # put FILE HOST PATH [UID]
put "$work/both.key" both /etc/credstore/fqcoordd.key
put <(printf 'worker %s node\nclient %s alice@both\n' "$node_pin" "$alice_pin") both /var/lib/fqcluster/coord/peers
put "$work/node.key" node /etc/credstore/fqworkerd.key
put <(echo "both:5381 $coord_pin") node /var/lib/fqcluster/worker/known
install -d -o 1000 -g 1000 "$rig/home/alice/.config"{,/fqcluster}
install -o 1000 -g 1000 -m 600 "$work/alice.key" "$rig/home/alice/.config/fqcluster/key.pem"
install -o 1000 -g 1000 -m 600 <(echo "both:5381 $coord_pin") "$rig/home/alice/.config/fqcluster/known"

for host in both node; do host_boot $host; done
ok "both daemons' packages on one host" installed both fqcluster-{common,client,coordinator,worker}
ok "worker's package" installed node fqcluster-{common,worker}
on node bash -c 'echo "host = \"both\";" >>/etc/fqcluster/fqworkerd.conf && systemctl enable -q --now fqworkerd'
ok "the node is there without a token" wait_until 20 node_is node '^idle'
ok "and so is alice" fq ping
ok "the coordinator has the key that was put there" wait_until 20 says both fqcoordd "key $coord_pin\$"
is "and no other" "$(on both ls /var/lib/fqcluster/coord | grep -c pem)$(on node ls /var/lib/fqcluster/worker | grep -c pem)" 00

# ---- side by side

ok "the coordinator's host joins" joins_in_one_line both "$(admin token --role worker)"
ok "it is a node" wait_until 20 node_is both '^idle'
local_csv $large >"$work/csv"
as both alice fqctl qc --local --as text $large >"$work/large"
ok "a job over both" cmp <(fq submit --wait --no-cache --slice-size 1M $large) "$work/csv"
sees() { on both bash -c "cat /proc/\$(systemctl show -P MainPID $1)/root/var/lib/fqcluster/$2"; }
sees_own() { sees fqcoordd coord/peers && sees fqworkerd worker/known; } >/dev/null
ok "each of the two has its own state" sees_own
ok "the worker does not see the coordinator's, whose user it is" eval '! sees fqworkerd coord/peers 2>/dev/null'
ok "nor the coordinator the worker's, who came later" eval '! sees fqcoordd worker/known 2>/dev/null'
has_socket() { on both bash -c "test -S /proc/\$(systemctl show -P MainPID $1)/root/run/fqcluster/ctl.sock"; }
ok "nor is the coordinator's socket there for the worker" eval '! has_socket fqworkerd'
for unit in fqcoordd fqworkerd; do is "$unit is in the slice" "$(show both $unit Slice)" fqcluster.slice; done

# ---- reload

peers=/var/lib/fqcluster/coord/peers
before=$(show both fqcoordd MainPID)
on both bash -c "sed -i 's/^client/# client/' $peers && systemctl reload fqcoordd"
ok "reload: whose line is gone is shut out" wait_until 10 eval '! fq ping 2>/dev/null'
on both bash -c "sed -i 's/^# client/client/' $peers && echo nonsense >>$peers && systemctl reload fqcoordd"
ok "reload of a wrong file: a sentence" wait_until 10 says both fqcoordd 'the peers file stays as it was: .*peers'
on both bash -c "sed -i /nonsense/d $peers && systemctl reload fqcoordd"
ok "reload of a right one" wait_until 10 fq ping
is "by the same process" "$(show both fqcoordd MainPID)" "$before"

# ---- watchdogs, with a short patience

drop_in() { # drop_in HOST UNIT NAME LINE...
	put <(printf '%s\n' "${@:4}") "$1" "/etc/systemd/system/$2.d/$3.conf"
	on "$1" systemctl daemon-reload
}
drop_out() { on "$1" bash -c "rm /etc/systemd/system/$2.d/$3.conf && systemctl daemon-reload"; }
for host in both:fqcoordd node:fqworkerd; do
	drop_in ${host%:*} ${host#*:}.service watchdog '[Service]' WatchdogSec=5
	on ${host%:*} systemctl restart ${host#*:}
done
for host in both node; do ok "$host is back" wait_until 20 node_is $host '^idle'; done
hang() { on "$1" systemctl kill --kill-whom=main --signal=STOP "$2"; }
admin drain both
ok "a coordinator that hangs, in mid-job" begin node
hang both fqcoordd
ok "is started anew" wait_until 20 says both fqcoordd 'Watchdog timeout'
ends
ok "a worker that hangs, in mid-job" begin node
hang node fqworkerd
ok "is started anew" wait_until 20 says node fqworkerd 'Watchdog timeout'
ends
ok "and is back" wait_until 20 node_is node '^idle'
admin resume both
for host in both:fqcoordd node:fqworkerd; do drop_out ${host%:*} ${host#*:}.service watchdog; done

# ---- backups

backup() { on both bash -c "rm -rf /root/copy && fqcoordd --backup /root/copy $*"; } >"$work/out" 2>"$work/err"
same_key() { cmp <(on both cat /root/copy/key.pem) "$work/both.key"; }
ok "backup of a coordinator whose key is a credential" backup
ok "has the key" same_key
on both systemctl stop fqcoordd.socket
ok "backup of one that is stopped" backup
ok "has the key too" same_key
on both mv /etc/credstore/fqcoordd.key /etc/fqcluster/coord.key
ok "where the key is elsewhere, it is refused" eval '! backup'
ok "with what to do" grep -q 'right is --key FILE, for a service the FILE of LoadCredential=coord.key:FILE' "$work/err"
ok "and nothing is left" on both test ! -e /root/copy
ok "that works" backup --key /etc/fqcluster/coord.key
ok "and has the key" same_key
examples=/usr/share/doc/fqcluster-common/examples
on both bash -c "cd /etc/systemd/system && mkdir -p fqcoordd.service.d && cp $examples/fqcoordd.service.d/key.conf fqcoordd.service.d/ &&
	systemctl daemon-reload && systemctl start fqcoordd"
for host in both node; do ok "key.conf: the same key, $host is back" wait_until 30 node_is $host '^idle'; done
ok "a socket that came later than the worker is not there for it either" eval 'has_socket fqcoordd && ! has_socket fqworkerd'

# ---- who may talk with whom: examples network.conf and hosts.conf, with the addresses of these hosts

example() { # example HOST UNIT NAME SED: the example as a drop-in
	local folder=/etc/systemd/system/$2.d
	on "$1" bash -c "mkdir -p $folder && sed '$4' $examples/$2.d/$3.conf >$folder/$3.conf && systemctl daemon-reload"
}
reaches() { # reaches ADDRESS: the coordinator is reached when only this one is allowed
	on both systemd-run -q --wait --collect -p IPAddressDeny=any -p IPAddressAllow="$1" timeout 10 bash -c 'exec 3<>/dev/tcp/both/5381'
}
worker_alone_with() { # worker_alone_with ADDRESS: the worker of the coordinator's host
	example both fqworkerd.service network "s/10\.1\.0\.5/$1/" && on both systemctl restart fqworkerd
}
addresses() {
	worker_alone_with $nodes_net.1
	ok "network.conf with the coordinator's address: the worker is there" wait_until 20 node_is both '^idle'
	worker_alone_with $nodes_net.99
	ok "with another one it goes" wait_until 20 eval "! node_is both '^(idle|mixed|alloc)'"
	doze 3
	ok "and stays away" eval "! node_is both '^(idle|mixed|alloc)'"
	drop_out both fqworkerd.service network
	on both systemctl restart fqworkerd
	ok "without it it is there again" wait_until 20 node_is both '^idle'
	example both fqcoordd.socket hosts "s,10\.1\.0\.0/16,$nodes_net.1,"
	on both systemctl restart fqcoordd.socket fqcoordd
	ok "hosts.conf with one worker's address: that one comes" wait_until 20 node_is both '^idle'
	ok "the other does not" eval "! node_is node '^(idle|mixed|alloc)'"
	drop_out both fqcoordd.socket hosts
	on both systemctl restart fqcoordd.socket fqcoordd
	ok "without it both come" wait_until 20 eval 'node_is node "^idle" && node_is both "^idle"'
}
ok "what is allowed is reached" reaches $nodes_net.1
if reaches $nodes_net.99; then skip "systemd filters no addresses on this kernel (no BPF for groups)"; else addresses; fi

# ---- limits of both services together: example limits.conf

# Groups of version 1 are read only in a host until that is changed.
limits_begin() {
	local part
	on node test -e /sys/fs/cgroup/cgroup.procs && return
	for part in cpu memory pids; do on node mount -o remount,rw,bind /sys/fs/cgroup/$part || return; done
	on node systemctl daemon-reexec
}
limits() { # as the kernel has them for the group of the worker's main process
	local group=/sys/fs/cgroup
	on node grep -q fqcluster.slice/fqworkerd.service "/proc/$(show node fqworkerd MainPID)/cgroup" || echo "not in the slice"
	if on node test -e $group/cgroup.procs; then on node bash -c "cd $group/fqcluster.slice && echo \$(cat cpu.max memory.max)"; else
		on node bash -c "cd $group && echo \$(cat cpu/fqcluster.slice/cpu.cfs_{quota,period}_us memory/fqcluster.slice/memory.limit_in_bytes)"
	fi
}
limits_begin 2>>"$work/limits.log"
example node fqcluster.slice limits 's/^CPUQuota=.*/CPUQuota=50%/; s/^MemoryMax=.*/MemoryMax=512M/; s/^MemoryHigh=.*/MemoryHigh=400M/'
on node systemctl restart fqworkerd
limited=$(limits 2>>"$work/limits.log")
if [ -n "$limited" ]; then is "limits.conf: processor and memory of the slice" "$limited" "50000 100000 536870912"; else
	skip "the groups of a host have no limits on this kernel: $(tail -n 1 "$work/limits.log")"
fi
ok "and work goes on" wait_until 20 node_is node '^idle'
ok "with the same result" cmp <(fq submit --wait --no-cache --slice-size 1M $large) "$work/csv"
drop_out node fqcluster.slice limits

# ---- taking away

for host in both node; do ok "$host: systemd says running" runs $host; done
ok "a node is taken away in mid-job" begin node
ok "in one line" admin revoke node
ok "it is gone" wait_until 10 eval '! node_is node "^(idle|alloc|mixed)"'
ends
ok "the node's journal says why" wait_until 40 says node fqworkerd 'lost the coordinator both:5381: this key was revoked'
ok "purge of the worker on the coordinator's host" removed both dpkg -P fqcluster-worker
ok "leaves the coordinator alone" has_large "$job"
ok "and its state" on both test -s $peers -a ! -e /var/lib/fqcluster/worker
ok "systemd says running" runs both

# ---- the packages' own test, by autopkgtest, which installs them

host_boot alone
mkdir "$rig/shared/source" && cp -r "$top_src/debian" "$rig/shared/source"
# A host like this one is the isolation that the test wants, which the testbed "null" cannot know of itself.
own_test() {
	on alone bash -c 'autopkgtest --ignore-restrictions=isolation-container /shared/.debs/*.deb /shared/source -- null'
} &>"$work/autopkgtest.log"
ok "autopkgtest" own_test
ok "ran debian/tests/cluster" grep -qE '^cluster +PASS' "$work/autopkgtest.log"
grep -E '(not )?ok [0-9]|^cluster ' "$work/autopkgtest.log" | sed 's/^/# /'
[ $failed -eq 0 ] || { hosts_logs && tail -n 30 "$work/autopkgtest.log" >"$work/own.log"; }
done_testing
