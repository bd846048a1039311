"""When an account's credential is asked about again. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict

EVERY: Final = timedelta(days=1)
"""How often a credential that works is asked about."""

AGAIN: Final = timedelta(hours=1)
"""How soon again when the platform did not say, or the credential is dead and a person may have mended it."""

AT_ONCE: Final = 16
"""How many are asked about in one pass: a first day's checks are so spread over its first minutes, and stay spread."""


def checks_due(
    now: datetime, accounts: Sequence[Account], checks: Mapping[str, CredentialCheck], *, at_once: int = AT_ONCE
) -> list[Account]:
    """Return the accounts whose credential shall be asked about now, the longest waiting first.

    An account is due that was never asked about, or a day ago; an hour ago when the platform did not answer or the
    credential was dead; at once when it names another credential than the one that was asked about. One that names
    none is not asked about: a person watches it, or its fetch says what is missing.

    Args:
        now: Aware UTC.
        accounts: The accounts under watch.
        checks: The last check of each, by account key.
        at_once: At most so many are returned.
    """
    with_one = [a for a in accounts if a.credential is not None]
    due = [(since, a.key, a) for a in with_one if (since := _due_since(a, checks.get(a.key))) <= now]
    return [account for _, _, account in sorted(due, key=lambda d: d[:2])[:at_once]]


def _due_since(account: Account, check: CredentialCheck | None) -> datetime:
    if check is None or check.credential != account.credential:
        return _LONG_AGO
    has_answered = check.checked_at == check.tried_at
    return check.tried_at + (EVERY if has_answered and check.verdict is CredentialVerdict.VALID else AGAIN)


_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
