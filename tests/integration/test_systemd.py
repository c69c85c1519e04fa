"""The units as they are shipped: their sandbox scores, and a real systemd that boots, starts and stops them."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))
from machine import Machine  # noqa: E402

UNITS = SOURCE / "systemd"
BUILD = os.environ.get("BUILD_ROOT", "")
SOCKETS = ("trithucd.socket", "trithuc-worker-file.socket", "trithuc-worker-http.socket")
SERVICES = ("trithucd.service", "trithuc-worker-file@.service", "trithuc-worker-http@.service")


# AUDIT-SECURITY.md section 4.1, in tenths: the engine and the file worker have no network, the http worker has.
@pytest.mark.parametrize("unit, gate", zip(SERVICES, (4, 4, 11)))
def test_a_unit_keeps_its_exposure_gate(unit, gate):
    run = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={gate}", unit],
                         cwd=UNITS, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout.splitlines()[-1] if run.stdout else run.stderr


def test_the_gate_refuses_a_unit_with_the_network(tmp_path):
    text = (UNITS / "trithucd.service").read_text(encoding="utf-8")
    for line in ("PrivateNetwork=yes\n", "IPAddressDeny=any\n"):
        assert line in text
        text = text.replace(line, "")
    (tmp_path / "trithucd.service").write_text(text, encoding="utf-8")
    run = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=4", "trithucd.service"],
                         cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode != 0


def why_no_machine():
    if os.geteuid() != 0:
        return "booting a machine needs root"
    for program in ("debootstrap", "systemd-nspawn", "meson"):
        if not shutil.which(program):
            return f"{program} is missing"
    if not os.path.isdir("/sys/fs/cgroup/systemd") and not os.path.isfile("/sys/fs/cgroup/cgroup.controllers"):
        return "no cgroups are mounted under /sys/fs/cgroup"
    if not (pathlib.Path(BUILD) / "build.ninja").is_file():
        return "BUILD_ROOT names no build folder"
    return ""


def connect_as(user, path):
    """A probe's command: connect, close, and tell whether that was allowed."""
    return (f"setpriv --reuid={user} --regid={user} --init-groups "
            f"perl -MIO::Socket::UNIX -e 'exit !IO::Socket::UNIX->new(Peer => shift)' {path}")


def add_probes(machine):
    machine.add_probe("verify", f"""
        cd /lib/systemd/system
        systemd-analyze verify --man=no {' '.join(SOCKETS + SERVICES)}
        """)
    machine.add_probe("users", """
        for user in trithucd trithuc-file trithuc-http; do getent passwd $user; done
        for group in trithuc trithuc-reader trithuc-reviewer trithuc-operator trithuc-approver trithuc-auditor; do
            getent group $group
        done
        id -nG trithuc-file | grep -qw trithuc-drop
        """)
    machine.add_probe("folders", """
        stat -c '%a %U %G %n' /run/trithucd /etc/trithucd /srv/trithuc-drop
        """)
    machine.add_probe("sockets", f"""
        systemctl start {' '.join(SOCKETS)}
        stat -c '%a %U %G %n' /run/trithucd/control.sock /run/trithucd/worker-*.sock
        """)
    # "!" would not end a script under -e, so a refusal is asked for by `if`.
    machine.add_probe("strangers", f"""
        useradd --no-create-home stranger
        useradd --no-create-home --groups trithuc member
        {connect_as('member', '/run/trithucd/control.sock')}
        if {connect_as('stranger', '/run/trithucd/control.sock')}; then echo "a stranger got in"; exit 1; fi
        if {connect_as('member', '/run/trithucd/worker-file.sock')}; then echo "a member got a worker"; exit 1; fi
        if {connect_as('trithuc-file', '/run/trithucd/worker-http.sock')}; then echo "a worker got one"; exit 1; fi
        """)
    # The command of the comment in trithucd.service, and what the process then finds.
    machine.add_probe("credential", """
        mkdir -p -m 700 /etc/credstore.encrypted
        head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n' > /run/master
        systemd-creds encrypt --with-key=host --name=master /run/master /etc/credstore.encrypted/trithucd.master 2>/run/advice
        systemd-run -q --wait --pipe -p User=trithucd \\
            -p LoadCredentialEncrypted=master:/etc/credstore.encrypted/trithucd.master \\
            sh -c 'stat -c %a "$CREDENTIALS_DIRECTORY/master"; cat "$CREDENTIALS_DIRECTORY/master"' > /run/seen
        head -n 1 /run/seen
        tail -n +2 /run/seen | cmp - /run/master
        """)
    machine.add_probe("worker_ends_on_eof", f"""
        {connect_as('trithucd', '/run/trithucd/worker-file.sock')}
        for i in $(seq 50); do
            n=$(systemctl show -P NAccepted trithuc-worker-file.socket)
            live=$(systemctl show -P NConnections trithuc-worker-file.socket)
            [ "$n" -ge 1 ] && [ "$live" -eq 0 ] && break
            sleep 0.1
        done
        echo "accepted $n, live $live"
        journalctl -q -o cat -u 'trithuc-worker-file@*' --no-pager | tail -n 20
        [ "$n" -ge 1 ] && [ "$live" -eq 0 ]
        if journalctl -q -o cat --no-pager | grep -E 'trithuc-worker-file@.*(EXEC|SECCOMP|status=31|core-dump)'; then
            exit 1
        fi
        """)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    reason = why_no_machine()
    if reason:
        pytest.skip(reason)
    made = Machine(tmp_path_factory.mktemp("machine") / "root")
    try:
        made.install_build(BUILD)
        # What a package's scripts do after unpacking.
        made.add_probe("install", "systemd-sysusers\nsystemd-tmpfiles --create\n")
        add_probes(made)
        made.exit_status = made.boot()
        yield made
    finally:
        made.remove()


def needs(machine, *programs):
    missing = [program for program in programs if not machine.has(program)]
    if missing:
        pytest.skip(f"the build has no {', '.join(missing)}")


def test_the_machine_boots_and_powers_off(machine):
    assert machine.exit_status == 0, machine.console[-4000:]
    assert machine.result("install").status == 0, machine.result("install").output


def test_systemd_finds_no_fault_in_the_units(machine):
    needs(machine, "/usr/sbin/trithucd", "/usr/libexec/trithucd/trithuc-connector")
    result = machine.result("verify")
    assert (result.status, result.output) == (0, "")


def test_users_and_groups_are_made(machine):
    result = machine.result("users")
    assert result.status == 0, result.output
    assert "/usr/sbin/nologin" in result.output


def test_folders_have_their_owners_and_modes(machine):
    assert machine.result("folders").output.splitlines() == [
        "755 root root /run/trithucd", "755 root root /etc/trithucd", "2770 root trithuc-drop /srv/trithuc-drop"]


def test_sockets_have_their_owners_and_modes(machine):
    result = machine.result("sockets")
    assert result.output.splitlines() == [
        "660 root trithuc /run/trithucd/control.sock",
        "600 trithucd trithucd /run/trithucd/worker-file.sock",
        "600 trithucd trithucd /run/trithucd/worker-http.sock"]


def test_only_members_reach_the_control_socket_and_only_the_engine_the_workers(machine):
    result = machine.result("strangers")
    assert result.status == 0, result.output


def test_the_master_key_comes_as_an_encrypted_credential(machine):
    result = machine.result("credential")
    assert (result.status, result.output.split()) == (0, ["400"])


def test_a_worker_is_started_by_a_connection_and_ends_with_it(machine):
    needs(machine, "/usr/libexec/trithucd/trithuc-connector")
    result = machine.result("worker_ends_on_eof")
    assert result.status == 0, result.output
