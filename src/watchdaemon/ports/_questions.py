"""Judging: what a thread is judged by, what judges a text, and what was judged and decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchdaemon.domain.item import Item, Thread
from watchdaemon.domain.moderation import ModerationEntry
from watchdaemon.domain.question import Decision, Question, QuestionState, Step, Triage, Verdict
from watchdaemon.ports._items import PendingThread


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a thread is judged by."""

    pending: PendingThread
    thread: Thread
    decisions: tuple[Decision, ...] = ()
    orders: tuple[ModerationEntry, ...] = ()  # what was done to its items by our own hand
    kept: tuple[Verdict, ...] = ()  # of items whose texts are gone: they are not judged anew


class QuestionStore(Protocol):
    """Verdicts, and people's decisions."""

    def cases(self, pending: Sequence[PendingThread]) -> list[Case]:
        """Return what these threads are judged by: their items and the decisions on them, oldest first. One read."""
        ...

    def save_judgements(self, judgements: Sequence[tuple[PendingThread, Sequence[Verdict]]], *, at: datetime) -> int:
        """Store the verdicts of these threads and clear their marks, in one transaction.

        The verdicts replace the thread's earlier ones, and each change of how an item stands is written down as a
        step (`rules.steps`) that was noticed `at`. A thread that moved on since its revision was read keeps its
        mark and its old verdicts; returns how many did not.
        """
        ...

    def questions(
        self,
        *,
        accounts: Iterable[str] | None = None,
        states: Iterable[QuestionState] | None = None,
        needs_removal: bool | None = None,
        to_finish: bool = False,
        published_since: datetime | None = None,
    ) -> list[Question]:
        """Return judged items that want an answer or removal, oldest due first, those to be removed without due last.

        `states` selects by stored state, `needs_removal` by `Verdict.needs_removal`, `to_finish` those answered by a
        promise only; given several, an item that fits any is returned. `published_since` (inclusive) narrows the rest.
        """
        ...

    def steps(self, account: str, external_id: str) -> list[Step]:
        """Return the steps of an item's life in the order they were noticed; also of an item that is gone."""
        ...

    def decided(self) -> list[tuple[Decision, Item]]:
        """Return every decision, oldest first, with the item it is about."""
        ...

    def question(self, account: str, external_id: str) -> Question | None:
        """Return one judged item, also one that wants nothing; None when there is none of that id."""
        ...

    def decisions(self, account: str, thread_id: str) -> list[Decision]:
        """Return the decisions on items of a thread, oldest first."""
        ...

    def record_decision(self, decision: Decision) -> None:
        """Store a decision and mark the item's thread. Raises KeyError when there is no such item."""
        ...


class Classifier(Protocol):
    """Text in, triage out; pure."""

    def __call__(self, text: str) -> Triage:
        """Judge one text."""
        ...
