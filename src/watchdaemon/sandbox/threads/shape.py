"""Threads' JSON about profiles, posts and replies; fields without data are left out."""

from collections.abc import Callable, Mapping, Sequence

from watchdaemon.sandbox.graph.call import graph_time
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldAccount, WorldItem

Answer = dict[str, object]

_APPROVAL = {Moderation.HELD: "pending", Moderation.REJECTED: "ignored"}


def user_json(account: WorldAccount, asked: Sequence[str]) -> Answer:
    """Return a profile's asked-for fields, and always its id."""
    facts: Answer = {
        "id": account.native_id,
        "username": account.username,
        "name": account.name,
        "threads_biography": account.about,
        "threads_profile_picture_url": f"https://cdn.example.org/{account.username}.jpg",
        "is_verified": False,
    }
    return {"id": account.native_id, **{name: facts[name] for name in asked if facts.get(name) not in (None, "")}}


def media_json(world: World, account: WorldAccount, item: WorldItem, asked: Sequence[str]) -> Answer:
    """Return a post's or reply's asked-for fields, and always its id."""
    view = _View(world, account, item)
    answer: Answer = {"id": item.id}
    for name in asked:
        reader = _READERS.get(name)
        value = reader(view) if reader is not None else None
        if value is not None:
            answer[name] = value
    return answer


class _View:
    def __init__(self, world: World, account: WorldAccount, item: WorldItem) -> None:
        self.world = world
        self.account = account
        self.item = item
        self.now = world.now()

    @property
    def is_reply(self) -> bool:
        return self.item.kind is Kind.COMMENT

    def username(self) -> str:
        return self.account.username if self.item.by_account else self.item.author_username or self.item.author_name

    def replied_to(self) -> Answer | None:
        above = self.item.parent_id or self.item.root_id
        return {"id": above} if self.is_reply and above else None

    def root_post(self) -> Answer | None:
        return {"id": self.item.root_id} if self.is_reply and self.item.root_id else None

    def has_replies(self) -> bool:
        below = self.world.under(self.item)
        return any(i.moderation is Moderation.PUBLISHED and not i.is_author_private for i in below)


_READERS: Mapping[str, Callable[[_View], object]] = {
    "id": lambda v: v.item.id,
    "text": lambda v: v.item.text_at(v.now) or None,
    "username": _View.username,
    "timestamp": lambda v: graph_time(v.item.published_at),
    "permalink": lambda v: f"https://www.threads.net/@{v.username()}/post/{v.item.id[-11:]}",
    "media_product_type": lambda _: "THREADS",
    "media_type": lambda _: "TEXT_POST",
    "owner": lambda v: {"id": v.account.native_id} if v.item.by_account else None,
    "has_replies": _View.has_replies,
    "root_post": _View.root_post,
    "replied_to": _View.replied_to,
    "is_reply": lambda v: v.is_reply,
    "is_reply_owned_by_me": lambda v: v.item.by_account if v.is_reply else None,
    "hide_status": lambda v: ("HIDDEN" if v.item.is_hidden(v.now) else "NOT_HUSHED") if v.is_reply else None,
    "reply_approval_status": lambda v: _APPROVAL.get(v.item.moderation),
}
