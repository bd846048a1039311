"""The sandbox's Mastodon against the API's own description and recorded answers, where those are at hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watchdaemon.sandbox.mastodon import spec as mastodon_spec
from watchdaemon.sandbox.mastodon.spec import Call
from watchdaemon.sandbox.mastodon.statuses import Statuses, content
from watchdaemon.sandbox.world import Kind, World, WorldAccount, WorldItem

SHARED = Path(__file__).parents[2].parent / "shared/contracts/mastodon"
AT = datetime(2026, 11, 20, tzinfo=UTC)

CALLS = [
    (mastodon_spec.ME, "/api/v1/accounts/verify_credentials"),
    (mastodon_spec.APP, "/api/v1/apps/verify_credentials"),
    (mastodon_spec.INSTANCE, "/api/v2/instance"),
    (mastodon_spec.ACCOUNT, "/api/v1/accounts/{id}"),
    (mastodon_spec.LOOKUP, "/api/v1/accounts/lookup"),
    (mastodon_spec.ACCOUNT_STATUSES, "/api/v1/accounts/{id}/statuses"),
    (mastodon_spec.NOTIFICATIONS, "/api/v1/notifications"),
    (mastodon_spec.NOTIFICATION, "/api/v1/notifications/{id}"),
    (mastodon_spec.STATUSES, "/api/v1/statuses"),
    (mastodon_spec.STATUS, "/api/v1/statuses/{id}"),
    (mastodon_spec.CONTEXT, "/api/v1/statuses/{id}/context"),
    (mastodon_spec.QUOTES, "/api/v1/statuses/{id}/quotes"),
    (mastodon_spec.CONVERSATIONS, "/api/v1/conversations"),
]


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    if not SHARED.exists():
        pytest.skip("the API's description lies outside the repository")
    return dict(json.loads((SHARED / "spec/mastodon-openapi.json").read_text()))


@pytest.mark.parametrize(("call", "path"), CALLS, ids=[path for _, path in CALLS])
def test_a_call_takes_what_the_description_names_and_nothing_else(
    openapi: dict[str, Any], call: Call, path: str
) -> None:
    described = {
        p["name"] + ("[]" if p["schema"].get("type") == "array" else ""): p
        for p in openapi["paths"][path]["get"].get("parameters", [])
        if p["in"] == "query"
    }

    assert set(call.parameters) == set(described)
    if "limit" in described:
        assert call.page_size == described["limit"]["schema"]["default"]


def test_every_type_of_notification_is_known(openapi: dict[str, Any]) -> None:
    assert set(openapi["components"]["schemas"]["NotificationTypeEnum"]["enum"]) <= mastodon_spec.TYPES


def test_what_is_shown_is_described_and_nothing_that_must_be_there_lacks(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    account = WorldAccount(key="a", platform="mastodon", native_id="1", name="A", username="a", about="Hej")
    item = WorldItem(
        id="1", account="a", kind=Kind.MENTION, author_id="2", author_name="Kim", text="@a hej?", published_at=AT
    )
    statuses = Statuses(World(lambda: AT, [account], [item]))
    for name, shown in (("Status", statuses.to_json(item)), ("Account", statuses.account_to_json(account))):
        assert shown.keys() <= schemas[name]["properties"].keys()
        assert set(schemas[name]["required"]) <= shown.keys()


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded answers lie outside the repository")
def test_a_text_is_written_as_recorded_ones_were() -> None:
    recorded = "".join(file.read_text() for file in (SHARED / "recordings").glob("*.json"))

    assert json.dumps(content("Toot!")) in recorded
    assert json.dumps(content("reply to me")) in recorded
