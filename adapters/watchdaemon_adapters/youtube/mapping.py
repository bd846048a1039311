"""YouTube's JSON to our items. Pure: no call, no clock."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError

PLATFORM = "youtube"

_ID = re.compile(r"[A-Za-z0-9_.=-]{1,200}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates: no database and no mail takes them

_VISIBILITY = {
    "published": Visibility.PUBLIC,
    "heldForReview": Visibility.HELD,
    "likelySpam": Visibility.HELD,
    "rejected": Visibility.HIDDEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Whose eyes a listing is read with."""

    account: str
    channel_id: str
    own_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """One row of a thread listing, taken apart as far as it can be read."""

    thread_id: str
    video_id: str | None  # None: a comment on the channel itself
    published_at: datetime | None
    top: object
    replies: tuple[object, ...]  # those that came with it: a part, or none, of all there are
    has_more_replies: bool
    state: str | None  # changes when its replies do, as far as the listing shows; None: that cannot be told


def read_thread(raw: object, view: View) -> ThreadRow:
    """Take a row of ``commentThreads`` apart.

    Raises:
        MalformedItemError: There is no comment in it, or it has no id.
    """
    snippet = _object(raw, "snippet")
    top = _object(snippet, "topLevelComment")
    thread_id = comment_id(top) or comment_id(raw)
    if snippet is None or top is None or thread_id is None:
        raise _malformed("a thread holds no readable comment", view)
    inner = _object(top, "snippet") or {}
    embedded = (_object(raw, "replies") or {}).get("comments")
    replies = tuple(embedded) if isinstance(embedded, list) else ()
    total = snippet.get("totalReplyCount")
    return ThreadRow(
        thread_id=thread_id,
        video_id=_id(snippet.get("videoId")) or _id(inner.get("videoId")),
        published_at=parse_time(inner.get("publishedAt")),
        top=top,
        replies=replies,
        # a count that cannot be read is no reason to believe there is nothing more
        has_more_replies=not isinstance(total, int) or total > len(replies),
        state=_state(total, replies),
    )


def _state(total: object, replies: tuple[object, ...]) -> str | None:
    """Return a short text of how many replies there are, and of those that are shown."""
    if not isinstance(total, int) or isinstance(total, bool):
        return None
    shown = sorted((comment_id(r) or "", str((_object(r, "snippet") or {}).get("updatedAt"))) for r in replies)
    return f"{total}-{zlib.crc32(repr(shown).encode()):08x}"


def map_comment(
    raw: object, view: View, *, default: Visibility, thread_id: str | None = None, video_id: str | None = None
) -> Item:
    """Return the item a comment or reply is.

    Args:
        raw: A ``youtube#comment``.
        view: Whose it is.
        default: Its visibility when it does not say so itself.
        thread_id: The top-level comment's id, where the listing tells; a reply's own id and parent tell it too.
        video_id: The thread's video: replies read by their parent do not name it.

    Raises:
        MalformedItemError: It has no id or no usable time.
    """
    external_id = comment_id(raw)
    snippet = _object(raw, "snippet")
    published_at = parse_time(snippet.get("publishedAt")) if snippet else None
    if external_id is None or snippet is None or published_at is None:
        raise _malformed("a comment has no id or no usable time", view)
    parent_id = _id(snippet.get("parentId"))
    is_reply = parent_id is not None or "." in external_id
    top_id = thread_id or (parent_id or external_id).partition(".")[0] or external_id
    video_id = _id(snippet.get("videoId")) or video_id
    author_id = _id((_object(snippet, "authorChannelId") or {}).get("value"))
    updated_at = parse_time(snippet.get("updatedAt"))
    status = snippet.get("moderationStatus")
    return Item(
        account=view.account,
        platform=PLATFORM,
        external_id=external_id,
        thread_id=top_id,
        kind=ItemKind.COMMENT,
        published_at=published_at,
        parent_id=(parent_id or top_id) if is_reply else None,
        root_id=video_id,
        author=_text(snippet.get("authorDisplayName")) or None,
        author_id=author_id,
        by_account=author_id in view.own_ids,
        text=_text(snippet.get("textDisplay")) or _text(snippet.get("textOriginal")),
        url=_comment_url(external_id, video_id, view),
        edited_at=updated_at if updated_at is not None and updated_at > published_at else None,
        visibility=_VISIBILITY.get(status, default) if isinstance(status, str) else default,
    )


def map_upload(raw: object, view: View) -> Item | None:
    """Return the own post a row of the uploads playlist is; None for a video that only its owner can see.

    Raises:
        MalformedItemError: It has no video id or no usable time.
    """
    snippet = _object(raw, "snippet") or {}
    if (_object(raw, "status") or {}).get("privacyStatus") == "private":
        return None
    video_id = upload_id(raw)
    published_at = upload_time(raw)
    if video_id is None or published_at is None:
        raise _malformed("an upload has no video id or no usable time", view)
    texts = (_text(snippet.get("title")), _text(snippet.get("description")))
    return Item(
        account=view.account,
        platform=PLATFORM,
        external_id=video_id,
        thread_id=video_id,
        kind=ItemKind.POST,
        published_at=published_at,
        author=_text(snippet.get("videoOwnerChannelTitle")) or _text(snippet.get("channelTitle")) or None,
        author_id=view.channel_id,
        by_account=True,
        text="\n\n".join(t for t in texts if t),
        url=f"https://www.youtube.com/watch?v={video_id}",
    )


def upload_id(raw: object) -> str | None:
    """Return the video a playlist row holds, or None."""
    details, snippet = _object(raw, "contentDetails") or {}, _object(raw, "snippet")
    return _id(details.get("videoId")) or _id((_object(snippet, "resourceId") or {}).get("videoId"))


def upload_time(raw: object) -> datetime | None:
    """Return when a playlist row's video was published; the row's own time is when it was put on the list."""
    details, snippet = _object(raw, "contentDetails") or {}, _object(raw, "snippet") or {}
    return parse_time(details.get("videoPublishedAt")) or parse_time(snippet.get("publishedAt"))


def comment_time(raw: object) -> datetime | None:
    """Return when a comment was written, or None."""
    return parse_time((_object(raw, "snippet") or {}).get("publishedAt"))


def has_status(raw: object) -> bool:
    """Tell whether a comment says its moderation status."""
    return (_object(raw, "snippet") or {}).get("moderationStatus") in _VISIBILITY


def is_published(raw: object) -> bool:
    """Tell whether a comment says that it is public."""
    return (_object(raw, "snippet") or {}).get("moderationStatus") == "published"


def comment_id(raw: object) -> str | None:
    """Return a row's own id, or None."""
    return _id(raw.get("id")) if isinstance(raw, dict) else None


def parse_time(value: object) -> datetime | None:
    """Read a time with a zone, with or without fractions; None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _comment_url(external_id: str, video_id: str | None, view: View) -> str:
    if video_id is None:
        return f"https://www.youtube.com/channel/{view.channel_id}"
    return f"https://www.youtube.com/watch?v={video_id}&lc={external_id}"


def _object(raw: object, key: str) -> Mapping[str, object] | None:
    inner = raw.get(key) if isinstance(raw, dict) else None
    return inner if isinstance(inner, dict) else None


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _text(value: object) -> str:
    return _UNSTORABLE.sub("�", value) if isinstance(value, str) else ""


def _malformed(message: str, view: View) -> MalformedItemError:
    return MalformedItemError(message, platform=PLATFORM, account=view.account)
