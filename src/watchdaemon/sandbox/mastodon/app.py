"""The door of the instance: it lets requests in, keeps the books, and lets faults strike."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox.faults import Fault, FaultKind, Faults, disturbed
from watchdaemon.sandbox.mastodon.access import (
    PLATFORM,
    WINDOW,
    Caller,
    RateBooks,
    authenticate,
    check_scopes,
    invalid_token,
    outside_scopes,
    too_many,
)
from watchdaemon.sandbox.mastodon.answers import Answer, Answers, Asked, Route, find_route
from watchdaemon.sandbox.mastodon.spec import Refused, read_query
from watchdaemon.sandbox.mastodon.statuses import Json
from watchdaemon.sandbox.world import World


def create_app(
    world: World, faults: Faults, *, has_rate_limits: bool = True
) -> Callable[[Request, str], Awaitable[Response]]:
    """Return the instance. Without rate limits the books are kept but never refuse."""
    return MastodonApi(world, faults, has_rate_limits=has_rate_limits)


class MastodonApi:
    """Answers requests. Holds nothing but the rate books: everything else is the world's."""

    def __init__(self, world: World, faults: Faults, *, has_rate_limits: bool = True) -> None:
        self._world = world
        self._faults = faults
        self._answers = Answers(world)
        self._books = RateBooks(is_enforced=has_rate_limits)

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows the platform's prefix."""
        try:
            route, subject = find_route(request.method, path)
            caller = authenticate(self._world, request.headers.get("authorization", ""))
        except Refused as refusal:
            return JSONResponse(refusal.body, refusal.status, refusal.headers)

        form = (await request.body()).decode("utf-8", "replace") if request.method == "POST" else ""

        async def answer() -> Response:
            return self._answer(request, route, subject, path, caller, form)

        # Faults of every account have struck already, before anybody knew whose token it is.
        own = Faults(fault for fault in self._faults.all() if fault.account is not None)
        key = caller.account.key
        return await disturbed(own, answer, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _answer(  # noqa: PLR0917 - what is known of one request
        self, request: Request, route: Route, subject: str, path: str, caller: Caller, form: str
    ) -> Response:
        headers: dict[str, str] = {}
        try:
            self._strike(caller, path)
            headers |= self._books.enter(caller, self._world.now())
            check_scopes(route.call, caller)
            given = request.url.query if route.method == "GET" else form
            query = read_query(route.call, parse_qsl(given, keep_blank_values=True))
            url = str(request.url).partition("?")[0]
            found = route.answer(
                self._answers,
                Asked(
                    query=query, caller=caller, subject=subject, url=url, key=request.headers.get("idempotency-key", "")
                ),
            )
        except Refused as refusal:
            return JSONResponse(refusal.body, refusal.status, headers | refusal.headers)
        found = self._spoilt(found, caller, path)
        return JSONResponse(found.body, headers=headers | dict(found.headers))

    # ---- faults --------------------------------------------------------------------------------------------------

    def _fault(self, kind: FaultKind, caller: Caller, path: str) -> Fault | None:
        key = caller.account.key
        return self._faults.find(kind, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _strike(self, caller: Caller, path: str) -> None:
        """Refuse in Mastodon's words what a fault says shall be refused. It knows limits, and no quota beside them."""
        refusals: dict[FaultKind, Callable[[], Refused]] = {
            FaultKind.EXPIRED_TOKEN: invalid_token,
            FaultKind.REVOKED_TOKEN: invalid_token,
            FaultKind.MISSING_PERMISSION: outside_scopes,
        }
        for kind, refusal in refusals.items():
            if self._fault(kind, caller, path):
                raise refusal()
        for kind in (FaultKind.RATE_LIMIT, FaultKind.QUOTA):
            fault = self._fault(kind, caller, path)
            if fault is not None:
                reset = self._world.now() + WINDOW
                raise too_many(min(reset, fault.to_at) if fault.to_at is not None else reset)

    def _spoilt(self, answer: Answer, caller: Caller, path: str) -> Answer:
        """Empty a listing or a conversation, or break its first status, where a fault says so."""
        if self._fault(FaultKind.EMPTY_LIST, caller, path):
            if isinstance(answer.body, list):
                return Answer([], {})
            if "descendants" in answer.body:
                return Answer({"ancestors": [], "descendants": []}, {})
        if self._fault(FaultKind.MALFORMED_ITEM, caller, path):
            return Answer(_broken(answer.body), answer.headers)
        return answer


def _broken(body: Json | list[Json]) -> Json | list[Json]:
    if isinstance(body, list):
        return [_broken_row(body[0]), *body[1:]] if body else body
    below = body.get("descendants")
    if isinstance(below, list) and below:
        return body | {"descendants": [_broken_row(below[0]), *below[1:]]}
    return body


def _broken_row(row: Json) -> Json:
    """Break a status, or the status within a notification or a conversation."""
    for name in ("status", "last_status"):
        inner = row.get(name)
        if isinstance(inner, dict):
            return row | {name: _broken_row(inner)}
    return row | {"content": None, "created_at": None}
