"""Counts what a fetch takes, by real requests against the sandbox."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from tests.costs.places import Place

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.fetch import FetchResult
from watchdaemon.domain.quota import Measure, Prices
from watchdaemon.errors import ConfigError, Reason
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.http.quota import _x_measure, count_spending, x_endpoint
from watchdaemon.plugins import load_plugins
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.server import PlatformApp, SandboxServer, platform_apps
from watchdaemon.sandbox.world import World, WorldItem

MORNING = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)  # a Monday, 08:30 in Stockholm
AFTERNOON = timedelta(hours=5)
LOOK_BACK = timedelta(days=30)


@dataclass(slots=True)
class Cost:
    """What one poll took.

    `requests` counts HTTP requests, `sent` the platform's units or what it sent of what it bills, `billed` what of that
    had not been sent on the same UTC day before.
    """

    requests: int = 0
    sent: Counter[Measure] = field(default_factory=Counter)
    billed: Counter[Measure] = field(default_factory=Counter)

    def price(self, prices: Prices) -> Decimal:
        """Return what it costs in US dollars."""
        return sum((prices.of(measure) * count for measure, count in self.billed.items()), start=Decimal(0))


class Ledger:
    """X's bill: a resource is billed once a UTC day (its "Pricing", read 2026-11)."""

    def __init__(self, app: PlatformApp, clock: SimulatedClock) -> None:
        self._app = app
        self._clock = clock
        self._seen: set[tuple[date, str, object]] = set()
        self.billed: Counter[Measure] = Counter()

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer as the app does, and book what was sent."""
        response = await self._app(request, path)
        call = x_endpoint(f"/{path}")
        body = json.loads(bytes(response.body))
        rows = body.get("data", [])
        for row in rows if isinstance(rows, list) else [rows]:
            self._book(_x_measure(call, "data"), row["id"])
        return response

    def _book(self, measure: Measure, resource_id: object) -> None:
        kind = "post" if measure is Measure.OWNED_POSTS else measure.value.removesuffix("s")
        key = (self._clock().date(), kind, resource_id)
        self.billed[measure] += key not in self._seen
        self._seen.add(key)


class Pocket:
    """Credentials by name."""

    def __init__(self, fields: Mapping[str, Mapping[str, str]]) -> None:
        self._fields = fields

    def read(self, name: str) -> dict[str, SecretStr]:
        """Return the fields."""
        if name not in self._fields:
            raise ConfigError(f"no credential {name}")
        return {key: SecretStr(value) for key, value in self._fields[name].items()}


class Watch:
    """Some accounts of a platform that are polled, and what each poll took."""

    def __init__(
        self,
        place: Place,
        keys: Sequence[str],
        url: str,
        world: World,
        clock: SimulatedClock,
        ledger: Ledger | None,
    ) -> None:
        self.place = place
        self.world = world
        self.clock = clock
        self.accounts = [place.account(key) for key in keys]
        self._cursors: dict[str, dict[str, str]] = {key: {} for key in keys}
        self._cost = Cost()
        self._ledger = ledger
        self._road = Road(retries=RetryPolicy(tries=1), sleep=lambda _: None, on_exchange=self._book)
        context = AdapterContext(
            road=self._road,
            credentials=Pocket({key: place.fields(key) for key in keys}),
            clock=clock,
            look_back=LOOK_BACK,
        )
        plugin = load_plugins([place.platform]).plugins[place.platform]
        self.adapter: PlatformAdapter = plugin.create({"base_url": url}, context)

    def poll(self, *, advance: timedelta = AFTERNOON) -> Cost:
        """Let time pass, and fetch every account as the daemon does.

        Raises:
            RuntimeError: A fetch was in trouble, so that its cost would mean nothing. (Where a platform shows no more
                than its newest so many, that is said, and no trouble.)
        """
        self.clock.advance(advance)
        self._cost = Cost()
        size = self.adapter.batch_size
        for start in range(0, len(self.accounts), size):
            for result in self.adapter.fetch(self.accounts[start : start + size], self._cursors):
                self._keep(result)
        if self._ledger is not None:
            self._cost.billed, self._ledger.billed = self._ledger.billed, Counter()
        return self._cost

    def _keep(self, result: FetchResult) -> None:
        if result.is_final and any(t.reason is not Reason.INCOMPLETE for t in result.troubles):
            raise RuntimeError(f"{result.account}: {result.coverage} {[str(t) for t in result.troubles]}")
        self._cursors[result.account] |= dict(result.cursors)

    def _book(self, exchange: Exchange) -> None:
        self._cost.requests += not exchange.is_part
        for spent in count_spending(exchange, self.clock()):
            self._cost.sent[spent.measure] += spent.amount

    def close(self) -> None:
        """Close the road."""
        self._road.close()


@contextmanager
def watching(place: Place, *, accounts: int = 1) -> Iterator[Watch]:
    """Serve a fresh world with so many accounts of a platform."""
    clock = SimulatedClock(MORNING)
    keys = [f"konto-{number:02}" for number in range(accounts)]
    world = World(clock, [account for key in keys for account in place.world_accounts(key)])
    faults = Faults()
    apps = platform_apps(world, faults)
    ledger = Ledger(apps["x"], clock) if place.platform == "x" else None
    if ledger is not None:
        apps["x"] = ledger
    with SandboxServer(world, faults, apps=apps) as server:
        watch = Watch(place, keys, server.base_url(place.platform), world, clock, ledger)
        try:
            yield watch
        finally:
            watch.close()
        if server.errors:
            raise RuntimeError("the sandbox itself failed") from server.errors[0]


def live(watch: Watch, *, posts: int, comments_a_post: int = 2) -> list[WorldItem]:
    """Let every account publish posts over the look-back, with some comments under each; newest post last."""
    written = []
    for account in watch.accounts:
        for number in range(posts):
            age = timedelta(days=28) * (posts - number) / posts
            post = watch.place.post(watch.world, account.key, watch.clock() - age, number)
            written.append(post)
            for n in range(comments_a_post):
                at = post.published_at + timedelta(minutes=7 + n)
                watch.place.comment(watch.world, post, at, n)
    return written
