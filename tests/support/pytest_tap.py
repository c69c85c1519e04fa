#!/usr/bin/env python3
"""Runs pytest on the files given and prints TAP, so that meson and scripts/check count each case."""
import os
import sys

import pytest


class TapPlugin:
    """Prints a line when a case is settled: at its call, or where its set-up or tear-down went wrong."""

    def __init__(self, out):
        self.out, self.count = out, 0

    def line(self, verdict, name, directive="", details=""):
        self.count += 1
        print(f"{verdict} {self.count} - {name.replace('#', '_')}{directive}", file=self.out)
        for detail in details.splitlines():
            print(f"# {detail}", file=self.out)
        self.out.flush()

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::", 1)[-1]
        if report.failed:
            captured = "\n".join(f"{title}:\n{text}" for title, text in report.sections)
            self.line("not ok", f"{name} ({report.when})", details=f"{report.longreprtext}\n{captured}")
        elif report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.line("ok", name, directive=f" # SKIP {reason.removeprefix('Skipped: ')}")
        elif report.when == "call":
            self.line("ok", name)

    def pytest_collectreport(self, report):
        if report.failed:
            self.line("not ok", f"collecting {report.nodeid}", details=report.longreprtext)


def main(arguments):
    sys.dont_write_bytecode = True
    # Descriptor 1 is ours for TAP; what pytest itself says goes where meson shows it on failure.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        plugin = TapPlugin(out)
        status = pytest.main(["-q", "-p", "no:cacheprovider", *arguments], plugins=[plugin])
        if plugin.count == 0:
            plugin.line("not ok", "pytest found no case")
        print(f"1..{plugin.count}", file=out)
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
