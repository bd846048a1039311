"""Threads' front door: tokens, nodes, lists and the two ways to moderate."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import FaultKind, Faults, disturbed
from watchdaemon.sandbox.graph import errors
from watchdaemon.sandbox.graph.call import read_flag, read_time, token_trouble
from watchdaemon.sandbox.graph.errors import GraphError
from watchdaemon.sandbox.threads import spec
from watchdaemon.sandbox.threads.shape import Answer, media_json, user_json
from watchdaemon.sandbox.world import Kind, Moderation, Token, TokenKind, World, WorldAccount, WorldItem

PLATFORM = "threads"
VERSION = "v1.0"
_DEFAULT_LIMIT = 25
_MOST = 100
APPROVALS = "reply_approvals"
"""The key in a post's `extra` that says its replies must be approved."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One call with what is known of it."""

    method: str
    path: str
    params: Mapping[str, str]
    base_url: str
    token: Token
    account: WorldAccount
    now: datetime

    def need(self, *scopes: str) -> None:
        for scope in ("threads_basic", *scopes):
            if scope not in self.token.scopes:
                raise errors.missing_permission(scope)

    def only(self, *allowed: str) -> None:
        for name in self.params:
            if name not in spec.GENERIC and name not in allowed:
                raise errors.bad_parameter(f"Unknown parameter: {name}")

    def fields(self, known: frozenset[str]) -> list[str]:
        asked = [f for f in self.params.get("fields", "id").split(",") if f]
        for name in asked:
            if name not in known:
                raise errors.unknown_field(name, "ThreadsMedia")
        return asked


class ThreadsApp:
    """Serves Threads. `tells_next` writes ``next`` as the Graph does; the reference's samples have cursors alone."""

    def __init__(self, world: World, faults: Faults, *, tells_next: bool, page_size: int) -> None:
        self._world = world
        self._faults = faults
        self._tells_next = tells_next
        self._page_size = page_size

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one HTTP request."""
        params = await _params(request)
        account: WorldAccount | None = None
        status, body = 200, {}
        headers: dict[str, str] = {}
        try:
            token, account = self._who(params)
            root = f"{request.url.scheme}://{request.url.netloc}/{PLATFORM}/{VERSION}"
            call = _Call(request.method, path, params, root, token, account, self._world.now())
            body = self._serve(call)
        except GraphError as error:
            error.kind = "THApiException"
            status, body, headers = error.status, error.body("A" + ids.letters(path, 22)), error.headers
        response = Response(json.dumps(body), status_code=status, headers=headers, media_type="application/json")
        if account is None:
            return response

        async def answer() -> Response:
            return response

        return await disturbed(
            self._faults, answer, now=self._world.now(), platform=PLATFORM, account=account.key, path=path
        )

    def _who(self, params: Mapping[str, str]) -> tuple[Token, WorldAccount]:
        value = params.get("access_token")
        if not value:
            raise errors.no_token()
        token = self._world.find_token(value)
        owned = [a for a in self._world.accounts(PLATFORM) if token is not None and a.key in token.accounts]
        if token is None or token.kind is not TokenKind.USER or len(owned) != 1:
            raise errors.unknown_token()
        if (trouble := token_trouble(self._world, self._faults, token, self._world.now())) is not None:
            raise trouble
        return token, owned[0]

    def _serve(self, call: _Call) -> Answer:
        segments = [s for s in call.path.split("/") if s]
        if not segments or segments[0] != VERSION:
            raise errors.unknown_path(call.path)
        self._throttle(call)
        match (call.method, segments[1:]):
            case ("GET", ["debug_token"]):
                return self._debug(call)
            case ("GET", [("me" | call.account.native_id)]):
                call.need()
                call.only()
                return user_json(call.account, call.fields(spec.USER_FIELDS))
            case ("GET", [("me" | call.account.native_id), edge]) if edge in spec.USER_EDGES:
                return self._user_edge(call, edge)
            case ("GET", [media_id]):
                return self._media(call, media_id)
            case ("GET", [media_id, edge]) if edge in spec.MEDIA_EDGES:
                return self._media_edge(call, media_id, edge)
            case ("POST", [media_id, action]) if action in spec.ACTIONS:
                return self._moderate(call, media_id, action)
        raise errors.unknown_path("/".join(segments))

    def _throttle(self, call: _Call) -> None:
        if self._has(FaultKind.RATE_LIMIT, call) or self._has(FaultKind.QUOTA, call):
            raise GraphError("(#4) Application request limit reached", code=4, status=403)
        if self._has(FaultKind.MISSING_PERMISSION, call):
            raise errors.missing_permission("threads_read_replies")

    def _has(self, kind: FaultKind, call: _Call) -> bool:
        return self._faults.has(kind, now=call.now, platform=PLATFORM, account=call.account.key, path=call.path)

    # ---- reading -------------------------------------------------------------------------------------------------

    def _user_edge(self, call: _Call, edge: str) -> Answer:
        account, world = call.account, self._world
        if edge == "mentions":
            items = world.visible(account.key, Kind.MENTION)
        elif edge == "threads":
            items = world.visible(account.key, Kind.POST)
        else:
            items = [i for i in world.visible(account.key, Kind.COMMENT) if i.by_account]
        items = [i for i in items if _is_within(i, call.params)]
        return self._page(call, spec.USER_EDGES[edge], items[::-1])

    def _media(self, call: _Call, media_id: str) -> Answer:
        call.need()
        call.only()
        item = self._own(call, media_id)
        return self._render(call, item, call.fields(spec.POST_FIELDS | spec.REPLY_FIELDS))

    def _media_edge(self, call: _Call, media_id: str, edge: str) -> Answer:
        post = self._own(call, media_id)
        if edge == "pending_replies":
            if APPROVALS not in post.extra:
                raise errors.bad_parameter("Reply approvals are not enabled on this post")
            wanted = call.params.get("approval_status")
            if wanted not in (None, "pending", "ignored"):
                raise errors.bad_parameter("Param approval_status must be one of {pending, ignored}")
            states = {"pending": (Moderation.HELD,), "ignored": (Moderation.REJECTED,)}.get(
                wanted or "", (Moderation.HELD, Moderation.REJECTED)
            )
            items = [i for i in self._world.below(post) if i.moderation in states]
        else:
            below = self._world.below(post) if edge == "conversation" else self._world.under(post)
            items = [i for i in below if i.moderation is Moderation.PUBLISHED and not i.is_author_private]
        if read_flag("reverse", call.params.get("reverse", "true")):
            items = items[::-1]
        return self._page(call, spec.MEDIA_EDGES[edge], items)

    def _own(self, call: _Call, media_id: str) -> WorldItem:
        """Return an item of the account itself; others' posts elsewhere cannot be read by their ids."""
        item = self._world.find(media_id, call.account.key)
        if item is None or item.kind is Kind.MENTION or item.moderation is not Moderation.PUBLISHED:
            raise errors.gone(media_id)
        return item

    def _render(self, call: _Call, item: WorldItem, asked: Sequence[str]) -> Answer:
        return media_json(self._world, call.account, item, asked)

    def _page(self, call: _Call, edge: spec.Edge, items: Sequence[WorldItem]) -> Answer:
        call.need(*edge.scopes)
        call.only(*edge.params)
        asked = call.fields(edge.fields)
        if self._has(FaultKind.EMPTY_LIST, call):
            return {"data": []}
        if "after" in call.params and "before" in call.params:
            raise errors.bad_parameter("Cannot specify both before and after")
        limit = min(self._limit(call), _MOST)
        start = _place(items, call.params["after"]) + 1 if "after" in call.params else 0
        if "before" in call.params:
            start = max(0, _place(items, call.params["before"]) - limit)
        page = items[start : start + limit]
        data = [self._render(call, item, asked) for item in page]
        if data and self._has(FaultKind.MALFORMED_ITEM, call):
            data[0] = {"text": "no id, no time"}
        if not page:
            return {"data": []}
        cursors = {"before": _cursor(page[0]), "after": _cursor(page[-1])}
        paging: Answer = {"cursors": cursors}
        if self._tells_next and start + limit < len(items):
            query = {**call.params, "after": cursors["after"]}
            paging["next"] = f"{call.base_url}/{call.path.removeprefix(VERSION + '/')}?{urlencode(query)}"
        return {"data": data, "paging": paging}

    def _limit(self, call: _Call) -> int:
        text = call.params.get("limit", str(min(self._page_size, _DEFAULT_LIMIT)))
        if not text.isdigit() or int(text) < 1:
            raise errors.bad_parameter("Param limit must be a positive integer")
        return int(text)

    def _debug(self, call: _Call) -> Answer:
        call.only("input_token")
        token = self._world.find_token(call.params.get("input_token", ""))
        if token is None:
            return {"data": {"is_valid": False, "scopes": []}}
        facts: Answer = {
            "type": "USER",
            "application": "watchdaemon",
            "data_access_expires_at": _unix(token.data_access_expires_at),
            "expires_at": _unix(token.expires_at),
            "is_valid": token.refusal(call.now) is None,
            "issued_at": _unix(token.issued_at),
            "scopes": sorted(token.scopes),
            "user_id": call.account.native_id,
        }
        return {"data": facts}

    # ---- moderating ----------------------------------------------------------------------------------------------

    def _moderate(self, call: _Call, media_id: str, action: str) -> Answer:
        call.need("threads_manage_replies")
        wanted = spec.ACTIONS[action]
        call.only(wanted)
        if wanted not in call.params:
            raise errors.bad_parameter(f"The parameter {wanted} is required")
        flag = read_flag(wanted, call.params[wanted])
        item = self._world.find(media_id, call.account.key)
        if item is None or item.kind is not Kind.COMMENT:
            raise errors.gone(media_id, "post")
        act: Callable[[WorldItem, bool], None] = self._hide if action == "manage_reply" else self._approve
        act(item, flag)
        return {"success": True}

    def _hide(self, item: WorldItem, hidden: bool) -> None:
        if item.parent_id not in (None, item.root_id):
            raise errors.bad_parameter("Only top-level replies can be hidden")
        waiting = [item]
        while waiting:  # what stands under it goes with it
            one = waiting.pop()
            waiting += self._world.under(one)
            self._world.hide(one, hidden=hidden)

    def _approve(self, item: WorldItem, approve: bool) -> None:
        if item.moderation not in (Moderation.HELD, Moderation.REJECTED):
            raise errors.bad_parameter("The reply does not wait for approval")
        self._world.moderate(item, Moderation.PUBLISHED if approve else Moderation.REJECTED)


def create_app(
    world: World, faults: Faults, *, tells_next: bool = False, page_size: int = _DEFAULT_LIMIT
) -> ThreadsApp:
    """Make Threads. `page_size` is how many rows a list gives that takes no limit."""
    return ThreadsApp(world, faults, tells_next=tells_next, page_size=page_size)


def _is_within(item: WorldItem, params: Mapping[str, str]) -> bool:
    since = read_time("since", params["since"]) if "since" in params else None
    until = read_time("until", params["until"]) if "until" in params else None
    if since is not None and since.timestamp() < spec.FIRST_DAY:
        raise errors.bad_parameter("Param since is before the service began")
    return (since is None or item.published_at >= since) and (until is None or item.published_at < until)


def _cursor(item: WorldItem) -> str:
    text = f"{item.published_at.isoformat()}|{item.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") + "ZD"


def _place(items: Sequence[WorldItem], cursor: str) -> int:
    """Return where the cursor's item stands, or the one before it when it is not there any more."""
    raw = cursor.removesuffix("ZD")
    try:
        at_text, _, item_id = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode().partition("|")
        mark = (datetime.fromisoformat(at_text), item_id)
    except (ValueError, binascii.Error):
        raise errors.bad_parameter("Invalid cursor") from None
    keys = [(i.published_at, i.id) for i in items]
    is_newest_first = len(keys) > 1 and keys[0] > keys[-1]
    reached = [n for n, key in enumerate(keys) if (key >= mark if is_newest_first else key <= mark)]
    return reached[-1] if reached else -1


def _unix(instant: datetime | None) -> int:
    return int(instant.timestamp()) if instant is not None else 0


async def _params(request: Request) -> dict[str, str]:
    params = dict(parse_qsl(request.url.query, keep_blank_values=True))
    if request.method == "POST":
        params |= dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    bearer = request.headers.get("authorization", "")
    if bearer[:7].lower() == "bearer " and "access_token" not in params:
        params["access_token"] = bearer[7:].strip()
    return params
