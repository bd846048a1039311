"""The commands that work, against the sandbox as a newcomer starts it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Run

AT = "2026-11-23T10:05"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Path]:
    """A sandbox in a process of its own; gives the configuration it wrote."""
    script = Path(sys.executable).with_name("watchdaemon")
    begin: list[str | Path] = [script, "sandbox", "--out", tmp_path / "sandbox"]
    arguments = [*begin, "--port", "0", "--at", "2026-11-23T10:00"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            serving = process.stdout.readline()
            assert serving.startswith("Serving ")
            assert " at http://127.0.0.1:" in serving
            yield Path(process.stdout.readline().removeprefix("Configuration: ").strip())
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


@pytest.mark.slow
def test_a_newcomer_sees_it_work_from_the_sandbox_to_the_mail(run: Run, sandbox: Path) -> None:
    """One walk along every step; each costs seconds, so they share the sandbox."""
    use = ("-c", sandbox)
    assert run("db", "upgrade", *use).exit_code == 0
    assert run("accounts", "import", sandbox.with_name("accounts.toml"), *use).exit_code == 0

    doctor = json.loads(run("doctor", "--json", *use).stdout)
    assert [f["what"] for f in doctor if f["state"] != "ok"] == ["organisation.communications"]  # nobody is named there

    polled = run("poll", "badhus-fb", "kommunen-x", "--at", AT, "--json", *use)
    assert {a["account"]: a["coverage"] for a in json.loads(polled.stdout)} == {
        "badhus-fb": "complete",
        "kommunen-x": "complete",
    }
    assert polled.exit_code == 0

    passed = run("run", "--once", "--at", "2026-11-23T10:06", *use)
    assert passed.stdout.startswith("Done: ")
    assert "digests queued" in passed.stdout
    log = json.loads(run("watch-log", "--json", "--at", "2026-11-23T10:10", *use).stdout)
    assert {e["window"] for e in log} == {"2026-11-23/1"}
    assert len(log) > 15

    overdue = json.loads(run("questions", "--state", "overdue", "--at", AT, "--json", *use).stdout)
    assert overdue
    assert {q["state"] for q in overdue} == {"overdue"}

    shown = run("mail", "preview", "digest", "--to", "anna", "--at", "2026-11-23T10:10", *use)
    assert shown.stdout.startswith("To: anna@exempelkommun.example\nSubject: ")
    written = run("mail", "preview", "weekly", "--out", sandbox.with_name("preview"), "--at", AT, *use)
    assert all(Path(line).exists() for line in written.stdout.splitlines())
    assert list(sandbox.with_name("mails").glob("*.eml"))


def test_the_sandbox_leaves_a_foreign_configuration_alone(run: Run, config: Path) -> None:
    result = run("sandbox", "--out", config.parent, "--port", "0")

    assert result.exit_code == 2
    assert "was not written by the sandbox" in result.stderr


def test_a_pass_over_nothing_says_so(run: Run, config: Path) -> None:
    result = run("run", "--once", "--at", "2026-11-22T10:00", "-c", config)

    assert (result.exit_code, result.stdout) == (0, "Done: nothing owed\n")


def test_an_instant_is_for_one_pass_only(run: Run, config: Path) -> None:
    result = run("run", "--at", "2026-11-22T10:00", "-c", config)

    assert result.exit_code == 2
    assert "--at goes together with --once" in result.stderr


def test_an_account_that_is_not_there_cannot_be_polled(run: Run, lived: Path) -> None:
    result = run("poll", "nothing", "-c", lived)

    assert result.exit_code == 2
    assert "no account 'nothing'" in result.stderr


def test_accounts_that_cannot_be_fetched_make_the_exit_code_one(run: Run, lived: Path) -> None:
    result = run("poll", "kommunen-x", "--at", "2026-11-23T10:00", "--json", "-c", lived)

    assert result.exit_code == 1
    assert [(a["coverage"], a["reason"]) for a in json.loads(result.stdout)] == [("failed", "no_credential")]
    assert "Not fetched completely: kommunen-x" in result.stderr


def test_a_mail_server_that_is_away_makes_one_pass_end_with_one_and_say_so(run: Run, lived: Path) -> None:
    result = run("run", "--once", "--at", "2026-11-23T13:05", "-c", lived)

    assert result.exit_code == 1
    assert "mails were not taken by the mail server: see watchdaemon doctor" in result.stderr
