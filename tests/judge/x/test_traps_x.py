"""X's traps one by one: lists that lie, lists that break, quotes that would be paid for twice, and odd shapes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.judge.desk import Making, Reply, Watcher, account_of, served
from tests.judge.x.desk_x import ALEX, HANDLE, KIM, ME, TOKEN, DeskX, Post

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import Reason
from watchdaemon_adapters.x import plugin

REFUSED: Reply = (403, {"title": "Forbidden", "type": "about:blank", "status": 403}, {})


@pytest.fixture
def desk() -> Iterator[DeskX]:
    running = DeskX()
    with served(running):
        yield running
    assert running.wrong == []


@pytest.fixture
def watch(desk: DeskX) -> Iterator[Making]:
    made: list[Watcher] = []

    def make(**settings: Any) -> Watcher:
        made.append(Watcher(plugin, desk, account_of("x", ME), {"token": TOKEN}, **settings))
        return made[-1]

    yield make
    for watcher in made:
        watcher.road.close()


def later(desk: DeskX, watcher: Watcher, **length: float) -> FetchResult:
    """Poll again after a while; what is written until then is written by the caller, before."""
    desk.now = watcher.now + timedelta(**length)
    return watcher.poll(**length)


def missed(desk: DeskX, watcher: Watcher) -> set[str]:
    return {p.ids[0] for p in desk.posts} - set(watcher.stored)


def numb(desk: DeskX, watcher: Watcher, **length: float) -> FetchResult:
    """Have every list go empty while somebody writes, and poll."""
    desk.is_numb = True
    desk.now = watcher.now + timedelta(**length)
    desk.write(0.5, f"@{HANDLE} hallå?", names_us=True)
    return watcher.poll(**length)


# ---- lists that lie ----------------------------------------------------------------------------------------------


def check_is_found_out(desk: DeskX, watcher: Watcher, result: FetchResult) -> None:
    assert (result.coverage, [t.reason for t in result.troubles]) == (Coverage.FAILED, [Reason.SUSPICIOUS_EMPTY])
    desk.is_numb = False
    assert later(desk, watcher, hours=1).coverage is Coverage.COMPLETE
    assert missed(desk, watcher) == set()


def test_lists_that_go_empty_on_a_busy_account_are_found_out_at_once(desk: DeskX, watch: Making) -> None:
    for n in range(40):
        desk.write(n + 1, f"@{HANDLE} {n}", names_us=True)
    watcher = watch()
    watcher.poll()

    check_is_found_out(desk, watcher, numb(desk, watcher, hours=8))


def test_lists_that_hide_what_the_account_writes_are_found_out_at_the_next_poll(desk: DeskX, watch: Making) -> None:
    desk.write(30, f"@{HANDLE} hej", names_us=True)
    watcher = watch()
    watcher.poll()
    later(desk, watcher, hours=5)  # quiet in truth: the number of own posts is known now
    desk.now = watcher.now + timedelta(hours=5)
    desk.write(1, "Badhuset stänger", author=ME)

    check_is_found_out(desk, watcher, numb(desk, watcher, hours=5))


def test_lists_that_go_empty_on_a_calm_account_are_found_out_within_a_week(desk: DeskX, watch: Making) -> None:
    desk.write(30, f"@{HANDLE} hej", names_us=True)
    watcher = watch()
    watcher.poll()
    results = [numb(desk, watcher, hours=9) for _ in range(20)]

    assert Coverage.FAILED in {r.coverage for r in results}
    check_is_found_out(desk, watcher, results[-1])


def test_lists_that_are_empty_from_the_first_day_are_not_believed(desk: DeskX, watch: Making) -> None:
    desk.write(30, "Badhuset öppnar", author=ME)
    desk.is_numb = True
    watcher = watch()

    check_is_found_out(desk, watcher, watcher.poll())


def test_an_account_that_is_truly_silent_is_complete_and_costs_a_post_a_week_at_most(
    desk: DeskX, watch: Making
) -> None:
    desk.write(20, f"@{HANDLE} hej", names_us=True)
    desk.write(24 * 5, "Badhuset öppnar", author=ME)
    watcher = watch()
    watcher.poll()
    desk.sent.clear()

    for _ in range(30):
        assert later(desk, watcher, hours=12).coverage is Coverage.COMPLETE
    assert 1 <= desk.sent.total() <= 2


def test_an_account_whose_every_known_post_was_deleted_is_truly_silent(desk: DeskX, watch: Making) -> None:
    known = [desk.write(20, f"@{HANDLE} hej", names_us=True), desk.write(40, "Badhuset öppnar", author=ME)]
    watcher = watch()
    watcher.poll()
    for post in known:
        post.is_gone = True

    for _ in range(18):
        assert later(desk, watcher, hours=12).coverage is Coverage.COMPLETE


def test_an_account_that_last_wrote_before_the_look_back_is_quiet_and_shows_its_newest_posts_once(
    desk: DeskX, watch: Making
) -> None:
    for n in range(9):
        desk.write(24 * (90 + n), f"I våras {n}", author=ME)
    watcher = watch()

    for _ in range(4):
        assert later(desk, watcher, hours=12).coverage is Coverage.COMPLETE
    assert desk.sent.total() == 5


def test_an_account_without_a_single_post_is_quiet(desk: DeskX, watch: Making) -> None:
    watcher = watch()

    for _ in range(9):
        assert later(desk, watcher, hours=12).coverage is Coverage.COMPLETE


# ---- lists that break --------------------------------------------------------------------------------------------


def test_while_own_posts_cannot_be_listed_no_reply_is_paid_for_twice_and_none_is_lost(
    desk: DeskX, watch: Making
) -> None:
    top = desk.write(40, "Badhuset öppnar", author=ME)
    watcher = watch()
    watcher.poll()
    desk.faults.append((f"/2/users/{ME}/tweets", REFUSED))
    for n in range(6):
        desk.now = watcher.now + timedelta(hours=6)
        unlisted = desk.write(5, f"Nytt {n}", author=ME)
        desk.write(4, "utan namn", author=ALEX, to=unlisted)
        desk.write(3, "utan namn", author=ALEX, to=top)
        desk.write(2, f"@{HANDLE} med namn", to=unlisted, names_us=True)
        assert watcher.poll(hours=6).coverage is Coverage.PARTIAL
    desk.faults.clear()

    assert later(desk, watcher, hours=6).coverage is Coverage.COMPLETE
    assert missed(desk, watcher) == set()
    assert set(desk.sent.values()) == {1}


def test_replies_under_an_own_post_that_was_listed_late_are_found(desk: DeskX, watch: Making) -> None:
    desk.write(40, "Badhuset öppnar", author=ME)
    late = desk.write(2, "Sent listat", author=ME, unlisted_in=frozenset({"own"}))
    desk.write(1, "utan namn", author=ALEX, to=late)
    desk.write(0.5, f"@{HANDLE} hej", names_us=True)
    watcher = watch()
    watcher.poll()
    late.unlisted_in = frozenset()
    for _ in range(3):
        later(desk, watcher, hours=9)

    assert missed(desk, watcher) == set()


# ---- quotes ------------------------------------------------------------------------------------------------------


def quoted_town(desk: DeskX) -> Post:
    top = desk.write(30, "Badhuset öppnar", author=ME)
    for n in range(4):
        desk.write(20 - n, f"Se här {n}", author=ALEX, quotes=top.id)
    return top


def test_known_quotes_are_sent_once_besides_the_one_that_tries_the_search(desk: DeskX, watch: Making) -> None:
    top = quoted_town(desk)
    watcher = watch()
    watcher.poll()
    for n in range(3):
        desk.now = watcher.now + timedelta(hours=7)
        desk.write(1, f"Och här {n}", quotes=top.id)
        assert watcher.poll(hours=7).coverage is Coverage.COMPLETE

    assert missed(desk, watcher) == set()
    assert sorted(desk.sent[p.id] for p in desk.posts if p.quotes) == [1] * 6 + [2]
    assert {i.kind for k, i in watcher.stored.items() if k != top.id} == {ItemKind.QUOTE}


def test_a_quote_that_comes_to_light_behind_known_ones_is_searched_for(desk: DeskX, watch: Making) -> None:
    top = quoted_town(desk)
    hidden = desk.write(18.5, "Sent", quotes=top.id, unlisted_in=frozenset({"quotes", "search"}))
    watcher = watch()
    watcher.poll()
    hidden.unlisted_in = frozenset()
    later(desk, watcher, hours=13)  # the next day's first

    assert missed(desk, watcher) == set()


@pytest.mark.parametrize("search", ["hides", "refuses"])
def test_where_the_search_does_not_show_quotes_their_list_is_read(desk: DeskX, watch: Making, search: str) -> None:
    desk.quote_search = search
    top = quoted_town(desk)
    watcher = watch()
    watcher.poll()
    for n in range(3):
        desk.now = watcher.now + timedelta(hours=7)
        desk.write(1, f"Och här {n}", quotes=top.id)
        assert watcher.poll(hours=7).coverage is Coverage.COMPLETE

    assert missed(desk, watcher) == set()


def test_a_search_that_no_longer_takes_quotes_is_left_for_their_list(desk: DeskX, watch: Making) -> None:
    top = quoted_town(desk)
    watcher = watch()
    watcher.poll()
    desk.quote_search = "refuses"
    desk.now = watcher.now + timedelta(hours=7)
    desk.write(1, "Och här", quotes=top.id)

    assert watcher.poll(hours=7).coverage is Coverage.COMPLETE
    assert missed(desk, watcher) == set()


# ---- shapes ------------------------------------------------------------------------------------------------------


def test_ids_written_as_numbers_are_the_same_ids(desk: DeskX, watch: Making) -> None:
    top = desk.write(30, "Badhuset öppnar", author=ME)
    asked = desk.write(20, f"@{HANDLE} när?", to=top, names_us=True)
    desk.write(19, "Klockan 8", author=ME, to=asked)
    desk.message(10, "Hej?")
    desk.has_number_ids = True
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    assert missed(desk, watcher) == set()
    assert {i.author_id for i in watcher.stored.values()} == {ME, KIM}


def test_people_who_join_or_leave_a_group_write_nothing_and_a_groups_messages_come(desk: DeskX, watch: Making) -> None:
    written = desk.message(5, "Hej alla?")
    for row in desk.messages:
        row["dm_conversation_id"] = "1582838499983564806"
    joined = desk.message(4, "")
    desk.messages[-1] |= {"event_type": "ParticipantsJoin", "participant_ids": [KIM]}
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    assert written in watcher.stored
    assert joined not in watcher.stored


def test_a_message_with_a_picture_alone_is_a_message_without_text(desk: DeskX, watch: Making) -> None:
    key = desk.message(5, "")
    del desk.messages[-1]["text"]
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    assert watcher.stored[key].text == ""


def test_posts_written_while_the_pages_are_turned_are_found(desk: DeskX, watch: Making) -> None:
    top = desk.write(30, "Badhuset öppnar", author=ME)
    for n in range(9):
        desk.write(20 - n, f"@{HANDLE} {n}", to=top, names_us=True)
    desk.most_rows = 2
    answer, written = desk.answer, list[Post]()

    def busy(call: Any) -> Reply:
        if call.get("pagination_token") and len(written) < 5:
            written.append(desk.write(0.01 / (len(written) + 1), f"@{HANDLE} nyss", to=top, names_us=True))
        return answer(call)

    desk.answer = busy  # type: ignore[method-assign]
    watcher = watch()
    watcher.poll()
    later(desk, watcher, hours=1)

    assert written
    assert missed(desk, watcher) == set()
