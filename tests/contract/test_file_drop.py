"""file_drop through the real worker: whatever is delivered, the run ends by END and says what is wrong."""
import hashlib
import os
import re

import pytest

from worker import END, FILE, HELLO, REJECT, ROW, SKIP, SKIP_KINDS, Run, fact

SOURCE = """
source:
  name: thu
  connector: file_drop
  record: person
  owner: Đơn vị
  legal_basis: Văn bản
  purpose: Thử
  code_lists: {{ethnic: vn1979}}
  as_of: {{constant: 2026-09-30}}
  whole: {whole}
  options:
    folder: /nowhere
    file: a.csv
    delimiter: comma
    max_size: 64KiB
    sections: ["{{roman}}. {{text}}"]
    map:
      key: {{column: Mã}}
      running_number: [STT]
      columns:
        - {{column: Họ tên, field: identity.full_name, normaliser: name}}
        - {{column: Sinh, field: identity.birth_date, normaliser: birth_date}}
        - {{column: Số, field: identity.cccd, normaliser: identity_number}}
"""
HEADER = "STT,Mã,Họ tên,Sinh,Số\n"
GOOD = "1,K1,Nguyễn Văn An,1985,\n"
TRAILER = '{trailer: "Tổng cộng: {count} người"}'


@pytest.fixture
def deliver(tmp_path):
    """Runs the source over a file with these bytes."""
    def run(content, whole="unproven", folder=None):
        folder = folder or tmp_path / "drop"
        folder.mkdir(exist_ok=True)
        if content is not None:
            (folder / "a.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        source = tmp_path / "source.yaml"
        source.write_text(SOURCE.format(whole=whole), encoding="utf-8")
        source.chmod(0o600)
        return Run(source, folder)
    return run


def by_name(value):
    """The id of a case: its first column."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9 -]{2,40}", value) and not value[0] == "E" else ""


def assert_failed(run, code, *words):
    assert run.status == 0 and run.end["status"] == "failed", (run.end, run.stderr)
    assert run.end["code"] == code and run.end["completeness"] == "incomplete"
    for word in words:
        assert word in run.end["message"]


def test_frames_come_in_their_order(deliver):
    content = HEADER + GOOD
    run = deliver(content)
    assert [frame["type"] for frame in run.frames] == [HELLO, FILE, ROW, END]
    assert run.frames[1]["sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert (run.frames[2]["row"], run.frames[2]["byte"]) == (2, len(HEADER.encode()))
    assert run.end["status"] == "ok" and run.end["completeness"] == "unproven" and run.end["counted"] == 1


@pytest.mark.parametrize("name, content, code, words", [
    ("empty", "", "E3233", []),
    ("a mark alone", "\ufeff", "E3233", []),
    ("no header", GOOD * 3, "E3231|E3230", ["row 1"]),
    ("a column is missing", "STT,Mã,Họ tện,Sinh,Số\n" + GOOD, "E3231", ["'Họ tên'", "'Họ tện'"]),
    ("a column twice", "STT,Mã,Họ tên,Sinh,Số,SỐ\n" + GOOD, "E3232", ["'SỐ'"]),
    ("UTF-16", (HEADER + GOOD).encode("utf-16"), "E3234|E3204", []),
    ("an open quote", HEADER + GOOD + '2,"K2,Trần Văn Ba,,\n' + GOOD, "E3201", ["row 3", "byte"]),
    ("a quote inside", HEADER + GOOD + '2,K"2,Trần Văn Ba,,\n', "E3202", ["row 3"]),
    ("cut within quotes", HEADER + '1,K1,"Nguyễn Văn', "E3201", ["row 2"]),
    ("mixed line ends", HEADER + GOOD.replace("\n", "\r\n"), "E3204", ["row 2"]),
    ("a cell too long", HEADER + "1,K1," + "a" * 40000 + ",,\n", "E3205", ["32768"]),
    ("a file too long", HEADER + GOOD * 3000, "E3242", ["65536"]),
], ids=by_name)
def test_a_broken_file_fails_the_run_and_says_where(deliver, name, content, code, words):
    run = deliver(content)
    assert run.end["code"] in code.split("|"), name
    assert_failed(run, run.end["code"], *words)


def test_rows_before_the_break_were_told_and_the_run_failed_nevertheless(deliver):
    run = deliver(HEADER + GOOD + '2,"K2')
    assert len(run.of(ROW)) == 1 and run.end["accepted"] == 1
    assert_failed(run, "E3201")


@pytest.mark.parametrize("name, row, reasons", [
    ("NUL", b"2,K2,Tr\0an,,\n", "text_control"),
    ("no UTF-8", b"2,K2,Tr\xc3n,,\n", "text_control"),
    ("bidi", "2,K2,Trần\u202e,,\n".encode(), "text_control"),
    ("short", b"2,K2,Tran\n", "ragged"),
    ("long", b"2,K2,Tran,,,x\n", "ragged"),
    ("no key", "2, ,Trần Ba,,\n".encode(), "no_key"),
    ("a key without end", b"2," + b"k" * 300 + ",Trần Ba,,\n".encode(), "no_key"),
    ("formula", b"2,K2,=1+1,,\n", "name_form"),
    ("all of them", b"2,,?,31/2/1990,12\n", "no_key;text_lossy;date_invalid;id_malformed"),
], ids=by_name)
def test_a_bad_row_never_stops_the_others(deliver, name, row, reasons):
    run = deliver(HEADER.encode() + GOOD.encode() + row + GOOD.replace("K1", "K3").encode())
    assert run.end["status"] == "ok", name
    assert [frame["key"] for frame in run.of(ROW)] == ["K1", "K3"]
    (reject,) = run.of(REJECT)
    assert ";".join(reason[0] for reason in reject["reasons"]) == reasons


def test_declared_rows_are_skipped_by_kind(deliver):
    run = deliver(HEADER + "I. KHỐI A,,,,\n" + GOOD + ",,,,\n \n" + "II. KHỐI B\n", whole=TRAILER)
    assert [SKIP_KINDS[frame["kind"]] for frame in run.of(SKIP)] == ["heading", "blank", "blank", "heading"]
    assert run.end["read"] == 5 and run.end["accepted"] == 1 and run.end["quarantined"] == 0


def test_what_is_not_declared_is_no_heading(deliver):
    run = deliver(HEADER + "Khối A,,,,\n" + GOOD)
    assert len(run.of(REJECT)) == 1 and not run.of(SKIP)


@pytest.mark.parametrize("name, rows, completeness, promised", [
    ("it holds", GOOD + "Tổng cộng: 1 người,,,,\n", "proven", 1),
    ("rows that are refused count", GOOD + "2,,?,,\n3,K3\nTổng cộng: 3 người\n", "proven", 3),
    ("duplicates count", GOOD + GOOD + "TỔNG CỘNG: 2 người,,,,\n", "proven", 2),
    ("it differs", GOOD + "Tổng cộng: 2 người,,,,\n", "incomplete", 2),
    ("it is missing", GOOD, "incomplete", 0),
    ("rows behind it", GOOD + "Tổng cộng: 1 người,,,,\n" + GOOD, "incomplete", 1),
    ("it is there twice", GOOD + "Tổng cộng: 1 người,,,,\n" * 2, "incomplete", 1),
    ("no rows at all", "", "incomplete", 0),
    ("behind fifty blank rows nothing is read", GOOD + "\n" * 50 + "Tổng cộng: 1 người,,,,\n", "incomplete", 0),
    ("forty-nine are no end", GOOD + "\n" * 49 + "Tổng cộng: 1 người,,,,\n", "proven", 1),
], ids=by_name)
def test_the_closing_row_is_the_proof(deliver, name, rows, completeness, promised):
    end = deliver(HEADER + rows, whole=TRAILER).end
    assert (end["status"], end["completeness"], end["promised"]) == ("ok", completeness, promised), name


def test_a_title_above_the_header_is_passed_over(deliver):
    run = deliver("SỞ A,,,,\nDANH SÁCH,,,,\n" + HEADER + GOOD)
    assert [frame["row"] for frame in run.of(ROW)] == [4]
    assert fact(run.of(ROW)[0], "identity.full_name") == "Nguyễn Văn An"


@pytest.mark.parametrize("kind", ["missing", "link", "folder", "fifo", "second name"])
def test_only_a_plain_file_is_read(deliver, tmp_path, kind):
    folder = tmp_path / "drop"
    folder.mkdir()
    other = tmp_path / "other.csv"
    other.write_text(HEADER + GOOD, encoding="utf-8")
    make = {"missing": lambda path: None, "link": lambda path: path.symlink_to(other), "folder": lambda path: path.mkdir(),
            "fifo": os.mkfifo, "second name": lambda path: os.link(other, path)}
    make[kind](folder / "a.csv")
    run = deliver(None)
    assert_failed(run, "E1002" if kind == "missing" else "E3241", "a.csv")
    assert not run.of(ROW) and not run.of(FILE)


def test_without_its_folder_the_run_fails(deliver, tmp_path):
    deliver(HEADER + GOOD)
    assert_failed(Run(tmp_path / "source.yaml", "-"), "E3254", "folder")


def test_no_cell_stands_in_the_message_of_a_failure(deliver):
    """Messages name places, never what stands there (invariant 9)."""
    run = deliver(HEADER + GOOD + '2,K2,"Bí Mật\n')
    assert "Bí" not in run.end["message"] and "Bí" not in run.stderr
