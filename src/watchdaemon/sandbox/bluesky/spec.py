"""What Bluesky's methods take: their parameters by the lexicons, and the refusals for anything else.

Names and limits are those of bluesky-social/atproto, folder ``lexicons``, commit d6296a1c; the refusals' words those of
a real server (read and measured 2026-11).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

POST = "app.bsky.feed.post"

DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
HANDLE = re.compile(r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_AT_URI = re.compile(rf"at://({DID.pattern}|{HANDLE.pattern})(/[A-Za-z0-9.-]+(/[A-Za-z0-9._:~-]{{1,512}})?)?")


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A refusal: a status, its JSON body and any headers that go with it."""

    def __init__(self, status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, error)
        self.status = status
        self.body = {"error": error, "message": message}
        self.headers = dict(headers or {})


Value: TypeAlias = str | int | bool
Check: TypeAlias = Callable[[str, str], Value]


class Wrong(Exception):  # noqa: N818 - it becomes an answer
    """What is wrong with a value, in the server's words."""


def _text(_name: str, raw: str) -> Value:
    return raw


def _number(low: int, high: int) -> Check:
    def check(name: str, raw: str) -> Value:
        if not re.fullmatch(r"-?\d{1,9}", raw):
            raise Wrong(f'Expected integer value type (got "{raw}") at $.{name}')
        if int(raw) < low:
            raise Wrong(f"integer too small (minimum {low}, got {raw}) at $.{name}")
        if int(raw) > high:
            raise Wrong(f"integer too big (maximum {high}, got {raw}) at $.{name}")
        return int(raw)

    return check


def _boolean(name: str, raw: str) -> Value:
    if raw not in ("true", "false"):
        raise Wrong(f'Expected boolean value type (got "{raw}") at $.{name}')
    return raw == "true"


def _formed(pattern: re.Pattern[str], what: str) -> Check:
    def check(name: str, raw: str) -> Value:
        if not pattern.fullmatch(raw):
            raise Wrong(f"Invalid {what} at $.{name}")
        return raw

    return check


def _datetime(name: str, raw: str) -> Value:
    try:
        is_one = "T" in raw and datetime.fromisoformat(raw).tzinfo is not None
    except ValueError:
        is_one = False
    if not is_one:
        raise Wrong(f"Invalid datetime at $.{name}")
    return raw


_ACTOR = _formed(re.compile(f"{DID.pattern}|{HANDLE.pattern}"), "at-identifier")
_URI = _formed(_AT_URI, "at-uri")
_CID = _formed(re.compile(r"[A-Za-z0-9+=/]{8,}"), "cid")
_LANGUAGE = _formed(re.compile(r"[a-zA-Z]{2,3}(-[A-Za-z0-9-]+)?"), "language")
_WEB = _formed(re.compile(r"\w+:(?:/(?!/)|//)?[^\s/][^\s]*"), "uri")
_PAGED: Mapping[str, Check] = {"limit": _number(1, 100), "cursor": _text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method: its parameters, and how often it may be called in five minutes."""

    name: str
    parameters: Mapping[str, Check]
    required: tuple[str, ...] = ()
    arrays: Mapping[str, int | None] | None = None  # repeatable ones, with how often at most
    page: int = 50  # rows on a page when no limit is given
    http: str = "GET"
    limit: int = 3_000
    body: tuple[str, ...] = ()  # what a procedure's JSON may hold
    body_required: tuple[str, ...] = ("identifier", "password")
    needs_session: bool = True


METHODS = {
    method.name: method
    for method in (
        Method(
            name="com.atproto.server.createSession",
            parameters={},
            http="POST",
            limit=30,
            body=("identifier", "password", "authFactorToken", "allowTakendown"),
            needs_session=False,
        ),
        Method(name="com.atproto.server.refreshSession", parameters={}, http="POST", needs_session=False),
        Method(name="com.atproto.server.getSession", parameters={}),
        Method(
            name="com.atproto.repo.createRecord",
            parameters={},
            http="POST",
            body=("repo", "collection", "rkey", "validate", "record", "swapCommit"),
            body_required=("repo", "collection", "record"),
        ),
        Method(
            name="com.atproto.repo.putRecord",
            parameters={},
            http="POST",
            body=("repo", "collection", "rkey", "validate", "record", "swapRecord", "swapCommit"),
            body_required=("repo", "collection", "rkey", "record"),
        ),
        Method(
            name="com.atproto.repo.deleteRecord",
            parameters={},
            http="POST",
            body=("repo", "collection", "rkey", "swapRecord", "swapCommit"),
            body_required=("repo", "collection", "rkey"),
        ),
        Method(name="app.bsky.actor.getProfile", parameters={"actor": _ACTOR}, required=("actor",)),
        Method(
            name="app.bsky.notification.listNotifications",
            parameters={**_PAGED, "reasons": _text, "priority": _boolean, "seenAt": _datetime},
            arrays={"reasons": None},
        ),
        Method(
            name="app.bsky.feed.getAuthorFeed",
            parameters={**_PAGED, "actor": _ACTOR, "filter": _text, "includePins": _boolean},
            required=("actor",),
        ),
        Method(
            name="app.bsky.feed.getPostThread",
            parameters={"uri": _URI, "depth": _number(0, 1000), "parentHeight": _number(0, 1000)},
            required=("uri",),
        ),
        Method(
            name="app.bsky.feed.getPosts",
            parameters={"uris": _URI},
            required=("uris",),
            arrays={"uris": 25},
        ),
        Method(name="app.bsky.feed.getQuotes", parameters={**_PAGED, "uri": _URI, "cid": _CID}, required=("uri",)),
        Method(
            name="app.bsky.feed.searchPosts",
            parameters={
                **_PAGED,
                "q": _text,
                "sort": _text,
                "since": _text,
                "until": _text,
                "mentions": _ACTOR,
                "author": _ACTOR,
                "lang": _LANGUAGE,
                "domain": _text,
                "url": _WEB,
                "tag": _text,
            },
            required=("q",),
            arrays={"tag": None},
            page=25,
        ),
    )
}


class Query:
    """A call's checked parameters."""

    def __init__(self, method: Method, values: Mapping[str, tuple[Value, ...]]) -> None:
        self.method = method
        self._values = values

    def text(self, name: str) -> str:
        """Return a text, "" when it was not given."""
        return str(next(iter(self._values.get(name, ())), ""))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a repeatable one's values."""
        return tuple(map(str, self._values.get(name, ())))

    def number(self, name: str, default: int) -> int:
        """Return a number."""
        value = next(iter(self._values.get(name, ())), default)
        return value if isinstance(value, int) else default

    @property
    def page_size(self) -> int:
        """How many rows a page holds at most."""
        return self.number("limit", self.method.page)


def find_method(http: str, path: str) -> Method:
    """Return the method of a path below the platform's prefix.

    Raises:
        Refused: 501 for one that is not known, 404 for what is no XRPC path, 405 for the wrong verb.
    """
    prefix, _, name = path.partition("/")
    if prefix != "xrpc" or not name:
        raise Refused(404, "NotFound", "Not Found")
    method = METHODS.get(name)
    if method is None:
        raise Refused(501, "MethodNotImplemented", "Method Not Implemented")
    if method.http != http:
        raise Refused(405, "InvalidRequest", f"Incorrect HTTP method ({http}) expected {method.http}")
    return method


def read_query(method: Method, pairs: Iterable[tuple[str, str]]) -> Query:
    """Check a query string against a method's parameters. Stricter than the service, which ignores unknown names.

    Raises:
        Refused: 400, naming the first thing that is wrong.
    """
    try:
        values = _checked(method, pairs)
    except Wrong as wrong:
        raise Refused(400, "InvalidRequest", f"Invalid {method.name} params: {wrong}") from None
    return Query(method, values)


def _checked(method: Method, pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[Value, ...]]:
    """Return the values by name. Raises Wrong."""
    values: dict[str, list[Value]] = {}
    arrays = method.arrays or {}
    for name, raw in pairs:
        if name not in method.parameters:
            raise Wrong(f"Unexpected parameter at $.{name}")
        if name in values and name not in arrays:
            raise Wrong(f"Parameter given twice at $.{name}")
        values.setdefault(name, []).append(method.parameters[name](name, raw))
    for name in method.required:
        if name not in values:
            raise Wrong(f'Missing required key "{name}" at $')
    for name, most in arrays.items():
        if most is not None and len(values.get(name, ())) > most:
            raise Wrong(f"array too big (maximum {most}, got {len(values[name])}) at $.{name}")
    return {name: tuple(given) for name, given in values.items()}
