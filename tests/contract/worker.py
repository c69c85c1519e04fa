"""Runs a source through the real worker and gives its frames as dictionaries."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(os.environ["SOURCE_ROOT"])
SCHEMA = ROOT / "schemas/person.schema.json"
CODELISTS = ROOT / "config/codelists"
EXAMPLES = ROOT / "config/examples/connectors.d"
SAMPLES = ROOT / "tests/data/samples/month-1"

HELLO, FILE, ROW, REJECT, SKIP, PROGRESS, END = 16, 17, 18, 19, 20, 22, 23
SKIP_KINDS = ["heading", "total", "blank", "duplicate", "out_of_scope", "erased"]


class Run:
    """All frames of one run."""

    def __init__(self, source, folder):
        done = subprocess.run([os.environ["RUN_WORKER"], os.environ["CONNECTOR"], str(source), str(folder), str(SCHEMA),
                               str(CODELISTS)], capture_output=True, check=False, timeout=240)
        self.status, self.stderr = done.returncode, done.stderr.decode()
        self.frames = [json.loads(line) for line in done.stdout.decode().splitlines()]
        self.end = self.frames[-1] if self.frames and self.frames[-1]["type"] == END else None

    def of(self, kind):
        return [frame for frame in self.frames if frame["type"] == kind]


def fact(row, path):
    """The value of a field outside of lists, or an empty text."""
    return next((value for name, _, value in row["facts"] if name == path), "")
