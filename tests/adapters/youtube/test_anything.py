"""Any JSON value in any field of any answer: items, counted malformed ones or a named trouble; nothing is lost."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.youtube.fake import (
    BASE_URL,
    ME,
    FakeYouTube,
    account,
    adapter,
    any_json,
    comment,
    error,
    fetch,
    move,
    reply,
    video,
)

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.testing.conformance import check_item

PATHS = ("/channels", "/playlistItems", "/commentThreads", "/comments")


class SpoilingYouTube(FakeYouTube):
    """Puts a value somewhere into the answers of one path, while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.spoilt: str | None = None
        self.place = 0
        self.value: object = None
        self.embedded = 2
        self.uploads = [video()]
        self.publish(comment("T1", hours_ago=9), *(reply("T1", f"r{n}", hours_ago=8) for n in range(4)))
        self.publish(comment("T2", hours_ago=7), reply("T2", "r0", author=ME, hours_ago=6))
        self.publish(comment("H1", hours_ago=5, moderationStatus="heldForReview"), status="heldForReview")
        self.publish(comment("S1", hours_ago=4, moderationStatus="likelySpam"), status="likelySpam")

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer, and spoil."""
        if not request.url.params.get("pageToken", "0").isdigit():
            return httpx.Response(400, json=error(400, "invalidPageToken"))  # a token it never gave
        if request.url.path.endswith("/playlistItems") and request.url.params.get("playlistId") != "UUexempel":
            return httpx.Response(404, json=error(404, "playlistNotFound"))
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
        """The id of every video and comment."""
        comments = {c["id"] for top, replies in self._all_threads() for c in (top, *replies)}
        return comments | {row["contentDetails"]["videoId"] for row in self.uploads}


def _places(raw: Any) -> Iterator[tuple[Any, Any]]:
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, inner in list(pairs):
        yield raw, key
        yield from _places(inner)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(PATHS), place=st.integers(0, 90), value=any_json, is_later=st.booleans())
def test_nothing_in_an_answer_breaks_a_fetch_or_loses_an_item(
    path: str, place: int, value: object, is_later: bool
) -> None:
    youtube, made = SpoilingYouTube(), adapter()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=BASE_URL).mock(side_effect=youtube)
        results = [fetch(made)] if is_later else []
        youtube.spoilt, youtube.place, youtube.value = path, place, value
        for _ in range(2):
            results.append(_fetch_on(made, results))
        youtube.spoilt = None
        for _ in range(2):
            results.append(_fetch_on(made, results))

    for result in results:
        assert (result.coverage is Coverage.COMPLETE) == (not result.troubles)
        for item in result.items:
            check_item(item, account(), "youtube")
    found = {item.external_id for result in results for item in result.items}
    assert youtube.everything <= found, f"lost: {youtube.everything - found}"
    assert results[-1].coverage is Coverage.COMPLETE


def _fetch_on(made: Any, results: list[FetchResult]) -> FetchResult:
    cursors = {name: text for result in results for name, text in result.cursors.items()}
    move(made, minutes=20)
    return fetch(made, cursors)
