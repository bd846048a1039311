"""Fetching a Page over real HTTP from the sandbox."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adapters._graph.town import FB, NOW, PAGE, PERSON, Town, facebook_account

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import AdapterError, Reason
from watchdaemon.ports import PlatformAdapter
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon_adapters.facebook import plugin

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_LISTS = ("published_posts", "visitor_posts", "tagged", "video_reels", "live_videos", "ads_posts")
ALONE = {f"{PAGE}/{edge}" for edge in _LISTS}


def fetch(adapter: PlatformAdapter, cursors: Cursors | None = None, account: Account | None = None) -> FetchResult:
    account = account or facebook_account()
    (result,) = adapter.fetch([account], {account.key: cursors or {}})
    return result


def by_id(result: FetchResult) -> dict[str, Item]:
    return {i.external_id: i for i in result.items}


def reasons(result: FetchResult) -> list[tuple[Reason, str | None]]:
    return [(t.reason, t.stream) for t in result.troubles]


def test_a_question_and_its_native_answer_form_one_thread_under_the_post(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Vi har öppet i jul", ago=4 * DAY)
    question = town.comment(post, "När öppnar ni?", ago=3 * DAY)
    answer = town.comment(post, "Klockan 10", ago=2 * DAY, under=question, by_account=True)
    items = by_id(fetch(adapter))

    assert set(items) == {post.id, question.id, answer.id}
    asked, answered = items[question.id], items[answer.id]
    assert (asked.kind, asked.thread_id, asked.parent_id, asked.root_id) == (
        ItemKind.COMMENT,
        question.id,
        None,
        post.id,
    )
    assert (answered.thread_id, answered.parent_id, answered.root_id) == (question.id, question.id, post.id)
    assert (asked.by_account, answered.by_account) == (False, True)
    assert (asked.author, asked.author_id, asked.text) == ("Kim Exempel", PERSON, "När öppnar ni?")
    assert asked.published_at == NOW - 3 * DAY
    assert asked.url is not None
    assert items[post.id].by_account


def test_an_author_the_platform_withholds_is_an_unknown_visitor(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=DAY)
    comment = town.comment(post, "Och hur då?", ago=HOUR, is_author_private=True)
    item = by_id(fetch(adapter))[comment.id]

    assert (item.author, item.author_id, item.by_account) == (None, None, False)


def test_a_visitors_post_and_what_is_under_it_are_one_thread(town: Town, adapter: PlatformAdapter) -> None:
    visit = town.visitor_post("Jag har tappat min mössa", ago=DAY)
    answer = town.comment(visit, "Den ligger i receptionen", ago=HOUR, by_account=True)
    thanks = town.comment(visit, "Tack!", ago=HOUR / 2, under=answer)
    items = by_id(fetch(adapter))

    assert items[visit.id].kind is ItemKind.VISITOR_POST
    assert {items[i.id].thread_id for i in (visit, answer, thanks)} == {visit.id}
    assert items[answer.id].parent_id == visit.id
    assert items[answer.id].by_account
    assert items[thanks.id].parent_id == answer.id
    assert items[answer.id].root_id is None


def test_a_mention_comes_without_its_author(town: Town, adapter: PlatformAdapter) -> None:
    mention = town.mention("Så fint på biblioteket", ago=DAY)
    item = by_id(fetch(adapter))[mention.id]

    assert (item.kind, item.author, item.by_account) == (ItemKind.MENTION, None, False)
    assert item.thread_id == mention.id


def test_messages_are_private_and_hang_on_their_conversation(town: Town, adapter: PlatformAdapter) -> None:
    question = town.message("Kan jag boka ett rum?", ago=DAY)
    answer = town.message("Ja", ago=HOUR, by_account=True)
    items = by_id(fetch(adapter))

    assert {items[m.id].thread_id for m in (question, answer)} == {"t_1"}
    assert all(items[m.id].visibility is Visibility.PRIVATE for m in (question, answer))
    assert (items[question.id].by_account, items[answer.id].by_account) == (False, True)
    assert (items[question.id].url or "").startswith("https://www.facebook.com/")


def test_a_configured_automatic_reply_is_marked(town: Town) -> None:
    reply = town.message("Tack!  Vi svarar  snart.", ago=HOUR, by_account=True)
    settings = town.settings("facebook", automatic_replies=["tack! vi svarar snart."])

    assert by_id(fetch(plugin.create(settings, town.context)))[reply.id].is_automatic


def test_every_page_of_every_list_is_read(town: Town) -> None:
    for number in range(7):
        post = town.post(f"Inlägg {number}", ago=(number + 1) * DAY)
        for other in range(5):
            top = town.comment(post, f"Fråga {other}?", ago=HOUR * (other + 1))
            town.comment(post, "Svar", ago=HOUR / 2, under=top, by_account=True)
        town.visitor_post(f"Besök {number}", ago=number * HOUR)
        for other in range(25):
            town.message(f"Meddelande {other}", ago=HOUR * (other + 1), thread=f"t_{number}")
    adapter = plugin.create(town.settings("facebook", page_size=2, comments_page_size=3), town.context)
    result = fetch(adapter)

    kinds = [i.kind for i in result.items]
    assert result.coverage is Coverage.COMPLETE
    assert kinds.count(ItemKind.POST) == 7
    assert kinds.count(ItemKind.COMMENT) == 70
    assert kinds.count(ItemKind.VISITOR_POST) == 7
    assert kinds.count(ItemKind.MESSAGE) == 175
    assert result.calls == len(town.exchanges)


def test_a_new_reply_on_an_old_comment_is_found_again(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=20 * DAY)
    question = town.comment(post, "När?", ago=19 * DAY)
    cursors = fetch(adapter).cursors
    reply = town.comment(post, "I morgon", ago=timedelta(0), under=question, by_account=True)

    assert reply.id in by_id(fetch(adapter, cursors))


def test_a_hidden_comment_and_an_edit_show(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=DAY)
    hidden = town.comment(post, "Dumheter", ago=HOUR, hidden_at=NOW - HOUR / 2)
    edited = town.comment(post, "Nar?", ago=HOUR, edits=((NOW - HOUR / 2, "När?"),))
    items = by_id(fetch(adapter))

    assert items[hidden.id].visibility is Visibility.HIDDEN
    assert items[edited.id].text == "När?"


def test_old_own_posts_come_along_and_old_visitors_do_not(town: Town, adapter: PlatformAdapter) -> None:
    old = town.post("Länge sedan", ago=300 * DAY)
    comment = town.comment(old, "En gammal fråga?", ago=299 * DAY)
    visit = town.visitor_post("Gammalt besök?", ago=200 * DAY)
    mention = town.mention("Gammalt omnämnande", ago=200 * DAY)
    message = town.message("Gammalt meddelande?", ago=200 * DAY)
    items = by_id(fetch(adapter))

    assert old.id in items
    assert not {comment.id, visit.id, mention.id, message.id} & set(items)


def test_after_forty_days_down_everything_meanwhile_is_read(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Före avbrottet", ago=DAY)
    town.message("Hej", ago=DAY)
    cursors = fetch(adapter).cursors
    town.clock.now = NOW + 40 * DAY
    late = town.comment(post, "Fråga under avbrottet?", ago=35 * DAY)
    message = town.message("Meddelande under avbrottet?", ago=34 * DAY, thread="t_2")
    visit = town.visitor_post("Besök under avbrottet?", ago=33 * DAY)

    assert {late.id, message.id, visit.id} <= set(by_id(fetch(adapter, cursors)))


def test_quiet_conversations_are_not_read_again(town: Town, adapter: PlatformAdapter) -> None:
    town.message("Gammalt", ago=10 * DAY, thread="t_old")
    town.message("Nyligen", ago=DAY, thread="t_recent")
    cursors = fetch(adapter).cursors
    fresh = town.message("Nytt", ago=timedelta(0), thread="t_new")
    messages = [i for i in fetch(adapter, cursors).items if i.kind is ItemKind.MESSAGE]

    assert [m.text for m in messages] == ["Nytt", "Nyligen"]
    assert messages[0].external_id == fresh.id


def test_the_same_fetch_gives_the_same_cursors_whenever_it_runs(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    town.message("Hej", ago=HOUR)
    first = fetch(adapter).cursors
    town.clock.now += timedelta(minutes=7)

    assert fetch(adapter).cursors == first
    assert {**first, **fetch(adapter, first).cursors} == first


@pytest.mark.parametrize("credential", ["person", "person-med-app"])
def test_a_persons_token_is_never_taken_for_silence(town: Town, adapter: PlatformAdapter, credential: str) -> None:
    town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    result = fetch(adapter, account=facebook_account(credential=credential))

    assert result.coverage is Coverage.FAILED
    assert reasons(result) == [(Reason.UNAUTHORISED, None)]
    assert "not a Page token" in result.troubles[0].detail
    assert result.troubles[0].needs_person


def test_another_pages_token_is_refused(adapter: PlatformAdapter) -> None:
    result = fetch(adapter, account=facebook_account(native_id="100099999999999"))

    assert reasons(result) == [(Reason.UNAUTHORISED, None)]


@pytest.mark.parametrize("credential", [None, "okänd"])
def test_no_credential_is_a_persons_errand(adapter: PlatformAdapter, credential: str | None) -> None:
    result = fetch(adapter, account=facebook_account(credential=credential))

    assert reasons(result) == [(Reason.NO_CREDENTIAL, None)]
    assert result.troubles[0].needs_person


def test_a_credential_without_a_token_is_none(adapter: PlatformAdapter) -> None:
    assert reasons(fetch(adapter, account=facebook_account(credential="tom"))) == [(Reason.NO_CREDENTIAL, None)]


@pytest.mark.parametrize("kind", [FaultKind.EXPIRED_TOKEN, FaultKind.REVOKED_TOKEN])
def test_a_dead_token_fails_the_account(town: Town, adapter: PlatformAdapter, kind: FaultKind) -> None:
    town.fault(kind, account=FB)
    result = fetch(adapter)

    assert reasons(result) == [(Reason.UNAUTHORISED, None)]
    assert result.troubles[0].needs_person
    assert result.coverage is Coverage.FAILED


@pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML_502])
def test_a_platform_outage_is_one_cause_for_all_accounts(town: Town, adapter: PlatformAdapter, kind: FaultKind) -> None:
    town.fault(kind, account=None)
    result = fetch(adapter)

    assert reasons(result) == [(Reason.OUTAGE, None)]
    assert result.troubles[0].cause_key == "facebook:outage"
    assert not result.troubles[0].needs_person


@pytest.mark.parametrize("kind", [FaultKind.TRUNCATED_JSON, FaultKind.EMPTY_200])
def test_an_answer_cut_short_is_no_silence(town: Town, adapter: PlatformAdapter, kind: FaultKind) -> None:
    town.fault(kind, account=None)

    assert reasons(fetch(adapter)) == [(Reason.OUTAGE, None)]


def test_the_apps_spent_budget_is_one_cause_and_ends_the_fetch(town: Town, adapter: PlatformAdapter) -> None:
    town.post("Hej", ago=DAY)
    town.fault(FaultKind.QUOTA, account=FB, path="visitor_posts")
    result = fetch(adapter)

    assert result.troubles[0].cause_key == "facebook:app-limit"
    assert result.coverage is Coverage.PARTIAL
    assert not any("tagged" in e.path for e in town.exchanges)


def test_a_throttled_page_is_left_alone_for_as_long_as_it_says(town: Town, adapter: PlatformAdapter) -> None:
    town.fault(FaultKind.RATE_LIMIT, account=FB)
    result = fetch(adapter)

    assert reasons(result) == [(Reason.RATE_LIMITED, None)]
    assert result.troubles[0].retry_after == timedelta(minutes=60)
    assert len(town.exchanges) == 1


@pytest.mark.parametrize(
    ("path", "stream"), [("visitor_posts", "visitor_posts"), ("tagged", "tagged"), ("conversations", "messages")]
)
def test_a_missing_permission_costs_only_its_stream(
    town: Town, adapter: PlatformAdapter, path: str, stream: str
) -> None:
    post = town.post("Hej", ago=DAY)
    town.fault(FaultKind.MISSING_PERMISSION, account=FB, path=path)
    result = fetch(adapter)

    assert reasons(result) == [(Reason.PERMISSION, stream)]
    assert result.troubles[0].needs_person
    assert result.coverage is Coverage.PARTIAL
    assert stream not in result.cursors
    assert post.id in by_id(result)


def test_when_comments_are_refused_posts_still_come(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=DAY)
    town.comment(post, "När?", ago=HOUR)
    town.fault(FaultKind.MISSING_PERMISSION, account=FB, path="comments")
    result = fetch(adapter)

    assert (Reason.PERMISSION, "comments") in reasons(result)
    assert post.id in by_id(result)
    assert "posts" in result.cursors
    assert "comments" not in result.cursors


def test_posts_that_were_there_and_are_not_listed_are_no_silence(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    cursors = fetch(adapter).cursors
    town.fault(FaultKind.EMPTY_LIST, account=FB, path="published_posts")
    result = fetch(adapter, cursors)

    assert (Reason.SUSPICIOUS_EMPTY, "posts") in reasons(result)
    assert result.coverage is not Coverage.COMPLETE
    assert "posts" not in result.cursors


@pytest.mark.parametrize(("path", "stream"), [("visitor_posts", "visitor_posts"), ("conversations", "messages")])
def test_any_list_that_is_suddenly_empty_is_doubted(
    town: Town, adapter: PlatformAdapter, path: str, stream: str
) -> None:
    town.visitor_post("Besök", ago=DAY)
    town.message("Hej", ago=DAY)
    cursors = fetch(adapter).cursors
    town.fault(FaultKind.EMPTY_LIST, account=FB, path=path)

    assert reasons(fetch(adapter, cursors)) == [(Reason.SUSPICIOUS_EMPTY, stream)]


def test_a_page_that_was_really_cleared_is_believed(town: Town, adapter: PlatformAdapter) -> None:
    post, visit = town.post("Hej", ago=DAY), town.visitor_post("Besök", ago=DAY)
    cursors = fetch(adapter).cursors
    town.delete(post)
    town.delete(visit)

    assert fetch(adapter, cursors).coverage is Coverage.COMPLETE


def test_comments_that_are_counted_but_not_listed_are_no_silence(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=DAY)
    town.comment(post, "När?", ago=HOUR)
    town.fault(FaultKind.EMPTY_LIST, account=FB, path="comments")
    result = fetch(adapter)

    assert (Reason.SUSPICIOUS_EMPTY, "comments") in reasons(result)
    assert "comments" not in result.cursors


def test_a_malformed_item_is_counted_and_the_rest_is_kept(town: Town, adapter: PlatformAdapter) -> None:
    town.visitor_post("Trasigt", ago=HOUR)
    whole = town.visitor_post("Helt", ago=2 * HOUR)
    town.fault(FaultKind.MALFORMED_ITEM, account=FB, path="visitor_posts")
    result = fetch(adapter)

    assert result.malformed == 1
    assert reasons(result) == [(Reason.MALFORMED, "visitor_posts")]
    assert whole.id in by_id(result)


def test_too_much_data_at_once_is_asked_for_in_smaller_pieces(town: Town, adapter: PlatformAdapter) -> None:
    for number in range(30):
        post = town.post(f"Inlägg {number}", ago=number * HOUR)
        for other in range(110):
            town.comment(post, f"Kommentar {other}", ago=timedelta(minutes=other))
    adapter = plugin.create(town.settings("facebook", page_size=100, comments_page_size=100), town.context)
    result = fetch(adapter)

    assert result.coverage is Coverage.COMPLETE
    assert sum(1 for i in result.items if i.kind is ItemKind.COMMENT) == 3300


def test_one_accounts_trouble_does_not_touch_another(town: Town, adapter: PlatformAdapter) -> None:
    town.post("Hej", ago=DAY)
    bad, good = facebook_account(key="dålig", credential="fel"), facebook_account()
    results = {r.account: r.coverage for r in adapter.fetch([bad, good], {})}

    assert results == {"dålig": Coverage.FAILED, FB: Coverage.COMPLETE}


def test_a_fault_of_our_own_costs_one_account(
    town: Town, adapter: PlatformAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("Hej", ago=DAY)

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Kim Exempel")

    monkeypatch.setattr("watchdaemon_adapters.facebook.streams.PageReader.read", broken)
    result = fetch(adapter)

    assert reasons(result) == [(Reason.INTERNAL, None)]
    assert "Kim" not in result.troubles[0].detail


def test_switched_off_streams_are_not_read_and_are_said_to_be_uncovered(town: Town) -> None:
    town.message("Hej", ago=DAY)
    adapter = plugin.create(
        town.settings(
            "facebook",
            messages=False,
            mentions=False,
            visitor_posts=False,
            reels=False,
            live_videos=False,
            advertisements=False,
            photos=False,
        ),
        town.context,
    )
    result = fetch(adapter)

    assert result.coverage is Coverage.COMPLETE
    assert set(result.cursors) == {"posts", "comments", "notes"}
    covers = {k.kind: k.cover.value for k in adapter.kinds()}
    assert covers[ItemKind.MESSAGE] == covers[ItemKind.VISITOR_POST] == covers[ItemKind.MENTION] == "not covered"


def test_nothing_is_ever_written(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    town.message("Hej", ago=HOUR)
    result = fetch(adapter)
    list(adapter.recheck(facebook_account(), result.items))

    assert town.asked
    assert {method for method, _, _ in town.asked} == {"GET"}


def test_a_deleted_comment_is_called_deleted_only_when_asked_for(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=DAY)
    kept, gone = town.comment(post, "Kvar?", ago=HOUR), town.comment(post, "Borta?", ago=HOUR)
    items = by_id(fetch(adapter))
    town.delete(gone)
    town.world.hide(town.world.edit(kept, "Kvar! Med mera?"))
    found = {r.external_id: r for r in adapter.recheck(facebook_account(), [items[kept.id], items[gone.id]])}

    assert found[gone.id].visibility is Visibility.DELETED
    assert found[kept.id].visibility is Visibility.HIDDEN
    assert found[kept.id].item == replace(items[kept.id], text="Kvar! Med mera?", visibility=Visibility.HIDDEN)


def test_every_kind_can_be_asked_for_again(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=DAY)
    town.comment(post, "Och hur?", ago=HOUR)
    town.comment(town.visitor_post("Besök?", ago=DAY), "Svar", ago=HOUR, by_account=True)
    town.mention("Omnämnande", ago=DAY)
    town.message("Meddelande?", ago=DAY)
    items = fetch(adapter).items
    found = list(adapter.recheck(facebook_account(), items))

    assert [r.item for r in found] == list(items)


def test_a_token_that_sees_nothing_deletes_nothing(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    items = fetch(adapter).items
    found = list(adapter.recheck(facebook_account(credential="person"), items))

    assert {r.visibility for r in found} == {None}
    assert {r.trouble.reason for r in found if r.trouble} == {Reason.UNAUTHORISED}


def test_the_profile_is_what_the_public_sees(town: Town, adapter: PlatformAdapter) -> None:
    town.post("Hej", ago=DAY)
    town.visitor_post("Besök", ago=HOUR)
    profile = adapter.profile(facebook_account())

    assert (profile.name, profile.text) == ("Exempelkommuns bibliotek", "Biblioteket i Exempelkommun")
    assert profile.link == "https://www.facebook.com/exempelbiblioteket"
    assert profile.is_public
    assert profile.last_own_activity_at == NOW - DAY


@pytest.mark.parametrize(
    ("credential", "is_valid"),
    [("bibliotek", True), ("med-app", True), ("person", False), ("person-med-app", False), ("fel", False)],
)
def test_a_credential_is_good_only_as_the_pages_own(adapter: PlatformAdapter, credential: str, is_valid: bool) -> None:
    assert adapter.credential(facebook_account(credential=credential)).is_valid is is_valid


def test_the_debugger_tells_scopes_and_who_connected(adapter: PlatformAdapter) -> None:
    health = adapter.credential(facebook_account(credential="med-app"))

    assert "pages_read_engagement" in health.scopes
    assert health.missing_scopes == ()
    assert health.connected_by == "77"


def test_a_credential_check_that_gets_no_answer_is_an_error(town: Town, adapter: PlatformAdapter) -> None:
    town.fault(FaultKind.OUTAGE, account=None)

    with pytest.raises(AdapterError):
        adapter.credential(facebook_account())
    with pytest.raises(AdapterError):
        adapter.profile(facebook_account())


def test_one_request_asks_who_the_token_is_and_for_all_of_the_page(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    first = fetch(adapter)
    town.asked.clear()
    town.exchanges.clear()
    second = fetch(adapter, first.cursors)

    assert sorted(path for _, path, _ in town.asked if path not in ALONE) == [PAGE, f"{PAGE}/conversations", "me"]
    assert [e.path.rpartition("/v25.0/")[2] for e in town.exchanges] == [""]
    assert (first.calls, second.calls) == (1, 1)


def test_each_list_is_asked_for_by_itself_the_first_time_and_empty_ones_now_and_then(
    town: Town, adapter: PlatformAdapter
) -> None:
    """In a larger answer a list that is left out passes for an empty one."""
    town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    cursors = fetch(adapter).cursors
    first = {path for _, path, _ in town.asked}
    asked: list[str] = []
    for _ in range(28):
        town.asked.clear()
        town.clock.now += DAY
        cursors = {**cursors, **fetch(adapter, cursors).cursors}
        asked += [path for _, path, _ in town.asked if path in ALONE]

    assert first >= ALONE
    assert Counter(asked) == dict.fromkeys(ALONE - {f"{PAGE}/published_posts"}, 2)
