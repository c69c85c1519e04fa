"""The control API and trithucctl as their users meet them: the description, the masks, hostile peers, terminals."""
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import unicodedata

import jsonschema
import pytest
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))
from control import CTL, HOST, Host, run_ctl  # noqa: E402

API = yaml.safe_load((SOURCE / "schemas/control-api.openapi.yaml").read_text(encoding="utf-8"))
SECRETS = ["000085000345", "Nguyễn", "Nghiệm", "1985-02", "thu@example", "CB-THU", "GV-THU", "31/2/85"]


def keeps(schema, value):
    jsonschema.Draft202012Validator({**schema, "components": API["components"]}).validate(value)
    return value


def operations():
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def resolve(node):
    while "$ref" in node:
        found = API
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with Host(tmp_path_factory.mktemp("control")) as running:
        yield running


def ctl(host, *arguments, **options):
    return run_ctl(*arguments, socket=host.socket, **options)


def a_person(host):
    answer = host.ask("POST", "/v1/records/find", {"kind": "cccd", "value": "000085000345"})
    return json.loads(answer[2])["records"][0]["uuid"]


# ---- the description ----

def test_every_route_is_described_and_nothing_else():
    routes = json.loads(subprocess.run([HOST, "--routes"], capture_output=True, check=True).stdout)
    built = {(r["method"], r["path"]): (sorted(r["query"]), sorted(r["roles"].split("|")), r["takes_body"]) for r in routes}
    described = {}
    for method, path, operation in operations():
        parameters = [resolve(p) for p in operation.get("parameters", [])]
        described[method, path] = (sorted(p["name"] for p in parameters if p["in"] == "query"),
                                   sorted(operation["x-roles"]), "requestBody" in operation)
        assert [p["name"] for p in parameters if p["in"] == "path"] == re.findall(r"{(\w+)}", path)
    assert built == described


def test_every_example_keeps_its_schema():
    count = 0
    for _, _, operation in operations():
        contents = [resolve(r)["content"] for r in operation["responses"].values()]
        if "requestBody" in operation:
            contents.append(resolve(operation["requestBody"])["content"])
        for content in contents:
            for media in content.values():
                if "example" in media:
                    keeps(media["schema"], media["example"])
                    count += 1
    assert count > 25


def calls(host):
    """One good call of every route."""
    person = a_person(host)
    rows = json.loads(host.ask("GET", "/v1/quarantine")[2])["rows"]
    host.ask("POST", "/v1/runs", {"source": "failed"})
    for _ in range(4):
        host.ask("GET", "/v1/runs/1")
    return {
        "status": ("GET", "/v1/status", None), "doctor": ("GET", "/v1/doctor", None),
        "runs_list": ("GET", "/v1/runs?limit=10", None), "runs_start": ("POST", "/v1/runs", {"source": "complete"}),
        "runs_get": ("GET", "/v1/runs/1", None), "publish_start": ("POST", "/v1/publish", {}),
        "records_find": ("POST", "/v1/records/find", {"kind": "source_key", "source": "complete", "value": "CB-THU-00017"}),
        "records_get": ("GET", f"/v1/records/{person}", None),
        "exports_canonical": ("POST", "/v1/exports/canonical", {"reason": "test"}),
        "cases_list": ("GET", "/v1/cases", None), "cases_get": ("GET", "/v1/cases/2", None),
        "quarantine_list": ("GET", "/v1/quarantine?source=complete", None),
        "quarantine_get": ("GET", "/v1/quarantine/" + rows[0]["id"], None),
        "audit_list": ("GET", "/v1/audit?after=0&limit=2", None), "audit_get": ("GET", "/v1/audit/2", None),
        "audit_verify": ("POST", "/v1/audit/verify", {}),
    }


def test_every_answer_keeps_its_schema_and_shows_nothing_personal(host):
    answered = calls(host)
    for _, _, operation in operations():
        method, path, body = answered.pop(operation["operationId"])
        status, kind, data = host.ask(method, path, body)
        response = resolve(operation["responses"][str(status)])
        media = response["content"][kind]
        if kind == "application/json":
            keeps(media["schema"], json.loads(data))
        for secret in SECRETS:
            assert secret not in data.decode("utf-8"), (path, secret)
    assert not answered


def test_a_person_is_shown_masked_with_where_it_comes_from(host):
    person = json.loads(host.ask("GET", f"/v1/records/{a_person(host)}")[2])
    shown = {fact["field"]: fact["value"] for fact in person["golden"]}
    assert shown == {"identity.full_name": "N.T.N.", "identity.birth_date": "1985", "identity.cccd": "•••345",
                     "identity.ethnic": "•••", "contact.email": "•••", "degree[].level": "thac-si", "degree[].year": "2015"}
    assert [(link["source"], link["source_key"], link["rule"]) for link in person["links"]] == \
        [("complete", "•••017", "cccd"), ("incomplete", "•••042", "cccd")]
    assert person["upstream"] == {"batch": None, "dirty": False, "state": "acknowledged", "version": 3}
    doubted = json.loads(host.ask("GET", "/v1/cases/1")[2])["persons"][0]
    other = json.loads(host.ask("GET", f"/v1/records/{doubted}")[2])
    assert other["open_cases"] == [1]
    assert other["upstream"] == {"batch": None, "dirty": True, "state": "", "version": None}


def test_whoever_looks_at_a_person_leaves_a_leaf_first(host):
    calls_before = len(host.acts())
    host.ask("GET", "/v1/records/00000000-0000-4000-8000-000000000000")
    host.ask("GET", "/v1/quarantine")
    host.ask("GET", "/v1/cases/99")
    host.ask("POST", "/v1/records/find", {"kind": "cmnd", "value": "123456789"})
    host.ask("GET", "/v1/status")
    assert [act.split(": ")[0] for act in host.acts()[calls_before:]] == ["person", "quarantine", "case", "find"]
    ground = "(as root)" if os.geteuid() == 0 else "(as the service's own account)"
    assert all(act.endswith(ground) for act in host.acts())


BAD = [
    ("GET", "/v1/runs?limit=0", None, 400), ("GET", "/v1/runs?limit=1001", None, 400),
    ("GET", "/v1/runs?limit=-1", None, 400), ("GET", "/v1/runs?limit=0x10", None, 400),
    ("GET", "/v1/runs?after=4294967296", None, 400), ("GET", "/v1/runs?page=2", None, 400),
    ("GET", "/v1/runs/0", None, 400), ("GET", "/v1/runs/99999999999999999999", None, 400),
    ("GET", "/v1/runs/4294967295", None, 404), ("GET", "/v1/records/abc", None, 400),
    ("GET", "/v1/records/00000000-0000-4000-8000-000000000000", None, 404),
    ("GET", "/v1/cases/9", None, 404), ("GET", "/v1/quarantine/" + "0" * 36, None, 404),
    ("GET", "/v1/quarantine/" + "0" * 35, None, 400), ("GET", "/v1/quarantine?after=zz", None, 400),
    ("GET", "/v1/quarantine?source=nobody", None, 404), ("GET", "/v1/audit/3", None, 404),
    ("GET", "/v1/audit?after=9223372036854775808", None, 400),
    ("POST", "/v1/runs", {}, 400), ("POST", "/v1/runs", {"source": ""}, 400), ("POST", "/v1/runs", {"source": 5}, 400),
    ("POST", "/v1/runs", {"source": "x" * 129}, 400), ("POST", "/v1/runs", {"source": "complete", "dry": 1}, 400),
    ("POST", "/v1/runs", {"source": "nobody"}, 404), ("POST", "/v1/runs", {"source": "busy"}, 409),
    ("POST", "/v1/publish", {"x": 1}, 400), ("POST", "/v1/audit/verify", {"x": 1}, 400),
    ("POST", "/v1/exports/canonical", {}, 400), ("POST", "/v1/exports/canonical", {"reason": ""}, 400),
    ("POST", "/v1/exports/canonical", {"reason": "x" * 501}, 400),
    ("POST", "/v1/records/find", {"kind": "cccd", "value": "12345678901"}, 400),
    ("POST", "/v1/records/find", {"kind": "cccd", "value": "12345678901a"}, 400),
    ("POST", "/v1/records/find", {"kind": "cccd", "value": "000085000345", "source": "complete"}, 400),
    ("POST", "/v1/records/find", {"kind": "passport", "value": "B1234567"}, 400),
    ("POST", "/v1/records/find", {"kind": "source_key", "value": "x"}, 400),
    ("POST", "/v1/records/find", {"kind": "source_key", "value": "x", "source": "nobody"}, 404),
    ("POST", "/v1/records/find", {"kind": "source_key", "value": "x", "source": 1}, 400),
    ("POST", "/v1/records/find", {"kind": "source_key", "value": "x" * 257, "source": "complete"}, 400),
]


@pytest.mark.parametrize("method,path,body,status", BAD)
def test_a_bad_request_is_refused_with_a_problem(host, method, path, body, status):
    answer = host.ask(method, path, body)
    assert answer[0] == status and answer[1] == "application/problem+json"
    problem = keeps(API["components"]["schemas"]["Problem"], json.loads(answer[2]))
    assert problem["status"] == status
    assert "000085000345" not in problem["detail"] + problem["detail_vi"]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(host):
    for _ in range(5):
        host.ask("POST", "/v1/runs", {"source": "complete"})
    for base, member, name in [("/v1/runs", "runs", "run"), ("/v1/quarantine", "rows", "id"), ("/v1/audit", "leaves", "seq")]:
        whole = [row[name] for row in json.loads(host.ask("GET", base + "?limit=1000")[2])[member]]
        paged, after = [], ""
        while True:
            page = json.loads(host.ask("GET", f"{base}?limit=2{after}")[2])
            paged += [row[name] for row in page[member]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert paged == whole and len(whole) >= 3


def test_closed_cases_are_found_but_not_listed(host):
    listed = json.loads(host.ask("GET", "/v1/cases")[2])["cases"]
    assert [case["case"] for case in listed] == [1]
    assert json.loads(host.ask("GET", "/v1/cases/2")[2])["open"] is False


# ---- trithucctl ----

EXITS = [
    (["status"], "", 0), (["runs"], "", 0), (["run", "complete"], "", 0), (["run", "complete", "--wait"], "", 0),
    (["run", "incomplete", "--wait"], "", 65), (["run", "held", "--wait"], "", 75), (["run", "failed", "--wait"], "", 74),
    (["run", "nobody"], "", 66), (["run", "busy"], "", 75), (["publish", "--wait"], "", 0), (["doctor"], "", 1),
    (["runs", "1"], "", 0), (["runs", "999999"], "", 66), (["runs", "a/b"], "", 64),
    (["records", "find"], "000085000345\n", 0), (["records", "find"], "", 66), (["records", "find"], "x\n", 65),
    (["records", "find", "--source", "complete"], "CB-THU-00017\r\n\nnobody\n", 0),
    (["records", "get", "00000000-0000-4000-8000-000000000000"], "", 66), (["records", "get"], "", 64),
    (["records", "export"], "", 64), (["records", "export", "--canonical"], "", 64),
    (["records", "export", "--canonical", "--reason", "test"], "", 0),
    (["records", "export", "--canonical", "--reason", "fail"], "", 76),
    (["review", "list"], "", 0), (["review", "show", "1"], "", 0), (["quarantine", "list"], "", 0),
    (["quarantine", "list", "--source", "complete", "--limit", "1"], "", 0), (["quarantine", "list", "--source", "a b"], "", 64),
    (["audit", "list"], "", 0), (["audit", "show", "0"], "", 0), (["audit", "show", "3"], "", 66),
    (["version"], "", 0), (["--version"], "", 0), (["help"], "", 0), ([], "", 0), (["--help"], "", 0), (["run", "--help"], "", 0),
    (["nonsense"], "", 64), (["run"], "", 64), (["run", "a", "b"], "", 64), (["run", "a", "--limit", "2"], "", 64),
    (["runs", "--limit", "0"], "", 64), (["--color", "blue", "status"], "", 64), (["--lang", "fr", "status"], "", 64),
    (["--timeout", "0", "status"], "", 64), (["--bogus"], "", 64), (["config", "check", "/nonexistent"], "", 78),
]


@pytest.mark.parametrize("arguments,stdin,code", EXITS)
def test_the_exit_code_says_what_happened(host, arguments, stdin, code):
    result = ctl(host, *arguments, stdin=stdin)
    assert result.returncode == code, result.stderr
    if code not in (0, 1, 78):
        assert re.search(r"\[[A-Z]\d{4}\]$|\d/s", result.stderr.strip()) or result.stdout
    for secret in SECRETS:
        assert secret not in result.stdout + result.stderr


def test_a_run_started_without_waiting_names_itself_on_stderr_and_in_json(host):
    plain, as_json = ctl(host, "run", "slow"), ctl(host, "run", "slow", "--json")
    assert plain.stdout == "" and re.search(r"run \d+ has started", plain.stderr)
    assert json.loads(as_json.stdout)["run"] > 0 and as_json.stderr == ""


def test_json_is_the_daemons_own(host):
    for arguments, path in [(["quarantine", "list"], "/v1/quarantine"), (["audit", "list", "--limit", "2"], "/v1/audit?limit=2"),
                            (["review", "show", "1"], "/v1/cases/1"), (["runs", "1"], "/v1/runs/1")]:
        result = ctl(host, *arguments, "--json")
        assert result.stdout.encode() == host.ask("GET", path)[2] + b"\n"
        assert result.stderr == ""


def test_an_entry_of_the_log_is_shown_byte_for_byte(host):
    assert ctl(host, "audit", "show", "1").stdout == \
        '{"act":"run.begin","run":1,"seq":1,"ts":"2026-11-24T08:00:00.001Z"}\n'


def test_an_export_is_whole_or_not_well(host):
    result = ctl(host, "records", "export", "--canonical", "--reason", "large")
    lines = result.stdout.splitlines()
    assert result.returncode == 0 and len(lines) == 20000 and len(set(lines)) == 1
    broken = ctl(host, "records", "export", "--canonical", "--reason", "fail")
    assert broken.stdout == '{"person":1}\n' and broken.returncode == 76 and "E3006" in broken.stderr


def test_a_log_that_does_not_verify_is_a_finding(tmp_path):
    with Host(tmp_path) as fresh:
        results = [ctl(fresh, "audit", "verify", "--json") for _ in range(3)]
    assert [r.returncode for r in results] == [0, 1, 76]
    assert json.loads(results[1].stdout)["first_bad"] == 0
    keeps(API["components"]["schemas"]["VerifyResult"], json.loads(results[1].stdout))


def test_both_languages_say_the_same_things(host):
    english, vietnamese = ctl(host, "status"), ctl(host, "status", lang="vi_VN.UTF-8")
    assert "Persons" in english.stdout and "1,234,567" in english.stdout
    assert "Người" in vietnamese.stdout and "1.234.567" in vietnamese.stdout
    assert len(english.stdout.splitlines()) == len(vietnamese.stdout.splitlines())
    refused = ctl(host, "--lang", "vi", "runs", "999999")
    assert "không có run này [E2820]" in refused.stderr
    assert "did you mean 'status'?" in ctl(host, "stauts").stderr


def test_a_full_disk_under_stdout_is_an_error(host):
    for arguments in [["status"], ["records", "export", "--canonical", "--reason", "test"], ["help"]]:
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([CTL, "--socket", host.socket, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
        assert result.returncode == 74, result.stderr


def test_a_configuration_is_checked_without_a_daemon(tmp_path):
    good = run_ctl("config", "check", SOURCE / "config/examples")
    assert (good.returncode, good.stdout) == (0, "") and "3 sources, 1 sinks" in good.stderr
    folder = shutil.copytree(SOURCE / "config/examples", tmp_path / "config")
    main = folder / "trithucd.yaml"
    main.write_text(main.read_text(encoding="utf-8") + "verison: 1\n", encoding="utf-8")
    first = sorted((folder / "connectors.d").glob("*.yaml"))[1]
    first.write_text(first.read_text(encoding="utf-8").replace("file_drop", "file_drpo", 1), encoding="utf-8")
    bad = run_ctl("config", "check", folder)
    assert bad.returncode == 78 and bad.stderr == ""
    assert re.search(rf'^{re.escape(str(first))}:\d+:\d+: error: .* \[E\d{{4}}\]$', bad.stdout, re.MULTILINE)
    assert 'did you mean "file_drop"?' in bad.stdout and "verison" in bad.stdout
    found = json.loads(run_ctl("config", "check", folder, "--json").stdout)
    assert found["errors"] == len(found["findings"]) == 2 and all(f["text"] and f["text_vi"] for f in found["findings"])


# ---- terminals ----

def on_terminal(host, *arguments, columns=80, env=None):
    """The bytes that trithucctl writes to a terminal for stdout and stderr, and its exit code."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    environment = {"TERM": "xterm", "LANG": "vi_VN.UTF-8", **(env or {})}
    process = subprocess.Popen([CTL, "--socket", host.socket, *arguments], stdin=follower, stdout=follower,
                               stderr=follower, env=environment)
    os.close(follower)
    output = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    os.close(leader)
    return output.decode("utf-8"), process.wait(timeout=20)


def width(line):
    return sum(0 if unicodedata.combining(c) else 1 for c in re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", line))


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_tables_fit_the_terminal_and_line_up_in_vietnamese(host, columns):
    text, _ = on_terminal(host, "records", "get", a_person(host), columns=columns)
    lines = text.replace("\r\n", "\n").split("\n")
    assert max(map(width, lines)) <= columns
    heading = next(line for line in lines if "Phần tử" in line)
    row = next(line for line in lines if "N.T.N." in line)
    assert heading.index("Giá trị") == row.index("N.T.N.")


def test_without_a_terminal_nothing_is_cut(host):
    result = ctl(host, "quarantine", "list", env={"COLUMNS": "40"})
    assert "the birth date is no date of the forms that are read" in result.stdout


def test_colours_are_for_terminals_that_want_them(host):
    assert "\x1b[" in on_terminal(host, "doctor")[0]
    assert "\x1b[" not in on_terminal(host, "doctor", env={"NO_COLOR": "1"})[0]
    assert "\x1b[" not in on_terminal(host, "doctor", env={"TERM": "dumb"})[0]
    assert "\x1b[" not in on_terminal(host, "--color=never", "doctor")[0]
    assert "\x1b[" not in ctl(host, "doctor").stdout
    assert "\x1b[" in ctl(host, "--color=always", "doctor").stdout


def test_progress_is_one_line_on_a_terminal_and_quiet_elsewhere(host):
    text, code = on_terminal(host, "--lang", "en", "run", "complete", "--wait")
    shown = text.split("\r\x1b[K")
    assert code == 0 and any(re.search(r"COLLECTING: \d+ of 4000, \d+/s, 0:00:0\d left", piece) for piece in shown)
    assert "\n" not in "".join(shown[1:-1])
    quiet = ctl(host, "run", "complete", "--wait")
    assert quiet.stderr == "" and "COMPLETE" in quiet.stdout


@pytest.mark.skipif("TRITHUC_LONG" not in os.environ, reason="takes 21 seconds; in --long")
def test_without_a_terminal_progress_is_a_line_every_ten_seconds(host):
    process = subprocess.Popen([CTL, "--socket", host.socket, "run", "slow", "--wait"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(21)
    process.kill()
    assert len(process.stderr.read().splitlines()) == 2


# ---- peers that are not our daemon ----

class Impostor:
    """Accepts one connection, reads a request and writes what it is told to."""

    def __init__(self, folder, reply):
        self.path = folder / "s"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(1)
        threading.Thread(target=self.serve, args=(reply,), daemon=True).start()

    def serve(self, reply):
        connection, _ = self.listener.accept()
        connection.recv(65536)
        for piece in reply:
            try:
                connection.sendall(piece)
            except OSError:
                break
        connection.close()


def http_reply(body, status="200 OK", length=None):
    return [f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode(), body]


def silence():
    yield b""
    time.sleep(5)


IMPOSTORS = [
    ("garbage", [b"\x00\xff\x01garbage\r\n\r\n"], 76), ("nothing", [], 76), ("no JSON", http_reply(b"{"), 76),
    ("a key twice", http_reply(b'{"a":1,"a":2}'), 76), ("cut", http_reply(b'{"a":1}', length=100), 76),
    ("no reason", http_reply(b"<html>", status="500 Oops"), 76), ("a redirect", http_reply(b"", status="302 Found"), 76),
    ("an unknown error", http_reply(json.dumps({"code": "E9999", "error": "X", "detail": "a", "detail_vi": "b"}).encode(),
                                    status="418 Teapot"), 76),
    ("too large", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"] + [b"100000\r\n" + b" " * 0x100000 + b"\r\n"] * 17, 76),
    ("escapes", http_reply(json.dumps({"sources": [{"name": "\x1b[31m\u202eevil\x07", "kind": "a\nb"}]}).encode()), 0),
    ("silence", silence(), 69),
]


@pytest.mark.parametrize("name,reply,code", IMPOSTORS, ids=[row[0] for row in IMPOSTORS])
def test_a_peer_that_is_no_daemon_does_no_harm(tmp_path_factory, name, reply, code):
    folder = pathlib.Path(tmp_path_factory.mktemp("i"))
    impostor = Impostor(folder, reply)
    result = run_ctl("--timeout", "2", "status", socket=impostor.path)
    assert result.returncode == code, result.stderr
    assert ("E3007" in result.stderr) == (name == "too large")
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", result.stdout + result.stderr)


def test_nobody_there_is_unavailable(tmp_path):
    result = run_ctl("status", socket=tmp_path / "none")
    assert result.returncode == 69 and "E3004" in result.stderr


# ---- who may ----

def as_nobody(groups=()):
    def become():
        os.setgroups(list(groups))
        os.setgid(65534)
        os.setuid(65534)
    return become


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another account")
def test_another_account_needs_the_group_and_then_a_role(host):
    os.chmod(host.runtime, 0o755)
    outside = ctl(host, "status", preexec_fn=as_nobody())
    assert outside.returncode == 77 and "E3003" in outside.stderr
    owner = os.stat(host.socket).st_gid
    inside = ctl(host, "status", preexec_fn=as_nobody([owner]))
    assert inside.returncode == 77 and "E2807" in inside.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a group file of its own")
def test_roles_come_from_the_groups_of_the_machine(tmp_path):
    groups = tmp_path / "group"
    groups.write_text(pathlib.Path("/etc/group").read_text(encoding="utf-8") +
                      "trithuc:x:64000:\ntrithuc-reader:x:64001:\ntrithuc-auditor:x:64005:\n", encoding="utf-8")
    wrapper = ["unshare", "--mount", "sh", "-c", f'mount --bind {groups} /etc/group && exec "$@"', "sh"]
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace here")
    state = tmp_path / "state"
    state.mkdir()
    with Host(state, wrapper) as host:
        os.chmod(host.runtime, 0o755)
        assert os.stat(host.socket).st_gid == 64000 and os.stat(host.socket).st_mode & 0o777 == 0o660
        reader, auditor = as_nobody([64000, 64001]), as_nobody([64000, 64005])
        for become, arguments, code in [(reader, ["status"], 0), (reader, ["run", "complete"], 77), (reader, ["audit", "list"], 77),
                                        (auditor, ["status"], 0), (auditor, ["audit", "list"], 0), (auditor, ["publish"], 77)]:
            result = ctl(host, *arguments, preexec_fn=become)
            assert result.returncode == code, (arguments, result.stderr)
        assert not [act for act in host.acts() if "begin" in act]


# ---- help ----

def test_every_verb_explains_itself_in_both_languages():
    verbs = re.findall(r"^  ([a-z]+(?: [a-z]+)?)", run_ctl("help").stdout, re.MULTILINE)
    assert len(verbs) >= 18
    for verb in verbs:
        for lang in ["en", "vi"]:
            result = run_ctl("--lang", lang, "help", *verb.split())
            assert result.returncode == 0 and f"trithucctl {verb}" in result.stdout


def test_the_man_page_is_the_one_of_the_program():
    written = run_ctl("--lang", "en", "help", "--man").stdout
    assert written == (SOURCE / "docs/man/trithucctl.1").read_text(encoding="utf-8")


@pytest.mark.parametrize("typed,expected", [
    ("", "status run runs"), ("records ", "find get export"), ("records e", "export"), ("run --w", "--wait"), ("runs --w", ""),
    ("audit v", "verify"),
])
def test_bash_completes_verbs_and_options(typed, expected, tmp_path):
    script = tmp_path / "completion"
    script.write_text(run_ctl("help", "--completion", "bash").stdout, encoding="utf-8")
    words = ["trithucctl", *typed.split(" ")]
    code = f'. {script}; COMP_WORDS=({" ".join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; _trithucctl; echo "${{COMPREPLY[*]}}"'
    result = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip().startswith(expected) and (expected != "" or result.stdout.strip() == "")
