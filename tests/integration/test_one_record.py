"""One record all the way: real files through the real daemon, worker and TLS to the national server's ledger."""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import deliveries  # noqa: E402
from daemon import BUILD, SOURCES, Site, acts  # noqa: E402
from evidence import note  # noqa: E402

VALUES = {"name": "identity.full_name", "birth_date": "identity.birth_date", "sex": "identity.sex",
          "cccd": "identity.cccd", "cmnd": "identity.cmnd", "ethnic": "identity.ethnic"}
PRECISIONS = {0: "", 4: "year", 7: "month", 10: "day"}


class Story:
    """The main job, twice, on the whole sample; what was seen on the way."""

    def __init__(self, site):
        self.site = site
        self.first = {"noi-vu": site.run("noi-vu")}
        self.alone = {"noi-vu": site.export()}
        self.first.update({source: site.run(source) for source in ("cao-dang", "cao-dang-sinh-vien")})
        self.quarantine = site.rows("/v1/quarantine", "rows")
        self.published = site.publish()
        self.before = self.look()
        before = site.get("/v1/audit?limit=1")["size"]
        self.second = {source: site.run(source) for source in SOURCES}
        self.second_publish = site.publish()
        self.grown = site.leaves()[before:]
        self.after = self.look()

    def look(self):
        return {"export": self.site.export(), "ledger": self.site.national.ledger(),
                "persons": self.site.national.persons(), "requests": self.site.national.stats()["requests"]}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("story")) as site:
        yield Story(site)


@pytest.fixture(scope="module")
def exports(story, tmp_path_factory):
    """By source: the store's content when this source alone has put persons into it."""
    with Site(tmp_path_factory.mktemp("college")) as site:
        assert [site.run(source).code for source in ("cao-dang", "cao-dang-sinh-vien")] == [0, 0]
        lines = site.export()
    return {"noi-vu": story.alone["noi-vu"], "cao-dang": lines, "cao-dang-sinh-vien": lines}


def objects(lines, member):
    return [line for line in map(json.loads, lines) if member in line]


def persons_by_record(lines):
    return {record: person for person in objects(lines, "person") for record in person["person"]}


def golden(person):
    values = {path: value for path, key, value in person["golden"] if not key}
    found = {name: values.get(path, "") for name, path in VALUES.items()}
    return {**found, "birth_precision": PRECISIONS[len(found["birth_date"])]}


# --- what comes of each row

@pytest.mark.parametrize("source", SOURCES)
def test_each_file_is_loaded_and_its_counts_add_up(story, source):
    run = story.first[source]
    assert (run.code, run.state) == (0, "COMPLETE"), run.view
    assert run.adds_up(), run.counts
    told = collections.Counter(row["outcome"] for row in deliveries.truth("rows.csv", source).values())
    same = sum(row["reason"] == "same_row" for row in deliveries.truth("rows.csv", source).values())
    c = run.counts
    assert (c["read"], c["accepted"] + c["unchanged"], c["unchanged"], c["quarantined"], c["skipped"]) == \
        (told.total(), told["accepted"], same, told["quarantined"], told["skipped"])


@pytest.mark.parametrize("source", SOURCES)
def test_each_row_has_the_outcome_and_the_reasons_of_the_truth(story, source):
    records = persons_by_record(story.before["export"])
    rejected = {row["row"]: row for row in objects(story.before["export"], "quarantined") if row["quarantined"] == source}
    classes = {(row["source"], row["row"]): row["class"] for row in story.quarantine}
    table, wrong = collections.Counter(), []
    for number, row in deliveries.truth("rows.csv", source).items():
        wanted = (row["outcome"], row["reason"], row["class"])
        if number in rejected:
            told = ("quarantined", rejected[number]["codes"].replace(",", ";").replace(" ", ";"), classes[source, number])
        elif f"{source}/{row['row_key']}" in records and row["row_key"]:
            told = ("accepted", row["reason"], "")
        else:
            told = ("skipped", row["reason"], "")
        table[row["outcome"], row["reason"] or "-", "as the truth" if told == wanted else f"told {told}"] += 1
        if told != wanted:
            wrong.append((number, wanted, told))
    for (outcome, reason, verdict), count in sorted(table.items()):
        note(f"rows of {SOURCES[source]}, {outcome}: {reason}", f"{count} {verdict}")
    assert not wrong


@pytest.mark.parametrize("source", SOURCES)
def test_accepted_rows_have_the_expected_values_byte_for_byte(exports, source):
    records = persons_by_record(exports[source])
    expected = deliveries.truth("expected.csv", source)
    accepted, wrong = 0, []
    for number, row in deliveries.truth("rows.csv", source).items():
        if row["outcome"] != "accepted":
            continue
        accepted += 1
        person = records.get(f"{source}/{row['row_key']}")
        told = {} if person is None or len(person["person"]) > 1 else golden(person)
        differ = sorted(name for name, value in told.items() if value != expected[number][name])
        if differ or not told:
            wrong.append((number, differ))
    note(f"accepted rows of {SOURCES[source]} with exactly the expected values", f"{accepted - len(wrong)} of {accepted}")
    assert len(wrong) * 1000 <= accepted * 5, wrong[:10]


def test_nobody_is_joined_with_somebody_else(story):
    uids, review = {}, set()
    for source in SOURCES:
        for row in deliveries.truth("rows.csv", source).values():
            if row["outcome"] == "accepted":
                uids[f"{source}/{row['row_key']}"] = row["person_uid"]
                review |= {f"{source}/{row['row_key']}"} if row["link"] == "review" else set()
    joined = [person["person"] for person in objects(story.before["export"], "person") if len(person["person"]) > 1]
    assert joined, "the college's lecturers stand in the Home Affairs list too"
    assert not [records for records in joined if len({uids[record] for record in records}) > 1]
    assert not [records for records in joined if review & set(records)]
    both = collections.defaultdict(set)
    for record, uid in uids.items():
        both[uid].add(record.split("/")[0])
    note("persons in two lists that were joined by their number",
         f"{len(joined)} of {sum(len(sources) > 1 for sources in both.values())}, none of them wrong")


# --- what the national system got

def test_persons_published_are_persons_acknowledged_in_the_ledger(story):
    c = story.published.counts
    assert (story.published.code, story.published.state) == (0, "COMPLETE"), story.published.view
    sent = [person["image"]["sent"] for person in objects(story.before["export"], "person")
            if person["image"] and person["image"]["sent"]]
    assert len(sent) == c["sent"] == c["acknowledged"] > 1000
    ids = [entry["externalId"] for entry in story.before["ledger"]]
    assert len(ids) == len(set(ids)) == len(sent), "each person once"
    upstream = [{name: value for name, value in row["person"].items() if name != "externalId"}
                for row in story.before["persons"]]
    assert canonical(upstream) == canonical(sent), "and with exactly the values that we hold as sent"
    assert story.site.national.stats()["violations"] == 0
    note("persons published, of them acknowledged in the ledger", f"{len(sent)}, {len(ids)}")


def canonical(rows):
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)


def test_no_student_leaves_the_house(story):
    students = [person for person in objects(story.before["export"], "person")
                if all(record.startswith("cao-dang-sinh-vien/") for record in person["person"])]
    assert len(students) == story.first["cao-dang-sinh-vien"].counts["accepted"]
    assert not [person for person in students if person["image"]]
    numbers = {golden(person)["cccd"] for person in students} - {""}
    assert len(numbers) > 200
    upstream = json.dumps(story.before["persons"])
    assert not [number for number in numbers if number in upstream]


def test_nobody_with_an_open_case_is_published(story):
    cases = objects(story.before["export"], "case")
    assert cases
    people = persons_by_record(story.before["export"])
    for case in cases:
        for records in case["persons"]:
            assert not people[records[0]]["image"], "its answer may yet change who this is"


# --- the second time

def test_a_second_run_writes_its_own_leaves_and_nothing_else(story):
    for source, run in story.second.items():
        c, first = run.counts, story.first[source].counts
        assert (run.code, run.state) == (0, "COMPLETE") and run.adds_up()
        assert (c["accepted"], c["created"], c["changed"], c["quarantined"], c["skipped"]) == \
            (0, 0, 0, first["quarantined"], first["skipped"])
    assert acts(story.grown) == {"run.begin": 4, "run.end": 4}
    assert story.after["export"] == story.before["export"]


def test_a_second_publishing_sends_nothing(story):
    assert (story.second_publish.code, story.second_publish.counts["sent"]) == (0, 0)
    assert story.after["requests"] == story.before["requests"]
    assert story.after["ledger"] == story.before["ledger"]


# --- proofs

def test_the_audit_log_verifies_and_has_a_leaf_for_each_row(story):
    code, verdict = story.site.verify()
    assert (code, verdict["ok"], verdict["problem"]) == (0, True, None)
    leaves = story.site.leaves()
    assert [leaf["seq"] for leaf in leaves] == list(range(len(leaves)))
    counts = [run.counts for run in story.first.values()]
    told = acts(leaves)
    assert told["row.new"] == sum(c["created"] for c in counts)
    assert told["row.reject"] == sum(c["quarantined"] for c in counts)
    assert told["push.ack"] == story.published.counts["acknowledged"]
    assert told["case.open"] == sum(c["cases"] for c in counts)


def test_golden_records_made_anew_are_the_same(story):
    code, report = story.site.reader("rebuild")
    assert (code, report["differ"]) == (0, 0)
    assert report["persons"] == len(objects(story.before["export"], "person"))


def files_of(paths):
    return [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]


def names_in(data, names):
    """Those of `names` that stand in the bytes: whatever begins like one is looked at closer."""
    by_word = collections.defaultdict(set)
    for name in names:
        by_word[name.split(" ", 1)[0].encode()].add(name.encode())
    first = re.compile(b"(?:" + b"|".join(map(re.escape, sorted(by_word, reverse=True))) + b") ")
    return {name for hit in first.finditer(data) for name in by_word[hit[0][:-1]] if data.startswith(name, hit.start())}


def numbers_in(data, numbers):
    """Those of `numbers` that stand in a run of digits. Inside of a longer hexadecimal number is nowhere."""
    lengths = {len(number) for number in numbers}
    runs = re.findall(rb"(?<![0-9A-Fa-f])[0-9]{%d,}(?![0-9A-Fa-f])" % min(lengths), data)
    return {run[at:at + length] for run in runs for length in lengths for at in range(len(run) - length + 1)} & numbers


def clear_hits(names, numbers, paths):
    digits = {number.encode() for number in numbers if number.isdigit()}
    others = [number.encode() for number in numbers if not number.isdigit()]
    hits = set()
    for file in files_of(paths):
        data = file.read_bytes()
        hits |= names_in(data, names) | numbers_in(data, digits) | {other for other in others if other in data}
    return hits


def test_no_name_number_or_phone_stands_in_clear_anywhere(story, tmp_path):
    site = story.site
    names, numbers = deliveries.clear_texts()
    assert len(names) > 2000 and len(numbers) > 3000
    leaves = tmp_path / "leaves"
    leaves.write_text(json.dumps(site.leaves(), ensure_ascii=False), encoding="utf-8")
    places = [site.state, site.log, leaves]
    assert len(clear_hits(names, numbers, [site.folder / "drop"])) > 4000, "the search finds what is there"
    assert clear_hits(names, numbers, places) == set()
    note("names, CCCD and phones searched for in state, log and audit log; found in clear",
         f"{len(names)} names, {len(numbers)} numbers; 0")


def test_what_people_are_shown_is_masked(story):
    site = story.site
    row = next(row for row in deliveries.truth("expected.csv", "noi-vu").values() if row["cccd"])
    found = site.ctl_json("records", "find", stdin=row["cccd"] + "\n")["records"]
    assert {hit["source"] for hit in found} >= {"noi-vu"}
    shown = site.ctl("records", "get", found[0]["uuid"])
    assert shown.returncode == 0 and "•••" in shown.stdout
    listed = site.ctl("quarantine", "list", "--limit", "1000")
    assert listed.returncode == 0
    names, numbers = deliveries.clear_texts()
    for text in (shown.stdout, listed.stdout):
        assert not [clear for clear in names | numbers if clear in text]


def test_a_restart_changes_nothing(tmp_path):
    with Site(tmp_path, files=deliveries.small_files()) as site:
        load(site)
        before = site.export()
        assert site.stop() == 0
        site.start()
        assert site.is_up() and site.export() == before
        assert acts(site.leaves())["start"] == 2 and site.verify()[1]["ok"]


# --- deliveries that do not prove themselves

def load(site):
    codes = [site.run(source).code for source in SOURCES] + [site.publish().code]
    assert codes == [0] * 4, site.log_tail()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small site that was loaded once; its tests change nothing, or put back what they changed."""
    with Site(tmp_path_factory.mktemp("small"), files=deliveries.small_files()) as site:
        load(site)
        yield site


def cut_inside_a_row(data):
    place = int(len(data) * 0.6)
    while data[place - 1:place + 1] in (b"\r\n", b"\n\r") or data[place:place + 1] in (b"\r", b"\n", b";"):
        place += 1
    return data[:place].decode("utf-8", errors="ignore").encode()


def total_of_others(data):
    return re.sub("Tổng cộng: (\\d+)".encode(), lambda m: "Tổng cộng: ".encode() + str(int(m[1]) + 1).encode(), data)


BROKEN = {"cut inside a row": cut_inside_a_row, "its total says one more": total_of_others,
          "header only": lambda data: data.split(b"\n", 1)[0] + b"\n"}


@pytest.mark.parametrize("how", BROKEN)
def test_a_delivery_that_is_not_whole_changes_nothing(small, how):
    whole = deliveries.small_files()["noi-vu"]
    before, size = small.export(), small.get("/v1/audit?limit=1")["size"]
    small.deliver("noi-vu", BROKEN[how](whole))
    try:
        run = small.run("noi-vu")
    finally:
        small.deliver("noi-vu", whole)
    assert (run.code, run.state) == (65, "INCOMPLETE"), run.view
    assert run.view["cause"]["text"] and run.view["cause"]["text_vi"]
    assert acts(small.leaves()[size:]) == {"run.begin": 1, "run.end": 1}
    assert small.export() == before
    again = small.run("noi-vu")
    assert (again.code, again.counts["accepted"], again.counts["quarantined"] > 0) == (0, 0, True)


def test_a_delivery_that_is_not_there_is_no_input(small):
    before = small.export()
    place = small.drop("noi-vu") / SOURCES["noi-vu"]
    place.rename(place.with_suffix(".away"))
    try:
        run = small.run("noi-vu")
    finally:
        place.with_suffix(".away").rename(place)
    assert (run.code, run.state) == (66, "FAILED"), run.view
    assert small.export() == before


def test_what_changed_is_sent_and_nothing_else(tmp_path):
    files = deliveries.small_files()
    with Site(tmp_path, files=files) as site:
        load(site)
        before = {line for line in site.export()}
        sent = site.national.stats()["store"]["ledger"]
        header, rows = deliveries.table("noi-vu", files["noi-vu"])
        published = {person["person"][0] for person in objects(before, "person") if person["image"]}
        columns = [cell.strip() for cell in header]
        phone, key = columns.index("Điện thoại"), columns.index("Số hiệu CBCCVC")
        row = next(row for row in rows if len(row) > key and f"noi-vu/{row[key].strip()}" in published)
        row[phone] = "0200000009"
        # Running numbers renewed: that is no change of any row.
        for place, other in enumerate(rows[:-1]):
            other[0] = str(5000 + place)
        site.deliver("noi-vu", deliveries.written("noi-vu", header, rows))
        run = site.run("noi-vu")
        assert (run.code, run.counts["accepted"], run.counts["changed"], run.counts["created"]) == (0, 1, 1, 0), run.view
        published = site.publish()
        assert (published.code, published.counts["sent"], published.counts["acknowledged"]) == (0, 1, 1), published.view
        (entry,) = site.national.ledger()[sent:]
        assert (entry["op"], entry["version"]) == ("upsert", 2)
        assert len(before ^ set(site.export())) == 2, "one person, before and after"


# --- the other side in trouble

def published_once(site):
    ledger = site.national.ledger()
    ids = [entry["externalId"] for entry in ledger]
    assert len(ids) == len(set(ids)), "applied twice"
    images = [person for person in objects(site.export(), "person") if person["image"] and person["image"]["sent"]]
    assert len(images) == len(ids) > 0
    assert site.national.stats()["violations"] == 0
    return len(ids)


def test_a_server_that_is_down_gets_everything_once_when_it_is_back(tmp_path, small):
    with Site(tmp_path, files=deliveries.small_files()) as site:
        site.stop()
        site.sink()["retry"] = {"first": "1h", "max": "2h"}
        site.start()
        for source in SOURCES:
            assert site.run(source).code == 0
        site.national.stop()
        run = site.publish()
        assert (run.code, run.state) == (69, "FAILED"), run.view
        assert not [person for person in objects(site.export(), "person") if person["image"] and person["image"]["sent"]]
        site.start_national()
        site.stop()
        # An administrator who does not want to wait for the pause to end shortens it.
        site.sink()["retry"] = {"first": "100ms", "max": "1s", "retry_after_max": "1s"}
        site.start()
        run = site.publish()
        assert run.code == 0, run.view
        published_once(site)
        assert site.export() == small.export(), "as if it had never been down"


@pytest.mark.parametrize("fault", ["apply_then_drop", "drop_before", "cut", "accepted202", "garbage", "500"])
def test_a_lost_or_spoilt_answer_is_settled_without_a_second_effect(tmp_path, small, fault):
    with Site(tmp_path, files=deliveries.small_files()) as site:
        site.stop()
        site.sink()["retry"] = {"first": "100ms", "max": "1s", "retry_after_max": "1s"}
        site.start()
        for source in SOURCES:
            assert site.run(source).code == 0
        site.national.fault(fault, times=2)
        for _ in range(10):
            run = site.publish()
            if run.code == 0 and site.get("/v1/status")["counts"]["open_batches"] == 0:
                break
        assert run.code == 0, run.view
        published_once(site)
        assert site.export() == small.export()


# --- what ends a program

def test_a_source_that_nobody_knows_is_not_found(small):
    done = small.ctl("run", "so-y-te", "--wait")
    assert done.returncode == 66 and "so-y-te" in done.stderr and done.stdout == ""
    assert small.ctl("run", "quoc-gia").returncode != 0, "a sink is no source"
    assert small.ctl("run").returncode == 64


def test_one_store_has_one_daemon(small):
    second = subprocess.run([BUILD / "trithucd", "--config", small.config_dir], capture_output=True, text=True,
                            timeout=30, check=False)
    assert second.returncode == 73, second.stderr
    assert small.is_up() and small.get("/v1/status")["counts"]["persons"] > 0


def test_all_faults_of_the_configuration_are_said_at_once_with_their_places(small, tmp_path):
    for path in small.config_dir.rglob("*.yaml"):
        target = tmp_path / path.relative_to(small.config_dir)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    top, source = tmp_path / "trithucd.yaml", tmp_path / "connectors.d/noi-vu.yaml"
    top.write_text(top.read_text(encoding="utf-8").replace("state_dir:", "state_dri:"), encoding="utf-8")
    source.write_text(source.read_text(encoding="utf-8").replace("purpose:", "purpos:"), encoding="utf-8")
    daemon = subprocess.run([BUILD / "trithucd", "--config", tmp_path, "--check"], capture_output=True, text=True,
                            timeout=30, env={**os.environ, "LANG": "C.UTF-8"}, check=False)
    check = small.ctl("config", "check", tmp_path)
    for done in (daemon, check):
        said = done.stdout + done.stderr
        assert done.returncode == 78, said
        assert re.search(r"trithucd\.yaml:\d+:\d+: error: .*state_dri", said) and "state_dir" in said
        assert re.search(r"noi-vu\.yaml:\d+:\d+: error: .*purpos\b", said)
    good = subprocess.run([BUILD / "trithucd", "--config", small.config_dir, "--check"], capture_output=True,
                          text=True, timeout=30, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert small.ctl("config", "check", small.config_dir).returncode == 0


def test_another_master_key_is_refused_before_anything_is_written(tmp_path):
    with Site(tmp_path, files=deliveries.small_files(20, 5, 5)) as site:
        assert site.run("cao-dang").code == 0
        before = site.export()
        site.stop()
        right = site.master.read_bytes()
        site.master.write_bytes(bytes(32))
        site.start()
        assert not site.is_up() and site.process.returncode == 77, site.log_tail()
        site.master.write_bytes(right)
        site.start()
        assert site.is_up() and site.export() == before


def test_a_worker_that_cannot_be_started_fails_the_run_alone(tmp_path):
    with Site(tmp_path, files=deliveries.small_files(20, 5, 5)) as site:
        site.stop()
        site.configs["trithucd.yaml"]["workers"]["program"] = str(tmp_path / "nowhere")
        site.start()
        run = site.run("cao-dang")
        assert (run.code, run.state) == (69, "FAILED"), run.view
        assert site.is_up() and site.verify()[1]["ok"]
