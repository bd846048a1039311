"""The unit in a real systemd: starts, notifies, survives kill -9 and a hang, reloads, stops cleanly."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import nspawn
from tests.daemon.nspawn import Machine

UNIT = Path(__file__).parents[2] / "systemd" / "watchdaemon.service"
CONFIG = """
[organisation]
name = "Exempelkommun"

[mail]
sender = "vakt@example.org"

[web]
public_url = "https://vakt.example.org"
"""
# A watchdog quick enough for a test; everything else is the unit as shipped.
QUICK_WATCHDOG = "[Service]\nWatchdogSec=3\nTimeoutAbortSec=2\nRestartSec=200ms\n"
SECRET = "s3cret-token-of-nobody"

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@needs_analyze
def test_systemd_has_no_word_to_say_about_the_unit() -> None:
    done = subprocess.run(["systemd-analyze", "verify", str(UNIT)], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@needs_analyze
def test_the_units_exposure_is_at_most_one_and_a_half() -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=15", str(UNIT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-200:]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A booted container with the product, its unit, a configuration and a credential."""
    why = nspawn.missing()
    if why is not None:
        pytest.skip(why)
    files = {
        "/etc/watchdaemon/watchdaemon.toml": CONFIG,
        "/etc/watchdaemon/credentials/facebook-biblioteket": SECRET,
        "/etc/systemd/system/watchdaemon.service.d/quick.conf": QUICK_WATCHDOG,
    }
    with nspawn.booted(files) as booted:
        # The folder holds no secret; systemd reads the configuration's file for the service, so it must be readable.
        booted.run("chmod", "755", "/etc/watchdaemon")
        booted.run("chmod", "644", "/etc/watchdaemon/watchdaemon.toml")
        yield booted


@pytest.fixture
def started(machine: Machine) -> Iterator[Machine]:
    """The service, running."""
    machine.run("systemctl", "reset-failed", "watchdaemon", check=False)
    machine.run("systemctl", "start", "watchdaemon")
    yield machine
    machine.run("systemctl", "stop", "watchdaemon", check=False)


pytestmark = pytest.mark.xdist_group("systemd")


@pytest.mark.systemd
def test_start_waits_until_it_is_ready_and_the_status_says_what_it_does(started: Machine) -> None:
    assert started.show("watchdaemon", "ActiveState") == "active"
    assert started.show("watchdaemon", "StatusText") == "watching 0 accounts; 0 questions wait, 0 overdue"


@pytest.mark.systemd
def test_the_unit_lets_it_serve_its_pages_on_loopback(started: Machine) -> None:
    ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8470/healthz', timeout=10).read())"

    assert started.run(nspawn.python() or "", "-c", ask).strip() == "b'ok\\n'"


@pytest.mark.systemd
def test_it_runs_as_nobody_in_particular_and_owns_only_its_state(started: Machine) -> None:
    pid = started.show("watchdaemon", "MainPID")
    status = started.run("cat", f"/proc/{pid}/status")
    uid = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))

    assert int(uid) > 1000
    assert started.run("ls", "/var/lib/private/watchdaemon").split() == [
        "watchdaemon.sqlite3",
        "watchdaemon.sqlite3-shm",
        "watchdaemon.sqlite3-wal",
        "watchdaemon.sqlite3.lock",
    ]


@pytest.mark.systemd
def test_it_is_restarted_after_kill_9(started: Machine) -> None:
    before = started.show("watchdaemon", "MainPID")

    started.run("kill", "-9", before)
    started.wait_for("1", "systemctl", "show", "watchdaemon", "-p", "NRestarts", "--value")
    started.wait_for("active", "systemctl", "is-active", "watchdaemon")

    assert started.show("watchdaemon", "MainPID") not in ("0", before)


@pytest.mark.systemd
def test_the_watchdog_restarts_it_when_it_hangs(started: Machine) -> None:
    before = started.show("watchdaemon", "MainPID")

    started.run("kill", "-STOP", before)
    started.wait_for("Watchdog timeout", "journalctl", "-u", "watchdaemon", "--no-pager")
    started.wait_for("1", "systemctl", "show", "watchdaemon", "-p", "NRestarts", "--value")
    started.wait_for("active", "systemctl", "is-active", "watchdaemon")

    assert started.show("watchdaemon", "MainPID") not in ("0", before)


@pytest.mark.systemd
def test_it_stays_up_under_its_watchdog_while_it_is_well(started: Machine) -> None:
    pid = started.show("watchdaemon", "MainPID")

    started.run("sleep", "7")  # more than two watchdog periods: real time is what is tested here

    assert started.show("watchdaemon", "MainPID") == pid
    assert started.show("watchdaemon", "NRestarts") == "0"


@pytest.mark.systemd
def test_reload_reads_the_configuration_and_a_faulty_one_is_named_and_not_used(started: Machine) -> None:
    pid = started.show("watchdaemon", "MainPID")
    started.run("systemctl", "reload", "watchdaemon")
    started.wait_for("configuration_reloaded", "journalctl", "-u", "watchdaemon", "--no-pager")

    started.run("sh", "-c", "echo '[oops]' >> /etc/watchdaemon/watchdaemon.toml")
    started.run("systemctl", "reload", "watchdaemon")
    log = started.wait_for("configuration_not_reloaded", "journalctl", "-u", "watchdaemon", "--no-pager")
    started.run("sed", "-i", "/oops/d", "/etc/watchdaemon/watchdaemon.toml")

    assert "oops" in log
    assert started.show("watchdaemon", "MainPID") == pid
    assert started.show("watchdaemon", "ActiveState") == "active"


@pytest.mark.systemd
def test_stop_is_clean_and_the_journal_has_levels_and_no_secret(started: Machine) -> None:
    started.run("systemctl", "stop", "watchdaemon")
    lines = [json.loads(line) for line in started.journal("watchdaemon").splitlines()]
    ours = {line["MESSAGE"].split()[0]: line["PRIORITY"] for line in lines if line.get("_COMM") != "systemd"}

    assert started.show("watchdaemon", "Result") == "success"
    assert (ours["started"], ours["stopped"]) == ("6", "6")
    assert SECRET not in str(lines)


@pytest.mark.systemd
def test_a_configuration_that_cannot_be_used_ends_with_2_and_is_not_retried(machine: Machine) -> None:
    machine.run("cp", "/etc/watchdaemon/watchdaemon.toml", "/etc/watchdaemon/good.toml")
    machine.run("sh", "-c", "echo 'nonsense = 1' > /etc/watchdaemon/watchdaemon.toml")

    machine.run("systemctl", "start", "watchdaemon", check=False)
    machine.wait_for("failed", "systemctl", "is-active", "watchdaemon")
    status = machine.show("watchdaemon", "ExecMainStatus")
    log = machine.run("journalctl", "-u", "watchdaemon", "--no-pager")
    machine.run("mv", "/etc/watchdaemon/good.toml", "/etc/watchdaemon/watchdaemon.toml")
    machine.run("systemctl", "reset-failed", "watchdaemon")

    assert status == "2"
    assert "nonsense" in log
