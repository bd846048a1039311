"""The book of what people had done to items on their platforms."""

from sqlalchemy import select, update

from watchdaemon.domain.moderation import ModerationEntry
from watchdaemon.storage import mapping
from watchdaemon.storage._items import mark_threads
from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import ItemRow, ModerationRow, table

_moderations, _items = table(ModerationRow), table(ItemRow)
_key = (_moderations.c.account, _moderations.c.external_id)


class ModerationPart(Part):
    """Implements `ports.ModerationBook`."""

    def begin_moderation(self, entry: ModerationEntry) -> ModerationEntry:
        """Write an order down before it is sent."""
        insert = self._db.insert(_moderations).values(mapping.moderation_to_row(entry)).returning(*_moderations.c)
        with self._db.write("write down an order to moderate") as connection:
            return mapping.moderation_from_row(connection.execute(insert).mappings().one())

    def end_moderation(self, entry: ModerationEntry) -> None:
        """Write down what came of it. Raises KeyError when it was never begun, or ended already."""
        row = mapping.moderation_to_row(entry)
        values = {name: row[name] for name in ("outcome", "ended_at", "is_verified", "detail", "reply_id")}
        where = (_moderations.c.id == entry.id) & _moderations.c.outcome.is_(None)
        with self._db.write("write down what came of an order to moderate") as connection:
            found = connection.execute(update(_moderations).where(where).values(values).returning(*_key)).first()
            if found is None:
                raise KeyError(entry.id)
            # The thread is judged by what was done to its items, also where that changed nothing to be seen.
            thread = select(_items.c.thread_id).where(
                _items.c.account == found.account, _items.c.external_id == found.external_id
            )
            mark_threads(self._db, connection, found.account, connection.execute(thread).scalars())

    def moderations(self, *, account: str | None = None, external_id: str | None = None) -> list[ModerationEntry]:
        """Return orders, oldest first."""
        query = select(_moderations).order_by(_moderations.c.id)
        for column, wanted in ((_moderations.c.account, account), (_moderations.c.external_id, external_id)):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._db.read("read what was moderated") as connection:
            return [mapping.moderation_from_row(r) for r in connection.execute(query).mappings()]
