"""Accounts that only a person can watch: no fetch of theirs is ever complete, and their kinds say who looks."""

from datetime import UTC, datetime

import pytest

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Cover, Coverage
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import AccountError, ConfigError, Reason
from watchdaemon.plugins import load_plugins
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters.manual import ManualPlugin, google_reviews, linkedin, manual, tiktok

PLUGINS = (manual, tiktok, linkedin, google_reviews)
NO_CONTEXT: AdapterContext = None  # type: ignore[assignment]  # nothing is asked of anybody


def account(platform: str) -> Account:
    return Account(
        key="kommunen",
        platform=platform,
        native_id="@exempelkommun",
        name="Exempelkommun",
        link="https://social.example/exempelkommun",
        unit="kommunikation",
        manager="chef",
        owners=(),
    )


@pytest.fixture(params=PLUGINS, ids=lambda plugin: plugin.name)
def adapter(request: pytest.FixtureRequest) -> PlatformAdapter:
    plugin: ManualPlugin = request.param
    return plugin.create({}, NO_CONTEXT)


def test_they_come_through_the_same_door_as_every_adapter() -> None:
    names = {plugin.name for plugin in PLUGINS}
    loaded = load_plugins(names)

    assert set(loaded.plugins) == names
    assert loaded.errors == ()


def test_a_fetch_is_never_complete_and_says_that_a_person_must_look(adapter: PlatformAdapter) -> None:
    of = account(adapter.name)
    (result,) = adapter.fetch([of], {})

    assert (result.account, result.coverage, result.calls) == (of.key, Coverage.FAILED, 0)
    assert [t.reason for t in result.troubles] == [Reason.NOT_CONFIRMED]
    assert not result.troubles[0].needs_person  # nothing is to be mended, so nobody is alarmed before the window closes


def test_every_kind_is_looked_at_by_a_person_or_does_not_exist_there(adapter: PlatformAdapter) -> None:
    lines = adapter.kinds()

    assert sorted(line.kind for line in lines) == sorted(ItemKind)
    assert {line.cover for line in lines} <= {Cover.BY_HAND, Cover.NONE}
    assert all(line.note for line in lines)


@pytest.mark.parametrize(
    ("plugin", "kinds"),
    [
        (manual, set(ItemKind)),
        (tiktok, {ItemKind.POST, ItemKind.COMMENT, ItemKind.MENTION, ItemKind.QUOTE, ItemKind.MESSAGE}),
        (linkedin, {ItemKind.POST, ItemKind.COMMENT, ItemKind.MENTION, ItemKind.QUOTE, ItemKind.MESSAGE}),
        (google_reviews, {ItemKind.POST, ItemKind.REVIEW}),
    ],
)
def test_a_place_names_what_there_is_to_look_at(plugin: ManualPlugin, kinds: set[ItemKind]) -> None:
    lines = plugin.create({}, NO_CONTEXT).kinds()

    assert {line.kind for line in lines if line.cover is Cover.BY_HAND} == kinds


def test_what_a_person_wrote_down_is_left_as_it_was(adapter: PlatformAdapter) -> None:
    item = Item(
        account="kommunen",
        platform=adapter.name,
        external_id="hand-1",
        thread_id="hand-1",
        kind=ItemKind.COMMENT,
        published_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    (answer,) = adapter.recheck(account(adapter.name), [item])

    assert (answer.external_id, answer.visibility, answer.item) == ("hand-1", None, None)


def test_no_credential_is_needed_and_no_profile_is_seen(adapter: PlatformAdapter) -> None:
    assert adapter.credential(account(adapter.name)).is_valid
    with pytest.raises(AccountError) as caught:
        adapter.profile(account(adapter.name))
    assert (caught.value.platform, caught.value.reason) == (adapter.name, Reason.UNSUPPORTED)


def test_there_is_nothing_to_set() -> None:
    with pytest.raises(ConfigError) as caught:
        tiktok.create({"token": "x"}, NO_CONTEXT)

    assert [f.key for f in caught.value.faults] == ["platforms.tiktok.token"]
