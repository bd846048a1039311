"""The X adapter against a strict service of its own: everything found, once, exactly, and at no more than its price."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.judge.desk import BROKEN_JSON, HTML_200, HTML_502, NOW, Making, Reply, Watcher, account_of, cut, served
from tests.judge.x.desk_x import ALEX, HANDLE, KIM, ME, NAMES, TOKEN, DeskX, Post

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import Reason
from watchdaemon_adapters.x import plugin


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
        watcher = Watcher(plugin, desk, account_of("x", ME), {"token": TOKEN}, **settings)
        made.append(watcher)
        return watcher

    yield make
    for watcher in made:
        watcher.road.close()


def facts(post: Post) -> tuple[object, ...]:
    return (
        post.author,
        NAMES[post.author][0],
        post.at,
        post.parent,
        post.text,
        f"https://x.com/{NAMES[post.author][1]}/status/{post.id}",
        post.author == ME,
        post.edited_at,
    )


def check(watcher: Watcher, desk: DeskX) -> None:
    found = {
        k: (i.author_id, i.author, i.published_at, i.parent_id, i.text, i.url, i.by_account, i.edited_at)
        for k, i in watcher.stored.items()
        if i.kind is not ItemKind.MESSAGE
    }
    assert found == {p.ids[0]: facts(p) for p in desk.posts}
    messages = {k: (i.text, i.author_id) for k, i in watcher.stored.items() if i.kind is ItemKind.MESSAGE}
    assert messages == {m["id"]: (m["text"], m["sender_id"]) for m in desk.messages}


def town(desk: DeskX) -> Post:
    """An own post, what stands under it at every depth, what stands elsewhere, and an inbox."""
    top = desk.write(50, "Badhuset öppnar", author=ME)
    asked = desk.write(40, f"@{HANDLE} när?", to=top, names_us=True)
    desk.write(39, f"@{NAMES[KIM][1]} kl. 8", author=ME, to=asked)
    unnamed = desk.write(38, "Och söndagar?", author=ALEX, to=asked)
    deep = desk.write(37, "Precis", to=unnamed)
    desk.write(36, "Djupt nere", author=ALEX, to=deep)
    desk.write(35, f"@{HANDLE} " + "å" * 400, names_us=True)
    desk.write(34, "Läs det här", author=ALEX, quotes=top.id)
    desk.message(33, "Kan ni ringa?")
    desk.message(32, "Ja", ME)
    return top


def test_everything_is_found_once_and_exactly_over_several_polls(desk: DeskX, watch: Making) -> None:
    top = town(desk)
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)
    for round_ in range(4):
        desk.now = watcher.now + timedelta(hours=7)
        desk.write(1, f"@{HANDLE} igen {round_}", to=top, names_us=True)
        desk.write(0.5, "utan namn", author=ALEX, to=top)
        assert watcher.poll(hours=7).coverage is Coverage.COMPLETE
        check(watcher, desk)
    # quotes know no since_id: theirs is the one list that is read again
    assert {desk.sent[p.ids[0]] for p in desk.posts if p.quotes is None} == {1}


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("empty_first", [False, True])
def test_short_and_empty_pages_lose_nothing(desk: DeskX, watch: Making, rows: int, empty_first: bool) -> None:
    town(desk)
    desk.most_rows, desk.empty_first = rows, empty_first
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_the_other_spelling_says_the_same(desk: DeskX, watch: Making) -> None:
    town(desk)
    desk.spelling = "post"
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_partial_errors_beside_data_take_nothing_away(desk: DeskX, watch: Making) -> None:
    town(desk)
    desk.partial_errors = True
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_token_that_repeats_is_said_and_read_again(desk: DeskX, watch: Making) -> None:
    town(desk)
    desk.most_rows, desk.repeats_tokens = 1, True
    watcher = watch()
    first = watcher.poll()
    desk.most_rows, desk.repeats_tokens = 100, False

    assert first.coverage is not Coverage.COMPLETE
    assert watcher.poll(hours=1).coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_an_edit_keeps_the_first_key_and_time(desk: DeskX, watch: Making) -> None:
    town(desk)
    question = desk.write(0.4, f"@{HANDLE} Fel ord", names_us=True)
    watcher = watch()
    watcher.poll()
    at = (watcher.now + timedelta(minutes=5)).replace(microsecond=0)
    desk.now += timedelta(hours=3)
    desk.edit(question, f"@{HANDLE} Rätt ord", at)
    result = watcher.poll(hours=3)

    assert result.coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_new_replies_deep_under_an_old_thread_are_found_without_the_name(desk: DeskX, watch: Making) -> None:
    top = desk.write(24 * 20, "Gammalt", author=ME)
    old = desk.write(24 * 6, "Då?", to=top)
    watcher = watch()
    watcher.poll()
    desk.now += timedelta(hours=20)
    desk.write(1, "Nu då?", author=ALEX, to=old)

    assert watcher.poll(hours=20).coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_mention_that_its_list_hides_is_found_by_the_search(desk: DeskX, watch: Making) -> None:
    watcher = watch()
    watcher.poll()
    desk.now += timedelta(hours=2)
    desk.write(1, f"@{HANDLE} hallå", names_us=True, unlisted_in=frozenset({"mentions"}))

    watcher.poll(hours=2)

    check(watcher, desk)


def test_a_quiet_week_reads_no_post(desk: DeskX, watch: Making) -> None:
    town(desk)
    desk.messages.clear()
    for post in desk.posts:
        post.quotes = None  # they know no since_id
    watcher = watch()
    watcher.poll()
    desk.sent.clear()

    for _ in range(14):
        desk.now += timedelta(hours=12)
        assert watcher.poll(hours=12).coverage is Coverage.COMPLETE
    assert not desk.sent


@pytest.mark.parametrize("new", [90, 850])
def test_a_flood_is_read_once(desk: DeskX, watch: Making, new: int) -> None:
    tops = [desk.write(24 + n, f"Inlägg {n}", author=ME) for n in range(12)]
    watcher = watch()
    watcher.poll()
    desk.now += timedelta(hours=10)
    for n in range(new):
        named = n % 10 > 0
        desk.write(9 - n / 100, f"@{HANDLE} {n}" if named else f"{n}", to=tops[n % 12], names_us=named)
    desk.sent.clear()

    assert watcher.poll(hours=10).coverage is Coverage.COMPLETE
    check(watcher, desk)
    assert sum(desk.sent.values()) == new


def test_more_mentions_than_x_shows_are_searched_for_and_the_rest_is_said(desk: DeskX, watch: Making) -> None:
    top = desk.write(24, "Inlägg", author=ME)
    watcher = watch()
    watcher.poll()
    desk.now += timedelta(hours=12)
    for n in range(900):
        desk.write(11 - n / 100, f"@{HANDLE} {n}", to=top, names_us=True)
    for n in range(20):
        desk.write(11 - n / 2, f"utan {n}", to=top)
    desk.sent.clear()
    result = watcher.poll(hours=12)

    assert [t.reason for t in result.troubles] == [Reason.INCOMPLETE]
    check(watcher, desk)
    assert sum(desk.sent.values()) == 920


FAULTS: dict[str, tuple[Reply, Reason]] = {
    "401": ((401, {"title": "Unauthorized", "type": "about:blank", "status": 401}, {}), Reason.UNAUTHORISED),
    "402": ((402, {"title": "CreditsDepleted", "type": "https://api.x.com/2/problems/credits"}, {}), Reason.QUOTA),
    "403": ((403, {"title": "Forbidden", "type": "about:blank", "status": 403}, {}), Reason.PERMISSION),
    "429": (
        (429, {"title": "Too Many Requests"}, {"x-rate-limit-reset": str(int(NOW.timestamp()) + 300)}),
        Reason.RATE_LIMITED,
    ),
    "capped": ((429, {"title": "UsageCapExceeded", "type": "https://x.com/usage-capped"}, {}), Reason.QUOTA),
    "html 502": (HTML_502, Reason.OUTAGE),
    "html 200": (HTML_200, Reason.OUTAGE),
    "half a JSON": (BROKEN_JSON, Reason.OUTAGE),
    "cut": (cut(), Reason.OUTAGE),
}


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["/tweets", "/mentions", "/recent", "/quote_tweets", "/dm_events", "/2/"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_is_never_quiet_and_what_it_hid_comes_afterwards(
    desk: DeskX, watch: Making, fault: str, piece: str
) -> None:
    top = town(desk)
    watcher = watch()
    watcher.poll()
    desk.now += timedelta(hours=3)
    desk.write(1, f"@{HANDLE} hallå?", to=top, names_us=True)
    desk.write(1, "utan namn", author=ALEX, to=top)
    fresh = desk.write(2, "Nytt inlägg", author=ME)
    desk.write(0.5, "Se här", quotes=fresh.id)
    desk.message(1, "Och här?")
    reply, _ = FAULTS[fault]
    desk.faults.append((piece, reply))
    broken = watcher.poll(hours=3)
    desk.faults.clear()
    mended = watcher.poll(hours=1)

    assert broken.coverage is not Coverage.COMPLETE
    assert mended.coverage is Coverage.COMPLETE
    check(watcher, desk)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_each_refusal_says_its_reason(desk: DeskX, watch: Making, fault: str) -> None:
    reply, reason = FAULTS[fault]
    desk.faults.append(("/2/", reply))
    result = watch().poll()

    assert (result.coverage, result.items) == (Coverage.FAILED, ())
    assert result.troubles[0].reason is reason


def test_an_answer_that_never_ends_is_given_up(desk: DeskX, watch: Making) -> None:
    import threading

    gate = threading.Event()
    real = desk.answer

    def slow(call: Any) -> Reply:
        if "/mentions" in call.path:
            gate.wait(3)
        return real(call)

    desk.answer = slow  # type: ignore[method-assign]
    town(desk)
    result = watch(patience=0.2, timeout_seconds=0.2).poll()
    gate.set()

    assert result.coverage is Coverage.PARTIAL
    assert [t.stream for t in result.troubles] == ["mentions"]
