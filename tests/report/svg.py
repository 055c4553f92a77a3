# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the report's page (fqctl --as html) as strictly as XML is read, and its plots back into numbers: from marks and axes alone."""
import math
import re
import xml.etree.ElementTree as ElementTree

NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)$")
PREFIXES = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
HALF = 0.5  # of a unit of the rectangle: what a mark may be off


class Wrong(Exception):
    pass


def parse(text):
    head = "<!DOCTYPE html>\n"
    if not text.startswith(head):
        raise Wrong("no DOCTYPE at the beginning")
    return ElementTree.fromstring(text[len(head):])


def has_class(element, name):
    return name in element.get("class", "").split()


def plots(page):
    """By the section's name: its <svg>."""
    found = {}
    for section in page.iter("section"):
        for svg in section.iter("svg"):
            if has_class(svg, "plot"):
                found[section.get("id")] = svg
    return found


def number(text):
    if not NUMBER.match(text):
        raise Wrong(f"{text!r} is no number")
    return float(text)


def label(text):
    """"15 k" as 15000."""
    value, _, prefix = text.replace("\xa0", " ").partition(" ")
    return float(value) * PREFIXES[prefix]


def path(d):
    """The pieces of a path, each a list of points, in its own coordinates."""
    pieces, x, y, command, numbers = [], 0.0, 0.0, "", []

    def step():
        nonlocal x, y
        if command in "zZ" or not command:
            if numbers:
                raise Wrong("numbers behind Z")
            if command:
                pieces[-1].append(pieces[-1][0])
                x, y = pieces[-1][0]
            return
        size = 2 if command in "mMlL" else 1
        if not numbers or len(numbers) % size:
            raise Wrong(f"{len(numbers)} numbers behind {command}")
        for i in range(0, len(numbers), size):
            relative, kind = command.islower(), command.upper()
            if kind in "ML":
                x, y = (numbers[i] + x * relative, numbers[i + 1] + y * relative)
            elif kind == "H":
                x = numbers[i] + x * relative
            elif kind == "V":
                y = numbers[i] + y * relative
            else:
                raise Wrong(f"the command {command}")
            if kind == "M" and i == 0:
                pieces.append([(x, y)])
            else:
                pieces[-1].append((x, y))

    for token in re.findall(r"[A-Za-z]|[^A-Za-z\s,]+", d):
        if token.isalpha():
            step()
            command, numbers = token, []
        else:
            numbers.append(number(token))
    step()
    return pieces


def transform(element):
    """translate(X Y) scale(X Y), as a function of a point."""
    text = element.get("transform")
    if text is None:
        return lambda x, y: (x, y)
    tx, ty, sx, sy = (number(n) for n in re.fullmatch(r"translate\((\S+) (\S+)\) scale\((\S+) (\S+)\)", text).groups())
    return lambda x, y: (tx + sx * x, ty + sy * y)


def check_marks(svg):
    """Every mark lies within the view box, and every coordinate is a number."""
    left, top, width, height = (number(n) for n in svg.get("viewBox").split())

    def walk(element, place):
        if element.get("transform"):
            place = transform(element)
        points = []
        if "d" in element.attrib:
            points = [place(*point) for piece in path(element.get("d")) for point in piece]
        elif element.tag in ("rect", "text"):
            x, y = number(element.get("x")), number(element.get("y"))
            points = [place(x, y)]
            if element.tag == "rect":
                w, h = number(element.get("width")), number(element.get("height"))
                if w < 0 or h < 0:
                    raise Wrong("a rectangle of negative size")
                points.append(place(x + w, y + h))
        for x, y in points:
            if not (left <= x <= left + width and top <= y <= top + height):
                raise Wrong(f"a {element.tag} {element.get('class')} at {x}, {y}, outside {svg.get('viewBox')}")
        for child in element:
            walk(child, place)
    walk(svg, transform(svg))


def find(svg, tag, *classes):
    """Elements that have all these classes."""
    return [e for e in svg.iter(tag) if all(has_class(e, name) for name in classes)]


def axis(svg, name):
    """From coordinate to value along "x" or "y", by the labels of the axis; checks that they are evenly placed."""
    known = sorted((number(e.get(name)), label(e.text)) for e in find(svg, "text", name) if not has_class(e, "name"))
    if len(known) < 2:
        raise Wrong(f"{len(known)} labels at the axis {name}")
    (first, low), (last, high) = known[0], known[-1]
    slope = (high - low) / (last - first)

    def value(at):
        return low + (at - first) * slope
    for at, told in known:
        if abs(value(at) - told) > abs(slope) * 0.11:
            raise Wrong(f"a label {told} at {at}, where {value(at)} is")
    value.unit = abs(slope)  # values that one unit of the rectangle is
    return value


def grid(svg):
    """Heights of the lines across."""
    return [piece[0][1] for e in find(svg, "path", "grid") for piece in path(e.get("d"))]


def check_near(got, want, unit, what):
    if abs(got - want) > HALF * unit:
        raise Wrong(f"{what}: the mark says {got:.6g}, the table {want:.6g}")


def check_line(points, wants, value_y, what):
    """The points of a line are these values, in order; of fewer points than values (shared columns) the extremes are there."""
    told = [w for w in wants if not math.isnan(w)]
    if len(points) != len(told):
        raise Wrong(f"{what}: {len(points)} points for {len(told)} values")
    for i, ((_, y), want) in enumerate(zip(points, told)):
        check_near(value_y(y), want, value_y.unit, f"{what}, value {i + 1}")


def line_points(element):
    """The points of a line; of a dash, which is one value, its middle."""
    points = []
    for piece in path(element.get("d")):
        if len(piece) == 2 and piece[0][1] == piece[1][1] and "H" in element.get("d"):
            points.append(((piece[0][0] + piece[1][0]) / 2, piece[0][1]))
        else:
            points += piece
    return points
