"""Any JSON value in any field of any answer: items, counted malformed ones or a named trouble; nothing is lost."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.x.fake import BASE_URL, CITIZEN, ME, FakeX, account, adapter, any_json, fetch, message, move, post

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.testing.conformance import check_item

PATHS = ("/users/me", "/2/users", f"/{ME}/tweets", "/mentions", "/search/recent", "/quote_tweets", "/dm_events")


class SpoilingX(FakeX):
    """Puts a value somewhere into the answers of one path, while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.spoilt: str | None = None
        self.place = 0
        self.value: object = None
        self.own = [
            post("1000", author=ME, hours_ago=9),
            post("1003", author=ME, hours_ago=6, reply_to=("1001", CITIZEN), conversation="1000"),
        ]
        self.mentions = [
            post("1001", hours_ago=8, reply_to=("1000", ME)),
            post("1002", hours_ago=7, edit_history_tweet_ids=["1002"], note_tweet={"text": "lång"}),
        ]
        self.search = [post("1005", hours_ago=4, reply_to=("1002", CITIZEN), conversation="1000")]
        self.quotes = {"1000": [post("1007", quotes="1000", hours_ago=3)]}
        self.messages = [message("50", hours_ago=4), message("51", hours_ago=3, sender=ME)]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer, and spoil."""
        query = dict(request.url.params)
        if any(not query.get(name, "0").isdigit() for name in ("pagination_token", "next_token")):
            return httpx.Response(400, json={"title": "Invalid Request"})  # a token it never gave
        answer = super().__call__(request)
        if self.spoilt is None or not request.url.path.endswith(self.spoilt):
            return answer
        body = copy.deepcopy(json.loads(answer.content))
        places = [*_places(body)]
        holder, key = places[self.place % len(places)]
        holder[key] = self.value
        return httpx.Response(200, json=body)

    @property
    def everything(self) -> set[str]:
        """The id of every post and message."""
        rows = [*self.own, *self.mentions, *self.search, *self.quotes["1000"], *self.messages]
        return {row["id"] for row in rows}


def _places(raw: Any) -> Iterator[tuple[Any, Any]]:
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, inner in list(pairs):
        yield raw, key
        yield from _places(inner)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(PATHS), place=st.integers(0, 60), value=any_json, is_later=st.booleans())
def test_nothing_in_an_answer_breaks_a_fetch_or_loses_an_item(
    path: str, place: int, value: object, is_later: bool
) -> None:
    x, made = SpoilingX(), adapter()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=BASE_URL).mock(side_effect=x)
        results = [fetch(made)] if is_later else []
        x.spoilt, x.place, x.value = path, place, value
        for _ in range(2):
            results.append(_fetch_on(made, results))
        x.spoilt = None
        for _ in range(2):
            results.append(_fetch_on(made, results))

    for result in results:
        assert (result.coverage is Coverage.COMPLETE) == (not result.troubles)
        for item in result.items:
            check_item(item, account(), "x")
    found = {item.external_id for result in results for item in result.items}
    assert x.everything <= found, f"lost: {x.everything - found}"
    assert results[-1].coverage is Coverage.COMPLETE


def _fetch_on(made: Any, results: list[FetchResult]) -> FetchResult:
    cursors = {name: text for result in results for name, text in result.cursors.items()}
    move(made, minutes=20)
    return fetch(made, cursors)
