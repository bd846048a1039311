"""The alerts of the demo's weeks: once a cause, up to a manager, and an end for whoever heard of the beginning."""

from collections import Counter
from datetime import datetime
from typing import cast

import pytest
from tests.acceptance.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(240)]

Facts = dict[str, object]
REMINDED_AT_MOST = 4
"""Two weeks hold the first telling and the reminders after 1, 2, 4 and 8 working days."""


def told_of(alert: Facts) -> list[Facts]:
    """Who was told of it."""
    return cast("list[Facts]", alert["told"])


def strings(facts: Facts, key: str) -> list[str]:
    """A list of texts."""
    return cast("list[str]", facts[key])


def test_nobody_is_told_of_one_cause_twice(demo: Demo) -> None:
    alerts = demo.ask("alerts", "--all")
    causes = Counter((a["kind"], a["cause"], a["opened_at"]) for a in alerts)
    tellings = Counter((a["id"], t["person"]) for a in alerts for t in told_of(a))
    mails = Counter((m["To"], m["Subject"], str(m["Date"])) for _, m in demo.mails() if "alert" in str(m["List-Id"]))

    assert len(alerts) > 20
    assert max(causes.values()) == 1
    assert max(tellings.values()) == 1
    assert max(mails.values()) == 1


def test_reminders_slow_with_age(demo: Demo) -> None:
    for alert in demo.ask("alerts", "--all"):
        for telling in told_of(alert):
            if not telling["items"]:  # with items, each new one is told, too
                assert cast("int", telling["times"]) <= 1 + REMINDED_AT_MOST, alert


def test_every_overdue_question_reached_a_manager(demo: Demo) -> None:
    managers = {str(a["key"]): str(a["manager"]) for a in demo.ask("accounts", "list")}
    reached = {
        (account, item, str(telling["person"]))
        for alert in demo.ask("alerts", "--all")
        if alert["kind"] == "question_overdue"
        for account in strings(alert, "accounts")
        for telling in told_of(alert)
        for item in strings(telling, "items")
    }
    overdue = [q for q in demo.ask("questions", "--at", "2026-11-30T07:30") if q["state"] == "overdue"]
    keys = [(str(q["account"]), str(q["external_id"])) for q in overdue]
    missed = [(account, item) for account, item in keys if (account, item, managers[account]) not in reached]

    assert len(overdue) > 10
    assert missed == []


def test_what_is_over_was_told_as_over_to_whoever_was_told(demo: Demo) -> None:
    over = [a for a in demo.ask("alerts", "--all") if a["closed_at"] is not None and str(a["closed_at"]) < "2026-11-27"]
    untold = [(a["kind"], a["cause"]) for a in over for telling in told_of(a) if telling["over_at"] is None]

    assert over != []
    assert untold == []


def test_nobody_got_a_second_mail_a_day_about_what_can_wait(demo: Demo) -> None:
    slow = {"question_overdue", "stale", "too_few_owners", "quota", "mail_undeliverable"}
    days = [
        (str(telling["person"]), datetime.fromisoformat(str(telling["last_at"])))
        for alert in demo.ask("alerts", "--all")
        if alert["kind"] in slow
        for telling in told_of(alert)
    ]
    times = {(person, at.date(), at) for person, at in days}

    assert times
    assert max(Counter((person, day) for person, day, _ in times).values()) == 1
