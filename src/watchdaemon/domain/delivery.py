"""Mails on their way: what is to be sent, keyed so that none goes twice, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class MailKind(StrEnum):
    """What kind of mail; part of the key."""

    DIGEST = "digest"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryKey:
    """One mail, once: (kind, recipient person's key, period).

    Periods: a window's key, an ISO week, a month, an alert batch.
    """

    kind: MailKind
    recipient: str
    period: str

    def __str__(self) -> str:
        """``digest/anna/2026-11-23/1``."""
        return f"{self.kind}/{self.recipient}/{self.period}"


EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """A rendered message. `message` is the whole RFC 5322 message in bytes; its Message-ID derives from the key.

    `message` is empty once the body was forgotten (`Outbox.forget_bodies`). `message_id` stands without angle
    brackets. `covers` names what the mail speaks of, where a newer mail about the same makes it stale (rules.delivery);
    one that ends with `EVERYTHING` stands for all that begin like it.
    """

    key: DeliveryKey
    address: str
    subject: str
    message: bytes
    message_id: str = ""
    covers: tuple[str, ...] = ()


class DeliveryState(StrEnum):
    """Where a mail is."""

    QUEUED = "queued"  # waits for its (next) try
    SENT = "sent"
    BOUNCED = "bounced"  # refused for good, at hand-over or by a report that came later
    SUPERSEDED = "superseded"  # never sent: a newer mail says it all, or it matters no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A mail in the outbox."""

    id: int
    mail: OutgoingMail
    state: DeliveryState
    created_at: datetime
    attempts: int = 0
    next_attempt_at: datetime | None = None
    claimed_until: datetime | None = None
    sent_at: datetime | None = None
    last_error: str = ""  # why it was not taken, came back, or is not sent any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person was last told of an item: part of deciding whether anything changed for them."""

    person: str
    account: str
    external_id: str
    section: str  # a Section's value


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A mail in the outbox without its body: what deciding on it takes."""

    id: int
    key: DeliveryKey
    address: str
    state: DeliveryState
    created_at: datetime
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTrouble:
    """Mail to a person does not arrive.

    `status` is an enhanced status code (RFC 3463, ``5.1.1``), or the SMTP code where there was none. `detail` is our
    own sentence for it, never a server's. `is_reported` tells a report that came later from a refusal at hand-over: a
    server that takes every mail and returns it an hour later is not mended by taking the next one.
    """

    person: str
    address: str
    since: datetime
    status: str
    detail: str
    last_at: datetime | None = None  # when it was last seen; None: at `since`
    is_reported: bool = False

    @property
    def last_seen_at(self) -> datetime:
        """When a mail last came back."""
        return self.last_at or self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """One recipient's fate, as a mail server reported it afterwards (RFC 3464), or as our envelope tells.

    `message_id` is that of the mail it speaks of, without angle brackets: from the returned headers, or the opaque part
    of our own return address. It proves that the mail was ours.
    """

    message_id: str
    recipient: str  # as reported; "" when the report does not say
    status: str
    is_permanent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedMail:
    """One mail in the mailbox for returned mails; without reports it is none: a person's, or an absence note."""

    handle: str  # the mailbox's own name for it
    reports: tuple[BounceReport, ...]
