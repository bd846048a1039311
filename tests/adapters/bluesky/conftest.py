"""One sandbox server for the folder; each test gets a fresh world behind it."""

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from tests.adapters.bluesky.town import START, Town, new_world, quick_road

from watchdaemon.clock import SimulatedClock
from watchdaemon.http import Exchange
from watchdaemon.sandbox.bluesky import create_app
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import World


@pytest.fixture(scope="package")
def served() -> Iterator[SimpleNamespace]:
    """A running server and what it serves at the moment."""
    current = SimpleNamespace(faults=Faults(), alter=None)

    async def app(request: Request, path: str) -> Response:
        answer: Response = await current.app(request, path)
        if current.alter is None or answer.status_code != 200:
            return answer
        changed = current.alter(path.rpartition(".")[2], json.loads(bytes(answer.body)))
        return changed if isinstance(changed, Response) else JSONResponse(changed)

    with SandboxServer(World(SimulatedClock(START)), current.faults, apps={"bluesky": app}) as server:
        current.server = server
        yield current


@pytest.fixture
def town(served: SimpleNamespace) -> Iterator[Town]:
    """The municipality on a Friday morning; nothing has been written yet."""
    clock, faults = SimulatedClock(START), served.faults
    faults.clear()
    served.alter = None
    world = new_world(clock)
    served.server.world = world  # faults strike by the world's time
    served.app = create_app(world, faults)
    exchanges: list[Exchange] = []
    road = quick_road(exchanges)
    yield Town(served, served.server, world, clock, faults, road, exchanges)

    road.close()
    assert served.server.errors == []


@pytest.fixture
def busy(town: Town) -> Town:
    """The town after a few days of everything."""
    post = town.post(hours_ago=50)
    question = town.reply(post, hours_ago=49)
    answer = town.reply(question, "Till 18", hours_ago=48, own=True)
    town.reply(answer, "Tack!", hours_ago=47)
    town.mention(hours_ago=30)
    town.quote(post, hours_ago=29)
    town.post("Ingen svarar här", hours_ago=20)
    return town
