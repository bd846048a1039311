"""Bluesky's JSON to our items. Pure: no call, no clock."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters.bluesky.problems import PLATFORM

POST_TYPE = "app.bsky.feed.post"
BLOCKED_TYPE = "app.bsky.feed.defs#blockedPost"
NOT_FOUND_TYPE = "app.bsky.feed.defs#notFoundPost"

# how much older than its arrival a post's own time may be: Bluesky's own app marks older ones as archived
BELIEVED_AGE = timedelta(days=1)

DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}")
_POST_URI = re.compile(rf"at://({DID.pattern})/{re.escape(POST_TYPE)}/([A-Za-z0-9._:~-]{{1,512}})")
_HANDLE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates: no database and no mail takes them

# what the service's moderators put on a post that nobody is shown
_HIDING_LABELS = frozenset({"!hide", "!takedown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Whose eyes a listing is read with."""

    account: str
    own_ids: frozenset[str]
    hidden: frozenset[str] = frozenset()  # replies that the account's thread gates hide

    def is_own(self, uri: str | None) -> bool:
        """Tell whether a post's address is one of the account's own."""
        return author_in(uri) in self.own_ids


def map_post(raw: object, view: View) -> Item:
    """Return the item that a post view, or a notification of a post, is.

    Kinds follow from the record alone, so that every listing gives the same one: an own post; a comment (an own
    reply, a reply under an own post or to one); a quote of an own post; a mention. What is none of these was found
    below an own reply in somebody else's thread: a comment too.

    ``published_at`` is when the author says to have written it (``createdAt``), as long as that can be true: an app
    with a wrong clock or an import of old posts would give a question a due time long past or never reached. Not
    after the service saw it (``indexedAt``), and not more than `BELIEVED_AGE` before; else it is ``indexedAt``.

    Raises:
        MalformedItemError: It has no usable address, time, text or place in its thread.
    """
    if not isinstance(raw, dict):
        raise _malformed("a post is not an object", view)
    uri = post_uri(raw)
    record = raw.get("record")
    if uri is None or not isinstance(record, dict) or record.get("$type", POST_TYPE) != POST_TYPE:
        raise _malformed("a post has no address or no record", view)
    published_at = _published_at(record.get("createdAt"), raw.get("indexedAt"))
    text = record.get("text")
    if published_at is None or not isinstance(text, str):
        raise _malformed("a post has no usable time or no text", view)
    root, parent = _place(record, view)
    author_id = author_in(uri)
    by_account = author_id in view.own_ids
    kind = _kind(record, root, parent, by_account=by_account, view=view)
    return Item(
        account=view.account,
        platform=PLATFORM,
        external_id=uri,
        thread_id=uri if kind is ItemKind.POST else root or uri,
        kind=kind,
        published_at=published_at,
        parent_id=parent,
        root_id=root if kind is ItemKind.COMMENT and view.is_own(root) else None,
        author=_shown(raw.get("author")),
        author_id=author_id,
        by_account=by_account,
        text=_UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text),
        url=link_to(uri),
        visibility=Visibility.HIDDEN if uri in view.hidden or _is_taken_down(raw, author_id) else Visibility.PUBLIC,
        extra=_extra(raw),
    )


def post_uri(raw: object) -> str | None:
    """Return a post's address, or None when it is none."""
    return _uri(raw.get("uri")) if isinstance(raw, dict) else None


def author_in(uri: str | None) -> str | None:
    """Return whose post an address is."""
    found = _POST_URI.fullmatch(uri or "")
    return found[1] if found else None


def link_to(uri: str) -> str | None:
    """Return where a person reads a post. By DID: a link with a handle would break when that changes."""
    found = _POST_URI.fullmatch(uri)
    return f"https://bsky.app/profile/{found[1]}/post/{found[2]}" if found else None


def handle_in(raw: object) -> str | None:
    """Return somebody's handle; None when there is none, or when the service found it untrue."""
    handle = raw.get("handle") if isinstance(raw, dict) else None
    is_one = isinstance(handle, str) and _HANDLE.fullmatch(handle) and handle != "handle.invalid"
    return handle if is_one else None


def published_time(raw: object) -> datetime | None:
    """Return when a post was published, or None when it does not say so in a usable way."""
    record = raw.get("record") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(record, dict):
        return None
    return _published_at(record.get("createdAt"), raw.get("indexedAt"))


def listed_time(raw: object) -> datetime | None:
    """Return the time by which lists are ordered: the earlier of the two, however absurd."""
    record = raw.get("record") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(record, dict):
        return None
    times = [parse_time(record.get("createdAt")), parse_time(raw.get("indexedAt"))]
    return min((t for t in times if t is not None), default=None)


def parse_time(value: object) -> datetime | None:
    """Read a time with a zone, with or without fractions; None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def count_in(raw: object, name: str) -> int | None:
    """Return one of a post's counts (``replyCount``, ``quoteCount``); None when it has none to rely on."""
    value = raw.get(name) if isinstance(raw, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def hidden_in(raw: object) -> Iterator[str]:
    """Give the replies that a thread gate hides; `raw` is a post view or a thread's answer that may hold the gate."""
    gate = raw.get("threadgate") if isinstance(raw, dict) else None
    record = gate.get("record") if isinstance(gate, dict) else None
    rows = record.get("hiddenReplies") if isinstance(record, dict) else None
    for row in rows if isinstance(rows, list) else []:
        uri = _uri(row)
        if uri is not None:
            yield uri


def is_muted_or_detached(raw: object) -> bool:
    """Tell whether a post has a good reason to be missing from a list although it is there."""
    author = raw.get("author") if isinstance(raw, dict) else None
    viewer = author.get("viewer") if isinstance(author, dict) else None
    embed = raw.get("embed") if isinstance(raw, dict) else None
    record = embed.get("record") if isinstance(embed, dict) else None
    inner = record.get("record", record) if isinstance(record, dict) else None
    is_muted = isinstance(viewer, dict) and any(
        viewer.get(name) for name in ("muted", "mutedByList", "blocking", "blockedBy", "mutedOnlyQuoteposts")
    )
    return is_muted or (isinstance(inner, dict) and inner.get("detached") is True)


def is_blocked(node: object) -> bool:
    """Tell whether a thread's node stands for a post that a block keeps from us."""
    return isinstance(node, dict) and (node.get("blocked") is True or node.get("$type") == BLOCKED_TYPE)


def is_not_found(node: object) -> bool:
    """Tell whether a thread's node stands for a post that is gone."""
    return isinstance(node, dict) and (node.get("notFound") is True or node.get("$type") == NOT_FOUND_TYPE)


def _place(record: Mapping[str, object], view: View) -> tuple[str | None, str | None]:
    """Return root and parent of a reply; two Nones for a post that is none."""
    reply = record.get("reply")
    if reply is None:
        return None, None
    root, parent = (_reference(reply.get(name)) if isinstance(reply, dict) else None for name in ("root", "parent"))
    if root is None or parent is None:
        raise _malformed("a reply does not say what it answers", view)
    return root, parent


def _kind(
    record: Mapping[str, object], root: str | None, parent: str | None, *, by_account: bool, view: View
) -> ItemKind:
    if by_account:
        return ItemKind.POST if parent is None else ItemKind.COMMENT
    if view.is_own(root) or view.is_own(parent):
        return ItemKind.COMMENT
    if view.is_own(_quoted(record)):
        return ItemKind.QUOTE
    if parent is None or view.own_ids.intersection(_mentioned(record)):
        return ItemKind.MENTION
    return ItemKind.COMMENT


def _quoted(record: Mapping[str, object]) -> str | None:
    """Return the address of what a post quotes, alone or beside pictures."""
    embed = record.get("embed")
    inner = embed.get("record") if isinstance(embed, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("record"), dict):
        inner = inner["record"]
    return _reference(inner)


def _mentioned(record: Mapping[str, object]) -> Iterator[str]:
    facets = record.get("facets")
    for facet in facets if isinstance(facets, list) else []:
        features = facet.get("features") if isinstance(facet, dict) else None
        for feature in features if isinstance(features, list) else []:
            did = feature.get("did") if isinstance(feature, dict) else None
            if isinstance(did, str):
                yield did


def _published_at(created: object, indexed: object) -> datetime | None:
    created_at, indexed_at = parse_time(created), parse_time(indexed)
    if created_at is None or indexed_at is None:
        return indexed_at or created_at
    return created_at if indexed_at - BELIEVED_AGE <= created_at <= indexed_at else indexed_at


def _shown(author: object) -> str | None:
    name = author.get("displayName") if isinstance(author, dict) else None
    if isinstance(name, str) and name.strip():
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", name).strip()
    handle = handle_in(author)
    return f"@{handle}" if handle else None


def _is_taken_down(raw: Mapping[str, object], author_id: str | None) -> bool:
    labels = raw.get("labels")
    return any(
        isinstance(label, dict)
        and label.get("val") in _HIDING_LABELS
        and label.get("neg") is not True
        and label.get("src") != author_id
        for label in (labels if isinstance(labels, list) else [])
    )


def _extra(raw: Mapping[str, object]) -> dict[str, str]:
    """Keep the version's own id: an answer, a report and a comparison need it."""
    cid = raw.get("cid")
    return {"cid": cid} if isinstance(cid, str) and re.fullmatch(r"[A-Za-z0-9+=/]{1,200}", cid) else {}


def _reference(value: object) -> str | None:
    return _uri(value.get("uri")) if isinstance(value, dict) else None


def _uri(value: object) -> str | None:
    return value if isinstance(value, str) and _POST_URI.fullmatch(value) else None


def _malformed(message: str, view: View) -> MalformedItemError:
    return MalformedItemError(message, platform=PLATFORM, account=view.account)
