"""When a credential is asked about again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchdaemon.domain.account import Account
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.rules.credentials import AT_ONCE, checks_due

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
VALID, DEAD, UNKNOWN = CredentialVerdict.VALID, CredentialVerdict.DEAD, CredentialVerdict.UNKNOWN


def account(key: str) -> Account:
    return Account(
        key=key, platform="x", native_id=key, name=key, link="", unit="u", manager="m", owners=(), credential=key
    )


def check(key: str, *, hours_ago: float, verdict: CredentialVerdict = VALID, answered: bool = True) -> CredentialCheck:
    tried_at = NOW - timedelta(hours=hours_ago)
    return CredentialCheck(
        account=key, credential=key, verdict=verdict, tried_at=tried_at, checked_at=tried_at if answered else None
    )


@pytest.mark.parametrize(
    ("known", "is_due", "why"),
    [
        (None, True, "never asked about"),
        (check("a", hours_ago=24), True, "a day ago"),
        (check("a", hours_ago=23.9), False, "not yet a day"),
        (check("a", hours_ago=1, verdict=DEAD), True, "dead: somebody may have mended it"),
        (check("a", hours_ago=0.9, verdict=DEAD), False, "dead, and asked about just now"),
        (check("a", hours_ago=1, answered=False), True, "the platform did not say"),
        (check("a", hours_ago=0.5, verdict=UNKNOWN, answered=False), False, "it did not say just now"),
        (replace(check("a", hours_ago=0), credential="other"), True, "it has another credential now"),
    ],
)
def test_a_credential_is_asked_about_daily_and_sooner_when_something_is_wrong(
    known: CredentialCheck | None, is_due: bool, why: str
) -> None:
    due = checks_due(NOW, [account("a")], {"a": known} if known else {})

    assert bool(due) is is_due, why


def test_an_account_without_a_credential_is_not_asked_about() -> None:
    assert checks_due(NOW, [replace(account("a"), credential=None)], {}) == []


def test_the_longest_waiting_come_first_and_not_all_at_once() -> None:
    accounts = [account(f"a{n:03d}") for n in range(50)]
    checks = {a.key: check(a.key, hours_ago=100 - n) for n, a in enumerate(accounts)}
    due = checks_due(NOW, list(reversed(accounts)), checks)

    assert [a.key for a in due] == [f"a{n:03d}" for n in range(AT_ONCE)]
