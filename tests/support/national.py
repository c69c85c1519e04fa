"""Starts the reference national server and speaks to both of its ports, with the standard library only."""
import base64
import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import time
import urllib.parse

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SECRET = "a secret of this test"
CLIENT = "trithucd"


def program():
    return pathlib.Path(os.environ["BUILD_ROOT"]) / "tests/national/trithuc-national"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()

    def json(self):
        return json.loads(self.raw)

    def problem(self):
        """The last part of the problem's type."""
        return self.json()["type"].rsplit("/", 1)[1]


class National:
    """One server over one folder; it may be killed and started again on the same store."""

    def __init__(self, folder, *options):
        self.folder = pathlib.Path(folder)
        self.options = options
        self.process = None
        self.token = None
        if not (self.folder / "ca.pem").exists():
            subprocess.run([SOURCE / "tests/support/make-certs", self.folder], check=True, capture_output=True)
        secret = self.folder / "secret"
        secret.write_text(SECRET + "\n", encoding="utf-8")
        secret.chmod(0o600)
        self.tls = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))

    def start(self):
        self.process = subprocess.Popen(
            [program(), "--cert", self.folder / "server.pem", "--key", self.folder / "server.key",
             "--store", self.folder / "national.db", "--secret-file", self.folder / "secret",
             "--ready-file", self.folder / "ready", *self.options],
            stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.port, self.admin_port = ready["port"], ready["adminPort"]
        self.token = None
        return self

    def stop(self):
        """Ends the server in good order; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def kill(self):
        self.process.kill()
        return self.end()

    def end(self):
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def request(self, method, path, body=None, headers=None, timeout=60):
        """One request on the TLS port, as it stands."""
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def fetch_token(self, **form):
        form = {"grant_type": "client_credentials", **form}
        basic = base64.b64encode(f"{CLIENT}:{urllib.parse.quote_plus(SECRET)}".encode()).decode()
        return self.request("POST", "/oauth2/token", urllib.parse.urlencode(form),
                            {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + basic})

    def bearer(self):
        if self.token is None:
            self.token = self.fetch_token().json()["access_token"]
        return {"Authorization": "Bearer " + self.token}

    def get(self, path, **keywords):
        return self.request("GET", path, headers=self.bearer(), **keywords)

    def post_batch(self, batch, key=None, **headers):
        """Posts a batch, an object or bytes; the key is made from its id. Header names take _ for -."""
        body = batch if isinstance(batch, bytes) else json.dumps(batch, ensure_ascii=False).encode()
        key = key or "key-of-" + json.loads(body)["batchId"]
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", "/v1/persons/batch", body,
                            {**self.bearer(), "Content-Type": "application/json", "Idempotency-Key": key, **named})

    def admin(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=60)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def fault(self, kind, **order):
        status, answer = self.admin("POST", "/faults", {"kind": str(kind), **order})
        assert status == 200, answer

    def stats(self):
        return self.admin("GET", "/stats")[1]

    def pages(self, path, name, last):
        """All rows of an admin listing, page by page."""
        rows, after = [], ""
        while True:
            page = self.admin("GET", path + ("?after=" + str(after) if rows else ""))[1]
            rows += page[name]
            if not page["hasMore"]:
                return rows
            after = rows[-1][last]

    def ledger(self):
        return self.pages("/ledger", "entries", "seq")

    def persons(self):
        return self.pages("/persons", "persons", "externalId")

    def wait_until(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition(self.stats()):
            assert time.monotonic() < end, self.stats()
            time.sleep(0.02)
