#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gzip files as all kinds of programs make them, for tests of one gzip stream in slices: mkgzip.py KIND <text >file.

Without KIND: the kinds, one a line. Kinds of other programs than zlib are told by `kinds` only where they are installed.
"""
import shutil
import subprocess
import sys
import zlib

GZIP = 31  # window bits: gzip's header and trailer around 32 KiB

KINDS = {  # level, memory level, strategy, bytes between flushes and their kind, bytes of a member
    "level-1": (1, 8, zlib.Z_DEFAULT_STRATEGY, 0, 0, 0),
    "level-6": (6, 8, zlib.Z_DEFAULT_STRATEGY, 0, 0, 0),
    "level-9": (9, 8, zlib.Z_DEFAULT_STRATEGY, 0, 0, 0),
    "tiny-blocks": (6, 1, zlib.Z_DEFAULT_STRATEGY, 0, 0, 0),
    "huge-blocks": (9, 9, zlib.Z_DEFAULT_STRATEGY, 0, 0, 0),
    "run-lengths": (6, 8, zlib.Z_RLE, 0, 0, 0),
    "huffman-only": (6, 8, zlib.Z_HUFFMAN_ONLY, 0, 0, 0),
    "fixed-codes": (6, 8, zlib.Z_FIXED, 0, 0, 0),
    "stored": (0, 8, zlib.Z_DEFAULT_STRATEGY, 0, 0, 0),
    "sync-flushed": (6, 8, zlib.Z_DEFAULT_STRATEGY, 3000, zlib.Z_SYNC_FLUSH, 0),
    "full-flushed": (6, 8, zlib.Z_DEFAULT_STRATEGY, 131072, zlib.Z_FULL_FLUSH, 0),
    "members": (5, 8, zlib.Z_DEFAULT_STRATEGY, 0, 0, 1 << 20),
    "small-members": (5, 8, zlib.Z_DEFAULT_STRATEGY, 0, 0, 5000),
}
PROGRAMS = {
    "gzip": ["gzip", "-c"],
    "gzip-1": ["gzip", "-1", "-c"],
    "pigz": ["pigz", "-p2", "-c"],
    "igzip": ["igzip", "-c"],
    "libdeflate-12": ["libdeflate-gzip", "-12", "-c"],
    "bgzip": ["bgzip", "-c"],
}


def member(out, text, level, memory, strategy, flush, flush_kind):
    packer = zlib.compressobj(level, zlib.DEFLATED, GZIP, memory, strategy)
    step = flush or len(text) or 1
    for at in range(0, len(text), step):
        out.write(packer.compress(text[at : at + step]))
        if flush:
            out.write(packer.flush(flush_kind))
    out.write(packer.flush())


def main():
    if len(sys.argv) < 2:
        print("\n".join([*KINDS, *(kind for kind, words in PROGRAMS.items() if shutil.which(words[0]))]))
        return 0
    kind = sys.argv[1]
    if kind in PROGRAMS:
        return subprocess.run(PROGRAMS[kind], check=False).returncode
    *how, members = KINDS[kind]
    text, out = sys.stdin.buffer.read(), sys.stdout.buffer
    for at in range(0, len(text) or 1, members or len(text) or 1):
        member(out, text[at : at + members] if members else text, *how)
    return 0


if __name__ == "__main__":
    sys.exit(main())
