#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""
A coordinator under load: light workers (load_workers.c: real TLS, real results) and many queued files of one slice.

    load.py TOP_BUILDDIR [--workers N,N,...] [--files N] [--jobs N] [--ms N] [--seconds N] [--as FORM] [--idle] [--finish] [--coord OPTIONS]

For each number of workers a coordinator is started on loopback, the files are queued (as --jobs jobs), and while slices complete fqctl is
run through the unix socket again and again: submit of one file, status of one job, of all, show, cancel. A slice takes --ms milliseconds
(from half of it to one and a half times). Prints for each number the slices a second, the coordinator's processor seconds and memory per
thousand slices, and how long each fqctl took, with its start and end: median, 95 and 99 of a hundred, and the longest. --idle: only what
memory a worker takes that is connected. --finish: all files are counted to the end instead of cancelled. Exits with 1 when anything is wrong; slow is not wrong.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("--workers", default="75,150,300")
parser.add_argument("--files", type=int, default=10000)
parser.add_argument("--jobs", type=int, default=1)
parser.add_argument("--ms", type=int, default=1000)
parser.add_argument("--seconds", type=float, default=20)
parser.add_argument("--as", dest="form", default="csv")
parser.add_argument("--idle", action="store_true")
parser.add_argument("--finish", action="store_true")
parser.add_argument("--coord", default="", help="options of the coordinator, in one word")
args = parser.parse_args()
build = os.path.abspath(args.build)
fqctl, fqcoordd, mkfastq, load_workers = (os.path.join(build, p) for p in ("ctl/fqctl", "daemon/fqcoordd", "tests/tools/mkfastq", "tests/bench/load_workers"))
PER_PROCESS = 300
TICK = os.sysconf("SC_CLK_TCK")


def wait_until(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Cluster:
    def __init__(self, folder, workers):
        self.folder, self.started = folder, []
        self.state = os.path.join(folder, "coord")
        self.log = open(os.path.join(folder, "coord.log"), "w")
        self.coord = self.start([fqcoordd, "--state", self.state, "--listen", "127.0.0.1:0", "--cache-size", "0", "--jobs-max", "100000",
                                 "--unauthenticated-per-address", "4096", *args.coord.split()], stderr=self.log)
        listening = os.path.join(self.state, "listening")
        wait_until("the coordinator listens", lambda: os.path.exists(listening) and os.path.getsize(listening) > 0, 30)
        self.idle_kib = self.memory()
        with open(listening) as f:
            host, port = f.read().split()[0].rsplit(":", 1)
        began = time.monotonic()
        for i in range(0, workers, PER_PROCESS):
            own = os.path.join(folder, f"workers{i}")
            os.mkdir(own)
            process = self.start([load_workers, host, port, own, f"n{i // PER_PROCESS}-", str(min(PER_PROCESS, workers - i)), str(args.ms),
                                  self.ctl("token", "--role", "worker").strip()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if not process.stdout.readline().startswith(b"welcome"):
                sys.exit("workers are not let in")
        self.came_s = time.monotonic() - began

    def start(self, command, **more):
        self.started.append(subprocess.Popen(command, **more))
        return self.started[-1]

    def end(self):
        for process in reversed(self.started):
            process.kill()
            process.wait()

    def ctl(self, verb, *more, fails=False):
        done = subprocess.run([fqctl, verb, "--socket", os.path.join(self.state, "ctl.sock"), *more], capture_output=True, text=True)
        if done.returncode != 0 and not fails:
            sys.exit(f"fqctl {verb}: status {done.returncode}: {done.stderr}")
        return done.stdout

    def memory(self, what="VmRSS"):
        with open(f"/proc/{self.coord.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(what))

    def cpu(self):
        with open(f"/proc/{self.coord.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def unfinished(self):
        """Rows of jobs."""
        return json.loads(self.ctl("status", "--json"))["rows"]


def made(folder):
    """One file of 100 reads, under many names."""
    first = os.path.join(folder, "f0.fq")
    with open(first, "wb") as out:
        subprocess.run([mkfastq, "100", "150", "nova", "1"], stdout=out, check=True)
    paths = [first] + [os.path.join(folder, f"f{i}.fq") for i in range(1, args.files)]
    for path in paths[1:]:
        os.link(first, path)
    return paths


def quiet(cluster, jobs):
    """Half of the seconds nobody asks anything: slices a second, processor seconds and KiB per thousand slices."""
    def left():
        return sum(row["files"] - row["files_done"] for row in cluster.unfinished() if str(row["id"]) in jobs)

    first, cpu, memory, began = left(), cluster.cpu(), cluster.memory(), time.monotonic()
    time.sleep(args.seconds / 2)
    cpu, memory, passed = cluster.cpu() - cpu, cluster.memory() - memory, time.monotonic() - began
    done = max(1, first - left())
    return done / passed, cpu * 1000 / done, memory * 1000 / done


def measure(cluster, paths):
    """Verb after verb for so many seconds: their times in ms."""
    times = {"submit": [], "status ID": [], "status": [], "show": [], "cancel": []}

    def timed(name, *command):
        began = time.monotonic()
        out = cluster.ctl(*command, fails=name == "cancel")  # it may have ended
        times[name].append((time.monotonic() - began) * 1000)
        return out

    began = time.monotonic()
    while time.monotonic() - began < args.seconds:
        own = timed("submit", "submit", "--parsable", "--as", args.form, paths[0]).strip()
        timed("status ID", "status", own)
        timed("status", "status")
        timed("show", "show", own)
        timed("cancel", "cancel", own)
    return times


def submit(cluster, paths):
    """All files, as so many jobs; how long the longest took, in ms."""
    jobs, longest, each = [], 0, max(1, args.files // args.jobs)
    for i in range(0, args.files, each):
        began = time.monotonic()
        jobs.append(cluster.ctl("submit", "--parsable", "--as", args.form, *paths[i:i + each]).strip())
        longest = max(longest, (time.monotonic() - began) * 1000)
    return jobs, longest


def quantile(times, percent):
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


def one(workers, folder, paths):
    cluster = Cluster(folder, workers)
    try:
        connected = cluster.memory()
        print(f"{workers} workers: there after {cluster.came_s:.1f} s, {(connected - cluster.idle_kib) / workers:.1f} KiB of the coordinator's memory each", flush=True)
        if args.idle:
            return
        jobs, longest = submit(cluster, paths)
        queued = cluster.memory()
        print(f"  {args.files} files in {len(jobs)} jobs are queued: {(queued - connected) / args.files:.2f} KiB each, the longest submit took {longest:.0f} ms")
        rate, cpu, memory = quiet(cluster, jobs)
        times = measure(cluster, paths)
        print(f"  {rate:.0f} slices a second; the coordinator's processor {cpu:.2f} s and memory {memory:+.0f} KiB per thousand slices, at most {cluster.memory('VmHWM') // 1024} MiB")
        for name, row in times.items():
            print(f"  {name:10} n {len(row):4}  median {statistics.median(row):7.1f}  p95 {quantile(row, 95):7.1f}  p99 {quantile(row, 99):7.1f}  max {max(row):7.1f} ms", flush=True)
        if args.finish:
            cluster.ctl("wait", *jobs)
            done = [row for row in json.loads(cluster.ctl("status", "--json", *jobs))["rows"] if row["state"] == "COMPLETED"]
            print(f"  {len(done)} jobs of {sum(row['files_done'] for row in done)} files and {sum(row['reads'] for row in done)} reads are completed")
            return
        began = time.monotonic()
        cluster.ctl("cancel", *jobs, fails=True)
        print(f"  cancel of what is left: {(time.monotonic() - began) * 1000:.0f} ms")
        wait_until("jobs end", lambda: not cluster.unfinished())
    finally:
        cluster.end()


folder = tempfile.mkdtemp(prefix="fqload.", dir=os.environ.get("TMPDIR"))
try:
    paths = made(folder) if not args.idle else []
    for n in (int(n) for n in args.workers.split(",")):
        own = os.path.join(folder, f"of{n}")
        os.mkdir(own)
        one(n, own, paths)
finally:
    shutil.rmtree(folder, ignore_errors=True)
