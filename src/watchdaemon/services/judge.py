"""Judging: every thread that changed is put to the rules, and the verdicts are stored."""

from typing import Protocol

import structlog

from watchdaemon.domain.account import Account, Register
from watchdaemon.domain.calendar import AnswerPolicy
from watchdaemon.domain.question import Verdict
from watchdaemon.ports import Case, Classifier, Clock, ItemStore, QuestionStore
from watchdaemon.rules.unanswered import Bench, Records, judge_thread
from watchdaemon.rules.voices import OwnVoice
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
        self,
        *,
        store: JudgeStore,
        classify: Classifier,
        calendar: WorkCalendar,
        answers: AnswerPolicy,
        clock: Clock,
        organisation: str = "",
    ) -> None:
        self._store = store
        self._classify = classify
        self._calendar = calendar
        self._answers = answers
        self._clock = clock
        self._organisation = organisation

    def run(self, register: Register) -> int:
        """Judge all pending threads and return how many were; threads of unknown accounts are left alone."""
        judged = 0
        given_up: set[tuple[str, str]] = set()
        benches: dict[str, Bench] = {}
        while True:
            # Those given up keep their mark and come back in every page, so the page must have room for others.
            pending = self._store.pending_threads(limit=_PAGE + len(given_up))
            todo = [p for p in pending if (p.account, p.thread_id) not in given_up]
            if not todo:
                return judged
            verdicts = [(case.pending, self._judge(case, register, benches)) for case in self._store.cases(todo)]
            ready = [(thread, found) for thread, found in verdicts if found is not None]
            self._store.save_judgements(ready, at=self._clock())
            judged += len(ready)
            given_up |= {(thread.account, thread.thread_id) for thread, found in verdicts if found is None}

    def _judge(self, case: Case, register: Register, benches: dict[str, Bench]) -> list[Verdict] | None:
        account = register.accounts.get(case.thread.account)
        if account is None:
            return None
        try:
            if account.key not in benches:
                benches[account.key] = self._bench(account, register)
            records = Records(decisions=case.decisions, orders=case.orders, kept=case.kept)
            return judge_thread(case.thread, records, benches[account.key])
        except Exception as error:  # noqa: BLE001 - one odd thread must not keep the others from being judged
            thread = case.thread.thread_id
            log.error("thread_not_judged", account=account.key, thread=thread, where=where(error))
            return None

    def _bench(self, account: Account, register: Register) -> Bench:
        answering = {o.person for o in account.owners} | {account.manager}
        names = {key: person.name for key, person in register.persons.items()}
        voice = OwnVoice.of(self._organisation, names.values(), [n for key, n in names.items() if key in answering])
        return Bench(
            account=account,
            classify=self._classify,
            answers=self._answers,
            calendar=self._calendar,
            voice=voice,
        )
