#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a run in a real browser (headless Chromium, where it is installed): at three widths, light and dark, it asks for nothing,
complains of nothing, does not scroll sideways; it reads without a script, and with one sorts by each column.
With FQ_PICTURES=FOLDER its pictures are kept there.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium  # noqa: E402
import report  # noqa: E402

PICTURES = os.environ.get("FQ_PICTURES")
ROWS = "[...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.dataset.v === undefined ? null : Number(c.dataset.v)))"
SAMPLES = "[...document.querySelectorAll('tbody th')].map(h => h.textContent)"


def make(folder):
    """Reads of some length and score each, under names as bcl-convert gives them; the page's path."""
    paths, out = [], os.path.join(folder, "out")
    os.mkdir(out)
    for i, name in enumerate(("s10_S2_L001_R1_001", "s10_S2_L001_R2_001", "s2_S1_L001_R1_001", "<script>alert(1)</script>".replace("/", ":"), "e")):
        paths.append(os.path.join(folder, name + ".fastq"))
        with open(paths[-1], "w", encoding="ascii") as file:
            for k in range((7 * i + 3) % 11 * (i < 4)):
                file.write(f"@r{k}\n{'ACGT' * (5 + i)}\n+\n{'!5?IF'[i] * 4 * (5 + i)}\n")
    subprocess.run([report.FQCTL, "qc", "--local", "-q", "--as", "html", "-o", out, *paths], check=True, env={**os.environ, "FQ_HOST": ""})
    return os.path.join(out, "index.html")


def check_sorting(page):
    first, names = page.run(ROWS), page.run(SAMPLES)
    report.ok(names == sorted(names, key=lambda n: (n[0] != "<", n[0] != "e", n == "s10")), "by sample at first", names)
    heads = page.run("document.querySelectorAll('thead th button').length")
    report.ok(heads == len(first[0]), f"{heads} columns have a button", len(first[0]))
    for column in range(heads):
        seen = []
        for _ in range(2):
            page.run(f"document.querySelectorAll('thead button')[{column}].click()")
            rows, way = page.run(ROWS), page.run(f"document.querySelectorAll('thead th')[{column}].getAttribute('aria-sort')")
            values = [row[column] for row in rows]
            told = [v for v in values if v is not None]
            seen.append(way)
            report.ok(sorted(map(str, rows)) == sorted(map(str, first)) and values[:len(told)] == sorted(told, reverse=way == "descending"),
                      f"column {column}, {way}: in order, what is unknown last", values)
        report.ok(set(seen) == {"ascending", "descending"}, f"column {column}: both ways", seen)


def main():
    reason = chromium.missing()
    if reason:
        report.skip_all(reason)
    path = make(os.path.dirname(report.write("mark", b"")))
    address = "file://" + path
    with chromium.Browser() as browser:
        for width in (360, 800, 1600):
            for dark in (False, True):
                title = f"{width} pixels, {'dark' if dark else 'light'}"
                page = browser.open(address, width, dark)
                report.ok(not page.complaints(), f"{title}: no complaint", page.complaints())
                report.ok(page.requests() == [address], f"{title}: it asks for nothing", page.requests())
                wide = page.run("document.documentElement.scrollWidth")
                report.ok(wide <= width, f"{title}: it does not scroll sideways", wide)
                if PICTURES:
                    page.picture(os.path.join(PICTURES, f"run-{width}-{'dark' if dark else 'light'}.png"))
                page.close()
        page = browser.open(address, 1600, False)
        check_sorting(page)
        report.ok(page.run("document.scripts.length") == 1, "a hostile name is no script")
        page.close()
        page = browser.open("about:blank", 1600, False)
        page.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.events.clear()
        page.call("Page.navigate", url=address)
        browser.wait("Page.loadEventFired", page.session)
        report.ok(page.run("document.querySelectorAll('tbody tr').length") == 5 and page.run("document.querySelectorAll('button').length") == 0,
                  "without a script all rows are there, and no dead button")
        page.close()
    report.done_testing()


main()
