"""Who is told of which alerts: one mail a person, with all of theirs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from watchdaemon.alerts._access import ACCESS_KINDS
from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice


@dataclass(slots=True)
class _Post:
    """What one person is told."""

    opened: list[Alert] = field(default_factory=list)
    closed: list[Alert] = field(default_factory=list)


def notices(
    opened: Sequence[Alert], closed: Sequence[Alert], register: Register, *, on: date, now: datetime
) -> list[AlertNotice]:
    """Return one notice for each person who answers for an account in the alerts, by the person's key.

    Told are the readers of the account's digests; where there are none, its manager. Of a credential at least two
    people are told: the manager too, where there is one reader only. Each sees of a shared alert only their own
    accounts.

    Args:
        opened: Alerts to tell of as new: a plan's `open` and `joined`.
        closed: Alerts to tell of as over: a plan's `close` and `left`.
        register: Who answers for what.
        on: The local date, for absences and substitutes.
        now: Aware UTC.
    """
    posts: dict[str, _Post] = defaultdict(_Post)
    for alert in opened:
        for person, accounts in _readers(alert, register, on).items():
            posts[person].opened.append(replace(alert, accounts=accounts))
    for alert in closed:
        for person, accounts in _readers(alert, register, on).items():
            posts[person].closed.append(replace(alert, accounts=accounts))
    return [
        AlertNotice(
            recipient=register.persons[person],
            now=now,
            opened=tuple(post.opened),
            closed=tuple(post.closed),
            accounts=_named(register, [*post.opened, *post.closed]),
        )
        for person, post in sorted(posts.items())
    ]


def _readers(alert: Alert, register: Register, on: date) -> dict[str, tuple[str, ...]]:
    """Return which of the alert's accounts each person is told of."""
    told: dict[str, list[str]] = defaultdict(list)
    for key in alert.accounts:
        account = register.accounts.get(key)
        for person in _told(account, register, on, alert.kind) if account else ():
            told[person.key].append(key)
    return {person: tuple(keys) for person, keys in told.items()}


def _told(account: Account, register: Register, on: date, kind: AlertKind) -> Sequence[Person]:
    readers = register.readers(account, on)
    enough = 2 if kind in ACCESS_KINDS else 1
    manager = register.persons.get(account.manager)
    if len(readers) >= enough or manager is None:
        return readers
    return tuple(dict.fromkeys([*readers, manager]))


def _named(register: Register, alerts: Sequence[Alert]) -> tuple[Account, ...]:
    keys = dict.fromkeys(key for alert in alerts for key in alert.accounts)
    return tuple(register.accounts[key] for key in keys)
