#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes tests/fuzz/corpus/reader, split and inflate; the files are kept, this says where they come from."""

import functools
import gzip
import os
import struct
import sys
import zlib

TOP = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "corpus")


def write(target, name, data):
    os.makedirs(os.path.join(TOP, target), exist_ok=True)
    with open(os.path.join(TOP, target, name), "wb") as f:
        f.write(data)


def reader(name, data, slices=7, flags=0):
    write("reader", name, bytes([slices, flags]) + data)


def deflate(data, level=6):
    z = zlib.compressobj(level, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush()


def bgzf(data):
    body = deflate(data)
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(body) + 25)
    return head + body + struct.pack("<II", zlib.crc32(data), len(data))


def member(data):
    return gzip.compress(data, mtime=0)


READS = b"".join(b"@r%d x\n%s\n+\n%s\n" % (i, b"ACGTN"[: 1 + i % 5], b"@+I~!"[: 1 + i % 5]) for i in range(12))

reader("plain", READS)
reader("plain_crlf", READS.replace(b"\n", b"\r\n"), 13)
reader("plain_cr", READS.replace(b"\n", b"\r"), 5)
reader("plain_blank_lines", READS.replace(b"@r", b"\n\n@r"))
reader("plain_no_final_end", READS[:-1])
reader("plain_plus_names", b"@a b\nAC\n+a b\nII\n@a b\nAC\n+a\nII\n@a\nAC\n+b\nII\n")
reader("plain_empty_read", b"@x\n\n+\n\n")
reader("plain_either_way", b"@\n@\n+\n+\n" * 9, 31)
reader("plain_lenient", b"@a\nA C\n+b\nI\n@\nAC\n+\n\x80\x01\x02\n", 4, 1)
reader("wrapped", b"@a\nACGT\nACGT\n+\nIIII\nIIII\n")
reader("colourspace", b"@a\nT0120.\n+\nIIIII\n")
reader("lengths", READS + b"@a\nAC\n+\nIII\n" + READS)
reader("truncated", READS[:-5])
reader("blank_third", b"@a\nAC\n\n\n\n")
reader("empty", b"")
reader("gzip", member(READS))
reader("gzip_members", member(READS[:50]) + member(b"") + member(READS[50:]))
reader("gzip_padded", member(READS) + bytes(20))
reader("gzip_garbage", member(READS) + b"garbage")
reader("gzip_cut", member(READS)[:-9])
reader("gzip_crc", member(READS)[:-8] + b"\0\0\0\0" + member(READS)[-4:])
BLOCKS = b"".join(bgzf(READS[i : i + 31]) for i in range(0, len(READS), 31))
reader("bgzf", BLOCKS + bgzf(b""), 20)
reader("bgzf_unended", BLOCKS, 9)
reader("bgzf_empty_inside", BLOCKS + bgzf(b"") + BLOCKS + bgzf(b""), 20)
reader("bgzf_then_gzip", BLOCKS + member(READS) + bgzf(READS), 20)
for place in (14, 18, 25, 40, 55):
    BAD = bytearray(member(READS))
    BAD[place] ^= 0x55
    reader("bgzf_then_bad_gzip_%d" % place, BLOCKS + bytes(BAD) + bgzf(READS), 20)
    reader("gzip_bad_%d" % place, bytes(BAD))
reader("bgzf_cut", BLOCKS[:-30], 9)
reader("bgzf_crc", BLOCKS[:-8] + b"\0\0\0\0" + BLOCKS[-4:], 9)

for level in (0, 1, 9):
    write("inflate", "level_%d" % level, bytes([17]) + deflate(READS * 3, level))
write("inflate", "small", bytes([0]) + deflate(b"@"))
write("inflate", "nothing", bytes([0]) + deflate(b""))
write("inflate", "far_copies", bytes([200]) + deflate(READS + bytes(range(256)) * 130 + READS, 9))
write("inflate", "long_runs", bytes([255]) + deflate(b"I" * 100000))
write("inflate", "followed", bytes([3]) + deflate(READS) + b"\x1f\x8b\x08 and more than eight bytes")
write("inflate", "cut", bytes([3]) + deflate(READS)[:-7])
write("inflate", "reserved_type", bytes([3]) + b"\x07\0\0\0")
write("inflate", "stored_lengths", bytes([3]) + b"\x01\x05\0\0\0hello")
write("inflate", "copy_before_start", bytes([3]) + b"\x03\x02\0\0")
write("inflate", "header", bytes([40]) + b"\x1f\x8b\x08\x1c\0\0\0\0\0\xff\x04\0ABCDname\0comment\0" + deflate(READS))
write("inflate", "header_bgzf", bytes([40]) + bgzf(READS))


# Gzip files in slices. Small blocks: the least memory, and flushes.
def stream(data, level=6, memory=1, strategy=0, flush=0, kind=zlib.Z_SYNC_FLUSH):
    packer = zlib.compressobj(level, zlib.DEFLATED, 31, memory, strategy)
    out = b""
    for at in range(0, len(data), flush or len(data) or 1):
        out += packer.compress(data[at : at + (flush or len(data))])
        if flush:
            out += packer.flush(kind)
    return out + packer.flush()


def mix(state):
    return (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)


def many_reads(n):
    state, text = 7, []
    for i in range(n):
        bases, quality = "", ""
        for _ in range(40):
            state = mix(state)
            bases += "ACGT"[state >> 40 & 3]
            quality += "#FFF:,F"[(state >> 50) % 7]
        text.append("@SIM:1:%d:%d\n%s\n+\n%s\n" % (1000 + i // 7, state >> 48, bases, quality))
    return "".join(text).encode()


MANY = many_reads(250)
split = functools.partial(write, "split")
split("tiny_blocks", bytes([9, 0]) + stream(MANY))
split("level_1", bytes([5, 4]) + stream(MANY, 1))
split("level_9", bytes([3, 8]) + stream(MANY, 9, 9))
split("flushed", bytes([7, 2]) + stream(MANY, flush=3000))
split("full_flushed", bytes([7, 6]) + stream(MANY, flush=2000, kind=zlib.Z_FULL_FLUSH))
split("stored", bytes([11, 16]) + stream(MANY, 0, flush=1500))
split("fixed", bytes([4, 0]) + stream(MANY, strategy=4))
split("runs", bytes([6, 0]) + stream(MANY, strategy=3))
split("codes", bytes([6, 14]) + stream(MANY, strategy=2))
split("members", bytes([8, 2]) + b"".join(stream(MANY[i : i + 5000]) for i in range(0, len(MANY), 5000)))
split("members_empty", bytes([8, 0]) + stream(MANY[:9000]) + stream(b"") * 3 + stream(MANY[9000:]) + stream(b""))
split("members_stored", bytes([8, 4]) + b"".join(stream(MANY[i : i + 4000], 0) for i in range(0, len(MANY), 4000)) + bytes(100))
split("padded", bytes([8, 0]) + stream(MANY) + bytes(3000))
split("garbage", bytes([8, 0]) + stream(MANY) + b"garbage")
split("cut", bytes([8, 0]) + stream(MANY)[:-2000])
split("crc", bytes([8, 0]) + stream(MANY)[:-8] + b"\0\0\0\0" + stream(MANY)[-4:])
split("crc_of_first", bytes([8, 0]) + stream(MANY)[:-8] + b"\0\0\0\0" + stream(MANY)[-4:] + stream(MANY))
split("long_reads", bytes([8, 0]) + stream(b"@a\n" + b"ACGT" * 200 + b"\n+\n" + b"IIII" * 200 + b"\n" + MANY[:12000]))
split("bad_record", bytes([8, 0]) + stream(MANY[:12000] + b"\nwrong\n" + MANY))
for turned in range(1, 40, 3):
    TURN = struct.pack("<IIII", *(mix(turned * 4 + i) >> 13 & 0x01FFFFFF | 1 << 24 for i in range(4)))
    split("turned_%d" % turned, bytes([turned, 1]) + stream(MANY) + TURN)
