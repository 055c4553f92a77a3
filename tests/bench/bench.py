#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""
Speed, as ratios within one run: each pair of commands is run in turn, A B A B ..., and the ratio is taken pair by pair.
Absolute times on shared machines say little; the ratios are what to quote.

    bench.py TOP_BUILDDIR [--runs N] [--megabytes N] [--only WORD]

Made data stays in TOP_BUILDDIR/bench for the next time.
"""
import argparse, os, shutil, signal, statistics, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("--runs", type=int, default=7)
parser.add_argument("--megabytes", type=int, default=1000)
parser.add_argument("--only", default="")
args = parser.parse_args()
build = os.path.abspath(args.build)
fqctl, fqcoordd, fqworkerd = (os.path.join(build, p) for p in ("ctl/fqctl", "daemon/fqcoordd", "daemon/fqworkerd"))
folder = os.path.join(build, "bench")
os.makedirs(folder, exist_ok=True)


def data(style):
    plain = os.path.join(folder, f"{style}-{args.megabytes}.fq")
    if not os.path.exists(plain):
        with open(plain + ".new", "wb") as out:
            subprocess.run([os.path.join(build, "tests/tools/mkfastq"), str(args.megabytes * 2778), "150", style], stdout=out, check=True)
        os.rename(plain + ".new", plain)
    packed = plain + ".gz"
    if not os.path.exists(packed):
        print(f"(packing {os.path.basename(packed)} by gzip -6, once)", flush=True)
        with open(packed + ".new", "wb") as out:
            subprocess.run(["gzip", "-6", "-c", plain], stdout=out, check=True)
        os.rename(packed + ".new", packed)
    with open(plain, "rb") as f:  # into the page cache
        while f.read(1 << 24):
            pass
    with open(packed, "rb") as f:
        while f.read(1 << 24):
            pass
    return plain, packed


def once(command):
    """Wall and CPU seconds and peak MB of one run on one core."""
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.execvp(command[0], command)
    start = time.monotonic()
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"{' '.join(command)} failed: status {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def pair(name, ours, theirs, size):
    if args.only not in name:
        return
    if not shutil.which(theirs[0]):
        print(f"{name}: skipped, there is no {theirs[0]} here")
        return
    once(ours), once(theirs)  # warm
    rows = [(once(ours), once(theirs)) for _ in range(args.runs)]
    wall = sorted(b[0] / a[0] for a, b in rows)
    cpu = sorted(b[1] / a[1] for a, b in rows)
    a, b = statistics.median(r[0][0] for r in rows), statistics.median(r[1][0] for r in rows)
    print(f"{name}: {statistics.median(wall):.2f} times as fast (pairs {wall[0]:.2f}..{wall[-1]:.2f}; CPU {statistics.median(cpu):.2f}); "
          f"{size / a / 1e6:.0f} against {size / b / 1e6:.0f} MB/s of text, peak {max(r[0][2] for r in rows):.0f} against {max(r[1][2] for r in rows):.0f} MB",
          flush=True)


def latency():
    """fqctl submit of 1,000 reads to the CSV, on a warm private cluster of two workers."""
    if args.only not in "latency":
        return
    work = tempfile.mkdtemp()
    env = dict(os.environ, FQ_KEYS=f"{work}/user")
    env.pop("FQ_HOST", None)
    started = []
    try:
        with open(f"{work}/a.fq", "wb") as out:
            subprocess.run([os.path.join(build, "tests/tools/mkfastq"), "1000", "150", "hiseq"], stdout=out, check=True)
        log = open(f"{work}/log", "wb")
        started.append(subprocess.Popen([fqcoordd, "--state", f"{work}/coord", "--listen", "127.0.0.1:0"], stderr=log))
        while not os.path.exists(f"{work}/coord/listening"):
            time.sleep(0.02)
        host = open(f"{work}/coord/listening").read().strip()

        def token(role):
            return subprocess.run([fqctl, "token", "--socket", f"{work}/coord/ctl.sock", "--role", role], check=True, capture_output=True, text=True).stdout.strip()
        for i in "12":
            subprocess.run([fqworkerd, "--state", f"{work}/w{i}", "--join", host, token("worker")], check=True, stdout=log, stderr=log)
            started.append(subprocess.Popen([fqworkerd, "--state", f"{work}/w{i}", "--name", f"w{i}", "-h", host, "-n", "1"], stderr=log))
        subprocess.run([fqctl, "join", host, token("client")], check=True, env=env, stdout=log)
        times = {}
        for way, command in (("over TLS", [fqctl, "submit", "-h", host, "--wait", f"{work}/a.fq"]),
                             ("over the unix socket", [fqctl, "submit", "--socket", f"{work}/coord/ctl.sock", "--wait", f"{work}/a.fq"])):
            times[way] = []
            for i in range(220):
                start = time.monotonic()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
                if i >= 20:
                    times[way].append((time.monotonic() - start) * 1e3)
        for way, t in times.items():
            t.sort()
            print(f"latency, fqctl submit of 1,000 reads {way}: median {statistics.median(t):.1f} ms "
                  f"(fastest {t[0]:.1f}, 90 % {t[int(len(t) * .9)]:.1f}, 99 % {t[int(len(t) * .99)]:.1f}, slowest {t[-1]:.1f}; {len(t)} runs)", flush=True)
    finally:
        for p in reversed(started):
            p.send_signal(signal.SIGTERM)
        for p in started:
            p.wait()
        shutil.rmtree(work, ignore_errors=True)


latency()
for style in ("nova", "hiseq"):
    if args.only and args.only not in f"{style} plain gz":
        continue
    plain, packed = data(style)
    size = os.path.getsize(plain)
    local = [fqctl, "qc", "--local", "--as", "csv", "-t", "1"]
    pair(f"CSV of {style} plain against seqtk fqchk", [*local, plain], ["seqtk", "fqchk", plain], size)
    pair(f"CSV of {style} gz against seqtk fqchk", [*local, packed], ["seqtk", "fqchk", packed], size)
    pair(f"CSV of {style} gz against igzip -dc", [*local, packed], ["igzip", "-dc", packed], size)
