"""Short ways to make domain data for the storage suite. Everything is invented."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from watchdaemon.domain.account import Account, OwnerRole, Ownership, Person, Register, Unit
from watchdaemon.domain.alert import Alert, AlertKind, AlertTelling, Silence
from watchdaemon.domain.credential import CredentialCheck, CredentialRecord, CredentialVerdict
from watchdaemon.domain.delivery import DeliveryKey, MailKind, MailTrouble, OutgoingMail
from watchdaemon.domain.fetch import Coverage, FetchResult, Trouble
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.question import Grade, QuestionState, Triage, Verdict
from watchdaemon.domain.quota import Held, Measure, Reach, Spending, UsageReading
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.errors import Reason

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
ACCOUNT = "fb-biblioteket"


def item(external_id: str = "c1", **values: Any) -> Item:
    """A visitor's comment."""
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "platform": "facebook",
        "external_id": external_id,
        "thread_id": "t1",
        "kind": ItemKind.COMMENT,
        "published_at": NOW - timedelta(hours=1),
        "author": "Kim Exempel",
        "author_id": "u1",
        "text": "När öppnar ni?",
        "url": "https://social.example/c1",
    }
    return Item(**{**given, **values})


def fetched(*items: Item, cursors: Mapping[str, str] | None = None, **values: Any) -> FetchResult:
    """A complete fetch of one account."""
    account = items[0].account if items else ACCOUNT
    given = {"account": account, "coverage": Coverage.COMPLETE, "items": items, "cursors": cursors or {}}
    return FetchResult(**{**given, **values})


def partly(*items: Item) -> FetchResult:
    """A partial fetch."""
    return fetched(
        *items, coverage=Coverage.PARTIAL, troubles=(Trouble(reason=Reason.OUTAGE, detail="no answer"),), malformed=1
    )


def verdict(external_id: str = "c1", **values: Any) -> Verdict:
    """An open question."""
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "external_id": external_id,
        "triage": Triage(grade=Grade.YES, reason="question mark"),
        "state": QuestionState.OPEN,
        "reason": "no reply in the thread",
        "due_at": NOW + timedelta(days=1),
    }
    return Verdict(**{**given, **values})


def window(on: date = date(2026, 11, 23), index: int = 1) -> Window:
    """A watch window: the first or the second of a day."""
    opens_at = datetime(on.year, on.month, on.day, 7 if index == 1 else 12, tzinfo=UTC)
    return Window(on=on, index=index, opens_at=opens_at, closes_at=opens_at + timedelta(hours=4))


def attempt(coverage: Coverage = Coverage.COMPLETE, *, minutes: int = 0, **values: Any) -> FetchAttempt:
    """An attempt that ended so many minutes after `NOW`."""
    ended_at = NOW + timedelta(minutes=minutes)
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "window": window(),
        "started_at": ended_at - timedelta(seconds=3),
        "ended_at": ended_at,
        "coverage": coverage,
        "items": 5,
        "new_items": 2,
        "calls": 3,
        "reason": None if coverage is Coverage.COMPLETE else Reason.OUTAGE,
        "detail": "" if coverage is Coverage.COMPLETE else "no answer",
    }
    return FetchAttempt(**{**given, **values})


def gap(account: str = ACCOUNT, at: Window | None = None, reason: Reason = Reason.NOT_RUNNING) -> WatchEntry:
    """A window that closed unfetched."""
    return WatchEntry(account=account, window=at or window(), coverage=Coverage.FAILED, reason=reason, detail="gap")


def mail(recipient: str = "anna", period: str = "2026-11-23/1", kind: MailKind = MailKind.DIGEST) -> OutgoingMail:
    """A small whole message."""
    return OutgoingMail(
        key=DeliveryKey(kind=kind, recipient=recipient, period=period),
        address=f"{recipient}@exempelkommun.example",
        subject="1 fråga väntar",
        message=b"Subject: 1 =?utf-8?q?fr=C3=A5ga?=\r\n\r\n\x00\xff hej",
        message_id=f"{kind}-{recipient}-{period}@exempelkommun.example",
    )


def mail_trouble(person: str = "anna", **values: Any) -> MailTrouble:
    """Mail to a person comes back."""
    given: dict[str, Any] = {
        "person": person,
        "address": f"{person}@exempelkommun.example",
        "since": NOW,
        "status": "5.1.1",
        "detail": "no such mailbox",
    }
    return MailTrouble(**{**given, **values})


def alert(cause: str = ACCOUNT, **values: Any) -> Alert:
    """A new alert."""
    given: dict[str, Any] = {
        "kind": AlertKind.NOT_WATCHED,
        "cause": cause,
        "accounts": (ACCOUNT, "ig-badet"),
        "reason": Reason.UNAUTHORISED,
        "detail": "the token has expired",
        "opened_at": NOW,
    }
    return Alert(**{**given, **values})


def telling(person: str = "anna", **values: Any) -> AlertTelling:
    """That a person was told of the alert with number one."""
    given = {"alert": 1, "accounts": (ACCOUNT,), "items": (), "first_at": NOW, "last_at": NOW, "times": 1}
    return AlertTelling(person=person, **{**given, **values})


def silence(**values: Any) -> Silence:
    """A silence of a week."""
    given = {"by": "anna", "reason": "rebuilding", "begins_at": NOW, "ends_at": NOW + timedelta(days=7)}
    return Silence(**{**given, **values})


def credential(**values: Any) -> CredentialRecord:
    """A sealed credential, written for the first time."""
    return CredentialRecord(**{"name": "fb", "sealed": "gAAAA", "revision": 1, "changed_at": NOW, **values})


def check(**values: Any) -> CredentialCheck:
    """A valid credential with two clocks."""
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "credential": "fb",
        "verdict": CredentialVerdict.VALID,
        "tried_at": NOW,
        "checked_at": NOW,
        "kind": "page token",
        "scopes": ("pages_read_engagement",),
        "connected_by": "Anna",
        "expires_at": NOW,
        "clocks": {"token": NOW, "data access": NOW},
    }
    return CredentialCheck(**{**given, **values})


def account(key: str = ACCOUNT, native_id: str = "100", **values: Any) -> Account:
    """An account with two owners and a substitute."""
    given: dict[str, Any] = {
        "key": key,
        "platform": "facebook",
        "native_id": native_id,
        "name": "Biblioteket i Exempelkommun",
        "link": "https://social.example/biblioteket",
        "unit": "kultur",
        "manager": "maria",
        "owners": (
            Ownership(person="anna"),
            Ownership(person="bo", from_on=date(2026, 1, 1), to_on=date(2026, 12, 31)),
            Ownership(person="maria", role=OwnerRole.SUBSTITUTE),
        ),
        "credential": "fb",
        "own_ids": ("100", "200"),
        "extra": {"page": "ja"},
        "warn_days": 14,
        "resting_until": date(2027, 1, 1),
    }
    return Account(**{**given, **values})


def register(accounts: Sequence[Account] = ()) -> Register:
    """A register with three persons and one unit."""
    persons = (
        Person(key="anna", name="Anna Exempel", mail="anna@exempelkommun.example", away_until=date(2026, 12, 1)),
        Person(key="bo", name="Bo Exempel", mail="bo@exempelkommun.example", language="en"),
        Person(key="maria", name="Maria Exempel", mail="maria@exempelkommun.example"),
    )
    return Register(
        units={"kultur": Unit(key="kultur", name="Kultur och fritid", manager="maria")},
        persons={p.key: p for p in persons},
        accounts={a.key: a for a in accounts or (account(),)},
    )


def reading(**values: Any) -> UsageReading:
    """What X said of one of an account's limits."""
    given: dict[str, Any] = {
        "platform": "x",
        "holder": ACCOUNT,
        "name": "users/:id/mentions",
        "reach": Reach.ACCOUNT,
        "percent": 66.6,
        "read_at": NOW,
        "limit": 300,
        "remaining": 100,
        "resets_at": NOW + timedelta(minutes=15),
    }
    return UsageReading(**{**given, **values})


def spent(amount: int, **values: Any) -> Spending:
    """So many posts read on a day."""
    given: dict[str, Any] = {"platform": "x", "account": ACCOUNT, "measure": Measure.POSTS, "on": date(2026, 11, 23)}
    return Spending(amount=amount, **{**given, **values})


def held() -> Held:
    """An account that a budget holds back for an hour."""
    return Held(account=ACCOUNT, detail="kept for later", cause_key="x:quota:posts", until=NOW + timedelta(hours=1))
