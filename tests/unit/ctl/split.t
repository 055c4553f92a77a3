#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fqctl qc cuts an ordinary gzip file into slices (--split-gzip always): every form is that of one slice to the byte, and what is wrong
# with a file is told in the same sentence with the same exit status.
set -u
build=${FQ_TOP_BUILDDIR:-.}
ctl=$(realpath "$build")/ctl/fqctl
made=$(realpath "$build")/tests/tools/mkfastq
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset FQ_HOST FQ_SOCKET
count=0 failed=0
RANDOM=${FQ_SEED:=$$}
echo "# FQ_SEED=$FQ_SEED: sizes of slices"
ok() { # ok NAME COMMAND...
	local name=$1
	shift
	count=$((count + 1))
	if "$@"; then echo "ok $count - $name"; else
		echo "not ok $count - $name"
		failed=$((failed + 1))
	fi
}

# same NAME FILE OPTION...: as one slice and cut, by two and by five threads.
same() {
	local name=$1 file=$2 want
	shift 2
	"$ctl" qc --local -t 1 --split-gzip never "$@" "$file" >want 2>want.err
	want=$?
	for threads in 2 5; do
		"$ctl" qc --local -t $threads --split-gzip always --slice-size $((RANDOM % 40000 + 1000)) "$@" "$file" >got 2>got.err
		ok "$name, $threads threads: exit status $want" [ $? -eq $want ]
		ok "$name, $threads threads: the same bytes" cmp got want
		ok "$name, $threads threads: the same words" cmp got.err want.err
	done
}

"$made" 4000 150 hiseq 7 >reads.fq
"$made" 30 60000 long 5 >long.fq
gzip -1 -c reads.fq >level1.gz
gzip -6 -c reads.fq >level6.gz
gzip -9 -c reads.fq >level9.gz
{ gzip -c reads.fq && gzip -9 -c reads.fq; } >members.gz
sed 's/$/\r/' reads.fq | gzip -c >crlf.gz
gzip -c long.fq >long.gz
for file in level1 level6 level9 members crlf long; do
	for form in csv text json; do
		same "$file as $form" $file.gz --as $form
	done
done

size=$(stat -c %s level6.gz)
head -c $((size * 2 / 3)) level6.gz >cut.gz
head -c $((size - 8)) level6.gz >crc.gz
printf '\1\2\3\4' >>crc.gz
tail -c 4 level6.gz >>crc.gz
{ cat level6.gz && echo garbage behind; } >behind.gz
{ head -c $((size / 2)) level6.gz && head -c 200 /dev/zero && tail -c +$((size / 2 + 201)) level6.gz; } >zeros.gz
{ cat reads.fq && printf '@short\nACGT\n+\nIII\n' && cat reads.fq; } | gzip -c >lengths.gz
for file in cut crc behind zeros lengths; do
	same "$file" $file.gz --as json
	ok "$file: is refused" [ -s want.err ]
done

"$ctl" qc --local --split-gzip always --slice-size 20000 --verbose --as json level6.gz >got 2>got.err
ok "--verbose says that it was cut" grep -q 'level6.gz: gzip, in slices of 20000 bytes' got.err
"$ctl" qc --local --split-gzip always --slice-size 20000 --verbose --as json crc.gz >got 2>got.err
ok "and that it was read once more" grep -q 'then as one slice, since it looks damaged' got.err
"$ctl" qc --local --verbose -t 1 --as json level6.gz >got 2>got.err
ok "and why it was not" grep -q 'gzip, as one slice: 1 of the cores would be for it, and slices pay from 4 on' got.err

echo "1..$count"
[ $failed -eq 0 ]
