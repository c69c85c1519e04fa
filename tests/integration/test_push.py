"""The connector rest_push in its real worker against the reference national server: every fault, over TLS."""
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD_ROOT"])
sys.path.insert(0, str(SOURCE / "tests/support"))
from national import CLIENT, National  # noqa: E402


class Worker:
    """One worker process, fed over a socketpair by run_push as the engine feeds it."""

    def __init__(self, folder, ca, endpoint, token_url=None, environ=None, secret=None, **options):
        self.folder = pathlib.Path(folder)
        (self.folder / "options.json").write_text(json.dumps({"options": {
            "endpoint": endpoint, "token_url": token_url or endpoint + "/oauth2/token", "client_id": CLIENT,
            "secret": {"file": "/run/not-read-by-the-worker"}, "ca": "/run/not-opened-by-the-worker",
            "allow_private": "true", **options}}), encoding="utf-8")
        self.process = subprocess.Popen(
            [BUILD / "tests/integration/run_push", BUILD / "trithuc-connector", self.folder / "options.json", ca,
             secret or self.folder / "secret"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(environ or {})})
        self.number = 0

    def say(self, word, batch, key=None, epoch=0):
        self.number += 1
        body = self.folder / f"{batch['batchId']}.json"
        if not body.exists():
            body.write_bytes(json.dumps(batch, ensure_ascii=False).encode())
        items = ",".join(item["itemId"] for item in batch["items"])
        key = key or batch["batchId"]
        self.process.stdin.write(f"{word} {self.number} {batch['batchId']} {key} {epoch} {body} {items}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert answer["batch"] == self.number, answer
        return answer

    def send(self, batch, **more):
        return self.say("send", batch, **more)

    def ask(self, batch, **more):
        return self.say("ask", batch, **more)

    def finish(self):
        self.process.stdin.close()
        end = json.loads(self.process.stdout.readline())
        assert self.process.wait(timeout=30) == 0, self.process.stderr.read()
        self.errors = self.process.stderr.read()
        return end


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("push")


@pytest.fixture(scope="module")
def shared(home):
    with National(home) as server:
        yield server


@pytest.fixture
def server(shared):
    shared.admin("DELETE", "/faults")
    return shared


def url(server):
    return f"https://localhost:{server.port}"


def new_worker(server, **more):
    return Worker(server.folder, server.folder / "ca.pem", url(server), **more)


@pytest.fixture
def worker(server):
    one = new_worker(server, timeout="5s")
    yield one
    if one.process.poll() is None:
        assert one.finish()["end"] == "ok"


def person(**fields):
    return {"fullName": "Trần Thị Thử", **fields}


def batch(count=1, **fields):
    return {"batchId": str(uuid.uuid4()), "items": [
        {"itemId": str(uuid.uuid4()), "op": "upsert", "externalId": str(uuid.uuid4()), "person": person(**fields)}
        for _ in range(count)]}


def ids(sent):
    return [item["itemId"] for item in sent["items"]]


def applied(server, sent):
    """How often each person of the batch stands in the ledger."""
    ours = [item["externalId"] for item in sent["items"]]
    rows = [row["externalId"] for row in server.ledger()]
    return [rows.count(one) for one in ours]


def statuses(answer):
    return {key: value[0] for key, value in answer["items"].items()}


def test_a_batch_is_accepted_item_by_item_with_etags(server, worker):
    sent = batch(3)
    answer = worker.send(sent, epoch=3)
    assert (answer["outcome"], answer["status"]) == ("answered", 200)
    assert statuses(answer) == {one: "accepted" for one in ids(sent)}
    assert all(value[1] == '"1"' for value in answer["items"].values())
    assert answer["peer"].endswith(f":{server.port}")
    assert applied(server, sent) == [1, 1, 1]
    assert server.stats()["violations"] == 0
    assert [row["epoch"] for row in server.ledger()][-3:] == [3, 3, 3]


def test_the_same_bytes_under_the_same_key_are_applied_once(server, worker):
    sent = batch(2)
    first, again = worker.send(sent, epoch=3), worker.send(sent, epoch=3)
    assert first["sha256"] == again["sha256"] and first["items"] == again["items"]
    assert applied(server, sent) == [1, 1]


def test_equal_conflicting_existing_and_invalid_items_each_say_so(server, worker):
    cccd = "001080000001"
    base = batch(3)
    base["items"][2]["person"]["identifiers"] = [{"system": "cccd", "value": cccd}]
    known = worker.send(base)
    assert known["outcome"] == "answered"
    sent = batch(4)
    for at in range(2):
        sent["items"][at]["externalId"] = base["items"][at]["externalId"]
    sent["items"][1]["person"] = person(birthDate="1980")          # without ifMatch: nothing is overwritten unseen
    sent["items"][2]["person"] = person(identifiers=[{"system": "cccd", "value": cccd}])
    sent["items"][3]["person"] = person(birthDate="80")
    answer = worker.send(sent)
    assert list(statuses(answer)[one] for one in ids(sent)) == ["unchanged", "conflict", "exists", "invalid"]
    reason = answer["items"][ids(sent)[3]][2]
    assert reason.startswith("invalid: ") and "/birthDate" in reason
    assert cccd not in json.dumps(answer)


@pytest.mark.parametrize("status, outcome", [(400, "refused"), (401, "refused"), (403, "refused"), (409, "refused"),
                                             (413, "refused"), (422, "refused"), (429, "refused"),
                                             (500, "unknown"), (502, "unknown"), (503, "unknown"), (504, "unknown")])
def test_each_error_status_has_its_outcome(server, worker, status, outcome):
    server.fault(status, times=2)
    sent = batch()
    answer = worker.send(sent)
    assert (answer["outcome"], answer["status"]) == (outcome, status)
    assert applied(server, sent) == [0]


@pytest.mark.parametrize("said, least, most", [("7", 7, 7), ("date:30", 27, 30), ("86400000", 86400000, 86400000),
                                               ("soon", 0, 0), ("-5", 0, 0), ("", 0, 0)])
def test_retry_after_is_read_in_seconds_and_as_a_date(server, worker, said, least, most):
    for status in (429, 503):
        server.fault(status, retry_after=said)
        answer = worker.send(batch())
        assert least <= answer["retry_after"] <= most, answer


@pytest.mark.parametrize("kind", ["apply_then_drop", "cut", "garbage", "html200", "empty200", "error200", "big",
                                  "wrong_batch", "accepted202", "drop_before"])
def test_what_is_no_answer_is_unknown_and_asking_settles_it(server, worker, kind):
    sent = batch(2)
    server.fault(kind)
    answer = worker.send(sent)
    assert answer["outcome"] == "unknown" and answer["items"] == {}, answer
    times = applied(server, sent)
    asked = worker.ask(sent)
    if times == [1, 1]:
        assert asked["outcome"] == "answered" and set(statuses(asked).values()) == {"accepted"}
    else:
        assert (asked["outcome"], asked["status"], asked["problem"]) == ("not_sent", 404, "unknown-batch")
        assert set(statuses(worker.send(sent)).values()) == {"accepted"}
    assert applied(server, sent) == [1, 1]


def test_asking_never_posts(server, worker):
    sent = batch()
    assert worker.ask(sent)["problem"] == "unknown-batch"
    assert applied(server, sent) == [0]


def test_wrong_missing_and_extra_ids_are_passed_on_as_they_came(server, worker):
    for kind, expected in (("wrong_ids", 0), ("missing_item", 1), ("extra_item", 2)):
        sent = batch(2)
        server.fault(kind)
        answer = worker.send(sent)
        assert answer["outcome"] == "answered"
        assert len(set(ids(sent)) & set(answer["items"])) == expected, kind
        assert len(answer["items"]) == {"wrong_ids": 2, "missing_item": 1, "extra_item": 3}[kind]


def test_a_slow_server_is_unknown_and_is_found_to_be_working_on_it(server):
    worker = new_worker(server, timeout="700ms")
    sent = batch()
    server.fault("slow", ms=2500)
    begun = time.monotonic()
    assert worker.send(sent)["outcome"] == "unknown"
    assert time.monotonic() - begun < 2.4
    assert worker.ask(sent)["problem"] == "in-progress"
    time.sleep(2.5)
    assert worker.ask(sent)["outcome"] == "answered"
    assert applied(server, sent) == [1]
    worker.finish()


def test_an_expired_token_is_fetched_anew_and_the_same_request_repeated(server, worker):
    assert worker.send(batch())["outcome"] == "answered"
    before = server.stats()["tokens"]
    sent = batch()
    server.fault("expired_token")
    assert worker.send(sent)["outcome"] == "answered"
    assert applied(server, sent) == [1]
    assert server.stats()["tokens"] == before + 1
    server.fault("401", times=-1)
    assert (worker.send(batch())["outcome"], server.stats()["tokens"]) == ("refused", before + 2)


def test_one_token_serves_many_batches(server, worker):
    before = server.stats()["tokens"]
    for _ in range(5):
        assert worker.send(batch())["outcome"] == "answered"
    assert server.stats()["tokens"] == before + 1


@pytest.mark.parametrize("status, outcome", [(429, "not_sent"), (503, "not_sent"), (500, "not_sent"), (400, "refused")])
def test_without_a_token_nothing_is_sent(server, worker, status, outcome):
    server.fault(status, on="getToken", retry_after="9")
    sent = batch()
    answer = worker.send(sent)
    assert (answer["outcome"], answer["problem"]) == (outcome, "token")
    assert applied(server, sent) == [0]
    assert worker.send(sent)["outcome"] == "answered"


def test_a_wrong_secret_is_refused_and_not_tried_again(server):
    wrong = server.folder / "wrong-secret"
    wrong.write_text("another secret\n", encoding="utf-8")
    wrong.chmod(0o600)
    worker = new_worker(server, secret=wrong)
    before = server.stats()["requests"]
    answer = worker.send(batch())
    assert (answer["outcome"], answer["status"], answer["problem"]) == ("refused", 401, "token")
    assert server.stats()["requests"] == before + 1
    worker.finish()
    assert "another secret" not in worker.errors


def test_an_older_epoch_is_fenced(server, worker):
    assert worker.send(batch(), epoch=9)["outcome"] == "answered"
    answer = worker.send(batch(), epoch=8)
    assert (answer["outcome"], answer["problem"]) == ("refused", "fenced")


def test_a_redirect_is_refused_and_not_followed(server, worker):
    server.fault("redirect")
    answer = worker.send(batch())
    assert (answer["outcome"], answer["status"]) == ("refused", 302)


def test_nobody_listens(server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        worker = Worker(server.folder, server.folder / "ca.pem", f"https://localhost:{port}", url(server) + "/oauth2/token")
        assert worker.send(batch())["outcome"] == "not_sent"
        worker.finish()


def test_a_private_address_is_not_spoken_to_unless_allowed(server):
    before = server.stats()["requests"]
    worker = new_worker(server, allow_private="false")
    assert worker.send(batch())["outcome"] == "not_sent"
    assert server.stats()["requests"] == before
    worker.finish()


class Silent:
    """Takes connections and says nothing."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        return self.listener.getsockname()[1]

    def __exit__(self, *_):
        self.listener.close()


def test_a_silent_server_is_left_in_time_and_nothing_was_sent(server):
    with Silent() as port:
        worker = Worker(server.folder, server.folder / "ca.pem", f"https://localhost:{port}",
                        url(server) + "/oauth2/token", timeout="400ms")
        begun = time.monotonic()
        assert worker.send(batch())["outcome"] == "not_sent"
        assert time.monotonic() - begun < 5
        worker.finish()


# ---- a server that breaks what a TLS client must hold ----

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(dict(self.headers))
        self.server.misbehave(self)

    do_GET = do_POST


def token(handler):
    body = b'{"access_token":"abcdefghijklmnop","token_type":"Bearer","expires_in":60}'
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class Strange:
    """A TLS server that gives a token and then does `misbehave` to the batch."""

    def __init__(self, folder, misbehave, address="127.0.0.1", newest=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        if newest is not None:
            context.minimum_version = context.maximum_version = newest
            context.set_ciphers("ALL:@SECLEVEL=0")
        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.server.requests = []
        self.server.misbehave = lambda handler: token(handler) if handler.path == "/oauth2/token" else misbehave(handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.address = address

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        name = "localhost" if self.address == "127.0.0.1" else self.address
        return f"https://{name}:{self.server.server_address[1]}"


def too_many_headers(handler):
    handler.send_response(200)
    for at in range(200):
        handler.send_header(f"X-{at}", "x")
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


def endless_chunks(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    try:
        for _ in range(4096):
            handler.wfile.write(piece)
            handler.server.sent = getattr(handler.server, "sent", 0) + len(piece)
    except OSError:
        pass


@pytest.mark.parametrize("misbehave", [too_many_headers, endless_chunks])
def test_an_answer_past_its_bounds_is_left_off_and_unknown(server, misbehave):
    with Strange(server.folder, misbehave) as strange:
        worker = Worker(server.folder, server.folder / "ca.pem", strange.url)
        assert worker.send(batch())["outcome"] == "unknown"
        worker.finish()
        assert getattr(strange.server, "sent", 0) < 32 << 20


def test_the_request_carries_what_it_should_and_nothing_of_the_environment(server):
    with Strange(server.folder, lambda handler: token(handler)) as strange:
        worker = Worker(server.folder, server.folder / "ca.pem", strange.url, environ={
            "https_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "socks5://127.0.0.1:1"})
        sent = batch()
        assert worker.send(sent, key="key-of-16-letters", epoch=12)["outcome"] == "unknown"
        worker.finish()
        first, second = strange.server.requests
        assert first["Authorization"].startswith("Basic ")
        assert second["Authorization"] == "Bearer abcdefghijklmnop"
        assert (second["Idempotency-Key"], second["Client-Epoch"], second["Schema-Version"]) == (
            "key-of-16-letters", "12", "1.0")
        assert "Expect" not in second and "Accept-Encoding" not in second and "Cookie" not in second


def test_no_epoch_is_sent_where_the_profile_has_none(server):
    with Strange(server.folder, lambda handler: token(handler)) as strange:
        worker = Worker(server.folder, server.folder / "ca.pem", strange.url, epoch="false")
        worker.send(batch(), epoch=12)
        worker.finish()
        assert "Client-Epoch" not in strange.server.requests[1]


@pytest.mark.parametrize("case", ["unknown CA", "wrong name", "TLS 1.1"])
def test_a_server_that_cannot_be_trusted_gets_nothing(server, tmp_path, case):
    subprocess.run([SOURCE / "tests/support/make-certs", tmp_path], check=True, capture_output=True)
    with Strange(tmp_path if case == "unknown CA" else server.folder, token,
                 address="127.0.0.2" if case == "wrong name" else "127.0.0.1",  # the certificate names 127.0.0.1 only
                 newest=ssl.TLSVersion.TLSv1_1 if case == "TLS 1.1" else None) as strange:
        worker = Worker(server.folder, server.folder / "ca.pem", strange.url)
        assert worker.send(batch())["outcome"] == "not_sent"
        worker.finish()
        assert strange.server.requests == []


def test_what_is_said_to_people_never_holds_what_was_sent(server, worker):
    sent = batch(birthDate="1980-02-30x")
    server.fault("html200")
    worker.send(sent)
    worker.send(batch())
    worker.finish()
    assert "Trần" not in worker.errors and "Bearer" not in worker.errors
