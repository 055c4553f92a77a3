#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""
Speed, as ratios within one run: the commands of a row are run in turn, A B C A B C ..., and the ratios are taken round by round.
Absolute times on shared machines say little; the ratios are what to quote.

    bench.py TOP_BUILDDIR [--runs N] [--megabytes N] [--only WORD]

Prints a table: what was reached by wall time (and by CPU time, which a busy machine moves less), the goal, and what would be better still. Made data stays in TOP_BUILDDIR/bench for the next time; every
run is a row of TOP_BUILDDIR/bench/rows-DATE.tsv.
"""
import argparse, contextlib, datetime, os, platform, resource, shutil, signal, socket, statistics, struct, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request, zlib

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("--runs", type=int, default=7)
parser.add_argument("--megabytes", type=int, default=1000)
parser.add_argument("--only", default="")
args = parser.parse_args()
build = os.path.abspath(args.build)
fqctl, fqcoordd, fqworkerd, mkfastq = (os.path.join(build, p) for p in ("ctl/fqctl", "daemon/fqcoordd", "daemon/fqworkerd", "tests/tools/mkfastq"))
folder = os.path.join(build, "bench")
os.makedirs(folder, exist_ok=True)
cores = sorted(os.sched_getaffinity(0), reverse=True)


# ---- data

def version():
    """Of the program that makes the data: other data have other names."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tools/mkfastq.c"), "rb") as f:
        return f"{zlib.crc32(f.read()):08x}"


def made(name, command):
    """The file of that name, made by the command's output unless it is there, in the page cache."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        print(f"(making {name}, once)", flush=True)
        with open(path + ".new", "wb") as out:
            subprocess.run(command, stdout=out, check=True)
        os.rename(path + ".new", path)
    with open(path, "rb") as f:
        while f.read(1 << 20):
            pass
    return path


def data(kind, megabytes=args.megabytes):
    """Kinds: nova, hiseq, their trimmed reads nova-trim and hiseq-trim, long, huge (reads of 2 Mb); .gz or .bgz behind it packs it."""
    kind, _, packing = kind.partition(".")
    style, _, trim = kind.partition("-")
    plain = f"{kind}-{megabytes}-{version()}.fq"
    if style == "huge":
        command = [mkfastq, str(megabytes // 4 + 1), "2000000", "nova"]
    elif style == "long":
        command = [mkfastq, str(megabytes * 40), "50000", "long"]
    else:
        command = [mkfastq, str(megabytes * (3220 if trim else 2778)), "150", style, "1", *([trim] if trim else [])]
    path = made(plain, command)
    if packing == "gz":
        return made(plain + ".gz", ["gzip", "-6", "-c", path])
    if packing == "bgz":
        return made(plain + ".bgz.gz", ["bgzip", "-c", "-@", str(len(cores)), path])
    return path


# ---- runs

class Rows:
    """The raw rows."""

    def __init__(self):
        with open("/proc/cpuinfo") as f:
            model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), platform.machine())
        self.machine = f"{model}, {len(cores)} cores, Linux {platform.release()}"
        self.date = datetime.datetime.now().strftime("%Y%m%dT%H%M%S")
        self.out = open(os.path.join(folder, f"rows-{self.date}.tsv"), "w")
        print("date", "machine", "work", "cores", "command", "run", "wall_s", "cpu_s", "rss_mib", sep="\t", file=self.out)

    def add(self, work, n, command, run, wall, cpu, rss):
        print(self.date, self.machine, work, n, " ".join(command), run, f"{wall:.4f}", f"{cpu:.4f}", f"{rss:.1f}", sep="\t", file=self.out, flush=True)


def once(command, n):
    """Wall and CPU seconds and peak MiB of one run on n cores."""
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, set(cores[:n]))
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execvp(command[0], command)
    start = time.monotonic()
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"{' '.join(command)} failed: status {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def rounds(work, n, commands, runs):
    """Runs the commands in turn; the runs of each."""
    for command in commands:
        once(command, n)  # warm
    taken = [[] for _ in commands]
    for run in range(runs):
        for i, command in enumerate(commands):
            taken[i].append(once(command, n))
            rows.add(work, n, command, run, *taken[i][-1])
    return taken


# ---- the table

class Against:
    """What a row of the table is compared with: a command on a file, and the goal for it."""

    def __init__(self, name, command, goal, better=None, most=False, file=None, runs=None):
        self.name, self.command, self.goal, self.better = name, command, goal, better
        self.most = most  # goal and better are the most of our wall time by theirs, not the least of our rate by theirs
        self.file, self.runs = file, runs


def size_of(path):
    """Bytes of text in it."""
    for packing in (".bgz.gz", ".gz"):
        path = path.removesuffix(packing)
    return os.path.getsize(path)


def line(*columns):
    print("%-30s %-22s %-24s %-7s %-9s %-9s %-8s %-15s %s" % columns, flush=True)


def work(name, file, ours, n, against):
    if args.only not in name:
        return
    here = [a for a in against if shutil.which(a.command[0])]
    for a in against:
        if a not in here:
            line(name, a.name, "not here", "", "", "", "", "", "")
    if not here:
        return
    quick = [a for a in here if not a.runs]
    for group in [quick] + [[a] for a in here if a.runs]:
        if not group:
            continue
        theirs = [a.command + [a.file or file] for a in group]
        taken = rounds(name, n, [ours + [file], *theirs], group[0].runs or args.runs)
        for i, a in enumerate(group, 1):
            tell(name, a, taken[0], taken[i], size_of(file), size_of(a.file or file))


def tell(name, a, our, their, our_size, their_size):
    def ratios(column):
        quicker = [(t[column] / their_size) / (o[column] / our_size) for o, t in zip(our, their)]
        return sorted(1 / x for x in quicker) if a.most else sorted(quicker)

    times = ratios(0)
    median = statistics.median(times)
    reached = median <= a.goal if a.most else median >= a.goal
    sign = "<=" if a.most else ">="
    rates = (our_size / statistics.median(r[0] for r in our) / 1e6, their_size / statistics.median(r[0] for r in their) / 1e6)
    line(name, a.name, f"{median:.2f} ({times[0]:.2f}..{times[-1]:.2f})", f"{statistics.median(ratios(1)):.2f}", f"{sign} {a.goal:g}", f"{sign} {a.better:g}" if a.better else "",
         "yes" if reached else "NO", "%.0f / %.0f" % rates, "%.0f / %.0f" % (max(r[2] for r in our), max(r[2] for r in their)))


def memory(name, file, ours, most):
    if args.only not in name:
        return
    peak = max(r[2] for r in rounds(name, 1, [ours + [file]], 2)[0])
    line(name, "", f"{peak:.0f} MiB", "", f"<= {most}" if most else "", "", "" if not most else "yes" if peak <= most else "NO", "", "")


@contextlib.contextmanager
def cluster(*options, slots=1):
    """A warm private cluster of two workers of a slot each, or more: the coordinator's folder, its address, the environment of
    a client, and the coordinator's process."""
    work = tempfile.mkdtemp()
    env = dict(os.environ, FQ_KEYS=f"{work}/user")
    env.pop("FQ_HOST", None)
    started = []
    try:
        log = open(f"{work}/log", "wb")
        command = [fqcoordd, "--state", f"{work}/coord", "--listen", "127.0.0.1:0", "--cache-size", "0", *options]
        started.append(subprocess.Popen(command, stderr=log))
        while not os.path.exists(f"{work}/coord/listening"):
            time.sleep(0.02)
        host = open(f"{work}/coord/listening").read().strip()

        def token(role):
            command = [fqctl, "token", "--socket", f"{work}/coord/ctl.sock", "--role", role]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        for i in "12":
            subprocess.run([fqworkerd, "--state", f"{work}/w{i}", "--join", host, token("worker")], check=True, stdout=log, stderr=log)
            started.append(subprocess.Popen([fqworkerd, "--state", f"{work}/w{i}", "--name", f"w{i}", "-h", host, "-n", str(slots)], stderr=log))
        subprocess.run([fqctl, "join", host, token("client")], check=True, env=env, stdout=log)
        yield f"{work}/coord", host, env, started[0].pid
    finally:
        for p in reversed(started):
            p.send_signal(signal.SIGTERM)
        for p in started:
            p.wait()
        shutil.rmtree(work, ignore_errors=True)


def times_of(runs, warm, function):
    """Milliseconds of each call, sorted."""
    times = []
    for i in range(warm + runs):
        start = time.monotonic()
        function()
        if i >= warm:
            times.append((time.monotonic() - start) * 1e3)
    return sorted(times)


def spread(t):
    return f"fastest {t[0]:.1f}, 90 % {t[int(len(t) * .9)]:.1f}, 99 % {t[int(len(t) * .99)]:.1f}, slowest {t[-1]:.1f}; {len(t)} runs"


def latency():
    """fqctl submit of 1,000 reads to the CSV, on a warm private cluster of two workers."""
    if args.only not in "latency":
        return
    with cluster() as (coord, host, env, _):
        reads = f"{coord}/a.fq"
        with open(reads, "wb") as out:
            subprocess.run([mkfastq, "1000", "150", "hiseq"], stdout=out, check=True)
        for way, where in (("over TLS", ["-h", host]), ("over the unix socket", ["--socket", f"{coord}/ctl.sock"])):
            command = [fqctl, "submit", *where, "--wait", reads]
            t = times_of(200, 20, lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env))
            print(f"latency, fqctl submit of 1,000 reads {way}: median {statistics.median(t):.1f} ms ({spread(t)})", flush=True)


PAGE_GOAL_MS = 50


def cpu_ms(pid):
    """Milliseconds of the processor: of this process, and of children of ours that have ended."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK") + (ended.ru_utime + ended.ru_stime) * 1e3


def verdict(ms):
    return "yes" if ms <= PAGE_GOAL_MS else "NO"


def finished():
    """The HTML report of a job of short reads that is done: by the coordinator for its status page, and by the whole of fqctl fetch."""
    if args.only not in "finished job":
        return
    token = os.path.join(folder, "status.token")
    with open(token, "w") as out:
        out.write("only-for-this-run-of-bench\n")
    for style in ("nova", "hiseq"):
        reads = data(style, 100)
        with cluster("--status-listen", "127.0.0.1:0", "--status-token", token) as (coord, host, env, coordinator):
            page = f"{coord}/page.html"
            subprocess.run([fqctl, "submit", "-h", host, "--wait", "--quiet", "--as", "html", "--output", page, reads], check=True, env=env)
            address = open(f"{coord}/listening-status").read().strip()
            ask = urllib.request.Request(f"http://{address}/job/1/0/report.html",
                                         headers={"Authorization": "Bearer only-for-this-run-of-bench"})

            def get():
                with urllib.request.urlopen(ask) as answer:
                    return answer.read()

            def fetch(*where):
                subprocess.run([fqctl, "fetch", *where, "--as", "html", "1"], check=True, stdout=subprocess.DEVNULL, env=env)
            for way, function in (("by the coordinator, over HTTP", get), ("by fqctl fetch over TLS", lambda: fetch("-h", host)),
                                  ("by fqctl fetch over the unix socket", lambda: fetch("--socket", f"{coord}/ctl.sock"))):
                before = cpu_ms(coordinator)
                t = times_of(40, 0, function)
                median, cpu = statistics.median(t), (cpu_ms(coordinator) - before) / len(t)
                size = os.path.getsize(page) // 1000
                print(f"page of a finished job, 100 MB of {style}, {size} kB, {way}: median {median:.1f} ms, of CPU {cpu:.1f} "
                      f"(goal <= {PAGE_GOAL_MS} ms: {verdict(median)}, by CPU {verdict(cpu)}; {spread(t)})", flush=True)
    os.unlink(token)


ANSWER_GOAL_MS = 100


class Asker:
    """A connection over the unix socket that asks STATUS (lib/wire/fqcluster.proto: frames of length, type and tag)."""
    PING, PONG, HELLO, WELCOME, STATUS, JOB, END = 1, 2, 5, 6, 62, 81, 88

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")
        # Hello: proto_min 1, proto_max 3, role client, name, instance, version
        self.send(self.HELLO, b"\x08\x01\x10\x03\x18\x02\x22\x05bench\x2a\x10" + bytes(16) + b"\x32\x05bench")
        self.until(self.WELCOME)

    def send(self, kind, payload=b""):
        self.socket.sendall(struct.pack(">IHH", len(payload), kind, 1) + payload)

    def until(self, last):
        while True:
            n, kind, _ = struct.unpack(">IHH", self.stream.read(8))
            self.stream.read(n)
            if kind == self.PING:
                self.send(self.PONG)
            elif kind == last:
                return
            elif kind != self.JOB:
                sys.exit(f"the coordinator answers STATUS by a frame of type {kind}")

    def status(self):
        self.send(self.STATUS)
        self.until(self.END)


def waits(path, function):
    """Milliseconds that each STATUS took, one after the other over one connection, while the function ran in another thread."""
    done, asker, times = threading.Event(), Asker(path), []

    def run():
        try:
            function()
        finally:
            done.set()
    other = threading.Thread(target=run)
    other.start()
    while not done.is_set():
        start = time.monotonic()
        asker.status()
        times.append((time.monotonic() - start) * 1e3)
        time.sleep(.001)
    other.join()
    return sorted(times)


def answers():
    """The longest wait for STATUS while a very large report is fetched, in every form, and rendered for the status page."""
    if args.only not in "answers meanwhile":
        return
    token = os.path.join(folder, "status.token")
    with open(token, "w") as out:
        out.write("only-for-this-run-of-bench\n")
    for what, command in (("60 reads of 1 Mb", [mkfastq, "60", "1000000", "nova"]), ("2,000 reads of up to 1 Mb", [mkfastq, "2000", "1000000", "long"])):
        reads = made(f"mega-{command[3]}-{version()}.fq", command)
        with cluster("--status-listen", "127.0.0.1:0", "--status-token", token) as (coord, host, env, _):
            path = f"{coord}/ctl.sock"

            def tell(doing, times):
                print(f"answers meanwhile, {what}, {doing}: longest wait for status {times[-1]:.0f} ms (99 % {times[int(len(times) * .99)]:.0f}; "
                      f"{len(times)} asked; goal <= {ANSWER_GOAL_MS} ms: {'yes' if times[-1] <= ANSWER_GOAL_MS else 'NO'})", flush=True)

            def run(*command):
                subprocess.run([fqctl, *command], check=True, stdout=subprocess.DEVNULL, env=env)
            tell("counted", waits(path, lambda: run("submit", "-h", host, "--wait", "--quiet", "--as", "json", reads)))
            for form in ("text", "html", "fastqc", "csv", "json"):
                to = tempfile.mkdtemp(dir=coord)
                tell(f"fetched as {form}", waits(path, lambda: run("fetch", "-h", host, "--as", form, *(["--nogroup"] if form != "csv" else []), "-d", to, "1")))
            address = open(f"{coord}/listening-status").read().strip()
            ask = urllib.request.Request(f"http://{address}/job/1/0/report.html", headers={"Authorization": "Bearer only-for-this-run-of-bench"})

            def get():
                with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(ask) as answer: # it may be said to be too large
                    answer.read()
            tell("asked for over HTTP", waits(path, get))
    os.unlink(token)


def page():
    """The page of a finished report: tests/bench/page_bench says what it is made of, and its goal."""
    if args.only in "page":
        for told in subprocess.run([os.path.join(build, "tests/bench/page_bench")], check=True, capture_output=True, text=True).stdout.splitlines():
            print(f"page of a report, 150 bases, {told}", flush=True)


def slices():
    """What a slice costs the coordinator: processor's time while a job of slices of 1 MiB is counted, by their number."""
    if args.only not in "coordinator, a slice":
        return
    for packing in ("", ".gz", ".bgz"):
        reads = data(f"hiseq{packing}", 200)
        for form in ("csv", "text"):
            with cluster(slots=2) as (coord, host, env, coordinator):
                clock = ~coordinator << 3 | 2  # the process's own, CPUCLOCK_SCHED of clock_getcpuclockid(3)
                command = [fqctl, "submit", "-h", host, "--wait", "--quiet", "--as", form, "--split-gzip", "always", "--slice-size", "1M", reads]
                n = -(-os.path.getsize(reads) // (1 << 20))
                times = []
                for _ in range(3):
                    before = time.clock_gettime(clock)
                    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
                    times.append((time.clock_gettime(clock) - before) * 1e3 / n)
                print(f"coordinator, a slice of 1 MiB, {packing or 'plain'}, {form}: {min(times):.2f} ms of CPU ({n} slices; least of {len(times)})", flush=True)


def local(form, threads):
    return [fqctl, "qc", "--local", "--as", form, "--output", os.devnull, "-t", str(threads)]


def wants(name):
    return args.only in name


def table():
    seqtk, igzip = ["seqtk", "fqchk"], ["igzip", "-dc"]
    read = ["sh", "-c", 'exec dd if="$0" of=/dev/null bs=1M status=none']
    fastqc = ["fastqc", "--quiet", "--threads", "1", "--outdir", reports]
    csv, full = local("csv", 1), local("text", 1)
    line("work", "against", "reached (all rounds)", "of CPU", "goal", "better", "reached", "MB/s of text", "peak MiB")
    for style, fastqc_goal, goal, better in (("nova", 40, 4, 6), ("hiseq", 25, 2.5, 5)):
        if wants(f"CSV {style} plain"):
            work(f"CSV {style} plain", data(style), csv, 1, [Against("seqtk fqchk", seqtk, 10), Against("read(2)", read, .9)])
        if wants(f"CSV {style} gzip"):
            work(f"CSV {style} gzip", data(f"{style}.gz"), csv, 1,
                 [Against("seqtk fqchk", seqtk, 4), Against("igzip -dc, time", igzip, 1.1, most=True)])
        if wants(f"report {style} plain"):
            work(f"report {style} plain", data(style), full, 1,
                 [Against("seqtk fqchk", seqtk, goal, better), Against("FastQC", fastqc, fastqc_goal, file=data(style, args.megabytes // 4), runs=3)])
        if wants(f"report {style} gzip"):
            work(f"report {style} gzip", data(f"{style}.gz"), full, 1,
                 [Against("igzip -dc, time", igzip, 1.4, most=True),
                  Against("FastQC", fastqc, 15, file=data(f"{style}.gz", args.megabytes // 4), runs=3)])
        if wants(f"report {style} gzip, 2 cores"):
            work(f"report {style} gzip, 2 cores", data(f"{style}.gz"), local("text", 2), 2,
                 [Against("igzip -dc, time", igzip, 1.2, 1.05, most=True)])
        if wants(f"report {style} BGZF, 2 cores"):
            work(f"report {style} BGZF, 2 cores", data(f"{style}.bgz"), local("text", 2), 2,
                 [Against("bgzip -dc -@2, time", ["bgzip", "-dc", "-@2"], 1, most=True)])
        for form, ours in (("CSV", csv), ("report", full)):
            if wants(f"{form} {style} trimmed"):
                work(f"{form} {style} trimmed", data(f"{style}-trim"), ours, 1, [Against("the same, not trimmed", ours, .7, .9, file=data(style))])
    for form, ours in (("CSV", csv), ("report", full)):
        if wants(f"{form} long"):
            work(f"{form} long", data("long"), ours, 1, [Against("seqtk fqchk", seqtk, 4)])
    for kind, most in (("nova", 64), ("hiseq", 64), ("nova.gz", 64), ("long", None), ("huge", None)):
        if wants(f"memory {kind}"):
            memory(f"memory {kind}", data(kind), full, most)


rows = Rows()
reports = tempfile.mkdtemp()
try:
    table()
finally:
    shutil.rmtree(reports, ignore_errors=True)
latency()
page()
finished()
answers()
slices()
