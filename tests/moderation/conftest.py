"""Every platform of the sandbox over real HTTP, the service that orders, and ways to lose a question or its answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tests.conformance import x as x_description
from tests.conformance import youtube as youtube_description
from tests.conformance.wire import recorded
from tests.moderation.places import PLACES, Place

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item
from watchdaemon.domain.moderation import Action, ModerationEntry
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import PlatformApp, SandboxServer, platform_apps
from watchdaemon.sandbox.world import World, WorldItem
from watchdaemon.services.moderation import ModerationService, Order, Plan
from watchdaemon.testing.memory import MemoryStore

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
READING = ("GET", "HEAD")


class Broken(Response):
    """A connection that breaks before the answer is whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise a body, and go."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})


class Credentials:
    """One credential by any name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return it."""
        assert name
        return {key: SecretStr(value) for key, value in self._fields.items()}


@dataclass
class Stage:
    """The server; each test plays its own world on it."""

    server: SandboxServer
    apps: dict[str, PlatformApp] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    loses_question: bool = False
    loses_answer: bool = False

    def entrance(self, platform: str) -> PlatformApp:
        """Let a platform in, except what is lost."""

        async def enter(request: Request, path: str) -> Response:
            # a batch of questions to the Graph is a POST to the version itself
            is_order = request.method not in READING and not path.endswith(("/", "Session"))
            if is_order:
                self.writes.append((request.method, path))
                if self.loses_question:
                    return Broken()
            answer = await self.apps[platform](request, path)
            return Broken() if is_order and self.loses_answer else answer

        return enter


@dataclass
class Town:
    """One platform's account with a few items, read by the adapter into a store."""

    place: Place
    stage: Stage
    world: World
    faults: Faults
    store: MemoryStore
    adapter: PlatformAdapter
    account: Account
    service: ModerationService

    def fetch(self) -> None:
        """Read everything anew."""
        for result in self.adapter.fetch([self.account], self.store.cursors([self.account.key])):
            self.store.save_fetch(result, at=START)

    def item(self, text: str) -> Item:
        """Return the stored item with that text."""
        (found,) = [i for i in self.store.items() if text in i.text]
        return found

    def truth(self, text: str) -> list[WorldItem]:
        """Return what the platform itself has with that text, deleted or not."""
        return [i for i in self.world.all_items() if text in i.text]

    def plan(self, action: Action, about: str = "Grannen", text: str = "") -> Plan:
        """Plan an order about the item with that text."""
        order = Order(
            account=self.account.key,
            external_id=self.item(about).external_id,
            action=action,
            by="anna",
            why="names a neighbour",
            text=text,
        )
        return self.service.plan(self.account, order)

    def order(self, action: Action, about: str = "Grannen", text: str = "") -> ModerationEntry:
        """Give an order."""
        return self.service.carry_out(self.plan(action, about, text))

    def forbid(self) -> None:
        """Let the platform refuse the token from now on."""
        self.faults.add(Fault(kind=FaultKind.MISSING_PERMISSION, platform=self.place.platform))


@pytest.fixture(autouse=True)
def _requests_are_described() -> Iterator[None]:
    """Fail the test that sends what X's or YouTube's own description does not know, where that is at hand."""
    with recorded() as sent:
        yield
    for platform, judge in (("/x/", x_description), ("/youtube/", youtube_description)):
        if judge.SPEC.exists():
            theirs = {request for request in sent if request.path.startswith(platform)}
            assert [fault for request in theirs for fault in judge.faults_of(request)] == []


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    world = World(SimulatedClock(START))
    stage = Stage(SandboxServer(world, apps={}))
    stage.server = SandboxServer(world, apps={name: stage.entrance(name) for name in PLACES})
    with stage.server:
        yield stage
        assert [repr(e) for e in stage.server.errors] == []


@pytest.fixture
def town_on(stage: Stage) -> Iterator[Callable[[str], Town]]:
    """Make a town on a platform."""
    road = Road(timeout=5, retries=RetryPolicy(tries=3), sleep=lambda _: None)

    def make(platform: str) -> Town:
        place, clock, faults = PLACES[platform], SimulatedClock(START), Faults()
        world = World(clock, place.accounts())
        stage.apps = dict(platform_apps(world, faults))
        stage.writes.clear()
        stage.loses_question = stage.loses_answer = False
        for item in place.items(START):
            world.add(item)
        context = AdapterContext(
            road=road, credentials=Credentials(place.credential), clock=clock, look_back=timedelta(days=30)
        )
        settings: dict[str, Any] = {place.setting: stage.server.base_url(platform), **place.settings}
        adapter, store = place.plugin.create(settings, context), MemoryStore()
        service = ModerationService(store=store, adapters=lambda _: adapter, clock=clock)
        town = Town(
            place, stage, world, faults, store, adapter, place.account(stage.server.base_url(platform)), service
        )
        town.fetch()
        return town

    with road:
        yield make
