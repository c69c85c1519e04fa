"""Suppliers, workers, callers and disks that mean no good, against the real daemon: it says so and goes on."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import deliveries  # noqa: E402
from daemon import BUILD, SAMPLES, SOURCES, Site  # noqa: E402

SOURCE = "noi-vu"
NAME, KEY = "Họ và tên khai sinh", "Số hiệu CBCCVC"
ROWS = 8
MASTER = bytes(range(32))


def good_rows():
    header, rows = deliveries.table(SOURCE)
    truth = deliveries.truth("rows.csv", SOURCE)
    accepted = [row for place, row in enumerate(rows) if truth[place + 2]["outcome"].startswith("accept")]
    return header, accepted[:ROWS]


HEADER, GOOD = good_rows()
PLACE = {cell.strip(): place for place, cell in enumerate(HEADER)}


def closing(count):
    return [deliveries.TOTAL.format(count), *[""] * (len(HEADER) - 1)]


def delivery(rows=None, total=ROWS, header=None):
    rows = GOOD if rows is None else rows
    return deliveries.written(SOURCE, header or HEADER, [*rows, *([] if total is None else [closing(total)])])


def with_cell(column, value):
    rows = [list(row) for row in GOOD]
    rows[3][PLACE[column]] = value
    return delivery(rows)


def wide(columns):
    return delivery([[*row, *[""] * (columns - len(row))] for row in GOOD],
                    header=[*HEADER, *[""] * (columns - len(HEADER))])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("hostile"), master=MASTER, files=dict.fromkeys(SOURCES, delivery())) as one:
        assert pulled(one)["state"] == "COMPLETE"
        yield one
        assert one.is_up()
        assert one.verify()[0] == 0


def pulled(site, source=SOURCE):
    status, answer = site.ask("POST", "/v1/runs", {"source": source})
    assert status == 202, answer
    return site.wait_for_run(answer["run"])


# --- files that a supplier may send; `quarantined` rows or the state of the run

QUARANTINED = {
    "NUL": with_cell(NAME, "Nguyễn\0Văn Thử"),
    "bidi": with_cell(NAME, "Nguyễn \u202eVăn Thử"),
    "soft hyphen": with_cell(NAME, "Nguy\u00adễn Văn Thử"),
    "tag": with_cell(NAME, "Nguyễn Văn\U000e0041"),
    "private use": with_cell(NAME, "Nguyễn Văn\ue000"),
    "no character": with_cell(NAME, "Nguyễn Văn\ufdd0"),
    "terminal": with_cell(NAME, "\x1b[31mNguyễn Văn\x1b]0;x\x07"),
    "C1": with_cell(NAME, "Nguyễn\u009b31m Văn"),
    "line separator": with_cell(NAME, "Nguyễn\u2028Văn"),
    "fifty marks": with_cell(NAME, "Nguyễn" + "\u0301" * 50 + " Văn"),
    "format": with_cell(NAME, "%s%n%s {name} %n"),
    "formula": with_cell(NAME, "=cmd|calc!A0"),
    "a name of 32 KB": with_cell(NAME, "Nguyễn " + "A" * 32000),
    "key with a terminal's bytes": with_cell(KEY, "a\x1b[2J"),
    "key of 5,000 bytes": with_cell(KEY, "k" * 5000),
    "blank key": with_cell(KEY, "   "),
    "no UTF-8": with_cell(NAME, "QXQ").replace(b"QXQ", b"Ng\xff\xfe"),
    "too many cells": delivery([*GOOD[:3], [*GOOD[3], "more"], *GOOD[4:]]),
}
ENDS = {
    "empty": (b"", "FAILED"),
    "a BOM": (b"\xef\xbb\xbf", "FAILED"),
    "UTF-16": (delivery().decode("utf-8-sig").encode("utf-16"), "FAILED"),
    "mixed line ends": (delivery().replace(b"\r\n", b"\n", 3), "FAILED"),
    "a cell of 40 KB": (with_cell(NAME, "A" * 40000), "FAILED"),
    "a row of 300 KB": (delivery([*GOOD[:2], ["y" * 9000] * len(HEADER), *GOOD[2:]]), "FAILED"),
    "1,001 columns": (wide(1001), "FAILED"),
    "a column twice": (delivery([[*row, "x"] for row in GOOD], header=[*HEADER, NAME]), "FAILED"),
    "only quotes": (b'"' * 100000, "FAILED"),
    "only delimiters": (b";" * 100000, "FAILED"),
    "only line ends": (b"\n" * 100000, "FAILED"),
    "an archive": (b"PK\x03\x04" + bytes(range(256)) * 20, "FAILED"),
    "no closing row": (delivery(total=None), "INCOMPLETE"),
    "a closing row that lies": (delivery(total=ROWS + 1), "INCOMPLETE"),
    "two closing rows": (delivery([*GOOD, closing(ROWS)]), "INCOMPLETE"),
    "a count of 30 digits": (delivery(total=int("9" * 30)), "INCOMPLETE"),
    "cut in a row": (delivery()[:900], "INCOMPLETE"),
    "1,000 columns": (wide(1000), "COMPLETE"),
    "a BOM twice": (b"\xef\xbb\xbf" + delivery(), "COMPLETE"),
    "a million blank rows": (delivery() + b"\r\n" * 1000000, "COMPLETE"),
}


@pytest.mark.parametrize("case", QUARANTINED)
def test_a_hostile_row_is_quarantined_and_the_others_are_taken(site, case):
    site.deliver(SOURCE, QUARANTINED[case])
    view = pulled(site)
    counts = view["counts"]
    assert (view["state"], counts["quarantined"], counts["unchanged"]) == ("COMPLETE", 1, ROWS - 1), view
    assert counts["read"] == ROWS + 1


@pytest.mark.parametrize("case", ENDS)
def test_a_hostile_file_ends_as_it_deserves_and_changes_nothing(site, case):
    before = site.export()
    data, state = ENDS[case]
    site.deliver(SOURCE, data)
    view = pulled(site)
    assert view["state"] == state, view
    if state != "COMPLETE":
        assert view["cause"]["code"], view
        assert site.export() == before


def make_link(path, outside):
    path.symlink_to(outside)


def make_hard_link(path, outside):
    os.link(outside, path)


def make_fifo(path, _):
    os.mkfifo(path)


def make_folder(path, _):
    path.mkdir()


def make_socket(path, _):
    listener = socket.socket(socket.AF_UNIX)
    short = f"/proc/self/fd/{os.open(path.parent, os.O_PATH)}"
    listener.bind(f"{short}/{path.name}")
    listener.close()


@pytest.mark.parametrize("make", [make_link, make_hard_link, make_fifo, make_folder, make_socket])
def test_what_is_no_plain_file_is_refused(site, make):
    outside = site.folder / "outside.csv"
    outside.write_bytes(delivery())
    path = site.drop(SOURCE) / SOURCES[SOURCE]
    path.unlink()
    make(path, outside)
    try:
        assert pulled(site)["state"] == "FAILED"
    finally:
        (os.rmdir if path.is_dir() and not path.is_symlink() else os.unlink)(path)
        site.deliver(SOURCE, delivery())


def test_what_hostile_rows_held_is_in_no_log(site):
    log = site.log.read_bytes()
    assert not {byte for byte in log if byte < 0x20 and byte != 0x0A}
    for text in ("Thử", "calc!A0", "%s%n", *(row[PLACE[NAME]] for row in GOOD)):
        assert text.encode() not in log
    for line in log.splitlines():
        json.loads(line)


# --- callers

REQUESTS = {
    "not HTTP": bytes(range(256)) * 8,
    "a target of 100 KB": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    "20,000 headers": b"GET /v1/status HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
    "a length that never comes": b"POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{",
    "a negative length": b"POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
}
BODIES = {
    "a key twice": b'{"source":"noi-vu","source":"cao-dang"}',
    "5,000 brackets": b"[" * 5000,
    "a number for a name": b'{"source":1}',
    "a NUL in a name": b'{"source":"noi-vu\\u0000x"}',
    "a path for a name": b'{"source":"../noi-vu"}',
    "an unknown member": b'{"source":"noi-vu","x":1}',
    "no UTF-8": b'{"source":"\xff"}',
}


def raw_status(site, request):
    """Status of the answer to bytes as they stand."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(20)
        caller.connect(str(site.socket))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            caller.sendall(request)
        return int(caller.recv(4096).split(b" ")[1])


@pytest.mark.parametrize("case", REQUESTS)
def test_a_hostile_request_gets_an_error(site, case):
    assert 400 <= raw_status(site, REQUESTS[case]) < 500
    assert site.ask("GET", "/v1/status")[0] == 200


@pytest.mark.parametrize("case", BODIES)
def test_a_hostile_body_starts_nothing(site, case):
    runs = len(site.rows("/v1/runs", "runs"))
    body = BODIES[case]
    head = "POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    status = raw_status(site, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert status in (400, 404)
    assert len(site.rows("/v1/runs", "runs")) == runs


# --- workers

WORKERS = {
    "ends at once": "exit 0",
    "dies": "kill -SEGV $$",
    "sends zeros": "head -c 100000 /dev/zero >&3",
    "promises 4 GiB": r"printf '\001\001\000\000\377\377\377\377' >&3; cat /dev/zero >&3",
    "ends before it begins": r"printf '\001\013\000\000\000\000\000\000' >&3",
    "closes its socket and stays": "exec 3>&-; exec sleep 60",
    "says half a header": r"printf '\001\001\000' >&3; exec sleep 60",
    "says nothing": "exec sleep 60",
    "floods its errors": "head -c 3000000 /dev/zero >&2",
}


def test_a_worker_of_any_kind_of_garbage_is_a_failed_run(tmp_path):
    site = Site(tmp_path, files=dict.fromkeys(SOURCES, delivery()))
    program = tmp_path / "worker"
    site.configs["trithucd.yaml"]["workers"].update(program=str(program), deadline="2s")
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    with site:
        descriptors = None
        for case, script in WORKERS.items():
            program.unlink()
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            program.chmod(0o755)
            view = pulled(site)
            assert (view["state"], site.is_up()) == ("FAILED", True), case
            now = len(os.listdir(f"/proc/{site.process.pid}/fd"))
            descriptors = descriptors or now
            assert now <= descriptors + 2, case  # a connection that was asked on may not be closed yet
        program.unlink()
        assert pulled(site)["state"] == "FAILED"
        program.symlink_to(BUILD / "trithuc-connector")
        assert pulled(site)["counts"]["accepted"] == ROWS
        assert site.verify()[0] == 0


# --- operators and disks

def test_no_deleted_file_lets_a_second_daemon_in(site):
    """Two daemons on one store: the second ends with 73 and the first goes on (RELIABILITY.md, fault 20)."""
    for path in site.state.iterdir():
        if path.is_file():
            path.unlink()
    before = site.get("/v1/audit?limit=1")["size"]
    config = site.folder / "second"
    shutil.copytree(site.config_dir, config)
    top = config / "trithucd.yaml"
    top.write_text(top.read_text(encoding="utf-8").replace(str(site.socket), str(site.runtime / "second.sock")),
                   encoding="utf-8")
    done = subprocess.run([BUILD / "trithucd", "--config", config], capture_output=True, timeout=30, check=False)
    assert done.returncode == 73, done.stderr
    assert site.get("/v1/audit?limit=1")["size"] == before
    assert site.is_up()


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system can be mounted only by root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def loaded(site):
    assert [pulled(site, source)["state"] for source in SOURCES] == ["COMPLETE"] * len(SOURCES)
    return site.export()


def test_a_full_disk_fails_the_run_and_what_comes_after_it_is_whole(tmp_path, small_disk):
    files = {source: (SAMPLES / name).read_bytes() for source, name in SOURCES.items()}
    with Site(tmp_path / "undisturbed", master=MASTER, files=files) as site:
        expected = loaded(site)
    site = Site(tmp_path / "full", master=MASTER, files=files)
    site.state = small_disk / "state"
    site.state.mkdir(mode=0o700)
    site.configs = site.example()
    with site:
        view = pulled(site)
        assert (view["state"], view["cause"]["error"]) == ("FAILED", "NO_SPACE"), view
        assert site.is_up()
        subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
        assert loaded(site) == expected
        assert site.verify()[0] == 0
        assert site.is_up()
