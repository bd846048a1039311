"""The platforms' limits, and what was used of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from watchdaemon.domain.quota import Spending, UsageReading
from watchdaemon.testing.memory._part import Part, stored


class QuotaPart(Part):
    """Implements `ports.QuotaStore`."""

    def book_usage(self, readings: Sequence[UsageReading], spending: Sequence[Spending]) -> None:
        """Keep each limit's newest reading, and add what was spent to what was."""
        with self._turn() as data:
            for reading in stored(readings):
                key = (reading.platform, reading.holder, reading.name)
                known = data.usage.get(key)
                if known is None or known.read_at <= reading.read_at:
                    data.usage[key] = reading
            for s in stored(spending):
                data.spent[s.on, s.platform, s.account, s.measure] += s.amount

    def usage(self) -> list[UsageReading]:
        """Return every limit's newest reading, by platform, holder and name."""
        with self._turn() as data:
            return [reading for _, reading in sorted(data.usage.items())]

    def spending(self, *, from_on: date) -> list[Spending]:
        """Return what was spent on that day and later, by day, platform, account and measure."""
        with self._turn() as data:
            return [
                Spending(platform=platform, account=account, measure=measure, on=on, amount=amount)
                for (on, platform, account, measure), amount in sorted(data.spent.items())
                if on >= from_on
            ]

    def forget_usage(self, *, before: date) -> None:
        """Delete what was spent, and limits last heard of, before that day."""
        with self._turn() as data:
            data.usage = {key: r for key, r in data.usage.items() if r.read_at.date() >= before}
            data.spent = Counter({key: amount for key, amount in data.spent.items() if key[0] >= before})
