"""A small invented town on Facebook and Instagram, served over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.graph import create_app
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem

START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # a Monday
PAGE = ids.facebook_page("bibblan")
INSTAGRAM = ids.instagram_user("bibblan")
FB = "fb-bibliotek"
IG = "ig-bibliotek"
PAGE_TOKEN = "page-token-bibblan"
USER_TOKEN = "user-token-bibblan"
APP_TOKEN = "912475055002|app-secret"
READING = frozenset({"pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_engagement"})
MESSAGES = frozenset({"pages_manage_metadata", "pages_messaging", "instagram_manage_messages"})
INSTAGRAM_SCOPES = frozenset({"instagram_basic", "instagram_manage_comments"})
ALL = READING | MESSAGES | INSTAGRAM_SCOPES


class Clock:
    """A clock that tests set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, instant: datetime) -> None:
        if instant < self.now:
            raise ValueError("back")
        self.now = instant


@dataclass
class Town:
    """The world, its server, and verbs for tests."""

    world: World
    clock: Clock
    faults: Faults
    server: SandboxServer
    client: httpx.Client
    count: int = field(default=0)

    def get(self, path: str, token: str | None = PAGE_TOKEN, **params: str) -> httpx.Response:
        """GET from the Graph."""
        if token is not None:
            params["access_token"] = token
        return self.client.get(self.server.base_url("facebook") + path, params=params)

    def post(self, path: str, token: str = PAGE_TOKEN, **form: str) -> httpx.Response:
        """POST to the Graph."""
        return self.client.post(self.server.base_url("facebook") + path, data={"access_token": token, **form})

    def fault(
        self, kind: FaultKind, *, account: str | None = FB, path: str = "", to_at: datetime | None = None
    ) -> None:
        """Switch a fault on."""
        self.faults.add(Fault(kind=kind, account=account, path=path, to_at=to_at))

    def own_post(self, text: str = "Välkommen till biblioteket", *, at: datetime = START) -> WorldItem:
        """Let the Page write something."""
        self.count += 1
        post_id = ids.facebook_post(PAGE, str(self.count))
        return self._add(post_id, Kind.POST, text, at, by_account=True)

    def comment(
        self,
        post: WorldItem,
        text: str = "när öppnar ni",
        *,
        at: datetime = START,
        under: WorldItem | None = None,
        by_account: bool = False,
        private: bool = False,
        deleted_at: datetime | None = None,
    ) -> WorldItem:
        """Let somebody comment on a post or a comment."""
        self.count += 1
        comment_id = ids.facebook_comment(post.id, str(self.count))
        parent_id = under.id if under else None
        return self._add(
            comment_id,
            Kind.COMMENT,
            text,
            at,
            by_account=by_account,
            parent_id=parent_id,
            root_id=post.id,
            is_author_private=private,
            deleted_at=deleted_at,
        )

    def message(self, text: str, *, thread: str = "t_1", at: datetime = START, by_account: bool = False) -> WorldItem:
        """Let somebody write to the Page, or the Page answer."""
        self.count += 1
        message_id = ids.facebook_message(str(self.count))
        return self._add(message_id, Kind.MESSAGE, text, at, by_account=by_account, conversation_id=thread)

    def _add(self, item_id: str, kind: Kind, text: str, at: datetime, **more: object) -> WorldItem:
        by_account = bool(more.pop("by_account", False))
        author = (PAGE, "Exempelkommuns bibliotek") if by_account else (ids.facebook_person("ture"), "Ture Test")
        return self.world.add(
            WorldItem(
                id=item_id,
                account=FB,
                kind=kind,
                author_id=author[0],
                author_name=author[1],
                text=text,
                published_at=at,
                by_account=by_account,
                **more,  # type: ignore[arg-type]  # the verbs above name the fields
            )
        )


def _accounts() -> list[WorldAccount]:
    both = frozenset({FB, IG})
    tokens = (
        Token(value=PAGE_TOKEN, kind=TokenKind.PAGE, accounts=both, scopes=ALL, user_id="77", issued_at=START),
        Token(
            value=USER_TOKEN, kind=TokenKind.USER, accounts=both, scopes=ALL, user_id="77", connected_by="Eva Exempel"
        ),
        Token(value=APP_TOKEN, kind=TokenKind.APP, accounts=frozenset()),
    )
    return [
        WorldAccount(
            key=FB,
            platform="facebook",
            native_id=PAGE,
            name="Exempelkommuns bibliotek",
            username="exempelbiblioteket",
            about="Biblioteket i Exempelkommun",
            link="https://www.facebook.com/exempelbiblioteket",
            website="https://exempelkommun.example/bibliotek",
            linked_id=INSTAGRAM,
            tokens=tokens,
        ),
        WorldAccount(
            key=IG,
            platform="instagram",
            native_id=INSTAGRAM,
            name="Exempelbiblioteket",
            username="exempelbiblioteket",
            linked_id=PAGE,
        ),
        WorldAccount(
            key="fb-grannen",
            platform="facebook",
            native_id=ids.facebook_page("grannen"),
            name="Grannkommun",
            username="grannkommun",
        ),
    ]


@pytest.fixture(scope="session")
def _client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client


@pytest.fixture(scope="session")
def _server() -> Iterator[SandboxServer]:
    """One running server for all tests: each gives it a world of its own, which is quicker than a new start."""
    with SandboxServer(World(lambda: START), apps={}) as server:
        yield server


@pytest.fixture
def town(_client: httpx.Client, _server: SandboxServer) -> Town:
    """A town with a library, on Monday evening; nothing has been written yet."""
    clock = Clock(START + timedelta(hours=12))
    world = World(clock, _accounts())
    faults = Faults()
    _server.world, _server.faults = world, faults
    _server._apps = {name: create_app(world, faults, name) for name in ("facebook", "instagram")}
    _server.requests.clear()
    return Town(world, clock, faults, _server, _client)


@pytest.fixture(autouse=True)
def _sandbox_without_faults_of_its_own(_server: SandboxServer) -> Iterator[None]:
    """Fail a test in which the sandbox itself broke, whatever the test looked at."""
    _server.errors.clear()
    yield
    assert _server.errors == []
