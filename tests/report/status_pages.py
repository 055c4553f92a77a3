#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The coordinator's pages in a real browser, for tests/cluster/93-pages.t, whose cluster stands still meanwhile:

    status_pages.py ADDRESS TOKEN JOBS.json NODES.json ID

JOBS and NODES are what fqctl tells of the same; ID is a job that runs, job 1 is done. At three widths, light and dark, each page asks for
nothing, complains of nothing, does not scroll sideways, and can be read and gone through by keyboard; the curve of the throughput adds up
to /metrics, and lies on the screen where its scale says; figures, rows and bars are as /metrics and fqctl say; names stay text.
With FQ_PICTURES=FOLDER the pictures are kept there.
"""
import json
import os
import re
import select
import sys
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium  # noqa: E402
import looks  # noqa: E402
import report  # noqa: E402

PICTURES = os.environ.get("FQ_PICTURES")
RING_S, RING_N = 10, 360  # daemon/coord/metrics.h
PATIENCE_S = 60
OPEN = ("RUNNING", "PENDING")

FIGURES = "Object.fromEntries([...document.querySelectorAll('.figures div')].map(d => [...d.children].map(e => e.textContent)))"
ROWS = """(id => {
    const table = document.querySelector('#' + id + ' table'), heads = [...table.tHead.rows[0].cells].map(h => h.textContent);
    return [...table.tBodies[0].rows].map(row => Object.fromEntries([...row.cells].map((c, i) => [heads[i], c.textContent]))); })"""
CURVE = """(() => {
    const svg = document.querySelector('.rate svg'), on = (path, x, y) => new DOMPoint(x, y).matrixTransform(path.getScreenCTM()).y;
    if (!svg) return null;
    const edge = svg.querySelector('.edge'), box = svg.getBoundingClientRect(), top = document.querySelector('.rate .top').textContent;
    return {edge: edge.getAttribute('d'), flow: svg.querySelector('.flow').getAttribute('d'), top,
        screen: [on(edge, 0, 8), on(edge, 0, 54), on(edge, 0, 100)], box: [box.top, box.bottom, box.width],
        stroke: [getComputedStyle(edge).stroke, getComputedStyle(edge).strokeWidth]}; })()"""
BARS = """[...document.querySelectorAll('.progress')].map(p => [p.getBoundingClientRect().width, p.firstChild.getBoundingClientRect().width,
    p.closest('tr').cells[0].textContent])"""


class Coordinator:
    def __init__(self, address, token):
        self.address, self.headers = address, {"Authorization": f"Bearer {token}"}

    def metrics(self):
        """By name with its labels: values."""
        with urllib.request.urlopen(urllib.request.Request(self.address + "/metrics", headers=self.headers), timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    def open(self, browser, path, width, dark):
        page = browser.open(self.address + path, width, dark, headers=self.headers)
        page.run("window.stop()")  # it would be loaded anew in the middle of a look
        return page


def si(text):
    """1.23 MB/s: 1230000."""
    value, prefix = re.fullmatch(r"([\d.]+)\u00a0?([kMGT]?)B?(?:/s)?", text.strip()).groups()
    return float(value) * 1000 ** " kMGT".index(prefix or " ")


def stretches(curve, scale):
    """Bytes a second of each stretch, the newest last, from the corners of the line."""
    points = [tuple(map(float, point.split())) for point in re.findall(r"[ML]([\d. ]+)", curve)]
    out, at, step = [], 0, (RING_N - 1) / (RING_N - 2)
    for i in range(RING_N - 1):
        while at + 2 < len(points) and points[at + 1][0] < i * step - 1e-3:
            at += 1
        (x, y), (x2, y2) = points[at], points[at + 1]
        part = min((i * step - x) / (x2 - x), 1)  # x2 is a rounded one, and behind a corner goes another line
        out.append((100 - (y + (y2 - y) * part)) / 92 * scale)
    return out


def counted(metrics):
    return sum(value for name, value in metrics.items() if name.startswith("fqcluster_input_bytes_total"))


def check_curve(coordinator, browser):
    """What was counted comes into the curve when its stretch is over."""
    until = time.monotonic() + PATIENCE_S
    while True:
        page = coordinator.open(browser, "/", 1600, False)
        curve, total = page.run(CURVE), counted(coordinator.metrics())
        page.close()
        scale = si(curve["top"]) if curve else 0
        values = stretches(curve["edge"], scale) if curve else []
        close = scale * 0.05 / 92 * RING_S * (1 + sum(value > 0 for value in values))  # the line has a digit behind the point
        if time.monotonic() > until or curve and abs(sum(values) * RING_S - total) <= close:
            break
        select.select([], [], [], 0.5)
    if not report.ok(curve, "there is a curve"):
        return
    report.ok(total > 10e6 and abs(sum(values) * RING_S - total) <= close, f"the curve adds up to the {total:.0f} bytes of /metrics",
              [sum(values) * RING_S, close])
    report.ok(0 < sum(value > 0 for value in values) <= 60 and max(values) <= scale * 1.001 and min(values) >= 0,
              "on its scale, and in the last minutes alone", [scale, max(values)])
    first = next(i for i, value in enumerate(values) if value > 0)
    report.ok(first > RING_N - 60, "which are at the right", first)
    report.ok(curve["flow"].endswith("Z") and curve["edge"][1:] in curve["flow"], "the area is that below the line")
    top, middle, bottom = curve["screen"]
    report.ok(curve["box"][0] < top < middle < bottom <= curve["box"][1] + 0.5 and abs(top + bottom - 2 * middle) < 0.5,
              "lines of the scale lie on the screen in even steps", curve)


def check_figures(page, metrics):
    figures = page.run(FIGURES)
    nodes = {state: metrics[f'fqcluster_workers{{state="{state}"}}'] for state in ("idle", "busy", "draining", "suspect", "down")}
    jobs = {state: metrics[f'fqcluster_jobs{{state="{state}"}}'] for state in ("pending", "running")}
    wants = {"Nodes up": f"{sum(nodes.values()) - nodes['down']:.0f}\u00a0of {sum(nodes.values()):.0f}",
             "Slots busy": f"{metrics['fqcluster_slices_inflight']:.0f}\u00a0of {metrics['fqcluster_worker_slots']:.0f}",
             "Jobs running": f"{jobs['running']:.0f}",
             "Jobs pending": f"{jobs['pending']:.0f}"}
    report.ok({key: figures.get(key) for key in wants} == wants and nodes["down"] == 1, "figures are those of /metrics", [figures, wants])


def check_rows(page, jobs, nodes):
    told = page.run(f"{ROWS}('nodes')")
    wants = [(n["node"], n["state"], f"{n['busy']} of {n['slots']}") for n in nodes]
    report.ok([(row["Node"], row["State"], row["Busy"]) for row in told] == wants, "nodes are as fqctl tells", told)
    told = page.run(f"{ROWS}('jobs')")
    wants = sorted((str(j["id"]), j["state"].lower(), f"{j['files_done']} of {j['files']}", j["name"]) for j in jobs if j["state"] in OPEN)
    told = [(row["Job"], row["State"], row["Files"], row["Name"]) for row in told]
    report.ok(told == wants, "jobs that have not ended, too", [told, wants])
    told = page.run(f"{ROWS}('ended')")
    ended = [j for j in jobs if j["state"] not in OPEN]
    wants = sorted(((str(j["id"]), j["state"].lower(), str(j["files"]), bool(j["error"])) for j in ended), reverse=True)
    report.ok([(row["Job"], row["State"], row["Files"], bool(row["Error"])) for row in told] == wants and
              {row["State"] for row in told} == {"completed", "failed", "cancelled"}, "and those that have", [told, wants])
    names = {row["Job"]: row["Name"] for row in told}
    report.ok(names["1"] == 'run "42" <done>', "a name with quotes and brackets is text", names)


def check_bars(page, jobs, width):
    bars, wrong = page.run(BARS), []
    for whole, filled, job in bars:
        known = next(j for j in jobs if str(j["id"]) == job)
        part = known["bytes_done"] / known["bytes"] if known["bytes"] else 0
        if abs(filled - whole * part) > 0.5:
            wrong.append((job, whole, filled, known["bytes_done"], known["bytes"]))
    report.ok(len(bars) == 3 and not wrong, f"{width} pixels: progress is as long as its part, within half a pixel", wrong)


def check_markup(page, title):
    foreign = page.run("[...document.querySelectorAll('script, img, b, i')].filter(e => !e.matches('.progress > i')).map(e => e.outerHTML)")
    report.ok(not foreign, f"{title}: nothing foreign is an element", foreign)


def check_looks(coordinator, browser, path, name):
    for width in looks.WIDTHS:
        for dark in (False, True):
            title = f"{name}, {width} pixels, {'dark' if dark else 'light'}"
            page = coordinator.open(browser, path, width, dark)
            looks.check(page, title, width, [coordinator.address + path])
            looks.check_colours(page, title, dark)
            if PICTURES:
                page.picture(os.path.join(PICTURES, f"{name}-{width}-{'dark' if dark else 'light'}.png"))
            if width == looks.WIDTHS[0] or dark:
                looks.check_keyboard(page, title)
            page.close()


def check_job(coordinator, browser):
    page = coordinator.open(browser, "/job/1", 1600, False)
    paths = page.run("[...document.querySelectorAll('tbody tr')].map(r => r.cells[4].textContent.replace(/.*\\//, ''))")
    wants = ["plain.fq", "<img src=x onerror=alert(1)>&.fq", "\"quotes'\\x0aand a line.fq", "right\\xe2\\x80\\xaeto left\\xe2\\x81\\xa6.fq"]
    report.ok(paths[:4] == wants and len(paths) == 5, "names of files are text, controls and turns of direction told by their bytes", paths)
    check_markup(page, "a job's page")
    links = page.run("[...document.querySelectorAll('tbody a')].map(a => new URL(a.href).pathname)")
    report.ok(len(links) == 5, "each has its report", links)
    page.close()
    for path in links[:2]:
        page = coordinator.open(browser, path, 800, False)
        looks.check(page, f"the report {path}", 800, [coordinator.address + path])
        report.ok(page.run("document.querySelectorAll('section svg.plot').length") >= 8 and page.run("document.images.length") == 0,
                  f"the report {path} has its plots")
        page.close()


def check_anew(coordinator, browser):
    """The page comes again by itself."""
    page = browser.open(coordinator.address + "/", 800, False, headers=coordinator.headers)
    browser.events.clear()
    browser.wait("Page.loadEventFired", page.session)
    report.ok(page.run("document.querySelectorAll('#jobs tbody tr').length") == 3, "the page is loaded anew by itself")
    page.close()


def main():
    address, token, jobs, nodes, running = sys.argv[1:]
    with open(jobs, encoding="utf-8") as file:
        jobs = json.load(file)["rows"]
    with open(nodes, encoding="utf-8") as file:
        nodes = json.load(file)["rows"]
    coordinator = Coordinator(address, token)
    report.ok(sum(j["state"] == "RUNNING" and str(j["id"]) == running for j in jobs) == 1, "a job runs, and stands still")
    with chromium.Browser() as browser:
        check_curve(coordinator, browser)
        page = coordinator.open(browser, "/", 1600, False)
        check_figures(page, coordinator.metrics())
        check_rows(page, jobs, nodes)
        check_markup(page, "the status page")
        page.close()
        for width in looks.WIDTHS:
            page = coordinator.open(browser, "/", width, False)
            check_bars(page, jobs, width)
            page.close()
        check_looks(coordinator, browser, "/", "status")
        check_looks(coordinator, browser, "/job/1", "job")
        check_job(coordinator, browser)
        check_anew(coordinator, browser)
    report.done_testing()


main()
