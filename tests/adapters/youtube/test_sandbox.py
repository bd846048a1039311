"""The adapter against the sandbox's YouTube, over real HTTP: the conformance suite, and the sandbox's faults."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.adapters.youtube.fake import FORCE_SSL, Credentials, account, joined

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.sandbox import ids
from watchdaemon.sandbox import youtube as sandbox
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Moderation, Token, TokenKind, World, WorldAccount, WorldItem
from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.youtube import plugin

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
KEY = "yt-kommun"
ME = ids.youtube_channel("exempelkommun")
CITIZEN = ids.youtube_channel("medborgare")
FIELDS = {"client_id": "client-1", "client_secret": "client-secret", "refresh_token": "refresh"}


@dataclass
class Town:
    """A municipality on YouTube: verbs write into the world, `fetch` reads it by the adapter."""

    url: str
    world: World
    clock: SimulatedClock
    faults: Faults
    road: Road
    cursors: dict[str, str] = field(default_factory=dict)

    def video(self, title: str, *, hours_ago: float) -> WorldItem:
        """The account publishes a video."""
        return self._put(Kind.POST, "", ids.youtube_video(title), hours_ago, own=True, title=title)

    def comment(
        self, under: WorldItem, text: str, *, hours_ago: float, moderation: Moderation = Moderation.PUBLISHED
    ) -> WorldItem:
        """A citizen begins a thread."""
        new_id = ids.youtube_comment(text)
        return self._put(Kind.COMMENT, text, new_id, hours_ago, root_id=under.id, moderation=moderation)

    def reply(self, to: WorldItem, text: str, *, hours_ago: float, own: bool = False) -> WorldItem:
        """Somebody replies in a thread."""
        new_id = ids.youtube_comment(text, to.id)
        return self._put(Kind.COMMENT, text, new_id, hours_ago, own=own, parent_id=to.id, root_id=to.root_id)

    def _put(
        self, kind: Kind, text: str, new_id: str, hours_ago: float, *, own: bool = False, **more: object
    ) -> WorldItem:
        fields: dict[str, object] = {
            "id": new_id,
            "account": KEY,
            "kind": kind,
            "author_id": ME if own else CITIZEN,
            "author_name": "Exempelkommun" if own else "Kim Exempel",
            "by_account": own,
            "text": text,
            "published_at": self.clock() - timedelta(hours=hours_ago),
        }
        return self.world.add(WorldItem(**(fields | more)))  # type: ignore[arg-type]  # a builder: each verb names its own

    @property
    def context(self) -> AdapterContext:
        """What the adapter is made from."""
        return AdapterContext(
            road=self.road, credentials=Credentials(FIELDS), clock=self.clock, look_back=timedelta(days=30)
        )

    @property
    def adapter(self) -> PlatformAdapter:
        """A new adapter."""
        return plugin.create({"base_url": self.url}, self.context)

    def fetch(self) -> FetchResult:
        """Fetch once, and keep the cursors as they would be stored."""
        result = joined(self.adapter.fetch([account(native_id=ME)], {KEY: self.cursors}))
        self.cursors |= dict(result.cursors)
        return result

    def break_down(self, kind: FaultKind, path: str = "") -> None:
        """Set a fault."""
        self.faults.add(Fault(kind=kind, platform="youtube", path=path))


@pytest.fixture(scope="module")
def served() -> Iterator[SimpleNamespace]:
    """One server for the module; each test gets a fresh world behind it."""
    current = SimpleNamespace()
    current.faults = Faults()

    async def app(request: Request, path: str) -> Response:
        answer: Response = await current.app(request, path)
        return answer

    with SandboxServer(World(SimulatedClock(START)), current.faults, apps={"youtube": app}) as server:
        current.server = server
        yield current


@pytest.fixture
def town(served: SimpleNamespace) -> Iterator[Town]:
    opens, scopes = frozenset({KEY}), frozenset({FORCE_SSL})
    tokens = (
        Token(value="owner-token", kind=TokenKind.USER, accounts=opens, scopes=scopes),
        Token(value="refresh", kind=TokenKind.REFRESH, accounts=opens, scopes=scopes, secret="client-secret"),
    )
    clock, faults = SimulatedClock(START), served.faults
    faults.clear()
    me = WorldAccount(
        key=KEY,
        platform="youtube",
        native_id=ME,
        name="Exempelkommun",
        username="exempelkommun",
        tokens=tokens,
        extra={"client_id": "client-1"},
    )
    world = World(clock, [me])
    served.app = sandbox.create_app(world, faults)
    road = Road(retries=RetryPolicy(tries=1), sleep=lambda _: None)
    yield Town(url=served.server.base_url("youtube"), world=world, clock=clock, faults=faults, road=road)

    road.close()
    assert served.server.errors == []


@pytest.fixture
def busy(town: Town) -> Town:
    """The town after a few weeks of everything."""
    film = town.video("Badhuset öppnar", hours_ago=24 * 20)
    question = town.comment(film, "Hur länge är det öppet?", hours_ago=24 * 19)
    town.reply(question, "Till 18", hours_ago=24 * 18, own=True)
    long_thread = town.comment(film, "Vad kostar det?", hours_ago=24 * 5)
    for n in range(9):
        town.reply(long_thread, f"Jag undrar också {n}", hours_ago=24 * 4 - n)
    town.comment(film, "Granska mig", hours_ago=24 * 2, moderation=Moderation.HELD)
    town.comment(film, "Köp klockor <b>nu</b>", hours_ago=24, moderation=Moderation.SPAM)
    return town


class TestYouTube(AdapterConformance):
    """The suite every adapter passes."""

    @pytest.fixture
    def case(self, busy: Town) -> AdapterCase:
        return AdapterCase(
            plugin=plugin,
            context=busy.context,
            accounts=[account(native_id=ME)],
            settings={"base_url": busy.url},
            secrets=["client-secret", "refresh-", "owner-token"],
        )


def test_everything_there_is_comes(busy: Town) -> None:
    result = busy.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert {i.external_id for i in result.items} == {i.id for i in busy.world.all_items()}
    assert [i.kind for i in result.items if i.by_account] == [ItemKind.POST, ItemKind.COMMENT]
    held = {i.text for i in result.items if i.visibility is Visibility.HELD}
    assert held == {"Granska mig", "Köp klockor <b>nu</b>"}


def test_a_late_reply_in_an_old_thread_comes(busy: Town) -> None:
    first = busy.fetch()
    old = busy.world.find(next(i.external_id for i in first.items if "Hur länge" in i.text))
    assert old is not None
    busy.clock.advance(timedelta(hours=3))
    late = busy.reply(old, "Och på lördagar?", hours_ago=1)

    assert late.id in {i.external_id for i in busy.fetch().items}


def test_a_deleted_comment_is_found_deleted_and_a_released_one_public(busy: Town) -> None:
    items = {i.text: i for i in busy.fetch().items}
    question, held = items["Hur länge är det öppet?"], items["Granska mig"]
    busy.world.delete(_of(busy, question))
    busy.world.moderate(_of(busy, held), Moderation.PUBLISHED)

    (answer,) = busy.adapter.recheck(account(native_id=ME), [question])
    after = {i.text: i for i in busy.fetch().items}

    assert answer.visibility is Visibility.DELETED
    assert after["Granska mig"].visibility is Visibility.PUBLIC


def test_an_edited_comment_comes_edited(busy: Town) -> None:
    before = next(i for i in busy.fetch().items if "kostar" in i.text)
    busy.clock.advance(timedelta(hours=1))
    busy.world.edit(_of(busy, before), "Vad kostar det för barn?")
    busy.clock.advance(timedelta(hours=1))

    after = next(i for i in busy.fetch().items if i.external_id == before.external_id)

    assert after.text == "Vad kostar det för barn?"
    assert after.edited_at is not None


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.OUTAGE, Reason.OUTAGE),
        (FaultKind.HTML_502, Reason.OUTAGE),
        (FaultKind.TRUNCATED_JSON, Reason.OUTAGE),
        (FaultKind.EMPTY_200, Reason.OUTAGE),
        (FaultKind.EXPIRED_TOKEN, Reason.UNAUTHORISED),
        (FaultKind.REVOKED_TOKEN, Reason.UNAUTHORISED),
        (FaultKind.MISSING_PERMISSION, Reason.PERMISSION),
        (FaultKind.RATE_LIMIT, Reason.RATE_LIMITED),
        (FaultKind.QUOTA, Reason.QUOTA),
        (FaultKind.EMPTY_LIST, Reason.UNAUTHORISED),  # not even the channel itself is there
    ],
)
def test_a_platform_wide_fault_fails_the_account_with_its_reason(busy: Town, kind: FaultKind, reason: Reason) -> None:
    busy.break_down(kind, "youtube/v3")

    result = busy.fetch()

    assert (result.coverage, {t.reason for t in result.troubles}) == (Coverage.FAILED, {reason})


@pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML_502, FaultKind.TRUNCATED_JSON])
def test_a_token_server_that_is_away_fails_the_account_and_nothing_counts_as_read(busy: Town, kind: FaultKind) -> None:
    busy.break_down(kind, "")

    result = busy.fetch()

    assert (result.coverage, result.items) == (Coverage.FAILED, ())


def test_a_fault_of_one_listing_leaves_the_others(busy: Town) -> None:
    busy.break_down(FaultKind.OUTAGE, "playlistItems")

    result = busy.fetch()

    assert (result.coverage, [t.stream for t in result.troubles]) == (Coverage.PARTIAL, ["posts"])
    assert len(result.items) == 14


def test_threads_that_go_empty_are_not_quiet_and_recover(busy: Town) -> None:
    busy.fetch()
    busy.break_down(FaultKind.EMPTY_LIST, "commentThreads")
    broken = busy.fetch()
    busy.faults.clear()
    mended = busy.fetch()

    assert broken.coverage is Coverage.PARTIAL
    assert [(t.stream, t.reason) for t in broken.troubles] == [("comments", Reason.SUSPICIOUS_EMPTY)]
    assert mended.coverage is Coverage.COMPLETE


def test_a_malformed_item_makes_the_fetch_partial_and_comes_when_it_is_mended(busy: Town) -> None:
    busy.break_down(FaultKind.MALFORMED_ITEM, "commentThreads")
    broken = busy.fetch()
    busy.faults.clear()
    mended = busy.fetch()

    assert broken.coverage is Coverage.PARTIAL
    assert broken.malformed == 3  # one a listing
    assert {i.external_id for i in mended.items} == {i.id for i in busy.world.all_items()}


def _of(town: Town, item: Item) -> WorldItem:
    found = town.world.find(item.external_id)
    assert found is not None
    return found
