#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report (--as html): read strictly, its plots measured, in every corner.

Of real files (made ones where the shared data is not there): every mark of every plot is where the numbers of fastqc_data.txt say,
within half a unit of the plot's rectangle. Of corner cases: the page is well-formed, every coordinate is a number within the view
box, it is as small as it should be, it is the same bytes however the file was cut, and nothing foreign becomes markup.
"""
import math
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import corners  # noqa: E402
import report  # noqa: E402
import svg  # noqa: E402

SHORT_MOST, ANY_MOST = 500_000, 2_000_000  # bytes of a page: of short reads, of anything
REAL = ("illumina/novaseq6000_smartseq3_R1.fastq.gz", "illumina/ERR127302_rnaseq_1.fastq.gz", "longread/ont_r9_nobarcode_1k.fastq.gz",
        "legacy/seqprep_hiseq_phred64_1.fq.gz", "illumina/nextera_100K.fastq.gz", "illumina/novaseq_sralite_RRBS_R2.fastq.gz")
MADE = ("tiles", "adapters", "long-reads", "phred64", "letters")
KMERS = ("ERR127302_rnaseq_1.fastq.gz", "adapters.fastq")


def key_of(name):
    return name.lower().replace(" ", "_")


def table(lines):
    """The rows of a section of fastqc_data.txt, without its head."""
    return [line.split("\t") for line in lines if not line.startswith("#")]


def column(rows, i):
    return [float(row[i]) for row in rows]


# ---- marks against numbers: each function gets a plot and the rows of its table


def lines(plot, wants, classes):
    value = svg.axis(plot, "y")
    for want, names in zip(wants, classes):
        found = svg.find(plot, "path", "line", *names)
        if len(found) != 1:
            raise svg.Wrong(f"{len(found)} lines {names}")
        svg.check_line(svg.line_points(found[0]), want, value, " ".join(names))


def bands(plot, rows, names):
    """Points of a line stand in the middles of bands of the same width."""
    points = svg.line_points(svg.find(plot, "path", "line", *names)[0])
    for (x, _), i in zip(points, range(len(rows))):
        want = 52 + (668 - 52) * (i + 0.5) / len(rows)
        if abs(x - want) > svg.HALF:
            raise svg.Wrong(f"value {i + 1} stands at {x} and not {want}")


def quality(plot, rows):
    value = svg.axis(plot, "y")
    lines(plot, [column(rows, 1)], [("mean",)])
    bands(plot, rows, ("mean",))
    whole = [row for row in rows if row[2] != "NaN"]
    boxes = [piece for e in svg.find(plot, "path", "box") for piece in svg.path(e.get("d"))]
    medians = [piece for e in svg.find(plot, "path", "median") for piece in svg.path(e.get("d"))]
    whiskers = [piece for e in svg.find(plot, "path", "whisker") for piece in svg.path(e.get("d"))][::3]
    if not len(boxes) == len(medians) == len(whiskers) == len(whole):
        raise svg.Wrong(f"{len(boxes)} boxes, {len(medians)} medians, {len(whiskers)} whiskers for {len(whole)} groups")
    for row, box, median, whisker in zip(whole, boxes, medians, whiskers):
        heights = sorted(y for _, y in box)
        for got, want in ((median[0][1], row[2]), (heights[-1], row[3]), (heights[0], row[4]), (whisker[0][1], row[5]),
                          (whisker[1][1], row[6])):
            svg.check_near(value(got), float(want), value.unit, f"box {row[0]}")


def curve(plot, rows):
    """Scores and GC: a line over a scale of numbers."""
    lines(plot, [column(rows, 1)], [("s0", "d0")])
    across = svg.axis(plot, "x")
    for (x, _), row in zip(svg.line_points(svg.find(plot, "path", "line", "s0", "d0")[0]), rows):
        svg.check_near(across(x), float(row[0]), across.unit, "place")


def content(plot, rows):
    lines(plot, [column(rows, i) for i in (1, 2, 3, 4)], [("s6", "d2"), ("s2", "d0"), ("s1", "d3"), ("s0", "d1")])


def n_content(plot, rows):
    lines(plot, [column(rows, 1)], [("s1", "d0")])
    bands(plot, rows, ("s1", "d0"))


def adapters(plot, rows):
    colours = (0, 1, 2, 3, 4, 6, 5, 7)
    lines(plot, [column(rows, i) for i in range(1, len(rows[0]))],
          [(f"s{colours[i % 8]}", f"d{i % 5}") for i in range(len(rows[0]) - 1)])


def bars(plot, rows, i=1, name="s0"):
    value = svg.axis(plot, "y")
    made = [piece for e in svg.find(plot, "path", "bar", name) for piece in svg.path(e.get("d"))]
    want = [v for v in column(rows, i) if v > 0]
    if len(made) != len(want):
        raise svg.Wrong(f"{len(made)} bars for {len(want)} values")
    for piece, told in zip(made, want):
        svg.check_near(value(min(y for _, y in piece)), told, value.unit, "bar")
        svg.check_near(value(max(y for _, y in piece)), 0, value.unit, "foot of a bar")


def duplication(plot, rows):
    for i in range(1, len(rows[0])):
        bars(plot, rows, i, ("", "s0", "s4")[i])


def tiles(plot, rows):
    """Each cell has the class of its deviation, or of the largest of those that share its place."""
    columns = 1
    while columns < len(rows) and rows[columns][0] == rows[0][0]:
        columns += 1
    values = [column(rows[i:i + columns], 2) for i in range(0, len(rows), columns)]
    by_rows, by_columns = -(-len(values) // 180) or 1, -(-columns // 100) or 1
    drawn = {}
    for c in range(9):
        for e in svg.find(plot, "path", f"h{c}"):
            for (x, y), (right, _) in svg.path(e.get("d")):
                drawn.update({(int(y), at): c for at in range(int(x), int(right))})
    for row in range(0, len(values), by_rows):
        for first in range(0, columns, by_columns):
            shared = [v for tile in values[row:row + by_rows] for v in tile[first:first + by_columns] if not math.isnan(v)]
            most = max(shared, key=abs, default=0.0)
            far = sum(abs(most) > step for step in (1, 2, 5, 10))
            want = 4 + math.copysign(far, most)
            got = drawn.get((row // by_rows, first // by_columns), 4)
            if got != want:
                raise svg.Wrong(f"tile {rows[row * columns][0]}, group {first + 1} is of class {got}, {most} is of {want}")


def kmers(plot, rows):
    whole = max(float(row[3]) for row in rows)
    for row, bar in zip(rows, svg.find(plot, "path", "bar"), strict=True):
        right = max(x for piece in svg.path(bar.get("d")) for x, _ in piece)
        svg.check_near((right - 150) / (560 - 150) * whole, float(row[3]), whole / 410, f"k-mer {row[0]}")


CHECKS = {"per_base_sequence_quality": quality, "per_tile_sequence_quality": tiles, "per_sequence_quality_scores": curve,
          "per_base_sequence_content": content, "per_sequence_gc_content": curve, "per_base_n_content": n_content,
          "sequence_length_distribution": bars, "sequence_duplication_levels": duplication, "adapter_content": adapters,
          "kmer_content": kmers}


def measured(task):
    """What is wrong with the page of a file, and the names of the plots that were measured."""
    file, version, options = task
    text = report.here("qc_report", file, version, *options)
    made = report.here("qc_report", file, version, *options, "--as", "html")
    if made.status != 0 or text.status != 0:
        return made.error or text.error, []
    try:
        plots = svg.plots(svg.parse(made.text))
        for name, plot in plots.items():
            svg.check_marks(plot)
        for name, (_, body) in report.sections(text.text).items():
            rows = table(body)
            if key_of(name) in CHECKS and rows:
                if key_of(name) not in plots:
                    return f"{name} has no plot", []
                try:
                    CHECKS[key_of(name)](plots[key_of(name)], rows)
                except svg.Wrong as e:
                    return f"{name}: {e}", []
    except (svg.Wrong, svg.ElementTree.ParseError) as e:
        return str(e), []
    return "", sorted(plots)


def test_numbers():
    if report.manifest() is None:
        report.diag(f"there is no shared data in {report.SHARED}: made reads stand for real ones")
        files = list(report.made_files(MADE).values())
    else:
        files = [os.path.join(report.SHARED, "data", file) for file in REAL] + list(report.made_files(MADE[:2]).values())
    tasks = [(file, version, ("--kmers", "7") if os.path.basename(file) in KMERS else ()) for file in files for version in report.VERSIONS]
    for (file, version, _), (bad, plots) in zip(tasks, report.in_parallel(measured, tasks)):
        report.ok(not bad, f"{os.path.basename(file)}, {version}: {len(plots)} plots say what the text says", bad)


# ---- corners


def many_tiles(n):
    return corners.fq(*[("ACGTACGTAC" * 5, chr(35 + i * 7 % 38) * 50, f"m:1:f:1:{1000 + i}:1:1") for i in range(n)])


def noise():
    """2400 tiles of which no two neighbours are alike: the largest map there can be."""
    reads, state = [], 1
    for tile in range(2400):
        marks = []
        for _ in range(75):
            state = state * 1103515245 + 12345 & 0x7FFFFFFF
            marks.append(chr(35 + (state >> 16) % 38))
        reads.append(("ACGTA" * 15, "".join(marks), f"m:1:f:1:{1000 + tile}:1:1"))
    return corners.fq(*reads)


def lengths(n):
    return corners.fq(*[("ACGGT" * 60)[:1 + i * 37 % 300] for i in range(n)])


CORNERS = (
    ("no reads", lambda: "", SHORT_MOST),
    ("one base", lambda: corners.fq("A"), SHORT_MOST),
    ("one read without bases", lambda: corners.fq(""), SHORT_MOST),
    ("nothing but N", lambda: corners.fq(*["N" * 80] * 200), SHORT_MOST),
    ("a read of a million bases", lambda: corners.fq("ACGTTGCA" * 125_000), ANY_MOST),
    ("2501 tiles", lambda: many_tiles(2501), SHORT_MOST),
    ("5000 tiles, more than a report has", lambda: many_tiles(5000), SHORT_MOST),
    ("2400 tiles of noise", noise, SHORT_MOST),
    ("300 lengths", lambda: lengths(600), SHORT_MOST),
    ("no variance of quality", lambda: corners.fq(*[("ACGT" * 20, "I" * 80)] * 300), SHORT_MOST),
    ("qualities of all kinds", lambda: corners.fq(*[("ACGT" * 20, "!~" * 40)] * 150, *[("A" * 80, "~" * 80)] * 150), SHORT_MOST),
    ("a thousand sequences that are all frequent", lambda: corners.fq(*corners.different(990, 60)), SHORT_MOST),
)


def page_of(path, *options):
    return report.here("qc_report", path, "0.12.1", "--as", "html", *options)


def test_corner(task):
    (name, data, most), options = task
    path = report.write(f"{name.replace(' ', '-').replace(',', '')}-{len(options)}.fastq", data())
    made = page_of(path, *options)
    if made.status != 0:
        return made.error, 0
    try:
        for key, plot in svg.plots(svg.parse(made.text)).items():
            try:
                svg.check_marks(plot)
            except svg.Wrong as e:
                return f"{key}: {e}", 0
    except (svg.Wrong, svg.ElementTree.ParseError) as e:
        return str(e), 0
    size = len(made.text.encode("utf-8", "surrogateescape"))
    if size > (most if "--nogroup" not in options else ANY_MOST):
        return f"{size} bytes", size
    if page_of(path, "--slice-size", "5000", *options).text != made.text:
        return "other bytes when it is cut into slices", size
    return "", size


def test_corners():
    # What the sanitizers may find is in the corners, not in each of them twice.
    tasks = [(corner, options) for i, corner in enumerate(CORNERS) for j, options in enumerate(((), ("--nogroup", )))
             if not report.SLOW or i % 2 == j]
    for ((name, _, _), options), (bad, size) in zip(tasks, report.in_parallel(test_corner, tasks)):
        report.ok(not bad, f"{name}{', position by position' if options else ''}: {size} bytes, sound, the same however it is cut", bad)


# ---- what is foreign


HOSTILE = "<script>alert(1)</script>&\"'\u202e]]>.fastq"
ADAPTERS = "<img src=x onerror=y>\tAGATCGGAAGAG\n</title></svg><script>\tCTGTCTCTTATA\n"
CONTAMINANTS = "<b onmouseover=z>&amp;\tACGTTGCAACGTTGCAGGATCCTTAGC\n"


def test_hostile():
    path = report.write("plain.fastq", corners.fq(*["ACGTTGCAACGTTGCAGGATCCTTAGCAGATCGGAAGAG" * 2] * 200))
    name = os.path.join(report.WORK, HOSTILE.replace("/", "_"))
    os.rename(path, name)
    made = report.run([report.FQCTL, "qc", "--local", "--as", "html", "-a", report.write("a.txt", ADAPTERS), "-c",
                       report.write("c.txt", CONTAMINANTS), "--", name])
    report.ok(made.status == 0, "hostile names of file, adapters and contaminants are reported", made.error)
    tags = {element.tag for element in svg.parse(made.text).iter()}
    report.ok(not tags & {"script", "img", "b onmouseover", "a onmouseover"}, "and none is an element", tags)
    attributes = {key for element in svg.parse(made.text).iter() for key in element.attrib}
    report.ok(not any(key.startswith("on") for key in attributes), "or an attribute", attributes)
    text = "".join(svg.parse(made.text).itertext())
    report.ok("<img src=x onerror=y>" in text and "</title></svg><script>" in text and "<b onmouseover=z>&amp;" in text,
              "but text, as it was given")
    outside = [key for key in ("http:", "https:", "@import", "url(", "src=\"", "<link") if key in made.text]
    report.ok(not outside, "nothing comes from outside", outside)


test_numbers()
test_corners()
test_hostile()
report.done_testing()
