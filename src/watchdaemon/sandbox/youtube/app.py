"""The door of YouTube's part of the sandbox: it lets requests in, charges the quota, and lets faults strike."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox.faults import Fault, FaultKind, Faults, disturbed
from watchdaemon.sandbox.world import World, WorldAccount
from watchdaemon.sandbox.youtube import spec
from watchdaemon.sandbox.youtube.access import (
    DAILY_QUOTA,
    PLATFORM,
    Caller,
    QuotaBook,
    authenticate,
    check_allowed,
    insufficient_scope,
    quota_exceeded,
    rate_limited,
    refresh,
    refreshed_account,
    unauthenticated,
)
from watchdaemon.sandbox.youtube.answers import ANSWERS, Answers
from watchdaemon.sandbox.youtube.fields import read_fields, select
from watchdaemon.sandbox.youtube.pages import Asked
from watchdaemon.sandbox.youtube.shape import Json
from watchdaemon.sandbox.youtube.spec import Query, Refused


class YouTubeJson(JSONResponse):
    """JSON with Google's own content type."""

    media_type = "application/json; charset=UTF-8"


def create_app(
    world: World, faults: Faults, *, daily_quota: int | None = DAILY_QUOTA
) -> Callable[[Request, str], Awaitable[Response]]:
    """Return YouTube's part of the sandbox server. `daily_quota` is in units for each project; None is without end."""
    return YouTubeApi(world, faults, daily_quota=daily_quota)


class YouTubeApi:
    """Answers requests to YouTube. Holds nothing but the quota book: everything else is the world's."""

    def __init__(self, world: World, faults: Faults, *, daily_quota: int | None = DAILY_QUOTA) -> None:
        self._world = world
        self._faults = faults
        self._answers = Answers(world)
        self.quota = QuotaBook(daily_quota)

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows the platform's prefix."""
        body = await request.body()
        http, pairs = request.method, parse_qsl(request.url.query, keep_blank_values=True)
        if request.headers.get("x-http-method-override") == "GET":  # Google's client does this with long addresses
            http, pairs = "GET", parse_qsl(body.decode("latin-1"), keep_blank_values=True)
        try:
            if (http, path) == ("POST", "token"):
                return YouTubeJson(self._refreshed(body, path))
            method = spec.find_method(http, path)
            caller = authenticate(self._world, request.headers.get("authorization", ""), dict(pairs))
        except Refused as refusal:
            return YouTubeJson(refusal.body, refusal.status)
        asked = Asked(
            query=Query(method, frozenset(), {}),
            caller=caller,
            body=body,
            path=path,
            account=self._account_asked(caller, dict(pairs)),
        )

        async def answer() -> Response:
            return self._answer(asked, pairs)

        # Faults of every account have struck already, before anybody knew which channel is asked for.
        own = Faults(fault for fault in self._faults.all() if fault.account is not None)
        key = asked.account.key if asked.account else None
        return await disturbed(own, answer, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _refreshed(self, body: bytes, path: str) -> Json:
        form = dict(parse_qsl(body.decode("latin-1")))
        account = refreshed_account(self._world, form)
        is_refused = any(
            self._fault(kind, account, path) for kind in (FaultKind.EXPIRED_TOKEN, FaultKind.REVOKED_TOKEN)
        )
        return refresh(self._world, form, is_refused=is_refused)

    def _account_asked(self, caller: Caller, given: dict[str, str]) -> WorldAccount | None:
        """Return the caller's channel; an API key has none, so whose channel it asks about."""
        if caller.account is not None:
            return caller.account
        channel_id = given.get("allThreadsRelatedToChannelId") or given.get("channelId") or given.get("id", "")
        if playlist_id := given.get("playlistId"):
            channel_id = "UC" + playlist_id[2:]
        found = self._world.find_account(PLATFORM, channel_id)
        item = self._world.find(given.get("videoId") or given.get("parentId") or given.get("id", ""))
        return found or (self._world.account(item.account) if item is not None else None)

    def _answer(self, asked: Asked, pairs: Sequence[tuple[str, str]]) -> Response:
        method = asked.query.method
        try:
            self._strike(asked)
            self.quota.charge(asked.caller.project, method.cost, self._world.now())
            query = spec.read_query(method, pairs)
            fields = dict(pairs).get("fields")
            selection = read_fields(fields) if fields else {}
            check_allowed(method, asked.caller)
            content = ANSWERS[method.name](self._answers, replace(asked, query=query))
        except Refused as refusal:
            return YouTubeJson(refusal.body, refusal.status)
        if content is None:
            return Response(status_code=204)
        return YouTubeJson(select(self._spoilt(content, asked), selection))

    # ---- faults --------------------------------------------------------------------------------------------------

    def _fault(self, kind: FaultKind, account: WorldAccount | None, path: str) -> Fault | None:
        key = account.key if account else None
        return self._faults.find(kind, now=self._world.now(), platform=PLATFORM, account=key, path=path)

    def _strike(self, asked: Asked) -> None:
        """Refuse in YouTube's words what a fault says shall be refused."""
        refusals: dict[FaultKind, Callable[[], Refused]] = {
            FaultKind.EXPIRED_TOKEN: unauthenticated,
            FaultKind.REVOKED_TOKEN: unauthenticated,
            FaultKind.MISSING_PERMISSION: insufficient_scope,
            FaultKind.QUOTA: quota_exceeded,
            FaultKind.RATE_LIMIT: rate_limited,
        }
        for kind, refusal in refusals.items():
            if self._fault(kind, asked.account, asked.path):
                raise refusal()

    def _spoilt(self, content: Json, asked: Asked) -> Json:
        """Empty a listing, or break its first item, where a fault says so."""
        items = content.get("items")
        if not isinstance(items, list) or not items:
            return content
        if self._fault(FaultKind.EMPTY_LIST, asked.account, asked.path):
            return {name: value for name, value in content.items() if name != "nextPageToken"} | {"items": []}
        if self._fault(FaultKind.MALFORMED_ITEM, asked.account, asked.path):
            broken = {name: items[0][name] for name in ("kind", "etag", "id")} | {"snippet": {}}
            return content | {"items": [broken, *items[1:]]}
        return content
