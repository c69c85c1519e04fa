#!/usr/bin/env python3
"""Adds up the tests in meson's testlog.json files.

A program that speaks TAP counts by its cases, any other as one.  A program that meson does not call
good counts at least one failure, so that a crash after the last "ok" is not lost.  Skips are listed with
their reasons, failures with what the program said.  The last line is "N passed, N failed" (", N skipped").
"""
import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?([^#]*)(?:#\s*(\w+)\s*(.*))?$")
PLAN = re.compile(r"^1\.\.\d+", re.MULTILINE)
GOOD = ("OK", "EXPECTEDFAIL")
DETAIL_LINES = 40


def tap_cases(output):
    """[verdict, case, lines of detail] for each line that settles a case."""
    cases = []
    for line in output.splitlines():
        match = CASE.match(line)
        if match:
            negation, name, directive, reason = match.groups()
            skipped = (directive or "").upper() == "SKIP"
            cases.append(["skipped" if skipped else "failed" if negation else "passed", name.strip(), [reason] if skipped else []])
        elif line.startswith("#") and cases and cases[-1][0] == "failed":
            cases[-1][2].append(line)
    return cases


def cases_of(test):
    output, result = test.get("stdout") or "", test["result"]
    if not PLAN.search(output) and result in GOOD:
        return [["passed", "", []]]
    cases = tap_cases(output)
    if result == "SKIP" and not cases:
        return [["skipped", "", ["the program ran no case"]]]
    if result not in GOOD + ("SKIP",) and not any(case[0] == "failed" for case in cases):
        cases.append(["failed", "", [f"the program ended as {result}", *(test.get("stderr") or "").splitlines()[-DETAIL_LINES:]]])
    return cases


def main(paths):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            tests = [json.loads(line) for line in lines]
        for test in tests:
            for verdict, case, details in cases_of(test):
                counts[verdict] += 1
                if verdict == "skipped":
                    print(f"SKIPPED: {test['name']}: {case}: {details[0] or 'no reason given'}")
                elif verdict == "failed":
                    print("\n".join([f"FAILED: {test['name']}: {case}", *details[:DETAIL_LINES]]))
    if counts["passed"] + counts["failed"] == 0:
        print("FAILED: not one test ran")
        counts["failed"] = 1
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return counts["failed"] > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
