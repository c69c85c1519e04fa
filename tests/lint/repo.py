#!/usr/bin/env python3
"""What a tracked file may not be or hold: paths of one machine, words about how it was made, a private registry,
a file that is too large, a script without its run bit, blanks at line ends, CRLF where it is not input.
"""
import os
import pathlib
import re
import subprocess
import sys

import lintlib
from lintlib import Seed

MAX_BYTES = 2 << 20
# Written so that this file does not match itself.
FORBIDDEN = [
    (re.compile(r"(?<![\w.])/(?:wor[k]|far[m]|roo[t]/\.|hom[e]/\w|User[s]/\w|mn[t]/\w)[\w/]*"), "a path of one machine"),
    (re.compile(r"(?i)\b(?:sub-?agen[t]s?|AI agen[t]s?|claud[e]|anthropi[c]|opena[i]|copilo[t]|chatbo[t]|languag[e] model)\b"),
     "a word about how it was made"),
    (re.compile(r"(?i)[\w.-]*(?:artifactregistr[y]|artifactor[y]|\bpkg\.de[v]\b)[\w.-]*|\.librar[y]/"), "a private registry"),
    (re.compile(r"-----BEGIN (?:\w+ )?PRIVATE KE[Y]-----"), "a private key"),
    (re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b(?!\w)"), "unfinished work"),
]
BYTES_AS_THEY_ARE = re.compile(r"tests/(?:fuzz/corpus|.*(?:data|fixtures|samples))/|\.(?:csv|tsv|ndjson|jsonl|gz|xlsx|png|svg|pdf|der|bin|patch)$")
GENERATED_TREES = {".git", "build", "__pycache__", ".pytest_cache"}


def tracked(root):
    """What git tracks or would track, or every file where there is no repository."""
    if (root / ".git").exists():
        run = subprocess.run(["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             cwd=root, capture_output=True, check=True)
        names = (os.fsdecode(name) for name in run.stdout.split(b"\0") if name)
        return sorted(pathlib.Path(name) for name in set(names) if (root / name).is_file())
    return sorted(path.relative_to(root) for path in root.rglob("*")
                  if path.is_file() and not GENERATED_TREES & set(path.parts))


def text_findings(path, text):
    for pattern, what in FORBIDDEN:
        match = pattern.search(text)
        if match:
            yield f"{path}:{lintlib.line_of(text, match.start())}: {what}: {match.group(0)}"
    match = re.search(r"[ \t]+$", text, re.MULTILINE)
    if match and path.suffix != ".md":
        yield f"{path}:{lintlib.line_of(text, match.start())}: blanks at the end of the line"
    if "\r\n" in text:
        yield f"{path}: lines end in CRLF"
    if text and not text.endswith("\n"):
        yield f"{path}: the last line does not end"


def check(root):
    findings = []
    for path in tracked(root):
        content = (root / path).read_bytes()
        if len(content) > MAX_BYTES:
            findings.append(f"{path}: {len(content)} bytes; at most {MAX_BYTES}")
        runs = os.access(root / path, os.X_OK)
        if runs != content.startswith(b"#!"):
            findings.append(f"{path}: " + ("has a run bit but no #! line" if runs else "has a #! line but no run bit"))
        if BYTES_AS_THEY_ARE.search(str(path)):
            continue
        try:
            findings += text_findings(path, content.decode("utf-8"))
        except UnicodeDecodeError:
            findings.append(f"{path}: is not UTF-8")
    return findings


SEEDS = [
    Seed("a path of one machine is found", {"a.md": "see /hom" "e/an/notes\n"}, "path of one machine"),
    Seed("a word about how it was made is found", {"a.md": "written by a sub" "agent\n"}, "how it was made"),
    Seed("a private registry is found", {"a.txt": "npm.pkg.d" "ev/x\n"}, "private registry"),
    Seed("a private key is found", {"a.pem": "-----BEGIN PRIVATE KE" "Y-----\n"}, "private key"),
    Seed("unfinished work is found", {"a.c": "/* TO" "DO: later */\n"}, "unfinished work"),
    Seed("a large file is found", {"a.txt": "0123456789abcdef\n" * (1 << 17)}, "at most"),
    Seed("blanks at a line's end are found", {"a.c": "int a; \n"}, "blanks at the end"),
    Seed("CRLF is found", {"a.c": "int a;\r\n"}, "CRLF"),
    Seed("a cut last line is found", {"a.c": "int a;"}, "does not end"),
    Seed("the bytes of a fuzz corpus pass as they are",
         {"tests/fuzz/corpus/csv/crlf": "a,b\r\n1,2 "}, None),
    Seed("an ordinary file passes", {"a.c": "int a; /* a user agent of HTTP, /usr/share/trithucd */\n", "b.sh": "#!/bin/sh\n"}, None),
]

if __name__ == "__main__":
    sys.exit(lintlib.main(check, SEEDS, "no tracked file holds what does not belong there"))
