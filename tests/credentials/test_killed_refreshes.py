"""``kill -9`` at every step of renewing a token that is good for one use.

A real process, a real database, a real HTTP end-point. Afterwards another process goes on with what is stored: it gets
a usable token wherever the platform allows it at all; otherwise a clear "must be connected again", said once by the
platform and remembered.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from tests.credentials.endpoint import TokenEndpoint, served

from watchdaemon.clock import SimulatedClock
from watchdaemon.credentials import KeptCredentials, new_key
from watchdaemon.domain.credential import CredentialRecord, CredentialState
from watchdaemon.errors import AccountError, Reason, RefusedCredentialError, RetriableError
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.settings import FileCredentials
from watchdaemon.storage import SqlStore, open_store, upgrade
from watchdaemon_adapters._rotating import credential_error
from watchdaemon_adapters.x.settings import XSettings
from watchdaemon_adapters.x.tokens import TokenKeeper

_CLEAN = multiprocessing.get_context("forkserver")
_CLEAN.set_forkserver_preload(["watchdaemon.storage", "watchdaemon.settings", "watchdaemon_adapters.x.tokens"])
NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
NAME = "x-kommunen"

BEFORE_REQUEST = ("before the mark", "after the mark", "before the request")
IN_FLIGHT = ("while the platform exchanges it", "after the answer", "before it is kept")
AFTERWARDS = ("after it is kept", "before it is used")
SOME_OF_EACH = ("after the mark", "while the platform exchanges it", "before it is kept", "after it is kept")


class MortalStore(SqlStore):
    """Dies at a step of keeping a credential."""

    step = ""

    def put_credential(self, record: CredentialRecord) -> bool:
        is_mark = record.state is CredentialState.REFRESHING
        die_at(self.step, "before the mark" if is_mark else "before it is kept")
        done = super().put_credential(record)
        die_at(self.step, "after the mark" if is_mark else "after it is kept")
        return done


class MortalRoad(Road):
    """Dies at a step of asking."""

    step = ""

    def request(self, method: str, url: str, **more: object) -> httpx.Response:
        die_at(self.step, "before the request")
        answer = super().request(method, url, **more)  # type: ignore[arg-type]  # as above
        die_at(self.step, "after the answer")
        return answer


def die_at(chosen: str, here: str) -> None:
    """Kill this process, if this is where it shall die."""
    if chosen == here:
        os.kill(os.getpid(), signal.SIGKILL)


def keeper(store: SqlStore, folder: Path, url: str, road: Road) -> tuple[TokenKeeper, KeptCredentials]:
    """What an adapter works with, an hour after the token ended."""
    clock = SimulatedClock(NOW + timedelta(hours=3))
    kept = KeptCredentials(store, FileCredentials(folder), key="watchdaemon-key", clock=clock)
    return TokenKeeper(road, XSettings(base_url=url), kept, clock), kept


def renew(folder: Path, url: str, store: SqlStore, road: Road) -> Mapping[str, SecretStr]:
    """Do what a fetch does first: get a usable token."""
    tokens, kept = keeper(store, folder, url, road)
    try:
        fields = kept.read(NAME)
    except RefusedCredentialError as error:
        raise credential_error(error, platform="x", account="x-a") from error
    return tokens.usable(NAME, fields, account="x-a")


def doomed(folder: Path, url: str, step: str) -> None:
    """Renew in a process of its own, until death."""
    store = open_store(database(folder))
    store.__class__ = MortalStore
    MortalStore.step = MortalRoad.step = step
    renew(folder, url, store, MortalRoad(retries=RetryPolicy(tries=1)))
    die_at(step, "before it is used")


def database(folder: Path) -> str:
    """The database's address: what is written in the folder, or a file there."""
    written = folder / "database-url"
    return written.read_text() if written.exists() else f"sqlite:///{folder / 'w.sqlite3'}"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded database."""
    folder = tmp_path_factory.mktemp("template")
    upgrade(database(folder))
    return folder / "w.sqlite3"


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Path:
    """A database with a token that has ended, and the key."""
    (tmp_path / "w.sqlite3").write_bytes(template.read_bytes())
    return furnished(tmp_path)


@pytest.fixture
def folder_on_postgresql(tmp_path: Path, postgresql_url: str) -> Path:
    """The same, on PostgreSQL."""
    (tmp_path / "database-url").write_text(postgresql_url)
    return furnished(tmp_path)


def furnished(folder: Path) -> Path:
    """Put a token that has ended into the folder's database, and the key beside it."""
    (folder / "watchdaemon-key").write_text(new_key().get_secret_value())
    with closing(open_store(database(folder))) as store:
        kept = KeptCredentials(store, FileCredentials(folder), key="watchdaemon-key", clock=lambda: NOW)
        fields = {"client_id": "c", "token": "access-0", "refresh_token": "refresh-0"}
        ends = {"token_expires_at": (NOW + timedelta(hours=2)).isoformat()}
        kept.write(NAME, {k: SecretStr(v) for k, v in (fields | ends).items()}, by="anna")
    return folder


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    """A platform that takes a token once."""
    with served(TokenEndpoint()) as running:
        yield running


def kill_at(step: str, folder: Path, endpoint: TokenEndpoint) -> None:
    """Start a renewal, and have it killed at the step."""
    process = _CLEAN.Process(target=doomed, args=(folder, endpoint.url, step))
    if step == "while the platform exchanges it":
        endpoint.before_answer = process.kill
    process.start()
    process.join(timeout=60)
    endpoint.before_answer = lambda: None

    assert process.exitcode == -signal.SIGKILL


def go_on(folder: Path, endpoint: TokenEndpoint) -> str:
    """Renew in a new life; returns the access token."""
    with closing(open_store(database(folder))) as store, Road(retries=RetryPolicy(tries=1)) as road:
        return renew(folder, endpoint.url, store, road)["token"].get_secret_value()


def state(folder: Path) -> CredentialState:
    """What is written down."""
    with closing(open_store(database(folder))) as store:
        (record,) = store.credential_records()
    return record.state


@pytest.mark.parametrize("step", [*BEFORE_REQUEST, *AFTERWARDS])
def test_where_the_platform_was_not_asked_or_its_answer_kept_the_next_life_goes_on(
    step: str, folder: Path, endpoint: TokenEndpoint
) -> None:
    kill_at(step, folder, endpoint)

    assert go_on(folder, endpoint) == "access-1"
    assert endpoint.asked == ["refresh-0"]
    assert state(folder) is CredentialState.GOOD


@pytest.mark.parametrize("step", IN_FLIGHT)
def test_where_the_answer_was_lost_a_platform_with_a_grace_lets_the_old_token_in_once_more(
    step: str, folder: Path, endpoint: TokenEndpoint
) -> None:
    endpoint.grace = True
    kill_at(step, folder, endpoint)

    assert go_on(folder, endpoint) == "access-2"
    assert endpoint.asked == ["refresh-0", "refresh-0"]
    assert state(folder) is CredentialState.GOOD


@pytest.mark.parametrize("step", IN_FLIGHT)
def test_where_the_answer_was_lost_and_there_is_no_grace_it_must_be_connected_again_and_nobody_asks_twice(
    step: str, folder: Path, endpoint: TokenEndpoint
) -> None:
    kill_at(step, folder, endpoint)

    for _ in range(3):
        with pytest.raises(AccountError, match="must be connected again") as caught:
            go_on(folder, endpoint)
        assert caught.value.reason is Reason.UNAUTHORISED
    assert endpoint.asked == ["refresh-0", "refresh-0"]
    assert state(folder) is CredentialState.REFUSED


@pytest.mark.postgresql
@pytest.mark.parametrize("step", [*BEFORE_REQUEST, *IN_FLIGHT, *AFTERWARDS])
def test_postgresql_keeps_it_as_well(step: str, folder_on_postgresql: Path, endpoint: TokenEndpoint) -> None:
    endpoint.grace = True
    kill_at(step, folder_on_postgresql, endpoint)

    assert go_on(folder_on_postgresql, endpoint) == f"access-{endpoint.family}"
    assert endpoint.asked == ["refresh-0"] * (2 if step in IN_FLIGHT else 1)
    assert state(folder_on_postgresql) is CredentialState.GOOD


@pytest.mark.postgresql
def test_on_postgresql_too_a_lost_answer_without_a_grace_must_be_connected_again_and_nobody_asks_twice(
    folder_on_postgresql: Path, endpoint: TokenEndpoint
) -> None:
    kill_at("before it is kept", folder_on_postgresql, endpoint)

    for _ in range(2):
        with pytest.raises(AccountError, match="must be connected again"):
            go_on(folder_on_postgresql, endpoint)
    assert endpoint.asked == ["refresh-0", "refresh-0"]


@pytest.mark.parametrize("first", SOME_OF_EACH)
@pytest.mark.parametrize("second", SOME_OF_EACH)
def test_killed_twice_what_is_stored_is_usable_or_known_to_be_refused(
    first: str, second: str, folder: Path, endpoint: TokenEndpoint
) -> None:
    endpoint.grace = True
    kill_at(first, folder, endpoint)
    if first not in AFTERWARDS:
        kill_at(second, folder, endpoint)

    lost = [s for s in (first, second) if s in IN_FLIGHT]
    if len(lost) < 2 or first in AFTERWARDS:
        token = go_on(folder, endpoint)
        with closing(open_store(database(folder))) as store:
            kept = keeper(store, folder, endpoint.url, Road())[1].read(NAME)
        assert token == f"access-{endpoint.family}"
        assert endpoint.is_usable(kept["refresh_token"].get_secret_value())
    else:
        with pytest.raises(AccountError, match="must be connected again"):
            go_on(folder, endpoint)
        assert state(folder) is CredentialState.REFUSED


def test_a_platform_that_does_not_answer_is_asked_again_with_the_same_token(
    folder: Path, endpoint: TokenEndpoint
) -> None:
    away = TokenEndpoint(url="http://127.0.0.1:9")
    for _ in range(2):
        with pytest.raises(RetriableError):
            go_on(folder, away)

    assert state(folder) is CredentialState.REFRESHING
    assert go_on(folder, endpoint) == "access-1"


def test_sixteen_threads_use_the_token_up_once(folder: Path, endpoint: TokenEndpoint) -> None:
    tokens: list[str] = []
    with closing(open_store(database(folder))) as store, Road() as road:
        threads = [
            threading.Thread(
                target=lambda: tokens.append(renew(folder, endpoint.url, store, road)["token"].get_secret_value())
            )
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

    assert endpoint.asked == ["refresh-0"]
    assert tokens == ["access-1"] * 16


def test_three_processes_use_the_token_up_once(folder: Path, endpoint: TokenEndpoint) -> None:
    processes = [_CLEAN.Process(target=doomed, args=(folder, endpoint.url, "never")) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)

    assert [p.exitcode for p in processes] == [0, 0, 0]
    assert endpoint.asked == ["refresh-0"]
