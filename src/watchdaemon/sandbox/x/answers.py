"""What X answers to each of its calls."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon.sandbox.world import World, WorldItem
from watchdaemon.sandbox.x import spec
from watchdaemon.sandbox.x.access import forbidden, unauthorized
from watchdaemon.sandbox.x.pages import Asked, Json, cut, envelope, is_between, not_authorized, not_found
from watchdaemon.sandbox.x.posts import PLATFORM, Post, Posts, User, message_to_json
from watchdaemon.sandbox.x.query import read_search
from watchdaemon.sandbox.x.spec import Call, Query, Refused, invalid, invalid_request, path_id

NEWEST_MENTIONS = 800
NEWEST_POSTS = 3_200
NEWEST_POSTS_WITHOUT_REPLIES = 800
SEARCH_REACH = timedelta(days=7)
MESSAGES_REACH = timedelta(days=30)
_SEARCH_DELAY = timedelta(seconds=10)
_X_EPOCH_MS = 1_288_834_974_657


class Answers:
    """The calls, each a method named for what it gives. The world alone remembers anything."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._posts = Posts(world)

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
            return {"errors": [not_found("user", parameter, value)]}
        return {"data": user.to_json(asked.query.names("user.fields"))}

    def _many_users(self, asked: Asked, parameter: str, find: Callable[[str], User | None]) -> Json:
        found = [(value, find(value)) for value in asked.query.list(parameter)]
        fields = asked.query.names("user.fields")
        return envelope(
            [user.to_json(fields) for _, user in found if user is not None],
            errors=[not_found("user", parameter, value) for value, user in found if user is None],
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
                errors.append(not_found("tweet", parameter, post_id))
            elif post.item.is_author_private:
                errors.append(not_authorized(parameter, post_id))
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
            return {"errors": [not_found("user", "id", asked.subject)]}
        return self._page(asked, [])

    def quotes(self, asked: Asked) -> Json:
        """GET /2/tweets/:id/quote_tweets."""
        path_id("id", asked.subject)
        post = self._posts.find(asked.subject)
        if post is None:
            return {"errors": [not_found("tweet", "id", asked.subject)]}
        without = asked.query.names("exclude")
        return self._page(asked, [quote for quote in self._posts.quoting(post) if not _is_excluded(quote, without)])

    def search(self, asked: Asked) -> Json:
        """GET /2/tweets/search/recent."""
        search = read_search(asked.query.text("query") or "")
        since = self._world.now() - SEARCH_REACH
        self._check_reach(asked.query, since)
        candidates = self._posts.in_conversations(search.conversations, asked.query.number("since_id") or 0)
        found = [p for p in candidates if p.created_at >= since and search.test(self._posts.searchable(p))]
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
        page, token = cut(asked, [(int(m.id), m) for m in messages])
        fields = asked.query.names("dm_event.fields")
        answer = envelope([dict(message_to_json(message, fields)) for message in page])
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
            return {"errors": [not_found("tweet", "id", asked.subject)]}
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
            return {"errors": [not_found("tweet", "id", asked.subject)]}
        if post.item.author_id != account.native_id:
            raise forbidden("You are not authorized to delete this Tweet.")
        self._world.delete(post.item, cascade=False)
        return {"data": {"deleted": True}}

    # ---- pages ---------------------------------------------------------------------------------------------------

    def _page(self, asked: Asked, posts: Sequence[Post]) -> Json:
        """Cut one page out of what is reachable, newest first."""
        kept = [post for post in posts if is_between(post, asked.query)]
        page, token = cut(asked, [(post.number, post) for post in kept])
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
        answer = envelope([post.to_json(fields) for post in posts], errors=errors)
        return answer | ({"includes": includes} if includes else {})

    def _referenced(self, posts: Sequence[Post]) -> tuple[dict[str, Post], list[Json]]:
        found: dict[str, Post] = {}
        errors: list[Json] = []
        for post_id in dict.fromkeys(post.reference[1] for post in posts if post.reference is not None):
            post = self._posts.find(post_id)
            if post is None:
                errors.append(not_found("tweet", "referenced_tweets.id", post_id))
            elif post.item.is_author_private:
                errors.append(not_authorized("referenced_tweets.id", post_id))
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


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what answers it; `subject_is_account` tells that the path names an account by its id."""

    method: str
    pattern: re.Pattern[str]
    call: Call
    answer: Callable[[Answers, Asked], Json]
    subject_is_account: bool = False


ROUTES = [
    Route("GET", re.compile(r"2/users/me()"), spec.ME, Answers.me),
    Route("GET", re.compile(r"2/users()"), spec.USERS, Answers.users),
    Route("GET", re.compile(r"2/users/by()"), spec.USERS_BY_NAME, Answers.users_by_name),
    Route("GET", re.compile(r"2/users/by/username/([^/]+)"), spec.USER_BY_NAME, Answers.user_by_name),
    Route("GET", re.compile(r"2/users/([^/]+)/mentions"), spec.MENTIONS, Answers.mentions, subject_is_account=True),
    Route("GET", re.compile(r"2/users/([^/]+)/tweets"), spec.TIMELINE, Answers.timeline, subject_is_account=True),
    Route("GET", re.compile(r"2/users/([^/]+)"), spec.USER, Answers.user, subject_is_account=True),
    Route("GET", re.compile(r"2/tweets()"), spec.TWEETS, Answers.posts),
    Route("GET", re.compile(r"2/tweets/search/recent()"), spec.SEARCH, Answers.search),
    Route("GET", re.compile(r"2/tweets/([^/]+)/quote_tweets"), spec.QUOTES, Answers.quotes),
    Route("GET", re.compile(r"2/tweets/([^/]+)"), spec.TWEET, Answers.post),
    Route("GET", re.compile(r"2/dm_events()"), spec.DM_EVENTS, Answers.messages),
    Route("GET", re.compile(r"2/dm_conversations/with/([^/]+)/dm_events"), spec.DM_EVENTS, Answers.conversation_with),
    Route("GET", re.compile(r"2/dm_conversations/([^/]+)/dm_events"), spec.DM_EVENTS, Answers.conversation),
    Route("PUT", re.compile(r"2/tweets/([^/]+)/hidden"), spec.HIDE, Answers.hide),
    Route("DELETE", re.compile(r"2/tweets/([^/]+)"), spec.DELETE, Answers.delete),
]


def find_route(method: str, path: str) -> tuple[Route, str]:
    """Return what answers a path, and the path's variable part.

    Raises:
        Refused: 404 when nothing does.
    """
    for route in ROUTES:
        found = route.pattern.fullmatch(path) if route.method == method else None
        if found is not None:
            return route, found[1]
    raise Refused(404, {"title": "Not Found", "type": "about:blank", "status": 404, "detail": "Not Found"})


def _is_excluded(post: Post, without: frozenset[str]) -> bool:
    kind = post.reference[0] if post.reference is not None else ""
    return ("replies" in without and kind == "replied_to") or ("retweets" in without and kind == "retweeted")


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
