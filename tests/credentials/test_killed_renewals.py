"""``kill -9`` at every step of renewing a token that stays good while it is renewed (Threads' sixty days).

Whenever it happens, what is stored opens the profile, and the next day's check renews it. Costs a process a step.
"""

import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from tests.costs.places import PLACES
from tests.credentials.test_killed_refreshes import (
    _CLEAN,
    NOW,
    MortalRoad,
    MortalStore,
    database,
    die_at,
    state,
    template,
)

from watchdaemon.clock import SimulatedClock
from watchdaemon.credentials import KeptCredentials, new_key
from watchdaemon.domain.credential import CredentialState
from watchdaemon.domain.fetch import CredentialHealth
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import World
from watchdaemon.settings import FileCredentials
from watchdaemon.storage import SqlStore, open_store
from watchdaemon_adapters.threads import plugin

__all__ = ["template"]  # a fixture

KEY = "badet"
PLACE = PLACES["threads"]
ENDS_AT = NOW + timedelta(days=9)
STEPS = (
    "before the mark",
    "after the mark",
    "after the answer",
    "before it is kept",
    "after it is kept",
    "before it is used",
)


class RenewingRoad(Road):
    """Dies around the renewal alone: other calls come before it."""

    def request(self, method: str, url: str, **more: object) -> httpx.Response:
        is_renewal = url.endswith("/refresh_access_token")
        answer = super().request(method, url, **more)  # type: ignore[arg-type]  # passes through
        die_at(MortalRoad.step if is_renewal else "", "after the answer")
        return answer


def check(folder: Path, url: str, store: SqlStore, road: Road) -> CredentialHealth:
    """Do what the daily check does."""
    clock = SimulatedClock(NOW)
    kept = KeptCredentials(store, FileCredentials(folder), key="watchdaemon-key", clock=clock)
    context = AdapterContext(road=road, credentials=kept, clock=clock, look_back=timedelta(days=30))
    return plugin.create({"base_url": url}, context).credential(PLACE.account(KEY))


def doomed(folder: Path, url: str, step: str) -> None:
    """Check in a process of its own, until death."""
    store = open_store(database(folder))
    store.__class__ = MortalStore
    MortalStore.step = MortalRoad.step = step
    check(folder, url, store, RenewingRoad(retries=RetryPolicy(tries=1)))
    die_at(step, "before it is used")


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Path:
    """A database with a token that has nine days left, and the key."""
    (tmp_path / "w.sqlite3").write_bytes(template.read_bytes())
    (tmp_path / "watchdaemon-key").write_text(new_key().get_secret_value())
    with closing(open_store(database(tmp_path))) as store:
        kept = KeptCredentials(store, FileCredentials(tmp_path), key="watchdaemon-key", clock=lambda: NOW)
        kept.write(KEY, {name: SecretStr(text) for name, text in PLACE.fields(KEY).items()}, by="anna")
    return tmp_path


@pytest.fixture
def url() -> Iterator[str]:
    """Threads, with a profile whose token has nine days left."""
    (profile,) = PLACE.world_accounts(KEY)
    token = replace(profile.tokens[0], issued_at=NOW - timedelta(days=51), expires_at=ENDS_AT)
    with SandboxServer(World(lambda: NOW, [replace(profile, tokens=(token,))])) as server:
        yield server.base_url("threads")
        assert server.errors == []


@pytest.mark.parametrize("step", STEPS)
def test_whenever_it_is_killed_the_stored_token_opens_the_profile_and_is_renewed(
    step: str, folder: Path, url: str
) -> None:
    process = _CLEAN.Process(target=doomed, args=(folder, url, step))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    with closing(open_store(database(folder))) as store, Road(retries=RetryPolicy(tries=1)) as road:
        health = check(folder, url, store, road)

    assert health.is_valid
    assert health.expires_at == NOW + timedelta(days=60)
    assert state(folder) is CredentialState.GOOD
