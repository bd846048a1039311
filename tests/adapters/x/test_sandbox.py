"""The adapter against the sandbox's X, over real HTTP: the conformance suite, and each fault the sandbox knows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.adapters.x.fake import Credentials, account, joined

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext
from watchdaemon.sandbox import ids
from watchdaemon.sandbox import x as sandbox
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem
from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.x import plugin

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
KEY = "x-kommun"
ME = ids.x_user("exempelkommun")
CITIZEN = ids.x_user("medborgare")
SCOPES = frozenset({"tweet.read", "users.read", "dm.read"})
OAUTH1 = {
    "consumer_key": "app-key",
    "consumer_secret": "app-secret",
    "access_token": "oauth1-token",
    "access_token_secret": "oauth1-secret",
}
SPAN = timedelta(days=3)


@dataclass
class Town:
    """A municipality on X: verbs write into the world, `fetch` reads it by the adapter."""

    url: str
    world: World
    clock: SimulatedClock
    faults: Faults
    road: Road
    cursors: dict[str, str] = field(default_factory=dict)
    credential: dict[str, str] = field(default_factory=lambda: {"token": "user-token"})

    def write(
        self, kind: Kind, text: str, *, hours_ago: float, to: WorldItem | None = None, own: bool = False
    ) -> WorldItem:
        """Somebody writes something."""
        at = self.clock() - timedelta(hours=hours_ago)
        new_id = ids.x_post(at, text)
        root = (to.root_id or to.id) if to is not None and kind is Kind.COMMENT else None
        return self.world.add(
            WorldItem(
                id=new_id,
                account=KEY,
                kind=kind,
                author_id=ME if own else CITIZEN,
                author_name="Exempelkommun" if own else "Kim Exempel",
                author_username="exempelkommun" if own else "kim_exempel",
                by_account=own,
                text=text,
                published_at=at,
                parent_id=to.id if to is not None else None,
                root_id=root,
                conversation_id=f"{ME}-{CITIZEN}" if kind is Kind.MESSAGE else None,
            )
        )

    @property
    def context(self) -> AdapterContext:
        """What the adapter is made from."""
        credentials = Credentials(**{KEY: self.credential})
        return AdapterContext(road=self.road, credentials=credentials, clock=self.clock, look_back=timedelta(days=30))

    def fetch(self) -> FetchResult:
        """Fetch once, and keep the cursors as they would be stored."""
        adapter = plugin.create({"base_url": self.url}, self.context)
        result = joined(adapter.fetch([account(native_id=ME)], {KEY: self.cursors}))
        self.cursors |= dict(result.cursors)
        return result

    def break_down(self, kind: FaultKind, path: str = "") -> None:
        """Set a fault."""
        self.faults.add(Fault(kind=kind, platform="x", path=path))


@pytest.fixture(scope="module")
def served() -> Iterator[SimpleNamespace]:
    """One server for the module; each test gets a fresh world behind it."""
    current = SimpleNamespace()
    current.faults = Faults()

    async def app(request: Request, path: str) -> Response:
        answer: Response = await current.app(request, path)
        return answer

    with SandboxServer(World(SimulatedClock(START)), current.faults, apps={"x": app}) as server:
        current.server = server
        yield current


@pytest.fixture
def town(served: SimpleNamespace) -> Iterator[Town]:
    opens = frozenset({KEY})
    tokens = (
        Token(value="user-token", kind=TokenKind.USER, accounts=opens, scopes=SCOPES),
        Token(value="oauth1-token", kind=TokenKind.USER, accounts=opens, secret="oauth1-secret"),
    )
    clock, faults = SimulatedClock(START), served.faults
    faults.clear()
    me = WorldAccount(
        key=KEY,
        platform="x",
        native_id=ME,
        name="Exempelkommun",
        username="exempelkommun",
        tokens=tokens,
        extra={"consumer_key": "app-key", "consumer_secret": "app-secret"},
    )
    world = World(clock, [me])
    served.app = sandbox.create_app(world, faults)
    road = Road(retries=RetryPolicy(tries=1), sleep=lambda _: None)
    yield Town(url=served.server.base_url("x"), world=world, clock=clock, faults=faults, road=road)

    road.close()
    assert served.server.errors == []


@pytest.fixture
def busy(town: Town) -> Town:
    """The town after a few days of everything."""
    post = town.write(Kind.POST, "Badhuset öppnar", hours_ago=50, own=True)
    question = town.write(Kind.COMMENT, "Hur länge är det öppet?", hours_ago=49, to=post)
    town.write(Kind.COMMENT, "Till 18", hours_ago=48, to=question, own=True)
    town.write(Kind.COMMENT, "Tack!", hours_ago=47, to=question)
    town.write(Kind.MENTION, "@exempelkommun när sandas det?", hours_ago=30)
    town.write(Kind.QUOTE, "Äntligen", hours_ago=29, to=post)
    town.write(Kind.MESSAGE, "Hej, var är nyckeln?", hours_ago=10)
    town.write(Kind.MESSAGE, "I receptionen", hours_ago=9, own=True)
    town.write(Kind.MENTION, "@exempelkommun " + "lång " * 100, hours_ago=8)
    return town


class TestX(AdapterConformance):
    """The suite every adapter passes."""

    @pytest.fixture
    def case(self, busy: Town) -> AdapterCase:
        return AdapterCase(
            plugin=plugin,
            context=busy.context,
            accounts=[account(native_id=ME)],
            settings={"base_url": busy.url},
            secrets=["user-token"],
        )


def test_everything_there_is_comes_in_its_kind(busy: Town) -> None:
    result = busy.fetch()

    assert result.coverage is Coverage.COMPLETE
    kinds = sorted((i.kind, i.by_account) for i in result.items)
    assert kinds == sorted(
        [
            (ItemKind.POST, True),
            (ItemKind.COMMENT, False),
            (ItemKind.COMMENT, True),
            (ItemKind.COMMENT, False),
            (ItemKind.MENTION, False),
            (ItemKind.MENTION, False),
            (ItemKind.QUOTE, False),
            (ItemKind.MESSAGE, False),
            (ItemKind.MESSAGE, True),
        ]
    )
    assert max(len(i.text) for i in result.items) > 500  # not cut at 280


def test_oauth_1_is_signed_for_the_address_it_goes_to(busy: Town) -> None:
    busy.credential = OAUTH1

    assert busy.fetch().coverage is Coverage.COMPLETE


def test_what_is_new_comes_and_nothing_is_missed_over_many_fetches(busy: Town) -> None:
    found = {i.external_id for i in busy.fetch().items}
    for n in range(6):
        busy.clock.advance(timedelta(hours=7))
        busy.write(Kind.MENTION, f"@exempelkommun fråga {n}?", hours_ago=1)
        busy.write(Kind.MESSAGE, f"Fråga {n}?", hours_ago=2)
        result = busy.fetch()
        found |= {i.external_id for i in result.items}

        assert result.coverage is Coverage.COMPLETE

    assert found == {i.id for i in busy.world.all_items()}


def test_a_deleted_question_is_found_deleted_and_an_edited_one_edited(busy: Town) -> None:
    items = busy.fetch().items
    question = next(i for i in items if "Hur länge" in i.text)
    deleted = busy.world.find(question.external_id)
    assert deleted is not None
    busy.world.delete(deleted, cascade=False)
    adapter = plugin.create({"base_url": busy.url}, busy.context)

    (answer,) = adapter.recheck(account(native_id=ME), [question])

    assert answer.visibility is Visibility.DELETED


def test_an_edited_mention_keeps_its_key(busy: Town) -> None:
    before = next(i for i in busy.fetch().items if "sandas" in i.text)
    item = busy.world.find(before.external_id)
    assert item is not None
    busy.clock.advance(timedelta(minutes=10))
    busy.world.edit(item, "@exempelkommun när sandas Storgatan?")
    busy.clock.advance(timedelta(minutes=10))

    after = _by_id(busy.fetch())[before.external_id]

    assert "Storgatan" in after.text
    assert after.edited_at is not None
    assert after.published_at == before.published_at


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
    ],
)
def test_a_platform_wide_fault_fails_the_account_with_its_reason(busy: Town, kind: FaultKind, reason: Reason) -> None:
    busy.break_down(kind)

    result = busy.fetch()

    assert (result.coverage, [t.reason for t in result.troubles]) == (Coverage.FAILED, [reason])


def test_an_account_without_posts_is_failed_when_x_goes_away_later_that_day(town: Town) -> None:
    first = town.fetch()
    town.break_down(FaultKind.HTML_502)
    second = town.fetch()

    assert first.coverage is Coverage.COMPLETE
    assert (second.coverage, {t.reason for t in second.troubles}) == (Coverage.FAILED, {Reason.OUTAGE})


@pytest.mark.parametrize("kind", [FaultKind.MISSING_PERMISSION, FaultKind.RATE_LIMIT, FaultKind.OUTAGE])
def test_a_fault_of_one_listing_leaves_the_others(busy: Town, kind: FaultKind) -> None:
    busy.break_down(kind, "dm_events")

    result = busy.fetch()

    assert (result.coverage, [t.stream for t in result.troubles]) == (Coverage.PARTIAL, ["messages"])
    assert len(result.items) == 7


def test_lists_that_go_empty_are_not_quiet_and_recover(busy: Town) -> None:
    busy.fetch()
    busy.clock.advance(timedelta(hours=3))
    busy.write(Kind.MENTION, "@exempelkommun akut?", hours_ago=1)
    busy.break_down(FaultKind.EMPTY_LIST)
    broken = busy.fetch()
    busy.faults.clear()
    mended = busy.fetch()

    assert broken.coverage is not Coverage.COMPLETE
    assert {t.reason for t in broken.troubles} == {Reason.SUSPICIOUS_EMPTY}
    assert mended.coverage is Coverage.COMPLETE
    assert any("akut" in i.text for i in mended.items)


def test_a_malformed_item_makes_the_fetch_partial_and_comes_when_it_is_mended(busy: Town) -> None:
    busy.break_down(FaultKind.MALFORMED_ITEM, "mentions")
    broken = busy.fetch()
    busy.faults.clear()
    mended = busy.fetch()

    assert (broken.coverage, broken.malformed) == (Coverage.PARTIAL, 1)
    assert mended.coverage is Coverage.COMPLETE
    assert {i.external_id for i in (*broken.items, *mended.items)} == {i.id for i in busy.world.all_items()}


def _by_id(result: FetchResult) -> dict[str, Item]:
    return {i.external_id: i for i in result.items}
