"""The units as they are shipped: their sandbox scores, and a real systemd that boots, starts and stops them."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))
from machine import Machine  # noqa: E402

UNITS = SOURCE / "systemd"
BUILD = os.environ.get("BUILD_ROOT", "")
SOCKETS = ("trithucd.socket", "trithuc-worker-file.socket", "trithuc-worker-http.socket")
SERVICES = ("trithucd.service", "trithuc-worker-file@.service", "trithuc-worker-http@.service")


# AUDIT-SECURITY.md section 4.1, in tenths: the engine and the file worker have no network, the http worker has.
@pytest.mark.parametrize("unit, gate", list(zip(SERVICES, (4, 4, 11))))
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


# --- the real engine, its workers by their sockets, the national server on the machine's own loopback

PORT = 8443
SECRET = "a secret of this test"
NATIONAL = f"""\
[Service]
Type=exec
ExecStart=/opt/national/trithuc-national --port {PORT} --cert /opt/national/server.pem --key /opt/national/server.key \
    --store /opt/national/national.db --secret-file /opt/national/secret --ready-file /run/national
"""
DROP_IN = """\
[Service]
LoadCredentialEncrypted=national-secret:/etc/credstore.encrypted/trithucd.national-secret
WatchdogSec=3
RestartSec=100ms
"""


def example(name):
    return yaml.safe_load((SOURCE / "config/examples" / name).read_text(encoding="utf-8"))


def put_config(machine):
    """The examples, with the drop folders where the units allow them and the server where it is."""
    top = example("trithucd.yaml")
    machine.write("/etc/trithucd/trithucd.yaml", yaml.safe_dump(top, allow_unicode=True, sort_keys=False))
    for path in sorted((SOURCE / "config/examples/connectors.d").glob("*.yaml")):
        config = example(f"connectors.d/{path.name}")
        if "sink" in config:
            base = f"https://localhost:{PORT}"
            config["sink"]["options"].update(endpoint=base, token_url=base + "/oauth2/token", allow_private=True)
        else:
            folder = pathlib.Path(config["source"]["options"]["folder"]).name
            config["source"]["options"]["folder"] = f"/srv/trithuc-drop/{folder}"
        machine.write(f"/etc/trithucd/connectors.d/{path.name}",
                      yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=120))


def put_national(machine):
    program = pathlib.Path(BUILD) / "tests/national/trithuc-national"
    machine.copy_program(program, "/opt/national")
    machine.copy(program.with_name("national-api.json"), "/opt/national")
    subprocess.run([SOURCE / "tests/support/make-certs", machine.root / "opt/national"], check=True, capture_output=True)
    machine.copy(machine.root / "opt/national/ca.pem", "/etc/trithucd")
    (machine.root / "etc/trithucd/ca.pem").rename(machine.root / "etc/trithucd/national-ca.pem")
    machine.write("/opt/national/secret", SECRET + "\n", mode=0o600)
    machine.write("/etc/systemd/system/national.service", NATIONAL)


def add_engine_probes(machine):
    put_config(machine)
    put_national(machine)
    machine.write("/etc/systemd/system/trithucd.service.d/test.conf", DROP_IN)
    machine.copy(SOURCE / "tests/data/samples/month-1/giang-vien.csv", "/opt/delivery")
    # The master key is that of the probe `credential`.
    machine.add_probe("engine_starts", """
        systemd-creds encrypt --with-key=host --name=national-secret /opt/national/secret \
            /etc/credstore.encrypted/trithucd.national-secret 2>/run/advice
        install -d -m 2770 -g trithuc-drop /srv/trithuc-drop/cao-dang /srv/trithuc-drop/noi-vu
        install -m 640 -g trithuc-drop /opt/delivery/giang-vien.csv /srv/trithuc-drop/cao-dang
        systemctl daemon-reload
        systemctl start national.service trithucd.service || { journalctl -q -o cat -u trithucd --no-pager | tail; exit 1; }
        systemctl is-active trithucd.service
        systemctl show -P StatusText trithucd.service
        """)
    machine.add_probe("engine_works", """
        trithucctl --json run cao-dang --wait || { journalctl -q -o cat --no-pager -u 'trithuc*' | tail -n 30; exit 1; }
        trithucctl --json publish --wait || { journalctl -q -o cat --no-pager -u 'trithuc*' | tail -n 30; exit 1; }
        trithucctl audit verify
        for role in file http; do
            [ "$(systemctl show -P NAccepted trithuc-worker-$role.socket)" -ge 1 ]
        done
        """)
    machine.add_probe("roles", """
        useradd --no-create-home --groups trithuc,trithuc-reader looker
        setpriv --reuid=looker --regid=looker --init-groups trithucctl status
        rc=0; setpriv --reuid=looker --regid=looker --init-groups trithucctl run cao-dang || rc=$?
        [ $rc = 77 ]
        """)
    machine.add_probe("watchdog", """
        before=$(systemctl show -P MainPID trithucd.service)
        restarts=$(systemctl show -P NRestarts trithucd.service)
        kill -STOP $before
        for i in $(seq 300); do
            now=$(systemctl show -P MainPID trithucd.service)
            [ "$(systemctl is-active trithucd.service)" = active ] && [ "$now" != "$before" ] && break
            sleep 0.1
        done
        echo "restarts $(($(systemctl show -P NRestarts trithucd.service) - restarts))"
        journalctl -q -o cat -u trithucd.service --no-pager | grep -i 'watchdog timeout'
        trithucctl --json status
        """)
    machine.add_probe("engine_stops", """
        systemctl stop trithucd.socket trithucd.service
        systemctl show -P Result trithucd.service
        systemctl show -P ExecMainStatus trithucd.service
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
        add_engine_probes(made)
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


ENGINE = ("/usr/sbin/trithucd", "/usr/libexec/trithucd/trithuc-connector", "/usr/bin/trithucctl")


def test_the_engine_starts_and_says_that_it_is_ready(machine):
    needs(machine, *ENGINE)
    result = machine.result("engine_starts")
    assert (result.status, result.output.splitlines()) == (0, ["active", "ready"]), result.output


def test_a_run_and_a_publishing_go_through_workers_that_systemd_started(machine):
    needs(machine, *ENGINE)
    result = machine.result("engine_works")
    assert result.status == 0, result.output
    run, publish = (json.loads(line) for line in result.output.splitlines()[:2])
    assert (run["state"], run["counts"]["accepted"], run["counts"]["quarantined"]) == ("COMPLETE", 74, 0)
    assert (publish["state"], publish["counts"]["sent"] > 50) == ("COMPLETE", True)
    assert publish["counts"]["acknowledged"] == publish["counts"]["sent"]


def test_a_reader_may_look_and_not_act(machine):
    needs(machine, *ENGINE)
    result = machine.result("roles")
    assert result.status == 0, result.output


def test_an_engine_that_hangs_is_killed_and_started_again_with_all_that_it_had(machine):
    needs(machine, *ENGINE)
    result = machine.result("watchdog")
    assert result.status == 0, result.output
    assert "restarts 1" in result.output
    status = json.loads(result.output.splitlines()[-1])
    assert (status["counts"]["persons"], status["counts"]["open_batches"]) == (74, 0)


def test_the_engine_stops_in_good_order(machine):
    needs(machine, *ENGINE)
    result = machine.result("engine_stops")
    assert (result.status, result.output.split()) == (0, ["success", "0"]), result.output
