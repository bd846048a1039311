"""Which reply answers which item: in flat threads, in threads where each reply names its item, in direct messages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.calendar import AnswerPolicy
from watchdaemon.domain.item import Item, ItemKind, Thread, Visibility
from watchdaemon.rules.addressed import addressees
from watchdaemon.rules.voices import NOBODY, OwnVoice

_SEEN_BY_ALL: Final = frozenset({Visibility.PUBLIC, Visibility.PRIVATE})
"""An own reply that is hidden, held or deleted reaches nobody, so it answers nothing."""

_ROOMY_KINDS: Final = frozenset({ItemKind.POST, ItemKind.MENTION, ItemKind.QUOTE})
"""What a conversation starts with on a platform where every reply names the very item it answers."""

_EXACT: Final = frozenset({"threads"})
"""Where every reply names the very item it answers, though a thread starts with a comment: a branch is one there.

Threads API, Reply Management, "Retrieve replies", `replied_to` (read 2026-11).
"""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread taken apart: what others wrote, and for each of those the replies to it, by external id."""

    inbound: tuple[Item, ...]
    own: Mapping[str, Sequence[Item]] = field(default_factory=dict)  # the account's own replies, oldest first
    unregistered: Mapping[str, str] = field(default_factory=dict)  # the first reply that only speaks as if it were

    def replies_to(self, item: Item) -> Sequence[Item]:
        """Return the own replies to an item, oldest first."""
        return self.own.get(item.external_id, ())

    @classmethod
    def of(cls, thread: Thread, account: Account, answers: AnswerPolicy, voice: OwnVoice = NOBODY) -> "Conversation":
        """Take a thread apart; the order of its items does not matter."""
        items = sorted(thread.items, key=lambda i: (i.published_at, i.external_id))
        own_ids = account.own_author_ids
        own = [i for i in items if i.by_account or i.author_id in own_ids]
        inbound = tuple(i for i in items if not i.by_account and i.author_id not in own_ids)
        by_id = {i.external_id: i for i in items}
        are_flat = account.platform not in _EXACT and _are_flat(thread.thread_id, by_id)
        branches = _Branches(thread.thread_id, by_id, frozenset(i.external_id for i in own), are_flat)
        answered: dict[str, list[Item]] = {}
        for reply in (i for i in own if _may_answer(i, answers)):
            for item in _answered_by(reply, inbound, branches):
                answered.setdefault(item.external_id, []).append(reply)
        return cls(inbound, answered, _unregistered(inbound, branches, voice))


def _may_answer(own: Item, answers: AnswerPolicy) -> bool:
    if own.is_automatic or own.visibility not in _SEEN_BY_ALL:
        return False
    if own.kind is ItemKind.QUOTE:
        return answers.quote_is_answer
    return own.kind is not ItemKind.POST or own.parent_id is not None


def _answered_by(reply: Item, inbound: Sequence[Item], branches: "_Branches") -> Sequence[Item]:
    before = [i for i in inbound if i.published_at < reply.published_at]
    if reply.kind is ItemKind.MESSAGE:
        return before
    if not branches.are_flat and reply.parent_id is not None:
        return branches.same_hand_above(reply)
    branch = [i for i in before if branches.holds(reply, i)]
    named = addressees(reply.text, branch)
    return branch if named is None else named


def _unregistered(inbound: Sequence[Item], branches: "_Branches", voice: OwnVoice) -> dict[str, str]:
    """Return, for each item, the first reply by somebody who speaks for the organisation without being it."""
    if len(inbound) < 2 or voice == NOBODY:
        return {}
    found: dict[str, str] = {}
    for reply in inbound[1:]:
        if reply.kind is ItemKind.MESSAGE or not voice.speaks_in(reply):
            continue
        for item in _answered_by(reply, inbound, branches):
            if item.author_id is None or item.author_id != reply.author_id:
                found.setdefault(item.external_id, reply.external_id)
    return found


def _are_flat(thread_id: str, by_id: Mapping[str, Item]) -> bool:
    """Tell whether a reply can only name the top of its branch, not the very item it answers.

    Seen by what the conversation starts with: below a comment, a visitor's post or a review there is one level of
    replies, and those to a reply are put under the top as well. Below an own post, a mention or a quote each reply
    names its own item. Without the top at hand: one level, and not that of an own post.
    """
    top = by_id.get(thread_id)
    if top is not None:
        return top.kind not in _ROOMY_KINDS
    return all(
        i.kind not in _ROOMY_KINDS and i.parent_id in {None, thread_id} and i.root_id != thread_id
        for i in by_id.values()
    )


@dataclass(frozen=True, slots=True)
class _Branches:
    """Who answers whom, as far as the platform tells."""

    thread_id: str
    by_id: Mapping[str, Item]
    own: frozenset[str]
    are_flat: bool

    def holds(self, reply: Item, item: Item) -> bool:
        """Tell whether the item stands in the (flat) branch that the reply was put in."""
        top = reply.parent_id
        return top is None or top == self.thread_id or top in {item.external_id, item.parent_id}

    def same_hand_above(self, reply: Item) -> list[Item]:
        """Return the item that the reply answers, and what the same author wrote above it in the same branch."""
        # An own reply in several parts names its own first part: own items are passed over.
        above = [i for i in self._above(reply) if i.external_id not in self.own]
        return [i for i in above if i is above[0] or (i.author_id is not None and i.author_id == above[0].author_id)]

    def _above(self, item: Item) -> Iterator[Item]:
        seen = {item.external_id}
        parent = self.by_id.get(item.parent_id or "")
        while parent is not None and parent.external_id not in seen:  # a circle would be the platform's mistake
            seen.add(parent.external_id)
            yield parent
            parent = self.by_id.get(parent.parent_id or "")
