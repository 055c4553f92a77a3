#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Results carry the names that the person gave, on the cluster as on this machine; and no result takes another's place.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq

mkdir "$work/in" "$work/in/x" "$work/in/y" "$work/out" "$work/here"
"$made" 300 50 nova 1 >"$work/in/a.fq"
"$made" 300 60 hiseq 2 >"$work/in/b.fq"
cp "$work/in/a.fq" "$work/in/x/s.fq"
cp "$work/in/b.fq" "$work/in/y/s.fq"
ln -s a.fq "$work/in/link.fq"
python3 "$oracle" "$work/in/a.fq" >"$work/a.want"
python3 "$oracle" "$work/in/b.fq" >"$work/b.want"
cd "$work/in" || exit 1

run() { "$@" >"$work/stdout" 2>"$work/stderr"; status=$?; }

cluster_start
worker_start 1 -n 1

run fq submit --output-dir "$work/out" link.fq b.fq
is "relative names, one of them a symbolic link: exit 0" "$status" 0
is "the files have the names that were given" "$(ls "$work/out" | tr '\n' ' ')" "b.fq.csv link.fq.csv "
ok "the link's table is that of its file" cmp "$work/out/link.fq.csv" "$work/a.want"
run "$ctl" qc --local --as csv --output-dir "$work/here" link.fq b.fq
ok "counted on this machine: the same names and bytes" diff -r "$work/here" "$work/out"
run fq submit --wait link.fq ./b.fq
ok "on standard output too" cmp "$work/stdout" <(echo link.fq; cat "$work/a.want"; echo ./b.fq; cat "$work/b.want")

for verb in submit "qc --local --as csv"; do
	# shellcheck disable=SC2086
	run fq $verb --output-dir "$work/out" x/s.fq y/s.fq
	is "$verb: two inputs of one name into one folder: exit 0" "$status" 0
	ok "each is in a folder of its own" cmp "$work/out/x/s.fq.csv" "$work/a.want"
	ok "as theirs are" cmp "$work/out/y/s.fq.csv" "$work/b.want"
	ok "none beside them" test ! -e "$work/out/s.fq.csv"
	rm -rf "$work/out/x" "$work/out/y"
done
run fq submit -o "$work/out/X.csv" x/s.fq y/s.fq
is "two inputs of one name beside each other: exit 64" "$status" 64
ok "and both are named" grep -q 'x/s.fq and y/s.fq' "$work/stderr"
ok "before anything is written" test ! -e "$work/out/s.fq.X.csv"
run fq submit --wait x/s.fq y/s.fq
is "on standard output they may share a name" "$status" 0

a=$(fq submit --parsable a.fq) b=$(fq submit --parsable b.fq)
fq wait "$a" "$b" 2>/dev/null
run fq fetch "$a" "$b"
ok "fetch of several jobs: a line with the name before each" \
	cmp "$work/stdout" <(echo "$work/in/a.fq"; cat "$work/a.want"; echo "$work/in/b.fq"; cat "$work/b.want")
run fq fetch -o "$work/out/X.csv" "$a" "$b"
ok "fetch -o of several jobs: a file for each" cmp "$work/out/a.fq.X.csv" "$work/a.want"
ok "and the second one" cmp "$work/out/b.fq.X.csv" "$work/b.want"
ok "none took the other's place" test ! -e "$work/out/X.csv"
run fq fetch "$a"
ok "one job of one file: its table only" cmp "$work/stdout" "$work/a.want"
done_testing
