"""Facebook's JSON as our items. Pure: whatever the JSON holds, an `Item` comes out or `MalformedItemError`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon_adapters._graph.mapping import MESSAGE_FIELDS, checked, map_message, site_link
from watchdaemon_adapters._graph.values import (
    Row,
    child_of,
    id_of,
    moment_of,
    optional_id,
    optional_link,
    optional_text,
    row_of,
    text_of,
)
from watchdaemon_adapters.facebook.spelling import tail_of

COMMENT_FIELDS = "id,created_time,message,from{id,name},parent{id},is_hidden,is_private,permalink_url"
POST_FIELDS = "id,created_time,updated_time,message,story,from{id,name},is_hidden,permalink_url"
VISITOR_POST_FIELDS = "id,created_time,updated_time,message,from{id,name},is_hidden,permalink_url"
REEL_FIELDS = "id,created_time,updated_time,title,description,permalink_url"
LIVE_FIELDS = "id,creation_time,title,description,permalink_url"
VIDEO = "video"
"""In an own item's `extra`: the edge it came by, since reels and live videos have other fields than posts."""
MENTION_FIELDS = "id,created_time,message,from{id,name},permalink_url"  # of people there is no `from`, of Pages maybe

_DEEPEST_REPLY = 10


@checked
def map_post(row: object, account: Account) -> Item:
    """Map a post the Page published itself. Without a `from` it is still the Page's: the list says so."""
    post = row_of(row)
    external_id = id_of(post)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=ItemKind.POST,
        published_at=moment_of(post, "created_time"),
        author=optional_text(child_of(post, "from"), "name") or account.name,
        author_id=optional_id(child_of(post, "from")) or account.native_id,
        by_account=True,
        text=text_of(post, "message") or text_of(post, "story"),
        url=optional_link(post, "permalink_url"),
        visibility=_visibility(post),
    )


@checked
def map_reel(row: object, account: Account) -> Item:
    """Map a reel."""
    return _own_video(row_of(row), account, "created_time", "reel")


@checked
def map_live(row: object, account: Account) -> Item:
    """Map a live video, running or over."""
    return _own_video(row_of(row), account, "creation_time", "live")


@checked
def map_comment(row: object, account: Account, under: Item) -> Item:
    """Map a comment or reply under an own post or a visitor's; `thread_id` is settled by `settle_threads`.

    Without a `from` the author is an unknown visitor, never the Page (the Page's own comments always carry it).
    """
    comment = row_of(row)
    external_id = id_of(comment)
    author = child_of(comment, "from")
    author_id = optional_id(author)
    parent_id = optional_id(child_of(comment, "parent"))
    is_own_post = under.kind is ItemKind.POST
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=(parent_id or external_id) if is_own_post else under.thread_id,
        kind=ItemKind.COMMENT,
        published_at=moment_of(comment, "created_time"),
        parent_id=parent_id if is_own_post else parent_id or under.external_id,
        root_id=under.external_id if is_own_post else under.root_id,
        author=optional_text(author, "name"),
        author_id=author_id,
        by_account=author_id in account.own_author_ids,
        text=text_of(comment, "message"),
        url=optional_link(comment, "permalink_url"),
        visibility=_visibility(comment),
    )


@checked
def map_visitor_post(row: object, account: Account) -> Item:
    """Map a post by somebody else on the Page; comments under it belong to its thread."""
    return _standing_alone(row_of(row), account, ItemKind.VISITOR_POST)


@checked
def map_mention(row: object, account: Account) -> Item:
    """Map a public post that tags the Page. The platform keeps its author to itself."""
    return _standing_alone(row_of(row), account, ItemKind.MENTION)


def reread(row: object, account: Account, known: Item) -> Item:
    """Map an item that was asked for again by its id; where it belongs is known. Raises MalformedItemError."""
    readers: Mapping[ItemKind, Callable[[], Item]] = {
        ItemKind.POST: lambda: _POST_MAPPERS[known.extra.get(VIDEO, "")](row, account),
        ItemKind.VISITOR_POST: lambda: map_visitor_post(row, account),
        ItemKind.MENTION: lambda: map_mention(row, account),
        ItemKind.MESSAGE: lambda: map_message(row, account, conversation_id=known.thread_id, url=known.url),
        ItemKind.COMMENT: lambda: map_comment(row, account, known),
    }
    fresh = readers[known.kind]()
    return replace(
        known,
        text=fresh.text,
        author=fresh.author or known.author,
        author_id=fresh.author_id or known.author_id,
        by_account=known.by_account or fresh.by_account,
        url=fresh.url or known.url,
        visibility=fresh.visibility,
    )


def fields_of(item: Item) -> str | None:
    """Return the fields to ask for when an item is read by its id; None for kinds Facebook does not have."""
    return {
        ItemKind.POST: {"": POST_FIELDS, "reel": REEL_FIELDS, "live": LIVE_FIELDS}.get(item.extra.get(VIDEO, "")),
        ItemKind.COMMENT: COMMENT_FIELDS,
        ItemKind.VISITOR_POST: VISITOR_POST_FIELDS,
        ItemKind.MENTION: MENTION_FIELDS,
        ItemKind.MESSAGE: MESSAGE_FIELDS,
    }.get(item.kind)


_POST_MAPPERS: Mapping[str, Callable[[object, Account], Item]] = {"": map_post, "reel": map_reel, "live": map_live}


def settle_threads(comments: Sequence[Item], spelled: Callable[[str], str] = str) -> list[Item]:
    """Give each reply under an own post the thread of its top-level comment.

    The Graph spells a comment's id with or without the post's part in front, and a parent may be a reply itself: both
    are followed here, among the comments of one post. A parent that is not among them is `spelled` as it was stored.
    """
    by_tail = {tail_of(c.external_id): c for c in comments}
    settled = []
    for comment in comments:
        if comment.parent_id is None:
            settled.append(comment)
            continue
        parent = by_tail.get(tail_of(comment.parent_id))
        parent_id = parent.external_id if parent else _spelled_like(comments, comment, spelled(comment.parent_id))
        thread_id = _top_of(replace(comment, parent_id=parent_id), by_tail)
        settled.append(replace(comment, parent_id=parent_id, thread_id=thread_id))
    return settled


def _spelled_like(comments: Sequence[Item], reply: Item, parent_id: str) -> str:
    """Spell the id of a parent that was not read this time as the post's other comments are spelled.

    It was stored by such a spelling when it was read, and its replies must all stand in one thread with it.
    """
    if "_" in parent_id:
        return parent_id
    parts = (c.external_id.rpartition("_")[0] for c in (reply, *comments))
    part = next((p for p in parts if p), "")
    return f"{part}_{parent_id}" if part else parent_id


def _own_video(video: Row, account: Account, time_key: str, what: str) -> Item:
    external_id = id_of(video)
    texts = dict.fromkeys(text for text in (text_of(video, "title"), text_of(video, "description")) if text)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=ItemKind.POST,
        published_at=moment_of(video, time_key),
        author=account.name,
        author_id=account.native_id,
        by_account=True,
        text="\n\n".join(texts),
        url=site_link(video, "permalink_url"),
        extra={VIDEO: what},
    )


def _standing_alone(post: Row, account: Account, kind: ItemKind) -> Item:
    external_id = id_of(post)
    author = child_of(post, "from")
    author_id = optional_id(author)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=kind,
        published_at=moment_of(post, "created_time"),
        author=optional_text(author, "name"),
        author_id=author_id,
        by_account=author_id in account.own_author_ids,
        text=text_of(post, "message"),
        url=optional_link(post, "permalink_url"),
        visibility=_visibility(post),
    )


def _visibility(row: Row) -> Visibility:
    if row.get("is_hidden") is True:
        return Visibility.HIDDEN
    return Visibility.PRIVATE if row.get("is_private") is True else Visibility.PUBLIC


def _top_of(comment: Item, by_tail: Mapping[str, Item]) -> str:
    parent_id = comment.parent_id
    for _ in range(_DEEPEST_REPLY):
        parent = by_tail.get(tail_of(parent_id or ""))
        if parent is None:
            return parent_id or comment.external_id
        if parent.parent_id is None:
            return parent.external_id
        parent_id = parent.parent_id
    return parent_id or comment.external_id
