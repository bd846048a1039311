"""A round that broke off, and what of it is done: the value behind the cursor "round". Pure.

Every 300 calls an instance makes its accounts wait for five minutes. A fetch that is broken off by that, or by an
outage, is gone on with by the next one, if that comes soon: conversations that were read are not read again unless
their counters moved, and what stands in them is remembered, so that notifications which come later find their place.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watchdaemon_adapters.mastodon.client import as_id

# so long a round that broke off goes on; after that a new one is begun
GOES_ON_WITHIN = timedelta(hours=2)


@dataclass(kw_only=True)
class Round:
    """What is done since `begun_at`."""

    begun_at: datetime
    members: dict[str, set[str]] = field(default_factory=dict)  # what stands below each own status that was read
    quotes: dict[str, int] = field(default_factory=dict)  # own statuses whose quotes were read, with their counters

    def places(self) -> Iterator[tuple[str, str]]:
        """Give each known member with the own status that it stands below."""
        return ((member, anchor) for anchor, members in self.members.items() for member in members)

    def unknown(self, ids: Collection[str]) -> set[str]:
        """Return those of the statuses of which no reading has told where they stand."""
        return set(ids).difference(*self.members.values())

    def __str__(self) -> str:
        """Write it as a cursor."""
        members = {anchor: " ".join(sorted(found)) for anchor, found in sorted(self.members.items())}
        return json.dumps([int(self.begun_at.timestamp()), members, self.quotes], separators=(",", ":"))


def read_round(text: str | None, now: datetime) -> Round:
    """Read a cursor back; one that cannot be read, or is too old, counts as none: a new round is begun."""
    try:
        begun, members, quotes = json.loads(text or "")
        found = Round(
            begun_at=datetime.fromtimestamp(begun, UTC),
            members={anchor: set(filter(as_id, ids.split())) for anchor, ids in members.items() if as_id(anchor)},
            quotes={status_id: int(count) for status_id, count in quotes.items() if as_id(status_id)},
        )
    except (ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        return Round(begun_at=now)
    return found if now - GOES_ON_WITHIN <= found.begun_at <= now else Round(begun_at=now)
