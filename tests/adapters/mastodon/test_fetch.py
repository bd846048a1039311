"""What a fetch brings, over real HTTP against the sandbox's instance; and that nothing is lost, whatever breaks."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.adapters.mastodon.town import ME, TOKEN, Stage, Town, account, by_id, world_account

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon.http import Road
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.world import Token, TokenKind


@pytest.fixture
def busy(town: Town) -> Town:
    """The town after a few days of everything."""
    post = town.post(ago=50)
    question = town.reply(post, "Hur länge är det öppet?", ago=49)
    town.reply(question, "Till 18", ago=48, own=True)
    town.reply(question, "Det undrar jag med", ago=47, name="robin", mention="no")
    town.mention(ago=30)
    town.quote(post, ago=29)
    asked = town.message(ago=10)
    town.message("I receptionen", ago=9, own=True, to=asked)
    return town


def test_everything_there_is_comes_in_its_kind(busy: Town) -> None:
    result = busy.fetch()

    assert (result.coverage, result.troubles) == (Coverage.COMPLETE, ())
    assert sorted((i.kind.value, i.by_account) for i in result.items) == [
        ("comment", False),
        ("comment", False),
        ("comment", True),
        ("mention", False),
        ("message", False),
        ("message", True),
        ("post", True),
        ("quote", False),
    ]


def test_a_conversation_is_one_thread_from_its_first_post_on(busy: Town) -> None:
    items = busy.fetch().items
    post = next(i for i in items if i.kind is ItemKind.POST)
    comments = [i for i in items if i.kind is ItemKind.COMMENT]

    assert {i.thread_id for i in comments} == {i.root_id for i in comments} == {post.external_id}
    assert [i.parent_id for i in comments] == [post.external_id, *[comments[0].external_id] * 2]


def test_an_answer_to_a_mention_elsewhere_shares_its_thread(town: Town) -> None:
    asked = town.mention(ago=5)
    answer = town.reply(asked, "I kväll", ago=4, own=True)
    more = town.reply(answer, "Tack, och Storgatan?", ago=3, mention="no")

    items = by_id(town.fetch())

    assert {items[i.id].thread_id for i in (asked, answer, more)} == {asked.id}
    assert [items[i.id].kind for i in (asked, answer, more)] == [ItemKind.MENTION, ItemKind.COMMENT, ItemKind.COMMENT]
    assert items[answer.id].root_id is None


def test_a_private_message_never_shares_a_thread_with_the_public_post_it_was_sent_under(town: Town) -> None:
    post = town.post(ago=5)
    private = town.message("Mitt nummer är hemligt", ago=4, to=post)
    answer = town.message("Tack", ago=3, own=True, to=private)

    items = by_id(town.fetch())

    assert items[private.id].thread_id == items[answer.id].thread_id == private.id
    assert {items[i.id].visibility for i in (private, answer)} == {Visibility.PRIVATE}
    assert {items[i.id].kind for i in (private, answer)} == {ItemKind.MESSAGE}


def test_what_only_followers_may_see_is_not_public(town: Town) -> None:
    unlisted, private = town.mention(visibility="unlisted"), town.mention(visibility="private")

    items = by_id(town.fetch())

    assert items[unlisted.id].visibility is Visibility.PUBLIC
    assert items[private.id].visibility is Visibility.PRIVATE


def test_filtered_notifications_are_read(town: Town) -> None:
    filtered = town.mention(notification="filtered")

    assert filtered.id in by_id(town.fetch())


@pytest.mark.parametrize("name", ["no", "yes"])
def test_a_reply_comes_although_its_notification_was_dismissed(town: Town, name: str) -> None:
    post = town.post(ago=30)
    town.fetch()
    town.later()
    reply = town.reply(post, ago=1, notification="none", mention=name)
    deep = town.reply(reply, ago=1, name="robin", notification="none", mention="no")

    assert {reply.id, deep.id} <= set(by_id(town.fetch()))


def test_a_message_comes_although_its_notification_was_dismissed(town: Town) -> None:
    town.fetch()
    town.later()
    message = town.message(ago=1, notification="none")

    assert message.id in by_id(town.fetch())


def test_a_whole_private_conversation_is_read_not_only_its_last_message(town: Town) -> None:
    first = town.message("Ett", ago=9, notification="none")
    second = town.message("Två", ago=8, to=first, notification="none")
    beside = town.message("Vid sidan av", ago=7, to=first, notification="none")
    last = town.message("Fyra", ago=6, to=second, notification="none")

    items = by_id(town.fetch())

    assert {i.id for i in (first, second, beside, last)} <= set(items)
    assert {items[i.id].thread_id for i in (second, beside, last)} == {first.id}


def test_a_message_that_arrives_late_is_read_although_a_newer_one_was_before(town: Town) -> None:
    town.message("Ny", ago=1, thread="robin")
    late = town.message("Skickad i går", ago=20, notification="none", arrived_at=_in(town, hours=2))
    town.fetch()
    town.later()

    assert late.id in by_id(town.fetch())


def test_a_mention_that_arrives_late_is_read_by_its_notification(town: Town) -> None:
    town.mention("Ny", ago=1)
    late = town.mention("Skriven i förrgår", ago=40, arrived_at=_in(town, hours=2))
    town.fetch()
    town.later()

    assert late.id in by_id(town.fetch())


def test_nothing_is_missed_or_doubled_over_many_fetches(town: Town) -> None:
    post, found = town.post(ago=30), set()
    for n in range(8):
        last = town.reply(post, f"Fråga {n}", ago=2)
        town.reply(last, ago=1, name="robin", mention="no")
        town.mention(ago=1)
        town.message(ago=1, thread=f"t{n}")
        result = town.fetch()
        found |= set(by_id(result))
        town.later(7)

        assert result.coverage is Coverage.COMPLETE
        assert len(by_id(result)) == len(result.items)

    assert found == {i.id for i in town.world.all_items()}


def test_a_backlog_of_many_pages_is_read_without_a_gap(town: Town) -> None:
    town.settings = {"page_size": 7}
    town.mention(ago=50)
    town.fetch()
    town.later(24 * 40)
    for n in range(60):
        town.mention(f"Fråga {n}", ago=60 - n)
        town.message(ago=90 - n, thread=f"t{n}", notification="none")

    result = town.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert len(by_id(result)) == 120


def test_the_first_fetch_ends_at_the_look_back(town: Town) -> None:
    town.settings = {"page_size": 5}
    for n in range(40):
        town.mention(ago=24 * (n + 1))

    result = town.fetch()

    assert 30 <= len(result.items) < 40
    assert town.asked_for("/notifications") < 40 // 5 + 1


def test_cursors_that_go_back_to_nothing_lose_nothing(busy: Town) -> None:
    first = busy.fetch()
    busy.cursors.clear()

    assert by_id(busy.fetch()) == by_id(first)


# ---- economy -------------------------------------------------------------------------------------------------------


def test_a_quiet_account_costs_five_calls(town: Town) -> None:
    for n in range(20):
        town.reply(town.post(ago=24 * 5 + n), ago=24 * 5)
    town.mention(ago=24 * 5)
    town.fetch()
    town.later(4)

    assert town.fetch().calls == 5


def test_ten_new_comments_cost_one_call_more_for_each_thread_that_moved(town: Town) -> None:
    posts = [town.post(ago=24 * 6 + n) for n in range(20)]
    town.mention(ago=24 * 6)
    town.fetch()
    town.later(4)
    for n in range(10):
        town.reply(posts[n % 2], ago=1, name=f"namn{n}")
    result = town.fetch()

    assert len([i for i in result.items if i.kind is ItemKind.COMMENT]) == 10
    assert (result.calls, town.asked_for("/context")) == (5 + 2, 2)


def test_every_thread_is_read_again_after_a_day_whatever_the_counts_say(town: Town) -> None:
    post = town.post(ago=24 * 6)
    town.reply(post, ago=24 * 5)
    town.fetch()
    town.later(2)
    hidden = town.reply(post, ago=1, visibility="private", mention="no", notification="none")
    soon = by_id(town.fetch())
    town.later(24)
    swept = by_id(town.fetch())

    assert hidden.id not in soon
    assert hidden.id in swept


def test_a_lively_thread_is_read_every_time(town: Town) -> None:
    post = town.post(ago=24 * 6)
    question = town.reply(post, ago=5)
    town.fetch()
    town.later(2)
    nested = town.reply(question, ago=1, name="robin", mention="no")  # the post's own counter does not move

    assert nested.id in by_id(town.fetch())


def test_the_thread_of_an_own_answer_is_asked_for_once(town: Town) -> None:
    asked = town.mention(ago=24 * 6)
    town.reply(asked, "I kväll", ago=24 * 5, own=True)
    nested = town.message(ago=24 * 6)
    town.message("Ja", ago=24 * 5, own=True, to=nested)
    town.fetch()
    town.later(2)
    town.fetch()

    assert town.asked_for("/context") == 0


# ---- edits and deletions -------------------------------------------------------------------------------------------


def test_an_edit_is_seen_when_the_thread_is_read_and_when_the_item_is_rechecked(busy: Town) -> None:
    question = next(i for i in busy.fetch().items if "Hur länge" in i.text)
    busy.later(1)
    known = busy.world.find(question.external_id)
    assert known is not None
    busy.world.edit(known, "Hur länge är det öppet i jul?")
    (answer,) = busy.recheck(question)
    fetched = by_id(busy.fetch())[question.external_id]

    assert answer.item is not None
    assert answer.item.text == fetched.text == "Hur länge är det öppet i jul?"
    assert answer.item.edited_at == fetched.edited_at == busy.clock()
    assert fetched.published_at == question.published_at


def test_a_deleted_status_is_called_deleted_and_the_others_are_not(busy: Town) -> None:
    items = busy.fetch().items
    gone = next(i for i in items if i.kind is ItemKind.MENTION)
    known = busy.world.find(gone.external_id)
    assert known is not None
    busy.world.delete(known)

    answers = {a.external_id: a.visibility for a in busy.recheck(*items)}

    assert [i for i, v in answers.items() if v is Visibility.DELETED] == [gone.external_id]
    assert len(answers) == len(items)


def test_rechecking_costs_a_call_for_twenty_items(town: Town) -> None:
    for _ in range(45):
        town.mention(ago=3)
    items = town.fetch().items
    town.exchanges.clear()

    assert {a.visibility for a in town.recheck(*items)} == {Visibility.PUBLIC}
    assert len(town.exchanges) == 1 + 3


def test_an_answer_stays_an_answer_when_its_question_is_deleted(town: Town) -> None:
    asked = town.mention(ago=5)
    answer = town.reply(asked, "I kväll", ago=4, own=True)
    town.world.delete(asked, cascade=False)

    item = by_id(town.fetch())[answer.id]

    assert item.kind is ItemKind.COMMENT
    assert item.parent_id is None


def test_a_mention_below_a_deleted_status_has_a_thread_all_the_same(town: Town) -> None:
    somebody = town.mention("Nånting", ago=9)
    reply = town.reply(somebody, "@exempelkommun ser ni?", ago=8)
    town.world.delete(somebody, cascade=False)

    assert by_id(town.fetch())[reply.id].thread_id == reply.id


# ---- trouble -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reason", "needs_person"),
    [
        (FaultKind.OUTAGE, Reason.OUTAGE, False),
        (FaultKind.HTML_502, Reason.OUTAGE, False),
        (FaultKind.TRUNCATED_JSON, Reason.OUTAGE, False),
        (FaultKind.EMPTY_200, Reason.OUTAGE, False),
        (FaultKind.EXPIRED_TOKEN, Reason.UNAUTHORISED, True),
        (FaultKind.REVOKED_TOKEN, Reason.UNAUTHORISED, True),
        (FaultKind.MISSING_PERMISSION, Reason.PERMISSION, True),
        (FaultKind.RATE_LIMIT, Reason.RATE_LIMITED, False),
    ],
)
def test_a_fault_of_the_instance_fails_the_account_with_its_reason(
    busy: Town, kind: FaultKind, reason: Reason, needs_person: bool
) -> None:
    busy.break_down(kind)

    result = busy.fetch()

    assert result.coverage is Coverage.FAILED
    assert [(t.reason, t.needs_person) for t in result.troubles] == [(reason, needs_person)]
    assert result.cursors == {}


@pytest.mark.parametrize("kind", [FaultKind.MISSING_PERMISSION, FaultKind.OUTAGE, FaultKind.TRUNCATED_JSON])
@pytest.mark.parametrize(
    ("path", "stream", "lost"),
    [
        ("notifications", "notifications", 1),
        ("conversations", "messages", 0),
        ("context", "threads", 1),
        ("quotes", "quotes", 0),
    ],
)
def test_a_fault_of_one_call_leaves_the_rest_and_nothing_is_lost_when_it_is_over(
    busy: Town, kind: FaultKind, path: str, stream: str, lost: int
) -> None:
    busy.break_down(kind, path)
    broken = busy.fetch()
    busy.faults.clear()
    mended = busy.fetch()

    assert broken.coverage is Coverage.PARTIAL
    assert stream in {t.stream for t in broken.troubles}
    assert len(broken.items) >= 8 - 3
    assert mended.coverage is Coverage.COMPLETE
    assert {i.external_id for i in (*broken.items, *mended.items)} == {i.id for i in busy.world.all_items()}
    assert len(broken.items) <= 8 - lost


def test_where_an_item_stands_is_asked_again_until_somebody_tells(town: Town) -> None:
    first = town.mention("Nån som vet?", ago=9, mention="no", notification="none")
    asked = town.reply(first, "@exempelkommun vet ni?", ago=8)
    town.break_down(FaultKind.OUTAGE, "context")
    broken = by_id(town.fetch())
    town.faults.clear()
    town.later(1)
    mended = by_id(town.fetch())
    town.later(1)
    after = town.fetch()

    assert broken[asked.id].text == mended[asked.id].text
    assert mended[asked.id].thread_id == first.id
    assert asked.id not in by_id(after)


def test_a_rate_limit_in_the_middle_keeps_what_was_read_and_goes_on_from_there(town: Town) -> None:
    posts = [town.post(ago=48 + n) for n in range(9)]
    for post in posts:
        town.reply(post, ago=40, notification="none", mention="no")
    town.break_down(FaultKind.RATE_LIMIT, f"{posts[4].id}/context")
    broken = town.fetch()
    read = town.asked_for("/context")
    town.faults.clear()
    mended = town.fetch()

    assert [t.reason for t in broken.troubles] == [Reason.RATE_LIMITED]
    assert broken.troubles[0].retry_after == timedelta(minutes=5)
    assert 0 < read < 9
    assert {i.external_id for i in (*broken.items, *mended.items)} == {i.id for i in town.world.all_items()}
    assert mended.coverage is Coverage.COMPLETE


def test_the_limit_of_the_instance_itself_is_met_and_waited_for(town: Town) -> None:
    for n in range(320):
        town.reply(town.post(ago=48 + n), ago=40, notification="none", mention="no")
    first = town.fetch()
    town.later(1)
    second = town.fetch()

    assert (first.coverage, first.troubles[0].reason) == (Coverage.PARTIAL, Reason.RATE_LIMITED)
    assert first.troubles[0].retry_after is not None
    assert first.troubles[0].retry_after <= timedelta(minutes=5)
    assert {i.external_id for i in (*first.items, *second.items)} == {i.id for i in town.world.all_items()}


def test_one_thread_that_cannot_be_read_does_not_keep_the_others_back(town: Town) -> None:
    posts = [town.post(ago=48 + n) for n in range(3)]
    replies = [town.reply(post, ago=40, notification="none", mention="no") for post in posts]
    town.break_down(FaultKind.OUTAGE, f"{posts[2].id}/context")

    result = town.fetch()

    assert {r.id for r in replies[:2]} <= set(by_id(result))
    assert [(t.stream, t.reason) for t in result.troubles] == [("threads", Reason.OUTAGE)]


@pytest.mark.parametrize("path", ["notifications", "accounts", "conversations", "context"])
def test_lists_that_go_empty_are_not_quiet_and_recover(busy: Town, path: str) -> None:
    busy.fetch()
    busy.later()
    busy.break_down(FaultKind.EMPTY_LIST, path)
    broken = busy.fetch()
    busy.faults.clear()
    mended = busy.fetch()

    assert broken.coverage is Coverage.PARTIAL
    assert {t.reason for t in broken.troubles} == {Reason.SUSPICIOUS_EMPTY}
    assert mended.coverage is Coverage.COMPLETE


def test_an_account_that_counts_statuses_and_shows_none_is_not_quiet(busy: Town) -> None:
    busy.break_down(FaultKind.EMPTY_LIST, "accounts")

    result = busy.fetch()

    assert [(t.stream, t.reason) for t in result.troubles] == [("own", Reason.SUSPICIOUS_EMPTY)]


@pytest.mark.parametrize("path", ["context", "conversations"])
def test_what_stays_empty_for_a_day_is_believed(town: Town, path: str) -> None:
    town.reply(town.post(ago=24 * 5), ago=24 * 5)
    town.message(ago=24 * 5)
    town.fetch()
    town.break_down(FaultKind.EMPTY_LIST, path)
    coverages = []
    for _ in range(4):
        town.later(21)
        coverages.append(town.fetch().coverage)

    assert coverages == [Coverage.PARTIAL, Coverage.PARTIAL, Coverage.COMPLETE, Coverage.COMPLETE]


def test_a_deleted_newest_mention_is_no_reason_for_doubt(town: Town) -> None:
    town.mention(ago=20)
    newest = town.mention(ago=10)
    town.fetch()
    town.later()
    town.world.delete(newest)

    assert [town.fetch().coverage, town.fetch().coverage] == [Coverage.COMPLETE] * 2


def test_one_dismissed_notification_is_no_reason_for_doubt(town: Town) -> None:
    town.mention(ago=20)
    newest = town.mention(ago=10)
    town.fetch()
    town.later()
    town.world._put(replace(newest, extra={"notification": "none"}))

    assert town.fetch().coverage is Coverage.COMPLETE


def test_cleared_notifications_are_said_once_and_every_thread_is_read(town: Town) -> None:
    post = town.post(ago=24 * 9)
    town.mention(ago=20)
    town.fetch()
    town.later()
    for item in town.world.all_items():
        town.world._put(replace(item, extra={"notification": "none"}))
    hidden = town.reply(post, ago=1, visibility="private", notification="none")
    result = town.fetch()
    fresh = town.mention(ago=0.5)
    again = town.fetch()

    assert [(t.stream, t.reason) for t in result.troubles] == [("notifications", Reason.INCOMPLETE)]
    assert hidden.id in by_id(result)
    assert again.coverage is Coverage.COMPLETE
    assert fresh.id in by_id(again)


@pytest.mark.parametrize("path", ["notifications", "statuses", "conversations", "context"])
def test_a_malformed_item_is_counted_and_comes_when_it_is_mended(town: Town, path: str) -> None:
    """Each of these is seen by one call alone."""
    post = town.post(ago=50)
    town.reply(post, ago=49, mention="no")
    town.mention(ago=30)
    town.message(ago=10, notification="none")
    town.break_down(FaultKind.MALFORMED_ITEM, path)
    broken = town.fetch()
    town.faults.clear()
    town.later(1)
    mended = town.fetch()

    assert broken.coverage is Coverage.PARTIAL
    assert broken.malformed >= 1
    assert Reason.MALFORMED in {t.reason for t in broken.troubles}
    assert mended.coverage is Coverage.COMPLETE
    assert {i.external_id for i in (*broken.items, *mended.items)} == {i.id for i in town.world.all_items()}


@pytest.mark.parametrize("path", ["notifications", "context"])
def test_an_item_that_one_call_spoils_and_another_gives_whole_is_no_trouble(town: Town, path: str) -> None:
    reply = town.reply(town.post(ago=50), ago=49)
    town.break_down(FaultKind.MALFORMED_ITEM, path)

    result = town.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert by_id(result)[reply.id].text == "När då?"


def test_a_token_of_another_account_is_refused(busy: Town) -> None:
    busy.change_account(native_id="999")

    result = busy.fetch()

    assert (result.coverage, result.items) == (Coverage.FAILED, ())
    assert [(t.reason, t.needs_person) for t in result.troubles] == [(Reason.UNAUTHORISED, True)]


def test_a_missing_scope_fails_its_streams_alone(busy: Town) -> None:
    keys = frozenset({world_account().key})
    scopes = frozenset({"profile", "read:statuses"})
    busy.change_account(tokens=(Token(value=TOKEN, kind=TokenKind.USER, accounts=keys, scopes=scopes),))

    result = busy.fetch()

    assert result.coverage is Coverage.PARTIAL
    assert [(t.stream, t.reason, t.needs_person) for t in result.troubles] == [
        ("notifications", Reason.PERMISSION, True)
    ]


def test_a_trouble_of_one_account_leaves_the_other_one_of_the_call(busy: Town) -> None:
    accounts = [account(key="lost", credential="lost"), account()]

    lost, fetched = busy.adapter.fetch(accounts, {})

    assert (lost.account, lost.coverage, lost.troubles[0].reason) == ("lost", Coverage.FAILED, Reason.NO_CREDENTIAL)
    assert fetched.coverage is Coverage.COMPLETE


# ---- size ----------------------------------------------------------------------------------------------------------


def _grow(town: Town, threads: int, replies: int) -> None:
    for t in range(threads):
        above = town.post(ago=200 + t)
        for n in range(replies):
            hours = 190 - n * 180 / replies + t / 1000
            reply = town.reply(above, f"Svar {n}", ago=hours, name=f"n{n % 40}", mention="no" if n % 3 else "yes")
            above = reply if n % 4 else above


def test_a_long_conversation_of_many_levels_is_read_whole(town: Town) -> None:
    _grow(town, threads=3, replies=120)

    result = town.fetch()

    assert {i.external_id for i in result.items} == {i.id for i in town.world.all_items()}
    assert {len({i.thread_id for i in result.items}), len({i.root_id for i in result.items if i.root_id})} == {3}


def test_a_conversation_longer_than_a_context_is_read_on_and_what_stays_hidden_is_said(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchdaemon.sandbox.mastodon.answers.CONTEXT_LIMIT", 30)
    monkeypatch.setattr("watchdaemon_adapters.mastodon.threads.CONTEXT_LIMIT", 30)
    post = town.post(ago=90)
    above = post
    for n in range(80):
        above = town.reply(above, f"Svar {n}", ago=80 - n / 2, mention="no")
    deep = town.fetch()
    for n in range(40):
        town.reply(post, f"Bredvid {n}", ago=1, mention="no")
    wide = town.fetch()

    assert deep.coverage is Coverage.COMPLETE
    assert len(deep.items) == 81
    assert [(t.stream, t.reason) for t in wide.troubles] == [("threads", Reason.INCOMPLETE)]


@pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.RATE_LIMIT, FaultKind.TRUNCATED_JSON])
def test_whatever_breaks_in_turn_everything_is_stored_in_the_end(town: Town, kind: FaultKind) -> None:
    """Each fetch meets the fault at another call; cursors are kept, as after a crash between two fetches."""
    _grow(town, threads=4, replies=12)
    for n in range(6):
        town.message(ago=50 + n, thread=f"t{n}", notification="none")
        town.mention(ago=30 + n)
    stored: set[str] = set()
    for path in ("notifications", "conversations", "context", "quotes", "statuses", "nothing"):
        town.faults.clear()
        town.break_down(kind, path)
        stored |= set(by_id(town.fetch()))
        town.later(5)

    assert stored == {i.id for i in town.world.all_items()}


def test_whatever_is_broken_off_is_gone_on_with_from_there(stage: Stage, town: Town) -> None:
    """Every third request fails, each time in another way; cursors are all that is kept between fetches."""
    _grow(town, threads=8, replies=40)
    for n in range(60):
        town.message(ago=50 + n, thread=f"t{n}", notification="none")
        town.mention(ago=30 + n)
    town.settings = {"page_size": 10}
    calls = itertools.count()
    inner = stage.app

    async def every_third(request: Request, path: str) -> Response:
        n = next(calls)
        if n % 3 != 2:
            answer: Response = await inner(request, path)
            return answer
        limit = {"x-ratelimit-reset": (town.clock() + timedelta(minutes=4)).isoformat()}
        return [
            Response("Service Unavailable", 503),
            Response('[{"id": "1', 200, media_type="application/json"),
            Response('{"error": "Too many requests"}', 429, limit, "application/json"),
            Response("<html>502</html>", 502, media_type="text/html"),
            Response("", 200),
        ][n // 3 % 5]

    stage.app = every_third
    town.road = Road(sleep=lambda _: None)
    stored: set[str] = set()
    truth = {i.id for i in town.world.all_items()}
    fetches = 0
    while stored != truth and fetches < 30:
        fetches += 1
        stored |= set(by_id(town.fetch()))
        town.later(1)
    stage.app = inner
    mended = town.fetch()
    town.road.close()

    assert stored == truth
    assert 3 < fetches < 20
    assert mended.coverage is Coverage.COMPLETE


def _in(town: Town, *, hours: float) -> str:
    return (town.clock() + timedelta(hours=hours)).isoformat()


def test_own_words_are_by_the_account_id_and_other_own_ids_count(town: Town) -> None:
    post = town.post()
    reply = town.reply(post)

    items = by_id(town.fetch())

    assert (items[post.id].by_account, items[post.id].author_id) == (True, ME)
    assert (items[reply.id].by_account, items[reply.id].author) == (False, "Kim Exempel")
    assert items[reply.id].extra == {"acct": "kim"}


def test_a_fetch_never_writes_anything(busy: Town) -> None:
    busy.fetch()

    assert {e.method for e in busy.exchanges} == {"GET"}
