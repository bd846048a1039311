"""What an exchange tells the quota book, platform by platform: tables of headers beside what they mean."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.http.conftest import Planned, Server

from watchdaemon.domain.quota import Measure, Reach, UsageReading, day_ends_at, usage_day
from watchdaemon.http import Exchange, Road
from watchdaemon.http.quota import LONGEST, PAUSE, count_spending, read_usage, x_endpoint
from watchdaemon.http.quota_body import NOTHING, measure_body

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # midnight in California
IN_15 = AT + timedelta(minutes=15)
UNIX_IN_15 = str(int(IN_15.timestamp()))

Json = dict[str, Any]


def exchange(platform: str, headers: dict[str, str] | None = None, **values: Any) -> Exchange:
    """An answer to a GET for the library's account."""
    given: Json = {"account": "biblioteket", "method": "GET", "path": "/2/users/1/mentions", "status": 200}
    return Exchange(platform=platform, seconds=0.1, headers=headers or {}, **{**given, **values})


def read(platform: str, headers: dict[str, str], **values: Any) -> UsageReading:
    """The one reading of an answer with these headers."""
    (reading,) = read_usage(exchange(platform, headers, **values), AT)
    return reading


def business(**usage: Any) -> dict[str, str]:
    """The header of a business use case, for page 77."""
    given = {"type": "pages", "call_count": 10, "total_time": 97, "total_cputime": 3}
    return {"X-Business-Use-Case-Usage": json.dumps({"77": [{**given, **usage}]})}


# ---- Meta --------------------------------------------------------------------------------------------------------


def test_the_highest_of_the_three_percentages_counts_for_the_app() -> None:
    reading = read("facebook", {"X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":81}'})

    assert (reading.name, reading.reach, reading.percent) == ("app", Reach.APP, 81)
    assert (reading.holder, reading.read_at, reading.resets_at) == ("biblioteket", AT, None)


def test_a_business_use_case_is_the_accounts_own_limit() -> None:
    reading = read("facebook", business())

    assert (reading.holder, reading.name, reading.reach, reading.percent) == (
        "biblioteket",
        "pages",
        Reach.ACCOUNT,
        97,
    )
    assert reading.blocked_until is None


def test_in_a_batch_nobody_knows_whose_call_it_was_but_the_key_tells() -> None:
    assert read("facebook", business(), account=None).holder == "77"


def test_minutes_to_regain_access_block_the_account_for_so_long() -> None:
    reading = read("facebook", business(estimated_time_to_regain_access=19))

    assert (reading.percent, reading.blocked_until) == (100, AT + timedelta(minutes=19))


def test_a_spent_messenger_limit_stops_messages_and_nothing_else() -> None:
    assert read("facebook", business(type="messenger")).reach is Reach.STREAM


def test_a_throttled_app_without_a_header_is_left_alone_for_an_hour() -> None:
    reading = read("facebook", {}, status=400, refusal="4")

    assert (reading.reach, reading.blocked_until) == (Reach.APP, AT + PAUSE)


# ---- X, Mastodon, Bluesky ----------------------------------------------------------------------------------------

LIMITS = [
    ("x", "x-rate-limit", UNIX_IN_15, "users/:id/mentions"),
    ("mastodon", "X-RateLimit", "2026-11-23T08:15:00.000000Z", "requests"),
    ("mastodon", "X-RateLimit", UNIX_IN_15, "requests"),
    ("bluesky", "ratelimit", UNIX_IN_15, "requests"),
    ("bluesky", "RateLimit", "900", "requests"),
]


@pytest.mark.parametrize(("platform", "prefix", "reset", "name"), LIMITS)
def test_limit_remaining_and_reset_are_read_in_every_spelling(
    platform: str, prefix: str, reset: str, name: str
) -> None:
    reading = read(platform, {f"{prefix}-Limit": "300", f"{prefix}-Remaining": "75", f"{prefix}-Reset": reset})

    assert (reading.name, reading.reach, reading.percent) == (name, Reach.ACCOUNT, 75)
    assert (reading.limit, reading.remaining, reading.resets_at, reading.blocked_until) == (300, 75, IN_15, None)


@pytest.mark.parametrize(("platform", "prefix", "reset", "name"), LIMITS)
def test_too_many_requests_is_a_block_until_the_reset(platform: str, prefix: str, reset: str, name: str) -> None:
    headers = {f"{prefix}-Limit": "300", f"{prefix}-Remaining": "0", f"{prefix}-Reset": reset}

    assert read(platform, headers, status=429).blocked_until == IN_15


def test_bluesky_counts_logins_apart_from_the_rest() -> None:
    headers = {"ratelimit-limit": "30", "ratelimit-remaining": "1", "ratelimit-policy": "30;w=300"}

    login = read("bluesky", headers, path="/xrpc/com.atproto.server.createSession")

    assert (login.name, login.reach) == ("30 in 300 s", Reach.STREAM)


@pytest.mark.parametrize(
    ("path", "reach"),
    [
        ("/2/users/me", Reach.ACCOUNT),
        ("/x/2/users/77/tweets", Reach.ACCOUNT),
        ("/2/dm_events", Reach.STREAM),
        ("/2/tweets/5/quote_tweets", Reach.STREAM),
        ("/2/tweets/search/recent", Reach.STREAM),
    ],
)
def test_a_limit_of_x_stops_the_account_only_where_nothing_works_without_the_call(path: str, reach: Reach) -> None:
    assert read("x", {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "0"}, path=path).reach is reach


def test_retry_after_blocks_when_the_answer_was_a_refusal() -> None:
    reading = read("mastodon", {"Retry-After": "300"}, status=429)

    assert (reading.reach, reading.blocked_until) == (Reach.ACCOUNT, AT + timedelta(minutes=5))
    assert read_usage(exchange("mastodon", {"Retry-After": "300"}), AT) == []


def test_spent_credits_block_the_app_until_the_next_utc_day() -> None:
    reading = read("x", {}, status=402, refusal="credits")

    assert (reading.reach, reading.blocked_until) == (Reach.APP, datetime(2026, 11, 24, tzinfo=UTC))


def test_a_spent_youtube_project_is_blocked_until_midnight_in_california() -> None:
    reading = read("youtube", {}, status=403, refusal="quotaExceeded")

    assert (reading.name, reading.reach, reading.blocked_until) == ("units", Reach.APP, AT + timedelta(days=1))


def test_the_day_in_california_follows_its_clocks() -> None:
    before, after = datetime(2026, 11, 1, 6, 59, tzinfo=UTC), datetime(2026, 11, 1, 7, 1, tzinfo=UTC)

    assert [usage_day("youtube", t) for t in (before, after)] == [date(2026, 10, 31), date(2026, 11, 1)]
    assert day_ends_at("youtube", after) == datetime(2026, 11, 2, 8, tzinfo=UTC)  # 25 hours
    assert day_ends_at("x", after) == datetime(2026, 11, 2, tzinfo=UTC)


# ---- what is broken ----------------------------------------------------------------------------------------------

BROKEN = [
    {"X-App-Usage": "nonsense"},
    {"X-App-Usage": "[]"},
    {"X-App-Usage": '{"call_count":"97"}'},
    {"X-App-Usage": '{"call_count":true}'},
    {"X-App-Usage": '{"call_count":-1}'},
    {"X-Business-Use-Case-Usage": '{"77":{"call_count":1}}'},
    {"X-Business-Use-Case-Usage": '{"77":[null,3,{}]}'},
    {"x-rate-limit-limit": "300"},
    {"x-rate-limit-limit": "-1", "x-rate-limit-remaining": "5"},
    {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "many"},
    {"ratelimit-policy": ";;w="},
]


@pytest.mark.parametrize("headers", BROKEN)
def test_what_cannot_be_understood_says_nothing(headers: dict[str, str]) -> None:
    assert read_usage(exchange("x", headers), AT) == []


@pytest.mark.parametrize("reset", ["", "soon", "99999999999", "1", "-5", "2126-01-01T00:00:00Z", "9" * 40])
def test_a_reset_that_is_none_or_absurd_leaves_the_rest_standing(reset: str) -> None:
    headers = {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "30", "x-rate-limit-reset": reset}

    reading = read("x", headers)

    assert reading.percent == 90
    assert reading.resets_at is None or abs(reading.resets_at - AT) <= LONGEST


NAMES = st.sampled_from(
    ["X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage", "Retry-After", "Date", "ratelimit-policy"]
    + [f"{p}-{w}" for p in ("x-rate-limit", "x-ratelimit", "ratelimit") for w in ("limit", "remaining", "reset")]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["type", "call_count", "estimated_time_to_regain_access"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(
    st.sampled_from(["facebook", "x", "youtube", "mastodon", "bluesky", "other"]),
    st.dictionaries(NAMES, st.text() | VALUES.map(json.dumps), max_size=6),
    st.sampled_from([None, 200, 402, 403, 429, 503]),
    st.text() | st.just("/2/users/1/tweets"),
)
def test_no_header_breaks_the_book(platform: str, headers: dict[str, str], status: int | None, path: str) -> None:
    for reading in read_usage(exchange(platform, headers, status=status, path=path), AT):
        assert reading.percent >= 0
        assert reading.blocked_until is None or AT < reading.blocked_until <= AT + LONGEST


@settings(deadline=None)
@given(
    st.sampled_from(["facebook", "x", "youtube", "other"]),
    st.sampled_from([200, 302, 400, 402, 403, 429, 500]),
    st.binary() | VALUES.map(lambda v: json.dumps(v).encode()) | st.just(b"[" * 100_000),
)
def test_no_body_breaks_the_book(platform: str, status: int, content: bytes) -> None:
    measured = measure_body(platform, status, content)

    assert all(count > 0 for count in measured.returned.values())


# ---- spending ----------------------------------------------------------------------------------------------------


def spent(platform: str, **values: Any) -> dict[Measure, int]:
    """What a call costs, by measure."""
    return {s.measure: s.amount for s in count_spending(exchange(platform, **values), AT)}


@pytest.mark.parametrize(
    ("method", "path", "refusal", "units"),
    [
        ("GET", "/youtube/v3/commentThreads", None, 1),
        ("GET", "/youtube/youtube/v3/channels", None, 1),
        ("GET", "/youtube/v3/search", None, 100),
        ("POST", "/youtube/v3/comments/setModerationStatus", None, 50),
        ("DELETE", "/youtube/v3/comments", None, 50),
        ("POST", "/token", None, 0),
        ("GET", "/youtube/v3/comments", "quotaExceeded", 0),
    ],
)
def test_youtube_counts_units_by_method(method: str, path: str, refusal: str | None, units: int) -> None:
    assert spent("youtube", method=method, path=path, refusal=refusal).get(Measure.UNITS, 0) == units


@pytest.mark.parametrize(
    ("path", "measure"),
    [
        ("/2/users/7/mentions", Measure.OWNED_POSTS),
        ("/x/2/users/7/tweets", Measure.OWNED_POSTS),
        ("/2/tweets/search/recent", Measure.POSTS),
        ("/2/tweets/9/quote_tweets", Measure.POSTS),
        ("/2/tweets", Measure.POSTS),
        ("/2/users/me", Measure.USERS),
        ("/2/users/by/username/kim", Measure.USERS),
        ("/2/dm_events", Measure.MESSAGES),
    ],
)
def test_x_bills_each_resource_by_what_it_is(path: str, measure: Measure) -> None:
    assert spent("x", path=path, returned={"data": 3})[measure] == 3


def test_x_bills_what_it_expands_and_nothing_for_an_empty_page() -> None:
    page = {"data": 2, "includes.users": 3, "includes.tweets": 1}

    assert spent("x", returned=page) == {
        Measure.CALLS: 1,
        Measure.OWNED_POSTS: 2,
        Measure.USERS: 3,
        Measure.POSTS: 1,
    }
    assert spent("x", returned={}) == {Measure.CALLS: 1}
    assert spent("x", method="PUT", returned={"data": 1}) == {Measure.CALLS: 1}


def test_spending_is_booked_on_the_platforms_own_day() -> None:
    late = AT - timedelta(minutes=1)

    assert {s.on for s in count_spending(exchange("youtube", path="/youtube/v3/videos"), late)} == {date(2026, 11, 22)}
    assert {s.on for s in count_spending(exchange("x", account=None), late)} == {date(2026, 11, 23)}


@pytest.mark.parametrize(
    ("platform", "status", "body", "refusal", "returned"),
    [
        ("x", 200, {"data": [{}, {}], "includes": {"users": [{}]}}, None, {"data": 2, "includes.users": 1}),
        ("x", 200, {"data": {"id": "1"}}, None, {"data": 1}),
        ("x", 200, {"meta": {"result_count": 0}}, None, {}),
        ("x", 402, {"title": "CreditsDepleted"}, "credits", {}),
        ("x", 429, {"title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped"}, "credits", {}),
        ("x", 429, {"title": "Too Many Requests", "type": "about:blank"}, None, {}),
        ("youtube", 403, {"error": {"errors": [{"reason": "quotaExceeded"}]}}, "quotaExceeded", {}),
        ("youtube", 403, {"error": {"errors": [{"reason": "commentsDisabled"}]}}, None, {}),
        (
            "youtube",
            429,
            {"error": {"details": [{"metadata": {"quota_limit": "defaultPerDayPerProject"}}]}},
            "quotaExceeded",
            {},
        ),
        ("facebook", 400, {"error": {"code": 4}}, "4", {}),
        ("facebook", 400, {"error": {"code": 190}}, None, {}),
        ("facebook", 200, {"data": [{}]}, None, {}),
        ("other", 200, {"data": [{}]}, None, {}),
    ],
)
def test_a_body_tells_counts_and_codes_and_nothing_else(
    platform: str, status: int, body: Json, refusal: str | None, returned: dict[str, int]
) -> None:
    measured = measure_body(platform, status, json.dumps(body).encode())

    assert (measured.refusal, measured.returned) == (refusal, returned)


def test_a_broken_body_tells_nothing() -> None:
    assert measure_body("x", 200, b"<html>") == NOTHING
    assert measure_body("x", 200, b"[1]") == NOTHING


def test_a_call_of_x_has_one_name_whatever_ids_it_holds() -> None:
    assert x_endpoint("/2/users/42/mentions") == x_endpoint("/x/2/users/43/mentions") == "users/:id/mentions"


# ---- on the road -------------------------------------------------------------------------------------------------


def test_whoever_listens_hears_counts_and_codes_of_real_answers_until_told_to_stop(server: Server) -> None:
    heard: list[Exchange] = []
    server.plan(
        Planned(200, body=b'{"data": [{"text": "hemligt"}, {}], "includes": {"users": [{"name": "Kim"}]}}'),
        Planned(402, body=b'{"title": "CreditsDepleted"}'),
        Planned(200),
    )

    with Road() as road:
        stop = road.listen(heard.append)
        road.request("GET", f"{server.url}/2/users/7/mentions", platform="x", account="a")
        road.request("GET", f"{server.url}/2/users/7/mentions", platform="x", account="a")
        stop()
        road.request("GET", f"{server.url}/2/users/7/mentions", platform="x", account="a")

    assert [(e.returned, e.refusal) for e in heard] == [({"data": 2, "includes.users": 1}, None), ({}, "credits")]
    assert "hemligt" not in repr(heard)
    assert "Kim" not in repr(heard)


def test_a_batchs_parts_are_heard_as_parts() -> None:
    heard: list[Exchange] = []
    with Road(on_exchange=heard.append) as road:
        road.book_part(exchange("facebook", business()))

    assert [e.is_part for e in heard] == [True]
    assert read_usage(heard[0], AT)[0].percent == 97
