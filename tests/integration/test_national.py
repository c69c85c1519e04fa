"""The reference national server: that it does what the contract says, and does wrong what it is told to."""
import email.utils
import hashlib
import http.client
import json
import os
import pathlib
import random
import socket
import ssl
import sys
import threading
import time

import jsonschema
import pytest
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))
from national import CLIENT, SECRET, National  # noqa: E402

CONTRACT = yaml.safe_load((SOURCE / "schemas/national-api.openapi.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((SOURCE / "schemas/person.schema.json").read_text(encoding="utf-8"))


def keeps(name, value):
    """Holds an answer against the contract with a validator that the server does not use."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)
    return value


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("national")


@pytest.fixture(scope="module")
def shared(home):
    """One server for all tests that do not restart it; each uses persons of its own."""
    with National(home) as server:
        yield server


@pytest.fixture
def server(shared):
    shared.admin("DELETE", "/faults")
    return shared


@pytest.fixture
def own(tmp_path):
    """A server that the test may kill; it is not started yet."""
    server = National(tmp_path)
    yield server
    if server.process and server.process.poll() is None:
        server.stop()


NUMBERS = iter(range(1, 1_000_000))


def new_id(prefix="person"):
    return f"{prefix}-{next(NUMBERS):012d}"


def person(**fields):
    return {"fullName": "Nguyễn Thị Ánh", "birthDate": "1980", **fields}


def upsert(external_id=None, body=None, item_id="1", **more):
    return {"itemId": item_id, "op": "upsert", "externalId": external_id or new_id(), "person": body or person(), **more}


def batch(*items, **more):
    return {"batchId": new_id("batch"), "items": list(items), **more}


def results(answer):
    assert answer.status == 200, answer.raw
    return {result["itemId"]: result for result in keeps("BatchResult", answer.json())["results"]}


def one_result(server, item, **headers):
    return results(server.post_batch(batch(item), **headers))["1"]


def problem_of(answer, status):
    assert answer.status == status, (answer.status, answer.raw)
    assert answer.headers["Content-Type"] == "application/problem+json"
    keeps("Problem", answer.json())
    return answer.problem()


# --- the contract and the person schema

def leaves(record_type):
    definitions = SCHEMA["definitions"]
    for name, section in definitions[record_type]["properties"].items():
        if "$ref" in section:
            section = definitions[section["$ref"].rsplit("/", 1)[1]]
        is_list = section["type"] == "array"
        for field, leaf in (section["items"] if is_list else section)["properties"].items():
            yield name + ("[]" if is_list else "") + "." + field, leaf.get("items", leaf)


def sources(node):
    if isinstance(node, dict):
        yield from [node["x-source"]] if isinstance(node.get("x-source"), str) else []
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from sources(child)


def test_every_golden_field_of_a_person_has_exactly_one_place_in_the_contract():
    golden = [path for path, leaf in leaves("person") if leaf.get("x-golden", True)]
    assert sorted(sources(CONTRACT)) == sorted(golden)


def test_every_code_list_of_the_person_schema_is_there():
    for record_type in ("person", "student"):
        for path, leaf in leaves(record_type):
            if "x-code-list" in leaf:
                assert (SOURCE / f"config/codelists/{leaf['x-code-list']}.csv").is_file(), path


def objects_of(node, path=""):
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield path, node
        for key, child in node.items():
            yield from objects_of(child, f"{path}/{key}")


def test_every_object_is_closed_and_every_text_has_a_greatest_length():
    schemas = CONTRACT["components"]["schemas"]
    open_objects = [path for path, node in objects_of(schemas) if node.get("additionalProperties") is not False]
    assert open_objects == []
    text = json.dumps(schemas)
    assert '{"type": "string"}' not in text and '{"type": "array", "items"' not in text


# --- tokens

def test_a_token_comes_for_basic_credentials(server):
    answer = server.fetch_token()
    assert answer.status == 200
    assert keeps("Token", answer.json())["expires_in"] == 3600
    assert answer.headers["Cache-Control"] == "no-store"


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODY_SECRET = "client_id=trithucd&client_secret=a%20secret+of+this+test"


def test_a_token_comes_for_credentials_in_the_body(server):
    answer = server.request("POST", "/oauth2/token", f"grant_type=client_credentials&{BODY_SECRET}", FORM)
    assert answer.status == 200 and keeps("Token", answer.json())


@pytest.mark.parametrize("form, status, error", [
    ("grant_type=client_credentials&client_id=trithucd&client_secret=wrong", 401, "invalid_client"),
    ("grant_type=client_credentials&client_id=someone&client_secret=a+secret+of+this+test", 401, "invalid_client"),
    ("grant_type=client_credentials", 401, "invalid_client"),
    ("grant_type=password&" + BODY_SECRET, 400, "unsupported_grant_type"),
    ("grant_type=client_credentials&scope=persons.delete&" + BODY_SECRET, 400, "invalid_scope"),
    ("grant_type=client_credentials&audience=x&" + BODY_SECRET, 400, "invalid_request"),
    ("grant_type=client_credentials&grant_type=client_credentials&" + BODY_SECRET, 400, "invalid_request"),
    ("grant_type=client_credentials%2", 400, "invalid_request"),
    ("", 400, "invalid_request"),
])
def test_a_wrong_token_request_is_refused(server, form, status, error):
    answer = server.request("POST", "/oauth2/token", form, FORM)
    assert (answer.status, keeps("TokenError", answer.json())["error"]) == (status, error)


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!!", "Basic dHJpdGh1Y2Q=", "Basic dHJpdGh1Y2Q6d3Jvbmc=", "Basic " + "A" * 4000, "Digest x"])
def test_broken_basic_credentials_are_refused(server, header):
    answer = server.request("POST", "/oauth2/token", "grant_type=client_credentials", {**FORM, "Authorization": header})
    assert answer.status == 401, answer.raw


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer " + "0" * 64}, {"Authorization": "Basic eA=="}])
def test_nothing_is_served_without_a_token(server, headers):
    for method, path in (("GET", "/v1/capabilities"), ("GET", "/v1/changes"), ("POST", "/v1/persons/batch")):
        answer = server.request(method, path, b"{}" if method == "POST" else None, headers)
        assert problem_of(answer, 401) == "unauthenticated"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_for_reading_does_not_write(server):
    token = server.fetch_token(scope="persons.read").json()["access_token"]
    headers = {"Authorization": "Bearer " + token}
    assert server.request("GET", "/v1/capabilities", headers=headers).status == 200
    body = json.dumps(batch(upsert()))
    headers |= {"Content-Type": "application/json", "Idempotency-Key": "k" * 16}
    assert problem_of(server.request("POST", "/v1/persons/batch", body, headers), 403) == "forbidden"


def test_a_token_expires(tmp_path):
    with National(tmp_path, "--token-ttl", "1") as server:
        assert server.get("/v1/capabilities").status == 200
        time.sleep(1.1)
        assert problem_of(server.get("/v1/capabilities"), 401) == "token-expired"


# --- batches

def test_a_new_person_is_created_and_can_be_read_back(server):
    body = person(identifiers=[{"system": "cccd", "value": "020180000001"}], rnd={"role": "nghien_cuu_vien", "fte": 0.3},
                  degrees=[{"level": "thac_si", "year": 2015}], ethnic={"list": "vn1979", "code": "02"})
    external_id = new_id()
    result = one_result(server, upsert(external_id, body))
    assert result["status"] == "created" and result["etag"] == '"1"'
    answer = server.get("/v1/persons/" + external_id)
    assert answer.headers["ETag"] == '"1"' and keeps("Person", answer.json()) == body


def test_what_stands_there_already_is_unchanged(server):
    external_id = new_id()
    one_result(server, upsert(external_id))
    before = server.stats()["store"]
    assert one_result(server, upsert(external_id))["status"] == "unchanged"
    assert one_result(server, upsert(external_id, ifMatch='"1"'))["status"] == "unchanged"
    assert one_result(server, upsert(external_id, ifMatch='"9"'))["status"] == "unchanged"
    assert server.stats()["store"]["ledger"] == before["ledger"]


def test_an_update_needs_the_present_etag(server):
    external_id, changed = new_id(), person(otherName="Ánh")
    one_result(server, upsert(external_id))
    for more in ({}, {"ifMatch": '"7"'}):
        result = one_result(server, upsert(external_id, changed, **more))
        assert result["status"] == "conflict" and result["etag"] == '"1"'
        assert result["problem"]["type"].endswith("/conflict")
    result = one_result(server, upsert(external_id, changed, ifMatch='"1"'))
    assert (result["status"], result["etag"]) == ("updated", '"2"')
    assert server.get("/v1/persons/" + external_id).json() == changed


def test_an_etag_for_nobody_is_rejected(server):
    result = one_result(server, upsert(ifMatch='"1"'))
    assert result["status"] == "rejected" and result["problem"]["type"].endswith("/unknown-person")
    assert "etag" not in result


def test_an_identifier_of_somebody_else_names_him(server):
    first, second = new_id(), new_id()
    body = person(identifiers=[{"system": "cccd", "value": "020180000777"}])
    one_result(server, upsert(first, body))
    result = one_result(server, upsert(second, body))
    assert result["status"] == "conflict" and result["problem"]["type"].endswith("/exists")
    assert result["problem"]["externalId"] == first
    assert problem_of(server.get("/v1/persons/" + second), 404) == "unknown-person"


def retire(external_id, **more):
    return {"itemId": "1", "op": "retire", "externalId": external_id, **more}


def test_a_person_is_retired_and_comes_back(server):
    external_id = new_id()
    assert one_result(server, retire(external_id))["status"] == "rejected"
    one_result(server, upsert(external_id))
    assert one_result(server, retire(external_id, ifMatch='"5"'))["status"] == "conflict"
    assert one_result(server, retire(external_id, ifMatch='"1"'))["status"] == "retired"
    assert problem_of(server.get("/v1/persons/" + external_id), 410) == "retired"
    assert one_result(server, retire(external_id))["status"] == "unchanged"
    result = one_result(server, upsert(external_id))
    assert (result["status"], result["etag"]) == ("created", '"3"')


def test_one_bad_person_does_not_touch_the_others(server):
    answer = server.post_batch(batch(upsert(item_id="a"), upsert(body=person(birthDate="1980-13"), item_id="b"),
                                     upsert(body=person(religion="x"), item_id="c"), upsert(item_id="d")))
    found = results(answer)
    assert [found[i]["status"] for i in "abcd"] == ["created", "invalid", "invalid", "created"]
    assert found["b"]["problem"]["errors"][0]["pointer"] == "/items/1/person/birthDate"
    assert "1980-13" not in answer.raw.decode()


@pytest.mark.parametrize("field, value", [
    ("fullName", ""), ("fullName", "x" * 101), ("fullName", 7), ("fullName", None), ("birthDate", "05/06/1980"),
    ("birthDate", "1980-00"), ("birthDate", "1980-01-32"), ("birthDate", "1980 "), ("gender", "nam"),
    ("identifiers", [{"system": "cccd", "value": "02018000000"}]), ("identifiers", [{"system": "cccd", "value": 20180000001}]),
    ("identifiers", [{"system": "cmnd", "value": "0201800000"}]), ("identifiers", [{"system": "party", "value": "1"}]),
    ("identifiers", [{"system": "cccd"}]), ("identifiers", [{"system": "cccd", "value": "020180000001", "note": "x"}]),
    ("ethnic", "02"), ("ethnic", {"code": "02"}), ("ethnic", {"list": "vn2008", "code": "02"}), ("nationality", "Việt Nam"),
    ("contact", {"phone": "nhà"}), ("contact", {"commune": {"code": "05977"}}), ("positions", [{}]),
    ("positions", [{"organisation": "x", "step": 17}]), ("positions", [{"organisation": "x", "step": 1.5}]),
    ("positions", [{"organisation": "x", "coefficient": "3.99"}]), ("positions", [{"organisation": "x", "main": "true"}]),
    ("degrees", [{"year": 2015}]), ("degrees", [{"level": "thac_si", "year": "2015"}]), ("degrees", [{"level": "thac_si"}] * 33),
    ("degrees", [{"level": "thac_si", "disciplineCode": "848020"}]), ("academicTitle", {"name": "TS"}),
    ("trainings", [{"kind": "khac"}]), ("trainings", [{"kind": "quan_ly", "hours": 0}]), ("rnd", {"fte": 1.1}),
    ("rnd", {"fieldCode": "101"}), ("awards", [{"name": ""}]), ("societies", [{}]), ("overseas", {"country": "Japan"}),
    ("qualification", {"religion": "x"}), ("updatedAt", "2026-01-01T00:00:00Z"), ("degrees", {}), ("rnd", None),
])
def test_a_person_that_breaks_the_contract_is_invalid(server, field, value):
    body = person(**{field: value})
    with pytest.raises(jsonschema.ValidationError):
        keeps("Person", body)
    result = one_result(server, upsert(body=body))
    assert result["status"] == "invalid", field
    pointers = [error["pointer"] for error in result["problem"]["errors"]]
    assert pointers and all(pointer.startswith("/items/0/person") for pointer in pointers)


def test_a_pattern_ends_where_the_text_ends(server):
    result = one_result(server, upsert(body=person(birthDate="1980\n")))  # Python's own "$" would let this pass
    assert result["status"] == "invalid"


def test_a_full_person_keeps_the_contract(server):
    full = person(
        otherName="Ánh", birthDate="1980-05-06", gender="female", nationality="VN", birthPlace="Lạng Sơn", homePlace="Lạng Sơn",
        identifiers=[{"system": "cccd", "value": "020180000002"}, {"system": "cmnd", "value": "080000002"},
                     {"system": "passport", "value": "B1234567"}, {"system": "taxCode", "value": "0100000000-001"},
                     {"system": "socialInsurance", "value": "2000000000"}],
        ethnic={"list": "vn1979", "code": "07"},
        contact={"phone": "0205000000", "email": "a@example.org", "address": "Lạng Sơn",
                 "commune": {"list": "dvhc-2025-07", "code": "05977"}},
        positions=[{"organisation": "Sở A", "department": "Phòng B", "kind": "cong_chuc", "position": "Chuyên viên",
                    "gradeCode": "01.003", "gradeName": "Chuyên viên", "step": 3, "coefficient": 3.99,
                    "startDate": "2011-04", "endDate": "2020", "main": True, "sector": "public"}],
        degrees=[{"level": "dai_hoc", "disciplineCode": "7140201", "discipline": "X", "institution": "Y", "country": "VN",
                  "year": 2002}],
        academicTitle={"name": "PGS", "year": 2020},
        qualification={"politicalTheory": "so_cap", "stateManagement": "chuyen_vien", "foreignLanguage": "Tiếng Anh B1",
                       "itSkill": "A", "minorityLanguage": "Tày"},
        trainings=[{"kind": "ky_nang_so", "year": 2025, "course": "C", "provider": "D", "hours": 16}],
        rnd={"role": "chu_nhiem", "fte": 0.5, "fieldCode": "sf2025:101"},
        awards=[{"name": "Bằng khen", "year": 2019, "kind": "bang_khen"}],
        societies=[{"organisation": "Hội E", "role": "Hội viên", "since": "2010"}],
        overseas={"country": "JP", "organisation": "F", "field": "G", "since": "2015"})
    external_id = new_id()
    assert one_result(server, upsert(external_id, keeps("Person", full)))["status"] == "created"
    assert server.get("/v1/persons/" + external_id).json() == full


def raw_batch(text):
    return json.dumps(batch(upsert())).replace('"items"', text + '"items"').encode()


@pytest.mark.parametrize("body, status, problem", [
    (b"", 400, "malformed"), (b"{", 400, "malformed"), (b"\xff\xfe{}", 400, "malformed"), (b"[" * 2000, 400, "malformed"),
    (raw_batch('"batchId": "batch-twice-00000001", '), 400, "malformed"), (b'{"batchId": "\xc3\x28"}', 400, "malformed"),
    (b"[]", 422, "invalid"), (b"{}", 422, "invalid"), (raw_batch('"extra": 1, '), 422, "invalid"),
    (json.dumps({"batchId": "short", "items": [upsert()]}).encode(), 422, "invalid"),
    (json.dumps(batch()).encode(), 422, "invalid"),
    (json.dumps(batch({"itemId": "1", "op": "upsert", "externalId": "x"})).encode(), 422, "invalid"),
    (json.dumps(batch({**retire("x"), "person": person()})).encode(), 422, "invalid"),
    (json.dumps(batch({**upsert(), "op": "delete"})).encode(), 422, "invalid"),
    (json.dumps(batch({**upsert(), "priority": 1})).encode(), 422, "invalid"),
    (json.dumps(batch(upsert("a b"))).encode(), 422, "invalid"),
    (json.dumps(batch(upsert(ifMatch="3"))).encode(), 422, "invalid"),
    (json.dumps(batch(upsert(), upsert())).encode(), 422, "invalid"),
    (json.dumps(batch(*[upsert(item_id=str(i)) for i in range(201)])).encode(), 422, "invalid"),
])
def test_a_batch_that_breaks_the_contract_is_refused_whole(server, body, status, problem):
    before = server.stats()["violations"]
    answer = server.post_batch(body, key=new_id("key-of-a-request"))
    assert problem_of(answer, status) == problem
    assert server.stats()["violations"] == before + 1


@pytest.mark.parametrize("headers, status, problem", [
    ({"Idempotency_Key": "short"}, 422, "invalid"), ({"Content_Type": "text/plain"}, 415, "media-type"),
    ({"Client_Epoch": "0"}, 422, "invalid"), ({"Client_Epoch": "07"}, 422, "invalid"), ({"Client_Epoch": "-1"}, 422, "invalid"),
    ({"Client_Epoch": "99999999999999999999"}, 422, "invalid"), ({"Schema_Version": "1"}, 422, "invalid"),
    ({"Schema_Version": "9.9"}, 422, "version"),
])
def test_a_header_that_breaks_the_contract_is_refused(server, headers, status, problem):
    assert problem_of(server.post_batch(batch(upsert()), **headers), status) == problem


def test_a_key_is_required(server):
    headers = {**server.bearer(), "Content-Type": "application/json"}
    answer = server.request("POST", "/v1/persons/batch", json.dumps(batch(upsert())), headers)
    assert problem_of(answer, 422) == "invalid"
    assert answer.json()["errors"] == [{"detail": "missing", "pointer": "Idempotency-Key"}]


def test_paths_methods_and_parameters_outside_the_contract_are_refused(server):
    assert problem_of(server.get("/v2/persons"), 404) == "unknown-path"
    assert problem_of(server.request("DELETE", "/v1/persons/x", headers=server.bearer()), 405) == "method"
    assert problem_of(server.get("/v1/changes?since=1"), 422) == "invalid"
    assert problem_of(server.get("/v1/changes?limit=0"), 422) == "invalid"
    assert problem_of(server.get("/v1/changes?limit=5&limit=6"), 422) == "invalid"
    assert problem_of(server.get("/v1/persons/" + "x" * 65), 422) == "invalid"


def test_limits_of_bytes_and_items_are_the_ones_it_tells(tmp_path):
    with National(tmp_path, "--max-items", "2", "--max-bytes", "4096") as server:
        told = keeps("Capabilities", server.get("/v1/capabilities").json())
        assert (told["maxItems"], told["maxBytes"]) == (2, 4096)
        assert server.post_batch(batch(*[upsert(item_id=str(i)) for i in range(2)])).status == 200
        assert problem_of(server.post_batch(batch(*[upsert(item_id=str(i)) for i in range(3)])), 413) == "too-large"
        big = batch(upsert(body=person(homePlace="x" * 300, birthPlace="x" * 300)))
        assert server.post_batch(big).status == 200
        assert problem_of(server.post_batch(json.dumps(batch(upsert())).encode() + b" " * 4096, key="k" * 16), 413) == "too-large"


def test_a_strict_batch_is_all_or_nothing(server):
    good, bad = new_id(), new_id()
    before = server.stats()["store"]
    found = results(server.post_batch(batch(upsert(good, item_id="good"), upsert(bad, ifMatch='"1"', item_id="bad")),
                                      Prefer="handling=strict"))
    assert found["good"]["status"] == "rejected" and found["good"]["problem"]["type"].endswith("/not-applied")
    assert "etag" not in found["good"] and found["bad"]["status"] == "rejected"
    after = server.stats()["store"]
    assert (after["ledger"], after["persons"], after["lastSeq"]) == (before["ledger"], before["persons"], before["lastSeq"])
    found = results(server.post_batch(batch(upsert(good), retire(good) | {"itemId": "2"}), Prefer="handling=strict"))
    assert [found[i]["status"] for i in "12"] == ["created", "retired"]


# --- keys, batches, epochs

def test_a_repeat_gets_the_first_answer_byte_for_byte(server):
    external_id = new_id()
    body = json.dumps(batch(upsert(external_id), upsert(item_id="2", ifMatch='"1"'))).encode()
    first = server.post_batch(body)
    one_result(server, upsert(external_id, person(otherName="later"), ifMatch='"1"'))
    before = server.stats()
    again = server.post_batch(body)
    assert (again.status, again.raw) == (first.status, first.raw)
    after = server.stats()
    assert after["replays"] == before["replays"] + 1 and after["store"] == before["store"]


def test_the_outcome_of_a_batch_can_be_asked_for(server):
    sent = batch(upsert())
    assert problem_of(server.get("/v1/batches/" + sent["batchId"]), 404) == "unknown-batch"
    assert problem_of(server.get("/v1/batches/none"), 422) == "invalid"
    answer = server.post_batch(sent)
    assert server.get("/v1/batches/" + sent["batchId"]).raw == answer.raw


def test_a_key_with_other_bytes_is_refused(server):
    sent = batch(upsert())
    server.post_batch(sent, key="the-key-of-two-batches")
    ledger = server.stats()["store"]["ledger"]
    assert problem_of(server.post_batch(batch(upsert()), key="the-key-of-two-batches"), 422) == "other-payload"
    assert problem_of(server.post_batch(json.dumps(sent, indent=1).encode(), key="the-key-of-two-batches"), 422) == "other-payload"
    assert server.stats()["store"]["ledger"] == ledger


def test_a_batch_under_another_key_is_refused(server):
    sent = batch(upsert())
    server.post_batch(sent)
    assert problem_of(server.post_batch(sent, key="another-key-0000"), 409) == "batch-reused"


def in_background(work):
    box = []
    thread = threading.Thread(target=lambda: box.append(work()))
    thread.start()
    return thread, box


def test_a_request_that_is_being_worked_on_is_in_progress(server):
    server.bearer()
    sent, faults = batch(upsert()), server.stats()["faults"]
    server.fault("slow", ms=2000)
    thread, box = in_background(lambda: server.post_batch(sent))
    server.wait_until(lambda stats: stats["faults"] == faults + 1)
    time.sleep(0.1)
    assert problem_of(server.post_batch(sent), 409) == "in-progress"
    assert problem_of(server.get("/v1/batches/" + sent["batchId"]), 409) == "in-progress"
    assert problem_of(server.post_batch(sent, key="another-key-of-it"), 409) == "in-progress"
    assert problem_of(server.post_batch(batch(upsert()), key="key-of-" + sent["batchId"]), 409) == "in-progress"
    assert server.post_batch(batch(upsert())).status == 200, "another batch is not held up"
    thread.join()
    assert box[0].status == 200 and server.post_batch(sent).raw == box[0].raw


def test_an_older_epoch_is_fenced(own):
    own.start()
    assert "client" not in own.get("/v1/capabilities").json()
    first = batch(upsert())
    first_answer = own.post_batch(first, Client_Epoch="4", Audit_Checkpoint="17 root")
    newer = batch(upsert())
    assert own.post_batch(newer, Client_Epoch="5").status == 200
    assert problem_of(own.post_batch(batch(upsert()), Client_Epoch="4"), 409) == "fenced"
    assert problem_of(own.post_batch(first, Client_Epoch="4"), 409) == "fenced"
    assert own.post_batch(first, Client_Epoch="6").raw == first_answer.raw
    assert problem_of(own.post_batch(batch(upsert()), Client_Epoch="5"), 409) == "fenced"
    client = keeps("Capabilities", own.get("/v1/capabilities").json())["client"]
    assert client == {"epoch": 6, "lastBatchId": newer["batchId"], "lastSeq": 2, "auditCheckpoint": "17 root"}
    own.stop()
    own.start()
    assert problem_of(own.post_batch(batch(upsert()), Client_Epoch="5"), 409) == "fenced"


# --- ledger and changes

def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def test_the_ledger_has_one_row_per_applied_item(server):
    seen = {row["seq"] for row in server.ledger()}
    external_id = new_id()
    sent = batch(upsert(external_id), upsert(ifMatch='"1"', item_id="2"), upsert(body=person(x=1), item_id="3"))
    server.post_batch(sent, Client_Epoch="9007199254740991")
    server.post_batch(sent, Client_Epoch="9007199254740991")
    rows = [row for row in server.ledger() if row["seq"] not in seen]
    assert len(rows) == 1
    assert abs(rows[0].pop("time") - time.time()) < 60 and rows[0].pop("seq") > max(seen, default=0)
    assert rows[0] == {"batchId": sent["batchId"], "itemId": "1", "externalId": external_id, "op": "upsert", "version": 1,
                       "epoch": 9007199254740991, "bodyHash": hashlib.sha256(canonical(person())).hexdigest()}


def all_changes(server, cursor=None, limit=3):
    changes = []
    while True:
        page = server.get(f"/v1/changes?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json()
        keeps("ChangePage", page)
        assert len(page["changes"]) <= limit
        changes += page["changes"]
        cursor = page["nextCursor"]
        if not page["hasMore"]:
            return changes, cursor


def test_the_feed_tells_every_change_in_order(server):
    _, cursor = all_changes(server, limit=1000)
    external_id = new_id()
    sent = batch(upsert(external_id))
    server.post_batch(sent)
    status, edited = server.admin("POST", "/persons/edit", {"externalId": external_id, "set": {"otherName": "Sửa"},
                                                            "remove": ["birthDate"]})
    assert (status, edited["etag"]) == (200, '"2"')
    one_result(server, retire(external_id, ifMatch='"2"'))
    changes, end = all_changes(server, cursor, limit=1)
    assert [(c["op"], c["etag"]) for c in changes] == [("upsert", '"1"'), ("upsert", '"2"'), ("retire", '"3"')]
    assert changes[0]["batchId"] == sent["batchId"] and "batchId" not in changes[1]
    assert changes[1]["person"] == {"fullName": "Nguyễn Thị Ánh", "otherName": "Sửa"} and "person" not in changes[2]
    assert [c["seq"] for c in changes] == sorted(c["seq"] for c in changes)
    assert all_changes(server, end) == ([], end)
    everything, _ = all_changes(server, limit=1000)
    assert [c["seq"] for c in everything] == list(range(1, len(everything) + 1))


@pytest.mark.parametrize("cursor", ["c999999999", "x", "c", "c1x"])
def test_an_unknown_cursor_has_expired(server, cursor):
    assert problem_of(server.get("/v1/changes?cursor=" + cursor), 410) == "cursor-expired"


def test_an_upstream_edit_makes_our_etag_old(server):
    external_id = new_id()
    one_result(server, upsert(external_id))
    server.admin("POST", "/persons/edit", {"externalId": external_id, "set": {"otherName": "Sửa"}})
    result = one_result(server, upsert(external_id, person(homePlace="x"), ifMatch='"1"'))
    assert (result["status"], result["etag"]) == ("conflict", '"2"')
    assert server.admin("POST", "/persons/edit", {"externalId": external_id, "set": {"religion": "x"}})[0] == 422
    assert server.admin("POST", "/persons/edit", {"externalId": "nobody"})[0] == 404


# --- faults

@pytest.mark.parametrize("value, seconds", [("7", 7), ("date:30", 30), ("-5", None), ("soon", None), ("99999999999", None)])
def test_a_limit_tells_when_to_come_back(server, value, seconds):
    server.fault(429, retry_after=value)
    answer = server.post_batch(batch(upsert()))
    assert problem_of(answer, 429) == "limited"
    header = answer.headers["Retry-After"]
    if value.startswith("date:"):
        assert abs(email.utils.parsedate_to_datetime(header).timestamp() - time.time() - seconds) < 3
    else:
        assert header == value


@pytest.mark.parametrize("status, problem", [
    (400, "malformed"), (401, "unauthenticated"), (409, "fenced"), (410, "retired"), (413, "too-large"), (422, "invalid"),
    (429, "limited"), (500, "internal"), (503, "unavailable")])
def test_a_status_on_demand_has_its_problem_and_applies_nothing(server, status, problem):
    sent = batch(upsert())
    server.fault(status)
    assert problem_of(server.post_batch(sent), status) == problem
    assert problem_of(server.get("/v1/batches/" + sent["batchId"]), 404) == "unknown-batch"
    assert server.post_batch(sent).status == 200


@pytest.mark.parametrize("status", [408, 425, 502, 504])
def test_a_gateway_answers_with_a_page_of_its_own(server, status):
    server.fault(status)
    answer = server.post_batch(batch(upsert()))
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html")


def test_a_problem_can_be_chosen(server):
    server.fault(422, problem="other-payload")
    assert problem_of(server.post_batch(batch(upsert())), 422) == "other-payload"
    assert server.admin("POST", "/faults", {"kind": "422", "problem": "nonsense"})[0] == 400
    assert server.admin("POST", "/faults", {"kind": "nonsense"})[0] == 400
    assert server.admin("POST", "/faults", {"kind": "500", "time": 3})[0] == 400


LOST = (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionError, ssl.SSLError, ssl.SSLEOFError)


@pytest.mark.parametrize("kind, applied", [("apply_then_drop", True), ("cut", True), ("drop_before", False)])
def test_a_lost_answer_can_be_asked_for(server, kind, applied):
    sent = batch(upsert())
    server.bearer()
    server.fault(kind)
    with pytest.raises(LOST):
        server.post_batch(sent)
    asked = server.get("/v1/batches/" + sent["batchId"])
    assert asked.status == (200 if applied else 404)
    ledger = server.stats()["store"]["ledger"]
    again = server.post_batch(sent)
    assert results(again)["1"]["status"] == "created"
    assert server.stats()["store"]["ledger"] == ledger + (0 if applied else 1)
    assert not applied or again.raw == asked.raw


@pytest.mark.parametrize("kind", ["500", "502", "503", "504", "garbage", "html200", "empty200", "error200"])
def test_an_answer_can_be_lost_after_the_work_in_any_way(server, kind):
    sent = batch(upsert())
    server.fault(kind, applied=True)
    assert b'"results"' not in server.post_batch(sent).raw
    assert results(server.get("/v1/batches/" + sent["batchId"]))["1"]["status"] == "created"


@pytest.mark.parametrize("kind, status, start", [
    ("garbage", 200, b'{"batchId":"\xff'), ("html200", 200, b"<html>"), ("empty200", 200, b""),
    ("error200", 200, b'{"error_code":"-1"'), ("redirect", 302, b"")])
def test_a_wrong_answer_comes_without_any_work(server, kind, status, start):
    sent = batch(upsert())
    server.fault(kind)
    answer = server.post_batch(sent)
    assert answer.status == status and answer.raw.startswith(start)
    assert server.get("/v1/batches/" + sent["batchId"]).status == 404


def changed_answer(server, kind):
    sent = batch(upsert(item_id="a"), upsert(item_id="b"))
    server.fault(kind)
    answer = server.post_batch(sent).json()
    assert len(results(server.post_batch(sent))) == 2, "only that one answer was wrong"
    return sent, answer


def test_the_results_can_be_wrong(server):
    _, answer = changed_answer(server, "wrong_ids")
    assert [r["itemId"] for r in answer["results"]] == ["xa", "xb"]
    _, answer = changed_answer(server, "missing_item")
    assert [r["itemId"] for r in answer["results"]] == ["a"]
    _, answer = changed_answer(server, "extra_item")
    assert [r["itemId"] for r in answer["results"]] == ["a", "b", "nobody-sent-this"]
    sent, answer = changed_answer(server, "wrong_batch")
    assert answer["batchId"] != sent["batchId"]


def test_an_answer_can_be_far_too_big(server):
    server.fault("big")
    assert len(server.post_batch(batch(upsert())).raw) == 64 << 20


def test_a_batch_can_be_accepted_and_answered_later(server):
    sent = batch(upsert())
    server.fault("accepted202")
    answer = server.post_batch(sent)
    assert (answer.status, answer.headers["Location"]) == (202, "/v1/batches/" + sent["batchId"])
    assert results(server.get(answer.headers["Location"]))["1"]["status"] == "created"


@pytest.mark.parametrize("kind, status", [("retry_items", "retry"), ("reject_items", "rejected")])
def test_items_can_be_turned_away(server, kind, status):
    before = server.stats()["store"]["ledger"]
    server.fault(kind)
    found = results(server.post_batch(batch(upsert(item_id="a"), upsert(item_id="b"))))
    assert [found[i]["status"] for i in "ab"] == [status] * 2
    assert server.stats()["store"]["ledger"] == before


def test_a_token_can_expire_early(server):
    server.fault("expired_token")
    sent = batch(upsert())
    assert problem_of(server.post_batch(sent), 401) == "token-expired"
    assert problem_of(server.post_batch(sent), 401) == "token-expired", "that token stays expired"
    server.token = None
    assert server.post_batch(sent).status == 200


def test_a_fault_strikes_where_and_as_often_as_it_was_told(server):
    server.fault(503, on="getPerson", after=1, times=2)
    external_id = new_id()
    one_result(server, upsert(external_id))
    assert [server.get("/v1/persons/" + external_id).status for _ in range(4)] == [200, 503, 503, 200]
    server.fault(500, on="getToken")
    assert server.fetch_token().status == 500 and server.fetch_token().status == 200
    poison = new_id()
    server.fault(422, match=poison, times=-1)
    assert [server.post_batch(batch(upsert(i))).status for i in (poison, new_id(), poison)] == [422, 200, 422]
    assert [f["times"] for f in server.admin("GET", "/faults")[1]] == [-1]


def test_a_slow_answer_comes_late(server):
    for applied in (False, True):
        server.fault("slow", ms=300, applied=applied)
        start = time.monotonic()
        assert server.post_batch(batch(upsert())).status == 200
        assert 0.3 <= time.monotonic() - start < 10


# --- the process

def test_only_tls_with_a_trusted_certificate_is_spoken(server):
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection("localhost", server.port, context=ssl.create_default_context()).request("GET", "/")
    old = ssl.create_default_context(cafile=str(server.folder / "ca.pem"))
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        http.client.HTTPSConnection("localhost", server.port, context=old).request("GET", "/")
    with pytest.raises((http.client.HTTPException, OSError)):
        plain = http.client.HTTPConnection("localhost", server.port, timeout=10)
        plain.request("GET", "/v1/capabilities")
        plain.getresponse()


def test_only_one_loopback_address_is_listened_on(server):
    for port in (server.port, server.admin_port):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):  # a socket on 0.0.0.0 would take this one
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_it_says_when_it_is_ready_and_ends_when_told(own):
    own.start()
    ready = json.loads((own.folder / "ready").read_text(encoding="utf-8"))
    assert ready == {"port": own.port, "adminPort": own.admin_port, "pid": own.process.pid}
    own.bearer()
    own.fault("slow", ms=100_000)
    thread, _ = in_background(lambda: push_until_killed(own, [batch(upsert())], {}))
    own.wait_until(lambda stats: stats["faults"] == 1)
    start = time.monotonic()
    assert own.stop() == 0 and time.monotonic() - start < 10
    thread.join()


def test_a_wrong_command_line_is_refused(own):
    own.options = ("--token-ttl", "none")
    with pytest.raises(json.JSONDecodeError):
        own.start()
    assert own.end() == 64


def push_until_killed(server, batches, answers):
    """Sends the batches in turn; what was answered is put into `answers`."""
    for sent in batches:
        try:
            answer = server.post_batch(sent)
        except (OSError, http.client.HTTPException):
            return
        answers[sent["batchId"]] = answer.raw


KILLS = 40 if os.environ.get("TRITHUC_LONG") else 8


def test_sigkill_at_any_moment_leaves_whole_batches_only(own):
    seed = int(os.environ.get("TRITHUC_SEED", random.randrange(1 << 32)))
    rng = random.Random(seed)
    print(f"seed {seed}, {KILLS} kills")
    batches = [batch(*[upsert(item_id=str(i)) for i in range(20)]) for _ in range(KILLS * 15)]
    answers, killed_midway = {}, 0
    for _ in range(KILLS):
        own.start()
        own.bearer()
        left = [sent for sent in batches if sent["batchId"] not in answers]
        thread, _ = in_background(lambda left=left: push_until_killed(own, left, answers))
        time.sleep(rng.uniform(0.0, 0.1))
        own.kill()
        thread.join()
        killed_midway += len(answers) < len(batches)
    own.start()
    ledger = own.ledger()
    per_batch = {}
    for row in ledger:
        per_batch.setdefault(row["batchId"], []).append(row["itemId"])
    assert all(sorted(items, key=int) == [str(i) for i in range(20)] for items in per_batch.values()), f"seed {seed}"
    assert set(answers) <= set(per_batch), "what was answered is there"
    for batch_id in per_batch:
        assert own.get("/v1/batches/" + batch_id).status == 200, f"applied without an answer, seed {seed}"
    for sent in batches:
        again = own.post_batch(sent)
        assert again.raw == answers.get(sent["batchId"], again.raw), f"seed {seed}"
    rows = [(row["batchId"], row["itemId"]) for row in own.ledger()]
    assert len(rows) == len(set(rows)) == len(batches) * 20
    assert killed_midway > 0


def test_the_secret_is_in_no_file_of_the_server(server):
    for path in server.folder.iterdir():
        if path.name != "secret":
            assert SECRET.encode() not in path.read_bytes(), path
    assert CLIENT
