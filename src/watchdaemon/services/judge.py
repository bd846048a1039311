"""Judging: every thread that changed is put to the rules, and the verdicts are stored."""

from typing import Protocol

import structlog

from watchdaemon.domain.account import Register
from watchdaemon.domain.calendar import AnswerPolicy
from watchdaemon.domain.question import Verdict
from watchdaemon.ports import Case, Classifier, Clock, ItemStore, QuestionStore
from watchdaemon.rules.unanswered import judge_thread
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services._trace import where

log = structlog.get_logger(__name__)

_PAGE = 500
"""Threads judged in one read and one transaction."""


class JudgeStore(ItemStore, QuestionStore, Protocol):
    """What judging needs of the store."""


class JudgeService:
    """Judges what is marked pending. A thread that cannot be judged is named in the log and keeps its mark."""

    def __init__(
        self, *, store: JudgeStore, classify: Classifier, calendar: WorkCalendar, answers: AnswerPolicy, clock: Clock
    ) -> None:
        self._store = store
        self._classify = classify
        self._calendar = calendar
        self._answers = answers
        self._clock = clock

    def run(self, register: Register) -> int:
        """Judge all pending threads and return how many were; threads of unknown accounts are left alone."""
        judged = 0
        given_up: set[tuple[str, str]] = set()
        while True:
            # Those given up keep their mark and come back in every page, so the page must have room for others.
            pending = self._store.pending_threads(limit=_PAGE + len(given_up))
            todo = [p for p in pending if (p.account, p.thread_id) not in given_up]
            if not todo:
                return judged
            verdicts = [(case.pending, self._judge(case, register)) for case in self._store.cases(todo)]
            ready = [(thread, found) for thread, found in verdicts if found is not None]
            self._store.save_judgements(ready, at=self._clock())
            judged += len(ready)
            given_up |= {(thread.account, thread.thread_id) for thread, found in verdicts if found is None}

    def _judge(self, case: Case, register: Register) -> list[Verdict] | None:
        account = register.accounts.get(case.thread.account)
        if account is None:
            return None
        try:
            return judge_thread(
                case.thread,
                case.decisions,
                classify=self._classify,
                account=account,
                answers=self._answers,
                calendar=self._calendar,
            )
        except Exception as error:  # noqa: BLE001 - one odd thread must not keep the others from being judged
            thread = case.thread.thread_id
            log.error("thread_not_judged", account=account.key, thread=thread, where=where(error))
            return None
