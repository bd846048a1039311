"""The door of Bluesky's part of the sandbox: it lets requests in, keeps the books, and lets faults strike."""

import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox.bluesky.access import (
    PLATFORM,
    WINDOW,
    RateBooks,
    Sessions,
    authentication_required,
    expired_token,
    find_actor,
    invalid_token,
    too_many,
)
from watchdaemon.sandbox.bluesky.answers import ANSWERS, LISTS, Answers, Asked
from watchdaemon.sandbox.bluesky.posts import Json
from watchdaemon.sandbox.bluesky.spec import Method, Refused, find_method, read_query
from watchdaemon.sandbox.bluesky.writes import Writes
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults, disturbed
from watchdaemon.sandbox.world import World, WorldAccount

_CREATE = "com.atproto.server.createSession"
_REFRESH = "com.atproto.server.refreshSession"
_REPOSITORY = "com.atproto.repo."


def create_app(
    world: World, faults: Faults, *, has_rate_limits: bool = True
) -> Callable[[Request, str], Awaitable[Response]]:
    """Return Bluesky's part of the sandbox server. Without rate limits the books are kept but never refuse."""
    return BlueskyApi(world, faults, has_rate_limits=has_rate_limits)


class BlueskyApi:
    """Answers XRPC requests. Holds nothing but used refresh tokens and the rate books: all else is the world's."""

    def __init__(self, world: World, faults: Faults, *, has_rate_limits: bool = True) -> None:
        self._world = world
        self._faults = faults
        self._answers = Answers(world)
        self._writes = Writes(world)
        self._sessions = Sessions(world)
        self._books = RateBooks(is_enforced=has_rate_limits)

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows the platform's prefix."""
        body = await request.body()
        authorization = request.headers.get("authorization", "")
        try:
            method = find_method(request.method, path)
            posted = _posted(method, body)
            account = self._account_asked(method, posted, authorization)
        except Refused as refusal:
            return _refusal(refusal, {})

        async def answer() -> Response:
            return self._answer(request, method, account, posted)

        # Faults of every account have struck already, before anybody knew which account is asked for.
        own = Faults(fault for fault in self._faults.all() if fault.account is not None)
        key = account.key if account else None
        return await disturbed(own, answer, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _account_asked(self, method: Method, posted: Json, authorization: str) -> WorldAccount | None:
        """Return whose call it is, as far as that can be told before it is checked."""
        if method.name == _CREATE:
            return find_actor(self._world, str(posted.get("identifier", "")))
        return self._sessions.caller(authorization).account if method.needs_session else None

    def _answer(self, request: Request, method: Method, account: WorldAccount | None, posted: Json) -> Response:
        headers: dict[str, str] = {}
        try:
            self._strike(method, account)
            who = account.key if account is not None else ""
            headers = self._books.enter(method, who, self._world.now())
            query = read_query(method, parse_qsl(request.url.query, keep_blank_values=True))
            authorization = request.headers.get("authorization", "")
            if method.name == _CREATE:
                return JSONResponse(self._sessions.create(posted), headers=headers)
            if method.name == _REFRESH:
                return JSONResponse(self._sessions.refresh(authorization), headers=headers)
            caller = self._sessions.caller(authorization)
            if method.name.startswith(_REPOSITORY):
                return JSONResponse(self._writes.write(method.name, caller.account, posted), headers=headers)
            asked = Asked(query=query, caller=caller)
            answer = ANSWERS[method.name](self._answers, asked)
        except Refused as refusal:
            return _refusal(refusal, headers)
        return JSONResponse(self._spoilt(answer, method, account), headers=headers)

    # ---- faults --------------------------------------------------------------------------------------------------

    def _fault(self, kind: FaultKind, method: Method, account: WorldAccount | None) -> Fault | None:
        key = account.key if account else None
        path = f"xrpc/{method.name}"
        return self._faults.find(kind, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _strike(self, method: Method, account: WorldAccount | None) -> None:
        """Refuse in Bluesky's words what a fault says shall be refused."""
        gone = authentication_required if method.name == _CREATE else expired_token
        refusals: dict[FaultKind, Callable[[], Refused]] = {
            FaultKind.EXPIRED_TOKEN: gone,
            FaultKind.REVOKED_TOKEN: gone if method.name in (_CREATE, _REFRESH) else invalid_token,
        }
        for kind, refusal in refusals.items():
            if self._fault(kind, method, account):
                raise refusal()
        if method.needs_session and self._fault(FaultKind.MISSING_PERMISSION, method, account):
            raise invalid_token("Bad token scope")
        for kind in (FaultKind.RATE_LIMIT, FaultKind.QUOTA):
            fault = self._fault(kind, method, account)
            if fault is not None:
                reset = self._world.now() + WINDOW
                raise too_many(method, min(reset, fault.to_at) if fault.to_at is not None else reset)

    def _spoilt(self, answer: Json, method: Method, account: WorldAccount | None) -> Json:
        """Empty a listing, or break its first row, where a fault says so."""
        if method.name.endswith("getPostThread"):
            return self._spoilt_thread(answer, method, account)
        name = next((n for n in LISTS if isinstance(answer.get(n), list) and answer[n]), None)
        if name is None:
            return answer
        if self._fault(FaultKind.EMPTY_LIST, method, account):
            return {n: value for n, value in answer.items() if n != "cursor"} | {name: []}
        if self._fault(FaultKind.MALFORMED_ITEM, method, account):
            rows = list(answer[name])  # type: ignore[call-overload]  # seen above to be a list
            return answer | {name: [_broken(rows[0]), *rows[1:]]}
        return answer

    def _spoilt_thread(self, answer: Json, method: Method, account: WorldAccount | None) -> Json:
        node = answer["thread"]
        replies = node.get("replies") if isinstance(node, dict) else None
        if not isinstance(node, dict) or not isinstance(replies, list) or not replies:
            return answer
        if self._fault(FaultKind.EMPTY_LIST, method, account):
            return answer | {"thread": node | {"replies": []}}
        if self._fault(FaultKind.MALFORMED_ITEM, method, account):
            return answer | {"thread": node | {"replies": [_broken(replies[0]), *replies[1:]]}}
        return answer


def _broken(row: Json) -> Json:
    """Take the record away from a post, wherever in the row it is."""
    post = row.get("post")
    return row | ({"post": _broken(post)} if isinstance(post, dict) else {"record": None})


def _posted(method: Method, body: bytes) -> Json:
    """Return a procedure's JSON. Raises Refused when it is none, or holds what the lexicon does not know."""
    if method.http != "POST" or not (body or method.body):
        return {}
    try:
        posted = json.loads(body)
    except ValueError:
        raise Refused(400, "InvalidRequest", "Request body must be JSON") from None
    if not method.body:
        raise Refused(400, "InvalidRequest", "A request body was provided when none was expected")
    wrong = (
        not isinstance(posted, dict) or set(posted) - set(method.body) or not set(method.body_required) <= set(posted)
    )
    if wrong:
        raise Refused(400, "InvalidRequest", f"Invalid {method.name} input")
    return dict(posted)


def _refusal(refusal: Refused, headers: dict[str, str]) -> Response:
    return JSONResponse(refusal.body, refusal.status, headers | refusal.headers)
