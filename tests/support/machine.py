"""A Debian 12 machine in a folder, booted by systemd-nspawn with the build under test installed in it."""
import pathlib
import shutil
import subprocess
import textwrap

SUPPORT = pathlib.Path(__file__).resolve().parent
RESULTS = "var/lib/probe"
BOOT_TIMEOUT_S = 180

UNIT = """\
[Unit]
Description=Runs the probes of a test, then powers off
After=multi-user.target systemd-tmpfiles-setup.service dbus.socket

[Service]
Type=oneshot
ExecStart=/bin/bash /usr/local/lib/probe
ExecStopPost=/usr/bin/systemctl poweroff --no-block
TimeoutStartSec=150
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
"""


# systemd-nspawn needs "/" to be a mount point, which it is not for whoever was put here by chroot.
REMOUNT = 'mount --rbind / "$0" && exec chroot "$0" "$@"'


def root_as_mount_point(folder):
    """What to put before the command, if anything; `folder` becomes the place of the mount."""
    folder.mkdir(exist_ok=True)
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        if any(line.split()[4] == "/" for line in mounts):
            return []
    return ["unshare", "--mount", "--propagation", "unchanged", "bash", "-c", REMOUNT, folder]


class Result:
    def __init__(self, status, output):
        self.status, self.output = status, output


class Machine:
    """`add_probe` scripts, `boot` once, then ask `result`: each probe runs in bash as root under -eu."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        self.probes = []
        subprocess.run([SUPPORT / "bare_root.sh", "systemd", self.root], check=True, capture_output=True, text=True)

    def install_build(self, build):
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", self.root],
                       check=True, capture_output=True, text=True)

    def has(self, path):
        return (self.root / path.lstrip("/")).exists()

    def write(self, path, text, mode=0o644):
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(mode)

    def copy(self, source, folder):
        target = self.root / folder.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)

    def copy_program(self, program, folder):
        """With the libraries that the machine lacks, where its own would lie."""
        self.copy(program, folder)
        linked = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
        for line in linked.splitlines():
            library = line.partition("=> ")[2].split(" ")[0]
            if library and not (self.root / library.lstrip("/")).exists():
                self.copy(library, str(pathlib.Path(library).parent))

    def add_probe(self, name, script):
        self.probes.append((name, textwrap.dedent(script)))

    def boot(self):
        lines = [f"mkdir -p /{RESULTS}"]
        for name, script in self.probes:
            self.write(f"/usr/local/lib/probes/{name}", "set -eu\n" + script)
            lines.append(f"timeout 60 bash /usr/local/lib/probes/{name} >/{RESULTS}/{name}.out 2>&1; "
                         f"echo $? >/{RESULTS}/{name}.rc")
        self.write("/usr/local/lib/probe", "\n".join(lines) + "\n")
        self.write("/etc/systemd/system/probe.service", UNIT)
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / "probe.service").symlink_to("/etc/systemd/system/probe.service")
        run = subprocess.run([*root_as_mount_point(self.root.parent / "host"), "systemd-nspawn", "-q", "-D", self.root, "--register=no", "--keep-unit", "--boot",
                              "--private-network", "--console=pipe", "--link-journal=no"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                             timeout=BOOT_TIMEOUT_S, check=False)
        self.console = run.stdout + run.stderr
        return run.returncode

    def result(self, name):
        status = self.root / RESULTS / f"{name}.rc"
        if not status.is_file():
            return Result(-1, f"the probe did not run; the console said:\n{self.console[-4000:]}")
        output = (self.root / RESULTS / f"{name}.out").read_text(encoding="utf-8", errors="replace")
        return Result(int(status.read_text(encoding="ascii")), output)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
