#!/usr/bin/env python3
"""Writes the figures of the last long run into the generated part of docs/evidence.md.

evidence.py FIGURES.tsv EVIDENCE.md      rows: subject, figure, seed ("-" where there is none)
"""
import datetime
import os
import subprocess
import sys

BEGIN = "<!-- figures of the last long run: written by scripts/check --long -->"
END = "<!-- end of figures -->"


def note(subject, figure, seed="-"):
    """Puts a figure of a test among those of a long run, and says it in any run."""
    print(f"# {subject}: {figure}" + ("" if seed == "-" else f" (seed {seed})"), file=sys.stderr)
    if "TRITHUC_EVIDENCE" in os.environ:
        with open(os.environ["TRITHUC_EVIDENCE"], "a", encoding="utf-8") as rows:
            rows.write(f"{subject}\t{figure}\t{seed}\n")


def table(rows, commit, day):
    lines = [f"Commit {commit}, {day}.", "", "| what | figure | seed |", "|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in sorted(rows)]
    return "\n".join(lines)


def replaced(text, block):
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit("evidence: the page has lost the marks around its figures")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def main(figures, page):
    with open(figures, encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line.strip()]
    if any(len(row) != 3 for row in rows):
        raise SystemExit("evidence: every row has three columns: subject, figure, seed")
    if not rows:
        return
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=True).stdout.strip()
    with open(page, encoding="utf-8") as file:
        text = file.read()
    with open(page, "w", encoding="utf-8") as file:
        file.write(replaced(text, table(rows, commit, datetime.date.today().isoformat())))


if __name__ == "__main__":
    main(*sys.argv[1:])
