"""A swimming hall's profile in the sandbox: verbs for what people write there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Cursors, FetchResult
from watchdaemon.domain.item import Item
from watchdaemon.errors import ConfigError, Reason
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import PlatformApp, SandboxServer
from watchdaemon.sandbox.threads import create_app
from watchdaemon.sandbox.threads.app import APPROVALS
from watchdaemon.sandbox.threads.ids import threads_media, threads_user
from watchdaemon.sandbox.world import Kind, Moderation, Token, TokenKind, World, WorldAccount, WorldItem

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
LOOK_BACK = timedelta(days=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEY, USER, NAME = "badet-th", threads_user("badet"), "exempelbadet"
TOKEN, OTHER_TOKEN = "THAAhemligt", "THAAannans"
SCOPES = frozenset({"threads_basic", "threads_read_replies", "threads_manage_replies", "threads_manage_mentions"})
ENDS_AT = datetime(2027, 1, 10, tzinfo=UTC)


class Clock:
    """A clock that tests set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Pocket:
    """Credentials by name."""

    known: Mapping[str, Mapping[str, str]] = {
        "badet": {"token": TOKEN},
        "annans": {"token": OTHER_TOKEN},
        "okänd": {"token": "THAAnonsens"},
        "med-slut": {"token": TOKEN, "token_expires_at": "2026-12-24T12:00:00+00:00", "app_secret": "apphemlighet"},
    }

    def read(self, name: str) -> Mapping[str, SecretStr]:
        if name not in self.known:
            raise ConfigError(f"no credential {name} in the test's pocket")
        return {key: SecretStr(value) for key, value in self.known[name].items()}


@dataclass
class Hall:
    """The world, its server, the adapter's context, and verbs."""

    world: World
    clock: Clock
    faults: Faults
    server: SandboxServer
    context: AdapterContext
    exchanges: list[Exchange]
    stage: "Stage"
    count: int = 0

    def settings(self, **more: object) -> dict[str, object]:
        return {"base_url": self.server.base_url("threads"), **more}

    def serve(self, **how: Any) -> None:
        """Answer in another way from now on: ``tells_next``, ``page_size``."""
        self.stage.app = create_app(self.world, self.faults, **how)

    def fault(self, kind: FaultKind, *, path: str = "", account: str | None = KEY) -> None:
        self.faults.add(Fault(kind=kind, account=account, path=path))

    def asked(self) -> list[str]:
        """The paths asked for since the last question, without the version."""
        paths = [e.path.removeprefix("/threads/v1.0/") for e in self.exchanges]
        self.exchanges.clear()
        return paths

    def post(self, text: str = "Nu öppnar bassängen", *, ago: timedelta, with_approvals: bool = False) -> WorldItem:
        extra = {APPROVALS: "true"} if with_approvals else {}
        return self._add(Kind.POST, text, ago, by_account=True, extra=extra)

    def reply(
        self, post: WorldItem, text: str, *, ago: timedelta, to: WorldItem | None = None, **more: Any
    ) -> WorldItem:
        return self._add(Kind.COMMENT, text, ago, root_id=post.id, parent_id=to.id if to else None, **more)

    def held(self, post: WorldItem, text: str, *, ago: timedelta, **more: Any) -> WorldItem:
        return self.reply(post, text, ago=ago, moderation=Moderation.HELD, **more)

    def mention(self, text: str, *, ago: timedelta, **more: Any) -> WorldItem:
        return self._add(Kind.MENTION, text, ago, **more)

    def _add(self, kind: Kind, text: str, ago: timedelta, *, by_account: bool = False, **more: Any) -> WorldItem:
        self.count += 1
        item = WorldItem(
            id=threads_media(f"{self.count}"),
            account=KEY,
            kind=kind,
            author_id=USER if by_account else threads_user("kim"),
            author_name="Exempelbadet" if by_account else "Kim Exempel",
            author_username=more.pop("author_username", NAME if by_account else "kim.exempel"),
            text=text,
            published_at=self.clock.now - ago,
            by_account=by_account,
            **more,
        )
        return self.world.add(item)


@dataclass
class Stage:
    """One server for many tests: each plays its own world on it."""

    exchanges: list[Exchange] = field(default_factory=list)
    app: PlatformApp | None = None

    def __post_init__(self) -> None:
        self.road = Road(timeout=5, sleep=lambda _: None, retries=RetryPolicy(tries=2), on_exchange=self._hear)
        self.server = SandboxServer(World(Clock(NOW)), apps={"threads": self._enter})

    def hall(self) -> Hall:
        clock = Clock(NOW)
        self.server.world = World(clock, [_profile(), _stranger()])
        self.server.faults = Faults()
        self.exchanges = []
        context = AdapterContext(road=self.road, credentials=Pocket(), clock=clock, look_back=LOOK_BACK)
        hall = Hall(self.server.world, clock, self.server.faults, self.server, context, self.exchanges, self)
        hall.serve()
        return hall

    def _hear(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    async def _enter(self, request: Request, path: str) -> Response:
        assert self.app is not None
        return await self.app(request, path)


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Run the server; nothing may have gone wrong inside it."""
    stage = Stage()
    with stage.road, stage.server:
        yield stage
        assert stage.server.errors == []


def account(**changes: Any) -> Account:
    """The swimming hall in the register."""
    hall = Account(
        key=KEY,
        platform="threads",
        native_id=USER,
        name="Exempelbadet",
        link=f"https://www.threads.net/@{NAME}",
        unit="fritid",
        manager="chefen",
        owners=(),
        credential="badet",
    )
    return replace(hall, **changes)


def fetch(adapter: PlatformAdapter, cursors: Cursors | None = None, of: Account | None = None) -> FetchResult:
    """Fetch the swimming hall once."""
    of = of or account()
    (result,) = adapter.fetch([of], {of.key: cursors or {}})
    return result


def by_id(result: FetchResult) -> dict[str, Item]:
    return {i.external_id: i for i in result.items}


def reasons(result: FetchResult) -> list[tuple[Reason, str | None]]:
    return [(t.reason, t.stream) for t in result.troubles]


def _profile() -> WorldAccount:
    token = Token(
        value=TOKEN, kind=TokenKind.USER, accounts=frozenset({KEY}), scopes=SCOPES, user_id=USER, expires_at=ENDS_AT
    )
    return WorldAccount(
        key=KEY,
        platform="threads",
        native_id=USER,
        name="Exempelbadet",
        username=NAME,
        about="Simhallen i Exempelkommun",
        tokens=(token,),
    )


def _stranger() -> WorldAccount:
    token = Token(value=OTHER_TOKEN, kind=TokenKind.USER, accounts=frozenset({"annan-th"}), scopes=SCOPES)
    return WorldAccount(
        key="annan-th",
        platform="threads",
        native_id=threads_user("annan"),
        name="Någon annan",
        username="annan",
        tokens=(token,),
    )
