"""Threads' JSON as our items. Pure: whatever the JSON holds, an `Item` comes out or `MalformedItemError`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon_adapters._graph.mapping import checked, folded
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

POST_FIELDS = "id,text,username,timestamp,permalink,has_replies"
REPLY_FIELDS = (
    "id,text,username,timestamp,permalink,has_replies,root_post,replied_to,is_reply,is_reply_owned_by_me,hide_status"
)
# Reply Management reference, read 2026-11: replies that wait have no address yet, and are never one's own.
PENDING_FIELDS = "id,text,username,timestamp,root_post,replied_to,is_reply,hide_status,reply_approval_status"
MENTION_FIELDS = "id,text,username,timestamp,permalink"

# What our own people decided. COVERED is Threads' filter's doing: it can be read with one touch, and waits for an
# answer like any other; what we do not know is shown rather than dropped.
_HIDDEN = frozenset({"HIDDEN", "BLOCKED", "RESTRICTED"})
_IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the account is on Threads: ids of authors are not given, names are."""

    account: Account
    username: str | None = None

    def wrote(self, media: Row) -> bool:
        """Tell whether a reply is the account's own: as Threads says, or by its name where Threads does not say."""
        says = media.get("is_reply_owned_by_me")
        if says is True:
            return True
        name = optional_text(media, "username")
        if name is not None and name in self.account.own_ids:
            return True  # registered as a further voice of the account
        return says is not False and self.has_name(name)

    def has_name(self, name: str | None) -> bool:
        """Tell whether that is the account's present name."""
        return bool(self.username and name) and folded(str(name)) == folded(str(self.username))


@checked
def map_post(row: object, account: Account) -> Item:
    """Map a post of the account's own list."""
    media = row_of(row)
    external_id = id_of(media)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=ItemKind.POST,
        published_at=moment_of(media, "timestamp"),
        author=optional_text(media, "username") or account.name,
        author_id=account.native_id,
        by_account=True,
        text=text_of(media, "text"),
        url=optional_link(media, "permalink"),
    )


@checked
def map_reply(row: object, account: Account, identity: Identity, post: Item, tops: Mapping[str, str]) -> Item:
    """Map a reply below `post`; `tops` (see `top_levels`) gives the thread it belongs to."""
    media = row_of(row)
    external_id = id_of(media)
    parent_id = optional_id(child_of(media, "replied_to"))
    is_own = identity.wrote(media)
    username = optional_text(media, "username")
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=tops.get(external_id, external_id),
        kind=ItemKind.COMMENT,
        published_at=moment_of(media, "timestamp"),
        parent_id=None if parent_id in (post.external_id, external_id) else parent_id,
        root_id=post.external_id,
        author=username,
        author_id=account.native_id if is_own else username,  # names are the only ids that Threads gives of others
        by_account=is_own,
        text=text_of(media, "text"),
        url=optional_link(media, "permalink") or post.url,
        visibility=visibility_of(media),
    )


@checked
def map_mention(row: object, account: Account, identity: Identity) -> Item:
    """Map somebody's post that names the account."""
    media = row_of(row)
    external_id = id_of(media)
    username = optional_text(media, "username")
    is_own = identity.has_name(username)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=ItemKind.MENTION,
        published_at=moment_of(media, "timestamp"),
        author=username,
        author_id=account.native_id if is_own else username,
        by_account=is_own,
        text=text_of(media, "text"),
        url=optional_link(media, "permalink"),
    )


@checked
def map_own_answer(row: object, account: Account, mention_id: str) -> Item:
    """Map the account's own reply below a mention."""
    media = row_of(row)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=id_of(media),
        thread_id=mention_id,
        kind=ItemKind.COMMENT,
        published_at=moment_of(media, "timestamp"),
        parent_id=optional_id(child_of(media, "replied_to")) or mention_id,
        author=optional_text(media, "username") or account.name,
        author_id=account.native_id,
        by_account=True,
        text=text_of(media, "text"),
        url=optional_link(media, "permalink"),
        visibility=visibility_of(media),
    )


def top_levels(rows: Iterable[object], post_id: str, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return, for each reply below a post, the id of the top-level reply it stands under (its own for one of those).

    Where the way up ends at a reply that is not shown (deleted, by a private profile), that one's id is the thread:
    what stands under it stays together. `known` is what was returned of the pages before.
    """
    parents: dict[str, str | None] = {}
    for row in rows:
        if isinstance(row, dict) and (key := optional_id(row)) is not None:
            parents[key] = optional_id(child_of(row, "replied_to"))
    tops = dict(known or {})
    for key in parents:
        way: dict[str, None] = {}  # in order, and quick to look into: a conversation may be one long chain
        at: str | None = key
        while at is not None and at != post_id and at not in way and at not in tops:
            way[at] = None
            at = parents.get(at)
        top = tops.get(at) if at is not None else None
        for step in way:
            tops[step] = top or next(reversed(way))
    return tops


def visibility_of(media: Row) -> Visibility:
    """Return who can see a reply."""
    approval = media.get("reply_approval_status")
    if isinstance(approval, str) and approval:
        status = approval.casefold()
        if status == _IGNORED:
            return Visibility.HIDDEN
        if status != "approved":
            return Visibility.HELD
    hidden = media.get("hide_status")
    return Visibility.HIDDEN if isinstance(hidden, str) and hidden.upper() in _HIDDEN else Visibility.PUBLIC


def fields_of(kind: ItemKind) -> str | None:
    """Return the fields to ask for when one item is read by its id; None for others' posts: they cannot be."""
    return {ItemKind.POST: POST_FIELDS, ItemKind.COMMENT: REPLY_FIELDS}.get(kind)


def reread(row: Row, account: Account, known: Item, identity: Identity) -> Item:
    """Map an item that was asked for again by its id; where it belongs is known. Raises MalformedItemError."""
    is_post = known.kind is ItemKind.POST
    fresh = map_post(row, account) if is_post else map_reply(row, account, identity, known, {})
    return replace(
        known,
        text=fresh.text,
        author=fresh.author or known.author,
        author_id=fresh.author_id or known.author_id,
        by_account=known.by_account or fresh.by_account,
        url=known.url or fresh.url,
        visibility=fresh.visibility,
    )
