#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mean quality by position of one FASTQ file, as fqctl's CSV: simple, slow, and written without a look at the C code.

Reads four lines a record, plain or gzip (told by content), lines ending in LF, CRLF or CR. It checks no more than that a
record has four lines and as many qualities as bases: what it is given is meant to be valid.
"""
import argparse
import gzip
import io
import math
import sys


def open_lines(path):
    raw = open(path, "rb")
    magic = raw.read(2)
    raw.seek(0)
    data = gzip.open(raw) if magic == b"\x1f\x8b" else raw
    return io.TextIOWrapper(data, encoding="latin-1", newline=None)


def qualities(lines):
    """The quality line of each record; blank lines before a record are passed over."""
    while True:
        name = lines.readline()
        if name == "":
            return
        if name == "\n":
            continue
        sequence, plus, quality = (lines.readline() for _ in range(3))
        sequence, quality = sequence.rstrip("\n"), quality.rstrip("\n")
        if name[0] != "@" or plus[:1] != "+" or len(sequence) != len(quality):
            sys.exit(f"mean.py: not a FASTQ record: {name!r}")
        yield quality


def count(lines):
    """By position: how often each quality character stands there."""
    table = []
    for quality in qualities(lines):
        while len(table) < len(quality):
            table.append({})
        for counts, character in zip(table, quality):
            counts[character] = counts.get(character, 0) + 1
    return table


def offset_of(table, phred):
    if phred != "auto":
        return int(phred)
    lowest = min((ord(min(counts)) for counts in table), default=0)
    return 64 if lowest >= 64 else 33


def rows(table, offset, error_mean):
    for counts in table:
        reads = sum(counts.values())
        row = [sum((ord(c) - offset) * n for c, n in counts.items()) / reads]
        if error_mean:
            errors = 0.0
            for c in sorted(counts):
                errors += counts[c] * 10.0 ** ((offset - ord(c)) / 10.0)
            row.append(-10.0 * math.log10(errors / reads) + 0.0)
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phred", choices=["33", "64", "auto"], default="33")
    parser.add_argument("--base", type=int, choices=[0, 1], default=0)
    parser.add_argument("--header", action="store_true")
    parser.add_argument("--crlf", action="store_true")
    parser.add_argument("--error-mean", action="store_true")
    parser.add_argument("file")
    args = parser.parse_args()

    with open_lines(args.file) as lines:
        table = count(lines)
    end = "\r\n" if args.crlf else "\n"
    out = io.TextIOWrapper(sys.stdout.buffer, newline="")
    if args.header and table:
        out.write("position,mean_quality" + (",error_mean_quality" if args.error_mean else "") + end)
    offset = offset_of(table, args.phred)
    for position, row in enumerate(rows(table, offset, args.error_mean), start=args.base):
        out.write(f"{position}," + ",".join(map(repr, row)) + end)
    out.flush()


if __name__ == "__main__":
    main()
