"""Sessions kept beside the credential: they outlive the process, and a store that is away costs nothing."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from pydantic import SecretStr
from tests.adapters.bluesky.town import KEY, PASSWORD, Credentials, Town, account

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import ConfigError, StorageError
from watchdaemon.ports import Refresh
from watchdaemon_adapters.bluesky.adapter import BlueskyAdapter
from watchdaemon_adapters.bluesky.settings import BlueskySettings

CREATED = "com.atproto.server.createSession"


class Store(Credentials):
    """A credential store in memory; `trouble` is what writing raises."""

    def __init__(self, trouble: Exception | None = None) -> None:
        super().__init__(**{KEY: {"password": PASSWORD}})
        self.trouble = trouble

    def write(self, name: str, fields: Mapping[str, SecretStr], *, by: str = "") -> None:
        """Keep the fields."""
        if self.trouble is not None:
            raise self.trouble
        self.named[name] = {k: v.get_secret_value() for k, v in fields.items()}

    def refreshing(self, name: str) -> AbstractContextManager[Refresh]:
        """Bluesky's refresh tokens have a grace period: nobody has to take turns."""
        raise NotImplementedError


def fetched(town: Town, store: Store) -> list[Coverage]:
    """Fetch with a new adapter, as a new process does."""
    settings = BlueskySettings(base_url=town.server.base_url("bluesky"))
    adapter = BlueskyAdapter(settings, replace(town.context, credentials=store))
    return [r.coverage for n in range(2) for r in adapter.fetch([account()], {})]


def test_a_session_outlives_the_process(busy: Town) -> None:
    store = Store()

    assert [fetched(busy, store) for _ in range(3)] == [[Coverage.COMPLETE] * 2] * 3
    assert busy.asked(CREATED) == 1


@pytest.mark.parametrize("trouble", [ConfigError("no key"), StorageError("away")])
def test_a_store_that_takes_nothing_keeps_nobody_from_fetching(busy: Town, trouble: Exception) -> None:
    store = Store(trouble)

    assert [fetched(busy, store) for _ in range(2)] == [[Coverage.COMPLETE] * 2] * 2
    assert busy.asked(CREATED) == 2


@pytest.mark.parametrize("kept", [{}, {"access": "a"}, {"made_at": "never"}])
def test_what_is_no_session_is_made_anew(busy: Town, kept: dict[str, str]) -> None:
    store = Store()
    fetched(busy, store)
    (name,) = set(store.named) - {KEY}
    store.named[name] = {**store.named[name], **kept} if "made_at" in kept else kept

    assert fetched(busy, store) == [Coverage.COMPLETE] * 2
