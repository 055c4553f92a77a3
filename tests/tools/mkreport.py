#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""FASTQ that hits the corners of FastQC's report where the order of reads matters, the same bytes every time.

    mkreport.py FOLDER [KIND...]     writes FOLDER/KIND.fastq, of all kinds where none is named
    mkreport.py --list               a line a kind: its name and what it is for

A kind is a function that yields (header without '@', sequence, quality) from a seeded generator of numbers. Reads are short
and files small (a megabyte or a few), because the oracles are slow: but for the files that need 100,000 different sequences.
"""
import os
import random
import sys

KINDS = {}
CUTOFF = 100000  # different sequences that are tracked

# Sequences that FastQC knows: facts of the two lists.
ADAPTERS = {
    "universal": "AGATCGGAAGAG",
    "small3": "TGGAATTCTCGG",
    "small5": "GATCGTCGGACT",
    "nextera": "CTGTCTCTTATA",
    "solid": "CGCCTTGGCCGT",
    "polya": "AAAAAAAAAAAA",
    "polyg": "GGGGGGGGGGGG",
}
CONTAMINANTS = (
    "GATCGGAAGAGCTCGTATGCCGTCTTCTGCTTG",
    "GATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG",
    "AATGATACGGCGACCACCGAGATCTACACTCTTTCCCTACACGACGCTCTTCCGATCT",
)


def kind(function):
    KINDS[function.__name__.replace("_", "-")] = function
    return function


def bases(rng, n):
    return "".join(rng.choices("ACGT", k=n))


def flat(rng, n, levels="FFFFFF:,#"):
    return "".join(rng.choices(levels, k=n))


def falling(rng, n, start=40):
    """Qualities that fall towards the end of a read."""
    level, out = start, []
    for i in range(n):
        level = min(40, max(2, level + rng.randint(-3, 2 + (i < n // 2))))
        out.append(chr(33 + level))
    return "".join(out)


def numbered(i, n=24):
    """The i-th of many different sequences of n bases, well mixed."""
    value = (i * 0x9E3779B97F4A7C15 + 0x1234567) & (4**n - 1)
    return "".join("ACGT"[value >> 2 * k & 3] for k in range(n))


def tile_header(i, tile, lane=1):
    return f"A00187:188:HJ5VNDSXX:{lane}:{tile}:{1000 + i * 7 % 30000}:{1000 + i % 36000} 1:N:0:ACGT"


def tracked(plan, n=24):
    """Reads whose sequences are numbered by plan; short ones, with few qualities."""
    for i, number in enumerate(plan):
        yield f"r{i}", numbered(number, n), "F" * (n - 1) + "F:,#"[number & 3]


@kind
def limit_inside(rng):
    """the 100,000th different sequence in the middle, known and unknown ones behind it: the counts are corrected"""
    def plan():
        for i in range(CUTOFF):
            yield i
            if i % 5 == 0:
                yield rng.randrange(i + 1)
        for i in range(120000):
            yield rng.randrange(CUTOFF) if i % 2 else CUTOFF + i
    return tracked(plan(), 14)


@kind
def limit_never(_):
    """99,999 different sequences and no more"""
    return tracked([i * 7 % (CUTOFF - 1) for i in range(CUTOFF + 9000)])


@kind
def limit_last_read(_):
    """the 100,000th different sequence is the last read: nothing lies behind it"""
    return tracked([0, 1, 2, 2] + list(range(CUTOFF)), 14)


@kind
def limit_one_more(_):
    """one read of a known sequence behind the 100,000th different one"""
    return tracked([0, 1, 2, 2] + list(range(CUTOFF)) + [17], 14)


@kind
def late_distinct(rng):
    """a few sequences many times; the different ones come late, and the many again behind them"""
    def plan():
        for i in range(60000):
            yield rng.randrange(40) ** 2 // 40
        for i in range(CUTOFF + 5000):
            yield i
        for i in range(9000):
            yield rng.randrange(40) if i % 3 else CUTOFF + 1 + i
    return tracked(plan(), 20)


@kind
def tiles(rng):
    """24,000 reads with tiles: the sampling changes behind read 10,000, some tiles come late, one is bad"""
    for i in range(24000):
        tile = rng.choice((1101, 1102, 1103, 2101, 2102)) if i < 15000 else rng.choice((1101, 1204, 2102))
        quality = falling(rng, 20, 22 if tile == 2102 and i % 3 else 38)
        yield tile_header(i, tile), bases(rng, 20), quality


@kind
def tiles_1001(rng):
    """1001 tiles among the tenth reads: the most that 0.11.9 accepts"""
    for i in range(10010):
        yield tile_header(i, 1000 + i // 10), bases(rng, 8), flat(rng, 8)


@kind
def tiles_1002(rng):
    """1002 tiles among the tenth reads: too many for 0.11.9"""
    for i in range(10020):
        yield tile_header(i, 1000 + i // 10), bases(rng, 8), flat(rng, 8)


@kind
def tiles_2501(rng):
    """2501 tiles among the first reads: the most that 0.12.1 accepts"""
    for i in range(2600):
        yield tile_header(i, 1000 + i % 2501), bases(rng, 6), flat(rng, 6)


@kind
def tiles_2502(rng):
    """2502 tiles among the first reads: too many for 0.12.1"""
    for i in range(2600):
        yield tile_header(i, 1000 + i % 2502), bases(rng, 6), flat(rng, 6)


@kind
def tiles_straddle(rng):
    """tiles below and above character 64: what 0.11.9 makes of them depends on Java's order of tiles"""
    for i in range(3000):
        tile = (1101, 7, 2205, 1300)[i % 4 if i % 10 else i // 10 % 4]
        low, high = (35, 60) if tile == 2205 else (60, 74)
        yield tile_header(i, tile), bases(rng, 30), "".join(chr(rng.randint(low, high)) for _ in range(30))


@kind
def tiles_mixed_headers(rng):
    """headers of 5, 6 and 7 fields; the first sampled one (the first read, and the tenth) fixes the field"""
    forms = ("a:b:{0}:d:e", "a:b:{0}:d:{0}:f", "a:b:{0}:d:{1}:f:g", "a:b:{0}:d:{1}:f:g:h", "a:b:{0}:d:{1}")
    for i in range(2000):
        yield forms[i * i % 5].format(11 + i % 3, 21 + i % 4), bases(rng, 12), falling(rng, 12)


@kind
def tiles_short_reads(rng):
    """tiles whose reads are of many lengths, also empty ones: positions that only some tiles reach"""
    for i in range(4000):
        n = 0 if i % 37 == 36 else rng.randint(1, 30 if i % 5 else 12)
        yield tile_header(i, 1101 + (i // 3) % 7), bases(rng, n), falling(rng, n)


@kind
def keys_50_75(rng):
    """reads of 30 to 100 bases that are equal in their first 50 or 75: the versions cut keys differently"""
    roots = [bases(rng, 100) for _ in range(60)]
    for i in range(4000):
        root, n = rng.choice(roots), rng.choice((30, 49, 50, 51, 60, 74, 75, 76, 77, 100))
        sequence = root[:n - 1] + rng.choice("ACGT") if i % 3 else root[:n]
        if i % 4 == 0:
            sequence = bases(rng, n)
        yield f"r{i}", sequence, flat(rng, n)


@kind
def ties(rng):
    """sixty overrepresented sequences with the same count, and twenty with another: Java's order of keys"""
    keys = [bases(rng, 33) for _ in range(80)]
    plan = [k for i, k in enumerate(keys) for _ in range(7 if i < 60 else 9)] + [bases(rng, 33) for _ in range(3000)]
    rng.shuffle(plan)
    for i, sequence in enumerate(plan):
        yield f"r{i}", sequence, flat(rng, 33)


@kind
def levels(rng):
    """many levels of duplication, so that the order of additions shows in the last digits"""
    plan = [k for k in range(1500) for _ in range(1 + k % 61 + (k % 7 == 0) * (k % 211))]
    rng.shuffle(plan)
    return tracked(plan, 16)


@kind
def gc_order(rng):
    """lengths of 150 to 1100 in no order: the sums of GC content round differently in each order"""
    for i in range(1000):
        n = rng.choice((150, 199, 200, 250, 333, 400, 599, 700, 1000, 1100))
        share = rng.gauss(0.45, 0.08)
        sequence = "".join(rng.choice("GC") if rng.random() < share else rng.choice("AT") for _ in range(n))
        yield f"r{i}", sequence, falling(rng, n)


@kind
def long_reads(rng):
    """a few reads of up to 4,000 bases: wide groups of bases, lengths in classes"""
    for i in range(60):
        n = int(rng.expovariate(1 / 900)) % 4000 + 1
        yield f"r{i}", bases(rng, n), falling(rng, n)


@kind
def adapters(rng):
    """adapters at the beginning, in the middle, at the end and cut off, in reads of 12 to 60 bases; the longest come late"""
    names = list(ADAPTERS)
    for i in range(3000):
        n = rng.choice((12, 13, 20, 31)) if i < 1500 else rng.choice((12, 20, 40, 60))
        sequence = bases(rng, n)
        if i % 3 == 0:
            at = rng.choice((0, n // 2, n - 12, n - 6))
            adapter = ADAPTERS[names[i // 3 % len(names)]]
            sequence = (sequence[:max(at, 0)] + adapter + sequence)[:n]
        yield f"r{i}", sequence, flat(rng, n)


@kind
def contaminants(rng):
    """overrepresented sequences that come from known ones: whole, cut, with mismatches, turned round"""
    turned = {s: s[::-1].translate(str.maketrans("ACGT", "TGCA")) for s in CONTAMINANTS}
    keys = []
    for source in CONTAMINANTS:
        for text in (source, turned[source]):
            for n in (8, 12, 19, 20, 21, 30, 45):
                at = rng.randrange(max(1, len(text) - n))
                keys.append(text[at:at + n])
                spoiled = list(keys[-1])
                spoiled[rng.randrange(len(spoiled))] = rng.choice("ACGTN")
                keys.append(bases(rng, rng.randrange(15)) + "".join(spoiled))
    plan = [k for k in keys for _ in range(5)] + [bases(rng, 40) for _ in range(2500)]
    rng.shuffle(plan)
    for i, sequence in enumerate(plan):
        yield f"r{i}", sequence, flat(rng, len(sequence))


@kind
def contaminants_all(rng):
    """overrepresented sequences that come from every contaminant of our list (conf/contaminant_list.txt), spoiled in many ways"""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conf", "contaminant_list.txt")
    with open(path, encoding="ascii") as f:
        rows = [line.split("\t") for line in f if "\t" in line and not line.startswith("#")]
    keys = set()
    for source in [row[-1].strip().upper() for row in rows] * 3:
        at = rng.randrange(max(1, len(source) - 20))
        text = list(source[at:at + rng.choice((20, 21, 22, 25, 30, 50))])
        for _ in range(rng.randrange(4)):
            text[rng.randrange(len(text))] = rng.choice("ACGTN")
        sequence = (bases(rng, rng.randrange(12)) + "".join(text) + bases(rng, rng.randrange(25)))[:50]
        keys.add(sequence if rng.random() < 0.5 else sequence[::-1].translate(str.maketrans("ACGT", "TGCA")))
    plan = [k for k in sorted(keys) for _ in range(3)] + [bases(rng, 30) for _ in range(1500)]
    rng.shuffle(plan)
    for i, sequence in enumerate(plan):
        yield f"r{i}", sequence, flat(rng, len(sequence))


@kind
def kmers(rng):
    """k-mers that stand at one place of many reads, Ns, and reads of many lengths"""
    for i in range(20000):
        n = rng.randint(20, 60)
        sequence = bases(rng, n)
        if i % 50 in (49, 48, 7):
            sequence = (sequence[:10] + "GATTACAGAT" + sequence)[:n] if i // 50 % 3 else sequence[:5] + "N" + sequence[6:]
        yield f"r{i}", sequence, flat(rng, n)


@kind
def phred64(rng):
    """qualities from '@' upward, lengths around those at which groups of bases change"""
    for i in range(1000):
        n = rng.choice((74, 75, 76, 100, 139, 140))
        yield f"HWUSI:6:{1 + i % 5}:{i}:{i}#0/1", bases(rng, n), "".join(chr(rng.randint(64, 104)) for _ in range(n))


@kind
def letters(rng):
    """lower case, N, dots and other letters; columns of N alone"""
    for i in range(1100):
        sequence = "".join(rng.choices("ACGTacgtNn.-U*", k=25))
        yield f"r{i} x", sequence[:10] + "N" + sequence[11:], flat(rng, 25)


def write(folder, name):
    path = os.path.join(folder, name + ".fastq")
    with open(path, "w", encoding="ascii", newline="\n") as out:
        for header, sequence, quality in KINDS[name](random.Random(name)):
            out.write(f"@{header}\n{sequence}\n+\n{quality}\n")
    return path


def main():
    if sys.argv[1:] == ["--list"]:
        for name, function in KINDS.items():
            print(f"{name}\t{function.__doc__}")
        return
    if len(sys.argv) < 2 or any(name not in KINDS for name in sys.argv[2:]):
        sys.exit("usage: mkreport.py FOLDER [KIND...] | --list")
    for name in sys.argv[2:] or KINDS:
        write(sys.argv[1], name)


if __name__ == "__main__":
    main()
