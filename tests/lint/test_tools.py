"""The tools that count tests are tested themselves: a wrong sum would hide everything else."""
import json
import pathlib
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = SOURCE / "tests/support"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


def log_of(folder, *tests):
    path = folder / "testlog.json"
    path.write_text("".join(json.dumps({"name": f"t{n}", **test}) + "\n" for n, test in enumerate(tests)), encoding="utf-8")
    return path


TAP = "TAP version 13\n1..3\nok 1 - a\nnot ok 2 - b\n# expected 1\nok 3 - c # SKIP no disk\n"


@pytest.mark.parametrize("name, tests, last, mentioned", [
    ("cases of a TAP program", [{"result": "ERROR", "stdout": TAP}], "1 passed, 1 failed, 1 skipped",
     ["FAILED: t0: b\n# expected 1", "SKIPPED: t0: c: no disk"]),
    ("a program without TAP is one test", [{"result": "OK", "stdout": "fine"}], "1 passed, 0 failed", []),
    ("a crash after the last ok fails", [{"result": "ERROR", "stdout": "1..1\nok 1 - a\n", "stderr": "leak"}],
     "1 passed, 1 failed", ["ended as ERROR", "leak"]),
    ("a crash before the plan fails", [{"result": "FAIL", "stdout": "", "stderr": ""}], "0 passed, 1 failed", []),
    ("a timeout fails", [{"result": "TIMEOUT", "stdout": "1..2\nok 1 - a\n"}], "1 passed, 1 failed", []),
    ("nothing at all fails", [], "0 passed, 1 failed", ["not one test ran"]),
    ("logs add up", [{"result": "OK", "stdout": "1..2\nok 1 - a\nok 2 - b\n"}, {"result": "OK", "stdout": ""}],
     "3 passed, 0 failed", []),
])
def test_sums(tmp_path, name, tests, last, mentioned):
    result = run(SUPPORT / "sum_results.py", log_of(tmp_path, *tests))
    assert result.stdout.splitlines()[-1] == last, name
    assert (result.returncode != 0) == ("0 failed" not in last)
    for text in mentioned:
        assert text in result.stdout


@pytest.mark.parametrize("said, floor, last, good", [
    ("10 passed, 0 failed", 10, "10 passed, 0 failed", True),
    ("10 passed, 0 failed, 2 skipped", 10, "10 passed, 0 failed", True),
    ("9 passed, 0 failed", 10, "9 passed, 1 failed", False),
    ("10 passed, 1 failed", 10, "10 passed, 1 failed", False),
    ("Segmentation fault", 10, "0 passed, 1 failed", False),
])
def test_the_gate_asks_for_its_floor(tmp_path, said, floor, last, good):
    for folder in (".ci", "scripts", "tests"):
        (tmp_path / folder).mkdir()
    shutil.copy(SOURCE / ".ci/run", tmp_path / ".ci/run")
    (tmp_path / "tests/floor.txt").write_text(f"{floor}\n", encoding="ascii")
    (tmp_path / "scripts/check").write_text(f"#!/bin/sh\necho '{said}'\n", encoding="ascii")
    (tmp_path / "scripts/check").chmod(0o755)
    result = run(tmp_path / ".ci/run")
    assert result.stdout.splitlines()[-1] == last
    assert (result.returncode == 0) == good


def test_figures_replace_only_their_part_of_the_page(tmp_path):
    figures, page = tmp_path / "figures.tsv", tmp_path / "evidence.md"
    figures.write_text("kills survived\t300 of 300\t42\n", encoding="utf-8")
    shutil.copy(SOURCE / "docs/evidence.md", page)
    before = page.read_text(encoding="utf-8")
    assert run(SUPPORT / "evidence.py", figures, page, cwd=SOURCE).returncode == 0
    after = page.read_text(encoding="utf-8")
    assert "| kills survived | 300 of 300 | 42 |" in after
    assert after.split("<!--")[0] == before.split("<!--")[0]


def test_setup_knows_its_groups_and_refuses_others():
    listed = run(SOURCE / "scripts/setup", "--list", "build", "check")
    assert {"meson", "clang-format"} <= set(listed.stdout.split()) and "libcurl4" not in listed.stdout.split()
    assert run(SOURCE / "scripts/setup", "--list", "nonsense").returncode == 64
    assert run(SOURCE / "scripts/check", "nonsense").returncode == 64
