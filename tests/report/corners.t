#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corner cases of FASTQC.md section 7, a test each under its number: what is made, and what the report must say. Where the
FastQC that is installed can report a case, our report is also identical to its own.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import corner_cases  # noqa: E402,F401
import corner_refusals  # noqa: E402,F401
import report  # noqa: E402
from corners import CORNERS  # noqa: E402

SLICES = ("4K",) if report.SLOW else ("0", "4K")


def place(number, index, one, made):
    """Writes the case's file, under its own name in a folder of its own, and those that its options name."""
    folder = os.path.join(report.WORK, f"corner{number}-{index}")
    os.mkdir(folder)
    path = os.path.join(folder, one.name)
    if isinstance(one.data, str) and one.data.startswith(":"):
        os.symlink(made[one.data[1:]], path)
    else:
        with open(path, "wb") as f:
            f.write(one.data if isinstance(one.data, bytes) else one.data.encode())
    options = []
    for option in one.options:
        if isinstance(option, tuple):  # (name, text) of the file that the option names
            name, text = option
            option = os.path.join(folder, name)
            with open(option, "w", encoding="utf-8") as f:
                f.write(text)
        options.append(option)
    return path, options


def check_refused(path, one, version, options):
    """No report in any form, the exit status that belongs to the fault, and a sentence."""
    folder = os.path.join(os.path.dirname(path), "out" + version)
    os.mkdir(folder)
    text = report.here("fqctl", path, version, *options)
    files = report.run([report.FQCTL, "qc", "--local", "--outdir", folder, "--compat", version, *options, "--", path])
    for made in (text, files):
        if made.status != one.refused:
            return f"{version}: exit status {made.status} and not {one.refused}: {made.error}"
        if not made.error:
            return f"{version}: no sentence"
    if text.text or os.listdir(folder):
        return f"{version}: there is a report"
    return ""


def check_reported(path, one, version, options, want):
    for size in SLICES:
        made = report.here("fqctl", path, version, *options, "--slice-size", size)
        if made.status != 0:
            return f"{version}: exit status {made.status}: {made.error}"
        bad = [text for text in (fact(report.sections(made.text)) for fact in one.facts) if text]
        if bad:
            return f"{version}: " + "; ".join(bad)
        if want is not None and made.text != want:
            return f"{version}: other than FastQC:\n" + report.difference(want, made.text)
    return ""


def debian(cases):
    """What FastQC says of each case that it can report: all cases of the same options in one run."""
    groups, texts = {}, {}
    for number, index, one, path, options in cases:
        if one.debian and "0.11.9" in one.versions:
            # Files of one name would replace each other.
            unique = os.path.join(report.WORK, f"{number}-{index}-{one.name}")
            os.symlink(path, unique)
            own = tuple(o for o in options if o != "--lenient")
            groups.setdefault(own, []).append((number, index, unique, one.name))
    for options, files in groups.items():
        made = report.fastqc([file[2] for file in files], *options)
        for number, index, unique, name in files:
            text = made[unique]
            texts[number, index] = text and text.replace(os.path.basename(unique), name, 1)
    return texts


def main():
    reason = report.fastqc_missing()
    if reason:
        report.diag(f"the installed FastQC is not asked: {reason}")
    listed = [(number, index, one) for number, _, all_of in CORNERS if isinstance(all_of, tuple)
              for index, one in enumerate(all_of)]
    made = report.made_files({one.data[1:] for _, _, one in listed if isinstance(one.data, str) and one.data.startswith(":")})
    cases = [(number, index, one, *place(number, index, one, made)) for number, index, one in listed]
    texts = {} if reason else debian(cases)

    def check(task):
        number, index, one, path, options = task
        for version in one.versions:
            bad = (check_refused(path, one, version, options) if one.refused else
                   check_reported(path, one, version, options, texts.get((number, index)) if version == "0.11.9" else None))
            if bad:
                return f"case {index + 1}: {bad}"
            if not reason and version == "0.11.9" and one.debian and texts.get((number, index)) is None:
                return f"case {index + 1}: FastQC made no report"
        return ""

    results = dict(zip(((c[0], c[1]) for c in cases), report.in_parallel(check, cases)))
    for number, title, all_of in sorted(CORNERS, key=lambda corner: corner[0]):
        name = f"corner {number}: {title}"
        if isinstance(all_of, str):
            made = report.run([os.path.join(report.BUILD, all_of)])
            report.ok(made.status == 0, f"{name} ({all_of})", made.text)
            continue
        if callable(all_of):
            folder = os.path.join(report.WORK, f"corner{number}")
            os.mkdir(folder)
            bad = all_of(report, folder)
            report.ok(not bad, name, bad)
            continue
        bad = [text for text in (results[number, i] for i in range(len(all_of))) if text]
        report.ok(not bad, name, "\n".join(bad))
    numbers = {number for number, _, _ in CORNERS}
    report.ok(numbers == set(range(1, 53)), "every corner has its test", sorted(set(range(1, 53)) - numbers))
    report.done_testing()


main()
