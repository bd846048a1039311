"""Which items want an answer, and which have got one: by the organisation's own hand, or by a person's word."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.calendar import AnswerPolicy
from watchdaemon.domain.item import BY_ACCOUNT, BY_PLATFORM, HIDDEN_BY, Item, ItemKind, Thread, Visibility
from watchdaemon.domain.moderation import Action, ModerationEntry, Outcome
from watchdaemon.domain.question import Decision, Grade, QuestionState, Triage, Verdict
from watchdaemon.rules.due import due_at, finish_due_at
from watchdaemon.rules.holding import is_courtesy, is_holding_reply
from watchdaemon.rules.replies import Conversation
from watchdaemon.rules.rewording import asked_anew_at
from watchdaemon.rules.voices import NOBODY, OwnVoice
from watchdaemon.rules.word import DECIDED, Word, word_of
from watchdaemon.rules.workdays import WorkCalendar

_WORDLESS_KINDS: Final = frozenset({ItemKind.MESSAGE, ItemKind.VISITOR_POST, ItemKind.REVIEW})
"""What somebody sends to the organisation and nobody else: without words (a picture), a person has to look."""

_FILTERS_HIDE: Final = frozenset({"facebook", "instagram"})
"""Where a platform's own filter hides comments, and its answer does not tell that from a person's hiding.

Graph API, Comment `is_hidden` ("Whether this comment is hidden or visible") and IG Comment `hidden`: neither says by
whom (read 2026-11). Elsewhere only the account can hide; what a filter takes out of sight there is HELD.
"""

_LAST_ORDERS: Final = {
    Action.HIDE: True,
    Action.DELETE: True,
    Action.UNHIDE: False,
    Action.APPROVE: False,
}
"""Whether an order takes an item out of sight."""


@dataclass(frozen=True, slots=True)
class Records:
    """What is known of a thread besides its items."""

    decisions: Sequence[Decision] = ()  # of two from the same instant the later in the sequence holds
    orders: Sequence[ModerationEntry] = ()  # oldest first; only those that were carried out count
    kept: Sequence[Verdict] = ()  # of items whose texts were deleted here


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What an account's threads are judged by."""

    account: Account  # its `own_ids` are its own voice too
    classify: Callable[[str], Triage]
    answers: AnswerPolicy
    calendar: WorkCalendar  # for due times and working minutes
    voice: OwnVoice = NOBODY  # by what an unregistered profile that speaks for the organisation is known

    def wants_answer(self, triage: Triage) -> bool:
        """Tell whether such a text is followed as a question."""
        return triage.grade is Grade.YES or (triage.grade is Grade.MAYBE and self.answers.maybe_is_question)

    def text_wants_answer(self, text: str) -> bool:
        """Tell it of a text."""
        return self.wants_answer(self.classify(text))


def judge_thread(thread: Thread, records: Records, bench: Bench) -> list[Verdict]:
    """Judge every item of a thread that is not the account's own.

    An item is answered by an own reply that was published after it, written anywhere, and not automatic. Which reply
    answers which item:

    - In a conversation of direct messages an own message answers everything before it.
    - Where threads are flat (a reply can only name the comment at the top of its branch: Facebook, Instagram, YouTube)
      it answers everything before it in that branch; when it begins with somebody's name, only what that person wrote.
    - Where a reply names the very item it answers (X), it answers that item, and what the same person wrote above it.
    - A quote post answers only when the policy says so.

    A reply that only promises an answer counts, and the item stays to be finished until another own reply comes. A
    like is no item; a reply by anybody else, known or unknown, never answers, but one that speaks for the organisation
    is pointed out. A person's newest decision goes before all of this; see `rules.word` for how words are taken back.
    The text as stored is judged: an edit is judged anew, and one by which the item became another question takes back
    what was replied and decided before it. An item that its author deleted is gone, and one that the organisation
    took out of sight is removed, unless it was answered before; what a platform's filter hides still waits.

    Whether an item is overdue is not decided here: that is `open` seen at a `now`.

    Args:
        thread: All stored items of the conversation, in any order.
        records: What people said and did about them.
        bench: The account, and what it is judged by.

    Returns:
        One verdict for each item that is not the account's own, oldest first. `due_at` is set for every item that
        wants an answer, in whatever state. `answered_at` and `answered_by` are set for answered and forwarded ones.
    """
    conversation = Conversation.of(thread, bench.account, bench.answers, bench.voice)
    decisions: dict[str, list[Decision]] = defaultdict(list)
    for decision in records.decisions:
        decisions[decision.external_id].append(decision)
    orders = {o.external_id: o for o in records.orders if o.outcome is Outcome.DONE and o.action in _LAST_ORDERS}
    kept = {v.external_id: v for v in records.kept}
    verdicts = []
    for item in conversation.inbound:
        key = item.external_id
        word = word_of(decisions.get(key, ()))
        if key in kept:
            verdicts.append(_of_gone_text(kept[key], word))
            continue
        verdicts.append(_judge(item, conversation, word, orders.get(key), bench))
    return verdicts


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of an item."""

    state: QuestionState | None
    reason: str
    since: datetime | None = None
    by: str | None = None  # who or what brought it
    answered_at: datetime | None = None
    answered_by: str | None = None
    finish_from: datetime | None = None  # when an answer was promised, where nothing more came


def _judge(item: Item, conversation: Conversation, word: Word, order: ModerationEntry | None, bench: Bench) -> Verdict:
    triage = _triage(item, bench.classify)
    wants_answer = bench.wants_answer(triage) or word.makes_question
    replies = conversation.replies_to(item)
    asked_at = item.published_at
    fate = _fate(item, word, replies, order, wants_answer=wants_answer)
    if wants_answer and (item.earlier or item.edited_at) and fate.state in _TAKEN_BACK:
        anew = asked_anew_at(item, bench.text_wants_answer)
        if anew is not None and fate.since is not None and fate.since <= anew:
            asked_at = anew
            later = [r for r in replies if r.published_at > anew]
            fate = _fate(item, _said_after(word, anew), later, order, wants_answer=True)
            if fate.state is QuestionState.OPEN:
                fate = replace(fate, reason="edited into another question", since=anew)
    unregistered = conversation.unregistered.get(item.external_id) if wants_answer else None
    return Verdict(
        account=item.account,
        external_id=item.external_id,
        triage=triage,
        state=fate.state,
        reason=fate.reason if fate.state else triage.reason,
        due_at=due_at(asked_at, bench.calendar) if wants_answer else None,
        answered_at=fate.answered_at,
        answered_by=fate.answered_by,
        finish_due_at=_finish_due_at(fate, bench),
        response_minutes=_response_minutes(item, word, replies, fate, bench) if wants_answer else None,
        unregistered_reply=unregistered,
        removal_word=word.removal,
        since=fate.since,
        moved_by=fate.by,
    )


_TAKEN_BACK: Final = frozenset({QuestionState.ANSWERED, QuestionState.FORWARDED, QuestionState.DISMISSED})
"""What an edit into another question takes back."""


def _said_after(word: Word, moment: datetime) -> Word:
    """Return what holds of the words once those said up to that moment are about another question."""
    return replace(word, decision=None) if word.decision and word.decision.at <= moment else word


def _of_gone_text(kept: Verdict, word: Word) -> Verdict:
    """Return the verdict of an item whose text is gone: it stays, but a person may still say a new word."""
    decision = word.decision
    verdict = replace(kept, removal_word=word.removal)
    if decision is None or (kept.since is not None and decision.at <= kept.since):
        return verdict
    fate = _decided(decision, ())
    return replace(
        verdict,
        state=fate.state,
        reason=fate.reason,
        answered_at=kept.answered_at or fate.answered_at,
        answered_by=kept.answered_by or fate.answered_by,
        finish_due_at=None,
        since=fate.since,
        moved_by=fate.by,
    )


# ---- what became of it -----------------------------------------------------------------------------------------


def _fate(
    item: Item, word: Word, replies: Sequence[Item], order: ModerationEntry | None, *, wants_answer: bool
) -> _Fate:
    counted = [r for r in replies if word.counts_after is None or r.published_at > word.counts_after]
    if word.decision is not None:
        return _decided(word.decision, counted)
    if not wants_answer:
        return _Fate(None, "wants no answer")
    if counted:
        return _answered(counted)
    return _out_of_sight(item, order) or _waiting(item, word)


def _decided(decision: Decision, replies: Sequence[Item]) -> _Fate:
    state, words = DECIDED[decision.kind]
    reason = f"{words}, says a person"
    person = f"person:{decision.by}"
    if state is QuestionState.ANSWERED and replies and replies[0].published_at <= decision.at:
        # The reply came first: the answer is as old as the reply, not as the note about it.
        first = replies[0]
        return _Fate(state, reason, decision.at, person, first.published_at, first.external_id)
    if state in {QuestionState.ANSWERED, QuestionState.FORWARDED}:
        return _Fate(state, reason, decision.at, person, decision.at, person)
    return _Fate(state, reason, decision.at, person)


def _answered(replies: Sequence[Item]) -> _Fate:
    """Return the fate by own replies, oldest first: the first is the answer, even if it only promises one."""
    first = replies[0]
    at, by = first.published_at, first.external_id
    real = next((r for r in replies if not is_holding_reply(r.text)), None)
    if real is not None and real is not first and is_courtesy(real.text):
        real = next((r for r in replies if not is_holding_reply(r.text) and not is_courtesy(r.text)), None)
    if real is None:
        reason = "the account promised an answer"
        return _Fate(QuestionState.ANSWERED, reason, at, by, at, by, finish_from=at)
    kept = "" if real is first else ", and kept its promise"
    reason = f"the account replied in the thread{kept}"
    return _Fate(QuestionState.ANSWERED, reason, real.published_at, real.external_id, at, by)


def _out_of_sight(item: Item, order: ModerationEntry | None) -> _Fate | None:
    ours = order if order is not None and _LAST_ORDERS[order.action] else None
    by, at = (f"person:{ours.by}", ours.ended_at) if ours else (None, None)
    if item.visibility is Visibility.DELETED:
        if ours is not None and ours.action is Action.DELETE:
            return _Fate(QuestionState.REMOVED, "deleted by the organisation", at, by)
        return _Fate(QuestionState.GONE, "deleted by its author")
    if item.visibility is Visibility.HIDDEN and (ours is not None or _is_hidden_by_account(item)):
        return _Fate(QuestionState.REMOVED, "hidden by the organisation", at, by)
    return None


def _is_hidden_by_account(item: Item) -> bool:
    told = item.extra.get(HIDDEN_BY)
    return told == BY_ACCOUNT or (told != BY_PLATFORM and item.platform not in _FILTERS_HIDE)


def _waiting(item: Item, word: Word) -> _Fate:
    if word.reopened is not None:
        return _Fate(QuestionState.OPEN, "reopened by a person", word.reopened.at, f"person:{word.reopened.by}")
    if word.taken_back is not None:
        by = f"person:{word.taken_back.by}"
        return _Fate(QuestionState.OPEN, "a person took the word about it back", word.taken_back.at, by)
    reason = {
        Visibility.HIDDEN: "hidden, and nobody here is known to have done it: somebody has to look",
        Visibility.HELD: "held by the platform's filter: somebody has to look",
    }.get(item.visibility, "no answer by the account yet")
    return _Fate(QuestionState.OPEN, reason, item.published_at)


# ---- times -----------------------------------------------------------------------------------------------------


def _finish_due_at(fate: _Fate, bench: Bench) -> datetime | None:
    if fate.finish_from is None:
        return None
    return finish_due_at(fate.finish_from, bench.calendar, bench.answers.finish_working_days)


def _response_minutes(item: Item, word: Word, replies: Sequence[Item], fate: _Fate, bench: Bench) -> int | None:
    """Return the working minutes to the first answer. An edit or a later word does not undo that one came."""
    times = [r.published_at for r in replies if word.counts_after is None or r.published_at > word.counts_after]
    if fate.answered_at is not None:
        times.append(fate.answered_at)
    first = min(times, default=None)
    if first is None:
        return None
    return int(bench.calendar.working_time_between(item.published_at, first).total_seconds()) // 60


# ---- what the text says ----------------------------------------------------------------------------------------


def _triage(item: Item, classify: Callable[[str], Triage]) -> Triage:
    if not item.text.strip() and item.kind in _WORDLESS_KINDS:
        return Triage(grade=Grade.MAYBE, reason="sent to the organisation without words: a person has to look")
    return classify(item.text)
