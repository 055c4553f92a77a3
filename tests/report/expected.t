#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every real file of the shared data that is valid: our report is, to the byte, what FastQC 0.11.9 and 0.12.1 printed for it;
counted whole, in slices of 4 KiB, and by the library alone. What is not valid gives a sentence, an exit status and no report.
"""
import gzip
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402

WAYS = (("fqctl", ()), ("fqctl", ("--slice-size", "4K")), ("qc_report", ()), ("qc_report", ("--slice-size", "4096")))

# What FastQC takes for something else than it is, or reports in part, and ours counts: (version, file): why.
OURS_ALONE = {
    "adversarial/biopython/example.fastq.bgz": "gzip is told from the content, FastQC goes by the name",
    "derived/gzip_named_plain.fastq": "gzip is told from the content, FastQC goes by the name",
    "derived/gzip_zero_padding.fastq.gz": "zeros behind a gzip member are padding; 0.12.1 takes them for a bad member",
}


def expected(version, file):
    path = os.path.join(report.SHARED, "expected", version, file + ".fastqc_data.txt")
    if os.path.exists(path):
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
            return f.read()
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz", "rt", encoding="utf-8", errors="surrogateescape", newline="") as f:
            return f.read()
    return None


def check(task):
    """A list of what is wrong with one file, version and way."""
    file, version, (way, options) = task
    made = report.here(way, os.path.join(report.SHARED, "data", file), version, *options)
    want = expected(version, file)
    if made.status != 0:
        return f"exit status {made.status}: {made.error}"
    if want is None:
        return "" if file in OURS_ALONE else "FastQC printed no report of it"
    return "" if made.text == want else report.difference(want, made.text)


def check_refused(task):
    file, version = task
    made = report.here("fqctl", os.path.join(report.SHARED, "data", file), version)
    if made.status not in (report.EXIT_DATA, report.EXIT_IO):
        return f"exit status {made.status}: {made.error}"
    if made.text:
        return "a report was written"
    return "" if made.error else "no sentence"


def main():
    rows = report.manifest()
    if rows is None:
        report.skip_all(f"there is no {report.SHARED}; made data is compared in debian.t, model.t and corners.t")
    files, unreported = rows
    valid = [file for file, expect in files if expect.startswith("count ")]
    refused = [file for file, expect in files if expect.startswith("refuse: ")]
    report.ok(len(valid) > 90 and len(refused) > 15, f"the manifest lists {len(valid)} valid files and {len(refused)} others")
    strange = [f for v, f in unreported if f in valid and f not in OURS_ALONE]
    report.ok(not strange, "each valid file that FastQC does not report has its reason here", strange)

    ways = WAYS if not report.SLOW else WAYS[1:3]
    tasks = [(file, version, way) for version in report.VERSIONS for way in ways for file in valid]
    for (file, version, (way, options)), bad in zip(tasks, report.in_parallel(check, tasks)):
        report.ok(not bad, " ".join((version, way, *options, file)), bad)
    tasks = [(file, report.VERSIONS[i % 2]) for i, file in enumerate(refused)]
    for (file, version), bad in zip(tasks, report.in_parallel(check_refused, tasks)):
        report.ok(not bad, f"{version} {file}: refused", bad)
    report.done_testing()


main()
