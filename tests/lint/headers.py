#!/usr/bin/env python3
"""Every header compiles alone, twice over, and opens with the comment that says what it is for.

headers.py [BUILD_FOLDER]     where build_config.h was generated
"""
import concurrent.futures
import subprocess
import sys

import lintlib
from lintlib import Seed

LIBRARIES = ["libcrypto", "yaml-0.1", "lmdb", "libcjson", "libsystemd", "libutf8proc", "libcurl", "libmicrohttpd",
             "smartcols", "cmocka"]
CMOCKA = "#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n"


def library_flags():
    return subprocess.run(["pkg-config", "--cflags", *LIBRARIES], capture_output=True, text=True,
                          check=False).stdout.split()


FLAGS = ["gcc", "-x", "c", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers",
         "-fsyntax-only", *library_flags()]


def compile_error(root, path, build):
    # cmocka asks its user for the headers it stands on; a test header may rely on that.
    before = CMOCKA if path.parts[0] == "tests" else ""
    text = f'{before}#include "{path}"\n#include "{path}"\n'
    folders = [f"-I{root}"] + ([f"-I{build}"] if build else [])
    run = subprocess.run([*FLAGS, *folders, "-"], input=text, capture_output=True, text=True, check=False)
    errors = [line for line in run.stderr.splitlines() if "error:" in line]
    return f"{path}: does not compile alone: {errors[0] if errors else run.stderr[:200]}" if run.returncode else None


def check(root):
    build = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
    headers = lintlib.files_under(root, lintlib.C_FOLDERS, {".h"})
    findings = [f"{path}: does not open with what it is for" for path in headers
                if not lintlib.read(root, path).startswith("/* ")]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        findings += filter(None, pool.map(lambda path: compile_error(root, path, build), headers))
    return findings


PURPOSE = "/* A: an example. */\n#pragma once\n"
SEEDS = [
    Seed("a header that needs another one first is found",
         {"daemon/base/a.h": PURPOSE + "void f(size_t n);\n"}, r"a\.h: does not compile alone"),
    Seed("a header that cannot be included twice is found",
         {"daemon/base/a.h": "/* A. */\nenum a { A };\n"}, r"a\.h: does not compile alone"),
    Seed("a header without a purpose is found", {"daemon/base/a.h": "#pragma once\n"}, "does not open with"),
    Seed("a header that stands alone passes",
         {"daemon/base/a.h": PURPOSE + "#include <stddef.h>\nvoid f(size_t n);\n"}, None),
]

if __name__ == "__main__":
    sys.exit(lintlib.main(check, SEEDS, "every header stands alone"))
