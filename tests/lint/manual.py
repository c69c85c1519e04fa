#!/usr/bin/env python3
"""The manual pages say what the programs do: keys and options as their rows have them, and roff without a warning.
The configuration that README shows holds.

manual.py PREFIX CONFIG_MAN TRITHUCCTL             checks
manual.py --write PREFIX CONFIG_MAN TRITHUCCTL     writes the generated parts
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import lintlib
from lintlib import Seed

KEYS_PAGE, CTL_PAGE, DAEMON_PAGE = "docs/man/trithucd.yaml.5", "docs/man/trithucctl.1", "docs/man/trithucd.8"
MARKS = re.compile(r'(\.\\" keys: [^\n]*\n)(.*?)(\.\\" end of keys\n)', re.DOTALL)
YAML_BLOCK = re.compile(r"```yaml\n(# (\S+)\n.*?)```", re.DOTALL)
OPTION = re.compile(r'\{ "([\w-]+)", (?:required|no)_argument')


def said_by(*command):
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60).stdout


class Programs:
    """What the programs print; a seeded tree brings its own keys."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.keys = said_by(arguments[1], arguments[0]) if len(arguments) > 1 else None
        self.ctl = said_by(arguments[2], "--lang", "en", "help", "--man") if len(arguments) > 2 else None


def generated_findings(root, programs):
    page = lintlib.read(root, KEYS_PAGE)
    block = MARKS.search(page)
    if block is None:
        yield f"{KEYS_PAGE}: has lost the marks around its keys"
    elif programs.keys is not None and block.group(2) != programs.keys:
        yield f"{KEYS_PAGE}: is behind the option rows: run tests/lint/manual.py --write"
    if programs.ctl is not None and lintlib.read(root, CTL_PAGE) != programs.ctl:
        yield f"{CTL_PAGE}: is behind the rows of ctl/command_rows.c: run tests/lint/manual.py --write"


def option_findings(root):
    """trithucd has six options and no rows; each stands in its page, and the page has no other."""
    known = set(OPTION.findall(lintlib.read(root, "daemon/main.c")))
    shown = set(re.findall(r"^\\fB\\-\\-([\w-]+)\\fR", lintlib.read(root, DAEMON_PAGE), re.MULTILINE))
    for name in sorted(known ^ shown):
        yield f"{DAEMON_PAGE}: --{name} is " + ("not explained" if name in known else "no option of daemon/main.c")


def roff_findings(root):
    if not shutil.which("groff"):
        yield "groff is not there: scripts/setup installs it"
        return
    for page in sorted((root / "docs/man").iterdir()):
        run = subprocess.run(["groff", "-man", "-Tutf8", "-K", "utf8", "-t", "-wall", "-wmac", "-z", page], capture_output=True, text=True,
                             check=False)
        for line in run.stderr.splitlines():
            yield line.replace(f"{root}/", "")


def readme_findings(root, programs):
    """Its blocks are the files of a folder, named in their first lines."""
    blocks = YAML_BLOCK.findall(lintlib.read(root, "README.md"))
    if not blocks:
        yield "README.md: shows no configuration"
    if not blocks or len(programs.arguments) < 3:
        return
    with tempfile.TemporaryDirectory() as folder:
        for text, name in blocks:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(mode=0o755, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
        run = subprocess.run([programs.arguments[2], "--lang", "en", "config", "check", folder], capture_output=True, text=True,
                             check=False, timeout=60)
        if run.returncode:
            yield f"README.md: its configuration does not hold: {(run.stdout + run.stderr).replace(folder, '')}"


def unit_findings(root):
    for unit in lintlib.files_under(root, ["systemd"], {".service", ".socket"}):
        pages = re.findall(r"man:([\w.-]+)\((\d)\)", lintlib.read(root, unit))
        if not pages:
            yield f"{unit}: names no page of the manual"
        for name, section in pages:
            if not (root / f"docs/man/{name}.{section}").is_file():
                yield f"{unit}: there is no page {name}({section})"


def findings_of(root, programs):
    return [*generated_findings(root, programs), *option_findings(root), *readme_findings(root, programs), *unit_findings(root),
            *roff_findings(root)]


def checker(programs):
    def check(root):
        given = root / "said.keys"
        if not given.is_file():
            return findings_of(root, programs)
        seeded = Programs([])
        seeded.arguments = programs.arguments
        seeded.keys = given.read_text(encoding="utf-8")
        return findings_of(root, seeded)
    return check


def write(programs):
    page = lintlib.ROOT / KEYS_PAGE
    text = MARKS.sub(lambda block: block.group(1) + programs.keys + block.group(3), page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    (lintlib.ROOT / CTL_PAGE).write_text(programs.ctl, encoding="utf-8")


HEAD = '.TH X 5 "" "x"\n.SH NAME\nx \\- x\n'
KEYS = ".SH KEYS\n.TP\n\\fBa\\fR \\(em text\nIt is a.\n"
README = "```yaml\n# trithucd.yaml\nkeys: {master: {file: /a}}\n```\n"
TREE = {
    KEYS_PAGE: HEAD + '.\\" keys: here\n' + KEYS + '.\\" end of keys\n',
    CTL_PAGE: HEAD,
    DAEMON_PAGE: HEAD + ".SH OPTIONS\n.TP\n\\fB\\-\\-check\\fR\nChecks.\n",
    "daemon/main.c": '{ "check", no_argument, NULL, 1 },\n',
    "said.keys": KEYS,
    "README.md": README,
}
SEEDS = [
    Seed("a key that the page lacks is found", {**TREE, "said.keys": KEYS + ".TP\n\\fBb\\fR \\(em text\nIt is b.\n"}, "is behind"),
    Seed("a page without its marks is found", {**TREE, KEYS_PAGE: HEAD + KEYS}, "lost the marks"),
    Seed("an option that the page lacks is found",
         {**TREE, "daemon/main.c": TREE["daemon/main.c"] + '{ "reader", required_argument, NULL, 2 },\n'}, "--reader is not explained"),
    Seed("an option that is none is found", {**TREE, "daemon/main.c": "\n"}, "--check is no option"),
    Seed("roff that warns is found", {**TREE, CTL_PAGE: HEAD + ".XX\n"}, "XX"),
    Seed("a configuration in README that does not hold is found",
         {**TREE, "README.md": README.replace("keys", "kees")}, r"(?s)does not hold: .*unknown key"),
    Seed("a unit without a page is found", {**TREE, "systemd/a.service": "[Unit]\n"}, "names no page"),
    Seed("a unit that names a page which is not there is found",
         {**TREE, "systemd/a.service": "[Unit]\nDocumentation=man:none(8)\n"}, r"no page none\(8\)"),
    Seed("true pages pass", {**TREE, "systemd/a.socket": "[Unit]\nDocumentation=man:trithucd(8)\n"}, None),
]

if __name__ == "__main__":
    ARGUMENTS = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if "--write" in sys.argv:
        write(Programs(ARGUMENTS))
    else:
        sys.exit(lintlib.main(checker(Programs(ARGUMENTS)), SEEDS, "the manual pages are those of the programs"))
