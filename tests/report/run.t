#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a run in a real browser (headless Chromium, where it is installed): at three widths, light and dark, it asks for nothing,
complains of nothing, does not scroll sideways; bars and marks are as the numbers say, hostile names stay text, the keyboard comes
everywhere; it reads without a script, and with one sorts by each column.
With FQ_PICTURES=FOLDER its pictures are kept there.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium  # noqa: E402
import looks  # noqa: E402
import report  # noqa: E402

PICTURES = os.environ.get("FQ_PICTURES")
HOSTILE = ("<script>alert(1)<:script>", "\"'quoted'\" & <b>", "new\nline", "right\u202eto\u2066left", "<img src=x onerror=alert(2)>")
TOLD = ("<script>alert(1)<:script>", "\"'quoted'\" & <b>", "new\\x0aline", "right\\xe2\\x80\\xaeto\\xe2\\x81\\xa6left",
        "<img src=x onerror=alert(2)>")
SAMPLES_MORE = 50
ROWS = "[...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.dataset.v === undefined ? null : Number(c.dataset.v)))"
SAMPLES = "[...document.querySelectorAll('tbody th')].map(h => h.textContent)"


def make(folder):
    """Reads of some length and score each, under names as bcl-convert gives them, and hostile ones; the page's path."""
    paths, out = [], os.path.join(folder, "out")
    os.mkdir(out)
    names = ["s10_S2_L001_R1_001", "s10_S2_L001_R2_001", "s2_S1_L001_R1_001", *HOSTILE, "e"]
    names += [f"t{i:02}_S{i + 20}_L00{1 + i % 2}_R1_001" for i in range(SAMPLES_MORE)]
    for i, name in enumerate(names):
        paths.append(os.path.join(folder, name + ".fastq"))
        with open(paths[-1], "w", encoding="ascii") as file:
            for k in range((7 * i + 3) % 11 * (name != "e")):
                file.write(f"@r{k}\n{'ACGT' * (5 + i % 9)}\n+\n{'!5?IF'[i % 5] * 4 * (5 + i % 9)}\n")
    done = report.run([report.FQCTL, "qc", "--local", "-q", "--as", "html", "-o", out, *paths])
    report.ok(done.status == 0, f"{len(names)} files are reported", done.error)
    return os.path.join(out, "index.html"), len(names)


def check_sorting(page):
    first, names = page.run(ROWS), page.run(SAMPLES)
    wants = sorted(names, key=lambda n: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", n)])
    report.ok(names == wants, "by sample at first", names)
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


def check_marks(page, files):
    """Bars against the values of their cells: of reads against the most, of shares against 100 per cent."""
    bars = page.run("[...document.querySelectorAll('td.share')]"
                    ".map(c => [c.cellIndex, +c.dataset.v, +getComputedStyle(c).getPropertyValue('--w')])")
    reads = page.run("[...document.querySelectorAll('thead th')].findIndex(h => h.textContent == 'Reads')")
    most = max(value for column, value, _ in bars if column == reads)
    wrong = [bar for bar in bars if abs(bar[2] - bar[1] / (most if bar[0] == reads else 100)) > 1e-3]
    report.ok(len(bars) > 3 * files and not wrong, f"{len(bars)} bars are as long as their numbers", wrong[:5])
    signs = page.run("[...document.querySelectorAll('td.sign[data-v]')]"
                     ".map(c => [+c.dataset.v, c.querySelector('svg').getAttribute('aria-label')])")
    kinds = {(int(value), name) for value, name in signs}
    report.ok(len(signs) > 3 * files and len({value for value, _ in kinds}) == len(kinds) == 3,
              f"{len(signs)} marks say what they are sorted by", kinds)


def check_names(page):
    names = page.run(SAMPLES)
    lost = [told for told in TOLD if told not in names]
    report.ok(not lost, "hostile names are text, controls and turns of direction told by their bytes", lost)
    report.ok(page.run("document.scripts.length") == 1 and page.run("document.querySelectorAll('img, th b').length") == 0,
              "and neither script nor element")
    links = page.run("[...document.querySelectorAll('tbody th a')].map(a => decodeURIComponent(new URL(a.href).pathname))")
    report.ok(len(links) == len(names) and all(map(os.path.exists, links)), "each name leads to its report",
              [link for link in links if not os.path.exists(link)])


def main():
    reason = chromium.missing()
    if reason:
        report.skip_all(reason)
    path, files = make(os.path.dirname(report.write("mark", b"")))
    address = "file://" + path
    with chromium.Browser() as browser:
        for width in looks.WIDTHS:
            for dark in (False, True):
                title = f"{width} pixels, {'dark' if dark else 'light'}"
                page = browser.open(address, width, dark)
                looks.check(page, title, width, [address])
                looks.check_colours(page, title, dark)
                if PICTURES:
                    page.picture(os.path.join(PICTURES, f"run-{width}-{'dark' if dark else 'light'}.png"))
                if width == looks.WIDTHS[0] or dark:
                    looks.check_keyboard(page, title)
                page.close()
        page = browser.open(address, 1600, False)
        check_marks(page, files)
        check_names(page)
        check_sorting(page)
        page.close()
        page = browser.open("about:blank", 1600, False)
        page.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.events.clear()
        page.call("Page.navigate", url=address)
        browser.wait("Page.loadEventFired", page.session)
        rows, buttons = page.run("document.querySelectorAll('tbody tr').length"), page.run("document.querySelectorAll('button').length")
        report.ok(rows == files and buttons == 0, "without a script all rows are there, and no dead button")
        check_names(page)
        page.close()
    report.done_testing()


main()
