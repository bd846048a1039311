"""Mails that wait, keyed so that none is queued twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Update, and_, delete, exists, or_, select, update

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
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import DeliveryRow, MailTroubleRow, ToldRow, table

_deliveries, _told, _troubles = table(DeliveryRow), table(ToldRow), table(MailTroubleRow)
_older = _deliveries.alias("older")
_LONGEST_WAIT = timedelta(days=30)
_UNSENT = tuple(state for state in DeliveryState if state is not DeliveryState.SENT)
_without_body = [c for c in _deliveries.c if c.name != "message"]


class OutboxPart(Part):
    """Implements `ports.Outbox`."""

    def queue(self, mail: OutgoingMail, *, at: datetime, told: Sequence[Told] = ()) -> bool:
        """Queue a mail and, in the same transaction, what it tells; False when it was queued before."""
        insert = (
            self._db.insert(_deliveries)
            .values(mapping.mail_to_row(mail, at=at))
            .on_conflict_do_nothing(index_elements=["kind", "recipient", "period"])
            .returning(_deliveries.c.id)
        )
        with self._db.write(f"queue the mail {mail.key}") as connection:
            # A row comes back only when one was inserted; PostgreSQL's row count does not tell.
            row = connection.execute(insert).first()
            if row is None:
                return False
            if told:
                rows = [mapping.told_to_row(t, row.id) for t in told]
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
            ~_is_held_back(now),
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
            _book_try(connection, delivery_id, sent, from_states=_UNSENT)
            _forget_what_older_mails_told(connection, delivery_id)

    def book_failed(self, delivery_id: int, *, at: datetime, error: str, next_attempt_at: datetime | None) -> None:  # noqa: ARG002 - the port's signature
        """It was not taken; None means for good (bounced). Raises KeyError when there is no such delivery."""
        state = DeliveryState.BOUNCED if next_attempt_at is None else DeliveryState.QUEUED
        failed = update(_deliveries).values(state=state, last_error=error, next_attempt_at=next_attempt_at)
        with self._db.write("book a mail as not taken") as connection:
            _book_try(connection, delivery_id, failed, from_states=[DeliveryState.QUEUED])

    def deliveries(self, *, since: datetime | None = None) -> list[Delivery]:
        """Return the mails queued at or after `since` (None: all), oldest first."""
        query = select(_deliveries).order_by(_deliveries.c.id)
        if since is not None:
            query = query.where(_deliveries.c.created_at >= since)
        with self._db.read("read the outbox") as connection:
            return [mapping.delivery_from_row(r) for r in connection.execute(query).mappings()]

    def told(self, person: str) -> list[Told]:
        """Return what the person was told by mails that were sent."""
        t = _told.c
        query = (
            select(t.person, t.account, t.external_id, t.section)
            .distinct()
            .join(_deliveries, _deliveries.c.id == t.delivery)
            .where(t.person == person, _deliveries.c.state == DeliveryState.SENT)
            .order_by(t.account, t.external_id, t.section)
        )
        with self._db.read("read what was told") as connection:
            return [mapping.told_from_row(r) for r in connection.execute(query).mappings()]

    def waiting(self) -> list[Waiting]:
        """Return the queued mails, and those of the same kind and person that were queued later and sent."""
        d, is_queued = _deliveries.c, _deliveries.c.state == DeliveryState.QUEUED
        with self._db.read("read what waits in the outbox") as connection:
            rows = list(connection.execute(select(*_without_body).where(is_queued)).mappings())
            if rows:
                persons, first = {r["recipient"] for r in rows}, min(r["id"] for r in rows)
                later = select(*_without_body).where(
                    d.id > first, d.recipient.in_(persons), d.state == DeliveryState.SENT, _has_older_in_queue()
                )
                rows.extend(connection.execute(later).mappings())
            return [mapping.waiting_from_row(r) for r in sorted(rows, key=lambda r: int(r["id"]))]

    def supersede(self, delivery_id: int, *, reason: str) -> bool:
        """Book that a queued mail is not to be sent any more; False when it is not queued."""
        return self._change_queued(delivery_id, state=DeliveryState.SUPERSEDED, last_error=reason)

    def readdress(self, delivery_id: int, address: str) -> bool:
        """Send a queued mail to that address instead, at once; False when it is not queued."""
        return self._change_queued(delivery_id, address=address, next_attempt_at=None)

    def sent_mail(self, message_id: str) -> Waiting | None:
        """Return the mail of ours with that Message-ID which a server took, or None."""
        d = _deliveries.c
        query = select(*_without_body).where(d.message_id == message_id, d.sent_at.is_not(None)).limit(1)
        with self._db.read("look for a sent mail") as connection:
            row = connection.execute(query).mappings().one_or_none() if message_id else None
            return None if row is None else mapping.waiting_from_row(row)

    def book_returned(self, delivery_id: int, *, error: str) -> None:
        """A server took it, and it came back for good."""
        d = _deliveries.c
        is_sent = and_(d.id == delivery_id, d.state == DeliveryState.SENT)
        with self._db.write("book a mail as returned") as connection:
            connection.execute(update(_deliveries).where(is_sent).values(state=DeliveryState.BOUNCED, last_error=error))

    def sent_digests(self, *, since: datetime) -> list[tuple[DeliveryKey, datetime]]:
        """Return the digests sent (and not returned) at or after that, with the time, oldest first."""
        d = _deliveries.c
        query = (
            select(d.recipient, d.period, d.sent_at)
            .where(d.kind == MailKind.DIGEST, d.state == DeliveryState.SENT, d.sent_at >= since)
            # What was queued long before is not looked through: the index is on when a mail was queued.
            .where(d.created_at >= since - _LONGEST_WAIT)
            .order_by(d.sent_at, d.id)
        )
        with self._db.read("read which digests were sent") as connection:
            return [
                (DeliveryKey(kind=MailKind.DIGEST, recipient=row.recipient, period=row.period), row.sent_at)
                for row in connection.execute(query)
            ]

    def last_sent_at(self, person: str, *, address: str, by: datetime) -> datetime | None:
        """Return when the newest mail to the person at that address was sent, at or before `by`."""
        d = _deliveries.c
        query = (
            select(d.sent_at)
            .where(d.recipient == person, d.address == address, d.state == DeliveryState.SENT, d.sent_at <= by)
            .order_by(d.sent_at.desc())
            .limit(1)
        )
        with self._db.read("read when a mail was sent") as connection:
            sent_at: datetime | None = connection.execute(query).scalar_one_or_none()
            return sent_at

    def forget_bodies(self, *, before: datetime) -> int:
        """Forget the messages of old mails; keys and facts stay."""
        d = _deliveries.c
        is_old = and_(d.message.is_not(None), d.created_at < before, d.state != DeliveryState.QUEUED)
        with self._db.write("forget old mails") as connection:
            return connection.execute(update(_deliveries).where(is_old).values(message=None)).rowcount

    def mail_troubles(self) -> list[MailTrouble]:
        """Return whose mail does not arrive, by person."""
        with self._db.read("read whose mail does not arrive") as connection:
            found = connection.execute(select(_troubles).order_by(_troubles.c.person)).mappings()
            return [mapping.trouble_from_row(r) for r in found]

    def book_mail_trouble(self, trouble: MailTrouble) -> None:
        """Book that a person's mail does not arrive; with the same address, `since` stays the earliest."""
        t, row = _troubles.c, mapping.trouble_to_row(trouble)
        same = select(t.since).where(t.person == trouble.person, t.address == trouble.address)
        with self._db.write("book whose mail does not arrive") as connection:
            known: datetime | None = connection.execute(same).scalar_one_or_none()
            row["since"] = trouble.since if known is None else min(known, trouble.since)
            connection.execute(self._db.upsert(_troubles), [row])

    def clear_mail_trouble(self, person: str) -> bool:
        """Book that the person's mail arrives; False when there was no trouble."""
        with self._db.write("book that mail arrives") as connection:
            return connection.execute(delete(_troubles).where(_troubles.c.person == person)).rowcount > 0

    def _change_queued(self, delivery_id: int, **values: object) -> bool:
        d = _deliveries.c
        change = update(_deliveries).where(d.id == delivery_id, d.state == DeliveryState.QUEUED).values(values)
        with self._db.write("change a queued mail") as connection:
            return connection.execute(change).rowcount == 1


def _is_held_back(now: datetime) -> ColumnElement[bool]:
    """Whether an older report of the kind still waits for the person."""
    d, older = _deliveries.c, _older.c
    return and_(
        d.kind.in_(IN_ORDER),
        _has_older_in_queue(older.created_at > now - ORDER_KEPT),
    )


def _has_older_in_queue(*further: ColumnElement[bool]) -> ColumnElement[bool]:
    d, older = _deliveries.c, _older.c
    is_older = and_(older.id < d.id, older.kind == d.kind, older.recipient == d.recipient)
    return exists().where(is_older, older.state == DeliveryState.QUEUED, *further)


def _forget_what_older_mails_told(connection: Connection, delivery_id: int) -> None:
    """A digest says all that waits for its reader: what was told before it went out counts no more."""
    d = _deliveries.c
    sent = select(d.recipient).where(d.id == delivery_id, d.kind == MailKind.DIGEST, d.state == DeliveryState.SENT)
    older = and_(_told.c.person.in_(sent), _told.c.delivery < delivery_id)
    connection.execute(delete(_told).where(older))


def _take(connection: Connection, delivery: Delivery, until: datetime) -> bool:
    """Set the claim where it is still what was read: of two programs, only one gets the mail."""
    d = _deliveries.c
    unchanged = d.claimed_until.is_not_distinct_from(delivery.claimed_until)
    take = update(_deliveries).where(d.id == delivery.id, d.state == DeliveryState.QUEUED, unchanged)
    return connection.execute(take.values(claimed_until=until)).rowcount == 1


def _book_try(
    connection: Connection, delivery_id: int, booking: Update, *, from_states: Sequence[DeliveryState]
) -> None:
    """End a try. What another program already booked as sent stays sent; what was superseded can only become sent."""
    d = _deliveries.c
    state = connection.execute(select(d.state).where(d.id == delivery_id)).scalar_one_or_none()
    if state is None:
        raise KeyError(delivery_id)
    unsent = booking.where(d.id == delivery_id, d.state.in_(from_states))
    connection.execute(unsent.values(attempts=d.attempts + 1, claimed_until=None))
