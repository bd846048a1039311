"""The communications unit is told each month, once, when there is a month to tell of."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.mail.samples import renderer
from tests.services.conftest import account, register_of

from watchdaemon.domain.audit import Change
from watchdaemon.domain.calendar import ActivityPolicy, CalendarPolicy, WatchPolicy
from watchdaemon.domain.delivery import MailKind
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.monthly import MonthlyService
from watchdaemon.testing.memory import MemoryStore

IN_NOVEMBER = datetime(2026, 11, 20, 9, tzinfo=UTC)
FIRST_OF_DECEMBER = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)  # 07:30 in Stockholm, a Tuesday
REGISTER = register_of(account("a", purpose="Svara."), account("b", purpose="Svara."))


@pytest.fixture
def store() -> MemoryStore:
    """A store with two accounts under watch since November."""
    store = MemoryStore()
    changes = [Change(kind="account", key=k, field="", before=None, after=k) for k in "ab"]
    store.apply_changes(REGISTER, changes, by="test", at=IN_NOVEMBER)
    store.begin_watch(["a", "b"], at=IN_NOVEMBER)
    return store


def service(store: MemoryStore, *readers: str) -> MonthlyService:
    """Make the service for these readers."""
    return MonthlyService(
        store=store,
        renderer=renderer(),
        calendar=WorkCalendar(CalendarPolicy()),
        watch=WatchPolicy(),
        activity=ActivityPolicy(),
        readers=readers,
    )


def test_each_of_the_unit_gets_one_overview_from_the_first_working_morning_on(store: MemoryStore) -> None:
    monthly = service(store, "bo", "chris")

    counts = [monthly.run(REGISTER, at) for at in (FIRST_OF_DECEMBER.replace(minute=29), FIRST_OF_DECEMBER)]
    again = monthly.run(REGISTER, FIRST_OF_DECEMBER.replace(day=20))

    assert (counts, again) == ([0, 2], 0)
    assert [str(d.mail.key) for d in store.deliveries()] == ["monthly/bo/2026-11", "monthly/chris/2026-11"]
    assert store.deliveries()[0].mail.subject.startswith("Monthly overview, November 2026: 2 of 2 accounts do not")


def test_the_next_month_has_its_own(store: MemoryStore) -> None:
    monthly = service(store, "chris")

    assert monthly.run(REGISTER, FIRST_OF_DECEMBER) == 1
    assert monthly.run(REGISTER, datetime(2027, 1, 4, 6, 30, tzinfo=UTC)) == 1


def test_there_is_none_on_a_month_before_the_accounts_were_watched(store: MemoryStore) -> None:
    assert service(store, "chris").run(REGISTER, IN_NOVEMBER) == 0


def test_a_reader_who_is_not_in_the_register_keeps_nobody_else_waiting(store: MemoryStore) -> None:
    assert service(store, "nobody", "chris").run(REGISTER, FIRST_OF_DECEMBER) == 1


def test_nobody_named_means_nobody_told(store: MemoryStore) -> None:
    assert service(store).run(REGISTER, FIRST_OF_DECEMBER) == 0
    assert store.deliveries() == []


def test_a_preview_is_for_the_unit_alone_and_queues_nothing(store: MemoryStore) -> None:
    monthly = service(store, "chris")
    chris, anna = REGISTER.persons["chris"], REGISTER.persons["anna"]

    mail = monthly.preview(chris, REGISTER, FIRST_OF_DECEMBER)

    assert mail is not None
    assert mail.key.kind is MailKind.MONTHLY
    assert monthly.preview(anna, REGISTER, FIRST_OF_DECEMBER) is None
    assert store.deliveries() == []


def test_the_overview_counts_accounts_whose_units_are_unknown(store: MemoryStore) -> None:
    lost = replace(REGISTER, units={})

    overview = service(store, "chris").overview(lost.persons["chris"], lost, FIRST_OF_DECEMBER)

    assert [row.unit for row in overview.rows] == ["kultur", "kultur"]
