"""Alerts and silences on the command line."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import NINE, Run

from watchdaemon.domain.alert import AlertTelling
from watchdaemon.settings import load_settings
from watchdaemon.storage import open_store

AT = ("--at", "2026-11-23T10:00")
STALE = ("--kind", "stale", "--reason", "rebuilding", "--until", "2026-12-01", "--by", "karin")


def shown(run: Run, config: Path, *options: str) -> list[dict[str, object]]:
    """The silences that hold."""
    found: list[dict[str, object]] = json.loads(run("alerts", "silences", "--json", *AT, *options, "-c", config).stdout)
    return found


def test_an_alert_says_who_was_told_of_it(run: Run, lived: Path) -> None:
    store = open_store(load_settings(lived).database_url().get_secret_value())
    telling = AlertTelling(
        alert=1, person="anna", accounts=("kommunen-x",), items=(), first_at=NINE, last_at=NINE, times=1
    )
    store.book_alert_tellings([telling])
    store.close()

    (alert,) = json.loads(run("alerts", "--json", "-c", lived).stdout)

    assert [(t["person"], t["times"], t["over_at"]) for t in alert["told"]] == [("anna", 1, None)]
    assert "anna" in run("alerts", "-c", lived).stdout


def test_a_silence_holds_until_its_end_and_says_whose_it_is(run: Run, lived: Path) -> None:
    done = run("alerts", "silence", *STALE, "--account", "biblioteket-fb", *AT, "-c", lived)

    (silence,) = shown(run, lived)
    assert done.stdout == "Silence 1 holds until Tue 2026-12-01 00:00.\n"
    assert (silence["kind"], silence["account"], silence["by"], silence["reason"]) == (
        ("stale", "biblioteket-fb", "karin", "rebuilding")
    )
    assert silence["ends_at"] == "2026-11-30T23:00:00Z"
    assert "rebuilding" in run("alerts", "silences", *AT, "-c", lived).stdout


def test_a_silence_can_be_ended_before_its_time(run: Run, lived: Path) -> None:
    run("alerts", "silence", *STALE, *AT, "-c", lived)

    done = run("alerts", "unsilence", "1", *AT, "-c", lived)

    assert done.exit_code == 0
    assert shown(run, lived) == []
    assert [s["ends_at"] for s in shown(run, lived, "--all")] == ["2026-11-23T09:00:00Z"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--kind", "secret", "--reason", "x", "--until", "2026-12-01"), "cannot be silenced"),
        (("--kind", "not_watched", "--reason", "x", "--until", "2026-12-01"), "cannot be silenced"),
        (("--kind", "daemon_late", "--reason", "x", "--until", "2026-12-01"), "cannot be silenced"),
        (("--reason", "x", "--until", "2026-12-01"), "name a --kind"),
        (("--kind", "stale", "--reason", " ", "--until", "2026-12-01"), "say why"),
        (("--kind", "stale", "--reason", "x", "--until", "2026-11-01"), "must be ahead"),
        (("--kind", "stale", "--reason", "x", "--until", "2027-11-01"), "at most 92 days"),
        (("--account", "nope", "--reason", "x", "--until", "2026-12-01"), "no account 'nope'"),
    ],
)
def test_a_silence_that_would_hide_too_much_is_refused(
    run: Run, lived: Path, options: tuple[str, ...], said: str
) -> None:
    done = run("alerts", "silence", *options, *AT, "-c", lived)

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert shown(run, lived, "--all") == []


def test_an_unknown_silence_cannot_be_ended(run: Run, lived: Path) -> None:
    done = run("alerts", "unsilence", "9", "-c", lived)

    assert done.exit_code == 2
    assert "there is no silence 9" in done.stderr
