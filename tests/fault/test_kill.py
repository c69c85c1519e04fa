"""Invariant 8: whatever is killed, and when, the end is as if nothing had been (DESIGN.md, section 12).

Engine, workers and national server are killed by SIGKILL while small deliveries are loaded and published; each time
they are started again and the job goes on. At the end store, ledger and audit log are compared with those of a site
that was left alone. TRITHUC_SEED repeats a run.
"""
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import deliveries  # noqa: E402
from daemon import SINK, SOURCES, Site, acts  # noqa: E402
from evidence import note  # noqa: E402

LONG = bool(os.environ.get("TRITHUC_LONG"))
KILLS, KILLS_PER_SITE = (300 if LONG else 60), 8
POINTS = 240 if LONG else 42
# Undisturbed the job takes some 0.4 s; between two kills it gets on a little.
LONGEST_S = 0.15
# All sites share it: the order of apply is that of keyed hashes.
MASTER = bytes(range(32))
COMPARED_ACTS = ("row.new", "row.change", "row.reject", "case.open", "batch.begin", "push.ack")
STAGES = (*SOURCES, SINK)


def seed_of_this_run():
    seed = int(os.environ.get("TRITHUC_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"# seed {seed}", file=sys.stderr)
    return seed


def make_site(folder):
    site = Site(folder, master=MASTER, files=deliveries.small_files(400, 40, 40))
    site.sink().update(batch={"max_items": 10, "max_bytes": "512KiB"},
                       retry={"first": "100ms", "max": "1s", "retry_after_max": "1s"})
    return site


# --- doing the job

class Peace:
    """Nobody is killed."""

    at = None


class Killer:
    """Strikes at moments of its own choice while there is work, at most `left` times.

    Half of them are kept for publishing: on a busy machine loading alone would use up all.
    """

    def __init__(self, rng, left):
        self.rng, self.left, self.kept = rng, left, left // 2
        self.struck = collections.Counter()
        self.choose_moment()

    def choose_moment(self):
        self.at = time.monotonic() + self.rng.uniform(0, LONGEST_S) if self.left else None

    def strike(self, site, stage):
        if stage != SINK and self.left <= self.kept:
            self.choose_moment()
            return
        workers = site.workers()
        victims = ["engine"] + ["worker"] * bool(workers) + ["server"] * (stage == SINK)
        victim = self.rng.choice(victims)
        if victim == "engine":
            site.kill()
        elif victim == "server":
            site.national.kill()
            site.start_national()
        else:
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.struck[victim, "publish" if stage == SINK else "load"] += 1
        self.left -= 1
        self.choose_moment()


def begin(site, stage):
    """The run of the stage that goes on, or a new one; None if the stage is done."""
    status = next(source for source in site.get("/v1/status")["sources"] if source["name"] == stage)
    if status["running"]:
        return status["running"]
    if status["last_state"] == "COMPLETE":
        return None
    path, body = ("/v1/publish", {}) if stage == SINK else ("/v1/runs", {"source": stage})
    code, answer = site.ask("POST", path, body)
    assert code == 202, answer
    return answer["run"]


def do_stage(site, stage, killer):
    end = time.monotonic() + 120
    while True:
        assert time.monotonic() < end, (stage, site.get("/v1/runs")["runs"][:3], site.log_tail())
        if not site.is_up():
            site.start()
        try:
            run = begin(site, stage)
            if run is None:
                return
            if site.wait_for_run(run, until=killer.at) is None:
                killer.strike(site, stage)
        except (OSError, http.client.HTTPException):
            # Only a kill from outside ends the engine. One that lives and does not answer has hung.
            if site.await_end(5) != -signal.SIGKILL:
                raise


def do_everything(site, killer):
    for stage in STAGES:
        do_stage(site, stage, killer)


# --- what the end looks like

class End:
    def __init__(self, site):
        self.export = site.export()
        self.acts = {act: acts(site.leaves())[act] for act in COMPARED_ACTS}
        self.verified = site.verify()
        self.rebuilt = site.reader("rebuild")
        self.ledger = site.national.ledger()
        self.persons = sorted(json.dumps({name: value for name, value in row["person"].items() if name != "externalId"},
                                         sort_keys=True) for row in site.national.persons())
        self.violations = site.national.stats()["violations"]

    def duplicated(self):
        return len(self.ledger) - len({(entry["externalId"], entry["op"]) for entry in self.ledger})

    def lost(self, reference):
        return sum((collections.Counter(reference.persons) - collections.Counter(self.persons)).values())


def assert_same_end(end, reference, told):
    assert end.export == reference.export, told
    assert (end.lost(reference), end.duplicated()) == (0, 0), told
    assert end.persons == reference.persons, told
    assert end.acts == reference.acts, told
    assert (end.verified[0], end.verified[1]["ok"]) == (0, True), (told, end.verified)
    assert (end.rebuilt[0], end.rebuilt[1]["differ"]) == (0, 0), told
    assert end.violations == 0, told


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    with make_site(tmp_path_factory.mktemp("reference")) as site:
        do_everything(site, Peace)
        end = End(site)
    assert end.acts["row.new"] > 400 and end.acts["push.ack"] == len(end.ledger) > 300
    assert end.acts["batch.begin"] > 30 and end.acts["row.reject"] > 5 and not end.violations
    return end


def test_kills_at_random_moments_leave_no_trace(reference, tmp_path):
    seed = seed_of_this_run()
    rng = random.Random(seed)
    struck, lost, duplicated = collections.Counter(), 0, 0
    for number in range(KILLS):
        killer = Killer(rng, min(KILLS_PER_SITE, KILLS - struck.total()))
        with make_site(tmp_path / str(number)) as site:
            killer.choose_moment()
            do_everything(site, killer)
            end = End(site)
        struck += killer.struck
        lost += end.lost(reference)
        duplicated += end.duplicated()
        assert_same_end(end, reference, f"seed {seed}, site {number}, struck {dict(killer.struck)}")
        if struck.total() == KILLS:
            break
    assert struck.total() == KILLS
    assert set(struck) == {("engine", "load"), ("worker", "load"), *((victim, "publish") for victim in
                                                                      ("engine", "worker", "server"))}, struck
    by = ", ".join(f"{victim} in {when} {count}" for (victim, when), count in sorted(struck.items()))
    note("persons lost, applied twice, after kills at random moments", f"{lost}, {duplicated}; {KILLS} kills: {by}", seed)


# --- every kind of call by which the engine's state leaves it

CALLS = ("pwrite64", "fdatasync", "sendmsg")


def strace(log, *expressions):
    """Makes the daemon a child of ours still: -D puts the tracer beside it."""
    return ["strace", "-D", "-qq", "-o", log, *[word for expression in expressions for word in ("-e", expression)]]


def calls_of_the_job(folder):
    log = folder / "calls"
    site = make_site(folder / "counted")
    with site:
        site.stop()
        site.start(strace(log, "trace=" + ",".join(CALLS)))
        do_everything(site, Peace)
        site.stop()
    made = collections.Counter(re.findall(r"^(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    assert all(made[call] >= 5 for call in CALLS), made
    return made


def test_a_kill_at_any_call_that_writes_or_sends_leaves_no_trace(reference, tmp_path):
    made = calls_of_the_job(tmp_path)
    seed = seed_of_this_run()
    rng = random.Random(seed)
    points = [(call, 1 + int((place + rng.random()) * made[call] / (POINTS // len(CALLS))))
              for call in CALLS for place in range(POINTS // len(CALLS))]
    killed, lost, duplicated = 0, 0, 0
    for number, (call, when) in enumerate(points):
        with make_site(tmp_path / str(number)) as site:
            site.stop()
            site.start(strace("/dev/null", f"trace={call}", f"inject={call}:signal=KILL:when={when}"))
            first = site.process
            do_everything(site, Peace)
            killed += first.poll() is not None
            if first.poll() is None:
                # The call did not come up in the job; looking at the end must not make it.
                site.kill()
                site.start()
            end = End(site)
        lost += end.lost(reference)
        duplicated += end.duplicated()
        assert_same_end(end, reference, f"seed {seed}, {call} number {when}")
    assert killed > len(points) * 3 // 4, "the points must lie within the job"
    note("persons lost, applied twice, after kills at a write, flush or send of the engine",
         f"{lost}, {duplicated}; {killed} kills", seed)
