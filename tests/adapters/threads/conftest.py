"""A swimming hall on Threads, served over real HTTP by the sandbox, and an adapter that reads it."""

from collections.abc import Iterator

import pytest
from tests.adapters.threads.hall import Hall, Stage, running_stage

from watchdaemon.ports import PlatformAdapter
from watchdaemon_adapters.threads import plugin


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running_stage() as running:
        yield running


@pytest.fixture
def hall(stage: Stage) -> Hall:
    return stage.hall()


@pytest.fixture
def adapter(hall: Hall) -> PlatformAdapter:
    return plugin.create(hall.settings(), hall.context)
