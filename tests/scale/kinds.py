"""What people write on each platform beside plain comments: every kind that the platform has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.costs.places import Place

from watchdaemon.domain.item import ItemKind
from watchdaemon.sandbox.threads.app import APPROVALS
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldItem

More = Mapping[str, Any]

MINUTE = timedelta(minutes=1)
LEVELS = 4
OWN_ANSWERS = 40
"""One comment of so many is the account's own answer."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How comments differ by their number, what else is written, and what deleting does there."""

    has_two_levels: bool = False  # what answers an answer stands beside it
    takes_replies_along: bool = False  # what stands under a deleted comment is gone, too
    can_edit: bool = True
    of_post: Callable[[int], More] = lambda _: {}
    of_comment: Callable[[int, WorldItem], More] = lambda _number, _post: {}
    others: Callable[[Place, World, str, list[WorldItem], datetime], None] = lambda *_: None
    own_answers: bool = True
    rechecked: frozenset[ItemKind] = frozenset(ItemKind)  # what can be read by its id


def own_answer(world: World, key: str) -> More:
    """Return what makes a comment the account's own."""
    me = world.account(key)
    return {"author_id": me.native_id, "author_name": me.name, "author_username": me.username, "by_account": True}


def _other(place: Place, world: World, post: WorldItem, at: datetime, number: int, **more: Any) -> WorldItem:
    """Write something that is no comment under the post."""
    return place.comment(world, post, at, 2_000_000 + number, **{"root_id": None, "parent_id": None, **more})


# ---- Bluesky -----------------------------------------------------------------------------------------------------


def _bluesky_comment(number: int, _post: WorldItem) -> More:
    return {"extra": {"notify": "no"}} if number % 7 == 0 else {}  # a burst of posts brings no notification


def _on_bluesky(place: Place, world: World, key: str, posts: list[WorldItem], at: datetime) -> None:
    name = world.account(key).username
    for number in range(60):
        post, at = posts[number % len(posts)], at + MINUTE
        told = {"extra": {"notify": "no"}} if number % 5 == 0 else {}
        _other(place, world, post, at, number, kind=Kind.QUOTE, parent_id=post.id, **told)
        text = f"Har @{name} öppet {number}?"
        _other(place, world, post, at, 1000 + number, kind=Kind.MENTION, text=text, **told)


# ---- Mastodon ----------------------------------------------------------------------------------------------------

_SHOWN_TO = {17: "unlisted", 19: "private"}


def _mastodon_comment(number: int, _post: WorldItem) -> More:
    extra = {}
    if number % 7 == 0:
        extra["mention"] = "no"  # somebody took the name out: no notification tells of it
    if number % 11 == 0:
        extra["notification"] = "filtered"
    if number % 13 == 0:
        extra["notification"] = "none"  # muted, or dismissed by somebody
    shown_to = next((shown for every, shown in _SHOWN_TO.items() if number % every == 0), None)
    if shown_to is not None:
        extra["visibility"] = shown_to
    return {"extra": extra}


def _on_mastodon(place: Place, world: World, key: str, posts: list[WorldItem], at: datetime) -> None:
    name = world.account(key).username
    for number in range(40):
        post, at = posts[number % len(posts)], at + MINUTE
        fate = {"extra": {"notification": "filtered"}} if number % 5 == 0 else {}
        _other(place, world, post, at, number, kind=Kind.QUOTE, parent_id=post.id, **fate)
        _other(place, world, post, at, 1000 + number, kind=Kind.MENTION, text=f"Har @{name} öppet {number}?", **fate)
        talk = {"kind": Kind.MESSAGE, "conversation_id": f"samtal-{number}"}
        hidden = {"extra": {"notification": "none"}} if number % 4 == 0 else {}
        asked = _other(place, world, post, at, 2000 + number, **talk, **hidden)
        answered = _other(
            place, world, post, at + MINUTE, 3000 + number, **talk, parent_id=asked.id, **own_answer(world, key)
        )
        _other(place, world, post, at + 2 * MINUTE, 4000 + number, **talk, parent_id=answered.id, **hidden)


# ---- Threads -----------------------------------------------------------------------------------------------------


def _threads_post(number: int) -> More:
    return {"extra": {APPROVALS: "yes"}} if number % 3 == 0 else {}


def _threads_comment(number: int, post: WorldItem) -> More:
    waits = APPROVALS in post.extra and number % 5 == 0
    return {"moderation": Moderation.HELD} if waits else {}


def _on_threads(place: Place, world: World, key: str, posts: list[WorldItem], at: datetime) -> None:
    for number in range(40):
        post, at = posts[number % len(posts)], at + MINUTE
        mention = _other(place, world, post, at, number, kind=Kind.MENTION)
        if number % 4 == 0:
            under = {"root_id": mention.id, "parent_id": mention.id}
            _other(place, world, post, at + MINUTE, 1000 + number, **under, **own_answer(world, key))


HABITS: Mapping[str, Habits] = {
    "youtube": Habits(has_two_levels=True, takes_replies_along=True, own_answers=False),
    "x": Habits(can_edit=False, own_answers=False),  # nobody can edit a reply there
    "bluesky": Habits(of_comment=_bluesky_comment, others=_on_bluesky),
    "mastodon": Habits(of_comment=_mastodon_comment, others=_on_mastodon),
    "threads": Habits(
        of_post=_threads_post,
        of_comment=_threads_comment,
        others=_on_threads,
        rechecked=frozenset({ItemKind.POST, ItemKind.COMMENT}),
    ),
}
