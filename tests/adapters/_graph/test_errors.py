"""The Graph's codes become errors a caller can act on."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError
from watchdaemon_adapters._graph.errors import (
    MissingObjectError,
    ReduceAmountError,
    graph_error,
    not_json_error,
    pause_of,
    should_retry,
)

REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


def sorted_error(status: int = 400, **error: Any) -> AdapterError:
    return graph_error({"error": error}, status=status, headers={}, platform="facebook", account="fb-bibliotek")


@pytest.mark.parametrize(
    ("error", "status", "kind", "reason", "cause_key"),
    [
        ({"code": 1, "message": "An unknown error"}, 500, RetriableError, Reason.OUTAGE, None),
        (
            {"code": 2, "message": "Service temporarily unavailable"},
            503,
            RetriableError,
            Reason.OUTAGE,
            "facebook:outage",
        ),
        ({"code": 9999, "is_transient": True}, 400, RetriableError, Reason.OUTAGE, "facebook:outage"),
        ({"message": "?"}, 502, RetriableError, Reason.OUTAGE, "facebook:outage"),
        ({"code": 1, "message": REDUCE}, 500, ReduceAmountError, Reason.OUTAGE, None),
        ({"code": 4}, 403, RateLimitedError, Reason.RATE_LIMITED, "facebook:app-limit"),
        ({"code": 341}, 400, RateLimitedError, Reason.RATE_LIMITED, "facebook:app-limit"),
        ({"code": 17}, 400, RateLimitedError, Reason.RATE_LIMITED, None),
        ({"code": 32}, 400, RateLimitedError, Reason.RATE_LIMITED, None),
        ({"code": 80001}, 400, RateLimitedError, Reason.RATE_LIMITED, None),
        ({"code": 80006}, 400, RateLimitedError, Reason.RATE_LIMITED, None),
        ({}, 429, RateLimitedError, Reason.RATE_LIMITED, None),
        ({"code": 190, "error_subcode": 463}, 400, AccountError, Reason.UNAUTHORISED, None),
        ({"code": 190, "error_subcode": 460}, 400, AccountError, Reason.UNAUTHORISED, None),
        ({"code": 190}, 400, AccountError, Reason.UNAUTHORISED, None),
        ({"code": 102}, 400, AccountError, Reason.UNAUTHORISED, None),
        ({"code": 104}, 400, AccountError, Reason.UNAUTHORISED, None),
        ({"code": 1705}, 400, AccountError, Reason.UNAUTHORISED, None),
        ({"code": 101}, 400, AccountError, Reason.UNAUTHORISED, "facebook:app"),
        ({}, 401, AccountError, Reason.UNAUTHORISED, None),
        ({"code": 3}, 400, AccountError, Reason.PERMISSION, None),
        ({"code": 10}, 403, AccountError, Reason.PERMISSION, None),
        ({"code": 200}, 403, AccountError, Reason.PERMISSION, None),
        ({"code": 283}, 403, AccountError, Reason.PERMISSION, None),
        ({"code": 299}, 403, AccountError, Reason.PERMISSION, None),
        ({"code": 368}, 400, AccountError, Reason.PERMISSION, None),
        ({}, 403, AccountError, Reason.PERMISSION, None),
        ({"code": 100, "message": "requires the 'x' permission"}, 400, AccountError, Reason.PERMISSION, None),
        ({"code": 100, "message": "requires either app secret proof"}, 400, AccountError, Reason.PERMISSION, None),
        ({"code": 12}, 400, AccountError, Reason.UNSUPPORTED, None),
        ({"code": 100, "error_subcode": 33}, 400, MissingObjectError, Reason.GONE, None),
        ({"code": 100, "message": "Unsupported get request. Object …"}, 400, MissingObjectError, Reason.GONE, None),
        ({"code": 100, "message": "The After Cursor exceeds the max"}, 400, RetriableError, Reason.INCOMPLETE, None),
        ({"code": 100, "message": "nonexisting field (x)"}, 400, AdapterError, Reason.MALFORMED, None),
        ({"code": 2500}, 400, AdapterError, Reason.MALFORMED, None),
        ({"code": 999_999}, 400, AdapterError, Reason.MALFORMED, None),
        ({"code": True, "error_subcode": "33", "message": []}, 400, AdapterError, Reason.MALFORMED, None),
    ],
)
def test_a_code_says_what_to_do(
    error: dict[str, object], status: int, kind: type[AdapterError], reason: Reason, cause_key: str | None
) -> None:
    made = sorted_error(status, **error)

    assert type(made) is kind
    assert (made.reason, made.cause_key) == (reason, cause_key)
    assert (made.platform, made.account) == ("facebook", "fb-bibliotek")


@pytest.mark.parametrize("body", [{"error": "text"}, {"error": []}, {"error": None}, {}])
def test_an_error_of_any_shape_is_an_error(body: dict[str, object]) -> None:
    made = graph_error(body, status=400, headers={}, platform="facebook", account=None)

    assert made.reason is Reason.MALFORMED


def test_the_platforms_own_words_are_not_repeated() -> None:
    made = sorted_error(code=190, message="token EAAhemligt of Kim Exempel is bad")

    assert "hemligt" not in str(made)
    assert "Kim" not in str(made)


def test_the_subcode_says_in_words_what_a_person_must_mend() -> None:
    assert "password" in str(sorted_error(code=190, error_subcode=460))
    assert "role" in str(sorted_error(code=190, error_subcode=492))


def usage(minutes: object) -> dict[str, str]:
    entries = [{"type": "pages", "estimated_time_to_regain_access": 3}, {"estimated_time_to_regain_access": minutes}]
    return {"x-business-use-case-usage": json.dumps({"100": entries, "200": "x"})}


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        (usage(25), timedelta(minutes=25)),
        (usage("x"), timedelta(minutes=3)),
        (usage(10**12), timedelta(days=7)),
        ({"Retry-After": "90"}, timedelta(seconds=90)),
        ({"x-business-use-case-usage": "{"}, timedelta(hours=1)),
        ({"x-business-use-case-usage": "[]"}, timedelta(hours=1)),
        ({}, timedelta(hours=1)),
    ],
)
def test_the_longest_wait_the_platform_names_is_kept(headers: dict[str, str], pause: timedelta) -> None:
    assert pause_of(headers) == pause


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, {"error": {"code": 1}}, True),
        (400, {"error": {"code": 2}}, True),
        (400, {"error": {"code": 9999, "is_transient": True}}, True),
        (503, "<html>", True),
        (200, '{"data": [', True),
        (200, "", True),
        (500, {"error": {"code": 1, "message": REDUCE}}, False),
        (500, {"error": {"code": 1, "is_transient": False}}, False),
        (500, {"error": {"code": 80001}}, False),
        (429, {"error": {}}, False),
        (429, "slow down", False),
        (400, {"error": {"code": 190}}, False),
        (404, "<html>", False),
        (200, {"data": []}, False),
        (200, [], False),
    ],
)
def test_only_what_may_do_better_in_a_moment_is_tried_again(status: int, body: object, expected: bool) -> None:
    content = body if isinstance(body, str) else json.dumps(body)

    assert should_retry(httpx.Response(status, content=content)) is expected


def test_a_gateways_page_is_an_outage_of_the_platform() -> None:
    assert not_json_error(status=502, platform="facebook", account="a").cause_key == "facebook:outage"
    assert not_json_error(status=200, platform="facebook", account="a").cause_key is None
