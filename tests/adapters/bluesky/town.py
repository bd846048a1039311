"""A municipality on the sandbox's Bluesky: verbs write into the world, `fetch` reads it by the adapter."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from pydantic import SecretStr

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Account, Ownership
from watchdaemon.domain.fetch import FetchResult, Recheck
from watchdaemon.domain.item import Item
from watchdaemon.errors import ConfigError
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.ports import AdapterContext
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem
from watchdaemon_adapters.bluesky import plugin
from watchdaemon_adapters.bluesky.adapter import BlueskyAdapter

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
KEY = "bsky-kommun"
ME = ids.bluesky_did("exempelkommun")
HANDLE = "exempelkommun.example"
CITIZEN = ids.bluesky_did("medborgare")
PASSWORD = "abcd-efgh-ijkl-mnop"
LOOK_BACK = timedelta(days=30)


def account(**changes: Any) -> Account:
    """The account under test."""
    facts: dict[str, Any] = {
        "key": KEY,
        "platform": "bluesky",
        "native_id": ME,
        "name": "Exempelkommun",
        "link": f"https://bsky.app/profile/{HANDLE}",
        "unit": "info",
        "manager": "chef",
        "owners": (Ownership(person="anna"), Ownership(person="bo")),
        "credential": KEY,
    }
    return Account(**{**facts, **changes})


class Credentials:
    """One credential for every name it knows."""

    def __init__(self, **named: dict[str, str]) -> None:
        self.named = named

    def read(self, name: str) -> dict[str, SecretStr]:
        """Return the fields."""
        if name not in self.named:
            raise ConfigError(f"no credential {name}")
        return {k: SecretStr(v) for k, v in self.named[name].items()}


@dataclass
class Town:
    """The world, its server, and the adapter that reads it."""

    served: SimpleNamespace
    server: SandboxServer
    world: World
    clock: SimulatedClock
    faults: Faults
    road: Road
    exchanges: list[Exchange]
    cursors: dict[str, str] = field(default_factory=dict)
    credential: dict[str, str] = field(default_factory=lambda: {"password": PASSWORD})
    settings: dict[str, object] = field(default_factory=dict)
    count: int = 0
    _adapter: BlueskyAdapter | None = None

    # ---- what people do ----------------------------------------------------------------------------------------

    def post(self, text: str = "Badhuset öppnar", *, hours_ago: float = 1) -> WorldItem:
        """The account writes a post."""
        return self.write(Kind.POST, text, hours_ago=hours_ago, own=True)

    def reply(
        self, to: WorldItem, text: str = "Hur länge är det öppet?", *, hours_ago: float = 0.5, **more: Any
    ) -> WorldItem:
        """Somebody replies (the account itself when `own`)."""
        return self.write(Kind.COMMENT, text, hours_ago=hours_ago, to=to, **more)

    def mention(self, text: str = f"@{HANDLE} när sandas det?", *, hours_ago: float = 0.5, **more: Any) -> WorldItem:
        """Somebody names the account."""
        return self.write(Kind.MENTION, text, hours_ago=hours_ago, **more)

    def quote(self, of: WorldItem, text: str = "Äntligen", *, hours_ago: float = 0.5, **more: Any) -> WorldItem:
        """Somebody quotes a post."""
        return self.write(Kind.QUOTE, text, hours_ago=hours_ago, to=of, **more)

    def write(
        self,
        kind: Kind,
        text: str,
        *,
        hours_ago: float,
        to: WorldItem | None = None,
        own: bool = False,
        author: str = CITIZEN,
        **extra: str,
    ) -> WorldItem:
        """Somebody writes something; `extra` is what the sandbox understands."""
        self.count += 1
        at = self.clock() - timedelta(hours=hours_ago)
        author = ME if own else author
        root = (to.root_id or to.id) if to is not None and kind is Kind.COMMENT else None
        return self.world.add(
            WorldItem(
                id=ids.bluesky_post(author, at, str(self.count)),
                account=KEY,
                kind=kind,
                author_id=author,
                author_name="Exempelkommun" if own else "Kim Exempel",
                author_username=HANDLE if own else "kim.example",
                by_account=own,
                text=text,
                published_at=at,
                parent_id=to.id if to is not None else None,
                root_id=root,
                extra=extra,
            )
        )

    def deletes(self, item: WorldItem) -> None:
        """Its author takes it back; what stands below stays."""
        self.world.delete(item, cascade=False)

    def revoke_password(self) -> None:
        """Somebody withdraws the app password."""
        me = self.world.account(KEY)
        self.world.put_account(replace(me, tokens=tuple(replace(t, revoked_at=self.clock()) for t in me.tokens)))

    def break_down(self, kind: FaultKind, path: str = "", account: str | None = None) -> None:
        """Set a fault."""
        self.faults.add(Fault(kind=kind, platform="bluesky", path=path, account=account))

    def alters(self, change: Callable[[str, Any], Any]) -> None:
        """Let the server answer otherwise: `change` gets a method's last name and its good answer."""
        self.served.alter = change

    # ---- what the adapter does ---------------------------------------------------------------------------------

    @property
    def context(self) -> AdapterContext:
        """What the adapter is made from."""
        credentials = Credentials(**{KEY: self.credential})
        return AdapterContext(road=self.road, credentials=credentials, clock=self.clock, look_back=LOOK_BACK)

    @property
    def adapter(self) -> BlueskyAdapter:
        """The one adapter of this process."""
        if self._adapter is None:
            made = plugin.create({"base_url": self.server.base_url("bluesky"), **self.settings}, self.context)
            assert isinstance(made, BlueskyAdapter)
            self._adapter = made
        return self._adapter

    def fetch(self, **changes: Any) -> FetchResult:
        """Fetch once, and keep the cursors as they would be stored."""
        (result,) = self.adapter.fetch([account(**changes)], {KEY: self.cursors})
        self.cursors |= dict(result.cursors)
        return result

    def recheck(self, *items: Item) -> list[Recheck]:
        """Recheck items."""
        return list(self.adapter.recheck(account(), items))

    def asked(self, call: str) -> int:
        """How often a method was called."""
        return sum(1 for e in self.exchanges if e.path.endswith(f"/{call}"))


def new_world(clock: SimulatedClock) -> World:
    """A world with the municipality in it, and nothing written."""
    password = Token(value=PASSWORD, kind=TokenKind.APP_PASSWORD, accounts=frozenset({KEY}))
    me = WorldAccount(
        key=KEY,
        platform="bluesky",
        native_id=ME,
        name="Exempelkommun",
        username=HANDLE,
        about="Exempelkommuns officiella konto",
        tokens=(password,),
    )
    return World(clock, [me])


def quick_road(exchanges: list[Exchange]) -> Road:
    """A road that tries once and writes down what went over it."""
    return Road(retries=RetryPolicy(tries=1), sleep=lambda _: None, on_exchange=exchanges.append)


def ids_of(result: FetchResult) -> set[str]:
    """The addresses of what came."""
    return {i.external_id for i in result.items}


def by_text(result: FetchResult, piece: str) -> Item:
    """The one item with that piece of text."""
    (item,) = (i for i in result.items if piece in i.text)
    return item
