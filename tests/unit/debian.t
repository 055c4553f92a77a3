#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The Debian packages against what is installed: each installed file is in one package and only there, each line of a package
# names something that is installed, and the version is the one of the changelog. Each check must fail on a planted copy.
set -u
top=${FQ_TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${FQ_TOP_BUILDDIR:-$top}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0

report() { # report STATUS TEXT [FILE]: the file explains a failure
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
		echo "not ok $count - $2"
		failed=$((failed + 1))
		[ $# -lt 3 ] || sed 's/^/# /' "$3"
	fi
}

# Installed as debian/rules configures it; the programs themselves do not matter here.
MAKEFLAGS='' make -C "$build" install DESTDIR="$work/root" prefix=/usr sysconfdir=/etc localstatedir=/var mandir=/usr/share/man \
	docdir=/usr/share/doc/fqcluster-common systemdsystemunitdir=/lib/systemd/system \
	zshcompletiondir=/usr/share/zsh/vendor-completions >"$work/log" 2>&1
report $? "make install" "$work/log"
(cd "$work/root" && find . -type f -printf '%P\n' | sort) >"$work/files"

# packed FOLDER: every installed file with the number of packages that have it, unless that is one; and idle lines.
packed() {
	cat "$1"/fqcluster-*.install | awk -v files="$work/files" '
		/^#/ || !NF { next }
		{ pattern[++n] = $1 }
		END {
			while ((getline file <files) > 0) {
				found = 0
				for (i = 1; i <= n; i++) if (file == pattern[i] || index(file, pattern[i] "/") == 1) { found++; used[i]++ }
				if (found != 1) { print file " is in " found " packages"; bad = 1 }
			}
			for (i = 1; i <= n; i++) if (!used[i]) { print pattern[i] " is not installed"; bad = 1 }
			exit bad
		}'
}
packed "$top/debian" >"$work/out"
report $? "each installed file is in one package" "$work/out"
found=0 planted=0
while read -r line; do
	mkdir -p "$work/debian" && cp "$top"/debian/fqcluster-*.install "$work/debian" && chmod u+w "$work"/debian/*
	sed -i "\\,^$line\$,d" "$work"/debian/*.install
	planted=$((planted + 1))
	packed "$work/debian" >/dev/null || found=$((found + 1))
done < <(cat "$top"/debian/fqcluster-*.install)
[ "$found" -eq "$planted" ] && [ "$planted" -gt 10 ]
report $? "each of $planted copies without a line is found"
cp "$top"/debian/fqcluster-*.install "$work/debian" && chmod u+w "$work"/debian/* && echo usr/bin/fqother >>"$work/debian/fqcluster-client.install"
! packed "$work/debian" >/dev/null
report $? "a line for nothing is found"

# needed CONTROL: every library and generator that .ci/packages has for the build, beyond what every Debian build has.
needed() {
	local package bad=0
	for package in $("$top/.ci/packages" list build | grep -E '^(lib|nanopb|python3)' | grep -vx libc6-dev); do
		sed -n '/^Build-Depends:/,/^$/p' "$1" | grep -Eq "^ $package(:any)?[, ]" || { echo "$package is not in Build-Depends"; bad=1; }
	done
	return $bad
}
needed "$top/debian/control" >"$work/out"
report $? "Build-Depends has what .ci/packages has" "$work/out"
grep -v '^ libzip-dev' "$top/debian/control" >"$work/control"
! needed "$work/control" >/dev/null
report $? "a missing one is found"

version=$("$build/ctl/fqctl" --version | cut -d' ' -f2)
head -n 1 "$top/debian/changelog" | grep -qF "fqcluster ($version) "
report $? "the changelog begins with version $version"

for package in $(sed -n 's/^Package: //p' "$top/debian/control"); do
	[ -f "$top/debian/$package.install" ]
	report $? "$package has files"
done
for daemon in coordinator:coord worker:worker; do
	grep -q "rm -rf /var/lib/fqcluster/${daemon#*:}\$" "$top/debian/fqcluster-${daemon%:*}.postrm" &&
		grep -q "^StateDirectory=fqcluster/${daemon#*:}\$" "$build/systemd"/fq*.service
	report $? "purge of fqcluster-${daemon%:*} takes the folder that the unit makes"
done
grep -q "rm -rf /var/lib/fqcluster-elastic\$" "$top/debian/fqcluster-coordinator.postrm" &&
	grep -q "^StateDirectory=fqcluster-elastic\$" "$build/systemd/fqcluster-elastic.service"
report $? "and that of fqcluster-elastic"
echo "1..$count"
exit $((failed > 0))
