"""What each call takes, after the method pages of docs.joinmastodon.org (4.6), and how a request is refused."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ID = re.compile(r"[0-9]{1,20}")

_NUMBER, _BOOLEAN, _ID_VALUE, _IDS, _TYPES, _WORD = "number", "boolean", "id", "ids", "types", "word"

TYPES = frozenset(
    {
        "mention",
        "status",
        "reblog",
        "follow",
        "follow_request",
        "favourite",
        "poll",
        "update",
        "admin.sign_up",
        "admin.report",
        "severed_relationships",
        "moderation_warning",
        "quote",
        "quoted_update",
        "added_to_collection",
        "collection_update",
    }
)

_PAGES = {"max_id": _ID_VALUE, "since_id": _ID_VALUE, "min_id": _ID_VALUE, "limit": _NUMBER}

MOST_LOOKED_UP = 20


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """Mastodon's refusal: a status, its words, and any headers that go with it."""

    def __init__(self, status: int, error: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = {"error": error}
        self.headers = dict(headers or {})


def not_found() -> Refused:
    """Return the 404 of what is deleted, hidden, or never was."""
    return Refused(404, "Record not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: its parameters by name with their form, the scope it needs, and its page sizes."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()  # any of them is enough
    page_size: int = 20
    largest_page: int = 40


ME = Call(name="verify_credentials", scopes=frozenset({"read:accounts", "profile"}))
APP = Call(name="app")
INSTANCE = Call(name="instance")
ACCOUNT = Call(name="account", scopes=frozenset({"read:accounts"}))
LOOKUP = Call(name="lookup", parameters={"acct": _WORD}, scopes=frozenset({"read:accounts"}))
NOTIFICATIONS = Call(
    name="notifications",
    parameters={
        **_PAGES,
        "types[]": _TYPES,
        "exclude_types[]": _TYPES,
        "supported_types[]": _TYPES,
        "account_id": _ID_VALUE,
        "include_filtered": _BOOLEAN,
    },
    scopes=frozenset({"read:notifications"}),
    page_size=40,
    largest_page=80,
)
NOTIFICATION = Call(
    name="notification", parameters={"supported_types[]": _TYPES}, scopes=frozenset({"read:notifications"})
)
ACCOUNT_STATUSES = Call(
    name="account_statuses",
    parameters={
        **_PAGES,
        "exclude_replies": _BOOLEAN,
        "exclude_reblogs": _BOOLEAN,
        "only_media": _BOOLEAN,
        "pinned": _BOOLEAN,
        "tagged": _WORD,
    },
    scopes=frozenset({"read:statuses"}),
)
STATUS = Call(name="status", scopes=frozenset({"read:statuses"}))
STATUSES = Call(name="statuses", parameters={"id[]": _IDS}, scopes=frozenset({"read:statuses"}))
POST_STATUS = Call(
    name="post_status",
    parameters={"status": _WORD, "in_reply_to_id": _ID_VALUE, "visibility": _WORD},
    scopes=frozenset({"write:statuses"}),
)
DELETE_STATUS = Call(name="delete_status", scopes=frozenset({"write:statuses"}))
CONTEXT = Call(name="context", scopes=frozenset({"read:statuses"}))
QUOTES = Call(
    name="quotes",
    parameters={"max_id": _ID_VALUE, "since_id": _ID_VALUE, "limit": _NUMBER},
    scopes=frozenset({"read:statuses"}),
)
CONVERSATIONS = Call(name="conversations", parameters=_PAGES, scopes=frozenset({"read:statuses"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A request's checked parameters."""

    call: Call
    values: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str | None:
        """Return one value."""
        return self.values[name][0] if name in self.values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a repeated parameter."""
        return self.values.get(name, ())

    def number(self, name: str) -> int | None:
        """Return an id as a number."""
        text = self.text(name)
        return int(text) if text is not None else None

    def is_on(self, name: str) -> bool:
        """Tell whether a switch is on."""
        return self.text(name) in ("true", "1")

    @property
    def page_size(self) -> int:
        """How many rows a page has; what is above the largest is the largest."""
        return min(self.number("limit") or self.call.page_size, self.call.largest_page)


def read_query(call: Call, pairs: Iterable[tuple[str, str]]) -> Query:
    """Check a request's parameters.

    Raises:
        Refused: 422 for a parameter that the call does not have, one given twice, or a value that is none.
    """
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        form = call.parameters.get(name)
        if form is None:
            raise Refused(422, f"Validation failed: {call.name} has no parameter {name}")
        if name in values and not name.endswith("[]"):
            raise Refused(422, f"Validation failed: {name} is given twice")
        if not _fits(form, value):
            raise Refused(422, f"Validation failed: {name} is invalid")
        values[name] = (*values.get(name, ()), value)
    if len(values.get("id[]", ())) > MOST_LOOKED_UP:
        raise Refused(422, f"Validation failed: no more than {MOST_LOOKED_UP} ids")
    return Query(call=call, values=values)


def _fits(form: str, value: str) -> bool:
    if form == _NUMBER:
        return re.fullmatch(r"[1-9][0-9]{0,3}", value) is not None
    if form == _BOOLEAN:
        return value in ("true", "false", "1", "0")
    if form == _TYPES:
        return value in TYPES
    return value != "" if form == _WORD else ID.fullmatch(value) is not None
