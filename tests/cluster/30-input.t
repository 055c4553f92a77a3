#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every form of input, from made data: gzip of all kinds, line ends, empty and odd files; sliced on a cluster and here.
. "$(dirname "$0")/cluster.sh"
made=$top_build/tests/tools/mkfastq

"$made" 3000 101 hiseq 3 trim >"$work/plain.fq"
cd "$work" || exit 1
python3 - <<'PY'
import gzip, struct, zlib
text = open("plain.fq", "rb").read()
open("lf_none.fq", "wb").write(text[:-1])
open("crlf.fq", "wb").write(text.replace(b"\n", b"\r\n"))
open("cr.fq", "wb").write(text.replace(b"\n", b"\r"))
open("blank_end.fq", "wb").write(text + b"\n\n\n")
open("one.fq.gz", "wb").write(gzip.compress(text, 6))
cut = len(text) // 3 + 17
open("members.fq.gz", "wb").write(b"".join(gzip.compress(text[i:i + cut], 1 + i % 9) for i in range(0, len(text), cut)))
open("padding.fq.gz", "wb").write(gzip.compress(text) + b"\0" * 5000)
eof = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
def block(data):
    c = zlib.compressobj(6, zlib.DEFLATED, -15); d = c.compress(data) + c.flush()
    return (bytes.fromhex("1f8b08040000000000ff060042430200") + struct.pack("<H", len(d) + 25) + d +
            struct.pack("<II", zlib.crc32(data), len(data)))
blocks = [block(text[i:i + 5000]) for i in range(0, len(text), 5000)]
open("bgzf.fq.gz", "wb").write(b"".join(blocks) + eof)
open("bgzf_no_eof.fq.gz", "wb").write(b"".join(blocks))
open("bgzf_eof_inside.fq.gz", "wb").write(b"".join(blocks[:40]) + eof + b"".join(blocks[40:]) + eof)
open("bgzf_then_gzip.fq.gz", "wb").write(b"".join(blocks[:50]) + gzip.compress(text[250000:]))
open("gzip_named.txt", "wb").write(gzip.compress(text))
open("empty.fq", "wb")
open("empty.fq.gz", "wb").write(gzip.compress(b""))
open("empty_bgzf.fq.gz", "wb").write(eof)
# longer than any slice, qualities that look like headers
long = b"@long\n" + b"ACGT" * 500000 + b"\n+\n" + b"@+I" * 666666 + b"@@" + b"\n"
open("long.fq", "wb").write(text[:20000 - 20000 % 1] [:text[:20000].rfind(b"\n@A00187") + 1] + long + text)
tricky = b"".join(b"@r%d\n%s\n+\n%s\n" % (i, b"ACGTACGTAC", (b"@+@+@+@+@+" if i % 2 else b"@@@@@@@@@@")) for i in range(5000))
open("tricky.fq", "wb").write(tricky)
PY
cluster_start
worker_start 1 -n 2
worker_start 2 -n 2

for file in plain.fq lf_none.fq crlf.fq cr.fq blank_end.fq one.fq.gz members.fq.gz padding.fq.gz bgzf.fq.gz bgzf_no_eof.fq.gz \
	bgzf_eof_inside.fq.gz bgzf_then_gzip.fq.gz gzip_named.txt empty.fq empty.fq.gz empty_bgzf.fq.gz long.fq tricky.fq; do
	python3 "$oracle" "$file" >want
	for size in 300 4K 64K 1T; do
		[ "$file:$size" != long.fq:300 ] || size=20K
		"$ctl" qc --local --slice-size $size --as csv "$file" >got 2>err || diag <err
		ok "$file here in slices of $size" cmp got want
		fq submit --wait --slice-size $size "$file" >got 2>err || diag <err
		ok "$file on the cluster in slices of $size" cmp got want
	done
done

# What is wrong with a file: sentence and exit status, the same for every slice size, here and on the cluster.
python3 - <<'PY'
import gzip
text = open("plain.fq", "rb").read()
lines = text.split(b"\n")
def broken(name, change):
    l = list(lines); change(l); open(name, "wb").write(b"\n".join(l))
def at(n): return 4 * (n - 1)
broken("length.bad", lambda l: l.__setitem__(at(2000) + 3, l[at(2000) + 3] + b"I"))
broken("plus.bad", lambda l: l.__setitem__(at(2000) + 2, b"-"))
broken("header.bad", lambda l: l.__setitem__(at(2000), b"r1"))
broken("quality.bad", lambda l: l.__setitem__(at(2000) + 3, b"\x1f" + l[at(2000) + 3][1:]))
broken("sequence.bad", lambda l: l.__setitem__(at(2000) + 1, b" " + l[at(2000) + 1][1:]))
open("truncated.bad", "wb").write(b"\n".join(lines[:at(2000) + 2]) + b"\n")
z = gzip.compress(text)
open("gz_truncated.bad", "wb").write(z[:len(z) // 2])
open("gz_crc.bad", "wb").write(z[:-8] + bytes([z[-8] ^ 1]) + z[-7:])
open("gz_garbage.bad", "wb").write(z + b"garbage")
open("gz_data.bad", "wb").write(z[:len(z) // 2] + bytes(64) + z[len(z) // 2 + 64:])
PY
for file in length plus header quality sequence truncated gz_truncated gz_crc gz_garbage gz_data; do
	want_status=65
	case $file in gz_truncated | gz_crc | gz_garbage) want_status=74 ;; esac # gz_data decodes to nonsense before it breaks
	"$ctl" qc --local --as csv --slice-size 1T "$file.bad" >got 2>want
	is "$file: exit $want_status here" $? $want_status
	case $file in gz_*) ;; *) ok "$file: names record 2000" grep -q "record 2000" want ;; esac
	ok "$file: names the file" grep -q "$file.bad" want
	for size in 300 4K 64K; do
		"$ctl" qc --local --as csv --slice-size $size "$file.bad" >>got 2>err
		is "$file here in slices of $size: the same sentence" "$(cat err)" "$(cat want)"
		fq submit --wait --slice-size $size "$file.bad" >>got 2>err
		is "$file on the cluster in slices of $size: exit $want_status" $? $want_status
		is "$file: the same sentence" "$(sed -E "s/job [0-9]+ failed: //; s,$work/,," err)" "$(cat want)"
	done
	is "$file: no CSV at all" "$(cat got)" ""
done
: >void.fq.gz
for way in "qc --local -q --as csv" "submit -h $host --wait"; do
	# shellcheck disable=SC2086
	"$ctl" $way void.fq.gz >got 2>err
	is "${way%% *}: gzip of no bytes: exit status, no CSV" "$? $(cat got)" "65 "
	ok "${way%% *}: the sentence" grep -q "void.fq.gz has no bytes, and gzip of no reads has some: the copy may be incomplete" err
done
is "the service goes on" "$(fq submit --wait plain.fq | md5sum)" "$(python3 "$oracle" plain.fq | md5sum)"
done_testing
