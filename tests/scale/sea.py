"""A world of one account, a storm before it, and a daemon's store."""

import random
from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from tests.costs.measure import LOOK_BACK, MORNING, Pocket
from tests.costs.places import Place
from tests.scale.kinds import HABITS, LEVELS, OWN_ANSWERS, own_answer
from tests.scale.storm import Killed, Reaper, Storm

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.plugins import load_plugins
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.server import SandboxServer, platform_apps
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldItem
from watchdaemon.testing.memory import MemoryStore

KEY = "konto-00"
SAMPLE = 200
"""So many of what is stored are asked for again, beside everything that a fetch did not show."""
MOST_RECHECKS = 12


class Facts(NamedTuple):
    """What is compared of an item. A parent that is gone is not always told, and not compared."""

    text: str
    by_account: bool
    parent_id: str | None


class Sea:
    """`poll` is one pass, which may be killed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.habits = HABITS[place.platform]
        self.clock = SimulatedClock(MORNING)
        self.world = World(self.clock, place.world_accounts(KEY))
        faults = Faults()
        apps = platform_apps(self.world, faults)
        self.storm = Storm(apps[place.platform], every=0)
        apps[place.platform] = self.storm
        self.server = SandboxServer(self.world, faults, apps=apps)
        self.store = MemoryStore()
        self.random = random.Random(7)  # noqa: S311 - the same sea every time
        self.reaper = Reaper(random.Random(8))  # noqa: S311 - as above
        self.road = Road(
            retries=RetryPolicy(tries=3, base=0), sleep=lambda _: None, on_exchange=lambda _: self.reaper.strike()
        )
        self.shown: set[str] = set()  # what fetches have brought since the last change
        self.passes: Counter[str] = Counter()

    @property
    def adapter(self) -> PlatformAdapter:
        """A new one, as after a restart."""
        context = AdapterContext(
            road=self.road, credentials=Pocket({KEY: self.place.fields(KEY)}), clock=self.clock, look_back=LOOK_BACK
        )
        plugin = load_plugins([self.place.platform]).plugins[self.place.platform]
        return plugin.create({"base_url": self.server.base_url(self.place.platform)}, context)

    def poll(self) -> Coverage | None:
        """Fetch once. Returns how far it reached, None when killed: after a piece was stored, or at any request."""
        account = self.place.account(KEY)
        try:
            for result in self.adapter.fetch([account], self.store.cursors([KEY])):
                self.store.save_fetch(result, at=self.clock())
                self.shown |= {i.external_id for i in result.items}
                if result.is_final:
                    return result.coverage
        except Killed:
            return None
        return None

    def poll_until_complete(self, *, tries: int, has_kills: bool) -> None:
        """Fetch again and again, some minutes apart, killed now and then."""
        for _ in range(tries):
            self.clock.advance(timedelta(minutes=1))
            self.reaper.prepare(is_killing=has_kills and self.random.random() < 0.3)
            coverage = self.poll()
            self.reaper.rest()
            self.passes["killed" if coverage is None else coverage.value] += 1
            if coverage is Coverage.COMPLETE:
                return
        raise AssertionError(f"not complete: {self.passes}")

    # ---- what people do --------------------------------------------------------------------------------------------

    def write(self, count: int, *, posts: int) -> list[WorldItem]:
        """Let people write comments on four apparent levels: under posts, under comments, under those …"""
        at = self.clock() - timedelta(days=6)
        published = [self._publish(number) for number in range(posts)]
        self.habits.others(self.place, self.world, KEY, published, at)
        comments: list[WorldItem] = []
        open_ones: list[tuple[WorldItem, int]] = []  # comments that may be answered, and their levels
        for number in range(count):
            at += timedelta(days=5, hours=20) / count
            to, level = self.random.choice(open_ones[-200:]) if number % 3 and open_ones else (None, 0)
            if to is not None and self.habits.has_two_levels and to.parent_id is not None:
                to = self.world.recall(to.parent_id)  # that is where the platform shows it
            post = self._post_of(to) if to is not None else self._some(published, number)
            more = dict(self.habits.of_comment(number, post))
            if self.habits.own_answers and number % OWN_ANSWERS == 1:
                more |= own_answer(self.world, KEY)
            made = self.place.comment(self.world, post, at, number, to=to, **more)
            comments.append(made)
            if level + 1 < LEVELS and made.moderation is Moderation.PUBLISHED:
                open_ones.append((made, level + 1))
        return comments

    def _publish(self, number: int) -> WorldItem:
        at = self.clock() - timedelta(days=6, minutes=number)
        return self.place.post(self.world, KEY, at, number, **self.habits.of_post(number))

    def _some(self, posts: list[WorldItem], number: int) -> WorldItem:
        """Every fourth comment is under one and the same post, whose thread is long."""
        return posts[0] if number % 4 == 0 else self.random.choice(posts)

    def _post_of(self, comment: WorldItem) -> WorldItem:
        post = self.world.recall(comment.root_id or "")
        assert post is not None
        return post

    def change(self, comments: list[WorldItem], *, every: int) -> None:
        """Let some comments be edited and others deleted, with what stands under them where the platform does so."""
        self.shown.clear()
        for number, old in enumerate(comments[::every]):
            item = self.world.find(old.id)
            if item is None:
                continue
            if number % 2 == 0:
                self.world.delete(item, cascade=self.habits.takes_replies_along)
            elif self.habits.can_edit:
                self.world.edit(item, f"{item.text} (ändrad)")

    def write_more(self, count: int, last_at: timedelta) -> None:
        """Let some new comments come under the newest post, so long ago."""
        post = max(self.world.visible(KEY, Kind.POST), key=lambda p: p.published_at)
        for number in range(count):
            at = self.clock() - last_at + timedelta(minutes=number)
            self.place.comment(self.world, post, at, 1_000_000 + number)

    # ---- what is so, and what is believed --------------------------------------------------------------------------

    def truth(self) -> dict[str, Facts]:
        """What exists now, by id."""
        now = self.clock()
        return {i.id: self._facts(i.text_at(now), i.by_account, self._told_parent(i)) for i in self.world.visible(KEY)}

    def stored(self) -> dict[str, Facts]:
        """What the daemon believes to exist, by id."""
        there = (i for i in self._items() if i.visibility is not Visibility.DELETED)
        return {i.external_id: self._facts(_text(i), i.by_account, i.parent_id) for i in there}

    def _facts(self, text: str, by_account: bool, parent_id: str | None) -> Facts:
        is_there = parent_id is not None and self.world.find(parent_id) is not None
        return Facts(text, by_account, parent_id if is_there else None)

    def _told_parent(self, item: WorldItem) -> str | None:
        """Return what an item answers as the platform's items tell: on some, not the post that it stands under."""
        if item.kind is Kind.QUOTE:
            return None
        is_top = item.parent_id == item.root_id and self.place.platform in ("threads", "youtube")
        of_mention = item.root_id is not None and self._post_of(item).kind is not Kind.POST
        return None if is_top and not of_mention else item.parent_id

    def recheck(self) -> None:
        """Ask again for what fetches did not show any more, and for some of the rest, as for open questions."""
        stored = [i for i in self._items() if i.visibility is not Visibility.DELETED]
        waiting = [i for i in stored if i.external_id not in self.shown] + self.random.sample(stored, SAMPLE)
        for _ in range(MOST_RECHECKS):
            answers = list(self.adapter.recheck(self.place.account(KEY), waiting))
            self.store.set_visibility([a for a in answers if a.visibility is not None], at=self.clock())
            unknown = {a.external_id for a in answers if a.visibility is None}
            waiting = [i for i in waiting if i.external_id in unknown and i.kind in self.habits.rechecked]
            if not waiting:
                return
            self.clock.advance(timedelta(minutes=10))  # a platform's limits are over by then
        raise AssertionError(f"{len(waiting)} items could not be asked for again")

    def _items(self) -> list[Item]:
        return self.store.items(account=KEY)


def _text(item: Item) -> str:
    return item.text.split("\n\n", 1)[-1] if item.kind is ItemKind.POST else item.text
