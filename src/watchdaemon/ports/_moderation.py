"""Orders to change what stands on a platform."""

from typing import Protocol

from watchdaemon.domain.moderation import ModerationEntry


class ModerationBook(Protocol):
    """What people had done to items on their platforms."""

    def begin_moderation(self, entry: ModerationEntry) -> ModerationEntry:
        """Write an order down before it is sent; returns it with its number."""
        ...

    def end_moderation(self, entry: ModerationEntry) -> None:
        """Write down `outcome`, `ended_at`, `is_verified`, `detail` and `reply_id` of the order with that id, once.

        Raises:
            KeyError: It was never begun, or ended already.
        """
        ...

    def moderations(self, *, account: str | None = None, external_id: str | None = None) -> list[ModerationEntry]:
        """Return orders, oldest first."""
        ...
