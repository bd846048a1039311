"""The town, for Instagram's tests."""

from collections.abc import Iterator

import pytest
from tests.adapters._graph.town import Stage, Town, running_stage

from watchdaemon.ports import PlatformAdapter
from watchdaemon_adapters.instagram import plugin


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running_stage() as running:
        yield running


@pytest.fixture
def town(stage: Stage) -> Town:
    return stage.town()


@pytest.fixture
def adapter(town: Town) -> PlatformAdapter:
    return plugin.create(town.settings("instagram"), town.context)
