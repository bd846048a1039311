"""The signed links that were used: each says its word once."""

from datetime import datetime

from sqlalchemy import delete, select

from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import UsedLinkRow, table

_used = table(UsedLinkRow)


class LinkPart(Part):
    """Implements `ports.LinkBook`."""

    def use_link(self, link: str, *, at: datetime, forget_before: datetime) -> datetime | None:
        """Take a link's one use; returns when it was taken before, None when it was free."""
        with self._db.write("write down that a link was used") as connection:
            connection.execute(delete(_used).where(_used.c.used_at < forget_before))
            insert = self._db.insert(_used).values(link=link, used_at=at).on_conflict_do_nothing()
            if connection.execute(insert.returning(_used.c.link)).one_or_none() is not None:
                return None
            # The insert waited for whoever was using it, so it is there to be read.
            used_at: datetime = connection.execute(select(_used.c.used_at).where(_used.c.link == link)).scalar_one()
            return used_at

    def link_used_at(self, link: str) -> datetime | None:
        """Return when a link was used, None when it was not."""
        with self._db.read("read whether a link was used") as connection:
            used_at: datetime | None = connection.execute(
                select(_used.c.used_at).where(_used.c.link == link)
            ).scalar_one_or_none()
            return used_at
