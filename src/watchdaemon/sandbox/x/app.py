"""The door of X's part of the sandbox: it lets requests in, keeps the books, and lets faults strike."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox.faults import Fault, FaultKind, Faults, disturbed
from watchdaemon.sandbox.world import World, WorldAccount
from watchdaemon.sandbox.x.access import (
    WINDOW,
    Caller,
    RateBooks,
    authenticate,
    check_allowed,
    credits_depleted,
    forbidden,
    refresh,
    refreshed_account,
    too_many,
    unauthorized,
)
from watchdaemon.sandbox.x.answers import Answers, Route, find_route
from watchdaemon.sandbox.x.pages import Asked, Json
from watchdaemon.sandbox.x.posts import PLATFORM
from watchdaemon.sandbox.x.spec import Query, Refused, read_query


def create_app(
    world: World, faults: Faults, *, has_rate_limits: bool = True
) -> Callable[[Request, str], Awaitable[Response]]:
    """Return X's part of the sandbox server. Without rate limits the books are kept but never refuse."""
    return XApi(world, faults, has_rate_limits=has_rate_limits)


class XApi:
    """Answers requests to X. Holds nothing but the rate books: everything else is the world's."""

    def __init__(self, world: World, faults: Faults, *, has_rate_limits: bool = True) -> None:
        self._world = world
        self._faults = faults
        self._answers = Answers(world)
        self._books = RateBooks(is_enforced=has_rate_limits)

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows the platform's prefix."""
        body = await request.body()
        try:
            if (request.method, path) == ("POST", "2/oauth2/token"):
                return JSONResponse(self._refreshed(request, body, path))
            route, subject = find_route(request.method, path)
            caller = self._admit(request, path)
        except Refused as refusal:
            return _refusal(refusal, {})
        named = self._world.find_account(PLATFORM, subject) if route.subject_is_account else None
        asked = Asked(
            query=Query(route.call, {}),
            caller=caller,
            subject=subject,
            path=path,
            body=body,
            account=named or caller.account,
        )

        async def answer() -> Response:
            return self._answer(route, asked, _parameters(request))

        # Faults of every account have struck already, before anybody knew which account is asked for.
        own = Faults(fault for fault in self._faults.all() if fault.account is not None)
        key = asked.account.key if asked.account else None
        return await disturbed(own, answer, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _refreshed(self, request: Request, body: bytes, path: str) -> Json:
        form = dict(parse_qsl(body.decode("latin-1")))
        account = refreshed_account(self._world, form)
        gone = (FaultKind.EXPIRED_TOKEN, FaultKind.REVOKED_TOKEN)
        is_refused = any(self._fault(kind, account, path) for kind in gone)
        return refresh(self._world, form, request.headers.get("authorization", ""), is_refused=is_refused)

    def _admit(self, request: Request, path: str) -> Caller:
        return authenticate(
            self._world,
            request.headers.get("authorization", ""),
            method=request.method,
            path=path,
            url=str(request.url).partition("?")[0],
            query=_parameters(request),
        )

    def _answer(self, route: Route, asked: Asked, parameters: Iterable[tuple[str, str]]) -> Response:
        headers = {"x-access-level": _access_level(asked.caller)}
        try:
            self._strike(asked)
            headers |= self._books.enter(route.call, asked.caller, self._world.now())
            check_allowed(route.call, asked.caller)
            asked = replace(asked, query=read_query(route.call, parameters))
            answer = route.answer(self._answers, asked)
        except Refused as refusal:
            return _refusal(refusal, headers)
        return JSONResponse(self._spoilt(answer, asked), headers=headers)

    # ---- faults --------------------------------------------------------------------------------------------------

    def _fault(self, kind: FaultKind, account: WorldAccount | None, path: str) -> Fault | None:
        key = account.key if account else None
        return self._faults.find(kind, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _strike(self, asked: Asked) -> None:
        """Refuse in X's words what a fault says shall be refused."""
        refusals: dict[FaultKind, Callable[[], Refused]] = {
            FaultKind.EXPIRED_TOKEN: unauthorized,
            FaultKind.REVOKED_TOKEN: unauthorized,
            FaultKind.MISSING_PERMISSION: forbidden,
            FaultKind.QUOTA: credits_depleted,
        }
        for kind, refusal in refusals.items():
            if self._fault(kind, asked.account, asked.path):
                raise refusal()
        fault = self._fault(FaultKind.RATE_LIMIT, asked.account, asked.path)
        if fault is not None:
            reset = self._world.now() + WINDOW
            raise too_many(1, min(reset, fault.to_at) if fault.to_at is not None else reset)

    def _spoilt(self, answer: Json, asked: Asked) -> Json:
        """Empty a listing, or break its first item, where a fault says so."""
        data = answer.get("data")
        if not isinstance(data, list) or not data:
            return answer
        if self._fault(FaultKind.EMPTY_LIST, asked.account, asked.path):
            return {"meta": {"result_count": 0}}
        if self._fault(FaultKind.MALFORMED_ITEM, asked.account, asked.path):
            broken = {"id": data[0]["id"], "text": None, "edit_history_tweet_ids": []}
            return answer | {"data": [broken, *data[1:]]}
        return answer


def _parameters(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.url.query, keep_blank_values=True)


def _refusal(refusal: Refused, headers: dict[str, str]) -> Response:
    kind = "application/json" if "error" in refusal.body else "application/problem+json"
    return JSONResponse(refusal.body, refusal.status, headers | refusal.headers, media_type=kind)


def _access_level(caller: Caller) -> str:
    return "read" if caller.is_app else "read-write-directmessages"
