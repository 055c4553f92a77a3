# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Hosts of a test: booted systemd hosts (systemd-nspawn) on a network of their own. Sourced by tests/nodes/*.t.
#
#   rig_start [older]              makes packages, root file system and network, or skips the test with the reason
#   hosts NAME...                  hosts with numbers and disks, known to all by their names
#   host_boot NAME                 boots one; again after host_kill, with what was on its disk
#   on NAME COMMAND...             runs a command on it as root
#   as NAME USER COMMAND...        as an ordinary user, from his home
#   host_kill NAME                 what a power cut does to it
#   host_reboot NAME               by its own systemd; returns when it is up again
#   host_slow NAME PERCENT         of one processor for all that it does, so that a job lasts
#   cable NAME out|deaf|mute|in    its network cable: pulled; loses what goes to it; loses what comes from it; whole again
#   host_packages NAME PACKAGE...  installs packages of this tree; host_older those of $nodes_older
#   hosts_logs                     what the services of all hosts logged, into $work/NAME.log
#   $rig/shared, $rig/home         are /shared and /home of all hosts
#   host_unified[NAME]=1           boots it with cgroups of version 2, which filter addresses, on a machine whose kernel has given
#                                  processor and memory to version 1
#
# and all of tests/cluster/cluster.sh (TAP, waiting). The test runs in mount, network and process namespaces that it makes: when
# it ends, however it ends, its hosts, mounts, groups and interfaces are gone. Nothing goes out to the network of this machine, but
# for the first run, which fetches Debian packages.
#
#   FQ_NODES_CACHE   folder of the root file system and the packages that were built, kept from run to run (default: fqcluster-nodes
#                    in TMPDIR; that of ./check.sh is build/nodes)
#   FQ_NODES_DEBS    folder of packages to test in the place of those of this tree's last commit
#   FQ_NODES_OLDER   the commit of the version before

nodes_cache=${FQ_NODES_CACHE:-${TMPDIR:-/tmp}/fqcluster-nodes}
nodes_older=${FQ_NODES_OLDER:-fb0c6e4e7da0c0418558d26abf9fdcb9449059db} # 0.1.0, protocol 2
nodes_net=10.81.0
declare -A host_number=() host_nspawn=() host_unified=()

# Prints why not, or nothing. First what no package mends: ./check.sh asks by "bash tests/nodes/rig.sh" before it installs any.
rig_forbidden() {
	local group said
	[ "$(id -u)" = 0 ] || { echo "booting hosts needs root"; return; }
	said=$(unshare -mnpf mount -t tmpfs tmpfs /run 2>&1) || { echo "namespaces with mounts are not allowed here: $said"; return; }
	group=$(rig_cgroups | head -n 1)
	[ -n "$group" ] || { echo "there are no cgroups here"; return; }
	said=$(mkdir "$group/fqnodes.$$" 2>&1) || { echo "hosts can have no cgroups here: $said"; return; }
	rmdir "$group/fqnodes.$$"
}
rig_lacks() {
	local program
	rig_forbidden
	for program in debootstrap systemd-nspawn dpkg-buildpackage lintian ip nft openssl; do
		command -v $program >/dev/null || { echo "$program is not installed: .ci/packages nodes"; return; }
	done
	unshare -mn bash -c 'ip link add name fq1 type veth peer name fq2 && ip link add name fq3 type bridge &&
		nft add table netdev fq' 2>/dev/null || echo "no virtual network cables here"
}

# Where groups are that hosts need: the unified hierarchy, or those of what is given to hosts.
rig_cgroups() {
	local parts=/sys/fs/cgroup
	if [ -e $parts/cgroup.procs ]; then echo $parts; else ls -d $parts/{cpu,memory,pids,systemd,unified} 2>/dev/null; fi
}

# Once more, in namespaces of its own, when all that needs the network of this machine is there: debs, debs_older and base.
# $FQ_NODES_INSIDE is then rig, the folder of the hosts; who waits here for the end takes away what is outside of the namespaces.
rig_enter() {
	[ -z "${FQ_NODES_INSIDE:-}" ] || { rig=$FQ_NODES_INSIDE; return 0; }
	export debs debs_older base
	local reason lock
	reason=$(rig_lacks | head -n 1)
	[ -z "$reason" ] || skip_all "$reason"
	mkdir -p "$nodes_cache" && exec {lock}>"$nodes_cache/lock" && flock "$lock" || exit 1
	packages_make "$@"
	base_make
	exec {lock}>&-
	rig=$(mktemp -d "${TMPDIR:-/tmp}/fqnodes.XXXXXX") || exit 1
	trap rig_leave EXIT
	FQ_NODES_INSIDE=$rig unshare -mnpf --kill-child --mount-proc --propagation private "$0" &
	rig_inside=$!
	wait "$rig_inside"
	exit
}

rig_leave() {
	local status=$?
	trap - EXIT
	kill -KILL "$rig_inside" 2>/dev/null
	wait "$rig_inside" 2>/dev/null
	wait_until 10 rig_cgroups_remove
	rmdir "$rig"
	(exit $status)
	cluster_end
}

# ---- packages and root file system, made once

# packages_of REVISION: the folder of its packages.
packages_of() {
	local debs=$nodes_cache/debs-$1
	[ -e "$debs/.ready" ] || packages_build "$1" "$debs" ||
		{ echo "Bail out! dpkg-buildpackage failed"; tail -n 20 "$debs/log" | diag; return 1; }
	echo "$debs"
}

packages_build() {
	local source=$2/fqcluster
	rm -rf "$2" && mkdir -p "$2" && git clone -q "$top_src" "$source" && git -C "$source" checkout -q "$1" &&
		(cd "$source" && DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" dpkg-buildpackage -us -uc -b) >"$2/log" 2>&1 &&
		rm -rf "$source" && touch "$2/.ready"
}

# The packages of the last commit, in $debs; with older, those of the version before, in $debs_older. Of others none are kept.
packages_make() {
	local commit folder
	debs=${FQ_NODES_DEBS:-} debs_older=
	if [ -z "$debs" ]; then
		commit=$(git -C "$top_src" rev-parse HEAD 2>/dev/null) ||
			skip_all "this is no git clone to make packages of: FQ_NODES_DEBS names a folder"
		debs=$(packages_of "$commit") || { echo "$debs"; exit 1; }
	fi
	if [ "${1:-}" = older ]; then
		git -C "$top_src" cat-file -e "$nodes_older^{commit}" 2>/dev/null ||
			skip_all "this clone lacks the version before, $nodes_older: git fetch --unshallow"
		debs_older=$(packages_of "$nodes_older") || { echo "$debs_older"; exit 1; }
	fi
	[ -z "${FQ_NODES_DEBS:-}" ] || return 0
	for folder in "$nodes_cache"/debs-*; do
		[ "$folder" = "$debs" ] || [ "$folder" = "$nodes_cache/debs-$nodes_older" ] || rm -rf "$folder"
	done
}

# What the packages depend on, by their names; ours are left out.
packages_needs() {
	local deb
	for deb in "$debs"/*.deb; do dpkg-deb -f "$deb" Depends | tr ',' '\n'; done |
		sed 's/|.*//; s/(.*//; s/[[:space:]]//g' | grep -v '^fqcluster-' | sort -u
}

debian_mirror() {
	awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/*.sources 2>/dev/null ||
		awk '$1 == "deb" { for (i = 2; $i !~ /:\/\//; i++) ; print $i; exit }' /etc/apt/sources.list
}

# A Debian 12 with systemd, what the packages need, and what runs their own test, in $base.
base_make() {
	local needs
	needs="systemd,systemd-sysv,dbus,autopkgtest,dpkg-dev,$(packages_needs | tr '\n' ',')"
	base=$nodes_cache/root-$(printf '%s' "$needs" | cksum | cut -d' ' -f1)
	[ ! -e "$base/.ready" ] || return 0
	rm -rf "$nodes_cache"/root-*
	debootstrap --variant=minbase --include="${needs%,}" bookworm "$base" "$(debian_mirror)" \
		>"$base.log" 2>&1 || { tail -n 5 "$base.log" | diag; skip_all "debootstrap cannot make a root file system; its log is $base.log"; }
	rm -rf "$base/var/cache/apt/archives" "$base/var/lib/apt/lists" "$base/etc/apt/sources.list"
	: >"$base/etc/machine-id" # each host makes its own
	touch "$base/.ready"
}

# ---- network: a switch in the test's own namespace, and a cable to each host

network_start() {
	mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns; }
	ip link set lo up
	ip link add switch type bridge && ip link set switch up && nft add table netdev fq
}

network_plug() { # network_plug NAME: with the address of its number
	ip netns add "$1"
	ip link add "to-$1" type veth peer name eth0 netns "$1"
	ip link set "to-$1" master switch up
	ip -n "$1" link set lo up
	ip -n "$1" addr add "$nodes_net.${host_number[$1]}/24" dev eth0
	ip -n "$1" link set eth0 up
	nft "add chain netdev fq $1 { type filter hook ingress device to-$1 priority 0; policy accept; }"
	in_net "$1" nft add table netdev fq
	in_net "$1" nft 'add chain netdev fq in { type filter hook ingress device eth0 priority 0; policy accept; }'
}

in_net() { nsenter --net="/run/netns/$1" "${@:2}"; }

cable() {
	case $2 in
	out) ip link set "to-$1" down ;;
	deaf) in_net "$1" nft add rule netdev fq in drop ;;
	mute) nft add rule netdev fq "$1" drop ;;
	in)
		in_net "$1" nft flush chain netdev fq in
		nft flush chain netdev fq "$1"
		ip link set "to-$1" up
		;;
	esac
}

# ---- hosts

rig_start() {
	rig_enter "$@"
	made=$top_build/tests/tools/mkfastq
	[ -x "$made" ] || { echo "Bail out! $made is not built: make check TESTS="; exit 1; }
	mount -t tmpfs -o mode=755 tmpfs "$rig"
	mkdir -p "$rig/shared" "$rig/home"
	packages_put "$debs" .debs
	[ -z "$debs_older" ] || packages_put "$debs_older" .older
	trap 'rig_end' EXIT
	network_start
}

packages_put() { # packages_put FOLDER NAME: all hosts have them in /shared/NAME, without versions in their names
	local deb
	mkdir "$rig/shared/$2"
	for deb in "$1"/fqcluster-*_*.deb; do cp "$deb" "$rig/shared/$2/$(basename "${deb%%_*}").deb"; done
}

# Groups can be removed once the last process of a host that was killed is gone.
rig_cgroups_remove() {
	local hierarchy status=0
	for hierarchy in $(rig_cgroups); do
		[ ! -d "$hierarchy/${rig##*/}" ] ||
			find "$hierarchy/${rig##*/}" -depth -type d -exec rmdir {} + || status=1
	done
	return $status
}

# Every process, mount and interface ends with the namespaces.
rig_end() {
	local status=$? name
	trap - EXIT
	for name in "${!host_nspawn[@]}"; do host_kill "$name"; done
	umount -R -l "$rig"
	(exit $status)
	cluster_end
}

host_names() {
	printf '127.0.0.1 localhost\n::1 localhost\n'
	local name
	for name in "$@"; do printf '%s.%d %s\n' "$nodes_net" "${host_number[$name]}" "$name"; done
}

# hosts NAME...: gives them numbers and disks; all know each other by name.
hosts() {
	local name n=0
	for name in "$@"; do host_number[$name]=$((++n)); done
	for name in "$@"; do
		mkdir -p "$rig/$name"/{upper,work,root}
		mount -t overlay overlay -o "lowerdir=$base,upperdir=$rig/$name/upper,workdir=$rig/$name/work" "$rig/$name/root"
		host_names "$@" >"$rig/$name/root/etc/hosts"
		echo "$name" >"$rig/$name/root/etc/hostname"
		network_plug "$name"
	done
}

host_boot() {
	local name=$1
	rig_spawn "$name" &
	host_nspawn[$name]=$!
	wait_until 60 host_is_up "$name" || { echo "Bail out! host $name does not boot"; tail -n 20 "$rig/$name/console" | diag; exit 1; }
}

# Becomes systemd-nspawn. Each host has its own group, or their systemds would share theirs.
rig_spawn() {
	local name=$1 hierarchy part
	[ -z "${host_unified[$name]:-}" ] || export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
	for hierarchy in $(rig_cgroups); do
		mkdir -p "$hierarchy/${rig##*/}/$name"
		for part in cpu memory pids; do
			echo +$part | tee "$hierarchy/cgroup.subtree_control" "$hierarchy/${rig##*/}/cgroup.subtree_control" >/dev/null 2>&1
		done
		echo $BASHPID >"$hierarchy/${rig##*/}/$name/cgroup.procs"
	done
	trap - EXIT
	exec systemd-nspawn -q -D "$rig/$name/root" -M "$name" --register=no --keep-unit --network-namespace-path="/run/netns/$name" \
		--system-call-filter=bpf --resolv-conf=off --timezone=off --bind="$rig/shared:/shared" --bind="$rig/home:/home" --console=read-only -b \
		>>"$rig/$name/console" 2>&1 </dev/null
}

host_leader() { pgrep -P "${host_nspawn[$1]}" | head -n 1; }
on() { nsenter -t "$(host_leader "$1")" -a -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root "${@:2}"; }
as() { on "$1" runuser -u "$2" -- env HOME="/home/$2" "${@:3}"; }
host_is_up() { [[ $(on "$1" systemctl is-system-running) =~ ^(running|degraded)$ ]]; }
hosts_logs() {
	local name
	for name in "${!host_nspawn[@]}"; do on "$name" journalctl -q --no-pager -u 'fq*' -u '*.socket' >"$work/$name.log" 2>&1; done
}

packages_on() { # packages_on NAME FOLDER PACKAGE...
	local there=("${@:3}")
	there=("${there[@]/#//shared/$2/}")
	on "$1" dpkg --force-confold -i "${there[@]/%/.deb}"
}
host_packages() { packages_on "$1" .debs "${@:2}"; }
host_older() { packages_on "$1" .older "${@:2}"; }

host_slow() {
	local group=${rig##*/}/$1
	if [ -e "/sys/fs/cgroup/cpu/$group/cpu.cfs_quota_us" ]; then echo $(($2 * 1000)) >"/sys/fs/cgroup/cpu/$group/cpu.cfs_quota_us"; else
		echo $(($2 * 1000)) 100000 >"/sys/fs/cgroup/$group/cpu.max"
	fi
}

host_kill() {
	kill -KILL "$(host_leader "$1")" "${host_nspawn[$1]}" 2>/dev/null
	wait "${host_nspawn[$1]}" 2>/dev/null
	unset "host_nspawn[$1]"
}

# systemd-nspawn leaves it to its caller to boot again what ended by a reboot, and says so by 133.
host_reboot() {
	on "$1" systemctl reboot
	wait "${host_nspawn[$1]}"
	[ $? -eq 133 ] || { echo "Bail out! host $1 does not reboot"; tail -n 20 "$rig/$1/console" | diag; exit 1; }
	host_boot "$1"
}

[ "$0" != "${BASH_SOURCE[0]}" ] || rig_forbidden
