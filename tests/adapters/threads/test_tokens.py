"""Threads' sixty days, renewed by themselves: when, how often, and what a failure costs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from tests.adapters.threads.hall import DAY, HOUR, KEY, NOW, TOKEN, Hall, account

from watchdaemon.ports import CredentialStore, PlatformAdapter
from watchdaemon.sandbox.consent import with_consent
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon_adapters.threads import plugin
from watchdaemon_adapters.threads.tokens import Life

SIXTY = timedelta(days=60)


@dataclass
class Till:
    """A credential store in memory: one credential, and what was written down of it, step by step."""

    fields: dict[str, str]
    steps: list[str] = field(default_factory=list)
    was_interrupted: bool = False

    def read(self, name: str) -> Mapping[str, SecretStr]:
        return {k: SecretStr(v) for k, v in self.fields.items()}

    def write(self, name: str, fields: Mapping[str, SecretStr], *, by: str = "") -> None:
        raise AssertionError("a renewal goes through its turn")

    @contextmanager
    def refreshing(self, name: str) -> Iterator["Turn"]:
        yield Turn(self, self.read(name), was_interrupted=self.was_interrupted)


@dataclass
class Turn:
    """One refresh."""

    till: Till
    fields: Mapping[str, SecretStr]
    was_interrupted: bool

    def begin(self) -> None:
        self.till.steps.append("begin")

    def finish(self, fields: Mapping[str, SecretStr]) -> None:
        self.till.steps.append("finish")
        self.till.fields = {k: v.get_secret_value() for k, v in fields.items()}

    def refused(self) -> None:
        self.till.steps.append("refused")


@pytest.fixture
def till() -> Till:
    return Till({"token": TOKEN, "app_secret": "apphemlighet"})


@pytest.fixture
def adapter(hall: Hall, till: Till) -> PlatformAdapter:
    """Reads the till, and may renew what is in it."""
    assert isinstance(till, CredentialStore)
    assert hall.stage.app is not None
    hall.stage.app = with_consent("threads", hall.stage.app, hall.world)
    return plugin.create(hall.settings(), replace(hall.context, credentials=till))


def age(hall: Hall, old: timedelta, life: timedelta = SIXTY) -> None:
    """Let the profile's token be that old."""
    mine = hall.world.account(KEY)
    tokens = tuple(replace(t, issued_at=NOW - old, expires_at=NOW - old + life) for t in mine.tokens)
    hall.world.put_account(replace(mine, tokens=tokens))


def renewals(hall: Hall) -> int:
    return [e.path for e in hall.exchanges].count("/threads/refresh_access_token")


def test_a_token_with_half_its_life_left_is_renewed_and_the_new_end_is_told(
    hall: Hall, adapter: PlatformAdapter, till: Till
) -> None:
    age(hall, timedelta(days=31))
    health = adapter.credential(account())

    assert till.steps == ["begin", "finish"]
    assert till.fields["token"] != TOKEN
    assert till.fields["app_secret"] == "apphemlighet"
    assert datetime.fromisoformat(till.fields["token_expires_at"]) == NOW + SIXTY
    assert health.expires_at == NOW + SIXTY
    assert health.is_valid


def test_for_a_year_the_token_never_ends_and_is_renewed_twelve_times(
    hall: Hall, adapter: PlatformAdapter, till: Till
) -> None:
    age(hall, HOUR)
    for _ in range(73):
        hall.clock.now += 5 * DAY
        health = adapter.credential(account())
        assert health.is_valid
        assert health.expires_at is not None
        assert health.expires_at - hall.clock.now > timedelta(days=24)

    assert renewals(hall) == 12


@pytest.mark.parametrize(
    ("old", "life"),
    [(timedelta(days=29), SIXTY), (timedelta(hours=23), timedelta(days=20)), (SIXTY, SIXTY)],
    ids=["more than half is left", "younger than a day", "ended"],
)
def test_a_token_that_need_not_or_cannot_be_renewed_is_left_alone(
    old: timedelta, life: timedelta, hall: Hall, adapter: PlatformAdapter, till: Till
) -> None:
    age(hall, old, life)
    adapter.credential(account())

    assert renewals(hall) == 0
    assert till.fields["token"] == TOKEN


def test_a_renewal_that_fails_leaves_the_token_and_its_end_as_they_were_and_says_so(
    hall: Hall, adapter: PlatformAdapter, till: Till
) -> None:
    age(hall, timedelta(days=50))
    hall.serve()  # the service has no such end-point any more
    health = adapter.credential(account())

    assert till.steps == ["begin", "finish"]
    assert till.fields["token"] == TOKEN
    assert health.is_valid
    assert health.expires_at == NOW + timedelta(days=10)
    assert "could not be renewed" in health.detail
    assert TOKEN not in health.detail


def test_what_is_no_answer_costs_nothing_and_is_tried_again_the_next_day(
    hall: Hall, adapter: PlatformAdapter, till: Till
) -> None:
    age(hall, timedelta(days=50))
    hall.fault(FaultKind.OUTAGE, path="refresh_access_token", account=None)
    first = adapter.credential(account())
    hall.faults.clear()
    hall.clock.now += DAY
    second = adapter.credential(account())

    assert "could not be renewed" in first.detail
    assert second.expires_at == NOW + DAY + SIXTY
    assert till.fields["token"] != TOKEN


def test_a_token_whose_end_nobody_tells_is_renewed_once_a_month(
    hall: Hall, adapter: PlatformAdapter, till: Till
) -> None:
    age(hall, timedelta(days=50))
    hall.fault(FaultKind.MISSING_PERMISSION, path="debug_token")
    for _ in range(40):
        adapter.credential(account())
        hall.clock.now += DAY

    assert renewals(hall) == 2
    assert till.fields["token_renewed_at"] == (NOW + timedelta(days=30)).isoformat()


def test_without_a_store_nothing_is_renewed_and_nothing_fails(hall: Hall) -> None:
    age(hall, timedelta(days=50))
    health = plugin.create(hall.settings(), hall.context).credential(account())

    assert (health.is_valid, health.expires_at, renewals(hall)) == (True, NOW + timedelta(days=10), 0)


def test_another_process_that_was_quicker_is_believed(hall: Hall, adapter: PlatformAdapter, till: Till) -> None:
    age(hall, timedelta(days=50))
    till.fields |= {"token_renewed_at": NOW.isoformat()}
    adapter.credential(account())

    assert renewals(hall) == 0


@pytest.mark.parametrize(
    ("made", "ends", "due"),
    [
        (None, None, True),
        (-31, None, True),
        (-29, None, False),
        (-30, 30, True),
        (-30, 31, False),
        (-60, 0, False),
        (-0.9, 10, False),
        (-1, 10, True),
        (None, 1, True),
    ],
)
def test_when_a_token_is_due(made: float | None, ends: float | None, due: bool) -> None:
    def at(days: float | None) -> datetime | None:
        return None if days is None else NOW + timedelta(days=days)

    assert Life(made_at=at(made), ends_at=at(ends)).is_due(NOW) is due
