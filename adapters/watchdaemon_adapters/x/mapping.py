"""X's JSON to our items. Pure: no call, no clock.

Both spellings of the API are read (``referenced_tweets`` and ``referenced_posts``, and so on): the service is moving
from one to the other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError

PLATFORM = "x"

_ID = re.compile(r"[0-9]{1,19}")
_ID_BITS = 64
_DM_CONVERSATION = re.compile(r"[0-9]{1,19}(-[0-9]{1,19})?")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates: no database and no mail takes them
_SNOWFLAKE_EPOCH = datetime.fromtimestamp(1_288_834_974.657, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Whose eyes a listing is read with."""

    account: str
    own_ids: frozenset[str]
    roots: frozenset[str] = frozenset()  # own posts that are known


@dataclass(frozen=True, slots=True)
class Author:
    """How a user is shown."""

    name: str | None
    username: str | None

    @property
    def shown(self) -> str | None:
        """The name; the handle when there is none."""
        return self.name or (f"@{self.username}" if self.username else None)


NOBODY = Author(None, None)


def authors_in(body: Mapping[str, object]) -> dict[str, Author]:
    """Return the users an answer includes, by id; anything malformed is left out."""
    includes = body.get("includes")
    users = includes.get("users") if isinstance(includes, dict) else None
    found = {}
    for user in users if isinstance(users, list) else []:
        author = read_author(user)
        if author is not None:
            found[author[0]] = author[1]
    return found


def read_author(user: object) -> tuple[str, Author] | None:
    """Return a user's id and names, or None when it has no id."""
    user_id = _id(user.get("id")) if isinstance(user, dict) else None
    if user_id is None or not isinstance(user, dict):
        return None
    return user_id, Author(_text(user.get("name")) or None, _handle(user.get("username")))


def author_id(raw: object) -> str | None:
    """Return who wrote a post or sent a message, by id."""
    return (_id(raw.get("author_id")) or _id(raw.get("sender_id"))) if isinstance(raw, dict) else None


def item_id(raw: object) -> int | None:
    """Return a row's own id as a number (ids order by time as numbers, not as text), or None."""
    text = _id(raw.get("id")) if isinstance(raw, dict) else None
    return int(text) if text else None


def latest_version(raw: object) -> str | None:
    """Return the id of the newest version in a post's edit history, or None."""
    history = _history(raw) if isinstance(raw, dict) else []
    return history[-1] if history else None


def map_post(raw: object, authors: Mapping[str, Author], view: View) -> Item | None:
    """Return the item a post is; None for a repost, which says nothing of its own.

    Raises:
        MalformedItemError: It has no id or no usable time.
    """
    if not isinstance(raw, dict):
        raise _malformed("a post is not an object", view)
    post_id = _id(raw.get("id"))
    created_at = parse_time(raw.get("created_at"))
    if post_id is None or created_at is None:
        raise _malformed("a post has no id or no usable time", view)
    references = _references(raw)
    if "retweeted" in references:
        return None
    # every edit is a post with a new id: the first one stays the key, so that an edit changes the item
    first_id = (_history(raw) or [post_id])[0]
    published_at, edited_at = _times(post_id, first_id, created_at)
    written_by = _id(raw.get("author_id"))
    author = authors.get(written_by or "", NOBODY)
    conversation = _id(raw.get("conversation_id")) or first_id
    parent_id = references.get("replied_to")
    by_account = written_by in view.own_ids
    kind, root_id = _place(raw, first_id, conversation, references, by_account=by_account, view=view)
    return Item(
        account=view.account,
        platform=PLATFORM,
        external_id=first_id,
        thread_id=first_id if kind is ItemKind.POST else conversation,
        kind=kind,
        published_at=published_at,
        parent_id=parent_id,
        root_id=root_id,
        author=author.shown,
        author_id=written_by,
        by_account=by_account,
        text=_full_text(raw),
        url=f"https://x.com/{author.username or 'i/web'}/status/{post_id}",
        edited_at=edited_at,
        visibility=Visibility.PUBLIC,
        extra={} if post_id == first_id else {"version_id": post_id},
    )


def map_message(raw: object, authors: Mapping[str, Author], view: View) -> Item | None:
    """Return the item a direct message event is; None for people joining and leaving.

    Raises:
        MalformedItemError: It has no id, no conversation or no usable time.
    """
    if not isinstance(raw, dict):
        raise _malformed("a message is not an object", view)
    kind = raw.get("event_type", "MessageCreate")
    if kind in ("ParticipantsJoin", "ParticipantsLeave"):
        return None
    if kind != "MessageCreate":  # what it is cannot be told: it may be a message
        raise _malformed("a message event has no usable type", view)
    event_id = _id(raw.get("id"))
    conversation = raw.get("dm_conversation_id")
    conversation = _id(conversation) or conversation  # a group's is a number
    created_at = parse_time(raw.get("created_at"))
    if event_id is None or created_at is None or not isinstance(conversation, str):
        raise _malformed("a message has no id, conversation or usable time", view)
    if not _DM_CONVERSATION.fullmatch(conversation):
        raise _malformed("a message's conversation has no usable id", view)
    sender_id = _id(raw.get("sender_id"))
    return Item(
        account=view.account,
        platform=PLATFORM,
        external_id=event_id,
        thread_id=conversation,
        kind=ItemKind.MESSAGE,
        published_at=created_at,
        author=authors.get(sender_id or "", NOBODY).shown,
        author_id=sender_id,
        by_account=sender_id in view.own_ids,
        text=_text(raw.get("text")),
        url=f"https://x.com/messages/{conversation}",
        visibility=Visibility.PRIVATE,
    )


def parse_time(value: object) -> datetime | None:
    """Read a time with a zone, with or without fractions; None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _place(
    raw: Mapping[str, object],
    first_id: str,
    conversation: str,
    references: Mapping[str, str],
    *,
    by_account: bool,
    view: View,
) -> tuple[ItemKind, str | None]:
    """Say what kind a post is, and under which own post it stands."""
    parent_id = references.get("replied_to")
    if by_account and parent_id is None:
        return ItemKind.POST, None
    answers_us = _id(raw.get("in_reply_to_user_id")) in view.own_ids
    is_under_own = conversation != first_id and (
        conversation in view.roots or (answers_us and parent_id == conversation)
    )
    root_id = conversation if is_under_own else None
    if by_account or is_under_own or (answers_us and parent_id is not None):
        return ItemKind.COMMENT, root_id
    if references.get("quoted") in view.roots:
        return ItemKind.QUOTE, None
    return ItemKind.MENTION, None


def _references(raw: Mapping[str, object]) -> dict[str, str]:
    """Return the ids a post refers to, by type (replied_to, quoted, retweeted)."""
    rows = raw.get("referenced_tweets", raw.get("referenced_posts"))
    found = {}
    for row in rows if isinstance(rows, list) else []:
        kind, target = (row.get("type"), _id(row.get("id"))) if isinstance(row, dict) else (None, None)
        if isinstance(kind, str) and target is not None:
            found[kind] = target
    return found


def _history(raw: Mapping[str, object]) -> list[str]:
    rows = raw.get("edit_history_tweet_ids", raw.get("edit_history_post_ids"))
    return [i for i in map(_id, rows) if i is not None] if isinstance(rows, list) else []


def _times(post_id: str, first_id: str, created_at: datetime) -> tuple[datetime, datetime | None]:
    """Return when the first version was published, and when this one was made if it is another.

    ``created_at`` is this version's. An id holds its own time; it is believed for the first version only when this
    version's id agrees with its ``created_at``, so that an edit does not give a question a later due time.
    """
    if post_id == first_id:
        return created_at, None
    first_at = _time_in(first_id)
    if abs(_time_in(post_id) - created_at) <= timedelta(seconds=2) and first_at <= created_at:
        return first_at, created_at
    return created_at, created_at


def _time_in(post_id: str) -> datetime:
    return _SNOWFLAKE_EPOCH + timedelta(milliseconds=int(post_id) >> 22)


def _full_text(raw: Mapping[str, object]) -> str:
    """Return the whole text: above 280 characters ``text`` is cut, and the note holds all of it."""
    note = raw.get("note_tweet", raw.get("note_post"))
    whole = note.get("text") if isinstance(note, dict) else None
    return _text(whole) if isinstance(whole, str) else _text(raw.get("text"))


def _id(value: object) -> str | None:
    """Return an id as the text it should be; a number is one, too."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if value.bit_length() <= _ID_BITS else None
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def is_handle(value: str) -> bool:
    """Tell whether a text can be a username."""
    return re.fullmatch(r"[A-Za-z0-9_]{1,50}", value) is not None


def _handle(value: object) -> str | None:
    return value if isinstance(value, str) and is_handle(value) else None


def _text(value: object) -> str:
    return _UNSTORABLE.sub("�", value) if isinstance(value, str) else ""


def _malformed(message: str, view: View) -> MalformedItemError:
    return MalformedItemError(message, platform=PLATFORM, account=view.account)
