"""What YouTube answers to each of its methods."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldAccount, WorldItem
from watchdaemon.sandbox.youtube import shape, spec
from watchdaemon.sandbox.youtube.access import PLATFORM, Caller, login_required
from watchdaemon.sandbox.youtube.pages import Asked, cut, listing, order_of
from watchdaemon.sandbox.youtube.shape import Comments, Json, View, is_top_level, status_of
from watchdaemon.sandbox.youtube.spec import Refused, refused

LONGEST_COMMENT = 10_000


class Answers:
    """The methods. The world alone remembers anything."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._comments = Comments(world)
        self._written = itertools.count()

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
        answer = listing(asked, "channel", items, total=len(found))
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
        placed = [(order_of(video), (number, video)) for number, video in enumerate(videos)]
        if wanted := query.text("videoId"):
            placed = [entry for entry in placed if entry[1][1].id == wanted]
        page, token = cut(asked, placed)
        now = self._world.now()
        items = [shape.playlist_item(video, account, number, now, query.parts) for number, video in page]
        return listing(asked, "playlistItem", items, total=len(placed), token=token)

    def videos(self, asked: Asked) -> Json:
        """videos.list, by id."""
        query = asked.query
        if "id" not in query:
            raise _not_served()
        found = [self._comments.find_video(video_id) for video_id in query.ids("id")]
        videos = [v for v in found if v is not None and self._may_see(asked.caller, v)]
        items = [self._video(video, query.parts) for video in videos]
        return listing(asked, "video", items, total=len(items))

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
        ordered = [(order_of(top), top) for top in listed]
        if asked.query.text("order") == "relevance":
            weighed = [((f"{len(self._shown_replies(top, status)):06}", top.id), top) for top in listed]
            ordered = sorted(weighed, key=lambda entry: entry[0], reverse=True)
        page, token = cut(asked, ordered)
        items = [shape.thread(top, self._shown_replies(top, status), view, asked.query.parts) for top in page]
        return listing(asked, "commentThread", items, total=len(items), token=token)

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
        return listing(asked, "commentThread", items, total=len(items))

    def comments(self, asked: Asked) -> Json:
        """comments.list: deleted ones are simply missing."""
        if "id" in asked.query:
            found = [self._comments.find(comment_id) for comment_id in asked.query.ids("id")]
            there = [item for item in found if item is not None and self._may_read(asked.caller, item)]
            items = [self._comment(asked, item, tells_status=False) for item in there]
            return listing(asked, "comment", items, total=len(items))
        top = self._comments.find(asked.query.text("parentId"))
        if top is None or not self._may_read(asked.caller, top):
            raise asked.refuse(404, "commentNotFound", "One or more of the specified comments cannot be found.")
        replies = self._comments.replies_in(top, Moderation.PUBLISHED)
        page, token = cut(asked, [(order_of(reply), reply) for reply in replies])
        items = [self._comment(asked, reply, tells_status=True) for reply in page]
        return listing(asked, "comment", items, total=None, token=token)

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


ANSWERS: dict[str, Callable[[Answers, Asked], Json | None]] = {
    spec.CHANNELS.name: Answers.channels,
    spec.PLAYLIST_ITEMS.name: Answers.playlist_items,
    spec.VIDEOS.name: Answers.videos,
    spec.COMMENT_THREADS.name: Answers.comment_threads,
    spec.COMMENTS.name: Answers.comments,
    spec.INSERT_COMMENT.name: Answers.insert_comment,
    spec.UPDATE_COMMENT.name: Answers.update_comment,
    spec.DELETE_COMMENT.name: Answers.delete_comment,
    spec.SET_MODERATION_STATUS.name: Answers.set_moderation_status,
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
