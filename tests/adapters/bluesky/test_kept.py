"""Bluesky sessions that outlive the process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from watchdaemon.clock import SimulatedClock
from watchdaemon.credentials import KeptCredentials, new_key
from watchdaemon.settings import FileCredentials
from watchdaemon.testing.memory import MemoryStore
from watchdaemon_adapters.bluesky.kept import KeptSessions, sessions_in
from watchdaemon_adapters.bluesky.sessions import MemorySessions, Session

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
SESSION = Session(
    access=SecretStr("access"),
    refresh=SecretStr("refresh"),
    did="did:plc:exempel",
    handle=None,
    made_at=NOW,
    expires_at=NOW + timedelta(hours=2),
    scope="com.atproto.appPass",
    origin=SecretStr("app-password"),
)


@pytest.fixture
def kept(tmp_path: Path) -> KeptCredentials:
    """A store with a key."""
    (tmp_path / "watchdaemon-key").write_text(new_key().get_secret_value())
    return KeptCredentials(MemoryStore(), FileCredentials(tmp_path), key="watchdaemon-key", clock=SimulatedClock(NOW))


def test_a_session_is_found_again_by_the_next_process(kept: KeptCredentials) -> None:
    KeptSessions(kept).save("kommunen", SESSION)

    assert KeptSessions(kept).load("kommunen") == SESSION
    assert KeptSessions(kept).load("another") is None


def test_a_session_is_kept_beside_the_credential_it_came_from(kept: KeptCredentials) -> None:
    kept.write("kommunen", {"password": SecretStr("app-password")})
    KeptSessions(kept).save("kommunen", SESSION)

    assert set(kept.read("kommunen")) == {"password"}


def test_without_a_key_a_session_lives_as_long_as_the_process(kept: KeptCredentials, tmp_path: Path) -> None:
    (tmp_path / "watchdaemon-key").unlink()
    sessions = KeptSessions(kept)
    sessions.save("kommunen", SESSION)

    assert sessions.load("kommunen") == SESSION
    assert KeptSessions(kept).load("kommunen") is None


def test_what_is_no_session_is_none(kept: KeptCredentials) -> None:
    kept.write("kommunen.session", {"access": SecretStr("a")})

    assert KeptSessions(kept).load("kommunen") is None


def test_where_nothing_can_be_written_sessions_are_in_memory(kept: KeptCredentials, tmp_path: Path) -> None:
    assert isinstance(sessions_in(kept), KeptSessions)
    assert isinstance(sessions_in(FileCredentials(tmp_path)), MemorySessions)
