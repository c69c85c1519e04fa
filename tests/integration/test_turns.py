"""The turns of the engine's loop, seen from outside: a run that waits goes on by itself, and none disturbs another."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import deliveries  # noqa: E402
from daemon import SOURCES, Site  # noqa: E402


def loaded(site):
    for source in SOURCES:
        assert site.run(source).code == 0, site.log_tail()


def test_a_publishing_run_that_waits_for_retry_after_goes_on_by_itself(tmp_path):
    with Site(tmp_path, files=deliveries.small_files()) as site:
        site.stop()
        site.sink()["retry"] = {"first": "2s", "max": "4s", "retry_after_max": "4s"}
        site.start()
        loaded(site)
        site.national.fault(429, retry_after=2, times=1)
        status, run = site.ask("POST", "/v1/publish", {})
        assert status in (200, 202), run
        view = site.wait_for_run(run["run"], until=time.monotonic() + 30)
        assert view is not None, "it waits for ever: " + site.log_tail()
        assert view["state"] == "COMPLETE", view


def test_a_worker_that_does_not_start_fails_its_own_run_only(tmp_path):
    with Site(tmp_path, files=deliveries.small_files()) as site:
        loaded(site)
        before = site.export()
        site.stop()
        site.configs["trithucd.yaml"]["workers"]["program"] = "/bin/false"
        site.start()
        assert site.run(next(iter(SOURCES))).state == "FAILED"
        assert site.publish().state == "FAILED"
        assert site.is_up() and site.export() == before
        assert site.verify()[0] == 0
