"""Mails that wait, keyed so that none is queued twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, and_, delete, or_, select, update

from watchdaemon.domain.delivery import Delivery, DeliveryKey, DeliveryState, MailKind, OutgoingMail, Told
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import DeliveryRow, ToldRow, table

_deliveries, _told = table(DeliveryRow), table(ToldRow)


class OutboxPart(Part):
    """Implements `ports.Outbox`."""

    def queue(self, mail: OutgoingMail, *, at: datetime, told: Sequence[Told] = ()) -> bool:
        """Queue a mail and, in the same transaction, what it tells. False (and nothing done) when it was queued before.

        The told rows of a digest replace the recipient's earlier ones; those of other mails are added.
        """
        insert = (
            self._db.insert(_deliveries)
            .values(mapping.mail_to_row(mail, at=at))
            .on_conflict_do_nothing(index_elements=["kind", "recipient", "period"])
            .returning(_deliveries.c.id)
        )
        with self._db.write(f"queue the mail {mail.key}") as connection:
            # A row comes back only when one was inserted; PostgreSQL's row count does not tell.
            if connection.execute(insert).first() is None:
                return False
            if mail.key.kind is MailKind.DIGEST:
                connection.execute(delete(_told).where(_told.c.person == mail.key.recipient))
            if told:
                rows = [mapping.told_to_row(t) for t in told]
                connection.execute(self._db.insert(_told).on_conflict_do_nothing(), rows)
            return True

    def is_queued(self, key: DeliveryKey) -> bool:
        """Whether a mail with that key was ever queued."""
        query = select(_deliveries.c.id).where(
            _deliveries.c.kind == key.kind,
            _deliveries.c.recipient == key.recipient,
            _deliveries.c.period == key.period,
        )
        with self._db.read("look for a mail") as connection:
            return connection.execute(query).first() is not None

    def claim(self, *, now: datetime, lease: timedelta, limit: int = 20) -> list[Delivery]:
        """Take mails that are due (queued, next attempt reached, no live claim) by conditional update, oldest first."""
        d = _deliveries.c
        is_due = and_(
            d.state == DeliveryState.QUEUED,
            or_(d.next_attempt_at.is_(None), d.next_attempt_at <= now),
            or_(d.claimed_until.is_(None), d.claimed_until <= now),
        )
        query = select(_deliveries).where(is_due).order_by(d.id).limit(limit)
        # The lock spares those who come second an empty answer; the conditional update keeps a mail single.
        with self._db.write("claim mails", lock="outbox") as connection:
            due = [mapping.delivery_from_row(r) for r in connection.execute(query).mappings()]
            taken = [delivery.id for delivery in due if _take(connection, delivery, now + lease)]
            query = select(_deliveries).where(d.id.in_(taken)).order_by(d.id)
            return [mapping.delivery_from_row(r) for r in connection.execute(query).mappings()]

    def book_sent(self, delivery_id: int, *, at: datetime) -> None:
        """The server took it. Raises KeyError when there is no such delivery."""
        sent = update(_deliveries).values(state=DeliveryState.SENT, sent_at=at, last_error="")
        with self._db.write("book a mail as sent") as connection:
            _book_try(connection, delivery_id, sent)

    def book_failed(self, delivery_id: int, *, at: datetime, error: str, next_attempt_at: datetime | None) -> None:  # noqa: ARG002 - the port's signature
        """It was not taken; None means for good (bounced). Raises KeyError when there is no such delivery."""
        state = DeliveryState.BOUNCED if next_attempt_at is None else DeliveryState.QUEUED
        failed = update(_deliveries).values(state=state, last_error=error, next_attempt_at=next_attempt_at)
        with self._db.write("book a mail as not taken") as connection:
            _book_try(connection, delivery_id, failed)

    def deliveries(self, *, since: datetime | None = None) -> list[Delivery]:
        """Return the mails queued at or after `since` (None: all), oldest first."""
        query = select(_deliveries).order_by(_deliveries.c.id)
        if since is not None:
            query = query.where(_deliveries.c.created_at >= since)
        with self._db.read("read the outbox") as connection:
            return [mapping.delivery_from_row(r) for r in connection.execute(query).mappings()]

    def told(self, person: str) -> list[Told]:
        """Return what the person's last digest told."""
        query = (
            select(_told)
            .where(_told.c.person == person)
            .order_by(_told.c.account, _told.c.external_id, _told.c.section)
        )
        with self._db.read("read what was told") as connection:
            return [mapping.told_from_row(r) for r in connection.execute(query).mappings()]


def _take(connection: Connection, delivery: Delivery, until: datetime) -> bool:
    """Set the claim where it is still what was read: of two programs, only one gets the mail."""
    d = _deliveries.c
    unchanged = d.claimed_until.is_not_distinct_from(delivery.claimed_until)
    take = update(_deliveries).where(d.id == delivery.id, d.state == DeliveryState.QUEUED, unchanged)
    return connection.execute(take.values(claimed_until=until)).rowcount == 1


def _book_try(connection: Connection, delivery_id: int, booking: Update) -> None:
    """End a try. A mail that another program already booked as sent stays sent."""
    d = _deliveries.c
    state = connection.execute(select(d.state).where(d.id == delivery_id)).scalar_one_or_none()
    if state is None:
        raise KeyError(delivery_id)
    unsent = booking.where(d.id == delivery_id, d.state != DeliveryState.SENT)
    connection.execute(unsent.values(attempts=d.attempts + 1, claimed_until=None))
