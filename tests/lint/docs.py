#!/usr/bin/env python3
"""README names exactly the two commands and only folders that exist; links lead somewhere; every library that
the build needs has its line in ARCHITECTURE.md. What a page names in code is there: files, functions, and the tests
that hold the invariants.
"""
import re
import sys

import lintlib
from lintlib import Seed

COMMANDS = {"scripts/demo", "scripts/check"}
FOLDERS = ("daemon", "config", "connectors", "ctl", "schemas", "systemd", "tests", "bench", "docs", "scripts", "githooks")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
FOLDER_ROW = re.compile(r"^\| `([\w./-]+)/` \|", re.MULTILINE)


def readme_findings(root):
    if not (root / "README.md").is_file():
        yield "README.md: is not there"
        return
    text = lintlib.read(root, "README.md")
    named = set(re.findall(r"\bscripts/\w+", text))
    if named != COMMANDS:
        yield f"README.md: names {', '.join(sorted(named)) or 'no command'}; the two commands are {', '.join(sorted(COMMANDS))}"
    for command in sorted(named & COMMANDS):
        if not (root / command).is_file():
            yield f"README.md: {command} is not there"
    for folder in FOLDER_ROW.findall(text):
        if not (root / folder).is_dir():
            yield f"README.md: folder {folder}/ is not there"
    for folder in sorted(path.name for path in root.iterdir() if path.is_dir()):
        if not folder.startswith(".") and folder != "build" and folder not in FOLDER_ROW.findall(text):
            yield f"README.md: its map lacks {folder}/"


def pages_of(root):
    return sorted(path for path in root.rglob("*.md")
                  if not {"build", ".git", "node_modules"} & set(path.relative_to(root).parts))


def link_findings(root):
    for page in pages_of(root):
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in LINK.findall(text):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                yield f"{page.relative_to(root)}: the link to {target} leads nowhere"


def library_findings(root):
    if not (root / "scripts/packages.txt").is_file():
        return
    packages = re.findall(r"^(?:build|test)\s+(\S+)-dev\b", lintlib.read(root, "scripts/packages.txt"), re.MULTILINE)
    page = lintlib.read(root, "ARCHITECTURE.md") if (root / "ARCHITECTURE.md").is_file() else ""
    rows = re.findall(r"^\| ([\w-]+) \|", page, re.MULTILINE)
    for package in packages:
        if package != "libc6" and not any(package.startswith(row) for row in rows):
            yield f"ARCHITECTURE.md: no line says why {package} and not another"


def reference_findings(root):
    """`daemon/run/apply.c`, `apply_step()`; a name with a capital or a brace stands for many."""
    code = "".join(lintlib.read(root, path) for path in lintlib.files_under(root, lintlib.C_FOLDERS, {".c", ".h", ".py", ".cc"}))
    words = set(re.findall(r"\w+", code))
    for page in pages_of(root):
        text, name = page.read_text(encoding="utf-8"), page.relative_to(root)
        for path in re.findall(r"`((?:%s)/[a-z0-9_./-]+)`" % "|".join(FOLDERS), text):
            if not (root / path).exists():
                yield f"{name}: there is no {path}"
        for function in re.findall(r"`(\w+)\(\)`", text):
            if function not in words:
                yield f"{name}: there is no function {function}()"
        for test in re.findall(r"`(\w+)`", "".join(re.findall(r"^\| \d+ \|.*$", text, re.MULTILINE))) if "## Invariants" in text else []:
            if test not in words:
                yield f"{name}: there is no test {test}"


def check(root):
    return [*readme_findings(root), *link_findings(root), *library_findings(root), *reference_findings(root)]


README = "`scripts/demo` and `scripts/check`\n\n| `scripts/` | the two commands |\n"
RUNS = {"scripts/demo": "#!/bin/sh\n", "scripts/check": "#!/bin/sh\n"}
SEEDS = [
    Seed("a third command is found", {**RUNS, "README.md": README + "scripts/setup\n"}, "names .*scripts/setup"),
    Seed("a missing command is found", {"scripts/check": "#!/bin/sh\n", "README.md": README}, "scripts/demo is not there"),
    Seed("a folder that is not there is found", {**RUNS, "README.md": README + "| `web/` | pages |\n"}, "web/ is not there"),
    Seed("a folder without a line is found", {**RUNS, "README.md": README, "bench/a.c": ""}, "map lacks bench/"),
    Seed("a dead link is found", {**RUNS, "README.md": README + "[more](MORE.md)\n"}, "link to MORE.md leads nowhere"),
    Seed("a library without a reason is found",
         {**RUNS, "README.md": README, "scripts/packages.txt": "build libyaml-dev why\n", "ARCHITECTURE.md": "none\n"},
         "no line says why libyaml"),
    Seed("a file that is not there is found",
         {**RUNS, "README.md": README, "A.md": "see `daemon/run/apply.c`\n"}, "A.md: there is no daemon/run/apply.c"),
    Seed("a function that is not there is found", {**RUNS, "README.md": README, "A.md": "`apply()`\n"}, r"no function apply\(\)"),
    Seed("a test that is not there is found",
         {**RUNS, "README.md": README, "A.md": "## Invariants\n| 1 | it holds | `it_holds` |\n"}, "no test it_holds"),
    Seed("what is named and there passes",
         {**RUNS, "README.md": README + "| `daemon/` | all |\n| `tests/` | all |\n",
          "A.md": "`daemon/NAME.c`, `daemon/a.c`, `apply()`\n## Invariants\n| 1 | it holds | `it_holds` |\n",
          "daemon/a.c": "int apply(void);\n", "tests/test_a.c": "it_holds\n"}, None),
    Seed("a true README passes",
         {**RUNS, "README.md": README + "[a](ARCHITECTURE.md)\n", "scripts/packages.txt": "build libyaml-dev why\n",
          "ARCHITECTURE.md": "| libyaml | events |\n"}, None),
]

if __name__ == "__main__":
    sys.exit(lintlib.main(check, SEEDS, "README, links and the list of libraries are true"))
