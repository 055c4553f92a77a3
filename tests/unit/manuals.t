#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The man pages as pages: groff has nothing to say against them at 80 columns, apropos finds their names, each names only pages that
# there are, and every verb of fqctl stands in its page with an example that is run. What the pages say of options, messages and
# verbs is held by tests/unit/conf/shipped, tests/unit/wire/protocol.t, tests/unit/ctl/help.t and completion.t.
top=${FQ_TOP_SRCDIR:-.} ctl=${FQ_TOP_BUILDDIR:-.}/ctl/fqctl
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0

ok() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$work/out" 2>&1; then echo "ok $count - $name"; else
		echo "not ok $count - $name"
		failed=$((failed + 1))
		head -n 20 "$work/out" | sed 's/^/# /'
	fi
}
skip() { count=$((count + 1)); echo "ok $count # SKIP $1"; }

pages=("$top"/ctl/fqctl.1 "$top"/conf/*.5 "$top"/lib/*/*.5 "$top"/lib/*/*.7 "$top"/daemon/*/*.8)
pages_there() { [ ${#pages[@]} -ge 8 ] && ls "${pages[@]}"; }
ok "there are pages" pages_there

# quiet PAGE: no warning of groff; no line beyond 80 columns but in blocks that are shown as they are written. Where pages of paper
# would end is a matter of luck, and of no interest on a screen.
quiet() {
	LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null | { grep -v 'will not fit on one page' || true; } | tee "$work/said"
	[ ! -s "$work/said" ]
}
# A package with a page's name may be installed without groff, and man without its pages.
if printf '.TH A 1\n.SH NAME\na \\- b\n' >"$work/a.1" && command -v man >/dev/null && command -v groff >/dev/null && quiet "$work/a.1" >/dev/null; then
	for page in "${pages[@]}"; do ok "${page##*/}: groff has no warning" quiet "$page"; done
	printf '.TH A 1\n.SH NAME\na \\- b\n.XX\n' >"$work/a.1"
	planted() { ! quiet "$work/a.1"; }
	ok "one is found" planted
else
	skip "man-db and groff-base are not installed, or man does not work here"
fi
if command -v lexgrog >/dev/null; then
	for page in "${pages[@]}"; do ok "${page##*/}: apropos finds it" lexgrog "$page"; done
else
	skip "lexgrog (man-db) is not installed"
fi

# references PAGE: each fq...(N) is a page of ours.
references() {
	local bad=0 name
	while read -r name; do
		[[ " ${pages[*]##*/} " == *" $name "* ]] || { echo "there is no $name"; bad=1; }
	done < <(grep -oE '\bfq[a-z.]+ ?\([1-9]\)' "$1" | sed -E 's/ ?\(([1-9])\)/.\1/' | sort -u)
	return $bad
}
for page in "${pages[@]}"; do ok "${page##*/}: names pages that there are" references "$page"; done
echo '.BR fqnothing (8)' >"$work/b.8"
planted_reference() { ! references "$work/b.8"; }
ok "another one is found" planted_reference

# with_example PAGE: every verb's paragraph in VERBS has an example with the verb, to be run here or by another test.
with_example() {
	local bad=0 verb
	for verb in $("$ctl" --help | awk '/^Verbs:/ { on = 1; next } on && !NF { exit } on { print $1 }'); do
		sed -n '/^\.SH VERBS/,/^\.SH RESULTS/p' "$1" | awk -v verb="$verb" '
			/^\.TP/ { getline; mine = $0 ~ "^\\.(B|BI|BR) " verb "( |$)" }
			mine && /^\.\\" example: (run|elsewhere)/ { run = 1; next }
			/^\.fi/ { run = 0 }
			mine && run && index($0, "fqctl " verb) { found = 1 }
			END { exit !found }' || { echo "$verb has no example"; bad=1; }
	done
	return $bad
}
ok "every verb has an example" with_example "$top/ctl/fqctl.1"
sed '/^fqctl ping /d' "$top/ctl/fqctl.1" >"$work/fqctl.1"
planted_verb() { ! with_example "$work/fqctl.1"; }
ok "one without is found" planted_verb
echo "1..$count"
exit $((failed > 0))
