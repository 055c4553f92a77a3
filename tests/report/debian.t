#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made data (tests/tools/mkreport.py): our report is, to the byte, that of the FastQC which is installed (Debian's, 0.11.9), with
the options that change numbers; whole, in slices of many sizes, and in slices that end just where the 100,000th different
sequence lies.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402

BIG = ("limit-inside", "limit-never", "limit-last-read", "limit-one-more", "late-distinct")
CUTOFF = 100000

ADAPTER_LIST = """# adapters of different lengths
Universal\tAGATCGGAAGAG
Long\t\tCTGTCTCTTATACACATCT
Short\tTGGAATTC
Never found\tagatcggaagag
"""
CONTAMINANT_LIST = """# contaminants
Whole\tGATCGGAAGAGCTCGTATGCCGTCTTCTGCTTG
Its half\t\tGATCGGAAGAGCTCGTATGCC

Another\tAATGATACGGCGACCACCGAGATCTACACTCTTTCCCTACACGACGCTCTTCCGATCT
"""
LIMITS = """# other limits
duplication warn 99
duplication error 90
kmer ignore 1
kmer warn 1
kmer error 3
n_content warn 1
n_content error 2
overrepresented warn 0.05
overrepresented error 0.1
quality_base_lower warn 30
quality_base_lower error 20
quality_base_median warn 35
quality_base_median error 30
sequence warn 1
sequence error 2
gc_sequence ignore 0
gc_sequence warn 1
gc_sequence error 5
quality_sequence warn 35
quality_sequence error 30
tile warn 0.1
tile error 1
sequence_length warn 0
sequence_length error 0
adapter warn 0.1
adapter error 1
quality_base ignore 1
"""
KMER_LIMITS = LIMITS.replace("kmer ignore 1", "kmer ignore 0")


def hundred_thousandth(path):
    """Where the record of the 100,000th different sequence begins and ends in the file, or None."""
    seen, at = set(), 0
    with open(path, "rb") as f:
        lines = f.readlines()
    for i in range(0, len(lines), 4):
        size = sum(map(len, lines[i:i + 4]))
        seen.add(lines[i + 1])
        if len(seen) == CUTOFF:
            return at, at + size
        at += size
    return None


def slice_sizes(name, path):
    """Slices that end around the place that matters, or of ordinary sizes; 0 is the whole file."""
    size = os.path.getsize(path)
    place = hundred_thousandth(path) if name in BIG else None
    if name not in BIG:
        return [0, max(4096, size // 30)]
    if place is None:
        return [0, 65536]
    begin, end = place
    return [0, begin, begin + 1, end, (begin // 5) + 1, size - 10, 65536]


def compare(want, cases, ways):
    """cases: (name, path, fqctl's options)."""
    tasks = [(name, path, options, way, size) for name, path, options in cases for way in ways for size in slice_sizes(name, path)]

    def one(task):
        _, path, options, way, size = task
        return report.here(way, path, "0.11.9", *options, *(["--slice-size", str(size)] if size else []))

    for (name, path, options, way, size), made in zip(tasks, report.in_parallel(one, tasks)):
        title = " ".join((way, *(o for o in options if "/" not in o), f"slices of {size}" if size else "whole", name))
        if made.status != 0 or want[path] is None:
            report.ok(False, title, f"exit status {made.status}: {made.error}" if made.status else "FastQC made no report")
        else:
            report.same(made.text, want[path], title)


def main():
    reason = report.fastqc_missing()
    if reason:
        report.skip_all(reason)
    files = report.made_files()
    if report.SLOW:
        files = {k: v for k, v in files.items() if k not in BIG[1:]}
    small = {k: v for k, v in files.items() if k not in BIG}
    ways = ("fqctl",)

    compare(report.fastqc(list(files.values())), [(k, v, ()) for k, v in files.items()], (*ways, "qc_report"))
    some = ("gc-order", "keys-50-75", "long-reads", "phred64", "tiles", "adapters")
    for options in (("--nogroup",), ("--expgroup",)):
        paths = [small[k] for k in some]
        compare(report.fastqc(paths, *options), [(k, small[k], options) for k in some], (*ways, "qc_report"))

    lists = {
        "--adapters": (ADAPTER_LIST, ("adapters", "keys-50-75")),
        "--contaminants": (CONTAMINANT_LIST, ("contaminants", "ties")),
        "--limits": (LIMITS, ("tiles", "letters", "keys-50-75", "adapters", "tiles-short-reads")),
    }
    for option, (text, some) in lists.items():
        options = (option, report.write(option[2:] + ".txt", text))
        compare(report.fastqc([small[k] for k in some], *options), [(k, small[k], options) for k in some], ways)
    # FastQC sizes its table of k-mers by 7 for the first file of a run, whatever --kmers says: so one file a run.
    limits = report.write("kmer-limits.txt", KMER_LIMITS)
    for name, size in (("kmers", "7"), ("kmers", "5"), ("kmers", "10"), ("letters", "7"), ("tiles", "2")):
        options = ("--limits", limits, "--kmers", size)
        compare(report.fastqc([small[name]], *options), [(name, small[name], options)], ways)
    report.done_testing()


main()
