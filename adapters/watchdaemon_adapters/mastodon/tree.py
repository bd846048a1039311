"""Who answers whom: the replies that a fetch has seen, and where in them a status stands. Pure.

A status names only its direct parent. The conversation's beginning is found by climbing; where a parent was never
seen, a context (which gives a whole branch) or an earlier fetch says what stands above it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from watchdaemon_adapters.mastodon.client import Context, as_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What is known of a status's place."""

    parent: str | None
    is_own: bool
    is_direct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a status stands.

    `thread_id` is the conversation's first status. For a direct message it is the first one of the unbroken chain of
    direct messages: what is private never shares a thread with the public post that it was sent under.
    """

    thread_id: str
    root_id: str | None  # the own post that the conversation began with; None for the post itself and elsewhere
    is_below_own: bool  # an own status stands somewhere above it


@dataclass
class Tree:
    """The statuses of one fetch, by id."""

    own_ids: frozenset[str]
    nodes: dict[str, Node] = field(default_factory=dict)
    _above_unseen: dict[str, str] = field(default_factory=dict)  # an unseen status -> the next one above it
    _tops: set[str] = field(default_factory=set)  # unseen, and nothing above them can be known
    _own_tops: set[str] = field(default_factory=set)  # own posts that were seen by an earlier fetch

    def add(self, raw: object) -> str | None:
        """Take a status in; returns its id, or None for what is no status."""
        if not isinstance(raw, dict):
            return None
        status_id = as_id(raw.get("id"))
        if status_id is not None:
            parent = as_id(raw.get("in_reply_to_id"))
            self.nodes[status_id] = Node(
                parent=parent if parent != status_id else None,
                is_own=author_id_of(raw) in self.own_ids,
                is_direct=raw.get("visibility") == "direct",
            )
        return status_id

    def add_context(self, anchor: str, context: Context | None) -> None:
        """Take a whole branch in; None when the instance does not give it (any more).

        Statuses that the account may not see are left out in the middle: what is below such a gap is joined to what
        is above it.
        """
        ancestors = [i for i in map(self.add, context.ancestors) if i is not None] if context else []
        descendants = [i for i in map(self.add, context.descendants) if i is not None] if context else []
        for above, below in zip([None, *ancestors], [*ancestors, anchor], strict=True):
            self._join(below, above)
        for below in descendants:
            self._join(below, anchor)

    def remember(self, status_id: str, top: str, *, is_top_own: bool) -> None:
        """Say from an earlier fetch with which status the conversation of `status_id` began."""
        if is_top_own:
            self._own_tops.add(top)
        if top not in self.nodes:
            self._tops.add(top)
        parent = self._parent(status_id)
        if parent is not None and parent not in self.nodes and parent != top:
            self._above_unseen.setdefault(parent, top)

    def remember_below(self, status_id: str, anchor: str) -> None:
        """Say from an earlier fetch that a status stands below another one."""
        self._above_unseen.setdefault(status_id, anchor)

    def top(self, status_id: str) -> str:
        """Return the first status of the conversation, as far as is known."""
        return [status_id, *self._above(status_id)][-1]

    def is_settled(self, status_id: str) -> bool:
        """Tell whether the first status of its conversation is really known."""
        top = self.top(status_id)
        return top in self._tops or (top in self.nodes and self.nodes[top].parent is None)

    def is_own(self, status_id: str) -> bool:
        """Tell whether the account wrote it."""
        node = self.nodes.get(status_id)
        return node.is_own if node is not None else status_id in self._own_tops

    def place(self, status_id: str) -> Place:
        """Say where a status stands, as far as is known."""
        node = self.nodes.get(status_id)
        if node is not None and node.is_direct:
            return Place(thread_id=self.direct_top(status_id), root_id=None, is_below_own=False)
        above = list(self._above(status_id))
        top = above[-1] if above else status_id
        return Place(
            thread_id=top,
            root_id=top if above and self.is_own(top) else None,
            is_below_own=any(self.is_own(i) for i in above),
        )

    def direct_top(self, status_id: str) -> str:
        """Return the first direct message of the unbroken chain above a direct message."""
        top = status_id
        for above in self._above(status_id):
            node = self.nodes.get(above)
            if node is not None and not node.is_direct:
                break
            if node is not None or above not in self._own_tops:
                top = above
        return top

    def _parent(self, status_id: str) -> str | None:
        node = self.nodes.get(status_id)
        return node.parent if node is not None else self._above_unseen.get(status_id)

    def _above(self, status_id: str) -> Iterator[str]:
        seen = {status_id}
        above = self._parent(status_id)
        while above is not None and above not in seen:  # a circle would be the server's mistake
            seen.add(above)
            yield above
            above = self._parent(above)

    def _join(self, below: str, above: str | None) -> None:
        """Say what stands above the unseen parent of `below`: `above`, or nothing that can be known."""
        parent = self._parent(below)
        if parent is None or parent in self.nodes:
            return
        if above is None:
            self._tops.add(parent)
        elif above != parent:
            self._above_unseen.setdefault(parent, above)


def author_id_of(raw: Mapping[str, object]) -> str | None:
    """Return the id of who wrote a status."""
    account = raw.get("account")
    return as_id(account.get("id")) if isinstance(account, dict) else None


def count_of(raw: Mapping[str, object], name: str) -> int:
    """Return a counter of a status; 0 when it has none (older versions) or none that can be read."""
    value = raw.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def children_of(rows: Iterable[object]) -> dict[str, int]:
    """Count how many of the rows answer each status directly."""
    counts: dict[str, int] = {}
    for row in rows:
        parent = as_id(row.get("in_reply_to_id")) if isinstance(row, dict) else None
        if parent is not None:
            counts[parent] = counts.get(parent, 0) + 1
    return counts
