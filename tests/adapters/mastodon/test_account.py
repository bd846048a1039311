"""Settings, the way to an account's instance, its profile and its credential."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from tests.adapters.mastodon.town import KEY, ME, TOKEN, Credentials, Town, account, world_account

from watchdaemon.domain.fetch import Cover
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import AccountError, AdapterError, ConfigError, Reason
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.world import Token, TokenKind
from watchdaemon_adapters.mastodon import plugin
from watchdaemon_adapters.mastodon.settings import MastodonSettings, instance_of, read_settings


@pytest.mark.parametrize(
    ("key", "value"),
    [("base_url", "mastodon.example"), ("page_size", 81), ("sweep_hours", -1), ("timeout_seconds", 0), ("x", 1)],
)
def test_a_wrong_setting_is_named(key: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({key: value})

    assert [f.key for f in caught.value.faults] == [f"platforms.mastodon.{key}"]


SECRETS = {"token": SecretStr("t"), "instance": SecretStr("https://av-legitimation.example/")}
EXTRA = {"instance": "av-registret.example"}


@pytest.mark.parametrize(
    ("base_url", "extra", "secrets", "link", "instance"),
    [
        ("http://127.0.0.1:9/mastodon/", EXTRA, SECRETS, "https://av-lank.example/@k", "http://127.0.0.1:9/mastodon"),
        ("", EXTRA, SECRETS, "https://av-lank.example/@k", "https://av-registret.example"),
        ("", {}, SECRETS, "https://av-lank.example/@k", "https://av-legitimation.example"),
        ("", {}, {}, "https://av-lank.example/@k", "https://av-lank.example"),
        ("", {}, {}, "http://oskyddad.example/@k", None),
        ("", {}, {}, "https://user@host.example/", None),
        ("", {}, {}, "https://[", None),
        ("", {}, {}, "", None),
    ],
)
def test_the_instance_is_the_first_that_is_named(
    base_url: str, extra: dict[str, str], secrets: dict[str, SecretStr], link: str, instance: str | None
) -> None:
    settings = MastodonSettings.model_validate({"base_url": base_url})

    assert instance_of(account(extra=extra, link=link), settings, secrets) == instance


def test_the_matrix_says_what_cannot_be_seen() -> None:
    lines = {line.kind: line for line in plugin.create({}, None).kinds()}  # type: ignore[arg-type]  # not used by it

    assert lines[ItemKind.MESSAGE].cover is Cover.FULL
    assert lines[ItemKind.VISITOR_POST].cover is lines[ItemKind.REVIEW].cover is Cover.NONE
    assert "clears its notification" in lines[ItemKind.MENTION].note


def test_a_profile_is_read(town: Town) -> None:
    town.post(ago=30)
    newest = town.post(ago=20)
    town.reply(newest, ago=5, own=True)

    profile = town.adapter.profile(account())

    assert profile.name == "Exempelkommun"
    assert profile.text == "Vi svarar vardagar 8-17.\nWebbplats: https://exempelkommun.example/om"
    assert profile.link == "https://mastodon.exempelkommun.example/@exempelkommun"
    assert profile.is_public
    assert profile.last_own_activity_at is not None


def test_a_good_credential_is_good_and_lacks_nothing(town: Town) -> None:
    health = town.adapter.credential(account())

    assert (health.is_valid, health.missing_scopes, health.expires_at) == (True, (), None)
    assert health.scopes == ("read:accounts", "read:notifications", "read:statuses")
    assert health.connected_by is not None
    assert health.connected_by.startswith("@exempelkommun@127.0.0.1")


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        ({"read"}, ()),
        ({"profile", "read:statuses"}, ("read:notifications",)),
        ({"read:accounts", "read:notifications"}, ("read:statuses",)),
    ],
)
def test_a_scope_that_lacks_is_found_by_trying(town: Town, scopes: set[str], missing: tuple[str, ...]) -> None:
    token = Token(value=TOKEN, kind=TokenKind.USER, accounts=frozenset({KEY}), scopes=frozenset(scopes))
    town.change_account(tokens=(token,))

    health = town.adapter.credential(account())

    assert (health.is_valid, health.missing_scopes) == (True, missing)


def test_a_revoked_token_is_a_bad_credential(town: Town) -> None:
    (token,) = world_account().tokens
    town.change_account(tokens=(replace(token, revoked_at=town.clock() - timedelta(hours=1)),))

    health = town.adapter.credential(account())

    assert not health.is_valid
    assert "does not accept" in health.detail


def test_another_accounts_token_is_a_bad_credential_and_gives_no_profile(town: Town) -> None:
    town.change_account(native_id="999")

    assert not town.adapter.credential(account()).is_valid
    with pytest.raises(AccountError):
        town.adapter.profile(account())


def test_an_instance_that_is_away_says_nothing_of_the_credential(town: Town) -> None:
    town.break_down(FaultKind.OUTAGE)

    with pytest.raises(AdapterError) as caught:
        town.adapter.credential(account())

    assert caught.value.reason is Reason.OUTAGE


def test_without_a_token_or_an_instance_a_person_is_wanted(town: Town) -> None:
    no_token = replace(town.context, credentials=Credentials(**{KEY: {"password": "x"}}))
    no_instance = replace(town.context, credentials=Credentials(**{KEY: {"token": "x"}}))
    cases = [(no_token, account()), (no_instance, account(link=""))]
    for context, of in cases:
        with pytest.raises(AccountError) as caught:
            plugin.create({}, context).profile(of)

        assert caught.value.reason is Reason.NO_CREDENTIAL


def test_an_instance_that_nobody_answers_at_is_an_outage_of_that_instance_alone(town: Town) -> None:
    adapter = plugin.create({"base_url": "http://127.0.0.1:1"}, town.context)
    (result,) = adapter.fetch([account()], {})

    assert [(t.reason, t.cause_key) for t in result.troubles] == [(Reason.OUTAGE, "mastodon:outage:127.0.0.1:1")]


def test_a_recheck_without_a_good_token_calls_nothing_deleted(town: Town) -> None:
    town.mention()
    items = town.fetch().items
    town.break_down(FaultKind.REVOKED_TOKEN)

    (answer,) = town.recheck(*items)

    assert answer.visibility is None
    assert answer.trouble is not None
    assert answer.trouble.reason is Reason.UNAUTHORISED


def test_a_recheck_asks_one_by_one_where_an_instance_is_too_old_for_more(town: Town) -> None:
    there, gone = town.mention(ago=9), town.mention(ago=8)
    items = town.fetch().items
    town.world.delete(gone)
    town.break_down(FaultKind.EMPTY_LIST, "v1/statuses")

    answers = {a.external_id: a.visibility for a in town.recheck(*items)}

    assert answers[gone.id] == "deleted"
    assert answers[there.id] == "public"


def test_the_account_under_test_is_the_worlds() -> None:
    assert account().native_id == world_account().native_id == ME
