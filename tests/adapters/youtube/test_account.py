"""What becomes of stored items, the profile, the credential, the settings and the coverage matrix."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.youtube.fake import (
    CITIZEN,
    FORCE_SSL,
    ME,
    NOW,
    VIDEO,
    FakeYouTube,
    account,
    adapter,
    channel,
    comment,
    error,
    fetch,
    reply,
    video,
)

from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import ConfigError, Reason, RetriableError
from watchdaemon_adapters.youtube import plugin
from watchdaemon_adapters.youtube.marks import Mark, horizon_from, read_mark
from watchdaemon_adapters.youtube.problems import QUOTA_ZONE, until_quota_day_ends
from watchdaemon_adapters.youtube.settings import GOOGLE_TOKEN_URI, read_settings

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)


def recheck(*items: Item) -> dict[str, Recheck]:
    """Ask the platform what became of them."""
    return {r.external_id: r for r in adapter().recheck(account(), items)}


def test_a_comment_that_is_still_there_stays_and_a_deleted_one_is_deleted(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1", text="När?"))
    youtube.publish(comment("T2"))
    items = fetch(adapter()).items
    del youtube.threads["published"][1]

    found = recheck(*items)

    assert found["T1"].visibility is Visibility.PUBLIC
    assert found["T1"].item in items
    assert (found["T2"].visibility, found["T2"].trouble) == (Visibility.DELETED, None)


def test_an_edited_comment_comes_back_with_its_new_text(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1", text="När?"))
    items = fetch(adapter()).items
    youtube.threads["published"][0][0]["snippet"]["textDisplay"] = "När då?"

    found = recheck(*items)["T1"]

    assert found.item is not None
    assert found.item.text == "När då?"


def test_a_held_comment_is_looked_for_where_held_ones_are(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"), status="heldForReview")
    youtube.publish(comment("T2"), status="likelySpam")
    youtube.publish(comment("T3"), reply("T3", "r1"), status="heldForReview")
    items = fetch(adapter()).items
    youtube.threads = {"heldForReview": youtube.threads["heldForReview"][:1]}

    found = recheck(*items)

    assert found["T1"].visibility is Visibility.HELD
    assert found["T2"].visibility is Visibility.DELETED
    assert found["T3"].visibility is Visibility.DELETED
    assert found["T3.r1"].visibility is None  # its thread may have begun before what was read


def test_a_held_comment_that_left_the_held_ones_and_is_there_is_not_deleted(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"), status="heldForReview")
    items = fetch(adapter()).items
    youtube.threads = {"published": youtube.threads["heldForReview"]}

    found = recheck(*items)["T1"]

    assert (found.visibility, found.item) == (None, None)


def test_held_listings_that_cannot_be_read_change_nothing(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"), status="heldForReview")
    items = fetch(adapter()).items
    youtube.refusals["commentThreads"] = (500, error(500, "backendError"))

    found = recheck(*items)["T1"]

    assert found.visibility is None
    assert found.trouble is not None
    assert found.trouble.reason is Reason.OUTAGE


def test_a_video_is_looked_up_too(youtube: FakeYouTube) -> None:
    youtube.uploads = [video(), video("vid-2")]
    items = fetch(adapter()).items
    youtube.videos = {VIDEO: {"id": VIDEO}}

    found = recheck(*items)

    assert found[VIDEO].visibility is Visibility.PUBLIC
    assert found["vid-2"].visibility is Visibility.DELETED


def test_a_token_that_sees_nothing_deletes_nothing(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"))
    items = fetch(adapter()).items
    youtube.channels = []
    youtube.threads = {}

    found = recheck(*items)["T1"]

    assert found.visibility is None
    assert found.trouble is not None
    assert found.trouble.reason is Reason.UNAUTHORISED


def test_look_ups_stay_short_enough_to_be_plain_gets(youtube: FakeYouTube) -> None:
    for n in range(70):
        youtube.publish(comment(f"Ugw{n:023}"), reply(f"Ugw{n:023}", "x" * 22))
    items = fetch(adapter()).items
    youtube.requests.clear()

    found = recheck(*items)

    assert len(found) == 140
    assert all(r.visibility is Visibility.PUBLIC for r in found.values())
    assert {r.method for r in youtube.requests if "/youtube/" in r.url.path} == {"GET"}


def test_the_profile_is_the_channels(youtube: FakeYouTube) -> None:
    youtube.uploads = [video("old", days_ago=9), video("new", days_ago=1)]

    profile = adapter().profile(account())

    assert (profile.name, profile.text) == ("Exempelkommun", "Vi svarar vardagar")
    assert profile.link == "https://www.youtube.com/@exempelkommun"
    assert profile.is_public
    assert profile.last_own_activity_at == NOW - timedelta(days=1)


def test_a_private_channel_without_a_handle_or_video_has_a_profile_too(youtube: FakeYouTube) -> None:
    youtube.channels = [channel(snippet=None, status={"privacyStatus": "private"})]
    youtube.refusals["playlistItems"] = (404, error(404, "playlistNotFound"))

    profile = adapter().profile(account())

    assert profile.link == f"https://www.youtube.com/channel/{ME}"
    assert (profile.is_public, profile.last_own_activity_at) == (False, None)


def test_a_sound_credential_says_whose_it_is_and_what_it_may(youtube: FakeYouTube) -> None:
    health = adapter().credential(account())

    assert health.is_valid
    assert health.connected_by == "@exempelkommun"
    assert (health.scopes, health.missing_scopes) == ((FORCE_SSL,), ())


def test_a_credential_without_the_comment_scope_is_told(youtube: FakeYouTube) -> None:
    youtube.refusals["/token"] = (200, {"access_token": "a", "expires_in": 9, "scope": "youtube.readonly"})

    assert adapter().credential(account()).missing_scopes == (FORCE_SSL,)


def test_a_revoked_or_foreign_credential_is_not_valid(youtube: FakeYouTube) -> None:
    youtube.channels = [channel(CITIZEN)]
    foreign = adapter().credential(account())
    youtube.refusals["/token"] = (400, {"error": "invalid_grant"})
    revoked = adapter().credential(account())

    assert not foreign.is_valid
    assert not revoked.is_valid
    assert "invented" not in repr((foreign, revoked))


def test_a_credential_cannot_be_judged_while_the_platform_is_away(youtube: FakeYouTube) -> None:
    youtube.refusals["/token"] = (503, "")

    with pytest.raises(RetriableError):
        adapter().credential(account())


def test_every_kind_is_in_the_coverage_matrix_once_and_messages_are_not_covered() -> None:
    matrix = {line.kind: line.cover.value for line in adapter().kinds()}

    assert sorted(matrix) == sorted(ItemKind)
    assert len(adapter().kinds()) == len(matrix)
    assert matrix[ItemKind.MESSAGE] == "not covered"


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.create({"base_url": 5, "token_uri": "ftp://x", "colour": "red"}, adapter()._context)

    assert sorted(f.key for f in caught.value.faults) == [
        "platforms.youtube.base_url",
        "platforms.youtube.colour",
        "platforms.youtube.token_uri",
    ]


@pytest.mark.parametrize(
    ("block", "endpoint"),
    [
        ({}, GOOGLE_TOKEN_URI),
        ({"base_url": "https://www.googleapis.com"}, GOOGLE_TOKEN_URI),
        ({"base_url": "http://127.0.0.1:8099/youtube"}, "http://127.0.0.1:8099/youtube/token"),
        ({"base_url": "https://evilgoogleapis.com/"}, "https://evilgoogleapis.com/token"),
        ({"token_uri": "https://login.example/token"}, "https://login.example/token"),
    ],
)
def test_one_address_is_enough_to_aim_at_another_server(block: dict[str, object], endpoint: str) -> None:
    assert read_settings(block).token_endpoint == endpoint


def test_importing_the_plugin_loads_no_sdk() -> None:
    code = "import sys, watchdaemon_adapters.youtube; sys.exit('googleapiclient' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- cursors and the quota day ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(read_at=instants, seen=st.lists(st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True), max_size=5))
def test_a_mark_survives_being_stored(read_at: datetime, seen: list[str]) -> None:
    mark = Mark(read_at, tuple(seen))

    assert read_mark(str(mark)) == mark


@settings(deadline=None)
@given(read_at=instants, now=instants)
def test_the_horizon_lies_before_the_last_read_and_the_look_back(read_at: datetime, now: datetime) -> None:
    horizon = horizon_from(Mark(read_at), now, look_back=timedelta(days=30))

    assert horizon <= now - timedelta(days=30)
    assert horizon < read_at


@settings(deadline=None)
@given(instants)
def test_the_quota_day_ends_at_midnight_in_california_within_a_day(now: datetime) -> None:
    wait = until_quota_day_ends(now)

    local = (now + wait).astimezone(QUOTA_ZONE)
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    assert timedelta(0) < wait <= timedelta(hours=25)


def test_the_quota_day_is_an_hour_longer_when_clocks_go_back_there() -> None:
    before = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)  # midnight there, still summer time

    assert until_quota_day_ends(before) == timedelta(hours=25)
