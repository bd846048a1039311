"""What every Graph node has in common: asked-for fields, edges with their parameters, cursor paging."""

import base64
import binascii
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.graph import errors
from watchdaemon.sandbox.graph.call import Call, Params, throttle
from watchdaemon.sandbox.graph.fields import Field, unparse
from watchdaemon.sandbox.world import WorldAccount, WorldItem

Answer = dict[str, object]

# Parameters that every call may carry; what they ask for beyond this list is not simulated.
GENERIC_PARAMS = frozenset({"access_token", "appsecret_proof", "fields", "locale", "format", "pretty", "method"})
_PAGING = frozenset({"limit", "after", "before"})
_DEFAULT_LIMIT = 25
_MOST_WHEN_TOO_MUCH = 5
_SHORT_PAGE = 2
_INNER_KEYS = frozenset(
    {"id", "name", "username", "email", "category", "link", "picture", "first_name", "last_name", "self_ig_scoped_id"}
)


def names(text: str) -> frozenset[str]:
    """Return the field names written in a line."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Edge:
    """What an edge allows. `scopes` are the permissions it needs besides the node's own."""

    params: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    most: int = 100  # a higher limit is refused …
    cap: int = 100  # … and a higher one than this is quietly cut
    needs_page_token: bool = False
    hides_from_users: bool = False  # a person's token gets 200 with an empty list


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in a listing: where it stands, and the node, or None where something was but is no longer shown."""

    at: datetime
    id: str
    node: "Node | None"


@dataclass(frozen=True, slots=True)
class Listing:
    """An edge's whole content, in the order in which it is given."""

    entries: Sequence[Entry]
    newest_first: bool = False
    summary: Answer = field(default_factory=dict)


class Node(ABC):
    """A Graph object as one call sees it.

    A subclass has a method ``get_<field>`` for every field it can fill (None: no data, the field is omitted) and
    ``list_<edge>`` for every edge in `EDGES`. `KNOWN` are fields that exist but never hold anything here.
    """

    TYPE: ClassVar[str]
    KNOWN: ClassVar[frozenset[str]] = frozenset()
    DEFAULT: ClassVar[tuple[str, ...]] = ("id",)
    EDGES: ClassVar[dict[str, Edge]] = {}
    REMOVED: ClassVar[dict[str, str]] = {}  # edges that were taken away, with the words of error 12

    def __init__(self, call: Call, account: WorldAccount) -> None:
        self.call = call
        self.account = account

    @property
    @abstractmethod
    def id(self) -> str:
        """The node's id as the Graph writes it."""

    def render(self, asked: Sequence[Field]) -> Answer:
        """Return the asked-for fields that hold something, and always the id."""
        self.call.count_node()
        answer: Answer = {}
        for one in asked or [Field(name) for name in self.DEFAULT]:
            value = self._value(one)
            if value is not None:
                answer[one.shown_as] = value
        answer.setdefault("id", self.id)
        return answer

    def _value(self, one: Field) -> object:
        if one.name == "id":
            return self.id
        if one.name in self.EDGES or one.name in self.REMOVED:
            inner = self.edge(one.name, one.params, one.children)
            # The Graph leaves an empty expanded edge out, unless there is a summary or a further page to tell of.
            return inner if inner["data"] or len(inner) > 1 else None
        reader = getattr(self, f"get_{one.name}", None)
        if reader is None:
            if one.name in self.KNOWN:
                return None
            raise errors.unknown_field(one.name, self.TYPE)
        if one.params:
            raise errors.bad_parameter(f"Field {one.name} takes no modifiers")
        value = reader()
        if isinstance(value, Node):
            return value.render(one.children)
        return _narrowed(value, one)

    def edge(self, name: str, params: Params, asked: Sequence[Field]) -> Answer:
        """Return one page of an edge."""
        spec = self.EDGES.get(name)
        if spec is None:
            if name in self.REMOVED:
                raise errors.GraphError(f"(#12) {self.REMOVED[name]}", code=12)
            raise errors.unknown_path(name)
        _refuse_unknown(params, spec)
        throttle(self.call, self.account, name)
        if spec.needs_page_token and not self.call.is_page:
            raise errors.page_token_wanted()
        if spec.hides_from_users and not self.call.is_page:
            return {"data": []}
        self._check_rights(name, spec)
        if self.call.has_fault(FaultKind.EMPTY_LIST, self.account, name):
            return {"data": []}
        listing: Listing = getattr(self, f"list_{name}")(params)
        return self._page(name, spec, listing, params, asked)

    def _check_rights(self, name: str, spec: Edge) -> None:
        if self.call.has_fault(FaultKind.MISSING_PERMISSION, self.account, name):
            raise errors.missing_permission(spec.scopes[-1] if spec.scopes else "pages_read_engagement")
        self.call.need(*spec.scopes)

    def _page(self, name: str, spec: Edge, listing: Listing, params: Params, asked: Sequence[Field]) -> Answer:
        limit = min(_limit(params, name, spec.most), spec.cap)
        if limit > _MOST_WHEN_TOO_MUCH and self._is_too_much(name):
            raise errors.too_much_data()
        if self.call.has_fault(FaultKind.SHORT_PAGES, self.account, name):
            limit = min(limit, _SHORT_PAGE)
        entries, has_more, has_earlier = _cut(listing, params, limit)
        data = [e.node.render(asked) for e in entries if e.node is not None]
        if data and self.call.has_fault(FaultKind.MALFORMED_ITEM, self.account, name):
            data[0] = _mangled(data[0])
        answer: Answer = {"data": data}
        if entries:
            cursors = {"before": _cursor(entries[0]), "after": _cursor(entries[-1])}
            paging: Answer = {"cursors": cursors}
            if has_more:
                paging["next"] = self._address(name, params, asked, {"limit": str(limit), "after": cursors["after"]})
            if has_earlier:
                paging["previous"] = self._address(
                    name, params, asked, {"limit": str(limit), "before": cursors["before"]}
                )
            answer["paging"] = paging
        if params.get("summary", "false") not in ("false", "0"):
            answer["summary"] = dict(listing.summary)
        return answer

    def _is_too_much(self, edge: str) -> bool:
        """Whether the fault strikes this edge itself, not what it stands in."""
        account, call = self.account, self.call
        kind = FaultKind.TOO_MUCH_DATA
        return call.faults.has(kind, now=call.now, platform=account.platform, account=account.key, path=edge)

    def _address(self, name: str, params: Params, asked: Sequence[Field], place: dict[str, str]) -> str:
        kept = {k: v for k, v in params.items() if k not in ("limit", "after", "before", *GENERIC_PARAMS)}
        query = {"access_token": self.call.token_value, "pretty": "0", **kept}
        if asked:
            query["fields"] = unparse(tuple(asked))
        return f"{self.call.base_url}/{self.id}/{name}?{urlencode({**query, **place})}"


def _narrowed(value: object, one: Field) -> object:
    """Keep the asked-for parts of an inner object such as ``from{id}``."""
    if not one.children or not isinstance(value, dict):
        return value
    for child in one.children:
        if child.name not in value and child.name not in _INNER_KEYS:
            raise errors.unknown_field(child.name, "User")
    return {c.name: value[c.name] for c in one.children if c.name in value}


def _refuse_unknown(params: Params, spec: Edge) -> None:
    for name in params:
        if name not in GENERIC_PARAMS and name not in _PAGING and name not in spec.params:
            raise errors.bad_parameter(f"Unknown parameter: {name}")


def _limit(params: Params, name: str, most: int) -> int:
    text = params.get("limit", str(_DEFAULT_LIMIT))
    if not text.isdigit():
        raise errors.bad_parameter("Param limit must be a non-negative integer")
    if int(text) > most:
        raise errors.bad_parameter(f"For field '{name}': The 'limit' parameter should not exceed {most}")
    return int(text)


def _cut(listing: Listing, params: Params, limit: int) -> tuple[Sequence[Entry], bool, bool]:
    """Return one page, whether more follows, and whether something came before."""
    entries = listing.entries
    if "after" in params and "before" in params:
        raise errors.bad_parameter("Cannot specify both before and after")
    if "after" in params:
        start = _first_beyond(listing, *_read_cursor(params["after"]))
        page = entries[start : start + limit]
        return page, start + limit < len(entries) and limit > 0, start > 0
    if "before" in params:
        at, place = _read_cursor(params["before"])
        end = next((n for n, e in enumerate(entries) if not _is_before(listing, e, at, place)), len(entries))
        start = max(0, end - limit)
        return entries[start:end], end < len(entries), start > 0
    return entries[:limit], limit < len(entries) and limit > 0, False


def _first_beyond(listing: Listing, at: datetime, place: str) -> int:
    for number, entry in enumerate(listing.entries):
        if (entry.at, entry.id) != (at, place) and not _is_before(listing, entry, at, place):
            return number
    return len(listing.entries)


def _is_before(listing: Listing, entry: Entry, at: datetime, place: str) -> bool:
    if listing.newest_first:
        return (entry.at, entry.id) > (at, place)
    return (entry.at, entry.id) < (at, place)


def _cursor(entry: Entry) -> str:
    text = f"{entry.at.isoformat()}|{entry.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") + "ZD"


def _read_cursor(text: str) -> tuple[datetime, str]:
    try:
        raw = text.removesuffix("ZD")
        at, _, place = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode().partition("|")
        return datetime.fromisoformat(at), place
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise errors.bad_parameter("Invalid cursor") from None


def _mangled(data: Answer) -> Answer:
    """Break an item's contract: no id, and a time that is none."""
    broken = {key: value for key, value in data.items() if key != "id"}
    for key in ("created_time", "timestamp"):
        if key in broken:
            broken[key] = "0000-00-00T00:00:00+0000"
    return broken


def entries_of(items: Sequence[WorldItem], make: "type[ItemNode]", call: Call, *, newest_first: bool) -> list[Entry]:
    """Turn items in order of time into a listing's entries; deleted ones leave a hole."""
    ordered = reversed(items) if newest_first else items
    return [
        Entry(i.published_at, i.id, make(call, call.world.account(i.account), i) if i.exists(call.now) else None)
        for i in ordered
    ]


class ItemNode(Node):
    """A node that is one item of the world."""

    def __init__(self, call: Call, account: WorldAccount, item: WorldItem) -> None:
        super().__init__(call, account)
        self.item = item

    @property
    def id(self) -> str:
        """The item's own id."""
        return self.item.id
