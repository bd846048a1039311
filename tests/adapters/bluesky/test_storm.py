"""A busy town on a bad day: every third request fails in a different way, and in the end nothing is missing."""

import itertools
import random
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response
from tests.adapters.bluesky.town import Town, ids_of

from watchdaemon.domain.fetch import Coverage
from watchdaemon.sandbox.world import WorldItem


def refusal(status: int, name: str) -> Response:
    """A refusal in the platform's own form."""
    return JSONResponse({"error": name, "message": name}, status)


FAILURES: tuple[Callable[[Any], Any], ...] = (
    lambda _: refusal(502, "UpstreamFailure"),
    lambda _: refusal(400, "ExpiredToken"),
    lambda _: Response("<html>Bad Gateway</html>", 502, media_type="text/html"),
    lambda _: refusal(429, "RateLimitExceeded"),
    lambda _: Response(b'{"feed": [', 200, media_type="application/json"),
    lambda body: {name: [] if isinstance(part, list) else part for name, part in body.items()},
    lambda _: refusal(500, "InternalServerError"),
)


def fill(town: Town, count: int) -> None:
    """Write posts, and under and around them everything people write."""
    chance = random.Random(7)  # noqa: S311 - the same town every time is what is wanted
    posts = [town.post(f"Inlägg {n}", hours_ago=200 - n) for n in range(12)]
    under: list[WorldItem] = list(posts)
    for n in range(count):
        hours = 180 - n * 170 / count
        to, told = chance.choice(under), chance.choice(("yes", "yes", "no"))
        kind = chance.randrange(10)
        if kind == 0:
            town.quote(chance.choice(posts), f"Citat {n}", hours_ago=hours, notify=told)
        elif kind == 1:
            town.mention(hours_ago=hours, notify=told)
        else:
            under.append(town.reply(to, f"Svar {n}", hours_ago=hours, own=kind == 2, notify=told))


def test_what_is_stored_in_the_end_is_what_there_is(town: Town) -> None:
    town.settings = {"page_size": 7}
    fill(town, 300)
    number, chosen = itertools.count(1), itertools.cycle(FAILURES)

    def every_third(call: str, body: Any) -> Any:
        is_bad = not call.endswith("Session") and next(number) % 3 == 0
        return next(chosen)(body) if is_bad else body

    stored: set[str] = set()
    town.alters(every_third)
    for _ in range(12):
        result = town.fetch()
        stored |= ids_of(result)
        assert result.coverage is not Coverage.COMPLETE
    town.served.alter = None
    calm = town.fetch()

    assert calm.coverage is Coverage.COMPLETE
    assert stored | ids_of(calm) == {i.id for i in town.world.all_items()}


def test_a_thousand_replies_are_read_in_few_calls(town: Town) -> None:
    post = town.post(hours_ago=100)
    for n in range(1000):
        town.reply(post, f"Svar {n}", hours_ago=99 - n / 20)

    result = town.fetch()

    assert (result.coverage, len(result.items)) == (Coverage.COMPLETE, 1001)
    assert result.calls <= 16  # a session, a feed, ten pages of notifications, a thread, quotes, a search
