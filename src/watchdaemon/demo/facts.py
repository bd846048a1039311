"""What happened in the weeks lived through, read back from the store and the mail sink."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

from watchdaemon.demo.life import Life
from watchdaemon.domain.account import Account, Register
from watchdaemon.domain.delivery import MailKind
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.domain.watch import WatchEntry, WatchState
from watchdaemon.rules.schedule import watch_state


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """One account's two weeks."""

    account: Account
    watched: int
    partly: int
    not_watched: int
    owed: int
    why: tuple[str, ...]  # the reasons of windows not watched or partly, most frequent first
    found: int
    answered_in_time: int
    answered_late: int
    waiting: int
    overdue: int
    gone: int
    to_remove: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """One mail, as it arrived."""

    kind: MailKind
    person: str
    subject: str
    file: Path
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The whole story in numbers."""

    accounts: tuple[AccountFacts, ...]
    mails: tuple[MailFacts, ...]
    people: dict[str, str]  # key -> name
    items: int
    requests: int
    truth_questions: int  # what the scenario meant as questions, of those published in time to be seen
    truth_found: int
    false_alarms: int
    now: datetime

    def mails_to(self, person: str, kind: MailKind | None = None) -> list[MailFacts]:
        """Return the mails a person got, of one kind or all."""
        return [m for m in self.mails if m.person == person and kind in (None, m.kind)]


def gather(life: Life) -> Facts:
    """Read back what happened."""
    store, now = life.app.store, life.clock()
    register = store.load_register()
    questions = store.questions(states=list(QuestionState), needs_removal=True)
    entries = store.entries()
    truth = {i.key: i.expects for i in life.scenario.world.all_items() if i.expects is not None}
    seen = {i.key for i in store.items()}
    wanted = {key for key, expects in truth.items() if expects == "question" and key in seen}
    found = {q.item.key for q in questions if q.verdict.state is not None}
    return Facts(
        accounts=tuple(_account_facts(a, entries, questions, now) for a in register.watched()),
        mails=tuple(_mail_facts(life, register)),
        people={p.key: p.name for p in register.persons.values()},
        items=len(seen),
        requests=sum(life.sandbox.requests.values()),
        truth_questions=len(wanted),
        truth_found=len(wanted & found),
        false_alarms=sum(truth.get(key) == "statement" for key in found),
        now=now,
    )


def _account_facts(
    account: Account, entries: list[WatchEntry], questions: list[Question], now: datetime
) -> AccountFacts:
    own = [e for e in entries if e.account == account.key]
    states = Counter(watch_state(e, e.window, now) for e in own)
    why = Counter(e.reason.value for e in own if e.reason is not None)
    asked = [q for q in questions if q.item.account == account.key]
    answered = [q.verdict for q in asked if q.verdict.state is QuestionState.ANSWERED]
    late = sum(1 for v in answered if v.answered_at and v.due_at and v.answered_at > v.due_at)
    return AccountFacts(
        account=account,
        watched=states[WatchState.WATCHED],
        partly=states[WatchState.PARTLY],
        not_watched=states[WatchState.NOT_WATCHED],
        owed=len(own),
        why=tuple(reason for reason, _ in why.most_common()),
        found=sum(q.verdict.state is not None for q in asked),
        answered_in_time=len(answered) - late,
        answered_late=late,
        waiting=sum(q.verdict.state is QuestionState.OPEN for q in asked),
        overdue=sum(q.is_overdue(now) for q in asked),
        gone=sum(q.verdict.state is QuestionState.GONE for q in asked),
        to_remove=sum(q.verdict.needs_removal and q.verdict.state in (None, QuestionState.OPEN) for q in asked),
    )


def _mail_facts(life: Life, register: Register) -> list[MailFacts]:
    """Pair what the sink took with what the outbox says was sent, by Message-ID."""
    arrived: dict[str, Path] = {}
    for file in sorted((life.out / "mails").glob("*.eml")):
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        arrived[str(message["Message-ID"])] = file
    facts = []
    for delivery in life.app.store.deliveries():
        message = message_from_bytes(delivery.mail.message, policy=policy.default)
        eml = arrived.get(str(message["Message-ID"]))
        key = delivery.mail.key
        if eml is not None and key.recipient in register.persons:
            subject = str(message["Subject"])
            facts.append(MailFacts(kind=key.kind, person=key.recipient, subject=subject, file=eml, period=key.period))
    return facts


def reasons(facts: Facts) -> dict[str, list[str]]:
    """Return, per reason of a window not fully watched, the accounts it struck."""
    struck: dict[str, list[str]] = defaultdict(list)
    for account in facts.accounts:
        for why in account.why:
            struck[why].append(account.account.key)
    return dict(sorted(struck.items()))
