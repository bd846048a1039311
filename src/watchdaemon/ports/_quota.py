"""The platforms' limits, and what was used of them."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from watchdaemon.domain.quota import Spending, UsageReading


class QuotaStore(Protocol):
    """What the platforms said of their limits, and what was used of them."""

    def book_usage(self, readings: Sequence[UsageReading], spending: Sequence[Spending]) -> None:
        """Keep each limit's newest reading (by `read_at`), and add what was spent to what was, in one transaction."""
        ...

    def usage(self) -> list[UsageReading]:
        """Return every limit's newest reading, by platform, holder and name."""
        ...

    def spending(self, *, from_on: date) -> list[Spending]:
        """Return what was spent on that day and later, by day, platform, account and measure."""
        ...

    def forget_usage(self, *, before: date) -> None:
        """Delete what was spent, and limits last heard of, before that day."""
        ...
