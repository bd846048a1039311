"""The Mastodon adapter against a strict instance of its own: whatever a listing leaves out, something else shows."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.judge.desk import BROKEN_JSON, HTML_200, HTML_502, Making, Reply, Watcher, account_of, cut, served
from tests.judge.mastodon.desk_mastodon import ALEX, KIM, ME, NAMES, TOKEN, DeskMastodon, Status

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon_adapters.mastodon import plugin


@pytest.fixture
def desk() -> Iterator[DeskMastodon]:
    running = DeskMastodon()
    with served(running):
        yield running
    assert running.wrong == []


@pytest.fixture
def watch(desk: DeskMastodon) -> Iterator[Making]:
    made: list[Watcher] = []

    def make(**settings: Any) -> Watcher:
        made.append(Watcher(plugin, desk, account_of("mastodon", ME), {"token": TOKEN}, **settings))
        return made[-1]

    yield make
    for watcher in made:
        watcher.road.close()


def facts(status: Status) -> tuple[object, ...]:
    name = NAMES[status.author]
    is_direct = status.visibility == "direct"
    return (
        status.author,
        name,
        status.at,
        status.parent.id if status.parent else None,
        status.text,
        f"https://social.example.org/@{name.lower()}/{status.id}",
        status.author == ME,
        status.edited_at,
        is_direct,
        Visibility.PRIVATE if status.visibility in ("direct", "private") else Visibility.PUBLIC,
    )


def check(watcher: Watcher, desk: DeskMastodon) -> None:
    found = {
        k: (
            i.author_id,
            i.author,
            i.published_at,
            i.parent_id,
            i.text,
            i.url,
            i.by_account,
            i.edited_at,
            i.kind is ItemKind.MESSAGE,
            i.visibility,
        )
        for k, i in watcher.stored.items()
    }
    assert found == {s.id: facts(s) for s in desk.statuses if not s.is_gone}


def later(desk: DeskMastodon, watcher: Watcher, hours: float) -> Any:
    desk.now = watcher.now + timedelta(hours=hours)
    return watcher.poll(hours=hours)


def town(desk: DeskMastodon) -> Status:
    top = desk.write(90, "Nytt bibliotek", author=ME)
    asked = desk.write(80, "Var?", parent=top)
    desk.write(79, "På torget", author=ME, parent=asked)
    unseen = desk.write(78, "Och när?", author=ALEX, parent=top, told=False)
    desk.write(77, "Djupt", parent=unseen, told=False)
    desk.write(76, "Filtrerat omnämnande", is_filtered=True)
    desk.write(75, "Bara för följare", author=ALEX, visibility="private")
    direct = desk.write(74, "En privat fråga", visibility="direct")
    answer = desk.write(73, "Ett privat svar", author=ME, visibility="direct", parent=direct)
    desk.write(72, "Tyst privat följdfråga", visibility="direct", parent=answer, told=False)
    desk.write(71, "Läs detta", author=ALEX, quotes=top)
    desk.write(70, "Läs tyst", quotes=top, told=False)
    return top


@pytest.mark.parametrize("rows", [1, 3, 80])
@pytest.mark.parametrize("has_links", [True, False])
def test_everything_is_found_whatever_the_pages(desk: DeskMastodon, watch: Making, rows: int, has_links: bool) -> None:
    town(desk)
    desk.most_rows, desk.has_links = rows, has_links
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)
    for n in range(5):
        desk.write(0, f"Omnämnande {n}")
    assert later(desk, watcher, 5).coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_an_empty_page_that_links_to_the_next_one_is_not_the_end(desk: DeskMastodon, watch: Making) -> None:
    town(desk)
    desk.empty_first = True
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


@pytest.mark.parametrize("told", [True, False])
def test_new_replies_deep_under_an_old_thread_are_found(desk: DeskMastodon, watch: Making, told: bool) -> None:
    top = town(desk)
    watcher = watch()
    watcher.poll()
    below = top
    for n in range(4):
        desk.now = watcher.now + timedelta(hours=7)
        below = desk.write(1, f"Allt djupare {n}", parent=below, told=told)
        assert watcher.poll(hours=7).coverage is Coverage.COMPLETE
        check(watcher, desk)


def test_a_reply_count_that_lies_hides_nothing_longer_than_a_sweep(desk: DeskMastodon, watch: Making) -> None:
    top = desk.write(24 * 12, "Gammalt", author=ME)
    watcher = watch()
    watcher.poll()
    desk.count_lie = 0
    desk.write(0, "Gömd", parent=top, told=False)
    later(desk, watcher, 6)
    later(desk, watcher, 16)

    check(watcher, desk)


def test_an_edit_of_an_answered_thread_is_read(desk: DeskMastodon, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    asked = next(s for s in desk.statuses if s.text == "Var?")
    asked.text, asked.edited_at = "Var ligger det?", watcher.now + timedelta(hours=1)
    for _ in range(3):
        later(desk, watcher, 10)

    check(watcher, desk)


def test_a_remote_status_that_arrives_late_is_found(desk: DeskMastodon, watch: Making) -> None:
    top = town(desk)
    watcher = watch()
    watcher.poll()
    desk.write(60, "Sen från en annan instans", parent=top)
    desk.write(60, "Sent omnämnande")

    assert later(desk, watcher, 5).coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_page_that_repeats_is_said_and_read_again(desk: DeskMastodon, watch: Making) -> None:
    town(desk)
    desk.repeats_pages, desk.most_rows = True, 1
    watcher = watch()
    first = watcher.poll()
    desk.repeats_pages, desk.most_rows = False, 80

    assert first.coverage is not Coverage.COMPLETE
    assert later(desk, watcher, 1).coverage is Coverage.COMPLETE
    check(watcher, desk)


FAULTS: dict[str, tuple[Reply, Reason]] = {
    "401": ((401, {"error": "The access token was revoked"}, {}), Reason.UNAUTHORISED),
    "403": ((403, {"error": "This action is outside the authorized scopes"}, {}), Reason.PERMISSION),
    "429": (
        (429, {"error": "Too many requests"}, {"X-RateLimit-Reset": "2026-11-20T12:04:00.1Z"}),
        Reason.RATE_LIMITED,
    ),
    "503": ((503, {"error": "Remote data could not be fetched"}, {}), Reason.OUTAGE),
    "html 502": (HTML_502, Reason.OUTAGE),
    "html 200": (HTML_200, Reason.OUTAGE),
    "half a JSON": (BROKEN_JSON, Reason.OUTAGE),
    "cut": (cut(b'[{"id": "1"'), Reason.OUTAGE),
}


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["/notifications", "/accounts/101/statuses", "/context", "/conversations"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_is_never_quiet_and_what_it_hid_comes_afterwards(
    desk: DeskMastodon, watch: Making, fault: str, piece: str
) -> None:
    top = town(desk)
    watcher = watch()
    watcher.poll()
    desk.write(0, "Ny fråga", parent=top, told=False)
    desk.write(0, "Nytt omnämnande", author=KIM)
    desk.write(0, "Ny privat fråga", visibility="direct")
    desk.faults.append((piece, FAULTS[fault][0]))
    broken = later(desk, watcher, 5)
    desk.faults.clear()
    mended = later(desk, watcher, 1)

    assert broken.coverage is not Coverage.COMPLETE
    assert mended.coverage is Coverage.COMPLETE
    check(watcher, desk)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_each_refusal_says_its_reason(desk: DeskMastodon, watch: Making, fault: str) -> None:
    reply, reason = FAULTS[fault]
    desk.faults.append(("/api/", reply))
    result = watch().poll()

    assert (result.coverage, result.items) == (Coverage.FAILED, ())
    assert result.troubles[0].reason is reason
