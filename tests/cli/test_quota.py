"""``watchdaemon quota``: budgets as a table and as JSON, with what they cost."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import NINE, Run

from watchdaemon.domain.quota import Measure, Reach, Spending, UsageReading
from watchdaemon.settings import load_settings
from watchdaemon.storage import open_store

AT = ("--at", "2026-11-23T09:05")
KEYS = [
    "platform", "budget", "holder", "reach", "accounts", "used", "limit", "percent", "used_today", "resets_at",
    "blocked_until", "forecast", "price_usd", "forecast_usd",
]  # fmt: skip


@pytest.fixture
def spent(lived: Path) -> Path:
    """A configuration in whose database the quota book has some pages."""
    store = open_store(load_settings(lived).database_url().get_secret_value())
    facts = {"platform": "x", "account": "kommunen-x", "on": date(2026, 11, 20)}
    store.book_usage(
        [
            UsageReading(
                platform="facebook",
                holder="biblioteket-fb",
                name=name,
                reach=Reach.ACCOUNT,
                percent=percent,
                read_at=NINE,
                blocked_until=NINE + timedelta(minutes=30) if percent >= 100 else None,
            )
            for name, percent in (("pages", 100.0), ("page", 3.0))
        ],
        [
            Spending(measure=Measure.POSTS, amount=100, **facts),  # type: ignore[arg-type]  # a dict of mixed values
            Spending(measure=Measure.USERS, amount=20, **facts),  # type: ignore[arg-type]  # as above
        ],
    )
    store.close()
    return lived


def test_budgets_have_the_promised_keys_in_json(run: Run, spent: Path) -> None:
    budgets = json.loads(run("quota", "--json", *AT, "-c", spent).stdout)

    by_name = {(b["platform"], b["budget"]): b for b in budgets}
    posts, page = by_name["x", "posts"], by_name["facebook", "pages"]
    assert [list(b) for b in budgets] == [KEYS] * len(budgets)
    assert (posts["used"], posts["limit"], posts["price_usd"]) == (100, None, "0.50")
    assert float(posts["forecast_usd"]) > 0.5
    assert (page["accounts"], page["percent"]) == (["biblioteket-fb"], 100)
    assert page["blocked_until"] == "2026-11-23T08:30:00Z"
    assert ("facebook", "page") in by_name


def test_the_table_leaves_out_what_is_hardly_used_and_says_so(run: Run, spent: Path) -> None:
    short, whole = run("quota", *AT, "-c", spent), run("quota", "--all", *AT, "-c", spent)

    (page,) = (line for line in short.stdout.splitlines() if line.startswith("facebook") and "pages" in line)
    assert page.endswith("Mon 2026-11-23 09:30")
    assert " 3 %\n" not in short.stdout
    assert "1 limits used to less than 50 % are not shown" in short.stderr
    assert " 3 %\n" in whole.stdout
    assert "not shown" not in whole.stderr


def test_the_bill_so_far_is_told(run: Run, spent: Path) -> None:
    assert "At most 0.70 US dollars so far this month" in run("quota", *AT, "-c", spent).stderr


def test_nothing_was_ever_asked_and_nothing_is_spent(run: Run, lived: Path) -> None:
    budgets = json.loads(run("quota", "--json", *AT, "-c", lived).stdout)

    assert {b["used"] for b in budgets} == {0}
