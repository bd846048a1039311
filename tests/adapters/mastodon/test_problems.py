"""What an instance's refusals mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError
from watchdaemon_adapters.mastodon.problems import error_from

NOW = datetime(2026, 8, 1, 13, 58, tzinfo=UTC)


def refusal(status: int, body: object = None, **headers: str) -> AdapterError | None:
    """Ask what an answer means; header names have _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from(status, named, body, account="m", host="m.example", now=NOW)


CASES = [
    (401, {"error": "The access token is invalid"}, AccountError, Reason.UNAUTHORISED),
    (401, {"error": "The access token was revoked"}, AccountError, Reason.UNAUTHORISED),
    (401, None, AccountError, Reason.UNAUTHORISED),
    (422, {"error": "This method requires an authenticated user"}, AccountError, Reason.UNAUTHORISED),
    (403, {"error": "This action is outside the authorized scopes"}, AccountError, Reason.PERMISSION),
    (403, {"error": "Your login is currently disabled"}, AccountError, Reason.PERMISSION),
    (403, None, RetriableError, Reason.OUTAGE),  # a firewall's page
    (404, {"error": "Record not found"}, AccountError, Reason.GONE),
    (404, None, RetriableError, Reason.OUTAGE),
    (410, {"error": "Gone"}, AccountError, Reason.GONE),
    (422, {"error": "Validation failed"}, AdapterError, Reason.INTERNAL),
    (429, {"error": "Too many requests"}, RateLimitedError, Reason.RATE_LIMITED),
    (429, None, RateLimitedError, Reason.RATE_LIMITED),
    (301, None, AccountError, Reason.GONE),
    (302, None, RetriableError, Reason.OUTAGE),
    (500, {"error": "Oops"}, RetriableError, Reason.OUTAGE),
    (503, {"error": "Remote data could not be fetched"}, RetriableError, Reason.OUTAGE),
    (200, None, RetriableError, Reason.OUTAGE),
    (200, "text", RetriableError, Reason.OUTAGE),
]


@pytest.mark.parametrize(("status", "body", "kind", "reason"), CASES)
def test_each_refusal_says_what_to_do(status: int, body: Any, kind: type[AdapterError], reason: Reason) -> None:
    error = refusal(status, body)

    assert type(error) is kind
    assert error is not None
    assert error.reason is reason


@pytest.mark.parametrize("body", [{}, [], {"id": "1"}])
def test_an_answer_is_no_error(body: object) -> None:
    assert refusal(200, body) is None


def test_the_outage_of_one_instance_is_one_cause_and_not_the_others() -> None:
    error = refusal(503)

    assert error is not None
    assert error.cause_key == "mastodon:outage:m.example"


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"X_RateLimit_Reset": "2026-08-01T14:00:00.000000Z"}, 2),
        ({"x_ratelimit_reset": str(int(NOW.timestamp()) + 180)}, 3),
        ({"X_RateLimit_Reset": "2026-08-01T14:00:00", "Retry_After": "60"}, 1),
        ({"Retry_After": "240"}, 4),
        ({}, 5),
        ({"X_RateLimit_Reset": "soon"}, 5),
        ({"X_RateLimit_Reset": "2036-08-01T14:00:00Z"}, 24 * 60),
    ],
)
def test_the_wait_is_read_from_whatever_form_it_has(headers: dict[str, str], minutes: int) -> None:
    error = refusal(429, None, **headers)

    assert isinstance(error, RateLimitedError)
    assert error.retry_after == timedelta(minutes=minutes)


def test_a_limit_that_is_over_already_is_waited_for_a_moment() -> None:
    error = refusal(429, None, X_RateLimit_Reset="2026-08-01T13:00:00Z")

    assert isinstance(error, RateLimitedError)
    assert error.retry_after == timedelta(seconds=1)


@settings(deadline=None)
@given(st.integers(100, 599), st.text(), st.none() | st.text() | st.dictionaries(st.just("error"), st.text()))
def test_any_answer_is_one_to_go_on_with_or_a_named_error_without_its_words(status: int, text: str, body: Any) -> None:
    error = refusal(status, body, X_RateLimit_Reset=text, Retry_After=text)

    assert (error is None) == (200 <= status < 300 and isinstance(body, dict))
    assert error is None or (error.account, error.platform) == ("m", "mastodon")
