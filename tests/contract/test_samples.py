"""The three sample sources through the real worker, row by row against their truth."""
import collections
import csv
import sys

import pytest

from worker import END, EXAMPLES, FILE, REJECT, ROW, SAMPLES, SKIP, SKIP_KINDS, Run, fact

SOURCES = {"danh-sach-cbccvc.csv": "noi-vu.yaml", "giang-vien.csv": "giang-vien.yaml", "sinh-vien.csv": "sinh-vien.yaml"}
# What only the engine can see, because it knows all rows of the file.
ENGINE_REASONS = {"duplicate_key", "same_row"}
VALUES = {"name": "identity.full_name", "birth_date": "identity.birth_date", "sex": "identity.sex",
          "cccd": "identity.cccd", "cmnd": "identity.cmnd", "ethnic": "identity.ethnic"}
PRECISIONS = {0: "", 4: "year", 7: "month", 10: "day"}


def truth_of(name, file):
    with open(SAMPLES / name, encoding="utf-8", newline="") as source:
        return {int(row["row_number"]): row for row in csv.DictReader(source) if row["file"] == file}


@pytest.fixture(scope="module")
def runs():
    return {file: Run(EXAMPLES / source, SAMPLES) for file, source in SOURCES.items()}


def outcome_of(frame):
    """(outcome, reason, class) of a frame, as the truth writes them."""
    if frame["type"] == ROW:
        return "accepted", "", ""
    if frame["type"] == SKIP:
        return "skipped", {"heading": "section_row", "total": "total_row"}.get(SKIP_KINDS[frame["kind"]], "?"), ""
    return "quarantined", ";".join(reason[0] for reason in frame["reasons"]), frame["class"]


def values_of(row):
    values = {name: fact(row, path) for name, path in VALUES.items()}
    values["birth_precision"] = PRECISIONS[len(values["birth_date"])]
    return values


def compared(run, file):
    """(truth, frame) of each row; every row of the truth has its frame, and no frame is without one."""
    frames = {frame["row"]: frame for frame in run.frames if frame["type"] in (ROW, REJECT, SKIP)}
    truth = truth_of("rows.csv", file)
    assert sorted(frames) == sorted(truth)
    return [(truth[number], frames[number]) for number in sorted(truth)]


def settled_by_the_engine(truth):
    return truth["reason"] in ENGINE_REASONS


@pytest.mark.parametrize("file", SOURCES)
def test_every_row_has_the_outcome_of_the_truth(runs, file):
    table, wrong = collections.Counter(), []
    for truth, frame in compared(runs[file], file):
        told = outcome_of(frame)
        wanted = ("accepted", "", "") if settled_by_the_engine(truth) else \
            (truth["outcome"], truth["reason"], truth["class"])
        table[(truth["outcome"], truth["reason"] or "-", "as the truth" if told == wanted else f"told {told}")] += 1
        if told != wanted or frame.get("key", truth["row_key"]) != truth["row_key"]:
            wrong.append((truth["row_number"], wanted, told))
    for (outcome, reason, verdict), count in sorted(table.items()):
        print(f"{file:24} {count:5} {outcome:12} {reason:30} {verdict}", file=sys.stderr)
    assert not wrong


@pytest.mark.parametrize("file", SOURCES)
def test_no_quarantined_row_is_accepted(runs, file):
    accepted = [truth["row_number"] for truth, frame in compared(runs[file], file)
                if truth["outcome"] == "quarantined" and frame["type"] == ROW and not settled_by_the_engine(truth)]
    assert not accepted


@pytest.mark.parametrize("file", SOURCES)
def test_accepted_rows_have_the_expected_values_byte_for_byte(runs, file):
    expected = truth_of("expected.csv", file)
    right, wrong = 0, []
    for truth, frame in compared(runs[file], file):
        if truth["outcome"] != "accepted" or frame["type"] != ROW:
            continue
        told = values_of(frame)
        wanted = {name: expected[int(truth["row_number"])][name] for name in told}
        right += told == wanted
        if told != wanted:
            wrong.append((truth["row_number"], {name: (told[name], wanted[name]) for name in told if told[name] != wanted[name]}))
    accepted = sum(row["outcome"] == "accepted" for row in truth_of("rows.csv", file).values())
    print(f"{file}: {right} of {accepted} accepted rows exact, wrong: {wrong[:5]}", file=sys.stderr)
    assert right * 1000 >= accepted * 995


@pytest.mark.parametrize("file", SOURCES)
def test_the_counts_add_up_and_the_file_is_named(runs, file):
    run = runs[file]
    end = run.end
    assert run.status == 0 and end["type"] == END and end["status"] == "ok", run.stderr
    assert end["read"] == end["accepted"] + end["quarantined"] + sum(end["skipped"])
    assert end["accepted"] == len(run.of(ROW)) and end["quarantined"] == len(run.of(REJECT))
    assert sum(end["skipped"]) == len(run.of(SKIP))
    (told,) = run.of(FILE)
    assert told["name"] == file and told["size"] == (SAMPLES / file).stat().st_size


def test_the_closing_row_proves_the_list_and_no_other_file_has_proof(runs):
    proven = runs["danh-sach-cbccvc.csv"].end
    assert proven["completeness"] == "proven" and proven["promised"] == proven["counted"] == 2066
    assert runs["giang-vien.csv"].end["completeness"] == runs["sinh-vien.csv"].end["completeness"] == "unproven"


def test_equal_rows_have_equal_hashes_and_changed_ones_do_not(runs):
    """same_row: the running number differs, the hash does not; duplicate_key: it does."""
    file = "danh-sach-cbccvc.csv"
    groups = collections.defaultdict(set)
    reasons = {}
    for truth, frame in compared(runs[file], file):
        if frame["type"] == ROW:
            groups[truth["row_key"]].add(frame["hash"])
            if settled_by_the_engine(truth):
                reasons[truth["row_key"]] = truth["reason"]
    assert {len(groups[key]) for key, reason in reasons.items() if reason == "same_row"} == {1}
    assert {len(groups[key]) for key, reason in reasons.items() if reason == "duplicate_key"} == {2}
    assert len(set().union(*groups.values())) == sum(len(group) for group in groups.values())


def test_every_accepted_record_holds_the_schema(runs):
    for run in runs.values():
        assert not [row["row"] for row in run.of(ROW) if row["findings"] != 0]


def test_columns_that_nobody_may_collect_never_leave_the_worker(runs):
    """Rule PRV1: religion and Party dates are dropped unread."""
    sent = {column for frame in runs["danh-sach-cbccvc.csv"].frames for column in frame.get("columns", [])}
    assert "Họ và tên khai sinh" in sent
    assert not sent & {"Tôn giáo", "Ngày vào Đảng", "Ngày cấp", "Nơi cấp", "STT", "Trình độ phổ thông"}


def test_lists_and_codes_are_told(runs):
    row = next(row for row in runs["danh-sach-cbccvc.csv"].of(ROW) if row["row"] == 5)
    facts = {(path, key): value for path, key, value in row["facts"]}
    assert facts["degree[].level", "dai_hoc/2016"] == "dai_hoc"
    assert facts["degree[].discipline_code", "dai_hoc/2016"] == "7140202"
    courses = {key for row in runs["giang-vien.csv"].of(ROW) for path, key, _ in row["facts"] if path == "training[].kind"}
    assert {"ky_nang_so/2022", "chuyen_mon/2026", "quan_ly/2023"} <= courses
    awards = {value for row in runs["danh-sach-cbccvc.csv"].of(ROW) for path, _, value in row["facts"] if path == "award[].name"}
    assert "Giấy khen" in awards and not {"Không", "x", "0", "-"} & awards
