"""Thousands of comments through storms and kills: what is stored is what is there, and nothing else."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.costs.measure import LOOK_BACK, MORNING, Pocket
from tests.costs.places import PLACES, Place
from tests.scale.storm import Storm

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.plugins import load_plugins
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.server import SandboxServer, platform_apps
from watchdaemon.sandbox.world import Kind, World, WorldItem
from watchdaemon.testing.memory import MemoryStore

KEY = "konto-00"


class Sea:
    """A world of one account, a storm before it, and a daemon's store; `poll` is one pass, which may be killed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.clock = SimulatedClock(MORNING)
        self.world = World(self.clock, place.world_accounts(KEY))
        faults = Faults()
        apps = platform_apps(self.world, faults)
        self.storm = Storm(apps[place.platform], every=0)
        apps[place.platform] = self.storm
        self.server = SandboxServer(self.world, faults, apps=apps)
        self.store = MemoryStore()
        self.road = Road(retries=RetryPolicy(tries=3, base=0), sleep=lambda _: None)
        self.random = random.Random(7)  # noqa: S311 - the same sea every time

    @property
    def adapter(self) -> PlatformAdapter:
        """A new one, as after a restart."""
        context = AdapterContext(
            road=self.road, credentials=Pocket({KEY: self.place.fields(KEY)}), clock=self.clock, look_back=LOOK_BACK
        )
        plugin = load_plugins([self.place.platform]).plugins[self.place.platform]
        return plugin.create({"base_url": self.server.base_url(self.place.platform)}, context)

    def poll(self, *, pieces: int | None = None) -> Coverage | None:
        """Fetch once; killed after so many pieces (None: never). Returns how far it reached, None when killed."""
        account = self.place.account(KEY)
        fetched = self.adapter.fetch([account], self.store.cursors([KEY]))
        for number, result in enumerate(fetched, start=1):
            self.store.save_fetch(result, at=self.clock())
            if result.is_final:
                return result.coverage
            if number == pieces:
                break
        return None

    def poll_until_complete(self, *, tries: int) -> int:
        """Fetch again and again, some minutes apart, killed now and then; returns how many passes it took."""
        for number in range(1, tries + 1):
            self.clock.advance(timedelta(minutes=3))
            if self.poll(pieces=self.random.choice([None, None, 1, 2, 4])) is Coverage.COMPLETE:
                return number
        raise AssertionError(f"not complete after {tries} passes")

    def write(self, count: int, *, posts: int) -> list[WorldItem]:
        """Let people write comments on four apparent levels: under posts, under comments, under those …"""
        comments: list[WorldItem] = []
        at = self.clock() - timedelta(days=6)
        step = timedelta(days=5, hours=20) / count
        published = [self.place.post(self.world, KEY, at - timedelta(minutes=n), n) for n in range(posts)]
        has_levels = self.place.platform == "x"
        for number in range(count):
            at += step
            to = self._answered(comments) if number % 3 else None
            if to is not None and not has_levels and to.parent_id is not None:
                to = self.world.recall(to.parent_id)  # the platform shows a reply to a reply under the first comment
            post = self._post_of(to) if to is not None else self.random.choice(published)
            comments.append(self.place.comment(self.world, post, at, number, to=to))
        return comments

    def _answered(self, comments: list[WorldItem]) -> WorldItem | None:
        return self.random.choice(comments[-200:]) if comments else None

    def _post_of(self, comment: WorldItem) -> WorldItem:
        post = self.world.recall(comment.root_id or "")
        assert post is not None
        return post

    def change(self, comments: list[WorldItem], *, every: int) -> None:
        """Let some comments be edited and others deleted, with what stands under them where the platform does so."""
        for number, old in enumerate(comments[::every]):
            item = self.world.find(old.id)
            if item is None:
                continue
            if number % 2 == 0:
                self.world.delete(item, cascade=self.place.platform != "x")
            elif self.place.platform != "x":  # nobody can edit a reply there
                self.world.edit(item, f"{item.text} (ändrad)")

    def truth(self) -> dict[str, str]:
        """What exists now, by id, with its text."""
        return {i.id: i.text_at(self.clock()) for i in self.world.visible(KEY) if i.kind in (Kind.POST, Kind.COMMENT)}

    def stored(self) -> dict[str, str]:
        """What the daemon believes to exist, by id, with its text."""
        return {i.external_id: _text(i) for i in self._items() if i.visibility is not Visibility.DELETED}

    def recheck(self) -> None:
        """Ask again for everything that is stored, as is done for open questions."""
        answers = list(self.adapter.recheck(self.place.account(KEY), self._items()))
        self.store.set_visibility(answers, at=self.clock())

    def _items(self) -> list[Item]:
        return self.store.items(account=KEY)


def _text(item: Item) -> str:
    return item.text.split("\n\n", 1)[-1] if item.kind is ItemKind.POST else item.text


@pytest.fixture(params=["youtube", "x"])
def sea(request: pytest.FixtureRequest) -> Iterator[Sea]:
    sea = Sea(PLACES[request.param])
    with sea.server:
        yield sea
    sea.road.close()
    assert sea.server.errors == []


def sail(sea: Sea, count: int, *, posts: int, tries: int) -> None:
    """The scenario: a backlog in a storm with kills, changes, more comments, and a calm recheck."""
    comments = sea.write(count, posts=posts)
    sea.storm.every = 3
    sea.poll_until_complete(tries=tries)
    assert sea.stored() == sea.truth()
    sea.change(comments, every=20)
    sea.clock.advance(timedelta(hours=20))
    _add_some(sea, comments[-1].published_at)
    sea.poll_until_complete(tries=tries)
    sea.storm.every = 0
    sea.clock.advance(timedelta(hours=1))  # a recheck of its own, long after the fetch
    sea.recheck()
    assert sea.stored() == sea.truth()
    assert sea.storm.failed > 10


def _add_some(sea: Sea, last_at: datetime) -> None:
    post = max(sea.world.visible(KEY, Kind.POST), key=lambda p: p.published_at)
    for number in range(30):
        sea.place.comment(sea.world, post, last_at + timedelta(minutes=10 + number), 1_000_000 + number)


def test_what_is_stored_after_storms_and_kills_is_what_is_there(sea: Sea) -> None:
    sail(sea, 700, posts=30, tries=300)


@pytest.mark.slow
def test_twelve_thousand_comments_are_stored_as_they_are(sea: Sea) -> None:
    sail(sea, 12_000, posts=60, tries=4000)
