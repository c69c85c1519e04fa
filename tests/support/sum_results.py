#!/usr/bin/env python3
"""Adds up the tests in meson's testlog.json files.

A program that speaks TAP counts by its cases, any other as one.  A program that meson does not call
good counts at least one failure, so that a crash after the last "ok" is not lost.  Skips and failures
are listed with their reasons.  The last line is "N passed, N failed" (", N skipped").
"""
import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?([^#]*)(?:#\s*(\w+)\s*(.*))?$", re.MULTILINE)
PLAN = re.compile(r"^1\.\.\d+", re.MULTILINE)
GOOD = ("OK", "EXPECTEDFAIL")


def cases_of(test):
    """(verdict, case, reason) for each case of one test program."""
    output = test.get("stdout") or ""
    if not PLAN.search(output):
        verdict = {"SKIP": "skipped"}.get(test["result"], "passed" if test["result"] in GOOD else "failed")
        return [(verdict, "", test["result"])]
    cases = []
    for negation, name, directive, reason in CASE.findall(output):
        if directive.upper() == "SKIP":
            cases.append(("skipped", name.strip(), reason))
        else:
            cases.append(("failed" if negation else "passed", name.strip(), ""))
    if test["result"] == "SKIP" and not cases:
        return [("skipped", "", "the program ran no case")]
    if test["result"] not in GOOD + ("SKIP",) and not any(case[0] == "failed" for case in cases):
        cases.append(("failed", "", f"the program ended as {test['result']}"))
    return cases


def main(paths):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            tests = [json.loads(line) for line in lines]
        for test in tests:
            for verdict, case, reason in cases_of(test):
                counts[verdict] += 1
                if verdict != "passed":
                    print(f"{verdict.upper()}: {test['name']}: {case}" + (f" ({reason})" if reason else ""))
    if counts["passed"] + counts["failed"] == 0:
        print("FAILED: not one test ran")
        counts["failed"] = 1
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return counts["failed"] > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
