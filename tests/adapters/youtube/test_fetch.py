"""A fetch of a channel: what is read, and that trouble is never taken for quiet."""

import logging
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.youtube.fake import (
    CITIZEN,
    ME,
    NOW,
    VIDEO,
    FakeYouTube,
    account,
    adapter,
    any_json,
    channel,
    comment,
    error,
    fetch,
    move,
    reply,
    video,
)

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import Reason


def test_videos_are_own_posts(youtube: FakeYouTube) -> None:
    youtube.uploads = [video()]

    result = fetch(adapter())

    (post,) = result.items
    assert result.coverage is Coverage.COMPLETE
    assert (post.kind, post.by_account, post.external_id) == (ItemKind.POST, True, VIDEO)
    assert post.published_at == NOW - timedelta(days=2)
    assert post.text == "Badhuset öppnar\n\nVälkomna"
    assert post.url == f"https://www.youtube.com/watch?v={VIDEO}"


def test_a_private_video_is_no_post(youtube: FakeYouTube) -> None:
    youtube.uploads = [video(privacyStatus="private")]

    assert fetch(adapter()).items == ()


def test_one_old_video_in_between_does_not_end_the_reading(youtube: FakeYouTube) -> None:
    youtube.uploads = [video("a", days_ago=1), video("old", days_ago=100), video("b", days_ago=3)]
    youtube.page_size = 2

    result = fetch(adapter(look_back_days=30))

    assert {"a", "b"} <= {i.external_id for i in result.items}


def test_a_whole_page_of_old_videos_ends_the_reading(youtube: FakeYouTube) -> None:
    youtube.uploads = [video(f"v{n}", days_ago=n * 10) for n in range(12)]
    youtube.page_size = 2

    fetch(adapter(look_back_days=30))

    assert len(youtube.asked("playlistItems")) == 3


def test_a_question_and_the_channels_answer_form_one_thread(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1", hours_ago=5, text="När öppnar det?"), reply("T1", "r1", author=ME, text="Klockan 9"))

    question, answer = fetch(adapter()).items

    assert (question.thread_id, question.parent_id, question.root_id) == ("T1", None, VIDEO)
    assert (answer.thread_id, answer.parent_id, answer.root_id) == ("T1", "T1", VIDEO)
    assert (question.by_account, answer.by_account) == (False, True)
    assert question.url == f"https://www.youtube.com/watch?v={VIDEO}&lc=T1"
    assert question.author == "@kim"


@pytest.mark.parametrize("embedded", [0, 2, 5])
def test_replies_that_do_not_come_with_the_thread_are_fetched(youtube: FakeYouTube, embedded: int) -> None:
    youtube.embedded = embedded
    youtube.publish(comment("T1", hours_ago=9), *(reply("T1", f"r{n}") for n in range(7)))
    youtube.page_size = 3

    result = fetch(adapter())

    assert len(result.items) == 8
    assert result.coverage is Coverage.COMPLETE


def test_a_thread_that_came_whole_costs_no_further_call(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"), reply("T1", "r1"), reply("T1", "r2"))

    fetch(adapter())

    assert youtube.asked("/comments") == []


def test_a_new_reply_in_an_old_thread_is_found(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1", hours_ago=24 * 20))
    youtube.publish(comment("T2", hours_ago=1))
    made = adapter()
    first = fetch(made)
    youtube.threads["published"][0][1].append(reply("T1", "late"))
    move(made, hours=3)

    second = fetch(made, dict(first.cursors))

    assert "T1.late" in {i.external_id for i in second.items}


def test_threads_are_paged_until_a_whole_page_is_too_old(youtube: FakeYouTube) -> None:
    for n in range(12):
        youtube.publish(comment(f"T{n:02}", hours_ago=24 * n))
    youtube.page_size = 2

    result = fetch(adapter(look_back_days=3))

    assert {i.external_id for i in result.items} == {"T00", "T01", "T02", "T03"}
    assert sum(q["moderationStatus"] == "published" for q in youtube.asked("commentThreads")) == 3


def test_after_a_long_downtime_more_than_the_look_back_is_read(youtube: FakeYouTube) -> None:
    made = adapter(look_back_days=3)
    first = fetch(made)
    youtube.publish(comment("T1", hours_ago=-24))  # a day after the first fetch
    move(made, days=10)

    second = fetch(made, dict(first.cursors))

    assert [i.external_id for i in second.items] == ["T1"]


def test_held_comments_and_supposed_spam_are_read_and_marked(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1", moderationStatus="heldForReview"), status="heldForReview")
    youtube.publish(comment("T2", moderationStatus="likelySpam"), status="likelySpam")
    youtube.publish(comment("T3"), status="heldForReview")
    youtube.publish(comment("T4"))

    result = fetch(adapter())

    assert {i.external_id: i.visibility for i in result.items} == {
        "T1": Visibility.HELD,
        "T2": Visibility.HELD,
        "T3": Visibility.HELD,
        "T4": Visibility.PUBLIC,
    }


def test_a_public_comment_listed_for_its_held_reply_stays_public(youtube: FakeYouTube) -> None:
    top, held = comment("T1"), reply("T1", "r1")
    youtube.publish(top)
    youtube.publish(top, held, status="heldForReview")

    result = fetch(adapter())

    assert {i.external_id: i.visibility for i in result.items} == {
        "T1": Visibility.PUBLIC,
        "T1.r1": Visibility.HELD,
    }


def test_an_unknown_author_is_a_visitor_never_the_channel(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1", authorChannelId=None))

    (item,) = fetch(adapter()).items

    assert (item.author_id, item.by_account) == (None, False)


def test_a_further_own_channel_speaks_for_the_account(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1", author="UCannan"), reply("T1", "r1", author=CITIZEN))

    result = fetch(adapter(), own_ids=(CITIZEN,))

    assert [i.by_account for i in result.items] == [False, True]


def test_switched_off_comments_are_a_fact_and_no_trouble(youtube: FakeYouTube) -> None:
    youtube.uploads = [video()]
    youtube.refusals["commentThreads"] = (403, error(403, "commentsDisabled"))

    result = fetch(adapter())

    assert result.coverage is Coverage.COMPLETE


def test_a_thread_deleted_between_two_calls_is_no_trouble(youtube: FakeYouTube) -> None:
    youtube.embedded = 0
    youtube.publish(comment("T1"), reply("T1", "r1"))
    youtube.refusals["youtube/v3/comments?"] = (404, error(404, "parentCommentNotFound"))

    result = fetch(adapter())

    assert result.coverage is Coverage.COMPLETE
    assert [i.external_id for i in result.items] == ["T1"]


def test_a_channel_without_an_uploads_list_has_no_videos(youtube: FakeYouTube) -> None:
    youtube.refusals["playlistItems"] = (404, error(404, "playlistNotFound"))

    result = fetch(adapter())

    assert result.coverage is Coverage.COMPLETE


def test_a_malformed_comment_is_counted_and_the_rest_kept(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"), comment("T1.r1", publishedAt="yesterday"))
    youtube.publish(comment("T2"))

    result = fetch(adapter())

    assert {i.external_id for i in result.items} == {"T1", "T2"}
    assert (result.malformed, result.coverage) == (1, Coverage.PARTIAL)
    assert [(t.stream, t.reason) for t in result.troubles] == [("comments", Reason.MALFORMED)]


def test_held_listings_forbidden_leave_the_published_ones(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"))
    youtube.refusals["heldForReview"] = (403, error(403, "insufficientPermissions"))

    result = fetch(adapter())

    assert result.coverage is Coverage.PARTIAL
    assert [i.external_id for i in result.items] == ["T1"]
    assert "held" not in result.cursors
    assert {"comments", "posts", "spam"} <= set(result.cursors)
    (trouble,) = result.troubles
    assert (trouble.stream, trouble.reason, trouble.needs_person) == ("held", Reason.PERMISSION, True)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, error(403, "quotaExceeded"), (Reason.QUOTA, False, "youtube:quota:123456")),
        (403, error(403, "dailyLimitExceeded"), (Reason.QUOTA, False, "youtube:quota:123456")),
        (403, error(403, "rateLimitExceeded"), (Reason.RATE_LIMITED, False, None)),
        (429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, (Reason.RATE_LIMITED, False, None)),
        (403, error(403, "forbidden"), (Reason.PERMISSION, True, None)),
        (403, error(403, "SERVICE_UNAVAILABLE"), (Reason.PERMISSION, True, None)),
        (403, error(403, "accessNotConfigured"), (Reason.PERMISSION, True, "youtube:project:123456")),
        (403, error(403, "authenticatedUserAccountClosed"), (Reason.GONE, True, None)),
        (401, error(401, "youtubeSignupRequired"), (Reason.PERMISSION, True, None)),
        (401, "<html>", (Reason.UNAUTHORISED, True, None)),
        (400, error(400, "keyInvalid"), (Reason.UNAUTHORISED, True, None)),
        (400, error(400, "invalidFilters"), (Reason.INTERNAL, False, None)),
        (400, error(400, "processingFailure"), (Reason.INTERNAL, False, None)),
        (404, error(404, "channelNotFound"), (Reason.GONE, True, None)),
        (409, error(409, "SERVICE_UNAVAILABLE"), (Reason.OUTAGE, False, "youtube:outage")),
        (500, error(500, "backendError"), (Reason.OUTAGE, False, "youtube:outage")),
        (502, "<html>Bad gateway</html>", (Reason.OUTAGE, False, "youtube:outage")),
        (200, "<html>Log in to the network</html>", (Reason.OUTAGE, False, "youtube:outage")),
        (200, [], (Reason.OUTAGE, False, "youtube:outage")),
        (200, {}, (Reason.MALFORMED, False, None)),
        (200, {"kind": "youtube#x", "items": {}}, (Reason.MALFORMED, False, None)),
    ],
)
def test_a_channel_that_cannot_be_seen_has_failed_and_says_why(
    youtube: FakeYouTube, status: int, body: object, expected: tuple[Reason, bool, str | None]
) -> None:
    youtube.refusals["/youtube/"] = (status, body)

    result = fetch(adapter())

    assert (result.coverage, result.items, result.cursors) == (Coverage.FAILED, (), {})
    (trouble,) = result.troubles
    assert (trouble.reason, trouble.needs_person, trouble.cause_key) == expected


def test_a_spent_quota_waits_for_midnight_in_california(youtube: FakeYouTube) -> None:
    youtube.refusals["commentThreads"] = (403, error(403, "quotaExceeded"))

    result = fetch(adapter())

    (trouble,) = result.troubles
    assert (trouble.stream, trouble.reason) == (None, Reason.QUOTA)
    assert trouble.retry_after == timedelta(hours=20)  # 04:00 there
    assert len(youtube.asked("commentThreads")) == 1


def test_the_quota_of_a_bare_token_belongs_to_the_default_project(youtube: FakeYouTube) -> None:
    youtube.refusals["/youtube/"] = (403, error(403, "quotaExceeded"))

    (trouble,) = fetch(adapter({"token": "access-1"})).troubles

    assert trouble.cause_key == "youtube:quota:default"


@pytest.mark.parametrize("rows", [[], [channel(CITIZEN)], [5]])
def test_a_token_of_another_channel_or_of_none_is_refused(youtube: FakeYouTube, rows: list[dict[str, object]]) -> None:
    youtube.channels = rows

    result = fetch(adapter())

    assert result.coverage is Coverage.FAILED
    assert (result.troubles[0].reason, result.troubles[0].needs_person) == (Reason.UNAUTHORISED, True)


def test_a_repeating_page_token_ends_the_stream_and_keeps_its_cursor(youtube: FakeYouTube) -> None:
    page = {"kind": "youtube#commentThreadListResponse", "items": [], "nextPageToken": "again"}
    youtube.refusals["'moderationStatus': 'published'"] = (200, page)

    result = fetch(adapter())

    assert [(t.stream, t.reason) for t in result.troubles] == [("comments", Reason.INCOMPLETE)]
    assert "comments" not in result.cursors


def test_a_page_token_that_went_stale_is_followed_by_one_new_start(youtube: FakeYouTube) -> None:
    for n in range(4):
        youtube.publish(comment(f"T{n}"))
    youtube.page_size = 2
    youtube.refusals["'pageToken': '2'"] = (400, error(400, "invalidPageToken"))

    result = fetch(adapter())

    assert len([q for q in youtube.asked("commentThreads") if q["moderationStatus"] == "published"]) == 4
    assert [(t.stream, t.reason) for t in result.troubles] == [("comments", Reason.INCOMPLETE)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=any_json, path=st.sampled_from(["/token", "channels", "playlistItems", "commentThreads", "v3/comments"]))
def test_any_json_as_an_answer_ends_in_a_result(youtube: FakeYouTube, body: object, path: str) -> None:
    youtube.embedded = 0
    youtube.threads = {"published": [(comment("T1"), [reply("T1", "r1")])]}
    youtube.refusals = {path: (200, body)} if not isinstance(body, str) else {}

    result = fetch(adapter())

    assert result.is_final
    assert result.coverage is not Coverage.COMPLETE or isinstance(body, (dict, str))


# ---- the price --------------------------------------------------------------------------------------------------


def busy_channel(youtube: FakeYouTube, *, replies: int = 7) -> None:
    """A channel with more videos than a page holds, threads with more replies than come with them, and held ones."""
    youtube.uploads = [video(f"v{n}", days_ago=2 + n) for n in range(120)]
    youtube.publish(comment("T1", hours_ago=9), *(reply("T1", f"r{n}", hours_ago=8) for n in range(replies)))
    for n in range(150):
        youtube.publish(comment(f"old{n:03}", hours_ago=24 * (25 + n)))
    youtube.publish(comment("H1", hours_ago=7, moderationStatus="heldForReview"), status="heldForReview")
    youtube.publish(comment("S1", hours_ago=7, moderationStatus="likelySpam"), status="likelySpam")


def test_a_quiet_channel_takes_four_units(youtube: FakeYouTube) -> None:
    busy_channel(youtube)
    made = adapter()
    cursors = dict(fetch(made).cursors)
    calls = []
    for _ in range(8):
        move(made, hours=15)
        result = fetch(made, cursors)
        cursors |= dict(result.cursors)
        calls.append(result.calls)

        assert result.coverage is Coverage.COMPLETE
        assert list(made.recheck(account(), result.items))  # nothing that was just seen is asked for again

    assert calls == [4] * 8
    resources = [r.url.path.rpartition("/")[2] for r in youtube.requests[-4:]]
    assert resources == ["playlistItems", "commentThreads", "commentThreads", "commentThreads"]


def test_a_new_reply_costs_one_unit_more(youtube: FakeYouTube) -> None:
    busy_channel(youtube)
    made = adapter()
    first = fetch(made)
    (replies,) = [r for top, r in youtube.threads["published"] if top["id"] == "T1"]
    replies.append(reply("T1", "new"))

    second = fetch(made, dict(first.cursors))

    assert second.calls == 5
    assert "T1.new" in {i.external_id for i in second.items}


def test_a_reply_that_came_as_another_went_shows_in_those_that_are_listed(youtube: FakeYouTube) -> None:
    busy_channel(youtube)
    made = adapter()
    first = fetch(made)
    (replies,) = [r for top, r in youtube.threads["published"] if top["id"] == "T1"]
    replies[:] = [*replies[1:], reply("T1", "new")]

    second = fetch(made, dict(first.cursors))

    assert "T1.new" in {i.external_id for i in second.items}


def test_what_a_count_hides_is_found_on_the_next_day_on_which_anything_happens(youtube: FakeYouTube) -> None:
    youtube.embedded = 0
    busy_channel(youtube)
    made = adapter()
    first = fetch(made)
    (replies,) = [r for top, r in youtube.threads["published"] if top["id"] == "T1"]
    replies[:] = [*replies[1:], reply("T1", "new")]
    youtube.publish(comment("T9", hours_ago=-20))
    move(made, hours=24)

    second = fetch(made, dict(first.cursors))

    assert {"T1.new", "T9"} <= {i.external_id for i in second.items}


def test_what_a_count_hides_on_a_quiet_channel_is_found_within_a_week(youtube: FakeYouTube) -> None:
    youtube.embedded = 0
    busy_channel(youtube)
    made = adapter()
    cursors = dict(fetch(made).cursors)
    (replies,) = [r for top, r in youtube.threads["published"] if top["id"] == "T1"]
    replies[:] = [*replies[1:], reply("T1", "new")]
    found, calls = set(), []
    for _ in range(7):
        move(made, hours=24)
        result = fetch(made, cursors)
        cursors |= dict(result.cursors)
        found |= {i.external_id for i in result.items}
        calls.append(result.calls)

    assert "T1.new" in found
    assert calls == [4, 4, 4, 4, 4, 4, 5]


def test_a_count_that_cannot_be_read_is_never_believed(youtube: FakeYouTube) -> None:
    youtube.counts_lie = "many"
    busy_channel(youtube)
    made = adapter()
    first = fetch(made)

    second = fetch(made, dict(first.cursors))

    assert len(youtube.asked("/comments")) >= 2
    assert second.coverage is Coverage.COMPLETE


def test_whose_credential_it_is_is_asked_when_it_is_another(youtube: FakeYouTube) -> None:
    made = adapter()
    first = fetch(made)
    youtube.requests.clear()
    same = fetch(made, dict(first.cursors))
    other = adapter({"token": "another"})
    youtube.channels = [channel("UCsomebodyelse")]
    refused = fetch(other, dict(first.cursors))

    assert same.coverage is Coverage.COMPLETE
    assert (refused.coverage, refused.troubles[0].reason) == (Coverage.FAILED, Reason.UNAUTHORISED)
    assert len(youtube.asked("/channels")) == 1


def test_pages_that_are_not_in_order_are_all_read(youtube: FakeYouTube) -> None:
    youtube.uploads = [video(f"v{n}", days_ago=2) for n in range(3)]
    made = adapter()
    first = fetch(made)
    youtube.page_size = 2
    youtube.uploads = [video("old", days_ago=90), video("v0"), video("older", days_ago=80), video("new", days_ago=1)]

    second = fetch(made, dict(first.cursors))

    assert "new" in {i.external_id for i in second.items}


def test_a_fetch_that_is_killed_keeps_the_replies_it_has_read(youtube: FakeYouTube) -> None:
    youtube.embedded = 0
    for n in range(120):
        youtube.publish(comment(f"T{n:03}", hours_ago=n + 1), *(reply(f"T{n:03}", f"r{m}") for m in range(9)))
    made = adapter()
    pieces = made.fetch([account()], {"yt-kommun": {}})
    piece = next(iter(pieces))
    del pieces
    youtube.requests.clear()

    second = fetch(made, dict(piece.cursors))

    assert (piece.is_final, len(piece.items)) == (False, 500)
    assert len(youtube.asked("/comments")) == 120 - 50
    assert len({i.external_id for i in (*piece.items, *second.items)}) == 1200


# ---- an empty answer where something was ------------------------------------------------------------------------


def test_threads_that_vanish_all_at_once_are_suspicious(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"))
    made = adapter()
    first = fetch(made)
    youtube.threads.clear()
    youtube.videos = {VIDEO: {"id": VIDEO, "statistics": {"commentCount": "1"}}}

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.PARTIAL
    assert [(t.stream, t.reason) for t in second.troubles] == [("comments", Reason.SUSPICIOUS_EMPTY)]
    assert "comments" not in second.cursors


def test_every_list_empty_at_once_is_suspicious(youtube: FakeYouTube) -> None:
    youtube.uploads = [video()]
    youtube.publish(comment("T1"))
    made = adapter()
    first = fetch(made)
    youtube.uploads = []
    youtube.threads.clear()

    second = fetch(made, dict(first.cursors))

    assert {(t.stream, t.reason) for t in second.troubles} == {
        ("posts", Reason.SUSPICIOUS_EMPTY),
        ("comments", Reason.SUSPICIOUS_EMPTY),
    }


def test_the_last_comment_truly_deleted_is_not_suspicious(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"))
    made = adapter()
    first = fetch(made)
    youtube.threads.clear()
    youtube.videos = {VIDEO: {"id": VIDEO, "statistics": {"commentCount": "0"}}}

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.COMPLETE


def test_the_last_video_truly_deleted_is_not_suspicious(youtube: FakeYouTube) -> None:
    youtube.uploads = [video()]
    made = adapter()
    first = fetch(made)
    youtube.uploads = []
    youtube.channels = [channel(statistics={"videoCount": "0"})]

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.COMPLETE


def test_a_channel_that_never_had_a_comment_is_quiet(youtube: FakeYouTube) -> None:
    made = adapter()

    first = fetch(made)
    second = fetch(made, dict(first.cursors))

    assert (first.coverage, second.coverage) == (Coverage.COMPLETE, Coverage.COMPLETE)


# ---- tokens ------------------------------------------------------------------------------------------------------


def test_an_access_token_is_renewed_once_and_kept(youtube: FakeYouTube) -> None:
    made = adapter()

    fetch(made)
    fetch(made)

    assert youtube.tokens_given == 1


def test_an_access_token_is_renewed_before_it_ends(youtube: FakeYouTube) -> None:
    made = adapter()
    fetch(made)
    youtube.good_token = "access-2"
    move(made, hours=1)

    result = fetch(made)

    assert (result.coverage, youtube.tokens_given) == (Coverage.COMPLETE, 2)


def test_a_token_refused_before_its_time_is_renewed_once(youtube: FakeYouTube) -> None:
    youtube.good_token = "access-2"

    result = fetch(adapter())

    assert (result.coverage, youtube.tokens_given) == (Coverage.COMPLETE, 2)


def test_a_token_that_stays_refused_is_a_persons_matter(youtube: FakeYouTube) -> None:
    youtube.good_token = "none is"

    (trouble,) = fetch(adapter()).troubles

    assert (trouble.reason, trouble.needs_person) == (Reason.UNAUTHORISED, True)
    assert youtube.tokens_given == 2


def test_a_revoked_refresh_token_is_a_persons_matter(youtube: FakeYouTube) -> None:
    youtube.refusals["/token"] = (400, {"error": "invalid_grant", "error_description": "Token has been revoked."})

    result = fetch(adapter())

    (trouble,) = result.troubles
    assert (trouble.reason, trouble.needs_person, trouble.cause_key) == (Reason.UNAUTHORISED, True, None)
    assert youtube.asked("/youtube/") == []


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"error": "invalid_client"}, (Reason.UNAUTHORISED, True, "youtube:client:123456")),
        (503, "<html>", (Reason.OUTAGE, False, "youtube:outage")),
        (400, "<html>", (Reason.OUTAGE, False, "youtube:outage")),
        (429, {"error": "rate_limited"}, (Reason.RATE_LIMITED, False, None)),
        (200, {"expires_in": 3600}, (Reason.MALFORMED, False, None)),
        (200, "not json", (Reason.MALFORMED, False, None)),
    ],
)
def test_a_token_server_that_gives_no_token_says_why(
    youtube: FakeYouTube, status: int, body: object, expected: tuple[Reason, bool, str | None]
) -> None:
    youtube.refusals["/token"] = (status, body)

    (trouble,) = fetch(adapter()).troubles

    assert (trouble.reason, trouble.needs_person, trouble.cause_key) == expected


def test_a_bare_token_is_used_as_it_is(youtube: FakeYouTube) -> None:
    result = fetch(adapter({"token": "access-1"}))

    assert (result.coverage, youtube.tokens_given) == (Coverage.COMPLETE, 0)


@pytest.mark.parametrize("fields", [{}, {"client_id": "123456-x"}, {"token": "t", "client_id": "123456-x"}])
def test_a_credential_that_lacks_fields_is_named_and_never_shown(youtube: FakeYouTube, fields: dict[str, str]) -> None:
    (trouble,) = fetch(adapter(fields)).troubles

    assert trouble.reason is Reason.NO_CREDENTIAL
    assert "refresh_token" in trouble.detail
    assert youtube.requests == []


def test_an_account_without_a_readable_credential_has_failed_and_the_next_goes_on(youtube: FakeYouTube) -> None:
    unnamed, unknown = account(key="a", credential=None), account(key="b", credential="elsewhere")

    results = list(adapter().fetch([unnamed, unknown, account()], {}))

    assert [(r.account, r.coverage) for r in results] == [
        ("a", Coverage.FAILED),
        ("b", Coverage.FAILED),
        ("yt-kommun", Coverage.COMPLETE),
    ]


def test_tokens_and_texts_stay_out_of_the_log(youtube: FakeYouTube, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    youtube.publish(comment("T1", text="hemligheten"))

    fetch(adapter())

    assert not [word for word in ("access-1", "invented", "hemligheten") if word in caplog.text]


def test_the_calls_are_counted(youtube: FakeYouTube) -> None:
    result = fetch(adapter())

    assert result.calls == len(youtube.asked("/youtube/")) == 5  # channel, uploads, three listings


def test_cursors_that_cannot_be_read_count_as_none(youtube: FakeYouTube) -> None:
    youtube.publish(comment("T1"))

    result = fetch(adapter(), dict.fromkeys(("posts", "comments", "held", "spam"), "no cursor"))

    assert result.coverage is Coverage.COMPLETE
    assert [i.external_id for i in result.items] == ["T1"]
