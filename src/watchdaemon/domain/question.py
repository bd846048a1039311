"""Judgement: what an item asks for, when it is due, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchdaemon.domain.item import Item


class Grade(StrEnum):
    """How sure triage is that an item wants an answer."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a text, half-open character offsets; `certainty` is "certain" or "probable"."""

    start: int
    end: int
    type: str
    certainty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What triage says of one text: question or not with its reason, and what may have to be removed."""

    grade: Grade
    reason: str  # in English, may quote at most a few words of the text; never logged
    spans: tuple[Span, ...] = ()  # sensitive data found
    is_secret: bool = False  # holds sensitive data: must be removed and registered
    is_inappropriate: bool = False
    removal_reason: str = ""  # a class ("personal number", "threat", "spam link"), never the text itself

    @property
    def needs_removal(self) -> bool:
        """Whether a person must look at it for removal."""
        return self.is_secret or self.is_inappropriate


class QuestionState(StrEnum):
    """The stored state of an item that wants an answer. `overdue` is not stored: it is `open` seen at a `now`."""

    OPEN = "open"
    ANSWERED = "answered"
    FORWARDED = "forwarded"  # a person's decision
    DISMISSED = "dismissed"  # a person's decision: no reply needed, not a question
    REMOVED = "removed"  # removed or hidden by the organisation
    GONE = "gone"  # deleted by its author; stays in the counts


class DecisionKind(StrEnum):
    """What a person may say of an item."""

    ANSWERED_ELSEWHERE = "answered_elsewhere"
    FORWARDED = "forwarded"
    NO_REPLY_NEEDED = "no_reply_needed"
    NOT_A_QUESTION = "not_a_question"
    REMOVED = "removed"  # it was removed
    REOPENED = "reopened"  # takes the last word back; without one, says that it waits all the same
    SEEN = "seen"  # changes no state
    MAY_STAY = "may_stay"  # it need not be removed
    MUST_BE_REMOVED = "must_be_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's recorded word about one item. The newest about its answer holds, and the newest about its removal."""

    account: str
    external_id: str
    kind: DecisionKind
    by: str  # a person's key or a name
    at: datetime
    note: str = ""  # "forwarded to whom", a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say of one inbound item, a pure function of thread, decisions, policy and calendar.

    `due_at` is set for every item that wants an answer, also after it was answered. `answered_by` is the external id
    of the own reply, or "person:<key>" for a recorded decision.
    """

    account: str
    external_id: str
    triage: Triage
    state: QuestionState | None  # None: wants no answer
    reason: str  # why this state, in English
    due_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    finish_due_at: datetime | None = None  # a holding reply was all there was: by then the real answer is due
    response_minutes: int | None = None  # working minutes from published to the first answer; kept for ever
    unregistered_reply: str | None = None  # id of a reply that speaks for us, by a profile that is not registered
    removal_word: bool | None = None  # a person says that it must be removed (True), or may stay (False)
    since: datetime | None = None  # when the state came to be, as far as that is known
    moved_by: str | None = None  # who or what brought the state: an own reply's id, "person:<key>"; None: nobody of us

    @property
    def is_holding(self) -> bool:
        """Whether it was answered by a promise only: met, and still to be finished."""
        return self.finish_due_at is not None

    @property
    def needs_removal(self) -> bool:
        """Whether it has to be removed, or looked at for that: by a person's word, else by triage."""
        return self.triage.needs_removal if self.removal_word is None else self.removal_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change in the life of an item. It holds no text, and outlives the item's."""

    account: str
    external_id: str
    at: datetime  # when it came to be so (a reply's or a word's own time); when it was noticed, where that is unknown
    state: QuestionState | None
    reason: str
    by: str | None = None  # an own reply's external id, or "person:<key>"; None: its author, or nobody
    noticed_at: datetime | None = None  # when it was judged here
    is_holding: bool = False
    needs_removal: bool = False
    response_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A stored item with its stored verdict, as digests, reports and the command line read it."""

    item: Item
    verdict: Verdict
    first_seen_at: datetime

    def is_overdue(self, now: datetime) -> bool:
        """Open and past its due time."""
        v = self.verdict
        return v.state is QuestionState.OPEN and v.due_at is not None and v.due_at <= now

    def is_finish_overdue(self, now: datetime) -> bool:
        """Answered by a promise, and past the time by which it was to be kept."""
        return self.verdict.finish_due_at is not None and self.verdict.finish_due_at <= now

    def shown_state(self, now: datetime) -> str:
        """Return the state as people read it: `overdue` for an open one past its due time."""
        if self.verdict.state is None:
            return "none"
        return "overdue" if self.is_overdue(now) else self.verdict.state.value
