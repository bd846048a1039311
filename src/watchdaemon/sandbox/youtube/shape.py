"""YouTube's view of the world: channels, videos, threads and comments as the Data API writes them."""

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldAccount, WorldItem
from watchdaemon.sandbox.youtube.access import PLATFORM

EMBEDDED_REPLIES = 5

Json: TypeAlias = dict[str, object]

_LINK = re.compile(r"https?://[^\s<]+")


def timestamp(instant: datetime) -> str:
    """Write an instant as YouTube does today; answers of 2019 had ".000" before the Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def etag(content: object) -> str:
    """Return the tag of a content: another content has another one."""
    digest = hashlib.blake2b(repr(content).encode(), digest_size=20).digest()
    return base64.urlsafe_b64encode(digest).decode()[:27]


def resource(kind: str, resource_id: str, parts: dict[str, Json], wanted: frozenset[str]) -> Json:
    """Put the parts asked for under a resource's head; an empty part is left out."""
    shown: Json = {name: part for name, part in parts.items() if name in wanted and part}
    return {"kind": f"youtube#{kind}", "etag": etag([resource_id, shown]), "id": resource_id, **shown}


def channel(account: WorldAccount, videos: int, wanted: frozenset[str]) -> Json:
    """Write a channel."""
    snippet: Json = {
        "title": account.name,
        "description": account.about,
        "customUrl": f"@{account.username}",
        "publishedAt": timestamp(account.created_at or datetime(2012, 1, 1, tzinfo=UTC)),
        "localized": {"title": account.name, "description": account.about},
        "country": "SE",
    }
    parts: dict[str, Json] = {
        "snippet": snippet,
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": ids.youtube_uploads(account.native_id)}},
        "statistics": {
            "viewCount": "0",
            "subscriberCount": str(account.followers),
            "hiddenSubscriberCount": False,
            "videoCount": str(videos),
        },
        "status": {
            "privacyStatus": "public" if account.is_public else "unlisted",
            "isLinked": True,
            "longUploadsStatus": "allowed",
            "madeForKids": False,
        },
        "brandingSettings": {
            "channel": {"title": account.name, "description": account.about, "country": "SE"},
        },
    }
    return resource("channel", account.native_id, parts, wanted)


def privacy(video: WorldItem) -> str:
    """Return public, unlisted or private (`privacy` in the item's `extra`)."""
    return video.extra.get("privacy", "public")


def has_comments_off(video: WorldItem) -> bool:
    """Tell whether nobody may comment (`comments` is "off" in the item's `extra`)."""
    return video.extra.get("comments") == "off"


def video(item: WorldItem, account: WorldAccount, comments: int, now: datetime, wanted: frozenset[str]) -> Json:
    """Write a video."""
    description = item.text_at(now)
    statistics: Json = {"viewCount": "0", "likeCount": "0", "favoriteCount": "0"}
    if not has_comments_off(item):
        statistics["commentCount"] = str(comments)
    parts: dict[str, Json] = {
        "snippet": {
            "publishedAt": timestamp(item.published_at),
            "channelId": account.native_id,
            "title": item.title,
            "description": description,
            "channelTitle": account.name,
            "categoryId": "22",
            "liveBroadcastContent": "none",
            "localized": {"title": item.title, "description": description},
        },
        "contentDetails": {"duration": "PT1M", "dimension": "2d", "definition": "hd", "caption": "false"},
        "status": {
            "uploadStatus": "processed",
            "privacyStatus": privacy(item),
            "license": "youtube",
            "embeddable": True,
            "publicStatsViewable": True,
            "madeForKids": False,
        },
        "statistics": statistics,
    }
    return resource("video", item.id, parts, wanted)


def playlist_item_id(playlist_id: str, video_id: str) -> str:
    """Return the id of a video's place in a playlist."""
    return base64.urlsafe_b64encode(f"{playlist_id}.{video_id}".encode()).decode().rstrip("=")


def playlist_item(item: WorldItem, account: WorldAccount, position: int, now: datetime, wanted: frozenset[str]) -> Json:
    """Write a video's place in the uploads."""
    playlist_id = ids.youtube_uploads(account.native_id)
    details: Json = {"videoId": item.id}
    if privacy(item) != "private":
        details["videoPublishedAt"] = timestamp(item.published_at)
    parts: dict[str, Json] = {
        "snippet": {
            "publishedAt": timestamp(item.published_at),
            "channelId": account.native_id,
            "title": item.title,
            "description": item.text_at(now),
            "channelTitle": account.name,
            "playlistId": playlist_id,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": item.id},
            "videoOwnerChannelTitle": account.name,
            "videoOwnerChannelId": account.native_id,
        },
        "contentDetails": details,
        "status": {"privacyStatus": privacy(item)},
    }
    return resource("playlistItem", playlist_item_id(playlist_id, item.id), parts, wanted)


def is_top_level(item: WorldItem) -> bool:
    """Tell a thread's first comment from a reply."""
    return item.parent_id is None or item.parent_id == item.root_id


def status_of(item: WorldItem, now: datetime) -> Moderation:
    """Return a comment's moderation status; what the channel hid waits for review."""
    is_hidden = item.is_hidden(now) and item.moderation is Moderation.PUBLISHED
    return Moderation.HELD if is_hidden else item.moderation


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How comments are shown: in which format, to whom, and whether their moderation status is told."""

    channel: WorldAccount  # whose videos they stand under
    viewer: str  # the caller's channel id, "" for an API key
    is_plain: bool
    tells_status: bool
    now: datetime
    is_alone: bool = False  # outside a thread a comment does not say which video and channel it stands under


def comment(item: WorldItem, view: View, wanted: frozenset[str]) -> Json:
    """Write a comment."""
    return resource("comment", item.id, {"snippet": comment_snippet(item, view)}, wanted)


def comment_snippet(item: WorldItem, view: View) -> Json:
    """Write what a comment says."""
    name = f"@{item.author_username}" if item.author_username else item.author_name
    text = item.text_at(view.now)
    shown: Json = {
        "textDisplay": text if view.is_plain else _to_html(text),
        "authorDisplayName": name,
        "authorProfileImageUrl": "https://yt3.example.org/profile.jpg",
        "authorChannelUrl": f"http://www.youtube.com/{name}",
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 0,
        "publishedAt": timestamp(item.published_at),
        "updatedAt": timestamp(item.edited_at(view.now) or item.published_at),
    }
    if not view.is_alone:
        shown["channelId"] = view.channel.native_id
        if item.root_id is not None:
            shown["videoId"] = item.root_id
    if not is_top_level(item):
        shown["parentId"] = item.parent_id
    if not item.is_author_private:
        shown["authorChannelId"] = {"value": item.author_id}
        if item.author_id == view.viewer:
            shown["textOriginal"] = text  # promised to the author alone
    if view.tells_status:
        shown["moderationStatus"] = status_of(item, view.now).value
    return shown


def _to_html(text: str) -> str:
    escaped = html.escape(text).replace("&#x27;", "&#39;").replace("\n", "<br>")
    return _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escaped)


def embedded(thread_id: str, replies: Sequence[WorldItem]) -> list[WorldItem]:
    """Return the replies that come with a thread: at most five, and in some threads fewer than there are."""
    first = list(replies[:EMBEDDED_REPLIES])
    digest = hashlib.sha256(thread_id.encode()).digest()
    return first[: digest[1] % (len(first) + 1)] if digest[0] % 3 == 0 else first


def thread(top: WorldItem, replies: Sequence[WorldItem], view: View, wanted: frozenset[str]) -> Json:
    """Write a thread; `replies` are all its replies that can be seen, in the order they are shown."""
    whole = frozenset({"id", "snippet"})
    snippet: Json = {
        "channelId": view.channel.native_id,
        "topLevelComment": comment(top, view, whole),
        "canReply": True,
        "totalReplyCount": len(replies),
        "isPublic": status_of(top, view.now) is Moderation.PUBLISHED,
    }
    if top.root_id is not None:
        snippet["videoId"] = top.root_id
    inside = embedded(top.id, replies)
    parts: dict[str, Json] = {
        "snippet": snippet,
        "replies": {"comments": [comment(reply, view, whole) for reply in inside]} if inside else {},
    }
    return resource("commentThread", top.id, parts, wanted)


class Comments:
    """The world's comments on YouTube, by channel, video and thread, as they stand at the world's time."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find(self, comment_id: str) -> WorldItem | None:
        """Return the comment with that id, unless it is deleted or rejected, itself or with its thread."""
        item = self._world.find(comment_id)
        if item is None or item.kind is not Kind.COMMENT or not self._is_ours(item) or self._is_rejected(item):
            return None
        if not is_top_level(item) and self.find(item.parent_id or "") is None:
            return None
        return item

    def find_video(self, video_id: str) -> WorldItem | None:
        """Return the video with that id."""
        item = self._world.find(video_id)
        return item if item is not None and item.kind is Kind.POST and self._is_ours(item) else None

    def _is_ours(self, item: WorldItem) -> bool:
        return self._world.account(item.account).platform == PLATFORM

    def _is_rejected(self, item: WorldItem) -> bool:
        return status_of(item, self._world.now()) is Moderation.REJECTED

    def videos(self, account: WorldAccount) -> list[WorldItem]:
        """Return a channel's videos, newest first."""
        return self._world.visible(account.key, Kind.POST)[::-1]

    def tops(self, account: WorldAccount) -> list[WorldItem]:
        """Return a channel's top-level comments whose video is still there, newest first."""
        there = {item.id for item in self._world.visible(account.key, Kind.POST)}
        comments = self._world.visible(account.key, Kind.COMMENT)
        return [c for c in comments[::-1] if is_top_level(c) and (c.root_id is None or c.root_id in there)]

    def replies(self, top: WorldItem) -> list[WorldItem]:
        """Return a thread's replies in whatever state, newest first: the order is documented nowhere."""
        return [item for item in self._world.under(top)[::-1] if item.kind is Kind.COMMENT]

    def replies_in(self, top: WorldItem, *statuses: Moderation) -> list[WorldItem]:
        """Return a thread's replies in one of these states."""
        now = self._world.now()
        return [item for item in self.replies(top) if status_of(item, now) in statuses]
