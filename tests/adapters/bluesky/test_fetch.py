"""What a fetch finds, and what it must not take for silence."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse
from tests.adapters.bluesky.town import CITIZEN, ME, Town, by_text, ids_of

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import WorldItem

NEIGHBOUR = ids.bluesky_did("granne")


def chain(town: Town, top: WorldItem, length: int) -> list[WorldItem]:
    """Let people answer each other, each one below the last, without a notification."""
    posts = []
    for n in range(length):
        top = town.reply(top, f"Led {n}", hours_ago=10 - n / 100, notify="no", author=(CITIZEN, NEIGHBOUR)[n % 2])
        posts.append(top)
    return posts


def test_replies_that_no_notification_tells_of_are_found_in_their_threads(town: Town) -> None:
    post = town.post(hours_ago=3)
    silent = town.reply(post, hours_ago=2, notify="no")

    assert silent.id in ids_of(town.fetch())


def test_quotes_that_no_notification_tells_of_are_found_in_their_list(town: Town) -> None:
    silent = town.quote(town.post(hours_ago=3), notify="no")

    assert silent.id in ids_of(town.fetch())


def test_mentions_that_no_notification_tells_of_are_found_by_the_sweeps_search(town: Town) -> None:
    town.fetch()
    silent = town.mention(notify="no")
    at_once = town.fetch()
    town.clock.advance(timedelta(hours=21))
    next_day = town.fetch()

    assert silent.id not in ids_of(at_once)
    assert silent.id in ids_of(next_day)


def test_what_a_search_finds_and_names_nobody_of_ours_is_left_out(town: Town) -> None:
    named = town.mention(notify="no")
    stranger = town.mention(notify="no", mention="no")

    assert ids_of(town.fetch()) == {named.id}
    assert stranger.id not in ids_of(town.fetch())


def test_a_server_without_search_is_read_by_what_it_has(busy: Town) -> None:
    def no_search(call: str, body: Any) -> Any:
        if call == "searchPosts":
            return JSONResponse({"error": "MethodNotImplemented", "message": ""}, 501)
        return body

    busy.alters(no_search)

    assert busy.fetch().coverage is Coverage.COMPLETE


def test_a_deep_thread_is_read_to_its_end(town: Town) -> None:
    posts = chain(town, town.post(hours_ago=20), 120)

    result = town.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert {p.id for p in posts} <= ids_of(result)
    assert [i.parent_id for i in result.items if "Led 119" in i.text] == [posts[-2].id]


def test_branches_that_an_answer_leaves_out_are_asked_for(town: Town) -> None:
    post = town.post(hours_ago=20)
    posts = [p for _ in range(3) for p in chain(town, town.reply(post, hours_ago=15), 3)]

    def cut(call: str, body: Any) -> Any:
        if call == "getPostThread":
            for reply in body["thread"].get("replies", []):
                reply.pop("replies", None)
        return body

    town.alters(cut)

    assert {p.id for p in posts} <= ids_of(town.fetch())


def test_replies_below_an_own_answer_in_somebody_elses_thread_are_found(town: Town) -> None:
    asked = town.mention(hours_ago=30)
    answer = town.reply(asked, "Imorgon", hours_ago=29, own=True)
    again = town.reply(answer, "Vilken tid?", hours_ago=28, notify="no")
    below = town.reply(again, "Det undrar jag med", hours_ago=27, notify="no", author=NEIGHBOUR)

    result = town.fetch()

    assert {again.id, below.id} <= ids_of(result)
    assert {i.thread_id for i in result.items} == {asked.id}
    assert {i.kind for i in result.items} == {ItemKind.MENTION, ItemKind.COMMENT}


def test_what_stands_below_a_deleted_reply_is_still_found_by_the_own_answer_there(town: Town) -> None:
    post = town.post(hours_ago=30)
    asked = town.reply(post, hours_ago=29)
    answer = town.reply(asked, "Kl 10", hours_ago=28, own=True)
    again = town.reply(answer, "Även söndagar?", hours_ago=27, notify="no")
    town.deletes(asked)

    result = town.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert asked.id not in ids_of(result)
    assert by_text(result, "söndagar").external_id == again.id


def test_a_branch_that_a_deletion_cut_off_is_found_by_the_notification_that_points_into_it(town: Town) -> None:
    post = town.post(hours_ago=30)
    asked = town.reply(post, hours_ago=29)
    heard = town.reply(asked, "Undrar jag också", hours_ago=28, author=NEIGHBOUR)
    below = town.reply(heard, "Och jag", hours_ago=27, notify="no")
    town.deletes(asked)

    assert ids_of(town.fetch()) == {post.id, heard.id, below.id}


def test_a_new_reply_under_a_post_older_than_the_look_back_brings_its_whole_thread(town: Town) -> None:
    old = town.post(hours_ago=24 * 60)
    for n in range(120):
        town.post(f"Senare inlägg {n}", hours_ago=24 * 59 - n)
    silent = town.reply(old, "Samma fråga", hours_ago=5, notify="no", author=NEIGHBOUR)
    heard = town.reply(old, hours_ago=4)

    assert {heard.id, silent.id} <= ids_of(town.fetch())


def test_a_backlog_longer_than_the_look_back_is_read_in_full(town: Town) -> None:
    town.post(hours_ago=1)
    town.fetch()
    mentions = [town.mention(hours_ago=-1 - n) for n in range(0, 24 * 40, 24)]
    post = town.post(hours_ago=-2)
    reply = town.reply(post, hours_ago=-3)
    town.clock.advance(timedelta(days=41))

    result = town.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert {*(m.id for m in mentions), post.id, reply.id} <= ids_of(result)


def test_every_page_of_every_list_is_read(town: Town) -> None:
    town.settings = {"page_size": 3}
    posts = [town.post(f"Inlägg {n}", hours_ago=50 - n) for n in range(10)]
    for n in range(10):
        town.mention(hours_ago=20 - n)
        town.quote(posts[0], hours_ago=10 - n / 2)

    result = town.fetch()

    assert (result.coverage, len(result.items)) == (Coverage.COMPLETE, 30)


def test_a_reply_that_the_account_hides_is_hidden_wherever_it_was_found(town: Town) -> None:
    post = town.post(hours_ago=5)
    item = town.reply(post, "Köp billigt", hours_ago=4)
    town.world.hide(item)

    assert by_text(town.fetch(), "billigt").visibility is Visibility.HIDDEN


def test_a_moderators_label_hides_a_post(town: Town) -> None:
    town.reply(town.post(hours_ago=5), "Hemskt", hours_ago=4, label="!hide")

    assert by_text(town.fetch(), "Hemskt").visibility is Visibility.HIDDEN


def test_a_blocked_reply_makes_the_fetch_partial(town: Town) -> None:
    town.reply(town.post(hours_ago=5), hours_ago=4, blocked="yes")

    result = town.fetch()

    assert result.coverage is Coverage.PARTIAL
    assert [(t.reason, t.stream) for t in result.troubles] == [(Reason.PERMISSION, "threads")]


def test_a_few_replies_that_are_counted_and_not_shown_are_nothing_to_worry_a_person_with(town: Town) -> None:
    post = town.post(hours_ago=5)
    town.reply(post, hours_ago=4)
    for n in range(9):
        town.reply(post, f"Borttaget {n}", hours_ago=3, lost_block="yes")

    assert town.fetch().coverage is Coverage.COMPLETE


def test_many_replies_that_are_counted_and_not_shown_are_an_answer_that_held_something_back(town: Town) -> None:
    post = town.post(hours_ago=5)
    town.reply(post, hours_ago=4)
    for n in range(10):
        town.reply(post, f"Borttaget {n}", hours_ago=3, lost_block="yes")

    result = town.fetch()

    assert [(t.stream, t.reason) for t in result.troubles] == [("threads", Reason.SUSPICIOUS_EMPTY)]


@pytest.mark.parametrize("when", ["posted", "backdated"])
def test_a_reply_with_a_wrong_clock_is_found_and_timed_by_its_arrival(town: Town, when: str) -> None:
    made = {"posted": "2031-01-01T00:00:00.000Z", "backdated": "2020-01-01T00:00:00.000Z"}[when]
    post = town.post(hours_ago=5)
    town.fetch()
    town.clock.advance(timedelta(hours=3))
    item = town.reply(post, "Fel klocka", hours_ago=1, created_at=made)

    assert by_text(town.fetch(), "klocka").published_at == item.published_at


def test_a_backdated_mention_is_not_missed_on_an_older_page(town: Town) -> None:
    town.settings = {"page_size": 5}
    for n in range(8):
        town.mention(f"@exempelkommun.example nummer {n}", hours_ago=100 + n)
    town.fetch()
    town.clock.advance(timedelta(hours=5))
    late = town.mention("@exempelkommun.example i efterskott", hours_ago=1, created_at="2026-11-18T20:00:00.000Z")

    assert late.id in ids_of(town.fetch())


def test_reposts_and_likes_say_nothing_of_their_own(busy: Town) -> None:
    def more(call: str, body: Any) -> Any:
        if call == "getAuthorFeed" and body["feed"]:
            theirs = {**body["feed"][0]["post"], "uri": f"at://{CITIZEN}/app.bsky.feed.post/3repost"}
            reason = {
                "$type": "app.bsky.feed.defs#reasonRepost",
                "by": {"did": ME},
                "indexedAt": "2026-11-20T07:00:00Z",
            }
            body["feed"].insert(0, {"post": theirs, "reason": reason})
        if call == "listNotifications":
            like = {"uri": f"at://{CITIZEN}/app.bsky.feed.like/3like", "reason": "like", "record": {}}
            body["notifications"].insert(0, like)
        return body

    busy.alters(more)
    result = busy.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert ids_of(result) == {i.id for i in busy.world.all_items()}


# ---- what is asked for -----------------------------------------------------------------------------------------


def test_a_quiet_account_costs_two_calls(town: Town) -> None:
    for n in range(20):
        town.post(f"Inlägg {n}", hours_ago=20 + n)
    town.fetch()
    town.clock.advance(timedelta(minutes=30))

    result = town.fetch()

    assert (result.coverage, result.calls) == (Coverage.COMPLETE, 2)


def test_threads_of_posts_older_than_the_look_back_are_left_alone(town: Town) -> None:
    for n in range(5):
        town.reply(town.post(f"Inlägg {n}", hours_ago=24 * 60 + n), hours_ago=24 * 50)
    town.fetch()
    town.clock.advance(timedelta(hours=3))

    assert town.fetch().calls == 3  # renewing the session, own posts, notifications


def test_what_is_counted_as_silent_is_swept_once_a_day(town: Town) -> None:
    post = town.post(hours_ago=5)

    def uncounted(call: str, body: Any) -> Any:
        for row in body.get("feed", []):
            row["post"]["replyCount"] = row["post"]["quoteCount"] = 0
        return body

    town.alters(uncounted)
    town.fetch()
    reply, quote = town.reply(post, notify="no"), town.quote(post, notify="no")
    at_once = town.fetch()
    town.clock.advance(timedelta(hours=21))
    next_day = town.fetch()

    assert ids_of(at_once) == {post.id}
    assert ids_of(next_day) == {post.id, reply.id, quote.id}


def test_a_sweep_that_found_trouble_is_done_again(town: Town) -> None:
    town.reply(town.post(hours_ago=5), hours_ago=4, blocked="yes")

    assert "sweep" not in town.fetch().cursors


def test_nothing_is_marked_as_seen_and_nothing_written(busy: Town) -> None:
    busy.fetch()
    busy.recheck(*busy.fetch().items)

    assert {e.method for e in busy.exchanges if "Session" not in e.path} == {"GET"}


# ---- lists that do not tell the truth --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "rows", "stream"),
    [
        ("getAuthorFeed", "feed", "own"),
        ("listNotifications", "notifications", "notifications"),
        ("getQuotes", "posts", "quotes"),
    ],
)
@pytest.mark.parametrize("cursor", ["MDo6c2FtZQ", 7, {}])  # the first is the sandbox's own, for the first page
def test_a_list_that_does_not_say_where_it_ends_is_not_complete(
    busy: Town, call: str, rows: str, stream: str, cursor: object
) -> None:
    busy.alters(lambda name, body: {**body, "cursor": cursor} if name == call else body)

    result = busy.fetch()

    assert [t.stream for t in result.troubles] == [stream]
    assert result.troubles[0].reason in (Reason.INCOMPLETE, Reason.MALFORMED)


@pytest.mark.parametrize("call", ["getAuthorFeed", "listNotifications", "getQuotes", "getPostThread"])
def test_an_answer_without_its_list_is_no_empty_list(busy: Town, call: str) -> None:
    busy.alters(lambda name, body: {} if name == call else body)

    assert busy.fetch().coverage is not Coverage.COMPLETE


@pytest.mark.parametrize(
    ("call", "rows"), [("getAuthorFeed", "feed"), ("listNotifications", "notifications"), ("getQuotes", "posts")]
)
def test_a_list_without_the_post_that_was_newest_is_not_believed(busy: Town, call: str, rows: str) -> None:
    busy.fetch()
    busy.alters(lambda name, body: {**body, rows: [], "cursor": None} if name == call else body)

    result = busy.fetch()

    assert Reason.SUSPICIOUS_EMPTY in {t.reason for t in result.troubles}


def test_a_list_without_the_newest_post_is_believed_when_that_was_deleted(busy: Town) -> None:
    busy.fetch()
    for item in busy.world.all_items():
        busy.deletes(item)

    assert busy.fetch().coverage is Coverage.COMPLETE


def test_a_list_without_the_newest_mention_is_believed_when_its_author_was_muted(town: Town) -> None:
    town.mention()
    town.fetch()

    def muted(call: str, body: Any) -> Any:
        if call == "listNotifications":
            return {**body, "notifications": []}
        if call == "getPostThread":
            body["thread"]["post"]["author"]["viewer"]["muted"] = True
        return body

    town.alters(muted)

    assert town.fetch().coverage is Coverage.COMPLETE


def test_one_thread_that_cannot_be_read_leaves_the_others(town: Town) -> None:
    first, second = town.post("Ett", hours_ago=9), town.post("Två", hours_ago=8)
    town.reply(first, "Fråga ett?", notify="no")
    town.reply(second, "Fråga två?", notify="no")

    def broken(call: str, body: Any) -> Any:
        if call == "getPostThread" and body["thread"]["post"]["uri"] == second.id:
            return JSONResponse({"error": "InternalServerError", "message": ""}, 500)
        return body

    town.alters(broken)
    result = town.fetch()

    assert [(t.stream, t.reason) for t in result.troubles] == [("threads", Reason.OUTAGE)]
    assert "Fråga ett?" in {i.text for i in result.items}


def test_a_post_that_is_unreadable_in_one_list_and_readable_in_another_is_not_lost(town: Town) -> None:
    reply = town.reply(town.post(hours_ago=5))

    def spoilt(call: str, body: Any) -> Any:
        for row in body.get("notifications", []):
            row["record"] = None
        return body

    town.alters(spoilt)
    result = town.fetch()

    assert (result.coverage, result.malformed) == (Coverage.COMPLETE, 0)
    assert reply.id in ids_of(result)


def test_cursors_of_streams_that_failed_stay_where_they_were(busy: Town) -> None:
    busy.fetch()
    before = dict(busy.cursors)
    busy.alters(lambda name, body: {} if name == "listNotifications" else body)
    busy.clock.advance(timedelta(hours=1))
    busy.fetch()

    assert busy.cursors["notifications"] == before["notifications"]
    assert busy.cursors["own"] != before["own"]
