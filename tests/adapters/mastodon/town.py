"""A municipality on Mastodon, served by the sandbox: verbs write into the world, `fetch` reads it by the adapter."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import FetchResult, Recheck
from watchdaemon.domain.item import Item
from watchdaemon.errors import ConfigError
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.sandbox import ids
from watchdaemon.sandbox import mastodon as sandbox
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem
from watchdaemon_adapters.mastodon import plugin

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
KEY = "mastodon-kommun"
ME = ids.mastodon_account("exempelkommun")
TOKEN = "mastodon-user-token"
SCOPES = frozenset({"read:notifications", "read:statuses", "read:accounts"})


class Credentials:
    """Credentials by name; any other is not there."""

    def __init__(self, **fields: Mapping[str, str]) -> None:
        self._fields = fields

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return a credential's fields."""
        if name not in self._fields:
            raise ConfigError(f"no credential {name}")
        return {key: SecretStr(value) for key, value in self._fields[name].items()}


def account(**changes: Any) -> Account:
    """The account under test."""
    facts: dict[str, Any] = {
        "key": KEY,
        "platform": "mastodon",
        "native_id": ME,
        "name": "Exempelkommun",
        "link": "https://mastodon.exempelkommun.example/@exempelkommun",
        "unit": "info",
        "manager": "chef",
        "owners": (),
        "credential": KEY,
    }
    return Account(**{**facts, **changes})


@dataclass
class Town:
    """What the tests hold in their hands."""

    url: str
    world: World
    clock: SimulatedClock
    faults: Faults
    road: Road
    exchanges: list[Exchange]
    cursors: dict[str, str] = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)
    count: int = 0

    def post(self, text: str = "Badhuset öppnar", *, ago: float = 20, **more: str) -> WorldItem:
        """The municipality posts something so many hours ago."""
        return self._write(Kind.POST, text, ago, by_account=True, extra=more)

    def reply(
        self,
        to: WorldItem,
        text: str = "När då?",
        *,
        ago: float = 10,
        own: bool = False,
        name: str = "kim",
        **more: str,
    ) -> WorldItem:
        """Somebody, or the municipality, replies."""
        root = to.root_id or to.id
        return self._write(
            Kind.COMMENT, text, ago, by_account=own, name=name, parent_id=to.id, root_id=root, extra=more
        )

    def mention(self, text: str = "@exempelkommun när sandas det?", *, ago: float = 10, **more: str) -> WorldItem:
        """Somebody names the municipality in a post of their own."""
        return self._write(Kind.MENTION, text, ago, extra=more)

    def quote(self, post: WorldItem, text: str = "Äntligen", *, ago: float = 10, **more: str) -> WorldItem:
        """Somebody quotes a post."""
        return self._write(Kind.QUOTE, text, ago, parent_id=post.id, extra=more)

    def message(
        self,
        text: str = "Var är nyckeln?",
        *,
        ago: float = 10,
        own: bool = False,
        thread: str = "kim",
        to: WorldItem | None = None,
        **more: str,
    ) -> WorldItem:
        """A direct message, from a citizen or to one."""
        parent = to.id if to is not None else None
        return self._write(
            Kind.MESSAGE, text, ago, by_account=own, conversation_id=thread, parent_id=parent, extra=more
        )

    def _write(
        self, kind: Kind, text: str, ago: float, *, by_account: bool = False, name: str = "kim", **more: Any
    ) -> WorldItem:
        self.count += 1
        at = self.clock() - timedelta(hours=ago)
        author = ME if by_account else ids.mastodon_account(name)
        return self.world.add(
            WorldItem(
                id=ids.mastodon_status(at, str(self.count)),
                account=KEY,
                kind=kind,
                author_id=author,
                author_name="Exempelkommun" if by_account else f"{name.title()} Exempel",
                author_username="exempelkommun" if by_account else name,
                by_account=by_account,
                text=text,
                published_at=at,
                **more,
            )
        )

    @property
    def context(self) -> AdapterContext:
        """What the adapter is made from."""
        credentials = Credentials(**{KEY: {"token": TOKEN}})
        return AdapterContext(road=self.road, credentials=credentials, clock=self.clock, look_back=timedelta(days=30))

    @property
    def adapter(self) -> PlatformAdapter:
        """A new adapter."""
        return plugin.create({"base_url": self.url, **self.settings}, self.context)

    def fetch(self) -> FetchResult:
        """Fetch once, and keep the cursors as they would be stored."""
        self.exchanges.clear()
        (result,) = self.adapter.fetch([account()], {KEY: self.cursors})
        self.cursors |= dict(result.cursors)
        return result

    def later(self, hours: float = 3) -> None:
        """Let time go by."""
        self.clock.advance(timedelta(hours=hours))

    def recheck(self, *items: Item) -> list[Recheck]:
        """Ask again what became of items."""
        return list(self.adapter.recheck(account(), items))

    def break_down(self, kind: FaultKind, path: str = "") -> None:
        """Set a fault."""
        self.faults.add(Fault(kind=kind, platform="mastodon", path=path))

    def asked_for(self, part: str) -> int:
        """How many requests of the last fetch had that in their path."""
        return sum(part in e.path for e in self.exchanges)

    def change_account(self, **changes: Any) -> None:
        """Put another account in the place of the municipality's."""
        self.world.put_account(world_account(**changes))


def world_account(**changes: Any) -> WorldAccount:
    """The municipality's account as its instance knows it."""
    facts: dict[str, Any] = {
        "key": KEY,
        "platform": "mastodon",
        "native_id": ME,
        "name": "Exempelkommun",
        "username": "exempelkommun",
        "about": "Vi svarar vardagar 8-17.",
        "website": "https://exempelkommun.example/om",
        "tokens": (Token(value=TOKEN, kind=TokenKind.USER, accounts=frozenset({KEY}), scopes=SCOPES),),
    }
    return WorldAccount(**{**facts, **changes})


class Stage:
    """One running server; each town is a world of its own behind it."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.app: Any = None
        self.server = SandboxServer(World(SimulatedClock(START)), self.faults, apps={"mastodon": self._answer})

    async def _answer(self, request: Request, path: str) -> Response:
        answer: Response = await self.app(request, path)
        return answer

    @contextmanager
    def town(self) -> Iterator[Town]:
        """Give a new town."""
        clock, exchanges = SimulatedClock(START), list[Exchange]()
        self.faults.clear()
        world = World(clock, [world_account()])
        self.server.world = world
        self.app = sandbox.create_app(world, self.faults)
        road = Road(retries=RetryPolicy(tries=1), sleep=lambda _: None, on_exchange=exchanges.append)
        with road:
            yield Town(
                url=self.server.base_url("mastodon"),
                world=world,
                clock=clock,
                faults=self.faults,
                road=road,
                exchanges=exchanges,
            )


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Start the server, and see that the sandbox itself never failed."""
    stage = Stage()
    with stage.server:
        yield stage
    assert stage.server.errors == []


def by_id(result: FetchResult) -> dict[str, Item]:
    """The items of a result by their ids."""
    return {i.external_id: i for i in result.items}
