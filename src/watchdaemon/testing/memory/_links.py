"""The signed links that were used."""

from datetime import datetime

from watchdaemon.rules.keeping import storable
from watchdaemon.testing.memory._part import Part, stored


class LinkPart(Part):
    """Implements `ports.LinkBook`."""

    def use_link(self, link: str, *, at: datetime, forget_before: datetime) -> datetime | None:
        """Take a link's one use; returns when it was taken before, None when it was free."""
        link, at = storable(link), stored(at)
        with self._turn() as data:
            data.used_links = {key: used_at for key, used_at in data.used_links.items() if used_at >= forget_before}
            if link in data.used_links:
                return data.used_links[link]
            data.used_links[link] = at
            return None

    def link_used_at(self, link: str) -> datetime | None:
        """Return when a link was used, None when it was not."""
        with self._turn() as data:
            return data.used_links.get(storable(link))
