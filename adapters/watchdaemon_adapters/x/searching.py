"""The search for replies that do not name the account: no list of mentions tells of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters.x.gathering import Gathering, recent
from watchdaemon_adapters.x.mapping import map_post
from watchdaemon_adapters.x.marks import MARGIN, Mark, Range, between, gaps, has_gap, next_range, noted, read_mark
from watchdaemon_adapters.x.rounds import Round, read_round

# how far X's search of recent posts reaches, by its documentation
SEARCH_REACH = timedelta(days=7)

# a search query may have 512 characters: ten conversations with the longest ids stay well below
QUERY_CONVERSATIONS = 10
# how many searches one fetch may be cut into, so that no post comes a second time
SEARCHES = 60

COVERED = "searched"
"""The cursor that names the own posts which the search's mark speaks for."""


@dataclass(kw_only=True)
class Search:
    """One fetch's search under the account's own posts."""

    found: Gathering
    has_all_mentions: bool  # their list was read to its end; all of them are known, or …
    lowest_mention: tuple[int, datetime | None] | None  # … surely those down to this one

    def read(self) -> Iterator[None]:
        """Search every conversation for what is new; yields wherever a piece may be stored.

        Raises:
            AdapterError: X did not answer; how far it came is booked.
        """
        found = self.found
        before = read_mark(found.cursors.get("search"))
        if has_gap(before, found.now, limit=SEARCH_REACH):
            found.note_incomplete("search", "last read more than 7 days ago, and X's search reaches no further back")
        broken_off = read_round(found.cursors.get("searching"), found.now, reach=SEARCH_REACH)
        # while searches break off, late-comers can wait: they must not keep what is new from being searched to its end
        late = self._gaps(before) if broken_off is None else []
        if broken_off is not None:
            try:
                yield from self._round(before, broken_off, late)
            except AdapterError as error:
                if error.reason is not Reason.INTERNAL:
                    raise
                # what it began with is out of the search's reach by now: a new round begins within it
            else:
                before = read_mark(found.new_cursors.get("search")) or before
        new = next_range(before, found.now, look_back=found.look_back, limit=SEARCH_REACH)
        yield from self._round(before, Round(new=new, begun_at=found.now, newest=self._newest(before)), late)

    def _round(self, before: Mark | None, current: Round, late: Sequence[Range]) -> Iterator[None]:
        """Search every conversation once; what of a round is done is booked, so that one that breaks off goes on."""
        found = self.found
        roots = recent(found.roots, found.now - timedelta(days=found.settings.search_days))
        overlooked = self._overlooked(roots, before, current.new)
        mark, bad = before or Mark(read_at=found.now), 0
        usual = [root for root in roots if root not in overlooked]
        for query, wanted in [*self._searches(usual, current.new, late), *self._catching_up(overlooked)]:
            left = current.left_of(query, wanted)
            if left is None:
                continue
            for body in found.client.search(query, max_results=found.settings.page_size, **left.parameters):
                page = found.take("search", body, map_post)
                mark, bad = noted(mark, page.seen, found.now), bad + page.bad
                current.read(query, wanted, page.oldest if page.is_newest_first and not bad else None)
                found.new_cursors["searching"] = str(current)
                yield
            current.done(query, wanted)
        if not bad:
            newest, newest_at = _surely_searched(current, before, mark)
            mark = replace(mark, newest=newest or None, newest_at=newest_at, read_at=found.now)
            found.new_cursors["search"] = str(replace(mark, looked_on=found.now.date()))
            found.new_cursors[COVERED] = " ".join(sorted(roots))
        found.new_cursors["searching"] = ""

    # ---- own posts that come to light late ---------------------------------------------------------------------------

    def _overlooked(self, roots: Sequence[str], before: Mark | None, new: Range) -> list[str]:
        """Return the own posts that are older than what is new, and were not known when that was searched for.

        Their list had broken off, or showed them late: whatever stands under them is still to be found.
        """
        covered = self.found.new_cursors.get(COVERED, self.found.cursors.get(COVERED))
        if before is None or covered is None:
            return []
        known = frozenset(covered.split())
        return [r for r in roots if r not in known and self._is_before(r, new)]

    def _is_before(self, root: str, new: Range) -> bool:
        return self.found.roots[root] < new.start if new.start is not None else int(root) <= (new.since_id or 0)

    def _catching_up(self, roots: Sequence[str]) -> list[tuple[str, Range]]:
        """Search under overlooked posts from their own beginning, between what the list of mentions brought."""
        found, oldest = self.found, self.found.now - SEARCH_REACH + MARGIN
        mentions = read_mark(found.new_cursors.get("mentions", found.cursors.get("mentions")))
        known = {**(mentions.known if mentions is not None else {}), **{i: at for i, (_, at) in found.places.items()}}
        whole, cut = [], []
        for group in _groups(roots):
            first = min(group, key=int)
            start = None if found.roots[first] > oldest else oldest
            wanted = Range(since_id=int(first)) if start is None else Range(start=start)
            within = (i for i, at in known.items() if start is None or at > start)
            whole.append((self._query(group), wanted))
            cut += [(self._query(group), piece) for piece in between(within, wanted)]
        return cut if len(cut) <= SEARCHES else whole

    # ---- what to search for ------------------------------------------------------------------------------------------

    def _newest(self, before: Mark | None) -> tuple[int, datetime | None]:
        """Return the newest post that is known: when all is searched up to now, the next search begins above it."""
        found = self.found
        marks = [before, *(read_mark(found.new_cursors.get(name)) for name in ("own", "mentions"))]
        known = [(m.newest, m.newest_at) for m in marks if m is not None and m.newest is not None]
        return max(known, key=lambda n: n[0], default=(0, None))

    def _searches(self, roots: Sequence[str], new: Range, late: Sequence[Range]) -> list[tuple[str, Range]]:
        """Return what to search for, and in which piece of the last days.

        What other lists brought a moment ago is not to be sent again: each group of conversations is cut at those posts
        while that takes few calls, and else the account's name is left out of the search.
        """
        groups = _groups(roots)
        queries = [self._query(group) for group in groups]
        known = self._known_places(new)
        cut = [between((i for root in group for i in known.get(root, [])), new) for group in groups]
        searches = [(query, piece) for query, pieces in zip(queries, cut, strict=True) for piece in pieces]
        if len(searches) > SEARCHES:
            searches = [search for query in queries for search in self._beside_mentions(query, new)]
        gaps_too = [*searches, *((query, gap) for query in queries for gap in late)]
        return gaps_too if len(gaps_too) <= SEARCHES else searches

    def _known_places(self, new: Range) -> Mapping[str, list[int]]:
        known: dict[str, list[int]] = {}
        for post_id, (conversation, at) in self.found.places.items():
            if new.start is None or at > new.start:
                known.setdefault(conversation, []).append(post_id)
        return known

    def _query(self, roots: Sequence[str]) -> str:
        return f"({' OR '.join(f'conversation_id:{i}' for i in roots)}) -from:{self.found.user_id}"

    def _beside_mentions(self, query: str, new: Range) -> list[tuple[str, Range]]:
        """Leave out what names the account, as far down as the list of mentions was read: all of that is known."""
        handle, lowest = self.found.handle, self.lowest_mention
        if handle is None or not self.has_all_mentions:
            return [(query, new)]
        unnamed = f"{query} -@{handle}"
        if lowest is None:
            return [(unnamed, new)]
        post_id, at = lowest
        is_above = new.start is None or (at is not None and at > new.start)
        if not is_above or post_id <= (new.since_id or 0):
            return [(unnamed, new)] if at is not None else [(query, new)]
        return [(unnamed, Range(since_id=post_id, until_id=new.until_id)), (query, new.below(post_id))]

    def _gaps(self, before: Mark | None) -> list[Range]:
        """Return the gaps to look through: what came by other lists is known, too."""
        if before is None:
            return []
        found = self.found
        others = [m for name in ("own", "mentions") if (m := read_mark(found.cursors.get(name))) is not None]
        known = {i: at for mark in (*others, before) for i, at in mark.known.items()}
        return gaps(replace(before, known=known), found.now, limit=SEARCH_REACH)


def _surely_searched(current: Round, before: Mark | None, mark: Mark) -> tuple[int, datetime | None]:
    """Return the newest post above which the next search begins, once a round is searched to its end.

    A round that broke off searched some conversations long before the others: what was written since it began may
    stand under those, too, beside a newer post that the others showed.
    """
    seen = [(i, at) for i, at in mark.known.items() if at <= current.begun_at]
    known = (before.newest or 0, before.newest_at) if before is not None else (0, None)
    return max(current.newest, known, *seen, key=lambda n: n[0])


def _groups(roots: Sequence[str]) -> list[Sequence[str]]:
    return [roots[start : start + QUERY_CONVERSATIONS] for start in range(0, len(roots), QUERY_CONVERSATIONS)]
