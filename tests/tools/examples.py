#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of man pages and Markdown files, for the tests that run them.

In a man page a block from .nf to .fi begins with the comment  .\\" example: KIND ; in Markdown a block (indented, or between ```)
stands below  <!-- example: KIND --> . The first word of KIND says what becomes of it:

    run              commands; each must succeed (tests/cluster/15-examples.t)
    conf PROGRAM     lines of a configuration file that the program must take (there, too)
    hosts (WHERE)    needs root, systemd and packages; WHERE says what runs it
    build (WHERE)    builds this tree; likewise
    elsewhere (WHY)  needs what no test has
    text             no commands
    program, frame, protocol    of fqcluster.protocol(7) (there, too)

Prints each as  @@ FILE:LINE KIND  and its lines behind that. A block without a kind, or with an unknown one, is told on standard
error, and the exit status is 1.
"""
import re
import sys

KINDS = ("run", "conf", "hosts", "build", "elsewhere", "text", "program", "frame", "protocol")


def plain(line):
    """What a person reads of a line for troff."""
    line = re.sub(r"\\f[BIRP]", "", line)
    line = line.replace("\\&", "").replace("\\-", "-").replace("\\(ti", "~").replace("\\(aq", "'").replace("\\(dq", '"')
    return line.replace("\\e", "\\")


def of_page(lines):
    block = None
    for number, line in enumerate(lines, 1):
        kind = re.match(r'\.\\" example: (.*)$', line)
        if line == ".nf":
            block = [number, None, []]
        elif line == ".fi" and block:
            yield block
            block = None
        elif block and kind:
            block[1] = kind.group(1)
        elif block and not re.match(r'\.\\"', line):
            block[2].append(plain(line))


def of_markdown(lines):
    kind, block, fenced = None, None, False
    for number, line in enumerate(lines + ["", "end"], 1):
        said = re.match(r"<!-- example: (.*) -->$", line)
        if said:
            if block and not fenced:
                yield block
                block = None
            kind = said.group(1)
        elif line.startswith("```"):
            if fenced:
                yield block
                kind, block = None, None
            else:
                block = [number, kind, []]
            fenced = not fenced
        elif fenced:
            block[2].append(line)
        elif line.startswith("    "):
            block = block or [number, kind, []]
            block[2].append(line[4:])
        elif line and block:
            yield block
            kind, block = None, None
        elif block:
            block[2].append("")


def main():
    wrong = False
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as f:
            lines = f.read().splitlines()
        for number, kind, block in (of_markdown if name.endswith(".md") else of_page)(lines):
            if not kind or kind.split()[0] not in KINDS or (kind.split()[0] in ("hosts", "build", "elsewhere") and "(" not in kind):
                print(f"{name}:{number}: the block is no example of a known kind: {kind}", file=sys.stderr)
                wrong = True
                continue
            print(f"@@ {name}:{number} {kind}")
            for line in block:
                print(line)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
