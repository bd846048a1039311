"""Mails that wait, what became of each, and whose mail does not arrive."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from watchdaemon.domain.delivery import (
    Delivery,
    DeliveryKey,
    DeliveryState,
    MailKind,
    MailTrouble,
    OutgoingMail,
    Told,
    Waiting,
)
from watchdaemon.rules.delivery import IN_ORDER, ORDER_KEPT
from watchdaemon.rules.keeping import storable
from watchdaemon.testing.memory._part import Part, stored

_UNSENT = frozenset(DeliveryState) - {DeliveryState.SENT}


class OutboxPart(Part):
    """Implements `ports.Outbox`."""

    def queue(self, mail: OutgoingMail, *, at: datetime, told: Sequence[Told] = ()) -> bool:
        """Queue a mail and what it tells. False (and nothing done) when its key was queued before."""
        mail, at, told = stored((mail, at, told))
        with self._turn() as data:
            if self.is_queued(mail.key):
                return False
            number = len(data.deliveries) + 1
            data.deliveries[number] = Delivery(id=number, mail=mail, state=DeliveryState.QUEUED, created_at=at)
            data.told[number] = set(told)
            return True

    def is_queued(self, key: DeliveryKey) -> bool:
        """Whether a mail with that key was ever queued."""
        with self._turn() as data:
            return any(d.mail.key == stored(key) for d in data.deliveries.values())

    def claim(self, *, now: datetime, lease: timedelta, limit: int = 20) -> list[Delivery]:
        """Take mails that are due (queued, next attempt reached, no live claim), oldest first."""
        with self._turn() as data:
            everything = data.deliveries.values()
            due = [d for d in everything if _is_due(d, now) and not _is_held_back(d, everything, now)][:limit]
            taken = [replace(d, claimed_until=stored(now) + lease) for d in due]
            data.deliveries.update({d.id: d for d in taken})
            return taken

    def book_sent(self, delivery_id: int, *, at: datetime) -> None:
        """The server took it. Raises KeyError when there is no such delivery."""
        with self._turn() as data:
            self._book_try(delivery_id, _UNSENT, state=DeliveryState.SENT, sent_at=stored(at), last_error="")
            key = data.deliveries[delivery_id].mail.key
            for other, told in data.told.items():
                if key.kind is MailKind.DIGEST and other < delivery_id:
                    data.told[other] = {t for t in told if t.person != key.recipient}

    def book_failed(self, delivery_id: int, *, at: datetime, error: str, next_attempt_at: datetime | None) -> None:  # noqa: ARG002 - the port's signature
        """It was not taken; None means for good (bounced). Raises KeyError when there is no such delivery."""
        state = DeliveryState.BOUNCED if next_attempt_at is None else DeliveryState.QUEUED
        queued = {DeliveryState.QUEUED}
        retry_at = stored(next_attempt_at)
        self._book_try(delivery_id, queued, state=state, last_error=storable(error), next_attempt_at=retry_at)

    def deliveries(self, *, since: datetime | None = None) -> list[Delivery]:
        """Return the mails queued at or after `since` (None: all), oldest first."""
        with self._turn() as data:
            return [d for d in data.deliveries.values() if since is None or d.created_at >= since]

    def told(self, person: str) -> list[Told]:
        """Return what the person was told by mails that were sent."""
        with self._turn() as data:
            sent = [n for n, d in data.deliveries.items() if d.state is DeliveryState.SENT]
            found = {t for number in sent for t in data.told[number] if t.person == storable(person)}
        return sorted(found, key=lambda t: (t.account, t.external_id, t.section))

    def waiting(self) -> list[Waiting]:
        """Return the queued mails, and those of the same kind and person that were queued later and sent."""
        with self._turn() as data:
            everything = list(data.deliveries.values())
        queued = [d for d in everything if d.state is DeliveryState.QUEUED]
        return [
            _waiting(d)
            for d in everything
            if d.state is DeliveryState.QUEUED
            or (d.state is DeliveryState.SENT and any(_is_older(q, d) for q in queued))
        ]

    def supersede(self, delivery_id: int, *, reason: str) -> bool:
        """Book that a queued mail is not to be sent any more; False when it is not queued."""
        return self._change_queued(delivery_id, state=DeliveryState.SUPERSEDED, last_error=storable(reason))

    def readdress(self, delivery_id: int, address: str) -> bool:
        """Send a queued mail to that address instead, at once; False when it is not queued."""
        with self._turn() as data:
            delivery = data.deliveries.get(delivery_id)
            if delivery is None:
                return False
            mail = replace(delivery.mail, address=storable(address))
            return self._change_queued(delivery_id, mail=mail, next_attempt_at=None)

    def sent_mail(self, message_id: str) -> Waiting | None:
        """Return the mail of ours with that Message-ID which a server took, or None."""
        with self._turn() as data:
            found = (d for d in data.deliveries.values() if message_id and d.mail.message_id == message_id)
            return next((_waiting(d) for d in found if d.sent_at is not None), None)

    def book_returned(self, delivery_id: int, *, error: str) -> None:
        """A server took it, and it came back for good."""
        with self._turn() as data:
            delivery = data.deliveries.get(delivery_id)
            if delivery is not None and delivery.state is DeliveryState.SENT:
                returned = replace(delivery, state=DeliveryState.BOUNCED, last_error=storable(error))
                data.deliveries[delivery_id] = returned

    def sent_digests(self, *, since: datetime) -> list[tuple[DeliveryKey, datetime]]:
        """Return the digests sent (and not returned) at or after that, with the time, oldest first."""
        with self._turn() as data:
            sent = [
                (d.mail.key, d.sent_at)
                for d in data.deliveries.values()
                if d.mail.key.kind is MailKind.DIGEST and d.state is DeliveryState.SENT and d.sent_at is not None
            ]
        return sorted(((key, at) for key, at in sent if at >= since), key=lambda s: s[1])

    def last_sent_at(self, person: str, *, address: str, by: datetime) -> datetime | None:
        """Return when the newest mail to the person at that address was sent, at or before `by`."""
        with self._turn() as data:
            sent = [
                d.sent_at
                for d in data.deliveries.values()
                if (d.mail.key.recipient, d.mail.address) == (person, address)
                and d.state is DeliveryState.SENT
                and d.sent_at is not None
                and d.sent_at <= by
            ]
        return max(sent, default=None)

    def forget_bodies(self, *, before: datetime) -> int:
        """Forget the messages of old mails; keys and facts stay."""
        with self._turn() as data:
            old = [
                d
                for d in data.deliveries.values()
                if d.mail.message and d.created_at < before and d.state is not DeliveryState.QUEUED
            ]
            data.deliveries.update({d.id: replace(d, mail=replace(d.mail, message=b"")) for d in old})
            return len(old)

    def mail_troubles(self) -> list[MailTrouble]:
        """Return whose mail does not arrive, by person."""
        with self._turn() as data:
            return [data.mail_troubles[person] for person in sorted(data.mail_troubles)]

    def book_mail_trouble(self, trouble: MailTrouble) -> None:
        """Book that a person's mail does not arrive; with the same address, `since` stays the earliest."""
        trouble = stored(trouble)
        with self._turn() as data:
            known = data.mail_troubles.get(trouble.person)
            if known is not None and known.address == trouble.address:
                trouble = replace(trouble, since=min(known.since, trouble.since))
            data.mail_troubles[trouble.person] = trouble

    def clear_mail_trouble(self, person: str) -> bool:
        """Book that the person's mail arrives; False when there was no trouble."""
        with self._turn() as data:
            return data.mail_troubles.pop(storable(person), None) is not None

    def _change_queued(self, delivery_id: int, **values: Any) -> bool:
        with self._turn() as data:
            delivery = data.deliveries.get(delivery_id)
            if delivery is None or delivery.state is not DeliveryState.QUEUED:
                return False
            data.deliveries[delivery_id] = replace(delivery, **values)
            return True

    def _book_try(self, delivery_id: int, from_states: Container[DeliveryState], **values: Any) -> None:
        with self._turn() as data:
            delivery = data.deliveries[delivery_id]
            if delivery.state in from_states:
                attempts = delivery.attempts + 1
                data.deliveries[delivery_id] = replace(delivery, attempts=attempts, claimed_until=None, **values)


def _is_due(delivery: Delivery, now: datetime) -> bool:
    return (
        delivery.state is DeliveryState.QUEUED
        and (delivery.next_attempt_at is None or delivery.next_attempt_at <= now)
        and (delivery.claimed_until is None or delivery.claimed_until <= now)
    )


def _is_held_back(delivery: Delivery, everything: Iterable[Delivery], now: datetime) -> bool:
    """Whether an older report of the kind still waits for the person."""
    return delivery.mail.key.kind in IN_ORDER and any(
        d.state is DeliveryState.QUEUED and _is_older(d, delivery) and d.created_at > now - ORDER_KEPT
        for d in everything
    )


def _is_older(one: Delivery, other: Delivery) -> bool:
    """Whether it is of the same kind to the same person, and was queued first."""
    key, others = one.mail.key, other.mail.key
    return one.id < other.id and (key.kind, key.recipient) == (others.kind, others.recipient)


def _waiting(delivery: Delivery) -> Waiting:
    mail = delivery.mail
    return Waiting(
        id=delivery.id,
        key=mail.key,
        address=mail.address,
        state=delivery.state,
        created_at=delivery.created_at,
        covers=mail.covers,
    )
