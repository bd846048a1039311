"""The town, for Mastodon's tests."""

from collections.abc import Iterator

import pytest
from tests.adapters.mastodon.town import Stage, Town, running_stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running_stage() as running:
        yield running


@pytest.fixture
def town(stage: Stage) -> Iterator[Town]:
    with stage.town() as town:
        yield town
    assert stage.server.errors == []
