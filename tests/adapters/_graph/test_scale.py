"""Twelve thousand comments through a storm and kills: stored in the end is what is there, edits and deletions too."""

import itertools
import json
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response
from tests.adapters._graph.town import Stage, Town, facebook_account, instagram_account, running_stage
from tests.scale.storm import Killed

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.ports import AdapterPlugin, PlatformAdapter
from watchdaemon.sandbox.world import Kind, WorldItem
from watchdaemon.testing.memory import MemoryStore
from watchdaemon_adapters.facebook import plugin as facebook
from watchdaemon_adapters.instagram import plugin as instagram

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
COMMENTS = 12_000
POSTS = 40
HTML = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
MOST_PASSES = 12


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as running:
        yield running


def graph_error(code: int, status: int, **more: object) -> Response:
    return JSONResponse({"error": {"message": "no", "code": code, **more}}, status_code=status)


FORMS: tuple[Callable[[], Response], ...] = (
    lambda: Response("Service Unavailable", status_code=503, media_type="text/plain"),
    lambda: Response(HTML, status_code=502, media_type="text/html"),
    lambda: Response(b"", media_type="application/json"),
    lambda: Response('[{"code": 200, "body": "{', media_type="application/json"),
    lambda: Response(HTML, media_type="text/html"),
    lambda: JSONResponse(["not", "an", "object"]),
    lambda: JSONResponse({}, status_code=500),
    lambda: JSONResponse("nothing"),
    lambda: graph_error(2, 500, is_transient=True),
    lambda: graph_error(1, 500),
)
THROTTLED = (lambda: graph_error(80001, 400), lambda: graph_error(4, 403), lambda: graph_error(32, 400))


class Storm:
    """Lets every third request fail, each time in another way, and every 29th entry of a batch."""

    def __init__(self) -> None:
        self.failed = self.spoilt = 0
        self._count, self._entries = itertools.count(1), itertools.count(1)
        self._forms = itertools.chain(FORMS[:4], THROTTLED, itertools.cycle(FORMS))
        self._entry_forms = itertools.cycle(
            [None, {"code": 500, "body": json.dumps({"error": {"code": 2}})}, {"code": 200, "body": "<html>"}, "what?"]
        )

    def weather(self) -> Response | None:
        if next(self._count) % 3:
            return None
        self.failed += 1
        return next(self._forms)()

    def mangle(self, answer: Any) -> Any:
        if not isinstance(answer, list):
            return answer
        return [entry if next(self._entries) % 29 else self._spoil() for entry in answer]

    def _spoil(self) -> Any:
        self.spoilt += 1
        return next(self._entry_forms)


class Reaper:
    """Kills a fetch after so many requests; a batch is one."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.deaths = 0

    def strike(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.deaths += 1
                raise Killed


def populate(town: Town, account: str) -> list[WorldItem]:
    """Write the posts and comments: one huge thread, many ordinary ones, replies to replies as people see them."""
    dice = random.Random(12_000)  # noqa: S311 - the same throws every time
    posts = [town.post(f"Inlägg {n}", ago=DAY * (n % 28) + MINUTE * n, account=account) for n in range(POSTS)]
    tops: dict[str, list[WorldItem]] = {p.id: [] for p in posts}
    for number in range(COMMENTS):
        post = posts[0] if number % 3 == 0 else dice.choice(posts)
        under = dice.choice(tops[post.id]) if tops[post.id] and dice.random() < 0.4 else None
        comment = town.comment(
            post, f"Kommentar {number}", ago=MINUTE * (COMMENTS - number), under=under, by_account=number % 11 == 0
        )
        if under is None:
            tops[post.id].append(comment)
    return posts


def fetch_until_complete(
    town: Town, adapter: PlatformAdapter, account: Account, store: MemoryStore, reaper: Reaper
) -> set[str]:
    """Fetch and store until nothing is amiss, every second time killed; return what the last fetch showed."""
    for number in range(2 * MOST_PASSES):
        reaper.left = 1 + number if number % 2 == 0 else None
        try:
            (result,) = adapter.fetch([account], store.cursors([account.key]))
        except Killed:
            continue
        finally:
            reaper.left = None
        store.save_fetch(result, at=town.clock.now)
        town.clock.now += timedelta(minutes=10)
        if result.coverage is Coverage.COMPLETE:
            return {i.external_id for i in result.items}
    raise AssertionError([(t.reason, t.stream, t.detail) for t in result.troubles])


def recheck_until_known(
    town: Town, adapter: PlatformAdapter, account: Account, store: MemoryStore, waiting: list[Item]
) -> None:
    for _ in range(MOST_PASSES):
        answers = list(adapter.recheck(account, waiting))
        store.set_visibility([a for a in answers if a.visibility is not None], at=town.clock.now)
        unknown = {a.external_id for a in answers if a.visibility is None}
        waiting = [i for i in waiting if i.external_id in unknown]
        if not waiting:
            return
    raise AssertionError(f"{len(waiting)} comments could not be asked for again")


def comments_in(store: MemoryStore) -> list[Item]:
    return [i for i in store.items() if i.kind is ItemKind.COMMENT and i.visibility is not Visibility.DELETED]


def truth(town: Town, account: str) -> dict[str, tuple[str, str | None, bool]]:
    now = town.clock.now
    found = town.world.visible(account, Kind.COMMENT)
    return {i.id: (i.text_at(now), i.parent_id, i.by_account) for i in found}


def stored(store: MemoryStore) -> dict[str, tuple[str, str | None, bool]]:
    return {i.external_id: (i.text, i.parent_id, i.by_account) for i in comments_in(store)}


@pytest.mark.slow
@pytest.mark.timeout(300)  # a minute on a machine of its own
@pytest.mark.parametrize(
    ("plugin", "account"),
    [(facebook, facebook_account()), (instagram, instagram_account())],
    ids=["facebook", "instagram"],
)
def test_twelve_thousand_comments_are_stored_as_they_are(stage: Stage, plugin: AdapterPlugin, account: Account) -> None:
    town, storm, store = stage.town(), Storm(), MemoryStore()
    reaper = Reaper()

    posts = populate(town, account.key)
    adapter = plugin.create(town.settings(plugin.name), town.context)
    stage.weather, stage.mangle, stage.strike = storm.weather, storm.mangle, reaper.strike
    try:
        fetch_until_complete(town, adapter, account, store, reaper)
        first = stored(store)

        assert first == truth(town, account.key)

        change(town, account.key, posts)
        town.clock.now += DAY  # the day's first fetch reads all of it
        shown = fetch_until_complete(town, adapter, account, store, reaper)
        missing = [i for i in comments_in(store) if i.external_id not in shown]
        recheck_until_known(town, adapter, account, store, [*missing, *comments_in(store)[:300]])
    finally:
        stage.weather = stage.mangle = None
        stage.strike = lambda: None

    assert stored(store) == truth(town, account.key)
    assert stored(store) != first
    assert reaper.deaths
    assert storm.failed
    assert storm.spoilt


def change(town: Town, account: str, posts: list[WorldItem]) -> None:
    """Delete some (with what is under them), edit some, and let more come: on old posts, under old comments."""
    dice = random.Random(7)  # noqa: S311 - the same throws every time
    comments = town.world.visible(account, Kind.COMMENT)
    for comment in dice.sample(comments, 60):
        if town.world.find(comment.id) is not None:
            town.delete(comment)
    left = town.world.visible(account, Kind.COMMENT)
    for comment in dice.sample(left, 60):
        town.world.edit(comment, comment.text + " (rättat)")
    for number in range(200):
        under = dice.choice([None, *[c for c in left[:50] if c.parent_id is None]])
        post = next(p for p in posts if under is None or p.id == under.root_id)
        town.comment(post, f"Ny {number}", ago=MINUTE * number, under=under)
