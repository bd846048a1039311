"""Where a mail belongs: the conversation it stands in, the list a filter finds it by, and what it speaks of.

A mail program puts mails into one conversation when they refer to the same beginning. The beginnings are never sent:
they are names made from facts that every mail of the conversation has, so nothing must be remembered, and a mail that
never left (superseded, bounced) leaves no hole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from watchdaemon.domain.alert import Alert, AlertNotice
from watchdaemon.domain.delivery import EVERYTHING, DeliveryKey, MailKind
from watchdaemon.domain.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """See `Letter` and `OutgoingMail` for the fields."""

    list_name: str
    threads: Sequence[str] = ()
    covers: tuple[str, ...] = ()


def digest_place(digest: Digest, key: DeliveryKey) -> Place:
    """A reader of one account has that account's list and conversation, a reader of several their own.

    A conversation lasts a month: mail programs slow down, or cut off, at a hundred mails.
    """
    month = f"{digest.window.on:%Y-%m}"
    accounts = [watch.account.key for watch in digest.watched]
    if len(accounts) == 1:
        return Place(list_name=f"{accounts[0]}.digest", threads=[f"account/{accounts[0]}/{month}"])
    return Place(list_name="digest", threads=[f"digest/{key.recipient}/{month}"])


def alert_place(notice: AlertNotice) -> Place:
    """An alert's notes, from its opening to its end, are one conversation; what it covers are its causes."""
    alerts = (*notice.opened, *notice.reminded, *notice.closed)
    accounts = {key for alert in alerts for key in alert.accounts}
    return Place(
        list_name=f"{accounts.pop()}.alert" if len(accounts) == 1 else "alert",
        threads=[_episode(alert) for alert in alerts],
        covers=tuple(sorted({*_named((*notice.opened, *notice.reminded)), *_ended(notice.closed)})),
    )


def usual_place(key: DeliveryKey) -> Place:
    """Reports: a conversation a year for each kind and reader."""
    year = key.period[:4] if key.kind in {MailKind.WEEKLY, MailKind.MONTHLY} else ""
    return Place(list_name=key.kind.value, threads=[f"{key.kind.value}/{key.recipient}/{year}"])


def _episode(alert: Alert) -> str:
    return f"alert/{alert.kind.value}/{alert.cause}/{alert.opened_at.astimezone(UTC).isoformat()}"


def _named(alerts: Iterable[Alert]) -> Iterator[str]:
    """A note speaks of the accounts and items that it names: of more that came, not of those told before."""
    for alert in alerts:
        for account in alert.accounts or ("",):
            for item in alert.items or ("",):
                yield f"{alert.kind.value}:{alert.cause}:{account}:{item}"


def _ended(alerts: Iterable[Alert]) -> Iterator[str]:
    """An end speaks of everything that the alert was about."""
    for alert in alerts:
        for account in alert.accounts or ("",):
            yield f"{alert.kind.value}:{alert.cause}:{account}:{EVERYTHING}"
