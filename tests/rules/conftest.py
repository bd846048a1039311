"""What the rules' tests share: an ordinary Swedish calendar and makers of invented accounts and items."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from watchdaemon.domain.account import Account, Ownership
from watchdaemon.domain.calendar import CalendarPolicy, WatchPolicy
from watchdaemon.rules.workdays import WorkCalendar

settings.register_profile("unhurried", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def calendar() -> WorkCalendar:
    """Sweden, office hours 08-17."""
    return WorkCalendar(CalendarPolicy())


@pytest.fixture(scope="session")
def policy() -> WatchPolicy:
    """Windows 08-12 and 13-17."""
    return WatchPolicy()


@pytest.fixture(scope="session")
def local(calendar: WorkCalendar) -> Callable[[str], datetime]:
    """Return a maker of instants from local wall-clock time."""

    def make(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=calendar.zone).astimezone(UTC)

    return make


@pytest.fixture(scope="session")
def make_account() -> Callable[..., Account]:
    """Return a maker of accounts; keywords override."""

    def make(key: str = "bibliotek", **changes: object) -> Account:
        facts: dict[str, object] = {
            "key": key,
            "platform": "facebook",
            "native_id": f"page-{key}",
            "name": f"Exempelkommun {key}",
            "link": f"https://social.example/{key}",
            "unit": "kultur",
            "manager": "chef",
            "owners": (Ownership(person="anna"), Ownership(person="bo")),
            **changes,
        }
        return Account(**facts)  # type: ignore[arg-type]  # a test's keywords are checked by running

    return make
