"""When a mail is tried again, when it matters no more, and when mail to a person arrives: pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from watchdaemon.domain.account import Person
from watchdaemon.domain.delivery import EVERYTHING, DeliveryState, MailKind, MailTrouble, Waiting

CLAIM_LEASE: Final = timedelta(minutes=5)
"""A claim older than this may be taken again: its process died. Longer than all time-outs of one SMTP dialogue."""

RETRY_GAPS: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240))
"""How long after the first, second … failed try the next one comes; after the last gap, that gap again and again."""

PROBE_GAPS: Final = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15))
"""The same for a server that is away: one connection finds out, and all mails wait for it."""

ORDER_KEPT: Final = timedelta(days=8)
"""So long an older report holds back the next one of its kind to the same person, so that they arrive in order. Not
longer: a report that no server takes must not keep all later ones."""

IN_ORDER: Final = (MailKind.WEEKLY, MailKind.MONTHLY)
"""The kinds that are read one after the other. Of the others a newer one supersedes an older one (`stale`)."""

SOON_RETURNED: Final = timedelta(days=1)
"""A server that takes a mail for a mailbox that does not exist, is full or closed says so within hours."""

LATE_RETURNED: Final = timedelta(days=6)
"""One that cannot reach the next server tries for up to five days first (RFC 5321 section 4.5.4.1)."""


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Return when a mail is tried again after its `attempts`-th failed try.

    There is no giving up for temporary trouble: a digest or a report that comes a day late is still worth reading,
    and a mail server that is away for a weekend must not cost an organisation its mails. Trouble for good (an SMTP
    5xx) is not this function's: such a mail has bounced.

    Args:
        attempts: How many tries have failed so far, this one included; at least 1.
        now: The instant of the failure, aware UTC.
    """
    return now + RETRY_GAPS[min(max(attempts, 1), len(RETRY_GAPS)) - 1]


def next_probe(failures: int, now: datetime) -> datetime:
    """Return when a mail server that is away is asked again, after so many failed connections in a row."""
    return now + PROBE_GAPS[min(max(failures, 1), len(PROBE_GAPS)) - 1]


def stale(mails: Sequence[Waiting], persons: Collection[str] | None = None) -> list[tuple[Waiting, str]]:
    """Return the queued mails that matter no more, each with the reason.

    - A **digest** says all that waits for its reader: any newer digest to the same person, queued or sent, makes it
      stale. What it told does not count as told (`Outbox.told`), so the newer one brings it as news.
    - An **alert** mail is stale when newer ones to the same person, queued or sent, speak of every cause, account and
      item that it speaks of: of an opening and its end that both wait the end is left, which says since when and why;
      of warnings that a credential ends, the newest.
    - A **weekly report** or a **monthly overview** tells of its own period and always matters.
    - Nothing is sent to a person who is not in the register any more.

    Args:
        mails: What waits, and what was sent of the same kinds to the same persons afterwards (`Outbox.waiting`).
        persons: The register's; None asks nothing about that.
    """
    newer: dict[tuple[MailKind, str], list[Waiting]] = defaultdict(list)
    found = []
    for mail in sorted(mails, key=lambda m: m.id, reverse=True):
        key = mail.key.kind, mail.key.recipient
        if mail.state is DeliveryState.QUEUED:
            reason = _why_stale(mail, newer[key], persons)
            if reason:
                found.append((mail, reason))
                continue
        newer[key].append(mail)
    return found[::-1]


def moved(mails: Sequence[Waiting], persons: Mapping[str, Person]) -> list[tuple[Waiting, str]]:
    """Return the queued mails whose recipient has another address by now, with that address."""
    return [
        (mail, persons[mail.key.recipient].mail)
        for mail in mails
        if mail.state is DeliveryState.QUEUED
        and mail.key.recipient in persons
        and persons[mail.key.recipient].mail != mail.address
    ]


def arrives_again(trouble: MailTrouble, address: str | None, sent_at: datetime | None) -> str | None:
    """Return why a trouble is over, or None while it is not.

    Args:
        trouble: What was booked.
        address: The person's address now; None when the person is not in the register any more.
        sent_at: When the newest mail that counts (see `counts_until`) was sent to that address and not returned.
    """
    if address is None:
        return "the person is not in the register any more"
    if address != trouble.address:
        return "the person has another address"
    if sent_at is not None and sent_at > trouble.last_seen_at:
        return "a later mail arrived"
    return None


def counts_until(trouble: MailTrouble, now: datetime) -> datetime:
    """Return by when a mail must have been sent to prove that mail arrives: time enough for it to come back."""
    if not trouble.is_reported:
        return now
    is_slow = trouble.status.startswith("4") or trouble.status[1:3] in {".3", ".4"}
    return now - (LATE_RETURNED if is_slow else SOON_RETURNED)


_MEANINGS: Final = (
    (r".\.1\.[16]$", "there is no such mailbox"),
    (r".\.1\.2$", "the address's domain takes no mail"),
    (r".\.1\.", "the address is not accepted"),
    (r".\.2\.1$", "the mailbox is closed"),
    (r".\.2\.2$", "the mailbox is full"),
    (r".\.2\.", "the mailbox does not take the mail"),
    (r".\.3\.", "the receiving mail system does not take the mail"),
    (r".\.4\.", "the receiving mail server could not be reached in time"),
    (r".\.6\.", "the mail's form was refused"),
    (r".\.7\.", "the mail was refused by a rule of the receiving side"),
)


def meaning(status: str) -> str:
    """Return what a status code (RFC 3463) means, in our words: a server's own may hold anything."""
    found = (words for pattern, words in _MEANINGS if re.match(pattern, status))
    return next(found, "the mail was refused")


def _why_stale(mail: Waiting, newer: Sequence[Waiting], persons: Collection[str] | None) -> str | None:
    if persons is not None and mail.key.recipient not in persons:
        return "the recipient is not in the register any more"
    if mail.key.kind is MailKind.DIGEST and newer:
        return f"{newer[0].key} says all that waits"
    if mail.key.kind is MailKind.ALERT and mail.covers:
        spoken_of = {fact for other in newer for fact in other.covers}
        whole = tuple(fact.removesuffix(EVERYTHING) for fact in spoken_of if fact.endswith(f":{EVERYTHING}"))
        if all(fact in spoken_of or fact.startswith(whole) for fact in mail.covers):
            return "newer mails say how each of its causes stands"
    return None
