"""What holds of the words that people said about one item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchdaemon.domain.question import Decision, DecisionKind, QuestionState

DECIDED: Final = {
    DecisionKind.ANSWERED_ELSEWHERE: (QuestionState.ANSWERED, "answered elsewhere"),
    DecisionKind.FORWARDED: (QuestionState.FORWARDED, "forwarded"),
    DecisionKind.NO_REPLY_NEEDED: (QuestionState.DISMISSED, "no reply needed"),
    DecisionKind.NOT_A_QUESTION: (QuestionState.DISMISSED, "not a question"),
    DecisionKind.REMOVED: (QuestionState.REMOVED, "removed"),
}
"""The words that give an item its state."""

_ABOUT_REMOVAL: Final = {DecisionKind.MAY_STAY: False, DecisionKind.MUST_BE_REMOVED: True}


@dataclass(frozen=True, slots=True)
class Word:
    """What holds of people's decisions about one item.

    Two things are spoken of, each by its newest word: what became of it, and whether it must be removed. `REOPENED`
    takes the last word back, whichever of the two it was about; with nothing to take back it says that the item waits
    for an answer whatever triage and earlier replies say. `SEEN` says nothing of either.
    """

    decision: Decision | None = None  # the one that gives the state
    taken_back: Decision | None = None  # the REOPENED that took the last such word back
    reopened: Decision | None = None  # the REOPENED that had nothing to take back: replies up to it do not count
    removal: bool | None = None  # True: must be removed; False: may stay

    @property
    def makes_question(self) -> bool:
        """Whether a person says that it waits for an answer, whatever triage says."""
        return self.reopened is not None and self.decision is None

    @property
    def counts_after(self) -> datetime | None:
        """After when a reply counts; None: every one does."""
        return self.reopened.at if self.reopened else None


NOTHING_SAID: Final = Word()


def word_of(decisions: Sequence[Decision]) -> Word:
    """Return what holds of the decisions about one item; of two from the same instant the later in the row holds."""
    if not decisions:
        return NOTHING_SAID
    decision = taken_back = reopened = None
    removal: bool | None = None
    is_last_about_removal = False
    for said in sorted(decisions, key=lambda d: d.at):  # stable
        if said.kind in _ABOUT_REMOVAL:
            removal, is_last_about_removal = _ABOUT_REMOVAL[said.kind], True
        elif said.kind in DECIDED:
            decision, taken_back, is_last_about_removal = said, None, False
        elif said.kind is DecisionKind.REOPENED:
            if is_last_about_removal:
                removal = None
            elif decision is not None:
                decision, taken_back = None, said
            else:
                reopened = said
            is_last_about_removal = False
    return Word(decision=decision, taken_back=taken_back, reopened=reopened, removal=removal)


def standing(decisions: Sequence[Decision]) -> Decision | None:
    """Return the word that a `REOPENED` said now would take back; None when there is none."""
    decision = removal = None
    for said in sorted(decisions, key=lambda d: d.at):  # stable
        if said.kind in _ABOUT_REMOVAL:
            removal = said
        elif said.kind in DECIDED:
            decision, removal = said, None
        elif said.kind is DecisionKind.REOPENED:
            decision, removal = (decision if removal else None), None
    return removal or decision
