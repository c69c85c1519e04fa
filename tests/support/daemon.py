"""A site of its own in a folder: configuration, keys, drop folders, the national server and the real trithucd.

The configuration is config/examples with its paths put into the folder. Nothing here waits by sleeping: the daemon
says READY over a notify socket, a process ends by its pidfd, and a run is asked after over the control API.
"""
import collections
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TRITHUC_BUILD") or os.environ.get("BUILD_ROOT") or SOURCE / "build/release")
os.environ["BUILD_ROOT"] = str(BUILD)

from control import UnixConnection, run_ctl  # noqa: E402
from national import National  # noqa: E402

SAMPLES = SOURCE / "tests/data/samples/month-1"
SOURCES = {"noi-vu": "danh-sach-cbccvc.csv", "cao-dang": "giang-vien.csv", "cao-dang-sinh-vien": "sinh-vien.csv"}
DROPS = {"noi-vu": "noi-vu", "cao-dang": "cao-dang", "cao-dang-sinh-vien": "cao-dang"}
SINK = "quoc-gia"
READY_TIMEOUT_S = 60
END_TIMEOUT_S = 60
LOOK_S = 0.01


class Run:
    """What the control API says of a run."""

    def __init__(self, code, view):
        self.code, self.view = code, view
        self.state = view.get("state")
        self.counts = view.get("counts", {})

    def adds_up(self):
        c = self.counts
        skipped = sum(c["skipped_" + kind] for kind in ("heading", "total", "blank", "duplicate", "out_of_scope"))
        return c["read"] == c["accepted"] + c["unchanged"] + c["quarantined"] + c["skipped"] and c["skipped"] == skipped


class Site:
    """`with Site(folder) as site:` has server and daemon running; either may be stopped, killed and started again."""

    def __init__(self, folder, *, master=None, samples=SAMPLES, files=None, lang="C.UTF-8"):
        self.folder = pathlib.Path(folder)
        self.config_dir, self.state = self.folder / "config", self.folder / "state"
        self.log = self.folder / "trithucd.log"
        self.lang = lang
        # sun_path holds 107 bytes, and the folders of tests have long names.
        self.runtime = pathlib.Path(tempfile.mkdtemp(prefix="trithuc"))
        self.socket = self.runtime / "control.sock"
        self.process = self.notify = None
        for name in ("config/connectors.d", "national", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.master = self.folder / "master.key"
        if not self.master.exists():
            self.master.write_bytes(os.urandom(32) if master is None else master)
            self.master.chmod(0o600)
        for source, name in SOURCES.items():
            self.drop(source).mkdir(parents=True, exist_ok=True)
            self.deliver(source, (samples / name).read_bytes() if files is None else files[source])
        self.national = National(self.folder / "national")
        self.configs = self.example()

    # --- configuration

    def example(self):
        """The examples as objects, by their place in the configuration folder."""
        configs = {}
        for path in (SOURCE / "config/examples").rglob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            configs[str(path.relative_to(SOURCE / "config/examples"))] = yaml.safe_load(text)
        top = configs["trithucd.yaml"]
        top["state_dir"] = str(self.state)
        top["schema"] = str(SOURCE / "schemas/person.schema.json")
        top["codelists"] = str(SOURCE / "config/codelists")
        top["control"]["socket"] = str(self.socket)
        top["keys"]["master"] = {"file": str(self.master)}
        top["workers"] = {"max": 2, "start": "spawn", "program": str(BUILD / "trithuc-connector")}
        for config in configs.values():
            source = config.get("source")
            if source:
                source["options"]["folder"] = str(self.drop(source["name"]))
        return configs

    def sink(self):
        return self.configs["connectors.d/90-quoc-gia.yaml"]["sink"]

    def write_config(self):
        """Writes what stands in `configs`; the server's address is known once it runs."""
        options = self.sink()["options"]
        base = f"https://localhost:{self.national.port}"
        options.update(endpoint=base, token_url=base + "/oauth2/token", ca=str(self.folder / "national/ca.pem"),
                       secret={"file": str(self.folder / "national/secret")}, allow_private=True)
        for name, config in self.configs.items():
            text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=120)
            (self.config_dir / name).write_text(text, encoding="utf-8")

    def drop(self, source):
        return self.folder / "drop" / DROPS[source]

    def deliver(self, source, data):
        (self.drop(source) / SOURCES[source]).write_bytes(data)

    # --- the processes

    def start_national(self):
        port = getattr(self.national, "port", 0)
        self.national.options = ("--port", str(port))
        self.national.start()

    def start(self, wrapper=(), environment=None):
        """Starts the daemon and returns when it is READY; if it ends before, `process.returncode` says how."""
        self.write_config()
        if self.notify is None:
            self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self.notify.bind(str(self.runtime / "notify"))
        # The wrapper becomes the daemon: `process` is always the engine itself.
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, BUILD / "trithucd", "--config", self.config_dir], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(self.runtime / "notify"), "LANG": self.lang,
                                 **(environment or {})})
        self.await_ready()
        return self

    def await_ready(self):
        pidfd = os.pidfd_open(self.process.pid)
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(self.notify, select.POLLIN)
        end = time.monotonic() + READY_TIMEOUT_S
        try:
            while True:
                events = dict(poll.poll(max(0, end - time.monotonic()) * 1000))
                assert events, f"not READY after {READY_TIMEOUT_S} s: {self.log_tail()}"
                if self.notify.fileno() in events and b"READY=1" in self.notify.recv(4096).split(b"\n"):
                    return
                if pidfd in events:
                    self.process.wait(timeout=END_TIMEOUT_S)
                    return
        finally:
            os.close(pidfd)

    def is_up(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=END_TIMEOUT_S)

    def await_end(self, seconds):
        """The exit code, or None if it still runs."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        self.process.kill()
        return self.process.wait(timeout=END_TIMEOUT_S)

    def workers(self):
        """The pids of the engine's children that are workers."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                name, rest = path.read_text(encoding="utf-8").split("(", 1)[1].rsplit(") ", 1)
            except (OSError, IndexError):
                continue
            if name == "trithuc-connect" and int(rest.split()[1]) == self.process.pid:
                found.append(int(path.parent.name))
        return found

    def __enter__(self):
        self.start_national()
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        assert self.is_up(), self.log_tail()
        return self

    def __exit__(self, *_):
        if self.is_up():
            self.stop()
        if self.national.process is not None and self.national.process.poll() is None:
            self.national.stop()
        if self.notify is not None:
            self.notify.close()
            self.notify = None
        shutil.rmtree(self.runtime, ignore_errors=True)

    def log_tail(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    # --- asking it

    def ctl(self, *arguments, **options):
        return run_ctl(*arguments, socket=self.socket, lang=self.lang, **options)

    def ctl_json(self, *arguments, **options):
        done = self.ctl("--json", *arguments, **options)
        assert done.returncode == 0, (arguments, done.returncode, done.stderr, self.log_tail())
        return json.loads(done.stdout)

    def waited(self, *arguments):
        done = self.ctl("--json", *arguments, "--wait")
        view = json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}
        return Run(done.returncode, view)

    def run(self, source):
        return self.waited("run", source)

    def publish(self):
        return self.waited("publish")

    def ask(self, method, path, body=None):
        """Status and object of one request on the control socket, without a program of its own."""
        connection = UnixConnection(self.socket)
        try:
            headers = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def get(self, path):
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer

    def rows(self, path, member):
        """All rows of a listing, page by page."""
        rows, after = [], ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=1000{after}")
            rows += page[member]
            if page["next"] is None:
                return rows
            after = f"&after={page['next']}"

    def leaves(self):
        return self.rows("/v1/audit", "leaves")

    def export(self):
        """Lines of `records export --canonical`, sorted as invariant 8 compares them."""
        done = self.ctl("records", "export", "--canonical", "--reason", "comparison")
        assert done.returncode == 0, (done.stderr, self.log_tail())
        return sorted(done.stdout.splitlines())

    def verify(self):
        """What `audit verify` says, and its exit code."""
        done = self.ctl("--json", "audit", "verify")
        return done.returncode, json.loads(done.stdout or "{}")

    def reader(self, job):
        """A job of `trithucd --reader` beside the daemon: exit code and object."""
        done = subprocess.run([BUILD / "trithucd", "--config", self.config_dir, "--reader", job], capture_output=True,
                              text=True, timeout=END_TIMEOUT_S, check=False)
        return done.returncode, json.loads(done.stdout or "{}")

    def wait_for_run(self, run, until=None):
        """The run's last view, or None when the moment `until` (monotonic) comes first."""
        while until is None or time.monotonic() < until:
            view = self.get(f"/v1/runs/{run}")
            if view["ended"]:
                return view
            time.sleep(LOOK_S if until is None else max(0, min(LOOK_S, until - time.monotonic())))
        return None


def acts(leaves):
    return collections.Counter(leaf["act"] for leaf in leaves)
