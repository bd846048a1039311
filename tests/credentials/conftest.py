"""Credentials over the store in memory and files in a folder."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.storage.conftest import postgresql_server, postgresql_upgraded, postgresql_url

from watchdaemon.clock import SimulatedClock
from watchdaemon.credentials import KeptCredentials, new_key
from watchdaemon.settings import FileCredentials
from watchdaemon.testing.memory import MemoryStore

__all__ = ["postgresql_server", "postgresql_upgraded", "postgresql_url"]  # fixtures

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)


def secret(**fields: str) -> dict[str, SecretStr]:
    """Fields as the store takes them."""
    return {name: SecretStr(value) for name, value in fields.items()}


@dataclass
class Safe:
    """A folder of files, a store, and the credentials made of both."""

    folder: Path
    store: MemoryStore
    clock: SimulatedClock
    kept: KeptCredentials

    def file(self, name: str, text: str) -> None:
        """An operator puts a file there."""
        (self.folder / name).write_text(text)

    def read(self, name: str) -> dict[str, str]:
        """What an adapter gets."""
        return {field: value.get_secret_value() for field, value in self.kept.read(name).items()}


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    """A safe with a key and nothing in it."""
    store, clock = MemoryStore(), SimulatedClock(NOW)
    kept = KeptCredentials(store, FileCredentials(tmp_path), key="watchdaemon-key", clock=clock)
    safe = Safe(tmp_path, store, clock, kept)
    safe.file("watchdaemon-key", new_key().get_secret_value())
    return safe
