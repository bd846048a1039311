"""Orders to change what stands on a platform."""

from dataclasses import replace

from watchdaemon.domain.moderation import ModerationEntry
from watchdaemon.testing.memory._items import mark_threads
from watchdaemon.testing.memory._part import Part, stored


class ModerationPart(Part):
    """Implements `ports.ModerationBook`."""

    def begin_moderation(self, entry: ModerationEntry) -> ModerationEntry:
        """Write an order down before it is sent."""
        entry = stored(entry)
        with self._turn() as data:
            data.moderations.append(replace(entry, id=len(data.moderations) + 1))
            return data.moderations[-1]

    def end_moderation(self, entry: ModerationEntry) -> None:
        """Write down what came of it. Raises KeyError when it was never begun, or ended already."""
        entry = stored(entry)
        with self._turn() as data:
            place = next((i for i, m in enumerate(data.moderations) if m.id == entry.id and m.outcome is None), None)
            if place is None:
                raise KeyError(entry.id)
            data.moderations[place] = replace(
                data.moderations[place],
                outcome=entry.outcome,
                ended_at=entry.ended_at,
                is_verified=entry.is_verified,
                detail=entry.detail,
                reply_id=entry.reply_id,
            )
            ended = data.moderations[place]
            item = data.items.get((ended.account, ended.external_id))
            if item is not None:
                mark_threads(data, item.account, {item.thread_id})

    def moderations(self, *, account: str | None = None, external_id: str | None = None) -> list[ModerationEntry]:
        """Return orders, oldest first."""
        with self._turn() as data:
            return [
                m
                for m in data.moderations
                if account in (None, m.account) and (external_id is None or m.external_id == external_id)
            ]
