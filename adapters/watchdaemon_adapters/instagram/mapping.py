"""Instagram's JSON as our items. Pure: whatever the JSON holds, an `Item` comes out or `MalformedItemError`."""

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

_AUTHOR_FIELDS = "username,from{id,username},user{id}"
REPLY_FIELDS = f"id,text,timestamp,{_AUTHOR_FIELDS},parent_id,hidden"
COMMENT_FIELDS = f"id,text,timestamp,{_AUTHOR_FIELDS},hidden"
MEDIA_FIELDS = "id,timestamp,caption,permalink,username"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the account is on Instagram: ids are not always given, and then its name must do."""

    account: Account
    username: str | None = None

    def wrote(self, comment: Row) -> bool:
        """Tell whether a comment is the account's own (`from`, the owner's `user`, or the name)."""
        author = child_of(comment, "from")
        ids = {optional_id(author), optional_id(author, "self_ig_scoped_id"), optional_id(child_of(comment, "user"))}
        if ids & self.account.own_author_ids:
            return True
        name = optional_text(comment, "username") or optional_text(author, "username")
        return bool(self.username and name) and folded(str(name)) == folded(str(self.username))


@checked
def map_media(row: object, account: Account) -> Item:
    """Map a media of the account's own list."""
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
        text=text_of(media, "caption"),
        url=optional_link(media, "permalink"),
    )


@checked
def map_comment(row: object, account: Account, identity: Identity, media: Item, parent_id: str | None = None) -> Item:
    """Map a comment under `media`, or a reply when `parent_id` (of the top-level comment) is given."""
    comment = row_of(row)
    author = child_of(comment, "from")
    external_id = id_of(comment)
    parent_id = parent_id or optional_id(comment, "parent_id")
    is_own = identity.wrote(comment)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=parent_id or external_id,
        kind=ItemKind.COMMENT,
        published_at=moment_of(comment, "timestamp"),
        parent_id=parent_id,
        root_id=media.external_id,
        author=optional_text(comment, "username") or optional_text(author, "username"),
        author_id=optional_id(author) or (account.native_id if is_own else None),
        by_account=is_own,
        text=text_of(comment, "text"),
        url=media.url,
        visibility=_visibility(comment),
    )


@checked
def map_tag(row: object, account: Account, identity: Identity) -> Item:
    """Map somebody's media that tags the account."""
    media = row_of(row)
    external_id = id_of(media)
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=ItemKind.MENTION,
        published_at=moment_of(media, "timestamp"),
        author=optional_text(media, "username"),
        by_account=identity.wrote(media),
        text=text_of(media, "caption"),
        url=optional_link(media, "permalink"),
    )


def fields_of(item: Item) -> str | None:
    """Return the fields to ask for when one item is read by its id.

    Only what the account owns can be: others' media cannot be read by id, and of messages only the newest twenty of a
    conversation (an older one is called deleted, which it need not be).
    """
    return {ItemKind.POST: MEDIA_FIELDS, ItemKind.COMMENT: REPLY_FIELDS}.get(item.kind)


def reread(row: Row, account: Account, known: Item, identity: Identity) -> Item:
    """Map an item that was asked for again by its id; where it belongs is known. Raises MalformedItemError."""
    is_media = known.kind is ItemKind.POST
    fresh = map_media(row, account) if is_media else map_comment(row, account, identity, known)
    return replace(
        known,
        text=fresh.text,
        author=fresh.author or known.author,
        author_id=fresh.author_id or known.author_id,
        by_account=known.by_account or fresh.by_account,
        url=known.url or fresh.url,
        visibility=fresh.visibility,
    )


def _visibility(row: Row) -> Visibility:
    return Visibility.HIDDEN if row.get("hidden") is True else Visibility.PUBLIC
