"""The instance's view of the world: which status an item is, who may see it, and how it is written as JSON."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.mastodon.access import PLATFORM
from watchdaemon.sandbox.world import Kind, World, WorldAccount, WorldItem

Json: TypeAlias = dict[str, object]

HOST = "mastodon.exempelkommun.example"

_LINK = re.compile(r"https?://[^\s<]+[^\s<.,!?)]")
_NAME = re.compile(r"(?<![\w@/])@([A-Za-z0-9_]{1,30})")
_COUNTED = ("public", "unlisted")


def timestamp(instant: datetime) -> str:
    """Write an instant as Mastodon does, with milliseconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def content(text: str) -> str:
    """Write a text as Mastodon's HTML: paragraphs, line breaks, links with their ends out of sight, names."""
    paragraphs = [_marked_up(part).replace("\n", "<br />") for part in re.split(r"\n{2,}", text) if part]
    return "".join(f"<p>{part}</p>" for part in paragraphs)


def _marked_up(text: str) -> str:
    out, end = [], 0
    for found in re.finditer(f"{_LINK.pattern}|{_NAME.pattern}", text):
        out.append(html.escape(text[end : found.start()], quote=False))
        out.append(_name(found[1]) if found[1] else _link(found[0]))
        end = found.end()
    return "".join(out) + html.escape(text[end:], quote=False)


def _link(address: str) -> str:
    scheme, _, rest = address.partition("://")
    first = f"{scheme}://" + ("www." if rest.startswith("www.") else "")
    shown = address.removeprefix(first)
    is_long = len(shown) > 30
    return (
        f'<a href="{html.escape(address)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{html.escape(first)}</span>'
        f'<span class="{"ellipsis" if is_long else ""}">{html.escape(shown[:30])}</span>'
        f'<span class="invisible">{html.escape(shown[30:])}</span></a>'
    )


def _name(username: str) -> str:
    return (
        f'<span class="h-card" translate="no"><a href="https://{HOST}/@{username}" class="u-url mention">'
        f"@<span>{username}</span></a></span>"
    )


@dataclass(frozen=True, slots=True)
class Notification:
    """That somebody named or quoted the account."""

    id: int
    kind: str
    item: WorldItem
    at: datetime
    is_filtered: bool


class Statuses:
    """The world's items as statuses, as they stand at the world's time."""

    def __init__(self, world: World) -> None:
        self._world = world

    # ---- which there are -------------------------------------------------------------------------------------------

    def written_by(self, account: WorldAccount) -> list[WorldItem]:
        """Return an account's own statuses, newest first."""
        return self._world.remembered(
            ("mastodon:by", account.key),
            lambda: _newest_first(i for i in self._all(account) if i.author_id == account.native_id),
        )

    def find(self, status_id: str, viewer: WorldAccount) -> WorldItem | None:
        """Return a status that is there, and that the viewer may see."""
        item = self._world.find(status_id)
        return item if item is not None and self._is_here(item) and self._may_see(item, viewer) else None

    def parent(self, item: WorldItem) -> WorldItem | None:
        """Return what an item answers, whether that is still there or not."""
        if item.kind is Kind.QUOTE:
            return None
        parent_id = item.parent_id or (item.root_id if item.kind is Kind.COMMENT else None)
        if parent_id is None and item.kind is Kind.MESSAGE and item.conversation_id is not None:
            earlier = self._world.conversation(item.account, item.conversation_id, with_deleted=True)
            before = [i for i in earlier if (i.published_at, i.id) < (item.published_at, item.id)]
            return before[-1] if before else None
        return self._world.recall(parent_id) if parent_id is not None else None

    def children(self, item: WorldItem) -> list[WorldItem]:
        """Return what answers an item directly, oldest first."""
        return self._world.remembered(("mastodon:children", item.key), lambda: self._children(item))

    def _children(self, item: WorldItem) -> list[WorldItem]:
        children = self._world.under(item)
        if item.kind is Kind.MESSAGE and item.conversation_id is not None:
            children = [i for i in self._world.conversation(item.account, item.conversation_id) if i.id != item.id]
        return [i for i in children if self._is_here(i) and i.kind is not Kind.QUOTE and self.parent(i) == item]

    def quoting(self, item: WorldItem) -> list[WorldItem]:
        """Return what quotes an item, newest first."""
        return _newest_first(i for i in self._world.under(item) if i.kind is Kind.QUOTE and self._is_here(i))

    def notifications(self, account: WorldAccount) -> list[Notification]:
        """Return the account's mentions and quotes, newest first. A deleted status takes its notification with it."""
        return self._world.remembered(("mastodon:told", account.key), lambda: self._notifications(account))

    def _notifications(self, account: WorldAccount) -> list[Notification]:
        found = []
        for item in self._all(account):
            fate, kind = item.extra.get("notification", ""), "quote" if item.kind is Kind.QUOTE else "mention"
            names = item.kind is Kind.QUOTE or account.username in self._named(item)
            if item.author_id == account.native_id or not names or fate == "none":
                continue
            at = _arrival(item)
            found.append(Notification(ids.mastodon_notification(at, item.id), kind, item, at, fate == "filtered"))
        return sorted(found, key=lambda n: n.id, reverse=True)

    def conversations(self, account: WorldAccount) -> list[list[WorldItem]]:
        """Return the account's direct conversations, each oldest first, that with the newest last status first."""
        found: dict[str, list[WorldItem]] = {}
        for item in self._all(account):
            if item.kind is Kind.MESSAGE:
                found.setdefault(item.conversation_id or item.id, []).append(item)
        threads = [sorted(items, key=_number) for items in found.values()]
        return sorted(threads, key=lambda items: _number(items[-1]), reverse=True)

    def _all(self, account: WorldAccount) -> list[WorldItem]:
        return [i for i in self._world.visible(account.key) if self._is_here(i)]

    def _is_here(self, item: WorldItem) -> bool:
        is_ours = self._world.account(item.account).platform == PLATFORM
        return is_ours and _arrival(item) <= self._world.now()

    def _may_see(self, item: WorldItem, viewer: WorldAccount) -> bool:
        return visibility(item) in _COUNTED or viewer.key in (item.account, *item.mentions)

    def _named(self, item: WorldItem) -> list[str]:
        """Return the usernames that an item names: those in its text, and whom it answers unless that was taken out."""
        written = _NAME.findall(item.text_at(self._world.now()))
        account = self._world.account(item.account)
        if item.by_account or item.extra.get("mention") == "no" or item.kind is Kind.QUOTE:
            return written
        return list(dict.fromkeys([account.username, *written]))

    # ---- how they are written --------------------------------------------------------------------------------------

    def to_json(self, item: WorldItem, *, with_quote: bool = True) -> Json:
        """Show a status."""
        return self._world.remembered(
            ("mastodon:shown", item.key, with_quote), lambda: self._to_json(item, with_quote=with_quote)
        )

    def _to_json(self, item: WorldItem, *, with_quote: bool) -> Json:
        now = self._world.now()
        parent, edited_at = self.parent(item), item.edited_at(now)
        is_parent_here = parent is not None and parent.exists(now)
        quoted = self._world.recall(item.parent_id or item.root_id or "") if item.kind is Kind.QUOTE else None
        author = self.author(item)
        counted = [c for c in self.children(item) if visibility(c) in _COUNTED]
        return {
            "id": item.id,
            "created_at": timestamp(item.published_at),
            "in_reply_to_id": parent.id if parent is not None and is_parent_here else None,
            "in_reply_to_account_id": parent.author_id if parent is not None else None,
            "sensitive": False,
            "spoiler_text": item.extra.get("warning", ""),
            "visibility": visibility(item),
            "language": "sv",
            "uri": f"https://{HOST}/users/{author['username']}/statuses/{item.id}",
            "url": f"https://{HOST}/@{author['acct']}/{item.id}",
            "replies_count": len(counted),
            "reblogs_count": 0,
            "favourites_count": 0,
            "quotes_count": len(self.quoting(item)),
            "edited_at": timestamp(edited_at) if edited_at is not None else None,
            "favourited": False,
            "reblogged": False,
            "muted": False,
            "bookmarked": False,
            "content": item.extra.get("html") or content(item.text_at(now)),
            "filtered": [],
            "reblog": None,
            "account": author,
            "media_attachments": [],
            "mentions": [self._mention(name) for name in self._named(item)],
            "tags": [],
            "emojis": [],
            "card": None,
            "poll": None,
            "quote": self._quote(quoted) if quoted is not None and with_quote else None,
        }

    def author(self, item: WorldItem) -> Json:
        """Show who wrote an item."""
        account = self._world.find_account(PLATFORM, item.author_id)
        if account is not None:
            return self.account_to_json(account)
        username = item.author_username or f"user{item.author_id}"
        return _account_json(
            {"id": item.author_id, "username": username, "acct": item.extra.get("acct", username)},
            name=item.author_name,
            created_at=datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=int(item.author_id) % 900),
        )

    def account_to_json(self, account: WorldAccount, *, with_counts: bool = False) -> Json:
        """Show an account of the instance; counting its statuses costs, and matters only where it is asked for."""
        return self._world.remembered(
            ("mastodon:account", account.key, with_counts),
            lambda: self._account_to_json(account, with_counts=with_counts),
        )

    def _account_to_json(self, account: WorldAccount, *, with_counts: bool) -> Json:
        own = self.written_by(account) if with_counts else []
        return _account_json(
            {"id": account.native_id, "username": account.username, "acct": account.username},
            name=account.name,
            created_at=account.created_at or datetime(2023, 1, 1, tzinfo=UTC),
            note=content(account.about),
            fields=[{"name": "Webbplats", "value": _link(account.website), "verified_at": None}]
            if account.website
            else [],
            followers=account.followers,
            statuses=len(own),
            last_status_at=max((i.published_at for i in own), default=None),
        )

    def _quote(self, quoted: WorldItem) -> Json:
        is_there = quoted.exists(self._world.now())
        shown = self.to_json(quoted, with_quote=False) if is_there else None
        return {"state": "accepted" if is_there else "deleted", "quoted_status": shown}

    def _mention(self, username: str) -> Json:
        accounts = self._world.remembered("mastodon:accounts", lambda: self._world.accounts(PLATFORM))
        known = next((a for a in accounts if a.username == username), None)
        account_id = known.native_id if known is not None else ids.mastodon_account(username)
        return {"id": account_id, "username": username, "acct": username, "url": f"https://{HOST}/@{username}"}


def visibility(item: WorldItem) -> str:
    """Return whom a status is shown to."""
    return "direct" if item.kind is Kind.MESSAGE else item.extra.get("visibility", "public")


def _arrival(item: WorldItem) -> datetime:
    said = item.extra.get("arrived_at")
    return datetime.fromisoformat(said) if said is not None else item.published_at


def _number(item: WorldItem) -> int:
    return int(item.id)


def _newest_first(items: Iterable[WorldItem]) -> list[WorldItem]:
    return sorted(items, key=_number, reverse=True)


def _account_json(
    who: dict[str, str],
    *,
    name: str,
    created_at: datetime,
    note: str = "",
    fields: Sequence[Json] = (),
    followers: int = 0,
    statuses: int = 1,
    last_status_at: datetime | None = None,
) -> Json:
    address = f"https://{HOST}/@{who['acct']}"
    picture = f"https://{HOST}/avatars/original/missing.png"
    return {
        **who,
        "display_name": name,
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": False,
        "group": False,
        "created_at": created_at.strftime("%Y-%m-%dT00:00:00.000Z"),
        "note": note,
        "url": address,
        "uri": f"https://{HOST}/users/{who['username']}",
        "avatar": picture,
        "avatar_static": picture,
        "header": picture,
        "header_static": picture,
        "followers_count": followers,
        "following_count": 0,
        "statuses_count": statuses,
        "last_status_at": last_status_at.date().isoformat() if last_status_at is not None else None,
        "hide_collections": None,
        "noindex": False,
        "emojis": [],
        "roles": [],
        "fields": list(fields),
    }
