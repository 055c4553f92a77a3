#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The units and the user as systemd reads them: no word it does not know, programs that are there and executable, an exposure
# that stays under a ceiling (0 is best, 10 worst), and the settings without which the daemons would fail or open a hole.
set -u
top=${FQ_TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${FQ_TOP_BUILDDIR:-$top}
count=0 failed=0

command -v systemd-analyze >/dev/null || { echo "1..0 # SKIP systemd-analyze is not installed"; exit 0; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/sbin"

report() { # report STATUS TEXT [FILE]: the file explains a failure
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
		echo "not ok $count - $2"
		failed=$((failed + 1))
		[ $# -lt 3 ] || sed 's/^/# /' "$3"
	fi
}

# Units as they are installed, but with programs that are here.
for name in fqcoordd fqworkerd; do
	unit=$build/systemd/$name.service
	ln -s "$build/daemon/$name" "$work/sbin/$name"
	! grep -n '@[a-z_]*@' "$unit" >"$work/out"
	report $? "$name.service: every path is filled in" "$work/out"
	installed=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
	sed "s,$installed,$work/sbin/$name,g" "$unit" >"$work/$name.service"
done
mkdir "$work/bin" && ln -s "$build/ctl/fqctl" "$work/bin/fqctl"
! grep -n '@[a-z_]*@' "$build/systemd/fqcluster-elastic.service" >"$work/out"
report $? "fqcluster-elastic.service: every path is filled in" "$work/out"
sed "s,^ExecStart=[^ ]*,ExecStart=$work/bin/fqctl," "$build/systemd/fqcluster-elastic.service" >"$work/fqcluster-elastic.service"
cp "$top/systemd/fqcoordd.socket" "$top/systemd/fqcoordd-status.socket" "$top/systemd/fqcluster.slice" "$work"

verified() { # verified FOLDER UNIT WHAT
	systemd-analyze verify --man=no "$1/$2" >"$work/all" 2>&1
	local status=$?
	grep -F -e fqcoordd -e fqworkerd -e fqcluster -e .conf: "$work/all" >"$work/out" # what it says of other units of this machine is not ours
	if [ $status -ne 0 ] && [ ! -s "$work/out" ]; then
		count=$((count + 1))
		echo "ok $count # SKIP systemd-analyze verify fails here without a word on $2: $(tail -n 1 "$work/all")"
		return
	fi
	[ ! -s "$work/out" ]
	report $? "$3: systemd has nothing against it" "$work/all"
}
for unit in fqcoordd.service fqcoordd.socket fqcoordd-status.socket fqworkerd.service fqcluster-elastic.service fqcluster.slice; do verified "$work" $unit $unit; done
examples=$top/systemd/examples
site() { # site UNIT.d/NAME.conf: the units with this drop-in, in $work/site
	rm -rf "$work/site"
	mkdir -p "$work/site/${1%/*}"
	cp "$work"/fq* "$work/site"
	cp "$examples/$1" "$work/site/${1%/*}/"
}
for example in "$examples"/*/*.conf; do
	example=${example#"$examples/"}
	site "$example"
	verified "$work/site" "${example%.d/*}" "example $example"
done

# verify tells that it looks at all
sed 's/^ProtectSystem=/ProtectSysten=/' "$work/fqcoordd.service" >"$work/wrong.service"
systemd-analyze verify --man=no "$work/wrong.service" 2>&1 | grep -q ProtectSysten
report $? "a planted misspelling is found"
site fqworkerd.service.d/home.conf
sed -i 's/^BindReadOnlyPaths=/BindReadOnlyPath=/' "$work/site/fqworkerd.service.d/home.conf"
systemd-analyze verify --man=no "$work/site/fqworkerd.service" 2>&1 | grep -q BindReadOnlyPath
report $? "and one in a drop-in"

exposure() { # exposure NAME CEILING, which is in tenths
	if ! systemd-analyze --help 2>/dev/null | grep -q -e --offline; then
		count=$((count + 1))
		echo "ok $count # SKIP this systemd-analyze judges only units that are loaded"
		return
	fi
	systemd-analyze security --no-pager --offline=yes --threshold="$2" "$build/systemd/$1.service" >"$work/out" 2>&1
	report $? "$1.service: exposure of at most $2 tenths ($(sed -n 's/.*exposure level for .*: *//p' "$work/out"))" "$work/out"
}
exposure fqcoordd 5
exposure fqworkerd 15
exposure fqcluster-elastic 15

# what the ceiling is worth
sed 's/^PrivateNetwork=.*/PrivateNetwork=no/' "$build/systemd/fqcoordd.service" >"$work/wrong.service"
if systemd-analyze --help 2>/dev/null | grep -q -e --offline; then
	! systemd-analyze security --no-pager --offline=yes --threshold=5 "$work/wrong.service" >/dev/null 2>&1
	report $? "a coordinator with a network is over the ceiling"
fi

has() { # has NAME LINE WHY
	grep -qxF -- "$2" "$build/systemd/$1.service"
	report $? "$1.service: $2, $3"
}
for name in fqcoordd fqworkerd; do
	has $name Type=notify "it says when it serves"
	has $name WatchdogSec=30 "one that hangs is started anew"
	has $name User=fqcluster "it is not root"
	has $name StateDirectoryMode=0700 "its key is for nobody else"
	grep -q "^ExecStartPre=.*/$name --check-config\$" "$build/systemd/$name.service"
	report $? "$name.service: a wrong configuration is told before it starts"
done
has fqcluster-elastic Type=notify "it says when it has looked"
has fqcluster-elastic User=fqcluster-elastic "it is neither root nor the coordinator"
has fqcluster-elastic "RestartPreventExitStatus=64 78" "without a group elastic it is not started again and again"
grep -q '^ExecStart=.*/fqctl slurm keep$' "$build/systemd/fqcluster-elastic.service"
report $? "fqcluster-elastic.service: it keeps"
seconds=$(sed -n 's/^WatchdogSec=//p' "$build/systemd/fqcluster-elastic.service")
[ "$seconds" -gt $((3 * $(sed -n 's/^#define ASK_MS \([0-9]*\)000$/\1/p' "$top/ctl/slurm/jobs.c"))) ]
report $? "fqcluster-elastic.service: the watchdog has more patience than fqctl has with Slurm"
has fqcoordd PrivateUsers=no "or every user of the unix socket would be nobody"
has fqworkerd PrivateUsers=no "or every user of the gate would be nobody"
has fqworkerd RuntimeDirectoryMode=0755 "users of the host reach the gate"
has fqworkerd RuntimeDirectoryPreserve=restart "they find it while the worker starts anew"
has fqworkerd RuntimeDirectory=fqworkerd "the gate is in it"
grep -q '^#define CLIENT_GATE_DEFAULT "/run/fqworkerd/ctl.sock"' "$top/conf/client_settings.h"
report $? "fqctl looks for the gate where the unit has it"
has fqworkerd RestrictSUIDSGID=no "or no file could be opened"
for name in fqcoordd:coord fqworkerd:worker; do
	has ${name%:*} "BindPaths=%S/fqcluster/${name#*:}" "its own state, and by TemporaryFileSystem nothing beside it"
done
has fqcoordd "TemporaryFileSystem=%S/fqcluster:ro" "or it had the worker's state"
has fqworkerd "TemporaryFileSystem=%S/fqcluster:ro %t/fqcluster:ro" "or it had the coordinator's state, and its socket as an administrator"
has fqworkerd OOMPolicy=continue "one child is not the service"
has fqworkerd OOMScoreAdjust=300 "it goes before others, and its children (500) before it"
has fqworkerd KillMode=mixed "its children are its own to end"
grep -q '^SystemCallFilter=@system-service .*\bseccomp\b' "$build/systemd/fqworkerd.service"
report $? "fqworkerd.service: its children may lock themselves in"
! grep -q '^RuntimeDirectory=' "$build/systemd/fqcoordd.service"
report $? "fqcoordd.service: its end does not take the folder of the unix socket away"
grep -qxF "ListenStream=%t/fqcluster/ctl.sock" "$top/systemd/fqcoordd.socket" &&
	grep -q '^#define CLIENT_SOCKET_DEFAULT "/run/fqcluster/ctl.sock"' "$top/conf/client_settings.h"
report $? "fqctl looks for the unix socket where the unit has it"
port=$(sed -n 's/^ListenStream=\([0-9]*\)$/\1/p' "$top/systemd/fqcoordd.socket")
[ "$("$build/daemon/fqworkerd" --config /dev/null --dump-config | sed -n 's/^port = \([0-9]*\);$/\1/p')" = "$port" ]
report $? "workers dial the port that the unit has"
status=$(sed -n 's/^FileDescriptorName=//p' "$top/systemd/fqcoordd-status.socket")
grep -qF "#define STATUS_NAME \"$status\"" "$top/daemon/coord/listen.c" && ! grep -qxF "FileDescriptorName=$status" "$top/systemd/fqcoordd.socket"
report $? "fqcoordd-status.socket: the coordinator knows it by its name"
grep -q '^ListenStream=127\.0\.0\.1:' "$top/systemd/fqcoordd-status.socket"
report $? "fqcoordd-status.socket: for this host alone"
! grep -q status "$build/systemd/fqcoordd.service" "$top/systemd/fqcoordd.socket"
report $? "nothing but an administrator switches it on"
grep -qxF SocketMode=0666 "$top/systemd/fqcoordd.socket"
report $? "fqcoordd.socket: SocketMode=0666, the kernel says who connects"

if command -v systemd-sysusers >/dev/null && systemd-sysusers --help | grep -q -e --dry-run; then
	mkdir -p "$work/root/etc"
	systemd-sysusers --dry-run --root="$work/root" "$build/systemd/fqcluster.conf" >"$work/out" 2>&1
	report $? "fqcluster.conf: systemd-sysusers takes it" "$work/out"
else
	count=$((count + 1))
	echo "ok $count # SKIP systemd-sysusers cannot say what it would do"
fi
grep -q '^u fqcluster ' "$build/systemd/fqcluster.conf"
report $? "fqcluster.conf: the units' user"
grep -q '^u fqcluster-elastic ' "$build/systemd/fqcluster.conf"
report $? "fqcluster.conf: and who asks Slurm"

# The catalog of the journal's events: systemd takes it, whole, and says what an event means.
if command -v journalctl >/dev/null; then
	folder=$work/journal/usr/lib/systemd/catalog
	mkdir -p "$folder" "$work/journal/var/lib/systemd/catalog"
	cp "$top/systemd/fqcluster.catalog" "$folder"
	updated() { journalctl --root="$work/journal" --update-catalog >"$work/out" 2>&1 && [ ! -s "$work/out" ]; }
	updated
	report $? "fqcluster.catalog: journalctl takes it without a word" "$work/out"
	journalctl --root="$work/journal" --list-catalog >"$work/listed" 2>&1
	[ "$(grep -c ' fqcluster: ' "$work/listed")" -eq "$(grep -c '^-- ' "$top/systemd/fqcluster.catalog")" ]
	report $? "and has every entry" "$work/listed"
	sed '0,/^-- ./s//-- z/' "$top/systemd/fqcluster.catalog" >"$folder/fqcluster.catalog"
	! updated
	report $? "a planted number that is none is found"
else
	count=$((count + 1))
	echo "ok $count # SKIP journalctl is not installed"
fi
echo "1..$count"
exit $((failed > 0))
