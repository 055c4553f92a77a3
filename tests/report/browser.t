#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report in a real browser (headless Chromium, where it is installed): at three widths, light and dark, it asks for
nothing, complains of nothing, does not scroll sideways, its letters can be read and do not lie upon each other, and the pixels of
its marks are where fastqc_data.txt says, within half a pixel. With FQ_PICTURES=FOLDER its pictures are kept there.
"""
import math
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium  # noqa: E402
import looks  # noqa: E402
import report  # noqa: E402
import svg  # noqa: E402

REAL = (("illumina/novaseq6000_smartseq3_R1.fastq.gz", ()), ("longread/ont_r9_nobarcode_1k.fastq.gz", ()),
        ("illumina/ERR127302_rnaseq_1.fastq.gz", ("--kmers", "7")), ("legacy/seqprep_hiseq_phred64_1.fq.gz", ("--compat", "0.11.9")))
MADE = ("tiles", "long-reads", "adapters", "phred64")
PICTURES = os.environ.get("FQ_PICTURES")
PIXEL = 0.5

# Points of each line and labels of the axis of a plot, in pixels of the screen.
LINES = """(() => {
    const out = {};
    for (const plot of document.querySelectorAll('section svg.plot')) {
        const at = (element, x, y) => { const p = new DOMPoint(x, y).matrixTransform(element.getScreenCTM()); return [p.x, p.y]; };
        out[plot.closest('section').id] = {
            labels: [...plot.querySelectorAll('text.y')].map(t => [at(t, 0, +t.getAttribute('y'))[1], t.textContent]),
            lines: [...plot.querySelectorAll('path.line')].map(path => [path.getAttribute('class'), path.getAttribute('d'),
                ['a', 'b', 'c', 'd', 'e', 'f'].map(k => path.getScreenCTM()[k])])};
    }
    return out; })()"""

# Labels of an axis that lie upon each other, by pairs.
CROWDED = """(() => {
    const out = [];
    for (const plot of document.querySelectorAll('section svg.plot')) {
        const boxes = [...plot.querySelectorAll('text')].filter(t => getComputedStyle(t).display != 'none')
            .map(t => [t.textContent, t.getBoundingClientRect()]);
        boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
            if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 0.5 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 2.5)
                out.push(plot.closest('section').id + ': ' + a + ' and ' + b); }));
    }
    return out; })()"""

def values_of(sections):
    """By the section's key: (class of a line, values) of what is drawn as lines."""
    keys = {name.lower().replace(" ", "_"): [line.split("\t") for line in body if not line.startswith("#")]
            for name, (_, body) in sections.items()}
    out = {}
    for key, names in (("per_base_sequence_quality", {1: "mean"}), ("per_sequence_quality_scores", {1: "s0 d0"}),
                       ("per_base_sequence_content", {1: "s6 d2", 2: "s2 d0", 3: "s1 d3", 4: "s0 d1"}),
                       ("per_sequence_gc_content", {1: "s0 d0"}), ("per_base_n_content", {1: "s1 d0"})):
        if keys.get(key):
            out[key] = [(name, [float(row[i]) for row in keys[key]]) for i, name in names.items()]
    return out


def check_pixels(page, wants):
    """What is wrong with the first mark that is off; and how many were measured."""
    drawn, measured = page.run(LINES), 0
    for key, series in wants.items():
        if key not in drawn:
            return f"{key} has no plot", measured
        labels = sorted((y, svg.label(text)) for y, text in drawn[key]["labels"])
        (top, high), (bottom, low) = labels[0], labels[-1]
        for name, values in series:
            line = [(d, m) for got, d, m in drawn[key]["lines"] if got == f"line {name}"]
            if len(line) != 1:
                return f"{key}: {len(line)} lines {name}", measured
            d, (a, b, c, e, f, g) = line[0]
            points = [(a * x + c * y + f, b * x + e * y + g) for x, y in svg.line_points(svg.ElementTree.Element("path", d=d))]
            told = [v for v in values if not math.isnan(v)]
            if len(points) != len(told):
                return f"{key}: {len(points)} points for {len(told)} values", measured
            for (_, y), value in zip(points, told):
                want = bottom + (value - low) / (high - low) * (top - bottom)
                if abs(y - want) > PIXEL:
                    return f"{key}, {name}: {value} is at pixel {y:.2f} and not {want:.2f}", measured
                measured += 1
    return "", measured


def check_page(browser, name, address, wants, width, dark):
    title = f"{name}, {width} pixels, {'dark' if dark else 'light'}"
    page = browser.open(address, width, dark)
    looks.check(page, title, width, [address])
    bad, measured = check_pixels(page, wants)
    report.ok(not bad and measured > 0, f"{title}: {measured} marks are within half a pixel", bad)
    crowded = page.run(CROWDED)
    report.ok(not crowded, f"{title}: no label lies upon another", crowded[:5])
    page.run("document.querySelectorAll('details').forEach(d => d.querySelector('summary').click())")
    closed = page.run("[...document.querySelectorAll('details')].filter(d => !d.open || d.querySelector('table').offsetHeight == 0).length")
    report.ok(closed == 0, f"{title}: every table opens", closed)
    looks.check_colours(page, title, dark)
    if PICTURES:
        page.run("document.querySelectorAll('details').forEach(d => { d.open = false; })")
        page.picture(os.path.join(PICTURES, f"{name}-{width}-{'dark' if dark else 'light'}.png"))
    page.close()


def main():
    reason = chromium.missing()
    if reason:
        report.skip_all(reason)
    if report.manifest() is None:
        report.diag(f"there is no shared data in {report.SHARED}: made reads stand for real ones")
        files = [(path, ()) for path in report.made_files(MADE).values()]
    else:
        files = [(os.path.join(report.SHARED, "data", file), options) for file, options in REAL]
    with chromium.Browser() as browser:
        for file, options in files:
            name = os.path.basename(file).split(".")[0]
            options = options if "--compat" in options else ("--compat", "0.12.1", *options)
            text = report.run([report.QC_REPORT, *options, file])
            made = report.run([report.QC_REPORT, *options, "--as", "html", file])
            if not report.ok(made.status == 0 and text.status == 0, f"{name} is reported", made.error):
                continue
            address = "file://" + report.write(f"{name}.html", made.text)
            wants = values_of(report.sections(text.text))
            for width in looks.WIDTHS:
                for dark in (False, True):
                    check_page(browser, name, address, wants, width, dark)
    report.done_testing()


main()
