"""The quota book: what the platforms said of their limits, and what was used of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import delete, select

from watchdaemon.domain.quota import Spending, UsageReading
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import SpendingRow, UsageRow, table

_usage, _spending = table(UsageRow), table(SpendingRow)
_USAGE_KEY = [c.name for c in _usage.primary_key]
_SPENDING_KEY = [c.name for c in _spending.primary_key]


class QuotaPart(Part):
    """Implements `ports.QuotaStore`."""

    def book_usage(self, readings: Sequence[UsageReading], spending: Sequence[Spending]) -> None:
        """Keep each limit's newest reading, and add what was spent to what was."""
        newest = self._db.insert(_usage)
        values = {c.name: newest.excluded[c.name] for c in _usage.c if c.name not in _USAGE_KEY}
        newest = newest.on_conflict_do_update(
            index_elements=_USAGE_KEY, set_=values, where=_usage.c.read_at <= newest.excluded.read_at
        )
        added = self._db.insert(_spending)
        added = added.on_conflict_do_update(
            index_elements=_SPENDING_KEY, set_={"amount": _spending.c.amount + added.excluded.amount}
        )
        with self._db.write("book what the platforms' limits are") as connection:
            # In the order of their keys, so that two processes never wait for each other's rows crosswise.
            if readings:
                rows = sorted(readings, key=lambda r: (r.platform, r.holder, r.name, r.read_at))
                connection.execute(newest, [mapping.usage_to_row(r) for r in rows])
            if spending:
                spent = sorted(spending, key=lambda s: (s.on, s.platform, s.account, s.measure))
                connection.execute(added, [mapping.spending_to_row(s) for s in spent])

    def usage(self) -> list[UsageReading]:
        """Return every limit's newest reading, by platform, holder and name."""
        query = select(_usage).order_by(*_usage.primary_key)
        with self._db.read("read the platforms' limits") as connection:
            return [mapping.usage_from_row(r) for r in connection.execute(query).mappings()]

    def spending(self, *, from_on: date) -> list[Spending]:
        """Return what was spent on that day and later, by day, platform, account and measure."""
        query = select(_spending).where(_spending.c.on >= from_on).order_by(*_spending.primary_key)
        with self._db.read("read what was spent") as connection:
            return [mapping.spending_from_row(r) for r in connection.execute(query).mappings()]

    def forget_usage(self, *, before: date) -> None:
        """Delete what was spent, and limits last heard of, before that day."""
        instant = datetime.combine(before, time(), UTC)
        with self._db.write("forget old spending") as connection:
            connection.execute(delete(_spending).where(_spending.c.on < before))
            connection.execute(delete(_usage).where(_usage.c.read_at < instant))
