"""One comment, one id: the Graph writes a comment's id with the post's part in front, with the Page's too, or bare.

What is stored is stored by the spelling it first came with. Nearly all of a Page's comments are spelled alike, so that
the usual spelling and the few that differ are all there is to remember.
"""

from datetime import datetime

from watchdaemon.domain.item import Item
from watchdaemon_adapters._graph.collect import Mark
from watchdaemon_adapters._graph.notes import Notes

MOST_ODD = 500  # of a Page; any further one is written the usual way


def tail_of(external_id: str) -> str:
    """Return the part of an id that is there in every spelling."""
    return external_id.rpartition("_")[2]


class Speller:
    """Writes the ids of one stream's comments the way they were stored."""

    def __init__(self, notes: Notes, stream: str, page_id: str, mark: Mark) -> None:
        self._notes = notes
        self._stream = stream
        self._page_id = page_id
        self._mark = mark

    def spelled(self, post: Item, external_id: str, written_at: datetime | None) -> str:
        """Return the id by which a comment under `post` is stored, or will be.

        Args:
            post: What it stands under.
            external_id: The id as it came. One with a part in front that is neither the post's nor the Page's stays.
            written_at: When the comment was written; None for one that was stored before for certain.
        """
        tail = tail_of(external_id)
        key = f"{tail_of(post.external_id)}_{tail}"
        if key in self._notes.odd:
            return self._notes.odd[key]
        forms = self._forms(post, tail)
        style = next((name for name, form in forms.items() if form == external_id), None)
        if style is None:
            return external_id
        if written_at is not None:
            self._notes.spelling.setdefault(self._stream, style)
        usual = self._notes.spelling.get(self._stream, style)
        if style != usual and self._is_new(written_at) and len(self._notes.odd) < MOST_ODD:
            self._notes.odd[key] = external_id
            return external_id
        return forms.get(usual, external_id)

    def _forms(self, post: Item, tail: str) -> dict[str, str]:
        above = tail_of(post.external_id)
        return {"post": f"{above}_{tail}", "bare": tail, "page": f"{self._page_id}_{above}_{tail}"}

    def _is_new(self, written_at: datetime | None) -> bool:
        """Tell whether no earlier complete fetch can have stored a comment."""
        return written_at is not None and (self._mark.newest is None or written_at > self._mark.newest)
