"""Judging: every thread that changed is put to the rules, and the verdicts are stored."""

from typing import Protocol

import structlog

from watchdaemon.domain.account import Account, Register
from watchdaemon.domain.calendar import AnswerPolicy
from watchdaemon.errors import StorageError
from watchdaemon.ports import Classifier, ItemStore, PendingThread, QuestionStore
from watchdaemon.rules.unanswered import judge_thread
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services._trace import where

log = structlog.get_logger(__name__)


class JudgeStore(ItemStore, QuestionStore, Protocol):
    """What judging needs of the store."""


class JudgeService:
    """Judges what is marked pending. A thread that cannot be judged is named in the log and keeps its mark."""

    def __init__(
        self, *, store: JudgeStore, classify: Classifier, calendar: WorkCalendar, answers: AnswerPolicy
    ) -> None:
        self._store = store
        self._classify = classify
        self._calendar = calendar
        self._answers = answers

    def run(self, register: Register) -> int:
        """Judge all pending threads and return how many were; threads of unknown accounts are left alone."""
        judged = 0
        given_up: set[tuple[str, str]] = set()
        while True:
            # Those given up keep their mark and come back in every page, so the page must have room for others.
            pending = self._store.pending_threads(limit=500 + len(given_up))
            todo = [p for p in pending if (p.account, p.thread_id) not in given_up]
            if not todo:
                return judged
            for thread in todo:
                if self._judge(thread, register.accounts.get(thread.account)):
                    judged += 1
                else:
                    given_up.add((thread.account, thread.thread_id))

    def _judge(self, pending: PendingThread, account: Account | None) -> bool:
        if account is None:
            return False
        try:
            verdicts = judge_thread(
                self._store.thread(pending.account, pending.thread_id),
                self._store.decisions(pending.account, pending.thread_id),
                classify=self._classify,
                account=account,
                answers=self._answers,
                calendar=self._calendar,
            )
            self._store.save_verdicts(pending, verdicts)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - one odd thread must not keep the others from being judged
            log.error("thread_not_judged", account=pending.account, thread=pending.thread_id, where=where(error))
            return False
        return True
