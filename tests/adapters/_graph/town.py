"""A library on Facebook and Instagram, served over real HTTP by the sandbox, and a context to read it with."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from watchdaemon.domain.account import Account
from watchdaemon.errors import ConfigError
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.ports import AdapterContext
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.graph import create_app
from watchdaemon.sandbox.server import PlatformApp, SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
LOOK_BACK = timedelta(days=30)
PAGE = ids.facebook_page("biblioteket")
INSTAGRAM = ids.instagram_user("biblioteket")
FB, IG = "fb-bibliotek", "ig-bibliotek"
PAGE_TOKEN, USER_TOKEN, APP_SECRET = "EAApage-hemligt", "EAAuser-hemligt", "apphemlighet"
APP_TOKEN = f"912475055002|{APP_SECRET}"
PERSON = ids.facebook_person("kim")
SCOPES = frozenset(
    {"pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_metadata", "pages_messaging"}
    | {"instagram_basic", "instagram_manage_comments", "instagram_manage_messages"}
)


class Clock:
    """A clock that tests set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, instant: datetime) -> None:
        self.now = instant


class Credentials:
    """Credentials by name."""

    def __init__(self, known: Mapping[str, Mapping[str, str]]) -> None:
        self.known = known

    def read(self, name: str) -> Mapping[str, SecretStr]:
        if name not in self.known:
            raise ConfigError(f"no credential {name} in the test's pocket")
        return {key: SecretStr(value) for key, value in self.known[name].items()}


@dataclass
class Town:
    """The world, its server, the adapter's context, and verbs."""

    world: World
    clock: Clock
    faults: Faults
    server: SandboxServer
    context: AdapterContext
    exchanges: list[Exchange]
    asked: list[tuple[str, str, dict[str, str]]]  # every question: method, path below the version, parameters
    counts: dict[str, int] = field(default_factory=dict)

    def settings(self, platform: str, **more: object) -> dict[str, object]:
        return {"base_url": self.server.base_url(platform), **more}

    def fault(self, kind: FaultKind, *, account: str | None, path: str = "") -> None:
        self.faults.add(Fault(kind=kind, account=account, path=path))

    def post(self, text: str, *, ago: timedelta, account: str = FB, **more: Any) -> WorldItem:
        make = ids.facebook_post if account == FB else lambda _, seed: ids.instagram_media(seed)
        return self._add(make(PAGE, self._seed(account)), account, Kind.POST, text, ago, by_account=True, **more)

    def on_shelf(self, shelf: str, text: str, *, ago: timedelta, **extra: str) -> WorldItem:
        """Let the Page publish a reel, a live video, an advertisement or a photo of a post."""
        seed = self._seed(shelf)
        item_id = ids.facebook_post(PAGE, seed) if shelf == "advertisement" else ids.digits(seed, 15)
        return self._add(item_id, FB, Kind.POST, text, ago, by_account=True, extra={"shelf": shelf, **extra})

    def visitor_post(self, text: str, *, ago: timedelta, **more: Any) -> WorldItem:
        return self._add(ids.facebook_post(PAGE, self._seed("visitor")), FB, Kind.VISITOR_POST, text, ago, **more)

    def mention(self, text: str, *, ago: timedelta, account: str = FB, **more: Any) -> WorldItem:
        new_id = ids.facebook_post(PERSON, self._seed("mention"))
        item_id = new_id if account == FB else ids.instagram_media(self._seed("tag"))
        return self._add(item_id, account, Kind.MENTION, text, ago, **more)

    def comment(
        self, post: WorldItem, text: str, *, ago: timedelta, under: WorldItem | None = None, **more: Any
    ) -> WorldItem:
        seed = self._seed("comment")
        item_id = ids.facebook_comment(post.id, seed) if post.account == FB else ids.instagram_comment(seed)
        parent_id = under.id if under else None
        return self._add(item_id, post.account, Kind.COMMENT, text, ago, parent_id=parent_id, root_id=post.id, **more)

    def message(self, text: str, *, ago: timedelta, thread: str = "t_1", account: str = FB, **more: Any) -> WorldItem:
        seed = self._seed("message")
        item_id = ids.facebook_message(seed) if account == FB else ids.instagram_message(seed)
        return self._add(item_id, account, Kind.MESSAGE, text, ago, conversation_id=thread, **more)

    def delete(self, item: WorldItem) -> None:
        self.world.delete(item)

    def _seed(self, of: str) -> str:
        self.counts[of] = self.counts.get(of, 0) + 1
        return f"{of}-{self.counts[of]}"

    def _add(
        self,
        item_id: str,
        account: str,
        kind: Kind,
        text: str,
        ago: timedelta,
        *,
        by_account: bool = False,
        **more: Any,
    ) -> WorldItem:
        own = (PAGE if account == FB else INSTAGRAM, "Exempelkommuns bibliotek")
        author = own if by_account else (PERSON, "Kim Exempel")
        made = WorldItem(
            id=item_id,
            account=account,
            kind=kind,
            author_id=author[0],
            author_name=author[1],
            author_username="exempelbiblioteket" if by_account else "kim.exempel",
            text=text,
            published_at=self.clock.now - ago,
            by_account=by_account,
            **more,
        )
        return self.world.add(made)


def facebook_account(**changes: Any) -> Account:
    """The library's Page in the register."""
    return replace(_account(FB, "facebook", PAGE), **changes)


def instagram_account(**changes: Any) -> Account:
    """The library's Instagram account in the register."""
    return replace(_account(IG, "instagram", INSTAGRAM), **{"extra": {"page_id": PAGE}, **changes})


def _account(key: str, platform: str, native_id: str) -> Account:
    return Account(
        key=key,
        platform=platform,
        native_id=native_id,
        name="Exempelkommuns bibliotek",
        link="https://exempelkommun.example/bibliotek",
        unit="kultur",
        manager="chefen",
        owners=(),
        credential="bibliotek",
    )


class Stage:
    """One server for many tests: each plays its own town on it."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.mangle: Callable[[Any], Any] | None = None  # what becomes of an answer's JSON, a batch's bodies unpacked
        self.weather: Callable[[], Response | None] | None = None  # what comes instead of an answer, if anything
        self.strike: Callable[[], None] = lambda: None  # what happens after every request
        self._apps: dict[str, PlatformApp] = {}
        retries = RetryPolicy(tries=2)
        self.road = Road(timeout=5, sleep=lambda _: None, retries=retries, on_exchange=self._hear)
        apps = {name: self._entrance(name) for name in ("facebook", "instagram")}
        self.server = SandboxServer(World(Clock(NOW)), apps=apps)

    def town(self) -> Town:
        """Set up the town; nothing has been written yet."""
        clock = Clock(NOW)
        self.exchanges, self.asked = [], []
        self.play(World(clock, _world_accounts()), Faults())
        context = AdapterContext(road=self.road, credentials=POCKET, clock=clock, look_back=LOOK_BACK)
        return Town(self.server.world, clock, self.server.faults, self.server, context, self.exchanges, self.asked)

    def play(self, world: World, faults: Faults) -> None:
        """Serve another world."""
        self.server.world, self.server.faults = world, faults
        self._apps = {name: create_app(world, faults, name) for name in ("facebook", "instagram")}

    def _hear(self, exchange: Exchange) -> None:
        if not exchange.is_part:
            self.exchanges.append(exchange)
            self.strike()

    def _entrance(self, name: str) -> PlatformApp:
        async def enter(request: Request, path: str) -> Response:
            self.asked += await questions_in(request, path)
            if self.weather is not None and (failure := self.weather()) is not None:
                return failure
            response = await self._apps[name](request, path)
            return response if self.mangle is None else mangled(response, self.mangle)

        return enter


def mangled(response: Response, mangle: Callable[[Any], Any]) -> Response:
    """Return the response with other JSON in it."""
    content = json.loads(bytes(response.body))
    parts = content if isinstance(content, list) else []
    for part in parts:
        part["body"] = {"unpacked": json.loads(part["body"])}
    content = mangle(content)
    for part in content if isinstance(content, list) else []:
        body = part.get("body") if isinstance(part, dict) else None
        if isinstance(body, dict) and "unpacked" in body:
            part["body"] = json.dumps(body["unpacked"])
    return Response(json.dumps(content), status_code=response.status_code, media_type="application/json")


async def questions_in(request: Request, path: str) -> list[tuple[str, str, dict[str, str]]]:
    """Return what a request asks: itself, or each question of a batch."""
    params = dict(parse_qsl(request.url.query, keep_blank_values=True))
    params |= dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    if request.method != "POST" or "batch" not in params:
        return [(request.method, path.partition("/")[2], params)]
    parts = [(part["method"], urlsplit(part["relative_url"])) for part in json.loads(params["batch"])]
    return [(method, at.path, dict(parse_qsl(at.query, keep_blank_values=True))) for method, at in parts]


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Run the server; nothing may have gone wrong inside it."""
    stage = Stage()
    with stage.road, stage.server:
        yield stage
        assert [repr(e) for e in stage.server.errors] == []


POCKET = Credentials(
    {
        "bibliotek": {"token": PAGE_TOKEN},
        "med-app": {"token": PAGE_TOKEN, "app_id": "912475055002", "app_secret": APP_SECRET},
        "person": {"token": USER_TOKEN},
        "person-med-app": {"token": USER_TOKEN, "app_id": "912475055002", "app_secret": APP_SECRET},
        "fel": {"token": "EAAnonsens"},
        "tom": {"other": "x"},
    }
)


def _world_accounts() -> list[WorldAccount]:
    both = frozenset({FB, IG})
    tokens = (
        Token(value=PAGE_TOKEN, kind=TokenKind.PAGE, accounts=both, scopes=SCOPES, user_id="77", connected_by="Eva"),
        Token(value=USER_TOKEN, kind=TokenKind.USER, accounts=both, scopes=SCOPES, user_id="77", connected_by="Eva"),
        Token(value=APP_TOKEN, kind=TokenKind.APP, accounts=frozenset()),
    )
    page = WorldAccount(
        key=FB,
        platform="facebook",
        native_id=PAGE,
        name="Exempelkommuns bibliotek",
        username="exempelbiblioteket",
        about="Biblioteket i Exempelkommun",
        link="https://www.facebook.com/exempelbiblioteket",
        linked_id=INSTAGRAM,
        tokens=tokens,
        followers=10_000,
    )
    professional = WorldAccount(
        key=IG,
        platform="instagram",
        native_id=INSTAGRAM,
        name="Exempelbiblioteket",
        username="exempelbiblioteket",
        about="Böcker i Exempelkommun",
        linked_id=PAGE,
    )
    return [page, professional]
