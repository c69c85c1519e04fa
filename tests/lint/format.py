#!/usr/bin/env python3
"""All C files stand as clang-format lays them (.clang-format)."""
import re
import subprocess
import sys

import lintlib
from lintlib import Seed

WARNING = re.compile(r"^(.*?):(\d+):\d+: (?:warning|error): ", re.MULTILINE)


def check(root):
    files = lintlib.files_under(root, lintlib.C_FOLDERS, {".c", ".h"})
    if not files:
        return []
    run = subprocess.run(["clang-format", f"--style=file:{lintlib.ROOT / '.clang-format'}", "--dry-run", *map(str, files)],
                         cwd=root, capture_output=True, text=True, check=False)
    places = {}
    for path, line in WARNING.findall(run.stderr):
        places.setdefault(path, []).append(line)
    if run.returncode and not places:
        return [run.stderr.strip()[:300]]
    return [f"{path}: clang-format -i would change line {', '.join(lines[:8])}{' …' if len(lines) > 8 else ''}"
            for path, lines in places.items()]


SEEDS = [
    Seed("spaces for tabs are found", {"daemon/base/a.c": "int f(void)\n{\n    return 1;\n}\n"}, r"a\.c: .* line 2"),
    Seed("a brace on the wrong line is found", {"daemon/base/a.c": "int f(void) {\n\treturn 1;\n}\n"}, r"a\.c"),
    Seed("the project's layout passes", {"daemon/base/a.c": "int f(void)\n{\n\treturn 1;\n}\n"}, None),
]

if __name__ == "__main__":
    sys.exit(lintlib.main(check, SEEDS, "every C file is laid out as .clang-format says"))
