"""Alerts."""

from watchdaemon.domain.alert import Alert
from watchdaemon.storage.mapping._row import RowData, StoredRow


def alert_to_row(alert: Alert) -> RowData:
    """Alert to row, without its number."""
    return {
        "kind": alert.kind,
        "cause": alert.cause,
        "accounts": list(alert.accounts),
        "items": list(alert.items),
        "reason": alert.reason,
        "detail": alert.detail,
        "opened_at": alert.opened_at,
        "closed_at": alert.closed_at,
        "told_at": alert.told_at,
        "ends_at": alert.ends_at,
    }


def alert_from_row(row: StoredRow) -> Alert:
    """Row to alert."""
    return Alert(**{**row, "accounts": tuple(row["accounts"]), "items": tuple(row["items"])})
