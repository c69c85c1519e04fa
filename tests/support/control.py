"""Starts the host of the control API and speaks to its socket, with the standard library only."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

BUILD = pathlib.Path(os.environ["BUILD_ROOT"])
CTL = BUILD / "trithucctl"
HOST = BUILD / "tests/integration/control_host"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Host:
    """One host over one folder; the socket lies in a short path of its own (sun_path holds 107 bytes)."""

    def __init__(self, folder, wrapper=()):
        self.state = pathlib.Path(folder)
        self.runtime = pathlib.Path(tempfile.mkdtemp(prefix="ctl"))
        self.socket = self.runtime / "control.sock"
        self.wrapper = wrapper

    def __enter__(self):
        self.process = subprocess.Popen([*self.wrapper, HOST, self.state, self.socket],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        shutil.rmtree(self.runtime)
        assert code == 0

    def ask(self, method, path, body=None):
        """Status, content type and bytes."""
        connection = UnixConnection(self.socket)
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        response = connection.getresponse()
        answer = response.status, response.headers["Content-Type"], response.read()
        connection.close()
        return answer

    def acts(self):
        return (self.state / "acts").read_text(encoding="utf-8").splitlines()


def run_ctl(*arguments, socket=None, stdin="", lang="C.UTF-8", **options):
    """Runs trithucctl without a terminal."""
    command = [CTL] + ([] if socket is None else ["--socket", str(socket)]) + [str(a) for a in arguments]
    environment = {"LANG": lang, "PATH": os.environ["PATH"], **options.pop("env", {})}
    for name, value in os.environ.items():
        if name.endswith("SAN_OPTIONS"):
            environment[name] = value
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, timeout=60, **options)
