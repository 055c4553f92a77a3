#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made data (tests/tools/mkreport.py): our report is, to the byte, that of the slow model of FastQC 0.12.1 in the shared folder;
whole, and in slices of many sizes.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402

GROUPED = ("keys-50-75", "tiles", "adapters", "long-reads")
HEAVY = ("limit-never", "limit-one-more", "late-distinct")  # left out of slow builds


def compare(cases):
    """cases: (name, path, our options, the model's)."""
    wants = report.in_parallel(lambda case: report.model(case[1], "0.12.1", *case[3]), cases)
    tasks = []
    for (name, path, options, _), want in zip(cases, wants):
        size = os.path.getsize(path)
        for slices in ([], ["--slice-size", str(size // 17 + 1)], ["--slice-size", str(size // 3 - 7)]):
            tasks += [(name, path, want, way, [*options, *slices]) for way in ("fqctl", "qc_report")]
    done = report.in_parallel(lambda task: report.here(task[3], task[1], "0.12.1", *task[4]), tasks)
    for (name, _, want, way, options), made in zip(tasks, done):
        title = " ".join((way, *options, name))
        if made.status != 0:
            report.ok(False, title, f"exit status {made.status}: {made.error}")
        else:
            report.same(made.text, want, title)


def main():
    reason = report.model_missing()
    if reason:
        report.skip_all(reason)
    files = report.made_files()
    if report.SLOW:
        files = {k: v for k, v in files.items() if k not in HEAVY}
    cases = [(name, path, (), ()) for name, path in files.items() if name != "kmers"]
    cases += [(name, files[name], ("--nogroup",), ("-nogroup",)) for name in GROUPED]
    cases += [(name, files[name], ("--expgroup",), ("-expgroup",)) for name in GROUPED]
    compare(cases)
    report.done_testing()


main()
