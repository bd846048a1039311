"""The platforms' limits, and what was used of them."""

from watchdaemon.domain.quota import Spending, UsageReading
from watchdaemon.storage.mapping._row import RowData, StoredRow


def usage_to_row(reading: UsageReading) -> RowData:
    """Reading to row."""
    return {
        "platform": reading.platform,
        "holder": reading.holder,
        "name": reading.name,
        "reach": reading.reach,
        "percent": reading.percent,
        "read_at": reading.read_at,
        "limit": reading.limit,
        "remaining": reading.remaining,
        "resets_at": reading.resets_at,
        "blocked_until": reading.blocked_until,
    }


def usage_from_row(row: StoredRow) -> UsageReading:
    """Row to reading."""
    return UsageReading(**row)


def spending_to_row(spending: Spending) -> RowData:
    """Spending to row."""
    return {
        "on": spending.on,
        "platform": spending.platform,
        "account": spending.account,
        "measure": spending.measure,
        "amount": spending.amount,
    }


def spending_from_row(row: StoredRow) -> Spending:
    """Row to spending."""
    return Spending(**row)
