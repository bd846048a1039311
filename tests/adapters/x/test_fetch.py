"""A fetch of an X account: what is asked, what comes of it, and that trouble is never taken for quiet."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.x.fake import (
    CITIZEN,
    ME,
    NOW,
    Credentials,
    FakeX,
    account,
    adapter,
    any_json,
    at,
    fetch,
    message,
    move,
    post,
)

from watchdaemon.domain.fetch import Cover, Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon_adapters.x.marks import read_mark


def test_a_question_its_answer_and_the_post_above_them_form_one_thread(x: FakeX) -> None:
    x.own = [
        post("1000", author=ME, text="Badhuset har öppet"),
        post("1002", author=ME, text="Till 18", reply_to=("1001", CITIZEN), conversation="1000"),
    ]
    x.mentions = [post("1001", text="@exempelkommun Hur länge?", reply_to=("1000", ME))]

    result = fetch(adapter())

    assert result.coverage is Coverage.COMPLETE
    items = {i.external_id: i for i in result.items}
    assert [(i, items[i].kind, items[i].by_account) for i in sorted(items)] == [
        ("1000", ItemKind.POST, True),
        ("1001", ItemKind.COMMENT, False),
        ("1002", ItemKind.COMMENT, True),
    ]
    assert {i.thread_id for i in items.values()} == {"1000"}
    assert items["1001"].root_id == items["1002"].root_id == "1000"
    assert items["1001"].author == "Kim Exempel"
    assert items["1001"].url == "https://x.com/kim_exempel/status/1001"
    assert items["1002"].parent_id == "1001"


def test_a_reply_that_drops_the_mention_is_found_by_its_conversation(x: FakeX) -> None:
    x.own = [post("1000", author=ME)]
    x.search = [post("1005", reply_to=("1001", CITIZEN), conversation="1000", text="När då?")]

    result = fetch(adapter())

    (found,) = [i for i in result.items if i.external_id == "1005"]
    assert (found.kind, found.root_id, found.thread_id) == (ItemKind.COMMENT, "1000", "1000")
    asked = [q["query"] for q in x.asked("search/recent")]
    assert f"(conversation_id:1000) -from:{ME}" in asked


def test_ten_conversations_go_into_one_search_and_no_query_is_too_long(x: FakeX) -> None:
    x.own = [post(str(9_000_000_000_000_000_000 + n), author=ME) for n in range(23)]

    fetch(adapter())

    queries = [q["query"] for q in x.asked("search/recent") if "conversation_id" in q["query"]]
    assert [q.count("conversation_id:") for q in queries] == [10, 10, 3]
    assert max(map(len, queries)) <= 512


def test_a_search_never_asks_for_more_than_seven_days(x: FakeX) -> None:
    x.own = [post("1000", author=ME)]

    fetch(adapter())

    asked = x.asked("search/recent")
    assert len(asked) == 2  # its conversation, and whoever names the account
    assert all(datetime.fromisoformat(q["start_time"]) > NOW - timedelta(days=7) for q in asked)


def test_a_quote_of_a_fresh_own_post_is_found_without_a_mention(x: FakeX) -> None:
    x.own = [post("1000", author=ME, hours_ago=5), post("900", author=ME, hours_ago=24 * 4)]
    x.quotes = {"1000": [post("1007", quotes="1000", text="Stämmer det?")]}

    result = fetch(adapter())

    (quote,) = [i for i in result.items if i.external_id == "1007"]
    assert (quote.kind, quote.thread_id, quote.root_id) == (ItemKind.QUOTE, "1007", None)
    assert len(x.asked("quote_tweets")) == 1  # the other post is too old for quotes


def test_a_deleted_own_post_has_no_quotes_and_makes_no_trouble(x: FakeX) -> None:
    x.own = [post("1000", author=ME)]
    problem = {"type": "https://api.x.com/2/problems/resource-not-found", "title": "Not Found Error"}
    x.refusals["quote_tweets"] = (200, {"errors": [problem]}, {})

    result = fetch(adapter())

    assert result.coverage is Coverage.COMPLETE
    assert result.cursors["roots"] == ""


def test_a_mention_from_nowhere_is_a_mention(x: FakeX) -> None:
    x.mentions = [post("1001", text="@exempelkommun är det halt?")]

    (item,) = fetch(adapter()).items

    assert (item.kind, item.thread_id, item.parent_id, item.root_id) == (ItemKind.MENTION, "1001", None, None)


def test_a_repost_is_no_item_but_moves_the_cursor(x: FakeX) -> None:
    x.own = [post("1000", author=ME, referenced_tweets=[{"type": "retweeted", "id": "5"}])]

    result = fetch(adapter())

    assert result.items == ()
    mark = read_mark(result.cursors["own"])
    assert mark is not None
    assert mark.newest == 1000


def test_messages_are_private_and_answered_in_their_conversation(x: FakeX) -> None:
    x.messages = [message("50", text="Hej?"), message("51", sender=ME, text="Hej!")]

    result = fetch(adapter())

    assert [(i.external_id, i.by_account, i.visibility) for i in result.items] == [
        ("50", False, Visibility.PRIVATE),
        ("51", True, Visibility.PRIVATE),
    ]
    assert {(i.kind, i.thread_id) for i in result.items} == {(ItemKind.MESSAGE, f"{ME}-{CITIZEN}")}


def test_messages_are_paged_until_one_that_is_known(x: FakeX) -> None:
    x.messages = [message(str(n), hours_ago=100 - n) for n in range(10, 60)]
    made = adapter(message_page_size=5)
    first = fetch(made)
    x.messages += [message(str(n)) for n in range(60, 67)]
    x.requests.clear()

    second = fetch(made, dict(first.cursors))

    assert len(first.items) == 50
    assert [q["max_results"] for q in x.asked("dm_events")] == ["1", "5", "5"]
    assert {"60", "66"} <= {i.external_id for i in second.items}


def test_one_message_tells_that_none_is_new(x: FakeX) -> None:
    x.messages = [message("50"), message("51")]
    made = adapter()
    first = fetch(made)
    x.rows_sent = 0

    second = fetch(made, dict(first.cursors))

    assert (second.coverage, x.rows_sent) == (Coverage.COMPLETE, 1)


def test_a_long_inbox_goes_on_where_the_limit_stopped_it(x: FakeX) -> None:
    x.messages = [message(str(n), hours_ago=1) for n in range(1000, 1450)]
    x.calls_left = {"dm_events": 3}
    made = adapter()
    first = fetch(made)
    x.calls_left = {}
    x.messages.append(message("2000", hours_ago=0))
    x.rows_sent = 0

    second = fetch(made, dict(first.cursors))

    assert [(t.stream, t.reason) for t in first.troubles] == [("messages", Reason.RATE_LIMITED)]
    assert len(first.items) == 300
    assert second.coverage is Coverage.COMPLETE
    assert {i.external_id for i in (*first.items, *second.items)} == {m["id"] for m in x.messages}
    assert x.rows_sent <= 151 + 1 + 10  # the rest, the newest as a test, and one small page


def test_a_page_token_that_is_no_longer_known_reads_the_inbox_from_the_top(x: FakeX) -> None:
    x.messages = [message(str(n), hours_ago=1) for n in range(1000, 1150)]
    x.calls_left = {"dm_events": 1}
    made = adapter()
    first = fetch(made)
    x.calls_left = {}
    x.dead_tokens = {"100"}

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.COMPLETE
    assert len(second.items) == 150


def test_the_first_read_of_messages_ends_at_the_look_back(x: FakeX) -> None:
    x.messages = [message(str(n), hours_ago=24 * (40 - n)) for n in range(1, 40)]

    x.page_size = 5

    fetch(adapter(look_back_days=2))

    assert len(x.asked("dm_events")) == 2


def test_a_first_fetch_goes_back_the_look_back_and_the_next_one_begins_above_the_newest_id(x: FakeX) -> None:
    x.mentions = [post("999"), post("1000")]
    made = adapter(look_back_days=14)
    first = fetch(made)
    x.mentions.append(post("1001"))
    move(made, hours=2)

    second = fetch(made, dict(first.cursors))

    asked = x.asked("mentions")
    assert asked[0]["start_time"] == "2026-11-06T12:00:00Z"
    assert asked[1]["since_id"] == "1000"  # as numbers: "999" is the greater text
    assert [i.external_id for i in second.items] == ["1001"]


@pytest.mark.parametrize("hours", [2, 20])
def test_a_post_that_turns_up_behind_newer_ones_is_found_between_the_known_ones(x: FakeX, hours: float) -> None:
    x.mentions = [post("900", hours_ago=3), post("1000")]
    made = adapter()
    first = fetch(made)
    x.mentions.append(post("998", hours_ago=2))  # became visible after a newer one
    x.rows_sent = 0
    move(made, hours=hours)

    second = fetch(made, dict(first.cursors))

    assert [i.external_id for i in second.items] == ["998"]
    assert x.rows_sent == 1  # the known ones are not sent, and so not billed, again


# ---- the price --------------------------------------------------------------------------------------------------


def busy_day(x: FakeX) -> None:
    """An own post, questions under it and elsewhere, and an answer."""
    x.search_shows_mentions = True  # as the service does: a reply that names the account is found by both
    x.own = [
        post("1000", author=ME, hours_ago=9),
        post("1003", author=ME, hours_ago=6, reply_to=("1001", CITIZEN), conversation="1000"),
    ]
    x.mentions = [
        post("1001", hours_ago=8, reply_to=("1000", ME)),
        post("1002", hours_ago=7, reply_to=("1000", ME)),
        post("1004", hours_ago=5),
    ]
    x.search = [post("1005", hours_ago=4, reply_to=("1002", CITIZEN), conversation="1000")]
    x.messages = [message("50", hours_ago=4)]


def test_no_more_posts_are_read_than_are_new(x: FakeX) -> None:
    busy_day(x)
    made = adapter()
    first = fetch(made)
    read_first, x.rows_sent = x.rows_sent, 0
    x.mentions += [post(str(2000 + n), hours_ago=-1, reply_to=("1000", ME)) for n in range(10)]
    x.search.append(post("2005", hours_ago=-1, reply_to=("1002", CITIZEN), conversation="1000"))
    move(made, hours=3)

    second = fetch(made, dict(first.cursors))

    assert read_first == 6 + 1  # six posts, one message
    assert len(second.items) == 10
    assert x.rows_sent == 10 + 1  # besides, the newest message: it says that no other came


def test_a_quiet_account_costs_no_post_while_its_inbox_proves_the_token(x: FakeX) -> None:
    busy_day(x)
    made = adapter()
    cursors = dict(fetch(made).cursors)
    for _ in range(6):
        x.rows_sent = 0
        move(made, hours=9)

        result = fetch(made, cursors)
        cursors |= dict(result.cursors)

        assert result.coverage is Coverage.COMPLETE
        assert x.rows_sent == 1  # the newest message


def test_without_messages_a_quiet_account_costs_no_post_either(x: FakeX) -> None:
    busy_day(x)
    x.messages = []
    made = adapter()
    cursors = dict(fetch(made).cursors)
    x.rows_sent = 0
    move(made, hours=9)

    result = fetch(made, cursors)

    assert result.coverage is Coverage.COMPLETE
    assert x.rows_sent == 0
    assert not [r for r in x.requests if r.url.path == "/2/tweets"]  # nor is one looked up


def test_quiet_everywhere_asks_whether_the_token_lives(x: FakeX) -> None:
    x.mentions = [post("1000")]
    made = adapter()
    first = fetch(made)
    asked = len(x.asked("/2/users/me"))
    x.me = {"id": "700999", "username": "grannkommun"}

    second = fetch(made, dict(first.cursors))

    assert len(x.asked("/2/users/me")) == asked + 1
    assert [t.reason for t in second.troubles] == [Reason.UNAUTHORISED]
    assert "mentions" not in second.cursors


def test_a_flood_of_mentions_is_not_sent_again_by_the_search(x: FakeX) -> None:
    x.search_shows_mentions = True
    x.own = [post("1000", author=ME, hours_ago=9)]
    x.mentions = [
        post(str(2000 + 2 * n), hours_ago=8, text="@exempelkommun hej?", reply_to=("1000", ME)) for n in range(300)
    ]
    x.search = [post("2007", hours_ago=7, reply_to=("2000", CITIZEN), conversation="1000")]

    result = fetch(adapter())

    assert result.coverage is Coverage.COMPLETE
    assert "2007" in {i.external_id for i in result.items}
    assert x.rows_sent == len(result.items) == 302


def test_what_lies_below_the_mentions_that_x_shows_is_searched_for(x: FakeX) -> None:
    x.search_shows_mentions = True
    x.mentions_shown = 800
    x.own = [post("1000", author=ME, hours_ago=9)]
    x.mentions = [
        post(str(2000 + 2 * n), hours_ago=8, text="@exempelkommun hej?", reply_to=("1000", ME)) for n in range(1000)
    ]
    x.search = [post("3999", hours_ago=7, reply_to=("2000", CITIZEN), conversation="1000")]

    result = fetch(adapter())

    assert x.rows_sent == 1002
    assert {i.external_id for i in result.items} == {p["id"] for p in (*x.own, *x.mentions, *x.search)}
    assert [t.reason for t in result.troubles] == [Reason.INCOMPLETE]


def test_whose_token_it_is_is_asked_once_a_day_and_for_every_new_credential(x: FakeX) -> None:
    x.messages = [message("50")]  # that it comes again proves the token besides
    made = adapter()
    cursors = dict(fetch(made).cursors)
    asked = []
    for fields, hours in (("invented-token", 2), ("another-token", 0), ("another-token", 0), ("another-token", 12)):
        made._context.credentials.named = {"x-kommun": {"token": fields}}  # type: ignore[attr-defined]  # the fake's
        x.requests.clear()
        move(made, hours=hours)
        cursors |= dict(fetch(made, cursors).cursors)
        asked.append(len(x.asked("users/me")))

    assert asked == [0, 1, 0, 1]


def test_a_name_is_looked_up_once_and_kept(x: FakeX) -> None:
    x.mentions = [post("1000"), post("1001")]
    made = adapter()
    first = fetch(made)
    x.mentions.append(post("1002"))
    move(made, hours=26)

    second = fetch(made, dict(first.cursors))

    assert [q["ids"] for q in x.asked("/2/users") if "ids" in q] == [CITIZEN]
    assert {i.author for i in (*first.items, *second.items)} == {"Kim Exempel"}


def test_users_that_cannot_be_looked_up_together_are_looked_up_one_by_one(x: FakeX) -> None:
    x.mentions = [post("1000")]
    x.refuse_exactly["/2/users"] = (404, {"title": "Not Found"}, {})

    (item,) = fetch(adapter()).items

    assert item.author == "Kim Exempel"


def test_a_post_whose_authors_name_cannot_be_asked_for_now_is_read_again(x: FakeX) -> None:
    x.mentions = [post("1000")]
    x.refuse_exactly["/2/users"] = (503, {}, {})
    made = adapter()
    first = fetch(made)
    x.refuse_exactly.clear()

    second = fetch(made, dict(first.cursors))

    assert (first.coverage, first.items) == (Coverage.PARTIAL, ())
    assert [i.author for i in second.items] == ["Kim Exempel"]


def test_quotes_that_are_known_are_read_in_small_pages_until_the_next_day(x: FakeX) -> None:
    x.own = [post("1000", author=ME, hours_ago=5)]
    x.quotes = {"1000": [post(str(1007 + n), quotes="1000") for n in range(15)]}
    made = adapter()
    cursors = dict(fetch(made).cursors)
    x.quotes["1000"].append(post("1500", quotes="1000"))
    x.requests.clear()

    second = fetch(made, cursors)
    sizes = [q["max_results"] for q in x.asked("quote_tweets")]
    move(made, hours=14)
    fetch(made, {**cursors, **second.cursors})

    assert "1500" in {i.external_id for i in second.items}
    assert sizes == ["10"]
    assert [q["max_results"] for q in x.asked("quote_tweets")] == ["10", "100"]


def test_mentions_that_their_own_list_hides_are_found_by_the_search(x: FakeX) -> None:
    x.mentions = [post("1000")]
    made = adapter()
    first = fetch(made)
    x.mentions = []
    x.search_by_name = [post("1001", text="@exempelkommun och nu?")]

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.COMPLETE
    assert [i.external_id for i in second.items] == ["1001"]


# ---- interrupted ------------------------------------------------------------------------------------------------


def test_a_list_that_breaks_off_goes_on_below_where_it_was(x: FakeX) -> None:
    x.mentions = [post(str(n)) for n in range(1000, 1300)]
    x.page_size = 50
    x.calls_left = {"mentions": 3}
    made = adapter()
    first = fetch(made)
    x.calls_left = {}
    x.mentions.append(post("2000", hours_ago=0))
    x.rows_sent = 0

    second = fetch(made, dict(first.cursors))

    assert (first.coverage, len(first.items)) == (Coverage.PARTIAL, 150)
    assert second.coverage is Coverage.COMPLETE
    assert len({i.external_id for i in (*first.items, *second.items)}) == 301
    assert x.rows_sent == 151


def test_a_fetch_that_is_killed_goes_on_from_its_last_piece(x: FakeX) -> None:
    x.mentions = [post(str(n)) for n in range(1000, 1750)]
    made = adapter()
    pieces = made.fetch([account()], {"x-kommun": {}})
    piece = next(iter(pieces))
    del pieces
    x.rows_sent = 0

    second = fetch(made, dict(piece.cursors))

    assert (piece.is_final, piece.coverage, len(piece.items)) == (False, Coverage.COMPLETE, 500)
    assert {i.external_id for i in (*piece.items, *second.items)} == {p["id"] for p in x.mentions}
    assert x.rows_sent == 250


def test_a_backlog_after_downtime_is_read_in_full(x: FakeX) -> None:
    made = adapter(look_back_days=3)
    first = fetch(made)
    x.mentions = [post("2000", hours_ago=-24)]  # a day after the first fetch
    move(made, days=6)

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.COMPLETE
    assert [i.external_id for i in second.items] == ["2000"]


def test_downtime_beyond_the_reach_of_search_is_said(x: FakeX) -> None:
    made = adapter()
    first = fetch(made)
    move(made, days=8)

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.PARTIAL
    assert [(t.stream, t.reason) for t in second.troubles] == [("search", Reason.INCOMPLETE)]


def test_eight_hundred_mentions_are_all_there_is_and_that_is_said(x: FakeX) -> None:
    x.mentions = [post(str(n)) for n in range(1000, 1800)]

    result = fetch(adapter())

    assert len(result.items) == 800
    assert [(t.stream, t.reason) for t in result.troubles] == [("mentions", Reason.INCOMPLETE)]
    mark = read_mark(result.cursors["mentions"])
    assert mark is not None
    assert mark.newest == 1799


def test_every_page_is_followed(x: FakeX) -> None:
    x.mentions = [post(str(n)) for n in range(1000, 1023)]
    x.page_size = 5

    result = fetch(adapter())

    assert len(result.items) == 23
    assert result.coverage is Coverage.COMPLETE


def test_a_repeating_page_token_ends_the_stream_and_the_list_is_read_again(x: FakeX) -> None:
    page = {"data": [post("1000")], "meta": {"result_count": 1, "next_token": "again"}}
    x.refusals["mentions"] = (200, page, {})

    result = fetch(adapter())

    assert [(t.stream, t.reason) for t in result.troubles] == [("mentions", Reason.INCOMPLETE)]
    assert [i.external_id for i in result.items] == ["1000"]
    mark = read_mark(result.cursors["mentions"])
    assert mark is not None
    assert [(r.start, r.until_id) for r in mark.rest] == [(NOW - timedelta(days=30), 1001)]
    assert len(x.asked("mentions")) == 2


def test_an_edit_changes_the_item_and_keeps_its_key(x: FakeX) -> None:
    x.mentions = [post("1001", text="Nar?"), post("1009", text="När?", edit_history_tweet_ids=["1001", "1009"])]

    (item,) = fetch(adapter()).items

    assert (item.external_id, item.text) == ("1001", "När?")
    assert item.edited_at is not None
    assert item.extra == {"version_id": "1009"}


def test_a_malformed_item_is_counted_and_the_rest_kept(x: FakeX) -> None:
    rows = [post("1002", created_at="yesterday"), "not a post", post("1001")]
    x.refusals["mentions"] = (200, {"data": rows, "meta": {"result_count": 3}}, {})

    result = fetch(adapter())

    assert [i.external_id for i in result.items] == ["1001"]
    assert (result.malformed, result.coverage) == (2, Coverage.PARTIAL)
    assert [(t.stream, t.reason) for t in result.troubles] == [("mentions", Reason.MALFORMED)]


def test_missing_permission_for_messages_leaves_the_other_streams(x: FakeX) -> None:
    x.mentions = [post("1001")]
    x.messages = [message("50")]
    x.refusals["dm_events"] = (403, {"title": "Forbidden", "status": 403, "type": "about:blank"}, {})

    result = fetch(adapter())

    assert [i.external_id for i in result.items] == ["1001"]
    assert result.coverage is Coverage.PARTIAL
    assert "messages" not in result.cursors
    (trouble,) = result.troubles
    assert (trouble.stream, trouble.reason, trouble.needs_person) == ("messages", Reason.PERMISSION, True)


@pytest.mark.parametrize("switch", ["off", "OFF", "no"])
def test_an_accounts_messages_can_be_switched_off_by_itself(x: FakeX, switch: str) -> None:
    x.messages = [message("50")]
    made = adapter()

    result = fetch(made, extra={"messages": switch})

    assert x.asked("dm_events") == []
    assert result.coverage is Coverage.COMPLETE
    (of_account,) = [k for k in made.kinds_of(account(extra={"messages": switch})) if k.kind is ItemKind.MESSAGE]
    (of_others,) = [k for k in made.kinds_of(account()) if k.kind is ItemKind.MESSAGE]
    assert (of_account.cover, of_others.cover) == (Cover.NONE, Cover.LIMITED)


def test_messages_can_be_switched_off_and_are_then_not_covered(x: FakeX) -> None:
    made = adapter(messages=False)

    result = fetch(made)

    assert x.asked("dm_events") == []
    assert result.coverage is Coverage.COMPLETE
    (line,) = [k for k in made.kinds() if k.kind is ItemKind.MESSAGE]
    assert line.cover.value == "not covered"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"title": "Unauthorized", "type": "about:blank", "status": 401}, (Reason.UNAUTHORISED, True, None)),
        (402, {"title": "CreditsDepleted"}, (Reason.QUOTA, False, "x:credits")),
        (429, {"title": "UsageCapExceeded", "type": "x/usage-capped"}, (Reason.QUOTA, False, "x:credits")),
        (403, {"type": "a/unsupported-authentication"}, (Reason.UNAUTHORISED, True, None)),
        (403, {"title": "Client Forbidden", "reason": "client-not-enrolled"}, (Reason.PERMISSION, True, "x:client")),
        (503, {"title": "Service Unavailable"}, (Reason.OUTAGE, False, "x:outage")),
        (502, "<html>Bad gateway</html>", (Reason.OUTAGE, False, "x:outage")),
        (200, "<html>Log in to the network</html>", (Reason.OUTAGE, False, "x:outage")),
        (302, "", (Reason.OUTAGE, False, "x:outage")),
        (200, [], (Reason.OUTAGE, False, "x:outage")),
        (200, {}, (Reason.MALFORMED, False, None)),
        (400, {"title": "Invalid Request"}, (Reason.INTERNAL, False, None)),
    ],
)
def test_an_account_that_cannot_be_seen_has_failed_and_says_why(
    x: FakeX, status: int, body: object, expected: tuple[Reason, bool, str | None]
) -> None:
    x.refusals["/2/"] = (status, body, {})

    result = fetch(adapter())

    assert (result.coverage, result.items, result.cursors) == (Coverage.FAILED, (), {})
    (trouble,) = result.troubles
    assert (trouble.reason, trouble.needs_person, trouble.cause_key) == expected


def test_spent_credits_are_not_asked_again_before_the_next_day(x: FakeX) -> None:
    x.refusals["/2/"] = (402, {}, {})

    (trouble,) = fetch(adapter()).troubles

    assert trouble.retry_after == timedelta(hours=12)


def test_a_rate_limit_says_when_it_ends(x: FakeX) -> None:
    reset = str(int(NOW.timestamp()) + 600)
    x.refusals["mentions"] = (429, {"errors": [{"code": 88}]}, {"x-rate-limit-reset": reset})

    result = fetch(adapter())

    assert [(t.stream, t.reason, t.retry_after) for t in result.troubles] == [
        ("mentions", Reason.RATE_LIMITED, timedelta(minutes=10))
    ]


def test_a_token_that_dies_midway_ends_the_fetch_and_keeps_what_was_read(x: FakeX) -> None:
    x.own = [post("1000", author=ME)]
    x.refusals["mentions"] = (401, {"title": "Unauthorized"}, {})

    result = fetch(adapter())

    assert [i.external_id for i in result.items] == ["1000"]
    assert [(t.stream, t.reason) for t in result.troubles] == [(None, Reason.UNAUTHORISED)]
    assert x.asked("quote_tweets") == []


def test_the_token_of_another_account_is_refused(x: FakeX) -> None:
    x.me = {"id": CITIZEN, "name": "Kim Exempel", "username": "kim_exempel"}

    result = fetch(adapter())

    assert result.coverage is Coverage.FAILED
    assert result.troubles[0].reason is Reason.UNAUTHORISED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"errors": [{"type": "https://api.x.com/2/problems/resource-not-found"}]}, Reason.GONE),
        ({"errors": [{"type": "https://api.x.com/2/problems/not-authorized-for-resource"}]}, Reason.PERMISSION),
        ({"meta": {"result_count": 3}}, Reason.SUSPICIOUS_EMPTY),
        ({"meta": {"result_count": 1}, "data": {"id": "1"}}, Reason.MALFORMED),
        ({"meta": {"result_count": 1, "next_token": 7}, "data": []}, Reason.SUSPICIOUS_EMPTY),
        ({"meta": {"next_token": 7}, "data": []}, Reason.MALFORMED),
        ({"meta": None, "data": []}, Reason.MALFORMED),
        ({"meta": None}, Reason.MALFORMED),
    ],
)
def test_an_answer_that_has_not_looked_is_not_an_empty_one(x: FakeX, body: object, reason: Reason) -> None:
    x.refusals["mentions"] = (200, body, {})

    result = fetch(adapter())

    assert result.coverage is Coverage.PARTIAL
    assert [(t.stream, t.reason) for t in result.troubles] == [("mentions", reason)]
    assert "mentions" not in result.cursors


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=any_json, path=st.sampled_from(["users/me", "/tweets", "mentions", "dm_events"]))
def test_any_json_as_an_answer_ends_in_a_result(x: FakeX, body: object, path: str) -> None:
    x.own = [post("1000", author=ME)]
    x.refusals = {path: (200, body, {})}

    result = fetch(adapter())

    assert result.is_final
    assert result.coverage is not Coverage.COMPLETE or isinstance(body, dict)


# ---- an empty answer where something was ------------------------------------------------------------------------


def test_messages_that_vanish_all_at_once_are_suspicious(x: FakeX) -> None:
    x.messages = [message("50")]
    made = adapter()
    first = fetch(made)
    x.messages = []

    second = fetch(made, dict(first.cursors))

    assert [(t.stream, t.reason) for t in second.troubles] == [("messages", Reason.SUSPICIOUS_EMPTY)]


def test_an_item_that_was_unreadable_is_read_at_the_next_fetch(x: FakeX) -> None:
    x.mentions = [post("999"), post("1001")]
    made = adapter()
    first = fetch(made)
    page = {"data": [{"id": "1003", "text": None}, post("1001")], "meta": {"result_count": 2}}
    x.refusals["mentions"] = (200, page, {})
    second = fetch(made, dict(first.cursors))
    x.refusals.clear()
    x.mentions += [post("1002"), post("1003")]

    third = fetch(made, {**first.cursors, **second.cursors})

    assert (second.malformed, third.coverage) == (1, Coverage.COMPLETE)
    assert {"1002", "1003"} <= {i.external_id for i in third.items}


def test_partial_errors_beside_data_do_no_harm(x: FakeX) -> None:
    page = {"data": [post("1001")], "meta": {"result_count": 1}, "errors": [{"title": "Forbidden", "value": "9"}]}
    x.refusals["mentions"] = (200, page, {})

    result = fetch(adapter())

    assert result.coverage is Coverage.COMPLETE
    assert [i.external_id for i in result.items] == ["1001"]


@pytest.mark.parametrize("fields", [{}, {"consumer_key": "k"}])
def test_a_credential_that_lacks_fields_is_named_and_never_shown(x: FakeX, fields: dict[str, str]) -> None:
    result = fetch(adapter(Credentials(**{"x-kommun": fields})))

    assert result.troubles[0].reason is Reason.NO_CREDENTIAL
    assert "consumer_secret" in result.troubles[0].detail
    assert x.requests == []


def test_an_account_without_a_readable_credential_has_failed(x: FakeX) -> None:
    named, unnamed = fetch(adapter(), credential="elsewhere"), fetch(adapter(), credential=None)

    assert [r.troubles[0].reason for r in (named, unnamed)] == [Reason.NO_CREDENTIAL] * 2


def test_one_accounts_trouble_leaves_the_next_account(x: FakeX) -> None:
    broken, sound = account(key="broken", credential=None), account()

    results = list(adapter().fetch([broken, sound], {}))

    assert [(r.account, r.coverage) for r in results] == [
        ("broken", Coverage.FAILED),
        ("x-kommun", Coverage.COMPLETE),
    ]


def test_oauth_1_signs_every_request(x: FakeX) -> None:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "invented")

    result = fetch(adapter(Credentials(**{"x-kommun": keys})))

    assert result.coverage is Coverage.COMPLETE
    assert all(r.headers["authorization"].startswith("OAuth ") for r in x.requests)


def test_tokens_and_texts_stay_out_of_the_log(x: FakeX, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    x.mentions = [post("1001", text="hemligheten")]

    fetch(adapter())

    assert "invented-token" not in caplog.text
    assert "hemligheten" not in caplog.text


def test_the_calls_are_counted(x: FakeX) -> None:
    result = fetch(adapter())

    assert result.calls == len(x.requests) == 5  # me, own posts, messages, mentions, and a search in its place


def test_cursors_that_cannot_be_read_count_as_none(x: FakeX) -> None:
    x.mentions = [post("1001")]
    broken = dict.fromkeys(("own", "mentions", "search", "messages", "roots"), "not @ a = cursor")

    result = fetch(adapter(), broken)

    assert [i.external_id for i in result.items] == ["1001"]
    assert result.coverage is Coverage.COMPLETE


def test_times_are_aware_utc(x: FakeX) -> None:
    x.mentions = [post("1001", created_at="2026-11-20T12:30:00+02:00")]

    (item,) = fetch(adapter()).items

    assert item.published_at == datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    assert item.published_at.utcoffset() == timedelta(0)
    assert at(0) == "2026-11-20T12:00:00.000Z"
