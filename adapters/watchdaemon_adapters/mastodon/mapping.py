"""A status of Mastodon's to our item. Pure: no call, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters.mastodon.client import as_id
from watchdaemon_adapters.mastodon.plain import plain_text, storable
from watchdaemon_adapters.mastodon.problems import PLATFORM
from watchdaemon_adapters.mastodon.tree import Place

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")

# Whom a status is shown to. Anything else (followers only, the people named, what a later version may add) is private:
# it must never be shown like a public comment.
_PUBLIC = frozenset({"public", "unlisted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Whose eyes a status is read with."""

    account: str
    own_ids: frozenset[str]


def map_status(raw: object, place: Place, view: View, *, quotes_us: bool = False) -> Item:
    """Return the item a status is.

    Args:
        raw: The status as the instance wrote it.
        place: Where in its conversation it stands.
        view: Whose account.
        quotes_us: It is known to quote an own status (the status itself shows that only once the quote is accepted).

    Raises:
        MalformedItemError: It has no id, author, text or usable time.
    """
    if not isinstance(raw, dict):
        raise _malformed("a status is not an object", view)
    status_id, published_at = as_id(raw.get("id")), parse_time(raw.get("created_at"))
    author = raw.get("account")
    author_id = as_id(author.get("id")) if isinstance(author, dict) else None
    if status_id is None or published_at is None:
        raise _malformed("a status has no id or no usable time", view)
    if not isinstance(author, dict) or author_id is None:
        raise _malformed("a status has no author", view)
    edited_at = parse_time(raw.get("edited_at"))
    if edited_at is None and raw.get("edited_at") is not None:
        raise _malformed("a status was edited at no usable time", view)
    acct = _words(author.get("acct"))
    is_direct = raw.get("visibility") == "direct"
    parent_id = as_id(raw.get("in_reply_to_id"))
    return Item(
        account=view.account,
        platform=PLATFORM,
        external_id=status_id,
        thread_id=place.thread_id,
        kind=ItemKind.MESSAGE if is_direct else _kind(raw, author_id, place, view, quotes_us=quotes_us),
        published_at=published_at,
        parent_id=parent_id if parent_id != status_id else None,
        root_id=place.root_id,
        author=_words(author.get("display_name")) or (f"@{acct}" if acct else None),
        author_id=author_id,
        by_account=author_id in view.own_ids,
        text=_text(raw, view),
        url=_address(raw.get("url")) or _address(raw.get("uri")),
        edited_at=edited_at,
        visibility=Visibility.PUBLIC if _words(raw.get("visibility")) in _PUBLIC else Visibility.PRIVATE,
        extra={"acct": acct} if acct else {},
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


def is_boost(raw: object) -> bool:
    """Tell whether a status only passes another one on: it says nothing of its own."""
    return isinstance(raw, dict) and isinstance(raw.get("reblog"), dict)


def is_readable(raw: Mapping[str, object]) -> bool:
    """Tell whether a status has what an item cannot do without."""
    return isinstance(raw.get("content"), str) and parse_time(raw.get("created_at")) is not None


def _kind(raw: Mapping[str, object], author_id: str, place: Place, view: View, *, quotes_us: bool) -> ItemKind:
    is_own = author_id in view.own_ids
    answered = as_id(raw.get("in_reply_to_account_id"))
    # Where the parent is deleted only the account that was answered is left: an answer all the same, not a post.
    is_reply = as_id(raw.get("in_reply_to_id")) is not None or answered is not None
    if is_own:
        return ItemKind.COMMENT if is_reply else ItemKind.POST
    if place.root_id is not None or place.is_below_own or answered in view.own_ids:
        return ItemKind.COMMENT
    return ItemKind.QUOTE if quotes_us or _quotes(raw, view) else ItemKind.MENTION


def _quotes(raw: Mapping[str, object], view: View) -> bool:
    found = raw.get("quote")
    quoted = found.get("quoted_status") if isinstance(found, dict) else None
    author = quoted.get("account") if isinstance(quoted, dict) else None
    return isinstance(author, dict) and as_id(author.get("id")) in view.own_ids


def _text(raw: Mapping[str, object], view: View) -> str:
    """Return the content warning, if there is one, and the text: the author wrote both."""
    content, warning = raw.get("content"), raw.get("spoiler_text", "")
    if not isinstance(content, str) or not isinstance(warning, str):
        raise _malformed("a status has no text", view)
    text = plain_text(content, without_quote_link=isinstance(raw.get("quote"), dict))
    return "\n\n".join(part for part in (storable(warning).strip(), text) if part)


def _words(value: object) -> str:
    return storable(value).strip() if isinstance(value, str) else ""


def _address(value: object) -> str | None:
    return value if isinstance(value, str) and _ADDRESS.fullmatch(value) and storable(value) == value else None


def _malformed(message: str, view: View) -> MalformedItemError:
    return MalformedItemError(message, platform=PLATFORM, account=view.account)
