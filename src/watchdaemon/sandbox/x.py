"""X API v2 over the sandbox's world: it answers what X answers and refuses what X refuses."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox import x_spec as spec
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults, disturbed
from watchdaemon.sandbox.world import World, WorldAccount, WorldItem
from watchdaemon.sandbox.x_access import (
    WINDOW,
    Caller,
    RateBooks,
    authenticate,
    check_allowed,
    credits_depleted,
    forbidden,
    refresh,
    too_many,
    unauthorized,
)
from watchdaemon.sandbox.x_posts import PLATFORM, Post, Posts, User, message_to_json
from watchdaemon.sandbox.x_query import read_search
from watchdaemon.sandbox.x_spec import Call, Query, Refused, invalid, invalid_request, path_id

NEWEST_MENTIONS = 800
NEWEST_POSTS = 3_200
NEWEST_POSTS_WITHOUT_REPLIES = 800
SEARCH_REACH = timedelta(days=7)
MESSAGES_REACH = timedelta(days=30)
_SEARCH_DELAY = timedelta(seconds=10)
_X_EPOCH_MS = 1_288_834_974_657

Json: TypeAlias = dict[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that got through the door: its checked parameters, who asks, and the path's variable part."""

    query: Query
    caller: Caller
    subject: str
    path: str
    body: bytes
    account: WorldAccount | None  # the account asked about, for faults


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what answers it; `subject_is_account` tells that the path names an account by its id."""

    method: str
    pattern: re.Pattern[str]
    call: Call
    answer: Callable[["XApi", Asked], Json]
    subject_is_account: bool = False


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
        self._posts = Posts(world)
        self._books = RateBooks(is_enforced=has_rate_limits)

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows the platform's prefix."""
        body = await request.body()
        try:
            if (request.method, path) == ("POST", "2/oauth2/token"):
                form = dict(parse_qsl(body.decode("latin-1")))
                return JSONResponse(refresh(self._world, form, request.headers.get("authorization", "")))
            route, subject = _find_route(request.method, path)
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
            asked = replace(asked, query=spec.read_query(route.call, parameters))
            answer = route.answer(self, asked)
        except Refused as refusal:
            return _refusal(refusal, headers)
        return JSONResponse(self._spoilt(answer, asked), headers=headers)

    # ---- faults --------------------------------------------------------------------------------------------------

    def _fault(self, kind: FaultKind, asked: Asked) -> Fault | None:
        key = asked.account.key if asked.account else None
        return self._faults.find(kind, now=self._world.now(), platform=PLATFORM, account=key, path=asked.path)

    def _strike(self, asked: Asked) -> None:
        """Refuse in X's words what a fault says shall be refused."""
        if self._fault(FaultKind.EXPIRED_TOKEN, asked) or self._fault(FaultKind.REVOKED_TOKEN, asked):
            raise unauthorized()
        if self._fault(FaultKind.MISSING_PERMISSION, asked):
            raise forbidden()
        if self._fault(FaultKind.QUOTA, asked):
            raise credits_depleted()
        fault = self._fault(FaultKind.RATE_LIMIT, asked)
        if fault is not None:
            reset = self._world.now() + WINDOW
            raise too_many(1, min(reset, fault.to_at) if fault.to_at is not None else reset)

    def _spoilt(self, answer: Json, asked: Asked) -> Json:
        """Empty a listing, or break its first item, where a fault says so."""
        data = answer.get("data")
        if not isinstance(data, list) or not data:
            return answer
        if self._fault(FaultKind.EMPTY_LIST, asked):
            return {"meta": {"result_count": 0}}
        if self._fault(FaultKind.MALFORMED_ITEM, asked):
            broken = {"id": data[0]["id"], "text": None, "edit_history_tweet_ids": []}
            return answer | {"data": [broken, *data[1:]]}
        return answer

    # ---- users ---------------------------------------------------------------------------------------------------

    def me(self, asked: Asked) -> Json:
        """GET /2/users/me."""
        account = asked.caller.account
        if account is None:
            raise unauthorized()
        return self._one_user(asked, self._posts.user(account.native_id), "id", account.native_id)

    def user(self, asked: Asked) -> Json:
        """GET /2/users/:id."""
        path_id("id", asked.subject)
        return self._one_user(asked, self._posts.user(asked.subject), "id", asked.subject)

    def user_by_name(self, asked: Asked) -> Json:
        """GET /2/users/by/username/:username."""
        name = spec.path_username(asked.subject)
        return self._one_user(asked, self._posts.user_named(name), "username", name)

    def users(self, asked: Asked) -> Json:
        """GET /2/users."""
        return self._many_users(asked, "ids", self._posts.user)

    def users_by_name(self, asked: Asked) -> Json:
        """GET /2/users/by."""
        return self._many_users(asked, "usernames", self._posts.user_named)

    def _one_user(self, asked: Asked, user: User | None, parameter: str, value: str) -> Json:
        if user is None:
            return {"errors": [_not_found("user", parameter, value)]}
        return {"data": user.to_json(asked.query.names("user.fields"))}

    def _many_users(self, asked: Asked, parameter: str, find: Callable[[str], User | None]) -> Json:
        found = [(value, find(value)) for value in asked.query.list(parameter)]
        fields = asked.query.names("user.fields")
        return _envelope(
            [user.to_json(fields) for _, user in found if user is not None],
            errors=[_not_found("user", parameter, value) for value, user in found if user is None],
        )

    # ---- posts ---------------------------------------------------------------------------------------------------

    def post(self, asked: Asked) -> Json:
        """GET /2/tweets/:id."""
        path_id("id", asked.subject)
        posts, errors = self._look_up([asked.subject], "id")
        answer = self._with_includes(asked.query, posts, errors)
        if posts:
            answer["data"] = posts[0].to_json(asked.query.names("tweet.fields"))
        return answer

    def posts(self, asked: Asked) -> Json:
        """GET /2/tweets."""
        posts, errors = self._look_up(asked.query.list("ids"), "ids")
        return self._with_includes(asked.query, posts, errors)

    def _look_up(self, wanted: Iterable[str], parameter: str) -> tuple[list[Post], list[Json]]:
        posts: list[Post] = []
        errors: list[Json] = []
        for post_id in dict.fromkeys(wanted):
            post = self._posts.find(post_id)
            if post is None:
                errors.append(_not_found("tweet", parameter, post_id))
            elif post.item.is_author_private:
                errors.append(_not_authorized(parameter, post_id))
            else:
                posts.append(post)
        return posts, errors

    def mentions(self, asked: Asked) -> Json:
        """GET /2/users/:id/mentions."""
        path_id("id", asked.subject)
        account = self._world.find_account(PLATFORM, asked.subject)
        if account is None:
            return self._nobodys_list(asked)
        return self._page(asked, self._posts.mentioning(account)[:NEWEST_MENTIONS])

    def timeline(self, asked: Asked) -> Json:
        """GET /2/users/:id/tweets."""
        path_id("id", asked.subject)
        account = self._world.find_account(PLATFORM, asked.subject)
        if account is None:
            return self._nobodys_list(asked)
        without = asked.query.names("exclude")
        reachable = NEWEST_POSTS_WITHOUT_REPLIES if "replies" in without else NEWEST_POSTS
        posts = [post for post in self._posts.written_by(account) if not _is_excluded(post, without)]
        return self._page(asked, posts[:reachable])

    def _nobodys_list(self, asked: Asked) -> Json:
        if self._posts.user(asked.subject) is None:
            return {"errors": [_not_found("user", "id", asked.subject)]}
        return self._page(asked, [])

    def quotes(self, asked: Asked) -> Json:
        """GET /2/tweets/:id/quote_tweets."""
        path_id("id", asked.subject)
        post = self._posts.find(asked.subject)
        if post is None:
            return {"errors": [_not_found("tweet", "id", asked.subject)]}
        without = asked.query.names("exclude")
        return self._page(asked, [quote for quote in self._posts.quoting(post) if not _is_excluded(quote, without)])

    def search(self, asked: Asked) -> Json:
        """GET /2/tweets/search/recent."""
        search = read_search(asked.query.text("query") or "")
        since = self._world.now() - SEARCH_REACH
        self._check_reach(asked.query, since)
        candidates = self._posts.in_conversations(search.conversations)
        found = [p for p in candidates if p.created_at >= since and search.test(p.searchable())]
        return self._page(asked, found)

    def _check_reach(self, query: Query, since: datetime) -> None:
        """Refuse a search that asks for what the recent search no longer, or not yet, knows."""
        now = self._world.now()
        start, end, first = query.time("start_time"), query.time("end_time"), query.number("since_id")
        if start is not None and start < since.replace(microsecond=0):
            text = _iso(start)
            message = f"Invalid 'start_time':'{text}'. 'start_time' must be on or after '{_iso(since)}'."
            raise invalid("start_time", [text], message)
        if end is not None and end > now - _SEARCH_DELAY:
            text = _iso(end)
            message = (
                f"Invalid 'end_time':'{text}'. 'end_time' must be a minimum of 10 seconds prior to the request time."
            )
            raise invalid("end_time", [text], message)
        oldest = (int(since.timestamp() * 1000) - _X_EPOCH_MS) << 22
        if first is not None and first < oldest:
            message = (
                f"Invalid 'since_id':'{first}'. 'since_id' must be a tweet id created after '{_iso(since)}'. "
                f"Please use a 'since_id' that is larger than '{oldest}'"
            )
            raise invalid("since_id", [str(first)], message)

    # ---- direct messages -----------------------------------------------------------------------------------------

    def messages(self, asked: Asked) -> Json:
        """GET /2/dm_events."""
        return self._message_page(asked, self._messages(asked))

    def conversation(self, asked: Asked) -> Json:
        """GET /2/dm_conversations/:id/dm_events."""
        wanted = spec.path_conversation(asked.subject)
        return self._message_page(asked, [m for m in self._messages(asked) if m.conversation_id == wanted])

    def conversation_with(self, asked: Asked) -> Json:
        """GET /2/dm_conversations/with/:participant_id/dm_events."""
        path_id("participant_id", asked.subject)
        messages = self._messages(asked)
        return self._message_page(asked, [m for m in messages if asked.subject in (m.conversation_id or "").split("-")])

    def _messages(self, asked: Asked) -> list[WorldItem]:
        account = asked.caller.account
        kinds = asked.query.names("event_types")
        if account is None or (kinds and "MessageCreate" not in kinds):
            return []
        return self._posts.messages(account, self._world.now() - MESSAGES_REACH)

    def _message_page(self, asked: Asked, messages: Sequence[WorldItem]) -> Json:
        page, token = _cut(asked, [(int(m.id), m) for m in messages])
        fields = asked.query.names("dm_event.fields")
        answer = _envelope([dict(message_to_json(message, fields)) for message in page])
        if "sender_id" in asked.query.names("expansions") and page:
            users = {m.author_id: self._posts.author(m) for m in page}
            shown = asked.query.names("user.fields")
            answer["includes"] = {"users": [user.to_json(shown) for user in users.values()]}
        answer["meta"] = {"result_count": len(page)} | ({"next_token": token} if token else {})
        return answer

    # ---- writes --------------------------------------------------------------------------------------------------

    def hide(self, asked: Asked) -> Json:
        """PUT /2/tweets/:id/hidden."""
        path_id("tweet_id", asked.subject)
        hidden = _read_hidden(asked.body)
        post, account = self._posts.find(asked.subject), asked.caller.account
        if post is None or account is None:
            return {"errors": [_not_found("tweet", "id", asked.subject)]}
        root = self._posts.find(post.conversation_id)
        is_reply = post.reference is not None and post.reference[0] == "replied_to"
        if not is_reply or root is None or root.item.author_id != account.native_id:
            raise forbidden("You are not allowed to hide or unhide this Tweet.")
        self._world.hide(post.item, hidden=hidden)
        return {"data": {"hidden": hidden}}

    def delete(self, asked: Asked) -> Json:
        """DELETE /2/tweets/:id: one version takes the whole chain with it, but no reply."""
        path_id("id", asked.subject)
        post, account = self._posts.find(asked.subject), asked.caller.account
        if post is None or account is None:
            return {"errors": [_not_found("tweet", "id", asked.subject)]}
        if post.item.author_id != account.native_id:
            raise forbidden("You are not authorized to delete this Tweet.")
        self._world.delete(post.item, cascade=False)
        return {"data": {"deleted": True}}

    # ---- pages ---------------------------------------------------------------------------------------------------

    def _page(self, asked: Asked, posts: Sequence[Post]) -> Json:
        """Cut one page out of what is reachable, newest first."""
        kept = [post for post in posts if _is_between(post, asked.query)]
        page, token = _cut(asked, [(post.number, post) for post in kept])
        answer = self._with_includes(asked.query, page, [])
        meta: Json = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        answer["meta"] = meta | ({"next_token": token} if token else {})
        return answer

    def _with_includes(self, query: Query, posts: Sequence[Post], errors: list[Json]) -> Json:
        expansions = query.names("expansions")
        others: dict[str, Post] = {}
        if "referenced_tweets.id" in expansions or "referenced_tweets.id.author_id" in expansions:
            others, missing = self._referenced(posts)
            errors = [*errors, *missing]
        users = self._users_of(posts, others.values(), expansions)
        fields = query.names("tweet.fields")
        includes: Json = {}
        if users:
            includes["users"] = [user.to_json(query.names("user.fields")) for user in users.values()]
        if others:
            includes["tweets"] = [post.to_json(fields) for post in others.values()]
        answer = _envelope([post.to_json(fields) for post in posts], errors=errors)
        return answer | ({"includes": includes} if includes else {})

    def _referenced(self, posts: Sequence[Post]) -> tuple[dict[str, Post], list[Json]]:
        found: dict[str, Post] = {}
        errors: list[Json] = []
        for post_id in dict.fromkeys(post.reference[1] for post in posts if post.reference is not None):
            post = self._posts.find(post_id)
            if post is None:
                errors.append(_not_found("tweet", "referenced_tweets.id", post_id))
            elif post.item.is_author_private:
                errors.append(_not_authorized("referenced_tweets.id", post_id))
            else:
                found[post_id] = post
        return found, errors

    def _users_of(self, posts: Sequence[Post], others: Iterable[Post], expansions: frozenset[str]) -> dict[str, User]:
        users: dict[str, User] = {}
        if "author_id" in expansions:
            users |= {post.item.author_id: self._posts.author(post.item) for post in posts}
        if "in_reply_to_user_id" in expansions:
            users |= {post.in_reply_to.id: post.in_reply_to for post in posts if post.in_reply_to is not None}
        if "referenced_tweets.id.author_id" in expansions:
            users |= {post.item.author_id: self._posts.author(post.item) for post in others}
        return users


_ROUTES = [
    Route("GET", re.compile(r"2/users/me()"), spec.ME, XApi.me),
    Route("GET", re.compile(r"2/users()"), spec.USERS, XApi.users),
    Route("GET", re.compile(r"2/users/by()"), spec.USERS_BY_NAME, XApi.users_by_name),
    Route("GET", re.compile(r"2/users/by/username/([^/]+)"), spec.USER_BY_NAME, XApi.user_by_name),
    Route("GET", re.compile(r"2/users/([^/]+)/mentions"), spec.MENTIONS, XApi.mentions, subject_is_account=True),
    Route("GET", re.compile(r"2/users/([^/]+)/tweets"), spec.TIMELINE, XApi.timeline, subject_is_account=True),
    Route("GET", re.compile(r"2/users/([^/]+)"), spec.USER, XApi.user, subject_is_account=True),
    Route("GET", re.compile(r"2/tweets()"), spec.TWEETS, XApi.posts),
    Route("GET", re.compile(r"2/tweets/search/recent()"), spec.SEARCH, XApi.search),
    Route("GET", re.compile(r"2/tweets/([^/]+)/quote_tweets"), spec.QUOTES, XApi.quotes),
    Route("GET", re.compile(r"2/tweets/([^/]+)"), spec.TWEET, XApi.post),
    Route("GET", re.compile(r"2/dm_events()"), spec.DM_EVENTS, XApi.messages),
    Route("GET", re.compile(r"2/dm_conversations/with/([^/]+)/dm_events"), spec.DM_EVENTS, XApi.conversation_with),
    Route("GET", re.compile(r"2/dm_conversations/([^/]+)/dm_events"), spec.DM_EVENTS, XApi.conversation),
    Route("PUT", re.compile(r"2/tweets/([^/]+)/hidden"), spec.HIDE, XApi.hide),
    Route("DELETE", re.compile(r"2/tweets/([^/]+)"), spec.DELETE, XApi.delete),
]


def _find_route(method: str, path: str) -> tuple[Route, str]:
    for route in _ROUTES:
        found = route.pattern.fullmatch(path) if route.method == method else None
        if found is not None:
            return route, found[1]
    raise Refused(404, {"title": "Not Found", "type": "about:blank", "status": 404, "detail": "Not Found"})


def _parameters(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.url.query, keep_blank_values=True)


def _refusal(refusal: Refused, headers: dict[str, str]) -> Response:
    kind = "application/json" if "error" in refusal.body else "application/problem+json"
    return JSONResponse(refusal.body, refusal.status, headers | refusal.headers, media_type=kind)


def _access_level(caller: Caller) -> str:
    return "read" if caller.is_app else "read-write-directmessages"


def _envelope(data: list[Json], errors: Sequence[Json] = ()) -> Json:
    """Put data and errors where X puts them: neither is there when it is empty."""
    answer: Json = {}
    if data:
        answer["data"] = data
    if errors:
        answer["errors"] = list(errors)
    return answer


def _not_found(kind: str, parameter: str, value: str) -> Json:
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": spec.PROBLEMS + "resource-not-found",
    }


def _not_authorized(parameter: str, value: str) -> Json:
    return {
        "value": value,
        "detail": f"Sorry, you are not authorized to see the Tweet with {parameter}: [{value}].",
        "title": "Authorization Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": value,
        "section": "data",
        "type": spec.PROBLEMS + "not-authorized-for-resource",
    }


def _is_excluded(post: Post, without: frozenset[str]) -> bool:
    kind = post.reference[0] if post.reference is not None else ""
    return ("replies" in without and kind == "replied_to") or ("retweets" in without and kind == "retweeted")


def _is_between(post: Post, query: Query) -> bool:
    """Tell whether a post lies within the bounds asked for. Ids take precedence over times and are exclusive."""
    first, last = query.number("since_id"), query.number("until_id")
    start = query.time("start_time") if first is None else None
    end = query.time("end_time") if last is None else None
    return (
        (first is None or post.number > first)
        and (last is None or post.number < last)
        and (start is None or post.created_at >= start)
        and (end is None or post.created_at < end)
    )


def _cut(asked: Asked, numbered: Sequence[tuple[int, T]]) -> tuple[list[T], str | None]:
    """Return the page asked for, out of (id, thing) newest first, and the token of the page after it."""
    name = "next_token" if "next_token" in asked.query else "pagination_token"
    token = asked.query.text(name)
    below = None
    if token is not None:
        below = _read_token(token, asked)
        if below is None:
            raise invalid(name, [token], f"The `{name}` query parameter value [{token}] is not valid")
    rest = [(number, thing) for number, thing in numbered if below is None or number < below]
    page = rest[: asked.query.page_size]
    has_more = len(rest) > len(page)
    return [thing for _, thing in page], _write_token(page[-1][0], asked) if has_more else None


def _seal(number: int, asked: Asked) -> str:
    """A token holds for the list it was given for, and for nothing else."""
    owner = asked.caller.account.key if asked.caller.account is not None and "dm_" in asked.path else ""
    text = f"{number}|{asked.path}|{asked.query.text('query') or ''}|{owner}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _write_token(number: int, asked: Asked) -> str:
    raw = f"{number}.{_seal(number, asked)}".encode()
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _read_token(token: str, asked: Asked) -> int | None:
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        number, _, seal = base64.b32decode(padded).decode().partition(".")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(number) if number.isdigit() and seal == _seal(int(number), asked) else None


def _read_hidden(body: bytes) -> bool:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    hidden = content.get("hidden") if isinstance(content, dict) else None
    if not isinstance(hidden, bool) or set(content) != {"hidden"}:
        raise invalid_request(
            [{"parameters": {}, "message": "Requests with bodies must be JSON with a boolean `hidden`"}]
        )
    return hidden


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
