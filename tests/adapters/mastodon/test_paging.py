"""Servers that page otherwise than they should: no links, links elsewhere, the same page for ever, replies to come."""

from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.adapters.mastodon.town import Stage, Town, by_id

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason

Handler = Callable[[Request, str], Awaitable[Response]]


def _through(stage: Stage, change: Callable[[Response, str], None], *, without: str = "") -> None:
    """Let every answer of the instance go through `change`; a parameter named `without` never reaches it."""
    inner: Handler = stage.app

    async def answer(request: Request, path: str) -> Response:
        if without:
            query = request.scope["query_string"].decode()
            kept = "&".join(p for p in query.split("&") if not p.startswith(f"{without}="))
            request = Request({**request.scope, "query_string": kept.encode()})
        response = await inner(request, path)
        change(response, path)
        return response

    stage.app = answer


def _fill(town: Town) -> None:
    town.settings = {"page_size": 7}
    for n in range(50):
        town.post(ago=100 + n)
        town.mention(ago=100 + n)
        town.message(ago=100 + n, thread=f"t{n}", notification="none")


def _without_links(response: Response, _path: str) -> None:
    if "link" in response.headers:
        del response.headers["link"]


def _links_elsewhere(response: Response, _path: str) -> None:
    if "link" in response.headers:
        response.headers["link"] = response.headers["link"].replace("http://127.0.0.1", "https://somebody-else.example")


@pytest.mark.parametrize("change", [_without_links, _links_elsewhere])
def test_everything_is_read_and_the_token_stays_at_home(
    stage: Stage, town: Town, change: Callable[[Response, str], None]
) -> None:
    """Without links pages are counted on by their ids; of a link only its id is taken, never its host."""
    _fill(town)
    _through(stage, change)
    first = town.fetch()
    town.later(1)
    new = [town.mention(ago=0.5) for _ in range(20)]
    second = town.fetch()

    assert (first.coverage, second.coverage) == (Coverage.COMPLETE, Coverage.COMPLETE)
    assert len(first.items) == 150
    assert {i.id for i in new} <= set(by_id(second))
    assert {e.status for e in town.exchanges} == {200}


@pytest.mark.parametrize("ignored", ["max_id", "min_id"])
def test_a_server_that_gives_the_same_page_for_ever_is_called_incomplete(
    stage: Stage, town: Town, ignored: str
) -> None:
    _fill(town)
    town.fetch()
    if ignored == "max_id":
        town.cursors.clear()
    _through(stage, lambda *_: None, without=ignored)

    result = town.fetch()

    assert result.coverage is Coverage.PARTIAL
    assert {t.reason for t in result.troubles} == {Reason.INCOMPLETE}


def test_a_link_that_says_nothing_is_not_taken_for_the_end(stage: Stage, town: Town) -> None:
    _fill(town)

    def change(response: Response, path: str) -> None:
        if path == "api/v1/notifications":
            response.headers["link"] = '<https://m.example/?page=2>; rel="next"'

    _through(stage, change)
    result = town.fetch()

    assert [(t.stream, t.reason) for t in result.troubles] == [("notifications", Reason.MALFORMED)]


def test_a_conversation_that_the_instance_still_collects_is_read_again_next_time(stage: Stage, town: Town) -> None:
    post = town.post(ago=24 * 9)
    town.reply(post, ago=24 * 8)
    plain = stage.app

    def change(response: Response, path: str) -> None:
        if path.endswith("/context"):
            response.headers["Mastodon-Async-Refresh"] = 'id="abc", retry=5'

    _through(stage, change)
    first = town.fetch()
    town.later(1)
    stage.app = plain
    town.fetch()
    again = town.asked_for("/context")
    town.later(1)
    town.fetch()

    assert first.coverage is Coverage.COMPLETE
    assert (again, town.asked_for("/context")) == (1, 0)
