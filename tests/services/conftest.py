"""A small organisation: one calendar, a real SQLite store, a fake platform."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Account, AccountStatus, Ownership, Person, Register, Unit
from watchdaemon.domain.audit import Change
from watchdaemon.domain.calendar import AnswerPolicy, CalendarPolicy, WatchPolicy
from watchdaemon.domain.question import Grade, Triage
from watchdaemon.domain.watch import FetchAttempt
from watchdaemon.errors import AccountError, Reason
from watchdaemon.ports import PlatformAdapter
from watchdaemon.rules.schedule import current_window
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.judge import JudgeService
from watchdaemon.services.poll import Errand, PollService
from watchdaemon.storage import SqlStore, open_store, upgrade
from watchdaemon.testing.platform import FakePlatform

MONDAY_0805 = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
"""08:05 in Stockholm, in the first window of a working day."""


def account(key: str, **changes: object) -> Account:
    """An approved account of the fake platform."""
    facts: dict[str, object] = {
        "key": key,
        "platform": "fake",
        "native_id": key,
        "name": f"Exempelkommun {key}",
        "link": f"https://fake.example/{key}",
        "unit": "kultur",
        "manager": "chris",
        "owners": (Ownership(person="anna"), Ownership(person="bo")),
        "status": AccountStatus.APPROVED,
        "approved_by": "komm",
        "approved_on": date(2026, 1, 2),
    }
    return Account(**{**facts, **changes})  # type: ignore[arg-type]  # a test's shorthand


def register_of(*accounts: Account) -> Register:
    """A register with these accounts, Anna and Bo as owners and Chris as manager."""
    people = [
        Person(key="anna", name="Anna Exempel", mail="anna@example.org"),
        Person(key="bo", name="Bo Exempel", mail="bo@example.org", language="en"),
        Person(key="chris", name="Chris Chef", mail="chris@example.org"),
    ]
    return Register(
        units={"kultur": Unit(key="kultur", name="Kultur", manager="chris")},
        persons={p.key: p for p in people},
        accounts={a.key: a for a in accounts},
    )


@dataclass
class Office:
    """Everything a use case needs: a real SQLite store, a fake platform, Swedish working days, a standing clock."""

    store: SqlStore
    platform: FakePlatform
    clock: SimulatedClock
    calendar: WorkCalendar
    watch: WatchPolicy
    register: Register = field(default_factory=Register)

    def enrol(self, *accounts: Account) -> None:
        """Put accounts (with Anna, Bo and Chris) into the register and under watch."""
        self.register = register_of(*accounts)
        changes = [Change(kind="account", key=a.key, field="", before=None, after=a.name) for a in accounts]
        self.store.apply_changes(self.register, changes, by="test", at=self.clock())
        self.store.begin_watch([a.key for a in accounts], at=self.clock())

    def errands(self) -> list[Errand]:
        """Every watched account, for the window that is open."""
        window = current_window(self.clock(), self.calendar, self.watch)
        return [Errand(account=a, window=window) for a in self.register.watched()]

    def adapter(self, name: str) -> PlatformAdapter:
        """Give the fake platform by its name, and nothing else."""
        if name != self.platform.name:
            raise AccountError(f"no adapter for {name}", platform=name, reason=Reason.NO_ADAPTER)
        return self.platform

    def poller(self, threads: int = 4) -> PollService:
        """A poll service over the platform."""
        return PollService(store=self.store, adapters=self.adapter, clock=self.clock, threads=threads)

    def poll(self) -> dict[str, FetchAttempt]:
        """Fetch every watched account; the attempts by account."""
        return {a.account: a for a in self.poller().run(self.errands())}

    def judge(self) -> int:
        """Judge what is pending, with a classifier that a test can read."""
        service = JudgeService(
            store=self.store,
            classify=marks_only,
            calendar=self.calendar,
            answers=AnswerPolicy(),
            clock=self.clock,
        )
        return service.run(self.register)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office with an empty register, Monday 08:05."""
    url = f"sqlite:///{tmp_path / 'test.sqlite3'}"
    upgrade(url)
    store = open_store(url)
    yield Office(store, FakePlatform(), SimulatedClock(MONDAY_0805), WorkCalendar(CalendarPolicy()), WatchPolicy())
    store.close()


def marks_only(text: str) -> Triage:
    """A classifier simple enough to read in a test: a question mark asks, "TA BORT" must be removed."""
    grade = Grade.YES if "?" in text else Grade.NO
    return Triage(grade=grade, reason="question mark", is_inappropriate="TA BORT" in text, removal_reason="threat")
