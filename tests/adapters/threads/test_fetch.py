"""Fetching a Threads profile over real HTTP from the sandbox."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from tests.adapters.threads.hall import DAY, HOUR, KEY, LOOK_BACK, NOW, USER, Hall, account, by_id, fetch, reasons

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import ConfigError, Reason
from watchdaemon.ports import PlatformAdapter
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.world import Moderation, WorldItem
from watchdaemon_adapters.threads import plugin


def test_replies_on_every_level_belong_to_the_top_level_one(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=4 * DAY)
    top = hall.reply(post, "När öppnar ni?", ago=3 * DAY)
    answer = hall.reply(post, "Tio!", ago=2 * DAY, to=top, by_account=True)
    deeper = hall.reply(post, "Och på söndag?", ago=DAY, to=answer)
    result = fetch(adapter)
    items = by_id(result)

    assert result.coverage is Coverage.COMPLETE
    assert set(items) == {i.id for i in (post, top, answer, deeper)}
    assert {items[i.id].thread_id for i in (top, answer, deeper)} == {top.id}
    assert [items[i.id].parent_id for i in (top, answer, deeper)] == [None, top.id, answer.id]
    assert {items[i.id].root_id for i in (top, answer, deeper)} == {post.id}
    assert [items[i.id].by_account for i in (post, top, answer, deeper)] == [True, False, True, False]
    assert (items[top.id].author, items[top.id].author_id) == ("kim.exempel", "kim.exempel")
    assert items[answer.id].author_id == USER
    assert items[top.id].published_at == NOW - 3 * DAY
    assert items[top.id].url == f"https://www.threads.net/@kim.exempel/post/{top.id[-11:]}"
    assert items[post.id].kind is ItemKind.POST


@pytest.mark.parametrize("tells_next", [True, False])
def test_every_page_is_read_whether_or_not_the_platform_says_that_it_is_there(hall: Hall, tells_next: bool) -> None:
    hall.serve(tells_next=tells_next, page_size=3)
    for _ in range(7):
        post = hall.post(ago=DAY, with_approvals=True)
        for number in range(7):
            hall.reply(post, "?", ago=HOUR * (number + 1))
            hall.held(post, "?", ago=HOUR * (number + 1))
        hall.mention("@exempelbadet", ago=DAY)
    result = fetch(plugin.create(hall.settings(page_size=2), hall.context))

    assert result.coverage is Coverage.COMPLETE
    assert set(by_id(result)) == {i.id for i in hall.world.all_items()}


def test_what_a_server_that_promises_pages_does_not_promise_is_not_asked_for(hall: Hall) -> None:
    hall.serve(tells_next=True, page_size=2)
    post = hall.post(ago=DAY)
    for _ in range(3):
        hall.reply(post, "?", ago=HOUR)
    adapter = plugin.create(hall.settings(approvals=False, mentions=False), hall.context)
    fetch(adapter)
    hall.asked()
    fetch(adapter)

    # the one page of own posts never promised anything, so its cursor is tried; the conversation's last page is not
    assert hall.asked() == ["me", "me/threads", f"{post.id}/conversation", f"{post.id}/conversation", "me/threads"]


def test_posts_older_than_the_look_back_are_not_opened(hall: Hall, adapter: PlatformAdapter) -> None:
    old, young = hall.post(ago=LOOK_BACK + DAY), hall.post(ago=LOOK_BACK - DAY)
    late = hall.reply(young, "Sent men ändå?", ago=HOUR)
    hall.reply(old, "För sent", ago=HOUR)
    result = fetch(adapter)

    assert late.id in by_id(result)
    assert not [path for path in hall.asked() if path.startswith(old.id)]


def test_after_downtime_the_look_back_counts_from_the_last_complete_fetch(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=LOOK_BACK - DAY)
    cursors = fetch(adapter).cursors
    hall.clock.now += 7 * DAY
    question = hall.reply(post, "Någon där?", ago=6 * DAY)

    assert question.id in by_id(fetch(adapter, cursors))


def test_a_quiet_posts_conversation_is_read_once_a_day_whatever_the_post_says(
    hall: Hall, adapter: PlatformAdapter
) -> None:
    quiet, lively = hall.post(ago=DAY), hall.post(ago=2 * DAY)
    hall.reply(lively, "Hej?", ago=HOUR)

    def conversations() -> list[str]:
        return sorted({path for path in hall.asked() if path.endswith("/conversation")})

    cursors = fetch(adapter).cursors
    first = conversations()
    again = fetch(adapter, cursors).cursors
    second = conversations()
    hall.clock.now += DAY
    fetch(adapter, again)

    assert first == conversations() == sorted(f"{p.id}/conversation" for p in (quiet, lively))
    assert second == [f"{lively.id}/conversation"]


def test_replies_that_wait_for_approval_are_held_and_ignored_ones_hidden(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=DAY, with_approvals=True)
    held = hall.held(post, "Får man ta med hund?", ago=HOUR)
    ignored = hall.reply(post, "Köp piller", ago=HOUR, moderation=Moderation.REJECTED)
    cursors = fetch(adapter).cursors
    items = by_id(fetch(adapter))
    hall.world.moderate(held, Moderation.PUBLISHED)
    later = by_id(fetch(adapter, cursors))

    assert (items[held.id].visibility, items[ignored.id].visibility) == (Visibility.HELD, Visibility.HIDDEN)
    assert (items[held.id].thread_id, items[held.id].root_id) == (held.id, post.id)
    assert later[held.id].visibility is Visibility.PUBLIC


def test_a_post_without_a_queue_is_asked_for_it_once_a_day(hall: Hall, adapter: PlatformAdapter) -> None:
    plain = hall.post(ago=DAY)
    result = fetch(adapter)
    first = hall.asked()
    fetch(adapter, result.cursors)

    assert result.coverage is Coverage.COMPLETE
    assert f"{plain.id}/pending_replies" in first
    assert f"{plain.id}/pending_replies" not in hall.asked()


def test_the_accounts_answer_to_a_mention_joins_it(hall: Hall, adapter: PlatformAdapter) -> None:
    mention = hall.mention("@exempelbadet är det varmt?", ago=DAY)
    answer = hall.reply(mention, "28 grader", ago=HOUR, to=mention, by_account=True)
    items = by_id(fetch(adapter))

    assert (items[mention.id].kind, items[mention.id].by_account) == (ItemKind.MENTION, False)
    assert (items[answer.id].thread_id, items[answer.id].parent_id) == (mention.id, mention.id)
    assert items[answer.id].by_account


def test_a_further_voice_of_the_account_is_its_own(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=DAY)
    question = hall.reply(post, "När?", ago=2 * HOUR)
    colleague = hall.reply(post, "Nu!", ago=HOUR, to=question, author_username="exempelkommun")
    items = by_id(fetch(adapter, of=account(own_ids=("exempelkommun",))))

    assert items[colleague.id].by_account
    assert not items[question.id].by_account


def test_hidden_replies_come_marked(hall: Hall, adapter: PlatformAdapter) -> None:
    hidden = hall.world.hide(hall.reply(hall.post(ago=DAY), "Dumt", ago=HOUR))

    assert by_id(fetch(adapter))[hidden.id].visibility is Visibility.HIDDEN


def test_posts_that_were_there_and_are_not_listed_are_no_silence(hall: Hall, adapter: PlatformAdapter) -> None:
    hall.post(ago=DAY)
    cursors = fetch(adapter).cursors
    hall.fault(FaultKind.EMPTY_LIST, path="me/threads")
    result = fetch(adapter, cursors)

    assert reasons(result) == [(Reason.SUSPICIOUS_EMPTY, "posts")]


def test_replies_that_a_post_speaks_of_and_nobody_shows_are_no_silence(hall: Hall, adapter: PlatformAdapter) -> None:
    hall.reply(hall.post(ago=DAY), "När?", ago=HOUR)
    hall.fault(FaultKind.EMPTY_LIST, path="conversation")
    result = fetch(adapter)

    assert reasons(result) == [(Reason.SUSPICIOUS_EMPTY, "comments")]
    assert {"comments", "sweep"}.isdisjoint(result.cursors)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.EXPIRED_TOKEN, Reason.UNAUTHORISED),
        (FaultKind.REVOKED_TOKEN, Reason.UNAUTHORISED),
        (FaultKind.RATE_LIMIT, Reason.RATE_LIMITED),
        (FaultKind.OUTAGE, Reason.OUTAGE),
        (FaultKind.HTML_502, Reason.OUTAGE),
        (FaultKind.TRUNCATED_JSON, Reason.OUTAGE),
        (FaultKind.EMPTY_200, Reason.OUTAGE),
    ],
)
def test_what_strikes_the_whole_account_fails_it(
    hall: Hall, adapter: PlatformAdapter, kind: FaultKind, reason: Reason
) -> None:
    hall.fault(kind, account=None)
    result = fetch(adapter)

    assert result.coverage is Coverage.FAILED
    assert reasons(result) == [(reason, None)]


@pytest.mark.parametrize(
    ("path", "stream"),
    [("me/mentions", "mentions"), ("conversation", "comments"), ("pending_replies", "approvals")],
)
def test_a_missing_permission_costs_only_its_stream(
    hall: Hall, adapter: PlatformAdapter, path: str, stream: str
) -> None:
    post = hall.post(ago=DAY)
    hall.post(ago=2 * DAY)
    hall.fault(FaultKind.MISSING_PERMISSION, path=path)
    result = fetch(adapter)

    assert reasons(result) == [(Reason.PERMISSION, stream)]
    assert result.troubles[0].needs_person
    assert post.id in by_id(result)
    assert stream not in result.cursors
    assert len([p for p in hall.asked() if p.endswith(path)]) == 1


def test_a_malformed_reply_is_counted_and_the_rest_is_kept(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=DAY)
    broken = hall.reply(post, "Trasig", ago=2 * HOUR)
    whole = hall.reply(post, "Hel", ago=HOUR)
    hall.fault(FaultKind.MALFORMED_ITEM, path="conversation")
    result = fetch(adapter)

    assert result.malformed >= 1
    assert reasons(result) == [(Reason.MALFORMED, "comments")]
    assert whole.id in by_id(result)
    assert broken.id not in by_id(result)


def test_a_trouble_in_the_middle_of_a_conversation_keeps_what_came_and_moves_no_cursor(
    hall: Hall, adapter: PlatformAdapter
) -> None:
    hall.serve(tells_next=True, page_size=2)
    post = hall.post(ago=DAY)
    first = hall.reply(post, "Öppet?", ago=3 * HOUR)
    for _ in range(4):
        hall.reply(post, "Senare", ago=2 * HOUR)
    calls = 0
    served = hall.stage.app
    assert served is not None

    async def breaks(request: Request, path: str) -> Response:
        nonlocal calls
        calls += path.endswith("conversation")
        broken = path.endswith("conversation") and calls > 1
        return await served(request, "v1.0/nowhere/at/all" if broken else path)

    hall.stage.app = breaks
    result = fetch(adapter)

    assert first.id in by_id(result)
    assert reasons(result) == [(Reason.INCOMPLETE, "comments")]
    assert "comments" not in result.cursors


def test_when_every_third_request_fails_in_another_way_the_next_fetches_bring_the_rest(hall: Hall) -> None:
    hall.serve(page_size=4)
    for _ in range(3):
        post = hall.post(ago=DAY, with_approvals=True)
        top = hall.reply(post, "Öppet?", ago=3 * HOUR)
        for number in range(6):
            top = hall.reply(post, "?", ago=timedelta(minutes=number), to=top)
        hall.held(post, "?", ago=HOUR)
        hall.mention("@exempelbadet", ago=DAY)
    served, asked = hall.stage.app, 0
    assert served is not None

    async def shaky(request: Request, path: str) -> Response:
        nonlocal asked
        asked += 1
        if asked % 3:
            return await served(request, path)
        bodies = [b'{"data": [', b"<html>502</html>", b'{"error": {"code": 2, "message": "x"}}', b""]
        return Response(bodies[asked // 3 % 4], status_code=(200, 502, 500, 200)[asked // 3 % 4])

    hall.stage.app = shaky
    adapter = plugin.create(hall.settings(page_size=2), hall.context)
    stored: dict[str, Item] = {}
    cursors: dict[str, str] = {}
    for _ in range(6):
        result = fetch(adapter, cursors)
        stored |= by_id(result)
        cursors |= result.cursors
        assert (result.coverage is Coverage.COMPLETE) == (not result.troubles)

    assert set(stored) == {i.id for i in hall.world.all_items()}


def test_another_profiles_token_is_refused(hall: Hall, adapter: PlatformAdapter) -> None:
    hall.post(ago=DAY)
    result = fetch(adapter, of=account(credential="annans"))

    assert reasons(result) == [(Reason.UNAUTHORISED, None)]
    assert result.troubles[0].needs_person


def test_the_same_fetch_gives_the_same_cursors_whenever_it_runs(hall: Hall, adapter: PlatformAdapter) -> None:
    hall.reply(hall.post(ago=DAY), "När?", ago=HOUR)
    first = fetch(adapter).cursors
    hall.clock.now += timedelta(minutes=7)

    assert fetch(adapter).cursors == first


def test_what_is_switched_off_is_not_asked_for_and_not_called_covered(hall: Hall) -> None:
    hall.post(ago=DAY)
    adapter = plugin.create(hall.settings(mentions=False, approvals=False), hall.context)
    fetch(adapter)
    notes = {line.kind: line.note for line in adapter.kinds()}

    assert not [path for path in hall.asked() if "mentions" in path or "pending" in path]
    assert notes[ItemKind.MENTION] == "switched off in the settings"
    assert "not those waiting for approval" in notes[ItemKind.COMMENT]


def test_replies_are_asked_for_again_and_mentions_are_not(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=DAY)
    kept, gone = hall.reply(post, "Kvar?", ago=HOUR), hall.reply(post, "Borta?", ago=HOUR)
    mention = hall.mention("@exempelbadet", ago=HOUR)
    items = fetch(adapter).items
    hall.world.delete(gone)
    hall.world.hide(hall.world.edit(kept, "Kvar! Eller?"))
    found = {r.external_id: r for r in adapter.recheck(account(), items)}
    reread = found[kept.id].item

    assert found[gone.id].visibility is Visibility.DELETED
    assert found[kept.id].visibility is Visibility.HIDDEN
    assert reread is not None
    assert (reread.text, reread.thread_id, reread.root_id) == ("Kvar! Eller?", kept.id, post.id)
    assert found[post.id].visibility is Visibility.PUBLIC
    assert found[mention.id].visibility is None


def test_a_held_reply_is_deleted_only_when_its_queue_has_lost_it_too(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=DAY, with_approvals=True)
    waits, gone, freed = (hall.held(post, text, ago=HOUR) for text in ("Väntar?", "Borta?", "Fri?"))
    items = fetch(adapter).items
    hall.world.delete(gone)
    hall.world.moderate(freed, Moderation.PUBLISHED)
    found = {r.external_id: r.visibility for r in adapter.recheck(account(), items)}

    assert [found[i.id] for i in (waits, gone, freed)] == [Visibility.HELD, Visibility.DELETED, Visibility.PUBLIC]


def test_a_token_that_sees_nothing_deletes_nothing(hall: Hall, adapter: PlatformAdapter) -> None:
    hall.reply(hall.post(ago=DAY), "När?", ago=HOUR)
    items = fetch(adapter).items
    hall.fault(FaultKind.EXPIRED_TOKEN)
    found = list(adapter.recheck(account(), items))

    assert {r.visibility for r in found} == {None}
    assert {r.trouble.reason for r in found if r.trouble} == {Reason.UNAUTHORISED}


def test_the_profile_is_what_the_public_sees(hall: Hall, adapter: PlatformAdapter) -> None:
    hall.post(ago=DAY)
    profile = adapter.profile(account())

    assert (profile.name, profile.text) == ("Exempelbadet", "Simhallen i Exempelkommun")
    assert profile.link == "https://www.threads.net/@exempelbadet"
    assert profile.last_own_activity_at == NOW - DAY


def test_a_good_token_says_when_it_ends(adapter: PlatformAdapter) -> None:
    health = adapter.credential(account())

    assert (health.is_valid, health.missing_scopes) == (True, ())
    assert health.expires_at is not None
    assert health.expires_at.isoformat() == "2027-01-10T00:00:00+00:00"


def test_without_a_token_debugger_the_end_is_the_one_written_down(hall: Hall, adapter: PlatformAdapter) -> None:
    served = hall.stage.app
    assert served is not None

    async def without(request: Request, path: str) -> Response:
        return await served(request, "v1.0/no/such/path" if path.endswith("debug_token") else path)

    hall.stage.app = without
    health = adapter.credential(account(credential="med-slut"))

    assert health.is_valid
    assert health.expires_at is not None
    assert health.expires_at.isoformat() == "2026-12-24T12:00:00+00:00"
    assert adapter.credential(account(credential="badet")).expires_at is None
    assert not adapter.credential(account(credential="annans")).is_valid


def test_a_token_that_was_never_given_out_is_invalid(adapter: PlatformAdapter) -> None:
    assert not adapter.credential(account(credential="okänd")).is_valid


@pytest.mark.parametrize("settings", [{"page_size": 101}, {"messages": True}, {"base_url": "graph.threads.net"}])
def test_a_wrong_setting_is_named(hall: Hall, settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.create(settings, hall.context)

    assert [f.key for f in caught.value.faults] == [f"platforms.threads.{key}" for key in settings]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parents=st.lists(st.integers(min_value=0, max_value=30), max_size=25),
    deleted=st.sets(st.integers(min_value=0, max_value=24), max_size=6),
    page_size=st.integers(min_value=1, max_value=9),
    tells_next=st.booleans(),
)
def test_the_stored_set_is_the_platforms_truth_for_any_conversation(
    hall: Hall, parents: list[int], deleted: set[int], page_size: int, tells_next: bool
) -> None:
    hall = hall.stage.hall()
    hall.serve(tells_next=tells_next, page_size=page_size)
    post = hall.post(ago=DAY)
    replies: list[WorldItem] = []
    for number, parent in enumerate(parents):
        above = replies[parent % len(replies)] if replies and parent else None
        replies.append(hall.reply(post, str(number), ago=HOUR - timedelta(seconds=number), to=above))
    for number in deleted:
        if number < len(replies) and hall.world.find(replies[number].id):
            hall.world.delete(replies[number], cascade=False)
    result = fetch(plugin.create(hall.settings(page_size=page_size), hall.context))
    items = by_id(result)

    assert result.coverage is Coverage.COMPLETE
    assert set(items) == {i.id for i in hall.world.visible(KEY)}
    for item in items.values():
        above_it = items.get(item.parent_id or "")
        assert above_it is None or above_it.thread_id == item.thread_id
