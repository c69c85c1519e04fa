"""The worker as a process: how it gets its socket, what it has given up, how it ends."""
import os
import resource
import socket
import subprocess

import pytest

CONNECTOR = os.environ["CONNECTOR"]
HELLO = bytes([1, 16, 0, 0])


@pytest.fixture(params=["standard input", "descriptor 3"])
def worker(request):
    """A worker that has said HELLO, and our end of its socket."""
    ours, theirs = socket.socketpair()
    if request.param == "standard input":
        process = subprocess.Popen([CONNECTOR, "--role", "file"], stdin=theirs, stderr=subprocess.PIPE)
    else:
        def put_at_three():
            os.dup2(theirs.fileno(), 3)
        process = subprocess.Popen([CONNECTOR], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[3],
                                   preexec_fn=put_at_three)
    theirs.close()
    ours.settimeout(20)
    assert ours.recv(16, socket.MSG_WAITALL)[:4] == HELLO
    yield process, ours
    process.kill()
    process.communicate()
    ours.close()


def test_it_says_hello_and_ends_when_the_engine_closes(worker):
    process, ours = worker
    ours.close()
    assert process.wait(timeout=20) == 0


def test_it_has_given_up_what_it_does_not_need(worker):
    process, _ = worker
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
        assert "NoNewPrivs:\t1" in status.read()
    assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1] <= 128


@pytest.mark.parametrize("arguments", [["--role", "root"], ["--role"], ["--help"], ["file"]])
def test_a_command_line_that_is_none_of_ours_is_refused(arguments):
    done = subprocess.run([CONNECTOR, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20)
    assert done.returncode == 64 and b"E3251" in done.stderr


def test_without_a_socket_there_is_nothing_to_do():
    done = subprocess.run([CONNECTOR], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20)
    assert done.returncode == 64
