#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hostile and damaged input on real nodes: the same sentence and status as of one process, or the same report, in bounded memory.
. "$(dirname "$0")/faults.sh"

data_make 3000
hosts_make 2
cluster_start --ping 100ms --dead 4s --audit-percent 0
worker_start 1 -n 1 --read-max 8M --slot-memory 1G
worker_start 2 -n 1 --read-max 8M --slot-memory 1G
submit plain.fq && job_ends "$id" # warm
remember "${pid_worker[1]}"

python3 - "$data" <<'PY'
import gzip, struct, sys, zlib
folder = sys.argv[1] + "/"
text = open(folder + "plain.fq", "rb").read()
whole = gzip.compress(text, 6, mtime=0)
def put(name, data): open(folder + name, "wb").write(data)
def flipped(data, at): return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]
put("flip.fq.gz", flipped(whole, len(whole) // 2))
put("crc.fq.gz", flipped(whole, len(whole) - 6))
put("length.fq.gz", flipped(whole, len(whole) - 2))
put("cut.fq.gz", whole[:len(whole) * 2 // 3])
put("garbage.fq.gz", whole + b"garbage behind it")
put("members.fq.gz", gzip.compress(text[:200000], mtime=0) + gzip.compress(text[200000:], mtime=0))
put("members_cut.fq.gz", gzip.compress(text[:200000], mtime=0) + gzip.compress(text[200000:], mtime=0)[:-20000])
block = open(folder + "bgzf.fq.gz", "rb").read()
put("bgzf_flip.fq.gz", flipped(block, len(block) // 2))
put("nul.fq", text[:300000] + bytes(1000) + text[300000:])
put("only_nul.fq", bytes(100000))
put("empty.fq", b"")
put("nothing.fq.gz", b"")
put("empty.fq.gz", gzip.compress(b"", mtime=0))
# Bombs: text of 1 GiB from about 1 MiB. A piece is deflated once, up to a full flush, and repeated.
def bomb(name, head, piece, times, tail):
    def deflated(data, last=False):
        z = zlib.compressobj(6, zlib.DEFLATED, -15)
        return z.compress(data) + z.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
    check, middle = zlib.crc32(head), deflated(piece)
    for _ in range(times): check = zlib.crc32(piece, check)
    size = len(head) + times * len(piece) + len(tail)
    with open(folder + name, "wb") as out:
        out.write(bytes.fromhex("1f8b08000000000000ff") + deflated(head) + middle * times + deflated(tail, True))
        out.write(struct.pack("<II", zlib.crc32(tail, check), size & 0xffffffff))
bomb("line.fq.gz", b"@r\n", b"A" * (1 << 20), 1024, b"\n")
bomb("zeros.fq.gz", b"@r\nACGT\n+\nIIII\n", bytes(1 << 20), 1024, b"")
bomb("name.fq.gz", b"@", b"n" * (1 << 20), 1024, b"\nA\n+\nI\n")
read = b"@read\n" + b"ACGT" * 25 + b"\n+\n" + b"I" * 100 + b"\n"
bomb("reads.fq.gz", b"", read * 5000, 200, b"")
with open(folder + "line.fq", "wb") as out:
    out.write(b"@r\n" + b"A" * (30 << 20) + b"\n+\n" + b"I" * (30 << 20) + b"\n")
PY

# as_one FILE...: status and sentence are those of one process, and no report is left.
as_one() {
	local file status want
	for file; do
		"$ctl" qc --local --as json "$data/$file" >"$work/want.json" 2>"$work/want"
		want=$?
		fq submit --wait --as json "$data/$file" >"$work/got.json" 2>"$work/err"
		status=$?
		diag <"$work/err"
		if [ $status -eq 0 ]; then
			[ $want -eq 0 ] && cmp "$work/want.json" "$work/got.json" || return 1
		else
			[ "$status" -eq "$want" ] && [ "$(sed -E 's/job [0-9]+ failed: //' "$work/err")" = "$(cat "$work/want")" ] &&
				[ ! -s "$work/got.json" ] || { diag <"$work/want"; return 1; }
		fi
	done
}

refused_at() { as_one "$1" && [ -s "$work/err" ] && grep -qE "$1.*byte [0-9]+" "$work/err"; }
for file in flip crc length cut garbage members_cut bgzf_flip; do
	ok "scenario 24: $file.fq.gz is refused with its offset, as by one process" refused_at $file.fq.gz
done
ok "scenario 24: a gzip file of two members is counted, as by one process" as_one members.fq.gz
ok "scenario 25: NUL bytes are refused with their offset" refused_at nul.fq
ok "scenario 25: nothing but NUL bytes, no bytes, and an empty gzip: as by one process" as_one only_nul.fq empty.fq nothing.fq.gz empty.fq.gz

# peak_kb WORKER...: the most that a process of them ever had.
peak_kb() {
	local worker pid
	for worker; do
		for pid in ${pid_worker[$worker]} $(pgrep -P "${pid_worker[$worker]}"); do awk '/^VmHWM/ { print $2 }' "/proc/$pid/status"; done
	done | sort -n | tail -n 1
}

# bomb FILE SENTENCE: refused, and no process of a worker ever had more than 200 MiB.
bomb() {
	local status peak
	fq submit --wait --as json "$data/$1" >"$work/got.json" 2>"$work/err"
	status=$?
	diag <"$work/err"
	peak=$(peak_kb 1 2)
	printf 'peak %s KiB\n' "$peak" | diag
	[ $status -eq 65 ] && grep -qE "$1.*$2" "$work/err" && [ ! -s "$work/got.json" ] && { [ -n "${FQ_SANITIZERS:-}" ] || [ "$peak" -lt 204800 ]; }
}
ok "scenario 25: a line of 1 GiB from 1 MiB of gzip: refused in bounded memory" bomb line.fq.gz 'longer than'
ok "scenario 25: one that is no gzip" bomb line.fq 'longer than'
ok "scenario 25: a name of 1 GiB" bomb name.fq.gz 'longer than'
ok "scenario 25: a GiB of NUL bytes behind a record" bomb zeros.fq.gz 'byte'

many_reads() {
	as_one reads.fq.gz && [ ! -s "$work/err" ] && { [ -n "${FQ_SANITIZERS:-}" ] || [ "$(peak_kb 1 2)" -lt 204800 ]; }
}
ok "scenario 25: a million reads from half a MiB of gzip are counted in bounded memory" many_reads
ok "I5: all nodes are idle, and none was lost" eval 'all_idle 10 && journal_has c0 "node w. is gone" 0'
ok "I6: the supervisor has not grown" wait_until 20 steady "${pid_worker[1]}"
done_testing
