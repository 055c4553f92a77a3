# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/report/*.t share: TAP, our programs, and the oracles: FastQC, the slow model, what FastQC once printed.

Our report of a file is made in one of two ways (HERE): "fqctl" is `fqctl qc --local --as text`, what people run; "qc_report" is
tests/tools/qc_report, the library alone. Each returns Made: exit status, text, and what stood on standard error.
"""
import atexit
import collections
import concurrent.futures
import difflib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

SOURCE = os.environ.get("FQ_TOP_SRCDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FQ_TOP_BUILDDIR") or SOURCE
SHARED = os.path.realpath(os.environ.get("FQ_SHARED") or os.path.join(SOURCE, "..", "shared"))
SLOW = os.environ.get("FQ_SANITIZERS") == "yes"  # a build with sanitizers
FQCTL = os.path.join(BUILD, "ctl", "fqctl")
QC_REPORT = os.path.join(BUILD, "tests", "tools", "qc_report")
MODEL = os.path.join(SHARED, "oracle", "fastqc_model.py")
LISTS = "/etc/fastqc/Configuration"  # of the Debian package fastqc
VERSIONS = ("0.11.9", "0.12.1")
EXIT_DATA, EXIT_IO = 65, 74

WORK = tempfile.mkdtemp(prefix="fqreport.")
atexit.register(shutil.rmtree, WORK, ignore_errors=True)
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("FQ_HOST", "FQ_SOCKET")} | {"FQ_KEYS": WORK, "LC_ALL": "C.UTF-8"}

Made = collections.namedtuple("Made", "status text error")

# ---- TAP

_done, _failed = 0, 0


def diag(text):
    for line in str(text).splitlines():
        print("#", line, flush=True)


def ok(fact, name, why=""):
    global _done, _failed
    _done += 1
    _failed += not fact
    print(f"{'ok' if fact else 'not ok'} {_done} - {name.replace('#', '')}", flush=True)
    if not fact and why:
        diag(why)
    return bool(fact)


def same(got, want, name):
    """Texts: what differs is shown."""
    return ok(got == want, name, "" if got == want else difference(want, got))


def skip_all(reason):
    print("1..0 # SKIP", reason)
    sys.exit(0)


def done_testing():
    print(f"1..{_done}")
    sys.exit(_failed > 0)


def difference(want, got, most=12):
    lines = list(difflib.unified_diff(want.splitlines(), got.splitlines(), "wanted", "got", n=0, lineterm=""))
    return "\n".join(line[:160] for line in lines[:most])


# ---- running


def run(command, folder=None):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
                              env=ENVIRONMENT, check=False)
    except OSError as e:
        return Made(127, "", str(e))
    return Made(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode("utf-8", "replace").strip())


def here(way, path, compat, *options):
    """Our report of one file: see the head."""
    if way == "qc_report":
        return run([QC_REPORT, "--compat", compat, *options, path])
    return run([FQCTL, "qc", "--local", "--as", "text", "--compat", compat, *options, "--", path])


def in_parallel(function, things):
    """The results of function(thing), in the order of things, on all cores."""
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(function, things))


# ---- files


def write(name, data):
    path = os.path.join(WORK, name)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
    return path


def made_files(names=()):
    """The kinds of tests/tools/mkreport.py, by name: their paths."""
    folder = os.path.join(WORK, "made")
    os.makedirs(folder, exist_ok=True)
    done = run(["python3", os.path.join(SOURCE, "tests", "tools", "mkreport.py"), folder, *names])
    if done.status != 0:
        sys.exit(f"Bail out! {done.error}")
    return {name[:-len(".fastq")]: os.path.join(folder, name) for name in sorted(os.listdir(folder))}


def manifest():
    """Of the shared data: lists of (file, expect), and what each version of FastQC printed no report for; or None."""
    path = os.path.join(SHARED, "data", "MANIFEST.tsv")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    with open(os.path.join(SHARED, "expected", "NOT_REPORTED.tsv"), encoding="utf-8") as f:
        unreported = {tuple(line.split("\t")[:2]) for line in f}
    return [(row[0], row[2]) for row in rows], unreported


# ---- oracles


def fastqc_missing():
    """Why Debian's FastQC cannot be asked, or an empty text."""
    if not shutil.which("fastqc"):
        return "there is no fastqc (Debian package fastqc)"
    version = run(["fastqc", "--version"])
    return "" if version.text.strip() == "FastQC v0.11.9" else f"fastqc is another version: {version.text.strip() or version.error}"


def fastqc(paths, *options):
    """What FastQC prints: text by path, None for those of which it makes no readable report. One Java machine for all."""
    folder = tempfile.mkdtemp(dir=WORK)
    run(["fastqc", "-q", "-t", "2", "-o", folder, *options, *paths])
    texts = {}
    for path in paths:
        base = os.path.basename(path)
        for end in (".gz", ".bz2", ".txt", ".fastq", ".fq"):
            base = base.removesuffix(end)
        try:
            with zipfile.ZipFile(os.path.join(folder, f"{base}_fastqc.zip")) as report:
                texts[path] = report.read(f"{base}_fastqc/fastqc_data.txt").decode("utf-8", "surrogateescape")
        except (OSError, KeyError, zipfile.BadZipFile):
            texts[path] = None
    shutil.rmtree(folder)
    return texts


def model_missing():
    if not os.path.exists(MODEL):
        return f"there is no {MODEL}"
    return "" if os.path.exists(LISTS) else f"there is no {LISTS} (Debian package fastqc)"


def model(path, compat, *options):
    """What the model prints; its options are -nogroup and -expgroup."""
    made = run(["python3", MODEL, "11" if compat == "0.11.9" else "12", *options, path])
    return made.text if made.status == 0 else f"the model fails: {made.error}"


# ---- a report's parts


def sections(text):
    """By name: (status, list of lines)."""
    parts, lines = {}, None
    for line in text.splitlines():
        if line.startswith(">>END_MODULE"):
            lines = None
        elif line.startswith(">>"):
            name, _, status = line[2:].partition("\t")
            lines = []
            parts[name] = (status, lines)
        elif lines is not None:
            lines.append(line)
    return parts
