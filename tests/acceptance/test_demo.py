"""The whole main job, as the demo lives it: two weeks of an invented municipality, the promises checked at the end."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from tests.acceptance.conftest import PROGRAM, Demo

from watchdaemon.sandbox.scenario.texts import load_texts

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(240)]


def test_it_ends_by_itself_and_well(demo: Demo) -> None:
    assert demo.exit_code == 0, demo.shown
    assert "This should not happen" not in demo.shown


def test_the_question_it_ends_with_can_be_typed_as_it_stands(demo: Demo) -> None:
    (command,) = re.findall(r"^Ask it: +(.+)$", demo.shown, re.MULTILINE)
    asked = subprocess.run(command.split(), check=True, capture_output=True, text=True)

    head, *rows = asked.stdout.splitlines()
    assert head.startswith("STATE")
    assert rows
    assert all(row.startswith("overdue") for row in rows)


def test_every_account_has_every_window_owed_fetched_or_missed_with_its_reason(demo: Demo) -> None:
    log = demo.ask("watch-log")
    windows = Counter(str(row["account"]) for row in log)

    assert set(windows.values()) == {20}
    assert [row for row in log if row["coverage"] is None] == []
    assert [row for row in log if row["coverage"] != "complete" and not row["reason"]] == []


def test_the_incidents_of_the_weeks_are_on_record_and_nothing_else(demo: Demo) -> None:
    log = demo.ask("watch-log")
    missed = {(row["account"], row["window"], row["reason"]) for row in log if row["coverage"] == "failed"}
    partly = {(row["account"], row["window"], row["reason"]) for row in log if row["coverage"] == "partial"}

    assert {(account, reason) for account, _, reason in missed} == {
        ("badhus-ig", "unauthorised"),
        ("gata-x", "outage"),
        ("kommunen-x", "outage"),
        ("miljo-x", "outage"),
    }
    assert {(account, reason) for account, _, reason in partly} == {("bibliotek-fb", "malformed")}


def test_nobody_gets_two_digests_in_a_window_or_a_mail_twice(demo: Demo) -> None:
    ids = Counter(str(mail["Message-ID"]) for _, mail in demo.mails())
    digests = Counter(
        (str(mail["To"]), str(mail["Date"])[:16], "fm" if int(str(mail["Date"])[17:19]) < 12 else "em")
        for file, mail in demo.mails()
        if "digest" in str(mail["List-Id"])
    )

    assert max(ids.values()) == 1
    assert not digests or max(digests.values()) == 1


def test_every_mail_opens_with_text_and_html_and_says_no_secret(demo: Demo) -> None:
    mails = list(demo.mails())
    secrets = [f.read_text() for f in (demo.out / "credentials").iterdir()]
    tokens = {t for text in secrets for t in re.findall(r"[A-Za-z0-9._~+/|-]{16,}", text)}

    assert len(mails) > 100
    for file, mail in mails:
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text is not None, file
        assert html is not None, file
        assert not [t for t in tokens if t in text.get_content() or t in html.get_content()], file


def test_a_personal_number_is_in_no_mail_and_its_comment_was_to_be_removed(demo: Demo) -> None:
    number = load_texts().personal_number
    texts = [
        body.get_content() for _, mail in demo.mails() for body in mail.walk() if body.get_content_type()[:4] == "text"
    ]
    with_number = [text for text in texts if number in text or number.replace("-", "") in text]
    told = [text for text in texts if "diarief" in text]

    assert with_number == []
    assert told != []


def test_every_manager_got_both_weekly_reports(demo: Demo) -> None:
    accounts = demo.ask("accounts", "list")
    managers = {str(a["manager"]) for a in accounts if a["status"] in ("approved", "resting")}
    summary = (demo.out / "summary.html").read_text(encoding="utf-8")

    assert len(managers) >= 4
    assert summary.count("2 weekly") == len(managers)


def test_every_open_question_that_is_past_due_reads_overdue(demo: Demo) -> None:
    questions = demo.ask("questions", "--at", "2026-11-30T07:30")
    late = [q for q in questions if q["state"] == "open" and str(q["due_at"]) < "2026-11-30T06:30"]

    assert late == []
    assert Counter(str(q["state"]) for q in questions)["overdue"] > 10


def test_another_demo_in_the_same_folder_works_too(demo: Demo) -> None:
    assert (demo.out / ".watchdaemon-demo").exists()
    assert (demo.out / "summary.html").stat().st_size > 5_000


def test_a_folder_that_no_demo_wrote_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")

    done = subprocess.run([str(PROGRAM), "demo", "--out", str(tmp_path)], check=False, capture_output=True, text=True)

    assert done.returncode == 2
    assert "choose another folder" in done.stderr
    assert (tmp_path / "precious.txt").read_text() == "mine"
