#!/usr/bin/env python3
"""Prints the ten longest functions and files of the product, and the medians, so that somebody looks. Never fails."""
import re
import statistics
import subprocess
import sys

import lintlib


def functions(files):
    """(lines, name, path) of every function, by the end lines of universal-ctags."""
    run = subprocess.run(["ctags", "--c-kinds=f", "--fields=+ne", "-f", "-", *map(str, files)], cwd=lintlib.ROOT,
                         capture_output=True, text=True, check=False)
    for row in run.stdout.splitlines():
        begin, end = re.search(r"\tline:(\d+)", row), re.search(r"\tend:(\d+)", row)
        if begin and end:
            name, path = row.split("\t")[:2]
            yield int(end.group(1)) - int(begin.group(1)) + 1, name, path


def show(title, rows):
    print(f"# {title}")
    for lines, *names in sorted(rows, reverse=True)[:10]:
        print(f"#   {lines:5} {' in '.join(names)}")


def main():
    files = lintlib.files_under(lintlib.ROOT, lintlib.PRODUCT_FOLDERS, {".c"})
    lengths = [(len(lintlib.read(lintlib.ROOT, path).splitlines()), str(path)) for path in files]
    found = list(functions(files)) if files else []
    print("1..1")
    print("ok 1 - the longest functions and files are listed")
    if found:
        sizes = sorted(lines for lines, *_ in found)
        show(f"functions: {len(sizes)}, median {statistics.median(sizes):g}, p90 {sizes[len(sizes) * 9 // 10]}", found)
        show(f"files: {len(lengths)}, median {statistics.median(size for size, _ in lengths):g}", lengths)


if __name__ == "__main__":
    sys.exit(main())
