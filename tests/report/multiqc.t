#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""MultiQC reads our zips: those of all real files (made ones where the shared data is not there) lie in one folder, and MultiQC's
general table has every sample; what it read of each is the number of reads and the twelve grades that we wrote.
"""
import csv
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402

KINDS = ("adapters", "contaminants", "keys-50-75", "letters", "long-reads", "phred64", "tiles", "tiles-short-reads", "ties")
ENDS = (".gz", ".bz2", ".txt", ".fastq", ".fq")


def base_of(path):
    """FastQC's name of a report, without _fastqc."""
    base = os.path.basename(path)
    for end in ENDS:
        base = base.removesuffix(end)
    return base


def table(folder, name):
    with open(os.path.join(folder, "multiqc_data", name), encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def samples():
    """Paths of files whose reports have different names, with their reads where those are known."""
    made = [(path, None) for path in report.made_files(KINDS).values()]
    rows = report.manifest()
    real = [] if rows is None else [(os.path.join(report.SHARED, "data", file), int(expect.split()[1])) for file, expect in rows[0]
                                    if expect.startswith("count ")]
    named = {}
    for path, reads in real + made:
        # MultiQC cuts names at ".fastq", so that a.fastq and a.fastq.bgz are one sample to it.
        named.setdefault(os.path.basename(path).split(".fastq")[0].split(".fq")[0].lower(), (path, reads))
    return list(named.values())


def main():
    if not shutil.which("multiqc"):
        report.skip_all("there is no multiqc (Debian package multiqc)")
    files = samples()
    out, read = os.path.join(report.WORK, "out"), os.path.join(report.WORK, "read")
    os.mkdir(out)
    made = report.run([report.FQCTL, "qc", "--local", "--quiet", "--outdir", out, "--", *(path for path, _ in files)])
    report.ok(made.status == 0, f"{len(files)} files are reported", made.error)
    zips = sorted(name for name in os.listdir(out) if name.endswith("_fastqc.zip"))
    report.ok(zips == sorted(base_of(path) + "_fastqc.zip" for path, _ in files), "each has its zip")
    pages = [name for name in os.listdir(out) if name.endswith("_fastqc.html")]
    report.ok(len(pages) == len(files), "each has its page")

    done = report.run(["multiqc", "--quiet", "--cl-config", "no_version_check: true", "-o", read, out])
    if not report.ok(done.status == 0 and os.path.isdir(read), "multiqc reads the folder", done.text + done.error):
        report.done_testing()
    general, fastqc = table(read, "multiqc_general_stats.txt"), table(read, "multiqc_fastqc.txt")
    report.ok(len(general) == len(files), f"the general table has {len(general)} samples")
    by_file = {row["Filename"]: row for row in fastqc}
    lost = [path for path, _ in files if os.path.basename(path) not in by_file]
    report.ok(not lost, "every file is there under its name", lost)
    wrong = [path for path, reads in files if reads is not None and path not in lost and
             float(by_file[os.path.basename(path)]["Total Sequences"]) != reads]
    report.ok(not wrong, "with its number of reads", wrong)
    grades = [key for key in (fastqc[0] if fastqc else {}) if key.startswith("per_") or key.endswith("_content")]
    report.ok("adapter_content" in grades and all(row["adapter_content"] in ("pass", "warn", "fail") for row in fastqc),
              "and its grades")
    with open(os.path.join(read, "multiqc_data", "multiqc.log"), encoding="utf-8") as log:
        errors = [line for line in log if "ERROR" in line or "Traceback" in line]
    report.ok(not errors, "multiqc complains of nothing", "".join(errors[:5]))
    report.done_testing()


main()
