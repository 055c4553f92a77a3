# SPDX-License-Identifier: GPL-3.0-or-later
"""What corners.t is written in: cases, what a report must say, and small independent formulas to say it with.

    corner(NUMBER, TITLE, case(DATA, FACT..., option=...)...)     a corner is one test: all its cases hold

A FACT is a function of a report's sections that returns what is wrong, or an empty text. Where FastQC itself is installed, each
case that it can report is compared with it, too.
"""
import collections
import math

Case = collections.namedtuple("Case", "data facts name versions options refused debian")
CORNERS = []


def case(data, *facts, name="reads.fastq", versions=("0.11.9", "0.12.1"), options=(), refused=0, debian=True):
    """data: bytes, text or the name of a made kind (":NAME"); refused: the exit status where there must be no report."""
    return Case(data, facts, name, versions, tuple(options), refused, debian and not refused)


def corner(number, title, *cases):
    CORNERS.append((number, title, cases))


def run_corner(number, title):
    """A corner that is a function of (report, a folder of its own) and returns what is wrong."""
    def add(function):
        CORNERS.append((number, title, function))
        return function
    return add


def elsewhere(number, title, program):
    """A corner that needs more reads than a file of a test can have: a unit test below the build's folder has it."""
    CORNERS.append((number, title, program))


# ---- reads


def fq(*reads):
    """Reads of (sequence, quality, header), the latter two left out or None; a text alone is a sequence. All qualities are 20."""
    out = []
    for i, read in enumerate(reads):
        parts = (read,) if isinstance(read, str) else read
        sequence, quality, header = (*parts, *[None] * (3 - len(parts)))
        header = f"r{i}" if header is None else header
        quality = "5" * len(sequence) if quality is None else quality
        out.append(f"@{header}\n{sequence}\n+\n{quality}\n")
    return "".join(out)


def different(n, length=12):
    """n different sequences, without a known adapter among them."""
    return ["".join("ACGT"[i >> 2 * k & 3] for k in range(length)) for i in range(n)]


# ---- facts


def has(section, *lines):
    def fact(sections):
        there = sections.get(section, ("", []))[1]
        return "; ".join(f"{section}: no line {line!r}" for line in lines if line not in there)
    return fact


def without(section, *starts):
    """No line of the section begins so."""
    def fact(sections):
        there = sections.get(section, ("", []))[1]
        return "; ".join(f"{section}: {line!r}" for line in there for start in starts if line.startswith(start))
    return fact


def body(section, *lines):
    def fact(sections):
        there = sections.get(section, ("", None))[1]
        return "" if there == list(lines) else f"{section}: {there!r:.300}"
    return fact


def column(section, index, *values):
    """One column of the rows of a section (those without '#')."""
    def fact(sections):
        got = [line.split("\t")[index] for line in sections.get(section, ("", []))[1] if not line.startswith("#")]
        return "" if got == list(values) else f"{section}: column {index} is {got!r:.300}"
    return fact


def status(**wanted):
    """By the section's name in lower case with underscores."""
    def fact(sections):
        got = {name.lower().replace(" ", "_"): part[0] for name, part in sections.items()}
        return "; ".join(f"{name} is {got.get(name)}" for name, want in wanted.items() if got.get(name) != want)
    return fact


def absent(*names):
    return lambda sections: "; ".join(f"there is a section {name}" for name in names if name in sections)


def present(*names):
    return lambda sections: "; ".join(f"there is no section {name}" for name in names if name not in sections)


# ---- formulas, in the words of FASTQC.md


def number(x):
    """A double as Java prints it, in the range from 0.001 to 10 million."""
    return repr(float(x))


def percentages(length, gc):
    """What a read of so many bases (a length of the model) with gc of them G or C claims: (first, last) per cent."""
    low, high = max(gc - 0.5, 0.0), min(gc + 0.5, float(length))
    return math.floor(low * 100 / length + 0.5), math.floor(high * 100 / length + 0.5)


def gc_rows(reads):
    """The rows of GC content, added in the order of the reads, from (length of the model, G and C)."""
    claims = {}
    for length in {length for length, _ in reads}:
        count = [0] * 101
        for gc in range(length + 1):
            first, last = percentages(length, gc)
            for p in range(first, last + 1):
                count[p] += 1
        claims[length] = count
    bins = [0.0] * 101
    for length, gc in reads:
        first, last = percentages(length, gc)
        for p in range(first, last + 1):
            bins[p] += 1.0 / claims[length][p]
    return ["#GC Content\tCount"] + [f"{p}\t{number(x)}" for p, x in enumerate(bins)]


def java_order(keys):
    """Texts in the order of a java.util.HashMap into which they were put in this order."""
    capacity = 16
    while len(keys) > capacity * 0.75:
        capacity *= 2
    buckets = collections.defaultdict(list)
    for key in keys:
        h = 0
        for c in key:
            h = (31 * h + ord(c)) & 0xFFFFFFFF
        buckets[(h ^ h >> 16) & (capacity - 1)].append(key)
    return [key for bucket in sorted(buckets) for key in buckets[bucket]]
