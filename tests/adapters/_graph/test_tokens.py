"""What the token debugger says becomes a credential's health, and silence is never good news."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.adapters._graph.town import PAGE, facebook_account

from watchdaemon.domain.fetch import CredentialHealth
from watchdaemon_adapters._graph.client import Secrets
from watchdaemon_adapters._graph.tokens import health_of, page_of

GOOD = {"type": "PAGE", "is_valid": True, "expires_at": 0, "scopes": ["a", "b"], "user_id": "77", "profile_id": PAGE}


def health(expected_type: str | None = "PAGE", **changes: Any) -> CredentialHealth:
    return health_of(
        {"data": {**GOOD, **changes}}, facebook_account(), expected_type=expected_type, needed_scopes=["a", "c"]
    )


def test_a_good_token_shows_scopes_and_what_is_missing() -> None:
    found = health()

    assert found.is_valid
    assert (found.scopes, found.missing_scopes, found.connected_by) == (("a", "b"), ("c",), "77")
    assert found.expires_at is None


@pytest.mark.parametrize(
    "changes", [{"is_valid": False}, {"is_valid": "true"}, {"is_valid": None}, {"type": "USER"}, {"type": []}]
)
def test_anything_but_a_plain_yes_is_no(changes: dict[str, Any]) -> None:
    assert not health(**changes).is_valid


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": []}, {"data": {}}])
def test_an_answer_without_content_is_no(answer: dict[str, object]) -> None:
    found = health_of(answer, facebook_account(), expected_type=None, needed_scopes=["a"])

    assert (found.is_valid, found.missing_scopes) == (False, ("a",))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ({"expires_at": 1577347200, "data_access_expires_at": 1585040349}, datetime(2019, 12, 26, 8, tzinfo=UTC)),
        ({"expires_at": 0, "data_access_expires_at": 1577347200}, datetime(2019, 12, 26, 8, tzinfo=UTC)),
        ({"expires_at": 0, "data_access_expires_at": 0}, None),
        ({"expires_at": True}, None),
        ({"expires_at": "1577347200"}, None),
        ({"expires_at": 10**20}, None),
        ({"expires_at": -5}, None),
    ],
)
def test_the_earlier_of_the_two_clocks_counts(ends: dict[str, Any], expected: datetime | None) -> None:
    assert health(**ends).expires_at == expected


def test_a_page_tokens_page_is_known_when_the_debugger_says() -> None:
    assert page_of({"data": GOOD}) == PAGE
    assert page_of({"data": {}}) is None


def test_secrets_hide_themselves() -> None:
    secrets = Secrets(token="hemligt", app_id="7", app_secret="hemlis")

    assert "heml" not in repr(secrets)
    assert secrets.app_token == "7|hemlis"
