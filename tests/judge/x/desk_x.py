"""X's API v2 as its contract says: posts and messages that truly were written, and the lists that show them."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.judge.desk import NOW, Call, Desk, Reply

ME, HANDLE = "700001", "exempelkommun"
KIM, ALEX = "700011", "700012"
NAMES = {ME: ("Exempelkommun", HANDLE), KIM: ("Kim Exempel", "kim_ex"), ALEX: ("Alex Exempel", "alex_ex")}
TOKEN = "judge-x-token"

_FIELDS = (
    "created_at|author_id|conversation_id|in_reply_to_user_id|referenced_tweets|edit_history_tweet_ids|note_tweet"
    "|id|text|lang|entities"
)
_POSTS = {"tweet.fields": f"({_FIELDS})(,({_FIELDS}))*"}
_ID = "[0-9]{1,19}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
_RANGE = {"since_id": _ID, "until_id": _ID, "start_time": _TIME, "end_time": _TIME}
_TOKEN = "[a-z0-9]{16,}"
_FIVE, _TEN, _ONE = "[5-9]|[1-9][0-9]|100", "[1-9][0-9]|100", "[1-9]|[1-9][0-9]|100"
_USERS = (
    "(id|username|name|description|entities|location|url|created_at|protected|verified|verified_type|public_metrics"
    "|profile_image_url|withheld)"
)
TABLE = {
    "GET /2/users/me": {"user.fields": f"{_USERS}(,{_USERS})*"},
    "GET /2/users": {"ids!": f"{_ID}(,{_ID}){{0,99}}", "user.fields": f"{_USERS}(,{_USERS})*"},
    r"GET /2/users/\d+": {"user.fields": f"{_USERS}(,{_USERS})*"},
    r"GET /2/users/\d+/mentions": {**_POSTS, **_RANGE, "max_results": _FIVE, "pagination_token": _TOKEN},
    r"GET /2/users/\d+/tweets": {
        **_POSTS,
        **_RANGE,
        "max_results": _FIVE,
        "pagination_token": _TOKEN,
        "exclude": "(replies|retweets)(,(replies|retweets))?",
    },
    "GET /2/tweets/search/recent": {
        **_POSTS,
        **_RANGE,
        "query!": r"(\(conversation_id:\d+( OR conversation_id:\d+)*\)|@\w+) -from:\d+( -@\w+)?|quotes_of_tweet_id:\d+",
        "max_results": _TEN,
        "next_token": _TOKEN,
        "pagination_token": _TOKEN,
        "sort_order": "recency",
    },
    r"GET /2/tweets/\d+/quote_tweets": {**_POSTS, "max_results": _TEN, "pagination_token": _TOKEN},
    "GET /2/tweets": {**_POSTS, "ids!": f"{_ID}(,{_ID}){{0,99}}"},
    "GET /2/dm_events": {
        "max_results": _ONE,
        "pagination_token": _TOKEN,
        "event_types": "MessageCreate",
        "dm_event.fields": "[a-z_,]+",
    },
}
_numbers = count(1)


def new_id(at: datetime) -> str:
    ms = int(at.timestamp() * 1000) - 1_288_834_974_657
    return str((ms << 22) + next(_numbers) % 4000)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


@dataclass
class Post:
    """One thing that was written. `ids` are its versions, oldest first."""

    ids: list[str]
    author: str
    at: datetime
    text: str
    conversation: str
    parent: str | None = None
    parent_author: str | None = None
    quotes: str | None = None
    names_us: bool = False
    edited_at: datetime | None = None
    is_gone: bool = False
    unlisted_in: frozenset[str] = frozenset()  # lists that leave it out

    @property
    def id(self) -> str:
        return self.ids[-1]


@dataclass
class DeskX(Desk):
    """The service, with traps that can be set."""

    table: Any = field(default_factory=lambda: TABLE)
    posts: list[Post] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    now: datetime = NOW
    spelling: str = "tweet"
    most_rows: int = 100  # a page may hold fewer than were asked for
    empty_first: bool = False  # an empty page with a next token, before the others
    repeats_tokens: bool = False
    partial_errors: bool = False
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    sent: Counter[str] = field(default_factory=Counter)  # posts
    is_numb: bool = False  # every list is empty, and the token is good all the same
    quote_search: str = "shows"  # what the search makes of quotes_of_tweet_id: it "shows" them, "hides" or "refuses"
    has_number_ids: bool = False  # ids as numbers
    followed: dict[str, int] = field(default_factory=dict)

    def write(self, hours_ago: float, text: str = "Hej?", *, author: str = KIM, **more: Any) -> Post:
        at = self.now - timedelta(hours=hours_ago)
        post_id = new_id(at)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        to: Post | None = more.pop("to", None)
        post = Post([post_id], author, at, text, to.conversation if to else post_id, **more)
        if to is not None:
            post.parent, post.parent_author = to.id, to.author
        post.names_us = more.get("names_us", False)
        self.posts.append(post)
        return post

    def edit(self, post: Post, text: str, at: datetime) -> None:
        post.ids.append(new_id(at))
        post.text, post.edited_at = text, at

    def message(self, hours_ago: float, text: str, sender: str = KIM) -> str:
        at = self.now - timedelta(hours=hours_ago)
        row = {
            "id": new_id(at),
            "event_type": "MessageCreate",
            "text": text,
            "sender_id": sender,
            "dm_conversation_id": f"{ME}-{KIM}",
            "created_at": stamp(at),
        }
        self.messages.append(row)
        return str(row["id"])

    def answer(self, call: Call) -> Reply:
        if call.token not in self.tokens:
            return 401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}, {}
        body = self._body(call)
        if isinstance(body, str):
            if "operator" not in body:
                self.wrong.append(body)
            return 400, {"title": "Invalid Request", "detail": body}, {}
        if self.has_number_ids:
            body = _with_number_ids(body)
        if self.partial_errors and "data" in body:
            body["errors"] = [{"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}]
        return 200, body, {"x-rate-limit-remaining": "40", "x-rate-limit-limit": "300"}

    def _body(self, call: Call) -> Any:
        path = call.path
        if path == "/2/users/me":
            written = sum(p.author == ME and not p.is_gone for p in self.posts)
            metrics = {"followers_count": 9, "following_count": 1, "tweet_count": written, "listed_count": 0}
            asked = call.get("user.fields").split(",")
            return {"data": {**_user(ME), **({"public_metrics": metrics} if "public_metrics" in asked else {})}}
        if path == "/2/users":
            rows = [_user(i) for i in call.get("ids").split(",") if i in NAMES]
            return {"data": rows} if rows else {"errors": [_missing("0")]}
        if self.is_numb and path != "/2/tweets":
            return {"meta": {"result_count": 0}}
        if path == "/2/dm_events":
            rows = sorted(self.messages, key=lambda m: int(m["id"]), reverse=True)
            return self._page(rows, call, is_posts=False)
        if path == "/2/tweets":
            return self._look_up(call)
        found = self._listed(call)
        return found if isinstance(found, str) else self._page([self._row(p, call) for p in found], call)

    def _listed(self, call: Call) -> list[Post] | str:
        alive = [p for p in self.posts if not p.is_gone]
        name = "own"
        if call.path.endswith("/mentions"):
            name = "mentions"
            shown = [p for p in alive if p.names_us and p.author != ME]
        elif call.path.endswith("/quote_tweets"):
            target, name = call.path.split("/")[3], "quotes"
            shown = [p for p in alive if p.quotes == target]
        elif call.path.endswith("/recent"):
            name = "search"
            problem = self._refuse_search(call)
            if problem:
                return problem
            query = call.get("query")
            if query.startswith("quotes_of_tweet_id:"):
                quoted = query.partition(":")[2] if self.quote_search == "shows" else None
                return self._listed_as("search", [p for p in alive if quoted and p.quotes == quoted], call)
            wanted = set(re.findall(r"conversation_id:(\d+)", query))
            shown = [p for p in alive if p.at > self.now - timedelta(days=7) and p.author != ME]
            shown = [p for p in shown if (p.conversation in wanted if wanted else p.names_us)]
            shown = [p for p in shown if not (f"-@{HANDLE}" in query and p.names_us)]
        else:
            shown = [p for p in alive if p.author == ME]
        return self._listed_as(name, shown, call)

    def _listed_as(self, name: str, shown: list[Post], call: Call) -> list[Post] | str:
        shown = [p for p in shown if name not in p.unlisted_in]
        shown.sort(key=lambda p: int(p.id), reverse=True)
        shown = shown[:800] if name == "mentions" else shown
        if call.get("since_id") and call.get("until_id") and int(call.get("since_id")) >= int(call.get("until_id")):
            return "since_id must be below until_id"
        return [p for p in shown if _is_within(p, call)]

    def _refuse_search(self, call: Call) -> str | None:
        if self.quote_search == "refuses" and "quotes_of_tweet_id" in call.get("query"):
            return "Reference to invalid operator 'quotes_of_tweet_id'"
        if len(call.get("query")) > 512:
            return "the query is too long"
        if call.get("since_id") and call.get("start_time"):
            return "since_id and start_time exclude each other"
        oldest = self.now - timedelta(days=7)
        start, since = call.get("start_time"), call.get("since_id")
        if start and datetime.fromisoformat(start) < oldest:
            return "start_time is too old"
        if since and int(since) < (int(oldest.timestamp() * 1000) - 1_288_834_974_657) << 22:
            return "since_id is too old"
        return None

    def _look_up(self, call: Call) -> dict[str, Any]:
        rows, errors = [], []
        for wanted in call.get("ids").split(","):
            post = next((p for p in self.posts if wanted in p.ids and not p.is_gone), None)
            if post is None:
                errors.append(_missing(wanted))
            else:
                rows.append({**self._row(post, call), "id": wanted})
                self.sent[post.ids[0]] += 1
        return {**({"data": rows} if rows else {}), **({"errors": errors} if errors else {})}

    def _page(self, rows: list[dict[str, Any]], call: Call, *, is_posts: bool = True) -> dict[str, Any]:
        token = call.get("pagination_token") or call.get("next_token")
        start = self.followed.get(token, 0)
        if self.empty_first and not token and rows:
            return {"meta": {"result_count": 0, "next_token": self._token(0)}}
        size = min(int(call.get("max_results", "10")), self.most_rows)
        page = rows[start : start + size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + size < len(rows):
            meta["next_token"] = "a" * 16 if self.repeats_tokens else self._token(start + size)
        if not page:
            return {"meta": meta}
        if is_posts:
            self.sent.update(self._first(r["id"]) for r in page)
        return {"data": page, "meta": {**meta, "newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}}

    def _first(self, post_id: str) -> str:
        return next(p.ids[0] for p in self.posts if post_id in p.ids)

    def _token(self, start: int) -> str:
        token = f"token{next(_numbers):014}"
        self.followed[token] = start
        return token

    def _row(self, post: Post, call: Call) -> dict[str, Any]:
        asked = {"id", "text", "edit_history_tweet_ids", *call.get("tweet.fields").split(",")}
        references = [{"type": "replied_to", "id": post.parent}] if post.parent else []
        references += [{"type": "quoted", "id": post.quotes}] if post.quotes else []
        whole: dict[str, Any] = {
            "id": post.id,
            "text": post.text if len(post.text) <= 280 else post.text[:279] + "…",
            "edit_history_tweet_ids": post.ids,
            "created_at": stamp(post.edited_at or post.at),
            "author_id": post.author,
            "conversation_id": post.conversation,
        }
        if post.parent:
            whole["in_reply_to_user_id"] = post.parent_author
        if references:
            whole["referenced_tweets"] = references
        if len(post.text) > 280:
            whole["note_tweet"] = {"text": post.text}
        row = {k: v for k, v in whole.items() if k in asked}
        if self.spelling == "post":
            row = {k.replace("_tweets", "_posts").replace("tweet", "post"): v for k, v in row.items()}
        return row


def _with_number_ids(value: Any) -> Any:
    if isinstance(value, dict):
        names = ("id", "author_id", "conversation_id", "in_reply_to_user_id", "sender_id")
        return {k: int(v) if k in names else _with_number_ids(v) for k, v in value.items()}
    return [_with_number_ids(v) for v in value] if isinstance(value, list) else value


def _user(user_id: str) -> dict[str, str]:
    return {"id": user_id, "name": NAMES[user_id][0], "username": NAMES[user_id][1]}


def _missing(post_id: str) -> dict[str, str]:
    kind = "https://api.twitter.com/2/problems/resource-not-found"
    return {"resource_id": post_id, "value": post_id, "title": "Not Found Error", "type": kind, "parameter": "ids"}


def _is_within(post: Post, call: Call) -> bool:
    number = int(post.id)
    if call.get("since_id") and number <= int(call.get("since_id")):
        return False
    if call.get("until_id") and number >= int(call.get("until_id")):
        return False
    start = call.get("start_time")
    return not start or (post.edited_at or post.at) >= datetime.fromisoformat(start)
