"""What the instance answers to each of its calls."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.mastodon import spec
from watchdaemon.sandbox.mastodon.access import Caller
from watchdaemon.sandbox.mastodon.spec import Call, Query, Refused, not_found
from watchdaemon.sandbox.mastodon.statuses import HOST, Json, Notification, Statuses, timestamp, visibility
from watchdaemon.sandbox.world import Kind, World, WorldAccount, WorldItem

# The most that a context gives to a token's owner.
CONTEXT_LIMIT = 4096

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that got through the door: its checked parameters, who asks, and the path's variable part."""

    query: Query
    caller: Caller
    subject: str
    url: str  # the whole address without its query, for links
    key: str = ""  # the request's Idempotency-Key

    @property
    def viewer(self) -> WorldAccount:
        """Whose eyes."""
        return self.caller.account


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and a Link header where it is a page."""

    body: Json | list[Json]
    headers: Mapping[str, str]


class Answers:
    """The calls, each a method named for what it gives. The world alone remembers anything."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._statuses = Statuses(world)
        self._written: dict[tuple[str, str], str] = {}  # by account and idempotency key: the status's id

    def me(self, asked: Asked) -> Answer:
        """GET /api/v1/accounts/verify_credentials."""
        account = asked.viewer
        source = {
            "privacy": "public",
            "sensitive": False,
            "language": "sv",
            "note": account.about,
            "fields": [],
            "follow_requests_count": 0,
        }
        role = {"id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": False}
        return Answer(self._statuses.account_to_json(account, with_counts=True) | {"source": source, "role": role}, {})

    def app(self, asked: Asked) -> Answer:
        """GET /api/v1/apps/verify_credentials."""
        scopes = sorted(asked.caller.token.scopes) or ["read"]
        body: Json = {"id": "1", "name": "watchdaemon", "website": None, "scopes": scopes}
        redirect = "urn:ietf:wg:oauth:2.0:oob"
        return Answer(body | {"redirect_uri": redirect, "redirect_uris": [redirect], "vapid_key": ""}, {})

    def instance(self, _asked: Asked) -> Answer:
        """GET /api/v2/instance."""
        statuses = {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23}
        body: Json = {"domain": HOST, "title": "Exempelkommun", "version": "4.6.0", "rules": []}
        return Answer(body | {"api_versions": {"mastodon": 8}, "configuration": {"statuses": statuses}}, {})

    def account(self, asked: Asked) -> Answer:
        """GET /api/v1/accounts/:id."""
        return Answer(self._statuses.account_to_json(self._account(asked.subject), with_counts=True), {})

    def lookup(self, asked: Asked) -> Answer:
        """GET /api/v1/accounts/lookup."""
        wanted = (asked.query.text("acct") or "").removeprefix("@").removesuffix(f"@{HOST}").casefold()
        found = [a for a in self._world.accounts("mastodon") if a.username.casefold() == wanted]
        if not found:
            raise not_found()
        return Answer(self._statuses.account_to_json(found[0], with_counts=True), {})

    def notifications(self, asked: Asked) -> Answer:
        """GET /api/v1/notifications."""
        query = asked.query
        types, without = query.all("types[]"), query.all("exclude_types[]")
        found = [
            n
            for n in self._statuses.notifications(asked.viewer)
            if (not types or n.kind in types)
            and n.kind not in without
            and (query.is_on("include_filtered") or not n.is_filtered)
            and query.text("account_id") in (None, n.item.author_id)
        ]
        page, headers = cut(asked, found, lambda n: n.id, is_endless=True)
        return Answer([self._notification(n) for n in page], headers)

    def notification(self, asked: Asked) -> Answer:
        """GET /api/v1/notifications/:id."""
        found = [n for n in self._statuses.notifications(asked.viewer) if str(n.id) == asked.subject]
        if not found:
            raise not_found()
        return Answer(self._notification(found[0]), {})

    def account_statuses(self, asked: Asked) -> Answer:
        """GET /api/v1/accounts/:id/statuses."""
        account = self._account(asked.subject)
        items = self._statuses.written_by(account)
        if asked.viewer.key != account.key:
            items = [i for i in items if visibility(i) in ("public", "unlisted")]
        if asked.query.is_on("exclude_replies"):
            parents = ((i, self._statuses.parent(i)) for i in items)
            items = [i for i, parent in parents if parent is None or parent.author_id == account.native_id]
        if asked.query.is_on("pinned") or asked.query.is_on("only_media") or asked.query.text("tagged"):
            items = []
        return self._status_page(asked, items)

    def status(self, asked: Asked) -> Answer:
        """GET /api/v1/statuses/:id."""
        return Answer(self._statuses.to_json(self._item(asked)), {})

    def statuses(self, asked: Asked) -> Answer:
        """GET /api/v1/statuses: those that are missing are left out without a word."""
        found = [self._statuses.find(i, asked.viewer) for i in dict.fromkeys(asked.query.all("id[]"))]
        return Answer([self._statuses.to_json(i) for i in found if i is not None], {})

    def context(self, asked: Asked) -> Answer:
        """GET /api/v1/statuses/:id/context: what is above it, and what is below it, each branch in order of time."""
        item = self._item(asked)
        above: list[WorldItem] = []
        parent = self._statuses.parent(item)
        while parent is not None and parent.exists(self._world.now()):
            above.insert(0, parent)
            parent = self._statuses.parent(parent)
        seen = [i for i in above if self._statuses.find(i.id, asked.viewer) is not None]
        below = [i for i in self._below(item) if self._statuses.find(i.id, asked.viewer) is not None]
        body: Json = {
            "ancestors": [self._statuses.to_json(i) for i in seen],
            "descendants": [self._statuses.to_json(i) for i in below[:CONTEXT_LIMIT]],
        }
        return Answer(body, {})

    def quotes(self, asked: Asked) -> Answer:
        """GET /api/v1/statuses/:id/quotes."""
        return self._status_page(asked, self._statuses.quoting(self._item(asked)))

    def conversations(self, asked: Asked) -> Answer:
        """GET /api/v1/conversations: paged by the last status's id."""
        threads = self._statuses.conversations(asked.viewer)
        page, headers = cut(asked, threads, lambda items: int(items[-1].id))
        return Answer([self._conversation(asked.viewer, items) for items in page], headers)

    def post_status(self, asked: Asked) -> Answer:
        """POST /api/v1/statuses: a reply; the same key again gives the same status again."""
        known = self._written.get((asked.viewer.key, asked.key)) if asked.key else None
        if known is not None and (item := self._statuses.find(known, asked.viewer)) is not None:
            return Answer(self._statuses.to_json(item), {})
        text, above_id = asked.query.text("status") or "", asked.query.text("in_reply_to_id") or ""
        if not text.strip():
            raise Refused(422, "Validation failed: Text can't be blank")
        above = self._statuses.find(above_id, asked.viewer)
        if above is None:
            raise not_found()
        now, viewer = self._world.now(), asked.viewer
        item = WorldItem(
            id=ids.mastodon_status(now, f"{above_id}:{text}:{len(self._written)}"),
            account=above.account,
            kind=Kind.COMMENT,
            author_id=viewer.native_id,
            author_name=viewer.name,
            author_username=viewer.username,
            text=text,
            published_at=now,
            by_account=True,
            parent_id=above.id,
            root_id=above.root_id or above.id,
        )
        self._written[viewer.key, asked.key] = item.id
        return Answer(self._statuses.to_json(self._world.add(item)), {})

    def delete_status(self, asked: Asked) -> Answer:
        """DELETE /api/v1/statuses/:id: an own one; what stands below it stays."""
        item = self._item(asked)
        if item.author_id != asked.viewer.native_id:
            raise not_found()
        body = self._statuses.to_json(item) | {"text": item.text}
        self._world.delete(item, cascade=False)
        return Answer(body, {})

    # ---- pieces ----------------------------------------------------------------------------------------------------

    def _account(self, account_id: str) -> WorldAccount:
        account = self._world.find_account("mastodon", account_id)
        if account is None:
            raise not_found()
        return account

    def _item(self, asked: Asked) -> WorldItem:
        item = self._statuses.find(asked.subject, asked.viewer)
        if item is None:
            raise not_found()
        return item

    def _below(self, item: WorldItem) -> Iterable[WorldItem]:
        for child in self._statuses.children(item):
            yield child
            yield from self._below(child)

    def _status_page(self, asked: Asked, items: Sequence[WorldItem]) -> Answer:
        page, headers = cut(asked, items, lambda i: int(i.id))
        return Answer([self._statuses.to_json(i) for i in page], headers)

    def _notification(self, notification: Notification) -> Json:
        return {
            "id": str(notification.id),
            "type": notification.kind,
            "created_at": timestamp(notification.at),
            "group_key": f"ungrouped-{notification.id}",
            "account": self._statuses.author(notification.item),
            "status": self._statuses.to_json(notification.item),
        }

    def _conversation(self, viewer: WorldAccount, items: Sequence[WorldItem]) -> Json:
        others = {i.author_id: self._statuses.author(i) for i in items if i.author_id != viewer.native_id}
        return {
            "id": str(int(items[0].id) % 10**9),
            "unread": items[-1].author_id != viewer.native_id,
            "accounts": list(others.values()),
            "last_status": self._statuses.to_json(items[-1]),
        }


def cut(
    asked: Asked, rows: Sequence[T], number: Callable[[T], int], *, is_endless: bool = False
) -> tuple[list[T], dict[str, str]]:
    """Return the page asked for, out of rows newest first, and its Link header.

    ``min_id`` gives the rows directly above it, everything else the newest that fit. There is a ``next`` link after a
    full page (where a listing `is_endless`, after any page that is not empty), a ``prev`` link on every such page.
    """
    query = asked.query
    above = max((n for n in (query.number("since_id"), query.number("min_id")) if n is not None), default=None)
    below = query.number("max_id")
    fit = [r for r in rows if (above is None or number(r) > above) and (below is None or number(r) < below)]
    size = query.page_size
    page = fit[-size:] if query.number("min_id") is not None else fit[:size]
    links = []
    if page and (is_endless or len(page) == size):
        links.append(_link(asked, "max_id", number(page[-1]), "next"))
    if page:
        links.append(_link(asked, "min_id", number(page[0]), "prev"))
    return page, {"Link": ", ".join(links)} if links else {}


def _link(asked: Asked, name: str, bound: int, rel: str) -> str:
    kept = [
        (n, v) for n, values in asked.query.values.items() for v in values if n not in ("max_id", "since_id", "min_id")
    ]
    return f'<{asked.url}?{urlencode([*kept, (name, str(bound))])}>; rel="{rel}"'


# ---- routes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Route:
    """A path, its call, and the method that answers it."""

    path: re.Pattern[str]
    call: Call
    answer: Callable[[Answers, Asked], Answer]
    method: str = "GET"


_ID = r"(?P<id>[^/]+)"
_READING = tuple(
    Route(re.compile(path), call, answer)
    for path, call, answer in (
        ("api/v1/accounts/verify_credentials", spec.ME, Answers.me),
        ("api/v1/apps/verify_credentials", spec.APP, Answers.app),
        ("api/v2/instance", spec.INSTANCE, Answers.instance),
        ("api/v1/accounts/lookup", spec.LOOKUP, Answers.lookup),
        (f"api/v1/accounts/{_ID}", spec.ACCOUNT, Answers.account),
        (f"api/v1/accounts/{_ID}/statuses", spec.ACCOUNT_STATUSES, Answers.account_statuses),
        ("api/v1/notifications", spec.NOTIFICATIONS, Answers.notifications),
        (f"api/v1/notifications/{_ID}", spec.NOTIFICATION, Answers.notification),
        ("api/v1/statuses", spec.STATUSES, Answers.statuses),
        (f"api/v1/statuses/{_ID}", spec.STATUS, Answers.status),
        (f"api/v1/statuses/{_ID}/context", spec.CONTEXT, Answers.context),
        (f"api/v1/statuses/{_ID}/quotes", spec.QUOTES, Answers.quotes),
        ("api/v1/conversations", spec.CONVERSATIONS, Answers.conversations),
    )
)
ROUTES = (
    *_READING,
    Route(re.compile("api/v1/statuses"), spec.POST_STATUS, Answers.post_status, "POST"),
    Route(re.compile(f"api/v1/statuses/{_ID}"), spec.DELETE_STATUS, Answers.delete_status, "DELETE"),
)


def find_route(method: str, path: str) -> tuple[Route, str]:
    """Return the route of a request and the path's variable part. Raises Refused (404)."""
    for route in ROUTES:
        found = route.path.fullmatch(path)
        if found is not None and route.method == method:
            subject = found.groupdict().get("id", "")
            if subject and not spec.ID.fullmatch(subject):
                raise not_found()
            return route, subject
    raise Refused(404, "Not Found")
