"""The town, for Facebook's tests."""

from collections.abc import Iterator

import pytest
from tests.adapters._graph.town import Town, running_town

from watchdaemon.ports import PlatformAdapter
from watchdaemon_adapters.facebook import plugin


@pytest.fixture
def town() -> Iterator[Town]:
    with running_town() as running:
        yield running


@pytest.fixture
def adapter(town: Town) -> PlatformAdapter:
    return plugin.create(town.settings("facebook"), town.context)
