"""Any JSON value in any field of any answer: items, a counted malformed item or a named error, and nothing lost."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.mastodon.town import KEY, Stage, Town, account

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters.mastodon import plugin

KEYS = [
    "id",
    "status",
    "account",
    "content",
    "created_at",
    "ancestors",
    "descendants",
    "last_status",
    "reblog",
    "quote",
]

# Text without the characters of an id: another valid id would be another status, which nobody can notice.
_words = st.text(alphabet=st.characters(exclude_categories=["Nd", "Lu", "Ll"], exclude_characters="_-"))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words | st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=6,
)

# What a server may truthfully say with another value: a type we do not know, a boost, that it has nothing.
_TRUTHFUL = ("type", "reblog")


class SpoilingRoad(Road):
    """Replaces one field of the n-th answer, at whatever depth."""

    def __init__(self, nth: int, value: object, data: st.DataObject | None) -> None:
        super().__init__(retries=RetryPolicy(tries=1), sleep=lambda _: None)
        self.left = nth
        self.value = value
        self.data = data
        self.spoilt = ""

    def request(self, *args: Any, **kwargs: Any) -> httpx.Response:
        """Send it, and spoil the answer when its turn has come."""
        response = super().request(*args, **kwargs)
        self.left -= 1
        if self.left != 0 or self.data is None or response.status_code != 200:
            return response
        body = {"body": response.json()}
        places = list(_places(body))
        holder, self.spoilt = places[self.data.draw(st.integers(0, len(places) - 1), label="place")]
        holder[self.spoilt] = self.value
        return httpx.Response(200, headers=response.headers, content=json.dumps(body["body"]).encode())


def _places(raw: Any) -> Iterator[tuple[Any, Any]]:
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, inner in list(pairs):
        yield raw, key
        yield from _places(inner)


def _fetch(town: Town, road: Road, cursors: dict[str, str]) -> FetchResult:
    context = AdapterContext(
        road=road, credentials=town.context.credentials, clock=town.clock, look_back=timedelta(days=30)
    )
    (result,) = plugin.create({"base_url": town.url}, context).fetch([account()], {KEY: cursors})
    cursors |= dict(result.cursors)
    return result


@pytest.mark.parametrize("is_first", [True, False])
def test_any_json_in_any_answer_loses_nothing_and_is_never_quiet_for_it(stage: Stage, is_first: bool) -> None:
    @settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
    @given(data=st.data(), nth=st.integers(1, 9), value=any_json)
    def check(data: st.DataObject, nth: int, value: object) -> None:
        with stage.town() as town:
            _live_through(town, data, nth, value, is_first=is_first)

    check()
    assert stage.server.errors == []


def _live_through(town: Town, data: st.DataObject, nth: int, value: object, *, is_first: bool) -> None:
    cursors: dict[str, str] = {}
    found = set()
    post = town.post(ago=40)
    if not is_first:
        town.mention(ago=30)
        found |= {i.external_id for i in _fetch(town, town.road, cursors).items}
        town.later(2)
    reply = town.reply(post, ago=1)
    town.reply(reply, "Vi svarar", ago=0.9, own=True)
    town.mention(ago=0.8)
    town.quote(post, ago=0.7)
    asked = town.message(ago=0.6)
    town.message("Ja", ago=0.5, own=True, to=asked)
    with SpoilingRoad(nth, value, data) as road:
        result = _fetch(town, road, cursors)
    found |= {i.external_id for i in result.items}
    town.later(25)
    mended = _fetch(town, town.road, cursors)
    found |= {i.external_id for i in mended.items}

    assert result.is_final
    assert (result.coverage is Coverage.COMPLETE) == (not result.troubles)
    assert all(item.text.encode() is not None for item in result.items)
    assert mended.coverage is Coverage.COMPLETE or road.spoilt in _TRUTHFUL or road.spoilt == "id", mended.troubles
    if road.spoilt not in _TRUTHFUL:
        assert {i.id for i in town.world.all_items()} <= found
