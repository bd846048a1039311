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
    REMOVED = "removed"
    REOPENED = "reopened"  # takes the earlier word back


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's recorded word about one item; the newest one holds."""

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

    def shown_state(self, now: datetime) -> str:
        """Return the state as people read it: `overdue` for an open one past its due time."""
        if self.verdict.state is None:
            return "none"
        return "overdue" if self.is_overdue(now) else self.verdict.state.value
