"""The audit log as a verifier sees it that is not ours (invariant 12): hashlib and json of Python alone."""
import os
import pathlib
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))
from audit_outside import log_root, problems_of, read_export  # noqa: E402

PROGRAM = pathlib.Path(os.environ["BUILD_ROOT"]) / "tests/integration/audit_leaves"


def export(folder, count):
    run = subprocess.run([PROGRAM, folder, str(count)], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return read_export(run.stdout)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 2000])
def test_the_engines_log_holds(tmp_path, count):
    size, root, leaves = export(tmp_path, count)
    assert size == count
    assert problems_of(size, root, leaves) == []
    assert not any("Trần".encode() in leaf for leaf in leaves)


def test_the_published_vectors_hold_for_the_verifier():
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                               "606162636465666768696a6b6c6d6e6f")]
    assert log_root(leaves[:7]) == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"
    assert log_root(leaves) == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return export(tmp_path_factory.mktemp("log"), 50)


ATTACKS = {
    "edited": lambda leaves: leaves[:9] + [leaves[9].replace(b'"run":9', b'"run":8')] + leaves[10:],
    "cut": lambda leaves: leaves[:-1],
    "swapped": lambda leaves: leaves[:4] + [leaves[5], leaves[4]] + leaves[6:],
    "repeated": lambda leaves: leaves[:4] + [leaves[3]] + leaves[4:],
    "second form": lambda leaves: leaves[:4] + [leaves[4].replace(b',"v":1', b', "v":1')] + leaves[5:],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attacked_export_does_not_hold(log, attack):
    size, root, leaves = log
    changed = ATTACKS[attack](leaves)
    assert changed != leaves
    assert problems_of(size, root, changed)
