"""Which items want an answer, and which have got one: by the organisation's own hand, or by a person's word."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.calendar import AnswerPolicy
from watchdaemon.domain.item import Item, ItemKind, Thread, Visibility
from watchdaemon.domain.question import Decision, Grade, QuestionState, Triage, Verdict
from watchdaemon.rules.addressed import addressees
from watchdaemon.rules.due import due_at
from watchdaemon.rules.word import DECIDED, Word, word_of
from watchdaemon.rules.workdays import WorkCalendar

_SEEN_BY_ALL: Final = frozenset({Visibility.PUBLIC, Visibility.PRIVATE})
"""An own reply that is hidden, held or deleted reaches nobody, so it answers nothing."""

_ROOMY_KINDS: Final = frozenset({ItemKind.POST, ItemKind.MENTION, ItemKind.QUOTE})
"""What a conversation starts with on a platform where every reply names the very item it answers."""

_WORDLESS_KINDS: Final = frozenset({ItemKind.MESSAGE, ItemKind.VISITOR_POST, ItemKind.REVIEW})
"""What somebody sends to the organisation and nobody else: without words (a picture), a person has to look."""

_OUT_OF_SIGHT: Final = {
    Visibility.DELETED: (QuestionState.GONE, "deleted by its author"),
    Visibility.HIDDEN: (QuestionState.REMOVED, "hidden by the organisation"),
}


def judge_thread(
    thread: Thread,
    decisions: Sequence[Decision],
    *,
    classify: Callable[[str], Triage],
    account: Account,
    answers: AnswerPolicy,
    calendar: WorkCalendar,
) -> list[Verdict]:
    """Judge every item of a thread that is not the account's own.

    An item is answered by an own reply that was published after it, written anywhere, and not automatic. Which reply
    answers which item:

    - In a conversation of direct messages an own message answers everything before it.
    - Where threads are flat (a reply can only name the comment at the top of its branch: Facebook, Instagram, YouTube)
      it answers everything before it in that branch; when it begins with somebody's name, only what that person wrote.
    - Where a reply names the very item it answers (X), it answers that item, and what the same person wrote above it.
    - A quote post answers only when the policy says so.

    A like is no item; a reply by anybody else, known or unknown, never answers. A person's newest decision goes before
    all of this; `REOPENED` takes earlier decisions and earlier replies back, so that only a reply after it answers. An
    item that its author deleted is gone, and one that the organisation hid is removed, unless it was answered before.
    The text as stored is judged: an edit is judged anew.

    Whether an item is overdue is not decided here: that is `open` seen at a `now`.

    Args:
        thread: All stored items of the conversation, in any order.
        decisions: People's words about its items; of two from the same instant the later in the sequence holds.
        classify: Text in, triage out.
        account: Whose thread it is; its `own_ids` are its own voice too.
        answers: What counts as an answer, and whether "maybe" is followed.
        calendar: The organisation's, for due times.

    Returns:
        One verdict for each item that is not the account's own, oldest first. `due_at` is set for every item that
        wants an answer, in whatever state. `answered_at` and `answered_by` are set for answered and forwarded ones.
    """
    conversation = _Conversation.of(thread, account, answers)
    verdicts = []
    for item in conversation.inbound:
        triage = _triage(item, classify)
        own_word = [d for d in decisions if d.external_id == item.external_id and d.account == item.account]
        word = word_of(own_word)
        wants_answer = _wants_answer(triage, answers) or word.makes_question
        state, reason, answer = _state(item, word, conversation.replies_to(item), wants_answer=wants_answer)
        verdicts.append(
            Verdict(
                account=item.account,
                external_id=item.external_id,
                triage=triage,
                state=state,
                reason=reason if state else triage.reason,
                due_at=due_at(item.published_at, calendar) if wants_answer else None,
                answered_at=answer.at if answer else None,
                answered_by=answer.by if answer else None,
                removal_word=word.removal,
            )
        )
    return verdicts


# ---- what a person said ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    at: datetime
    by: str


def _state(
    item: Item, word: Word, replies: Sequence[Item], *, wants_answer: bool
) -> tuple[QuestionState | None, str, _Answer | None]:
    counted = [r for r in replies if word.counts_after is None or r.published_at > word.counts_after]
    if word.decision is not None:
        return _decided(word.decision, counted)
    if not wants_answer:
        return None, "wants no answer", None
    if counted:
        first = counted[0]
        answer = _Answer(first.published_at, first.external_id)
        return QuestionState.ANSWERED, "the account replied in the thread", answer
    if item.visibility in _OUT_OF_SIGHT:
        return *_OUT_OF_SIGHT[item.visibility], None
    reason = "no answer by the account yet" if word.counts_after is None else "reopened by a person"
    return QuestionState.OPEN, reason, None


def _decided(decision: Decision, replies: Sequence[Item]) -> tuple[QuestionState, str, _Answer | None]:
    state, words = DECIDED[decision.kind]
    reason = f"{words}, says a person"
    if state is QuestionState.ANSWERED and replies and replies[0].published_at <= decision.at:
        # The reply came first: the answer is as old as the reply, not as the note about it.
        return state, reason, _Answer(replies[0].published_at, replies[0].external_id)
    if state in {QuestionState.ANSWERED, QuestionState.FORWARDED}:
        return state, reason, _Answer(decision.at, f"person:{decision.by}")
    return state, reason, None


# ---- what the text says ----------------------------------------------------------------------------------------


def _triage(item: Item, classify: Callable[[str], Triage]) -> Triage:
    if not item.text.strip() and item.kind in _WORDLESS_KINDS:
        return Triage(grade=Grade.MAYBE, reason="sent to the organisation without words: a person has to look")
    return classify(item.text)


def _wants_answer(triage: Triage, answers: AnswerPolicy) -> bool:
    return triage.grade is Grade.YES or (triage.grade is Grade.MAYBE and answers.maybe_is_question)


# ---- which reply answers what ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Conversation:
    """A thread taken apart: what others wrote, and for each of those the own replies that answer it."""

    inbound: tuple[Item, ...]
    answered: Mapping[str, Sequence[Item]] = field(default_factory=dict)  # by external id, oldest reply first

    def replies_to(self, item: Item) -> Sequence[Item]:
        return self.answered.get(item.external_id, ())

    @classmethod
    def of(cls, thread: Thread, account: Account, answers: AnswerPolicy) -> "_Conversation":
        items = sorted(thread.items, key=lambda i: (i.published_at, i.external_id))
        own_ids = account.own_author_ids
        own = [i for i in items if i.by_account or i.author_id in own_ids]
        inbound = tuple(i for i in items if not i.by_account and i.author_id not in own_ids)
        branches = _Branches(thread.thread_id, {i.external_id: i for i in items}, frozenset(i.external_id for i in own))
        answered: dict[str, list[Item]] = {}
        for reply in (i for i in own if _may_answer(i, answers)):
            for item in _answered_by(reply, inbound, branches):
                answered.setdefault(item.external_id, []).append(reply)
        return cls(inbound, answered)


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


@dataclass(frozen=True, slots=True)
class _Branches:
    """Who answers whom, as far as the platform tells."""

    thread_id: str
    by_id: Mapping[str, Item]
    own: frozenset[str]

    @property
    def are_flat(self) -> bool:
        """Tell whether a reply can only name the top of its branch, not the very item it answers.

        Seen by what the conversation starts with: below a comment, a visitor's post or a review there is one level of
        replies, and those to a reply are put under the top as well. Below an own post, a mention or a quote each
        reply names its own item. Without the top at hand: one level, and not that of an own post.
        """
        top = self.by_id.get(self.thread_id)
        if top is not None:
            return top.kind not in _ROOMY_KINDS
        return all(
            i.kind not in _ROOMY_KINDS and i.parent_id in {None, self.thread_id} and i.root_id != self.thread_id
            for i in self.by_id.values()
        )

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
