"""Mails on their way: what is to be sent, keyed so that none goes twice, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MailKind(StrEnum):
    """What kind of mail; part of the key."""

    DIGEST = "digest"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryKey:
    """One mail, once: (kind, recipient person's key, period). Periods: a window's key, an ISO week, a month, an alert batch."""

    kind: MailKind
    recipient: str
    period: str

    def __str__(self) -> str:
        """``digest/anna/2026-11-23/1``."""
        return f"{self.kind}/{self.recipient}/{self.period}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """A rendered message. `message` is the whole RFC 5322 message in bytes; its Message-ID derives from the key."""

    key: DeliveryKey
    address: str
    subject: str
    message: bytes


class DeliveryState(StrEnum):
    """Where a mail is."""

    QUEUED = "queued"  # waits for its (next) try
    SENT = "sent"
    BOUNCED = "bounced"  # the server refused it for good


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
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person was last told of an item: part of deciding whether anything changed for them."""

    person: str
    account: str
    external_id: str
    section: str  # a Section's value
