"""YouTube Data API v3 over the sandbox's world: it answers what YouTube answers and refuses what YouTube refuses."""

import base64
import binascii
import hashlib
import itertools
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox import ids
from watchdaemon.sandbox import youtube_shape as shape
from watchdaemon.sandbox import youtube_spec as spec
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults, disturbed
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldAccount, WorldItem
from watchdaemon.sandbox.youtube_access import (
    DAILY_QUOTA,
    PLATFORM,
    Caller,
    QuotaBook,
    authenticate,
    check_allowed,
    insufficient_scope,
    login_required,
    quota_exceeded,
    rate_limited,
    refresh,
    refreshed_account,
    unauthenticated,
)
from watchdaemon.sandbox.youtube_fields import read_fields, select
from watchdaemon.sandbox.youtube_shape import Comments, Json, View, is_top_level, status_of
from watchdaemon.sandbox.youtube_spec import Query, Refused, refused

LONGEST_COMMENT = 10_000

T = TypeVar("T")
Order = tuple[str, str]
"""What a listing is sorted by, newest first: (time or another key, id)."""


class YouTubeJson(JSONResponse):
    """JSON with Google's own content type."""

    media_type = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that got through the door: its checked parameters, who asks, and what was sent with it."""

    query: Query
    caller: Caller
    body: bytes
    path: str
    account: WorldAccount | None  # the channel asked about, for faults

    def refuse(self, status: int, reason: str, message: str, location: str = "") -> Refused:
        """Return a refusal of the method's own."""
        return refused(status, reason, message, domain=self.query.method.domain, location=location)

    def forbidden(self) -> Refused:
        """Return the 403 of somebody else's."""
        return self.refuse(403, "forbidden", "The request might not be properly authorized.")


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
        self._comments = Comments(world)
        self._written = itertools.count()
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
            content = _ANSWERS[method.name](self, replace(asked, query=query))
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

    # ---- channels and videos -------------------------------------------------------------------------------------

    def channels(self, asked: Asked) -> Json:
        """channels.list."""
        query, found = asked.query, []
        if query.is_set("mine"):
            if asked.caller.account is None:
                raise login_required()
            found = [asked.caller.account]
        elif "id" in query:
            known = (self._world.find_account(PLATFORM, channel_id) for channel_id in query.ids("id"))
            found = [account for account in known if account is not None]
        elif "forHandle" in query:
            handle = query.text("forHandle").removeprefix("@").casefold()
            found = [a for a in self._world.accounts(PLATFORM) if a.username.casefold() == handle]
        else:
            raise _not_served()
        items = [shape.channel(a, len(self._comments.videos(a)), query.parts) for a in found]
        answer = _listing(asked, "channel", items, total=len(found))
        return answer if items else {name: value for name, value in answer.items() if name != "items"}

    def playlist_items(self, asked: Asked) -> Json:
        """playlistItems.list, of the uploads: other playlists do not exist here."""
        query = asked.query
        if "playlistId" not in query:
            raise _not_served()
        playlist_id = query.text("playlistId")
        account = self._world.find_account(PLATFORM, "UC" + playlist_id[2:]) if playlist_id[:2] == "UU" else None
        if account is None:
            message = "The playlist identified with the request's <code>playlistId</code> parameter cannot be found."
            raise asked.refuse(404, "playlistNotFound", message, "playlistId")
        videos = [v for v in self._comments.videos(account) if self._may_see(asked.caller, v)]
        placed = [(_order(video), (number, video)) for number, video in enumerate(videos)]
        if wanted := query.text("videoId"):
            placed = [entry for entry in placed if entry[1][1].id == wanted]
        page, token = _cut(asked, placed)
        now = self._world.now()
        items = [shape.playlist_item(video, account, number, now, query.parts) for number, video in page]
        return _listing(asked, "playlistItem", items, total=len(placed), token=token)

    def videos(self, asked: Asked) -> Json:
        """videos.list, by id."""
        query = asked.query
        if "id" not in query:
            raise _not_served()
        found = [self._comments.find_video(video_id) for video_id in query.ids("id")]
        videos = [v for v in found if v is not None and self._may_see(asked.caller, v)]
        items = [self._video(video, query.parts) for video in videos]
        return _listing(asked, "video", items, total=len(items))

    def _video(self, video: WorldItem, parts: frozenset[str]) -> Json:
        account, now = self._world.account(video.account), self._world.now()
        under = self._world.below(video)
        comments = [c for c in under if c.kind is Kind.COMMENT and status_of(c, now) is Moderation.PUBLISHED]
        return shape.video(video, account, len(comments), now, parts)

    def _may_see(self, caller: Caller, video: WorldItem) -> bool:
        return shape.privacy(video) != "private" or caller.owns(video.account)

    # ---- comments ------------------------------------------------------------------------------------------------

    def comment_threads(self, asked: Asked) -> Json:
        """commentThreads.list."""
        if "id" in asked.query:
            return self._threads_by_id(asked)
        account, tops = self._tops(asked)
        status = Moderation(asked.query.text("moderationStatus", "published"))
        if status is not Moderation.PUBLISHED and not asked.caller.owns(account.key):
            raise asked.forbidden()
        view = self._view(asked, account, tells_status=True)
        listed = [top for top in tops if self._is_listed(top, status)]
        if terms := asked.query.text("searchTerms").casefold():
            listed = [top for top in listed if terms in top.text_at(view.now).casefold()]
        ordered = [(_order(top), top) for top in listed]
        if asked.query.text("order") == "relevance":
            weighed = [((f"{len(self._shown_replies(top, status)):06}", top.id), top) for top in listed]
            ordered = sorted(weighed, key=lambda entry: entry[0], reverse=True)
        page, token = _cut(asked, ordered)
        items = [shape.thread(top, self._shown_replies(top, status), view, asked.query.parts) for top in page]
        return _listing(asked, "commentThread", items, total=len(items), token=token)

    def _tops(self, asked: Asked) -> tuple[WorldAccount, list[WorldItem]]:
        """Return the channel asked for and the top-level comments that the filter chooses, newest first."""
        query = asked.query
        if "videoId" in query:
            video = self._commented_video(asked)
            account = self._world.account(video.account)
            return account, [top for top in self._comments.tops(account) if top.root_id == video.id]
        name = "channelId" if "channelId" in query else "allThreadsRelatedToChannelId"
        found = self._world.find_account(PLATFORM, query.text(name))
        if found is None:
            message = f"The channel identified by the <code>{name}</code> parameter could not be found."
            raise asked.refuse(404, "channelNotFound", message, name)
        tops = self._comments.tops(found)
        return found, [top for top in tops if top.root_id is None] if name == "channelId" else tops

    def _commented_video(self, asked: Asked) -> WorldItem:
        video = self._comments.find_video(asked.query.text("videoId"))
        if video is None:
            message = "The video identified by the <code>videoId</code> parameter could not be found."
            raise asked.refuse(404, "videoNotFound", message, "videoId")
        if not self._may_see(asked.caller, video):
            raise asked.forbidden()
        if shape.has_comments_off(video):
            message = "The video identified by the <code>videoId</code> parameter has disabled comments."
            raise asked.refuse(403, "commentsDisabled", message, "videoId")
        return video

    def _is_listed(self, top: WorldItem, status: Moderation) -> bool:
        """Tell whether a thread is in the listing of a status: for its first comment, or for one of its replies.

        Rejected ones are in none; and a published reply does not bring a held thread among the published.
        """
        own = status_of(top, self._world.now())
        if status is Moderation.REJECTED or own is Moderation.REJECTED:
            return False
        has_such_reply = status is not Moderation.PUBLISHED and bool(self._comments.replies_in(top, status))
        return own is status or has_such_reply

    def _shown_replies(self, top: WorldItem, status: Moderation) -> list[WorldItem]:
        return self._comments.replies_in(top, Moderation.PUBLISHED, status)

    def _threads_by_id(self, asked: Asked) -> Json:
        wanted = asked.query.ids("id")
        found = [self._comments.find(thread_id) for thread_id in wanted]
        tops = [top for top in found if top is not None and is_top_level(top) and self._may_read(asked.caller, top)]
        if not tops:
            message = "One or more of the specified comment threads cannot be found."
            raise asked.refuse(404, "commentThreadNotFound", message, "id")
        items = []
        for top in tops:
            view = self._view(asked, self._world.account(top.account), tells_status=False)
            replies = self._comments.replies_in(top, Moderation.PUBLISHED)
            items.append(shape.thread(top, replies, view, asked.query.parts))
        return _listing(asked, "commentThread", items, total=len(items))

    def comments(self, asked: Asked) -> Json:
        """comments.list: deleted ones are simply missing."""
        if "id" in asked.query:
            found = [self._comments.find(comment_id) for comment_id in asked.query.ids("id")]
            there = [item for item in found if item is not None and self._may_read(asked.caller, item)]
            items = [self._comment(asked, item, tells_status=False) for item in there]
            return _listing(asked, "comment", items, total=len(items))
        top = self._comments.find(asked.query.text("parentId"))
        if top is None or not self._may_read(asked.caller, top):
            raise asked.refuse(404, "commentNotFound", "One or more of the specified comments cannot be found.")
        replies = self._comments.replies_in(top, Moderation.PUBLISHED)
        page, token = _cut(asked, [(_order(reply), reply) for reply in replies])
        items = [self._comment(asked, reply, tells_status=True) for reply in page]
        return _listing(asked, "comment", items, total=None, token=token)

    def _may_read(self, caller: Caller, item: WorldItem) -> bool:
        return caller.owns(item.account) or status_of(item, self._world.now()) is Moderation.PUBLISHED

    def _comment(self, asked: Asked, item: WorldItem, *, tells_status: bool) -> Json:
        view = self._view(asked, self._world.account(item.account), tells_status=tells_status)
        return shape.comment(item, replace(view, is_alone=True), asked.query.parts)

    def _view(self, asked: Asked, account: WorldAccount, *, tells_status: bool) -> View:
        """Return how this caller sees a channel's comments; only the owner is told their moderation status."""
        return View(
            channel=account,
            viewer=asked.caller.account.native_id if asked.caller.account is not None else "",
            is_plain=asked.query.text("textFormat") == "plainText",
            tells_status=tells_status and asked.caller.owns(account.key),
            now=self._world.now(),
        )

    # ---- writes --------------------------------------------------------------------------------------------------

    def insert_comment(self, asked: Asked) -> Json:
        """comments.insert: answers a thread."""
        account = _owner(asked)
        snippet = _read_snippet(asked, "parentId", "textOriginal")
        text = _read_text(asked, snippet)
        parent_id = snippet.get("parentId")
        if not isinstance(parent_id, str) or not parent_id:
            raise asked.refuse(400, "parentIdMissing", "The comment that is answered must be named.")
        top = self._comments.find(parent_id)
        if top is None or not is_top_level(top):
            raise asked.refuse(404, "parentCommentNotFound", "The specified parent comment could not be found.")
        now = self._world.now()
        seed = f"{parent_id}:{account.native_id}:{next(self._written)}"
        reply = WorldItem(
            id=ids.youtube_comment(seed, parent_id),
            account=top.account,
            kind=Kind.COMMENT,
            author_id=account.native_id,
            author_name=account.name,
            author_username=account.username,
            text=text,
            published_at=now,
            by_account=account.key == top.account,
            parent_id=top.id,
            root_id=top.root_id,
        )
        return self._comment(asked, self._world.add(reply), tells_status=False)

    def update_comment(self, asked: Asked) -> Json:
        """comments.update: changes the words of an own comment."""
        account = _owner(asked)
        snippet = _read_snippet(asked, "textOriginal")
        text = _read_text(asked, snippet)
        item = self._comments.find(str(_read_body(asked).get("id", "")))
        if item is None:
            raise asked.refuse(404, "commentNotFound", "The specified comment could not be found.")
        if item.author_id != account.native_id:
            raise asked.forbidden()
        return self._comment(asked, self._world.edit(item, text), tells_status=False)

    def delete_comment(self, asked: Asked) -> None:
        """comments.delete: an own one; the first of a thread takes the thread with it."""
        account = _owner(asked)
        item = self._comments.find(asked.query.text("id"))
        if item is None:
            raise asked.refuse(404, "commentNotFound", "The specified comment could not be found.", "id")
        if item.author_id != account.native_id:
            raise asked.forbidden()
        self._world.delete(item)

    def set_moderation_status(self, asked: Asked) -> None:
        """comments.setModerationStatus: all of the comments named, or none."""
        status = Moderation(asked.query.text("moderationStatus"))
        if status is Moderation.SPAM:
            raise asked.refuse(400, "operationNotSupported", "A comment can not be marked as likely spam.")
        if asked.query.is_set("banAuthor") and status is not Moderation.REJECTED:
            message = "<code>banAuthor</code> can only be set together with the status <code>rejected</code>."
            raise asked.refuse(403, "banWithoutReject", message, "banAuthor")
        items = [self._comments.find(comment_id) for comment_id in asked.query.ids("id")]
        for item in items:
            if item is None:
                message = "One or more of the specified comments cannot be found."
                raise asked.refuse(404, "commentNotFound", message, "id")
            if not asked.caller.owns(item.account):
                raise asked.forbidden()
        for item in items:
            if item is not None:
                self._world.moderate(self._world.hide(item, hidden=False), status)


_ANSWERS: dict[str, Callable[[YouTubeApi, Asked], Json | None]] = {
    spec.CHANNELS.name: YouTubeApi.channels,
    spec.PLAYLIST_ITEMS.name: YouTubeApi.playlist_items,
    spec.VIDEOS.name: YouTubeApi.videos,
    spec.COMMENT_THREADS.name: YouTubeApi.comment_threads,
    spec.COMMENTS.name: YouTubeApi.comments,
    spec.INSERT_COMMENT.name: YouTubeApi.insert_comment,
    spec.UPDATE_COMMENT.name: YouTubeApi.update_comment,
    spec.DELETE_COMMENT.name: YouTubeApi.delete_comment,
    spec.SET_MODERATION_STATUS.name: YouTubeApi.set_moderation_status,
}


def _not_served() -> Refused:
    """Say that YouTube would answer this but the sandbox cannot: better than an empty list that means nothing."""
    return refused(501, "notImplemented", "The sandbox does not serve this filter.", domain="global")


def _owner(asked: Asked) -> WorldAccount:
    if asked.caller.account is None:
        raise login_required()
    return asked.caller.account


def _read_body(asked: Asked) -> Json:
    try:
        content = json.loads(asked.body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise refused(400, "parseError", "This API does not support parsing form-encoded input.", domain="global")
    return content


def _read_snippet(asked: Asked, *known: str) -> Json:
    content = _read_body(asked)
    snippet = content.get("snippet")
    if not isinstance(snippet, dict) or "snippet" not in asked.query.parts:
        raise spec.bad_request("Invalid value at 'resource.snippet': it must be an object, and a part asked for")
    unknown = sorted((content.keys() - {"kind", "etag", "id", "snippet"}) | (snippet.keys() - set(known)))
    if unknown:
        raise spec.bad_request(f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')
    return snippet


def _read_text(asked: Asked, snippet: Json) -> str:
    text = snippet.get("textOriginal")
    if not isinstance(text, str) or not text.strip():
        raise asked.refuse(400, "commentTextRequired", "The comment's text is missing.")
    if len(text) > LONGEST_COMMENT:
        raise asked.refuse(400, "commentTextTooLong", "The comment's text is too long.")
    return text


# ---- pages ---------------------------------------------------------------------------------------------------------


def _listing(asked: Asked, kind: str, items: list[Json], *, total: int | None, token: str | None = None) -> Json:
    """Wrap a page. A total of None is not told: that of a thread's replies never is."""
    answer: Json = {
        "kind": f"youtube#{kind}ListResponse",
        "etag": shape.etag([[item["etag"] for item in items], token]),
    }
    if token is not None:
        answer["nextPageToken"] = token
    is_paged = not asked.query.ids("id") and not asked.query.is_set("mine")
    totals: Json = {} if total is None else {"totalResults": total}
    answer["pageInfo"] = totals | {"resultsPerPage": asked.query.page_size if is_paged else len(items)}
    return answer | {"items": items}


def _order(item: WorldItem) -> Order:
    return (item.published_at.astimezone(UTC).isoformat(), item.id)


def _cut(asked: Asked, ordered: Iterable[tuple[Order, T]]) -> tuple[list[T], str | None]:
    """Return the page asked for, out of (order, thing) descending, and the token of the page after it."""
    below = None
    if "pageToken" in asked.query:
        below = _read_token(asked)
        if below is None:
            message = "The request specifies an invalid page token."
            raise asked.refuse(400, "invalidPageToken", message, "pageToken")
    rest = [(order, thing) for order, thing in ordered if below is None or order < below]
    page = rest[: asked.query.page_size]
    has_more = 0 < len(page) < len(rest)
    return [thing for _, thing in page], _write_token(asked, page[-1][0]) if has_more else None


def _seal(asked: Asked, order: Order) -> str:
    """A token holds for the listing it was given for, and for nothing else."""
    names = (*sorted(asked.query.method.filters), "moderationStatus", "order", "searchTerms")
    chosen = [asked.query.text(name) for name in names]
    return hashlib.sha256(json.dumps([asked.path, chosen, order]).encode()).hexdigest()[:8]


def _write_token(asked: Asked, order: Order) -> str:
    return base64.urlsafe_b64encode(f"{order[0]}|{order[1]}|{_seal(asked, order)}".encode()).decode()


def _read_token(asked: Asked) -> Order | None:
    try:
        parts = base64.urlsafe_b64decode(asked.query.text("pageToken")).decode().split("|")
    except (binascii.Error, ValueError):
        return None
    if len(parts) != 3:
        return None
    order = (parts[0], parts[1])
    return order if parts[2] == _seal(asked, order) else None
