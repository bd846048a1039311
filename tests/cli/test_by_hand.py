"""Watching by a person on the command line: ``seen``, ``items add``, and what ``poll`` and the watch log say of it."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import REGISTER, Run

TIKTOK = """
[[accounts]]
key = "kommunen-tiktok"
platform = "tiktok"
native_id = "@exempelkommun"
name = "Exempelkommun"
link = "https://www.tiktok.com/@exempelkommun"
unit = "bibliotek"
owners = ["anna", "bo"]
approved_by = "karin"
approved_on = 2026-01-12
"""
MORNING = "2026-11-23T09:00"


@pytest.fixture
def watched(run: Run, config: Path, tmp_path: Path) -> Path:
    """A configuration with one account on TikTok, fetched once in Monday's first window."""
    path = tmp_path / "accounts.toml"
    head, *_ = REGISTER.read_text("utf-8").split("[[accounts]]")
    path.write_text(head + TIKTOK, "utf-8")
    imported = run("accounts", "import", path, "-c", config)
    assert imported.exit_code == 0, imported.stderr
    polled = run("poll", "--at", MORNING, "-c", config)
    assert polled.exit_code == 0, polled.stderr
    assert "Only a person can look at these (then: watchdaemon seen): kommunen-tiktok" in polled.stderr
    return config


def entry(run: Run, config: Path, at: str) -> dict[str, object]:
    (found,) = json.loads(run("watch-log", "--json", "--at", at, "-c", config).stdout)
    return dict(found)


def test_a_word_in_time_watches_the_window_and_is_never_called_a_fetch(run: Run, watched: Path) -> None:
    before = entry(run, watched, MORNING)
    seen = run("seen", "kommunen-tiktok", "--by", "anna", "--at", "2026-11-23T11:59", "-c", watched)
    after = entry(run, watched, "2026-11-23T12:30")

    assert (before["state"], before["reason"], before["watched_by"]) == ("PENDING", "not_confirmed", None)
    assert (seen.exit_code, seen.stdout) == (0, "Seen by anna in window 2026-11-23/1: kommunen-tiktok\n")
    assert (after["state"], after["watched_by"], after["seen_by"]) == ("WATCHED", "person", "anna")
    assert after["coverage"] == "failed"  # the machine fetched nothing, and that stays so


def test_a_word_that_comes_late_is_kept_and_fills_no_gap(run: Run, watched: Path) -> None:
    late = run("seen", "kommunen-tiktok", "--by", "anna", "--at", "2026-11-23T12:00", "-c", watched)
    after = entry(run, watched, "2026-11-23T12:30")

    assert late.exit_code == 1
    assert "Too late to watch the window, which closed Mon 2026-11-23 12:00" in late.stderr
    assert (after["state"], after["watched_by"], after["seen_by"]) == ("NOT WATCHED", None, "anna")


def test_the_log_shows_no_fetch_where_there_was_none(run: Run, watched: Path) -> None:
    run("seen", "kommunen-tiktok", "--by", "anna", "--at", "2026-11-23T11:00", "-c", watched)
    row = run("watch-log", "--at", "2026-11-23T11:30", "-c", watched).stdout.splitlines()[1]

    assert row.split() == ["2026-11-23/1", "kommunen-tiktok", "WATCHED", "Mon", "2026-11-23", "11:00", "anna"]


def test_the_word_of_a_person_changes_nothing_of_a_fetch(run: Run, lived: Path) -> None:
    run("seen", "biblioteket-fb", "kommunen-x", "--by", "bo", "--at", "2026-11-23T10:00", "-c", lived)
    entries = json.loads(run("watch-log", "--json", "--at", "2026-11-23T12:30", "-c", lived).stdout)

    assert {e["account"]: (e["state"], e["watched_by"]) for e in entries} == {
        "biblioteket-fb": ("WATCHED", "fetch"),
        "kommunen-x": ("NOT WATCHED", None),
    }


def add(run: Run, config: Path, *more: str, text: str = "När öppnar ni på lördag?") -> tuple[int, str, str]:
    options = ("--text", text, "--author", "Kim", "--published", "2026-11-23T08:10", "--by", "anna", *more)
    result = run("items", "add", "kommunen-tiktok", *options, "--at", MORNING, "-c", config)
    return result.exit_code, result.stdout, result.stderr


def test_a_question_found_by_hand_gets_its_due_time(run: Run, watched: Path) -> None:
    code, said, _ = add(run, watched)
    (question,) = json.loads(run("questions", "--json", "--at", MORNING, "-c", watched).stdout)

    assert code == 0
    assert said.splitlines() == [f"Written down: {question['external_id']}", "A question, due Tue 2026-11-24 17:00"]
    assert (question["author"], question["state"]) == ("Kim", "open")
    assert question["url"] == "https://www.tiktok.com/@exempelkommun"
    assert question["published_at"] == "2026-11-23T07:10:00Z"


def test_the_same_found_twice_is_one_item(run: Run, watched: Path) -> None:
    add(run, watched)
    _, again, _ = add(run, watched)
    items = json.loads(run("items", "--json", "-c", watched).stdout)

    assert again.startswith("Known already: ")
    assert len(items) == 1


def test_what_asks_nothing_is_kept_and_not_followed(run: Run, watched: Path) -> None:
    _, said, _ = add(run, watched, text="Fin video")

    assert said.endswith("Not a question.\n")


def test_an_own_post_written_down_is_the_accounts(run: Run, watched: Path) -> None:
    add(run, watched, "--kind", "post", "--url", "https://www.tiktok.com/@exempelkommun/video/1", text="Ny film")
    (item,) = json.loads(run("items", "--json", "-c", watched).stdout)

    assert (item["kind"], item["by_account"], item["author"]) == ("post", True, "Exempelkommun")
    assert item["url"].endswith("/video/1")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--by", "nobody"), "no person 'nobody'"),
        (("--published", "2026-11-23T09:01"), "in the future"),
        (("--published", "i måndags"), "is not a time"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, watched: Path, more: tuple[str, str], message: str) -> None:
    code, _, said = add(run, watched, *more)

    assert code == 2
    assert message in said


def test_doctor_wants_no_credential_where_a_person_looks(run: Run, watched: Path) -> None:
    findings = json.loads(run("doctor", "--json", "-c", watched).stdout)

    assert not [f for f in findings if f["what"] == "account kommunen-tiktok"]
