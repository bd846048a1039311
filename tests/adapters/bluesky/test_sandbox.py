"""The adapter against the sandbox's Bluesky, over real HTTP: the conformance suite, and each fault it knows."""

from datetime import timedelta

import pytest
from tests.adapters.bluesky.town import PASSWORD, Town, account, by_text, ids_of

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import Reason
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.bluesky import plugin


class TestBluesky(AdapterConformance):
    """The suite every adapter passes."""

    @pytest.fixture
    def case(self, busy: Town) -> AdapterCase:
        return AdapterCase(
            plugin=plugin,
            context=busy.context,
            accounts=[account()],
            settings={"base_url": busy.server.base_url("bluesky")},
            secrets=[PASSWORD, "eyJ"],  # the start of every JWT
        )


def test_everything_there_is_comes_in_its_kind_and_place(busy: Town) -> None:
    result = busy.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert ids_of(result) == {i.id for i in busy.world.all_items()}
    post, question, answer = (by_text(result, t) for t in ("Badhuset", "Hur länge", "Till 18"))
    assert (question.kind, question.thread_id, question.parent_id, question.root_id) == (
        ItemKind.COMMENT, post.external_id, post.external_id, post.external_id,
    )  # fmt: skip
    assert (answer.by_account, answer.parent_id) == (True, question.external_id)
    assert by_text(result, "sandas").kind is ItemKind.MENTION
    assert by_text(result, "Äntligen").kind is ItemKind.QUOTE
    assert (
        question.url == f"https://bsky.app/profile/{question.author_id}/post/{question.external_id.rpartition('/')[2]}"
    )


def test_what_is_new_comes_and_nothing_is_missed_over_many_fetches(busy: Town) -> None:
    found = ids_of(busy.fetch())
    first = next(i for i in busy.world.all_items() if "Ingen svarar" in i.text)
    for n in range(6):
        busy.clock.advance(timedelta(hours=7))
        asked = busy.reply(first, f"Fråga {n}?", hours_ago=1)
        busy.reply(asked, f"Svar {n}", hours_ago=0.5, own=True)
        busy.quote(first, f"Citat {n}", hours_ago=0.4)
        busy.mention(hours_ago=2)
        result = busy.fetch()
        found |= ids_of(result)

        assert result.coverage is Coverage.COMPLETE

    assert found == {i.id for i in busy.world.all_items()}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.OUTAGE, Reason.OUTAGE),
        (FaultKind.HTML_502, Reason.OUTAGE),
        (FaultKind.TRUNCATED_JSON, Reason.OUTAGE),
        (FaultKind.EMPTY_200, Reason.OUTAGE),
        (FaultKind.EXPIRED_TOKEN, Reason.UNAUTHORISED),
        (FaultKind.REVOKED_TOKEN, Reason.UNAUTHORISED),
        (FaultKind.RATE_LIMIT, Reason.RATE_LIMITED),
    ],
)
@pytest.mark.parametrize("is_logged_in", [False, True])
def test_a_platform_wide_fault_fails_the_account_with_its_reason(
    busy: Town, kind: FaultKind, reason: Reason, is_logged_in: bool
) -> None:
    if is_logged_in:
        busy.fetch()
    busy.break_down(kind)

    result = busy.fetch()

    assert result.coverage is Coverage.FAILED
    assert {t.reason for t in result.troubles} == {reason}
    assert result.items == ()


@pytest.mark.parametrize("kind", [FaultKind.MISSING_PERMISSION, FaultKind.OUTAGE])
@pytest.mark.parametrize(
    ("path", "stream"),
    [
        ("listNotifications", "notifications"),
        ("getQuotes", "quotes"),
        ("getPostThread", "threads"),
        ("searchPosts", "search"),
        ("getAuthorFeed", "own"),
    ],
)
def test_a_fault_of_one_listing_leaves_the_others(busy: Town, kind: FaultKind, path: str, stream: str) -> None:
    busy.break_down(kind, path)

    result = busy.fetch()

    assert (result.coverage, [t.stream for t in result.troubles]) == (Coverage.PARTIAL, [stream])
    assert result.items
    assert stream not in result.cursors
    assert "sweep" not in result.cursors


@pytest.mark.parametrize("path", ["listNotifications", "getQuotes", "getPostThread", "searchPosts", "getAuthorFeed"])
def test_a_limit_ends_the_fetch_and_the_next_one_goes_on_with_it(busy: Town, path: str) -> None:
    busy.break_down(FaultKind.RATE_LIMIT, path)
    limited = busy.fetch()
    busy.faults.clear()
    busy.clock.advance(timedelta(minutes=6))
    whole = busy.fetch()

    assert limited.coverage is not Coverage.COMPLETE
    assert [(t.reason, t.stream) for t in limited.troubles] == [(Reason.RATE_LIMITED, None)]
    assert whole.coverage is Coverage.COMPLETE
    assert ids_of(limited) | ids_of(whole) == {i.id for i in busy.world.all_items()}


@pytest.mark.parametrize("kind", [FaultKind.EMPTY_LIST, FaultKind.MALFORMED_ITEM])
def test_lists_that_go_empty_or_bad_are_not_quiet_and_nothing_is_lost(busy: Town, kind: FaultKind) -> None:
    found = ids_of(busy.fetch())
    busy.clock.advance(timedelta(hours=3))
    busy.mention(f"{'@exempelkommun.example'} akut?", hours_ago=1)
    busy.break_down(kind)
    broken = busy.fetch()
    busy.faults.clear()
    mended = busy.fetch()

    assert broken.coverage is not Coverage.COMPLETE
    assert mended.coverage is Coverage.COMPLETE
    assert found | ids_of(broken) | ids_of(mended) == {i.id for i in busy.world.all_items()}


def test_a_first_fetch_of_empty_lists_is_not_quiet_either(town: Town) -> None:
    for n in range(4):
        town.reply(town.post(f"Inlägg {n}", hours_ago=5))
    town.break_down(FaultKind.EMPTY_LIST)

    result = town.fetch()

    assert result.coverage is not Coverage.COMPLETE
    assert {t.reason for t in result.troubles} == {Reason.SUSPICIOUS_EMPTY}


def test_threads_that_go_empty_are_not_quiet(busy: Town) -> None:
    busy.fetch()
    busy.break_down(FaultKind.EMPTY_LIST, "getPostThread")

    result = busy.fetch()

    assert [(t.stream, t.reason) for t in result.troubles] == [("threads", Reason.SUSPICIOUS_EMPTY)]


def test_a_fault_of_another_account_is_none_of_ours(busy: Town) -> None:
    busy.break_down(FaultKind.OUTAGE, account="somebody-else")

    assert busy.fetch().coverage is Coverage.COMPLETE
