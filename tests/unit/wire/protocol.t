#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fqcluster.protocol(7) says what the protocol's document says: every type of frame with its number, direction and message, every
message with its fields and their bounds (fqcluster.proto, fqcluster.options, the table of message.c). Copies of the page that
lack a line must be found, and so must copies of the document that have one more.

    protocol.t --print      prints the sections MESSAGES and FIELDS as they must stand in lib/wire/fqcluster.protocol.7
"""
import os
import re
import sys

TOP = os.environ.get("FQ_TOP_SRCDIR", ".")
TYPES = {"string": "text", "bytes": "bytes", "bool": "bool", "uint32": "u32", "uint64": "u64", "int32": "i32", "sint32": "s32"}
WAYS = {"both directions": "both", "coordinator to worker": "to worker", "worker to coordinator": "from worker",
        "client to coordinator": "from client", "coordinator to client": "to client"}
# Of those that the document has under "both directions".
WAY_OF = {"HELLO": "to coord.", "JOIN": "to coord.", "WELCOME": "from coord.", "JOINED": "from coord."}


def read(name):
    with open(os.path.join(TOP, "lib/wire", name), encoding="utf-8") as f:
        return f.read()


def comment_of(text):
    """The version that a thing came with, and what is left of its comment."""
    text = text.strip()
    since = re.match(r"\((\d+)\)\s*", text)
    return (since.group(1) if since else "1"), text[since.end():] if since else text


def frame_types(proto, table):
    """Rows number, type, way, message, since, meaning; message from the rows of message.c."""
    messages = dict(re.findall(r"^\s*ROW\((\w+), (\w+), \w+\),", table, re.M))
    messages["DATA"] = "-"
    body = re.search(r"^enum Type \{$(.*?)^\}$", proto, re.M | re.S).group(1)
    way, rows = "", []
    for line in body.splitlines():
        entry = re.match(r"\s*(\w+) = (\d+);\s*(?://(.*))?$", line)
        if entry and entry.group(1) != "TYPE_NONE":
            since, meaning = comment_of(entry.group(3) or "")
            rows.append((entry.group(2), entry.group(1), WAY_OF.get(entry.group(1), way), messages.get(entry.group(1), "?"), since, meaning))
        elif not entry and line.strip().startswith("//"):
            way = WAYS.get(line.strip()[2:].strip(), way)
    return rows


def fields(proto, options):
    """For each message its comment and rows number, field, type, bound, since, meaning; for each other enum its values."""
    bounds = {}
    for name, rest in re.findall(r"^fq\.(\S+) (.*)$", options, re.M):
        size, count = re.search(r"max_size:(\d+)", rest), re.search(r"max_count:(\d+)", rest)
        bounds[name] = ("= " if "fixed_length:true" in rest else "") + size.group(1) if size else "x " + count.group(1)
    found, name = [], None
    for line in proto.splitlines():
        opened = re.match(r"(message|enum) (\w+) \{(\})?\s*(?://(.*))?$", line)
        entry = re.match(r"\s+(repeated )?(?:([\w]+) )?(\w+) = (\d+);\s*(?://(.*))?$", line)
        if opened and opened.group(2) != "Type":
            name = None if opened.group(3) else opened.group(2)
            found.append((opened.group(1), opened.group(2), (opened.group(4) or "").strip(), []))
        elif line == "}":
            name = None
        elif name and entry:
            since, meaning = comment_of(entry.group(5) or "")
            kind = TYPES.get(entry.group(2) or "", entry.group(2) or "")
            found[-1][3].append((entry.group(4), entry.group(3), kind, bounds.pop(name + "." + entry.group(3), ""), since, meaning))
    return found, bounds


def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti")


def cell(text):
    return "T{\n" + escaped(text) + "\nT}" if text else ""


def page(proto, options, table):
    out = [".SH MESSAGES", ".na", "From version 1 on where no other stands in the column", ".IR since .", ".PP", ".TS",
           "lb lb lb lb lb lb", "r l l l r lx.", "no\ttype\tway\tmessage\tsince\tmeaning"]
    for number, name, way, message, since, meaning in frame_types(proto, table):
        out.append("\t".join((number, name, way, message, "" if since == "1" else since, cell(meaning))))
    out += [".TE", ".SH FIELDS",
            "Of a text or of bytes the bound is the largest number of bytes, a text's with the NUL that a C string has; = says that it",
            "has exactly so many. Of a list (x) it is the number of its elements."]
    found, left = fields(proto, options)
    for kind, name, comment, rows in found:
        out.append(".SS " + name + (" (numbers)" if kind == "enum" else ""))
        if comment:
            out.append(escaped(comment))
        if not rows:
            out.append("It has no fields.")
            continue
        out += [".TS", "r l l r r lx."]
        for number, field, of, bound, since, meaning in rows:
            out.append("\t".join((number, field, of, bound, "" if since == "1" else "(" + since + ")", cell(meaning))))
        out.append(".TE")
    for name in left:
        out.append(".SS bound without a field: " + name)
    return "\n".join(out + [".ad"]) + "\n"


def without(text, at):
    """The page without a line of these sections."""
    there = sections(text)
    lines = there.splitlines(keepends=True)
    return text.replace(there, "".join(lines[:at] + lines[at + 1:]))


def sections(text):
    """What the page has from MESSAGES to the section behind FIELDS."""
    match = re.search(r"^\.SH MESSAGES$.*?(?=^\.SH (?!FIELDS))", text, re.M | re.S)
    return match.group(0) if match else ""


def faults(text, want):
    """Sentences of what the page lacks and of what it has beyond that."""
    name, said = "", []
    have_lines, want_lines = sections(text).splitlines(), want.splitlines()
    for lines, others, what in ((want_lines, have_lines, "is missing"), (have_lines, want_lines, "is there and should not be")):
        for at, line in enumerate(lines):
            if line.startswith((".SS", ".SH")):
                name = line[4:]
            if line not in others:
                said.append(f"{name}: \"{line}\" {what}")
    if not said and have_lines != want_lines:
        said.append("the lines stand in another order")
    return said


def bounds_hold(text, header):
    """The numbers of the prose that message.h has too: (name, number) of those that the page does not say."""
    numbers = dict(re.findall(r"#define (PROTO_VERSION|PROTO_VERSION_OLDEST|PORT_DEFAULT|DATA_MAX) (\d+)", header))
    wanted = ((f"version {numbers['PROTO_VERSION']}", "PROTO_VERSION"), (numbers["PORT_DEFAULT"], "PORT_DEFAULT"),
              (numbers["DATA_MAX"], "DATA_MAX"))
    return [f"{name}: the page does not say \"{words}\"" for words, name in wanted if not re.search(r"\b" + words + r"\b", text)]


def classes_hold(text, header):
    """Every class of errors with its number."""
    return [f"{name} = {number} is not in the page's ERRORS" for name, number in re.findall(r"^\tERROR_(\w+) = (\d+),", header, re.M)
            if number != "0" and not re.search(rf"^{number}\t{name}\t", text, re.M)]


def main():
    proto, options, table = read("fqcluster.proto"), read("fqcluster.options"), read("message.c")
    want = page(proto, options, table)
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(want)
        return 0
    text, header = read("fqcluster.protocol.7"), read("message.h")
    with open(os.path.join(TOP, "lib/base/error.h"), encoding="utf-8") as f:
        errors = f.read()
    count = failed = 0

    def ok(name, said):
        nonlocal count, failed
        count += 1
        failed += bool(said)
        print(("not " if said else "") + f"ok {count} - {name}")
        for line in said:
            print("# " + line)

    rows = frame_types(proto, table)
    ok("the document has types, each with a way and a message", [f"{row[1]}: {row}" for row in rows if not row[2] or row[3] == "?"]
       + ([] if len(rows) > 40 else ["too few types"]))
    ok("the page has every type, message, field and bound, and no other (tests/unit/wire/protocol.t --print prints what must stand "
       "there)", faults(text, want))
    ok("the page names version, port and sizes", bounds_hold(text, header))
    ok("the page has every class of errors", classes_hold(text, errors))
    lines = sections(text).splitlines()
    missed = [line for at, line in enumerate(lines) if line not in ("T}", ".TE", ".TS") and lines.count(line) == 1 and
              not faults(without(text, at), want)]
    ok(f"each of {len(lines)} copies without a line is found", missed)
    more = (("\tPING = 1;", "\tPING = 1;\n\tQUERY = 99;"), ("message Joined {", "message Joined {\n\tuint32 more = 9;"),
            ("message Empty {}", "message Empty {}\nmessage Another {\n\tbool yes = 1;\n}"))
    ok("so is a type, a field, a message that the document has beyond the page",
       [new for old, new in more if old not in proto or not faults(text, page(proto.replace(old, new), options, table))])
    ok("so is another bound", [] if faults(text, page(proto, options.replace("max_size:1024", "max_size:1025"), table)) else ["no"])
    ok("so are another version and another class", [] if bounds_hold(text, header.replace("PROTO_VERSION ", "PROTO_VERSION 7", 1))
       and classes_hold(text, errors + "\tERROR_OTHER = 99,\n") else ["no"])
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
