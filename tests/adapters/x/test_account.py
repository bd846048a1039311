"""What becomes of stored items, the profile, the credential, the settings and the coverage matrix."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from tests.adapters.x.fake import (
    CITIZEN,
    ME,
    NOW,
    USERS,
    Credentials,
    FakeX,
    account,
    adapter,
    fetch,
    message,
    post,
)

from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import ConfigError, Reason, RetriableError
from watchdaemon_adapters.x import plugin


def stored(x: FakeX, **more: Any) -> Item:
    """An item as an earlier fetch stored it."""
    x.mentions = [post("1001", text="När?", reply_to=("1000", ME), **more)]
    return next(i for i in fetch(adapter()).items if i.kind is not ItemKind.MESSAGE)


def recheck(*items: Item) -> list[Recheck]:
    """Ask the platform what became of them."""
    return list(adapter().recheck(account(), items))


def refusal(post_id: str, kind: str) -> dict[str, str]:
    """A partial error of a look-up."""
    return {"resource_id": post_id, "value": post_id, "type": f"https://api.twitter.com/2/problems/{kind}"}


def test_an_item_that_is_still_there_is_public(x: FakeX) -> None:
    item = stored(x)
    x.look_up = {"1001": x.mentions[0]}

    (found,) = recheck(item)

    assert found.visibility is Visibility.PUBLIC
    assert found.item == item


def test_a_deleted_item_is_deleted(x: FakeX) -> None:
    item = stored(x)
    x.look_up_errors = [refusal("1001", "resource-not-found")]

    (found,) = recheck(item)

    assert (found.visibility, found.item, found.trouble) == (Visibility.DELETED, None, None)


def test_an_item_that_may_not_be_seen_is_not_known_to_be_deleted(x: FakeX) -> None:
    item = stored(x)
    x.look_up_errors = [refusal("1001", "not-authorized-for-resource")]

    (found,) = recheck(item)

    assert found.visibility is None
    assert found.trouble is not None
    assert found.trouble.reason is Reason.PERMISSION


def test_an_item_nothing_was_said_of_is_not_known_to_be_deleted(x: FakeX) -> None:
    (found,) = recheck(stored(x))

    assert found.visibility is None
    assert found.trouble is not None


def test_an_edit_is_read_in_its_newest_version(x: FakeX) -> None:
    item = stored(x)
    history = {"edit_history_tweet_ids": ["1001", "1009"]}
    x.look_up = {
        "1001": {**x.mentions[0], **history},
        "1009": {**x.mentions[0], **history, "id": "1009", "text": "När då?"},
    }

    (found,) = recheck(item)

    assert found.item is not None
    assert (found.item.external_id, found.item.text) == ("1001", "När då?")


def test_an_outage_changes_no_item(x: FakeX) -> None:
    item = stored(x)
    x.refusals["/2/tweets"] = (503, {}, {})

    (found,) = recheck(item)

    assert (found.visibility, found.item) == (None, None)
    assert found.trouble is not None
    assert found.trouble.reason is Reason.OUTAGE


def test_a_message_cannot_be_looked_up(x: FakeX) -> None:
    x.messages = [message("50")]
    (item,) = fetch(adapter()).items

    (found,) = recheck(item)

    assert found.visibility is None
    assert found.trouble is not None
    assert found.trouble.reason is Reason.UNSUPPORTED


def test_look_ups_go_by_the_hundred(x: FakeX) -> None:
    x.mentions = [post(str(n)) for n in range(1000, 1150)]
    items = fetch(adapter()).items
    x.look_up = {p["id"]: p for p in x.mentions}
    x.requests.clear()

    found = recheck(*items)

    assert len(found) == 150
    assert all(r.visibility is Visibility.PUBLIC for r in found)
    assert len(x.requests) == 2


def test_the_profile_shows_true_addresses(x: FakeX) -> None:
    x.me = {
        **USERS[ME],
        "description": "Vi svarar vardagar. Läs mer: https://t.co/a",
        "location": "Exempelkommun",
        "url": "https://t.co/b",
        "protected": False,
        "entities": {
            "description": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://exempelkommun.example/some"}]},
            "url": {"urls": [{"url": "https://t.co/b", "expanded_url": "https://exempelkommun.example"}]},
        },
    }
    x.own = [post("1000", author=ME, hours_ago=30)]

    profile = adapter().profile(account())

    assert profile.name == "Exempelkommun"
    assert profile.text.splitlines() == [
        "Vi svarar vardagar. Läs mer: https://exempelkommun.example/some",
        "Exempelkommun",
        "https://exempelkommun.example",
    ]
    assert profile.link == "https://x.com/exempelkommun"
    assert profile.is_public
    assert profile.last_own_activity_at == NOW - timedelta(hours=30)


def test_a_protected_account_is_not_public(x: FakeX) -> None:
    x.me = {**USERS[ME], "protected": True, "entities": {"url": {"urls": [5]}, "description": []}}

    profile = adapter().profile(account())

    assert not profile.is_public
    assert profile.last_own_activity_at is None


def test_a_sound_credential_says_whose_it_is(x: FakeX) -> None:
    health = adapter().credential(account())

    assert health.is_valid
    assert health.connected_by == "@exempelkommun"
    assert health.scopes == ("read-write-directmessages",)
    assert health.missing_scopes == ()


def test_an_app_without_the_right_to_messages_is_told(x: FakeX) -> None:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "invented")
    x.refusals["users/me"] = (200, {"data": USERS[ME]}, {"x-access-level": "read"})

    health = adapter(Credentials(**{"x-kommun": keys})).credential(account())

    assert health.missing_scopes == ("direct messages",)


def test_a_revoked_or_foreign_credential_is_not_valid(x: FakeX) -> None:
    x.me = {"id": CITIZEN}
    foreign = adapter().credential(account())
    x.refusals["users/me"] = (401, {"title": "Unauthorized"}, {})
    revoked = adapter().credential(account())

    assert not foreign.is_valid
    assert not revoked.is_valid
    assert "invented-token" not in repr((foreign, revoked))


def test_a_credential_cannot_be_judged_while_the_platform_is_away(x: FakeX) -> None:
    x.refusals["users/me"] = (503, {}, {})

    with pytest.raises(RetriableError):
        adapter().credential(account())


def test_every_kind_is_in_the_coverage_matrix_once() -> None:
    kinds = [line.kind for line in adapter().kinds()]

    assert sorted(kinds) == sorted(ItemKind)


def test_every_wrong_setting_is_named() -> None:
    context = adapter()._context

    with pytest.raises(ConfigError) as caught:
        plugin.create({"base_url": "ftp://x", "page_size": 500, "colour": "red"}, context)

    assert sorted(f.key for f in caught.value.faults) == [
        "platforms.x.base_url",
        "platforms.x.colour",
        "platforms.x.page_size",
    ]


def test_importing_the_plugin_loads_no_sdk() -> None:
    code = "import sys, watchdaemon_adapters.x; sys.exit('tweepy' in sys.modules or 'requests' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
