"""The main job once, for somebody who looks: scripts/demo prepares and calls it.

Real parts only: trithucd, its workers, TLS, the store and the reference national server. Ends with 0 if the numbers
add up, with 1 if they do not.
"""
import argparse
import locale
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from daemon import BUILD, SOURCES, Site  # noqa: E402

TEXTS = {
    "en": {"source": "Source", "read": "Read", "accepted": "Accepted", "unchanged": "Unchanged",
           "quarantined": "Quarantined", "skipped": "Skipped", "persons": "Persons in the store",
           "cases": "Open cases", "acknowledged": "Acknowledged by the national system",
           "ledger": "In the national server's ledger", "leaves": "Audit entries, verified",
           "seconds": "Seconds for all of it", "load": "loading", "publish": "publishing", "kept": "kept in",
           "wrong": "the numbers do not add up"},
    "vi": {"source": "Nguồn", "read": "Đọc", "accepted": "Nhận", "unchanged": "Không đổi", "quarantined": "Cách ly",
           "skipped": "Bỏ qua", "persons": "Số người trong kho", "cases": "Trường hợp cần xem xét",
           "acknowledged": "Hệ thống quốc gia đã xác nhận", "ledger": "Trong sổ của máy chủ quốc gia",
           "leaves": "Mục nhật ký, đã kiểm chứng", "seconds": "Tổng số giây", "load": "nạp",
           "publish": "đẩy", "kept": "giữ tại", "wrong": "số liệu không khớp"},
}
COUNTS = ("read", "accepted", "unchanged", "quarantined", "skipped")


def language():
    lang = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "vi" if lang.startswith("vi") else "en"


def watched(site, *arguments):
    """Runs a verb with its own progress line on the terminal of whoever looks."""
    command = [BUILD / "trithucctl", "--socket", site.socket, *arguments, "--wait"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


def tell(site, text):
    """The whole job; returns rows of the table, totals, and whether all adds up."""
    good, rows = True, []
    for source in SOURCES:
        print(f"== {text['load']} {source}", flush=True)
        good &= watched(site, "run", source) == 0
    print(f"== {text['publish']}", flush=True)
    good &= watched(site, "publish") == 0
    runs = site.ctl_json("runs")["runs"]
    for run in sorted(runs, key=lambda view: view["run"]):
        if run["kind"] == "source":
            counts = run["counts"]
            rows.append([run["name"]] + [counts[name] for name in COUNTS])
            good &= counts["read"] == sum(counts[name] for name in COUNTS[1:])
        else:
            acknowledged = run["counts"]["acknowledged"]
    status = site.ctl_json("status")["counts"]
    code, verdict = site.verify()
    ledger = site.national.stats()["store"]
    good &= code == 0 and verdict["ok"] and acknowledged == ledger["persons"] == ledger["ledger"] and acknowledged > 0
    totals = [(text["persons"], status["persons"]), (text["cases"], status["open_cases"]),
              (text["acknowledged"], acknowledged), (text["ledger"], ledger["ledger"]),
              (text["leaves"], verdict["size"] if verdict["ok"] else 0)]
    return rows, totals, good


def show(text, rows, totals):
    head = [text["source"]] + [text[name] for name in COUNTS]
    table = [head] + [[row[0]] + [f"{value:,}" for value in row[1:]] for row in rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    print()
    for row in table:
        print("  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]))
    print()
    width = max(len(name) for name, _ in totals)
    for name, value in totals:
        print(f"{name.ljust(width)}  {value:>8,}")


def main():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--keep", action="store_true", help="leave the folder of the demo where it is")
    options = parser.parse_args()
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    text = TEXTS[language()]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trithuc-demo-"))
    begun = time.monotonic()
    try:
        with Site(folder, lang=os.environ.get("LANG", "C.UTF-8")) as site:
            rows, totals, good = tell(site, text)
        show(text, rows, totals + [(text["seconds"], round(time.monotonic() - begun))])
    finally:
        if options.keep:
            print(f"{text['kept']} {folder}")
        else:
            shutil.rmtree(folder)
    if not good:
        print(text["wrong"], file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
