#!/usr/bin/env python3
"""The table of error codes in ERROR_HANDLING.md is the one of daemon/base/err.h.

errors.py --write     writes it
"""
import re
import sys

import lintlib
from lintlib import Seed

HEADER, PAGE = "daemon/base/err.h", "ERROR_HANDLING.md"
ROW = re.compile(r'X\((\w+),\s*(\w+),\s*(\d+),\s*"([^"]+)"\)')
BLOCK = re.compile(r"(<!-- codes:[^\n]*-->\n)(.*?)(<!-- end of codes -->)", re.DOTALL)


def table(root):
    rows = [f"| {name} | `{policy}` | {status} | {text} |\n" for name, policy, status, text in ROW.findall(lintlib.read(root, HEADER))]
    return "| code | policy | exit | what it means |\n|---|---|---|---|\n" + "".join(rows)


def check(root):
    block = BLOCK.search(lintlib.read(root, PAGE))
    if block is None:
        return [f"{PAGE}: has lost the marks around its table of codes"]
    return [] if block.group(2) == table(root) else [f"{PAGE}: is behind {HEADER}: run tests/lint/errors.py --write"]


def write():
    text = lintlib.read(lintlib.ROOT, PAGE)
    (lintlib.ROOT / PAGE).write_text(BLOCK.sub(lambda block: block.group(1) + table(lintlib.ROOT) + block.group(3), text),
                                     encoding="utf-8")


MARKS = "<!-- codes: x -->\n{}<!-- end of codes -->\n"
HEAD = '\tX(IO, STOP_DAEMON, 74, "no file") \\\n'
LINES = "| code | policy | exit | what it means |\n|---|---|---|---|\n| IO | `STOP_DAEMON` | 74 | no file |\n"
SEEDS = [
    Seed("a table behind the header is found", {HEADER: HEAD.replace("74", "75"), PAGE: MARKS.format(LINES)}, "is behind"),
    Seed("a page without its marks is found", {HEADER: HEAD, PAGE: "none\n"}, "lost the marks"),
    Seed("the same table passes", {HEADER: HEAD, PAGE: MARKS.format(LINES)}, None),
]

if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    else:
        sys.exit(lintlib.main(check, SEEDS, "ERROR_HANDLING.md lists the codes of err.h"))
