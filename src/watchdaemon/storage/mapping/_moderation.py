"""Orders to change what stands on a platform."""

from dataclasses import fields

from watchdaemon.domain.moderation import ModerationEntry
from watchdaemon.storage.mapping._row import RowData, StoredRow


def moderation_to_row(entry: ModerationEntry) -> RowData:
    """Order to row, without its number."""
    return {
        "account": entry.account,
        "external_id": entry.external_id,
        "action": entry.action,
        "by": entry.by,
        "why": entry.why,
        "begun_at": entry.begun_at,
        "text": entry.text,
        "outcome": entry.outcome,
        "ended_at": entry.ended_at,
        "is_verified": entry.is_verified,
        "detail": entry.detail,
        "reply_id": entry.reply_id,
    }


def moderation_from_row(row: StoredRow) -> ModerationEntry:
    """Row to order; further columns in the row do not disturb."""
    return ModerationEntry(**{name: row[name] for name in _ORDER_COLUMNS})


_ORDER_COLUMNS = tuple(field.name for field in fields(ModerationEntry))
