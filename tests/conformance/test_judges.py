"""The judges of requests know right from wrong."""

import pytest
from tests.conformance import x, youtube
from tests.conformance.wire import Sent

needs_x = pytest.mark.skipif(not x.SPEC.exists(), reason="X's description lies outside the repository")
needs_youtube = pytest.mark.skipif(not youtube.SPEC.exists(), reason="the document lies outside the repository")


def sent(path: str, method: str = "GET", **query: str) -> Sent:
    """A request; a double underscore in a parameter's name is a dot."""
    return Sent(method, path, tuple((name.replace("__", "."), value) for name, value in query.items()))


@needs_x
@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (sent("/2/nothing"), "no such path"),
        (sent("/2/users/me", "POST"), "no such path"),
        (sent("/x/2/users/12/mentions", colour="red"), "unknown parameter colour"),
        (sent("/2/users/12/mentions", max_results="4"), "max_results"),
        (sent("/2/users/12/mentions", max_results="101"), "max_results"),
        (sent("/2/users/12/mentions", since_id="abc"), "since_id"),
        (sent("/2/users/12/mentions", since_id="9", until_id="9"), "not below"),
        (sent("/2/users/12/mentions", start_time="2026-11-20"), "start_time"),
        (sent("/2/users/12/mentions", tweet__fields="text,mood"), "tweet.fields"),
        (sent("/2/users/12/mentions", expansions="author_id,author_id"), "expansions"),
        (sent("/2/tweets/search/recent"), "query is missing"),
        (sent("/2/tweets/search/recent", query="a" * 513), "too long"),
        (sent("/2/tweets/search/recent", query="a", since_id="1", start_time="2026-11-20T10:00:00Z"), "together"),
        (sent("/2/users", ids=",".join(map(str, range(101)))), "ids"),
    ],
)
def test_a_wrong_request_to_x_is_named(request_: Sent, word: str) -> None:
    faults = x.faults_of(request_)

    assert len(faults) == 1
    assert word in faults[0]


@needs_x
def test_a_right_request_to_x_has_no_fault() -> None:
    assert x.faults_of(sent("/2/users/me")) == []
    assert x.faults_of(sent("/2/users/12/mentions", since_id="1", until_id="9", tweet__fields="text,lang")) == []


@needs_youtube
@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (sent("/youtube/v3/nothing", part="id"), "no such method"),
        (sent("/youtube/v3/channels", mine="true"), "part is missing"),
        (sent("/youtube/v3/channels", part="id,mood", mine="true"), "no such part: mood"),
        (sent("/youtube/v3/channels", part="id"), "0 filters"),
        (sent("/youtube/v3/channels", part="id", mine="yes"), "mine=yes"),
        (sent("/youtube/v3/commentThreads", part="id", videoId="v", maxResults="101"), "maxResults"),
        (sent("/youtube/v3/commentThreads", part="id", videoId="v", moderationStatus="lost"), "moderationStatus"),
        (sent("/youtube/v3/commentThreads", part="id", videoId="v", channelId="c"), "2 filters"),
        (sent("/youtube/v3/comments", part="id", id="c", maxResults="10"), "look-up by id"),
        (sent("/youtube/v3/comments", part="id", id="c", colour="red"), "unknown parameter"),
    ],
)
def test_a_wrong_request_to_youtube_is_named(request_: Sent, word: str) -> None:
    faults = youtube.faults_of(request_)

    assert any(word in fault for fault in faults), faults


@needs_youtube
def test_a_right_request_to_youtube_has_no_fault() -> None:
    good = sent("/any/youtube/v3/commentThreads", part="id,snippet,replies", videoId="v", maxResults="100", alt="json")

    assert youtube.faults_of(good) == []
    assert youtube.faults_of(sent("/token", "POST")) == []
