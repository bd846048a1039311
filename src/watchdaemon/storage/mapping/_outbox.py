"""Mails, what they tell, and whose mail does not arrive."""

from datetime import datetime

from watchdaemon.domain.delivery import Delivery, DeliveryKey, DeliveryState, MailTrouble, OutgoingMail, Told, Waiting
from watchdaemon.storage.mapping._row import RowData, StoredRow


def mail_to_row(mail: OutgoingMail, *, at: datetime) -> RowData:
    """Mail to the row of a new delivery, due at once."""
    return {
        "kind": mail.key.kind,
        "recipient": mail.key.recipient,
        "period": mail.key.period,
        "address": mail.address,
        "subject": mail.subject,
        "message": mail.message,
        "message_id": mail.message_id,
        "covers": list(mail.covers),
        "state": DeliveryState.QUEUED,
        "created_at": at,
        "attempts": 0,
        "last_error": "",
    }


def delivery_from_row(row: StoredRow) -> Delivery:
    """Row to delivery."""
    mail = OutgoingMail(
        key=_delivery_key(row),
        address=row["address"],
        subject=row["subject"],
        message=bytes(row["message"] or b""),
        message_id=row["message_id"],
        covers=tuple(row["covers"]),
    )
    return Delivery(
        id=row["id"],
        mail=mail,
        state=row["state"],
        created_at=row["created_at"],
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        claimed_until=row["claimed_until"],
        sent_at=row["sent_at"],
        last_error=row["last_error"],
    )


def waiting_from_row(row: StoredRow) -> Waiting:
    """Row to a mail without its body."""
    return Waiting(
        id=row["id"],
        key=_delivery_key(row),
        address=row["address"],
        state=row["state"],
        created_at=row["created_at"],
        covers=tuple(row["covers"]),
    )


def _delivery_key(row: StoredRow) -> DeliveryKey:
    return DeliveryKey(kind=row["kind"], recipient=row["recipient"], period=row["period"])


def trouble_to_row(trouble: MailTrouble) -> RowData:
    """Mail trouble to row."""
    return {
        "person": trouble.person,
        "address": trouble.address,
        "since": trouble.since,
        "status": trouble.status,
        "detail": trouble.detail,
        "last_at": trouble.last_at,
        "is_reported": trouble.is_reported,
    }


def trouble_from_row(row: StoredRow) -> MailTrouble:
    """Row to mail trouble."""
    return MailTrouble(**row)


def told_to_row(told: Told, delivery: int) -> RowData:
    """Told to row."""
    return {
        "person": told.person,
        "delivery": delivery,
        "account": told.account,
        "external_id": told.external_id,
        "section": told.section,
    }


def told_from_row(row: StoredRow) -> Told:
    """Row to told."""
    return Told(**row)
