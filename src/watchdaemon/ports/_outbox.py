"""Mails that wait, and what became of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from watchdaemon.domain.delivery import Delivery, DeliveryKey, MailTrouble, OutgoingMail, Told, Waiting


class Outbox(Protocol):
    """Mails that wait, keyed so that none is queued twice; what became of each; and whose mail does not arrive."""

    def queue(self, mail: OutgoingMail, *, at: datetime, told: Sequence[Told] = ()) -> bool:
        """Queue a mail and, in the same transaction, what it tells; False when its key was queued before.

        `told` counts from the moment the mail is sent, and then replaces everything older when its kind is DIGEST.
        """
        ...

    def is_queued(self, key: DeliveryKey) -> bool:
        """Whether a mail with that key was ever queued."""
        ...

    def claim(self, *, now: datetime, lease: timedelta, limit: int = 20) -> list[Delivery]:
        """Take mails that are due (queued, next attempt reached, no live claim) by conditional update, oldest first.

        Reports (WEEKLY, MONTHLY) leave in order: one waits for an older one of its kind to the same person, if that
        was queued less than `rules.delivery.ORDER_KEPT` before `now`.
        """
        ...

    def book_sent(self, delivery_id: int, *, at: datetime) -> None:
        """The server took it."""
        ...

    def book_failed(self, delivery_id: int, *, at: datetime, error: str, next_attempt_at: datetime | None) -> None:
        """It was not taken; None means for good (bounced)."""
        ...

    def deliveries(self, *, since: datetime | None = None) -> list[Delivery]:
        """Return the mails queued at or after `since` (None: all), oldest first."""
        ...

    def told(self, person: str) -> list[Told]:
        """Return what the person was told: by the last digest that was sent, and by mails sent after it was queued."""
        ...

    def waiting(self) -> list[Waiting]:
        """Return the queued mails, and those of the same kind to the same person that were queued later and sent.

        Without bodies, oldest first.
        """
        ...

    def supersede(self, delivery_id: int, *, reason: str) -> bool:
        """Book that a queued mail is not to be sent any more; False when it is not queued.

        A mail under a live claim may be superseded: whoever sends it now books it as sent afterwards.
        """
        ...

    def readdress(self, delivery_id: int, address: str) -> bool:
        """Send a queued mail to that address instead, at once; False when it is not queued."""
        ...

    def sent_mail(self, message_id: str) -> Waiting | None:
        """Return the mail of ours with that Message-ID (without brackets) which a server took, or None."""
        ...

    def book_returned(self, delivery_id: int, *, error: str) -> None:
        """A server took it, and it came back for good: SENT becomes BOUNCED; any other state stays."""
        ...

    def sent_digests(self, *, since: datetime) -> list[tuple[DeliveryKey, datetime]]:
        """Return the digests sent (and not returned) at or after that, with the time, oldest first."""
        ...

    def last_sent_at(self, person: str, *, address: str, by: datetime) -> datetime | None:
        """Return when the newest mail to the person at that address was sent (and not returned), at or before `by`."""
        ...

    def forget_bodies(self, *, before: datetime) -> int:
        """Forget the messages of mails queued before that and not waiting any more; keys and facts stay. How many."""
        ...

    def mail_troubles(self) -> list[MailTrouble]:
        """Return whose mail does not arrive, by person."""
        ...

    def book_mail_trouble(self, trouble: MailTrouble) -> None:
        """Book that a person's mail does not arrive, in place of what was booked for the person before.

        With the same address `since` stays the earliest.
        """
        ...

    def clear_mail_trouble(self, person: str) -> bool:
        """Book that the person's mail arrives; False when there was no trouble."""
        ...
