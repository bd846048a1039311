"""Fetching an Instagram account over real HTTP from the sandbox."""

from datetime import timedelta

import pytest
from tests.adapters._graph.town import IG, INSTAGRAM, NOW, PAGE, PERSON, Town, instagram_account

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon.ports import PlatformAdapter
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon_adapters.instagram import plugin

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
THREAD = "aWdfTRAD1"


def fetch(adapter: PlatformAdapter, cursors: Cursors | None = None, account: Account | None = None) -> FetchResult:
    account = account or instagram_account()
    (result,) = adapter.fetch([account], {account.key: cursors or {}})
    return result


def by_id(result: FetchResult) -> dict[str, Item]:
    return {i.external_id: i for i in result.items}


def reasons(result: FetchResult) -> list[tuple[Reason, str | None]]:
    return [(t.reason, t.stream) for t in result.troubles]


def test_a_comment_and_its_replies_form_one_thread(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Höstens böcker", ago=4 * DAY, account=IG)
    question = town.comment(media, "Finns den som ljudbok?", ago=3 * DAY)
    answer = town.comment(media, "Ja!", ago=2 * DAY, under=question, by_account=True)
    items = by_id(fetch(adapter))

    assert set(items) == {media.id, question.id, answer.id}
    assert (items[question.id].thread_id, items[question.id].parent_id) == (question.id, None)
    assert (items[answer.id].thread_id, items[answer.id].parent_id) == (question.id, question.id)
    assert {items[i.id].root_id for i in (question, answer)} == {media.id}
    assert (items[question.id].by_account, items[answer.id].by_account) == (False, True)
    assert (items[question.id].author, items[question.id].author_id) == ("kim.exempel", PERSON)
    assert items[question.id].url == items[media.id].url
    assert items[question.id].published_at == NOW - 3 * DAY
    assert items[media.id].kind is ItemKind.POST


def test_every_page_of_comments_and_replies_is_read(town: Town) -> None:
    for number in range(5):
        media = town.post(f"Bild {number}", ago=(number + 1) * DAY, account=IG)
        for other in range(5):
            top = town.comment(media, f"Fråga {other}?", ago=HOUR * (other + 1))
            for reply in range(5):
                town.comment(media, "Svar", ago=timedelta(minutes=reply), under=top, by_account=True)
    adapter = plugin.create(town.settings("instagram", page_size=2, comments_page_size=2), town.context)
    result = fetch(adapter)

    kinds = [i.kind for i in result.items]
    assert result.coverage is Coverage.COMPLETE
    assert kinds.count(ItemKind.POST) == 5
    assert kinds.count(ItemKind.COMMENT) == 5 * 5 * 6
    assert all(i.parent_id for i in result.items if i.kind is ItemKind.COMMENT and i.by_account)
    assert result.calls == len(town.exchanges)


def test_a_quiet_account_takes_few_calls(town: Town, adapter: PlatformAdapter) -> None:
    for number in range(10):
        town.post(f"Bild {number}", ago=number * DAY, account=IG)
    result = fetch(adapter)

    assert result.coverage is Coverage.COMPLETE
    assert {f"{INSTAGRAM}/media", f"{INSTAGRAM}/tags"} < {path for _, path, _ in town.asked}
    assert result.calls == 2

    town.asked.clear()
    again = fetch(adapter, result.cursors)

    assert sorted(path for _, path, _ in town.asked) == [f"{PAGE}/conversations", INSTAGRAM, "me"]
    assert again.calls == 1


def test_a_new_reply_on_an_old_comment_is_found_again(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Bild", ago=20 * DAY, account=IG)
    question = town.comment(media, "När?", ago=19 * DAY)
    cursors = fetch(adapter).cursors
    reply = town.comment(media, "I morgon", ago=timedelta(0), under=question, by_account=True)

    assert reply.id in by_id(fetch(adapter, cursors))


def test_own_replies_are_known_by_name_where_ids_are_missing(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Bild", ago=DAY, account=IG)
    comment = town.comment(media, "Okänd?", ago=HOUR, is_author_private=True)
    item = by_id(fetch(adapter))[comment.id]

    assert (item.author, item.author_id, item.by_account) == ("kim.exempel", None, False)


def test_hidden_comments_show_as_hidden(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Bild", ago=DAY, account=IG)
    hidden = town.comment(media, "Dumheter", ago=HOUR, hidden_at=NOW - HOUR / 2)

    assert by_id(fetch(adapter))[hidden.id].visibility is Visibility.HIDDEN


def test_a_tag_is_a_mention_by_somebody_else(town: Town, adapter: PlatformAdapter) -> None:
    tag = town.mention("På bibblan", ago=DAY, account=IG)
    old = town.mention("Förr", ago=200 * DAY, account=IG)
    items = by_id(fetch(adapter))

    assert (items[tag.id].kind, items[tag.id].by_account) == (ItemKind.MENTION, False)
    assert items[tag.id].author == "kim.exempel"
    assert old.id not in items


def test_direct_messages_come_by_the_linked_page(town: Town, adapter: PlatformAdapter) -> None:
    question = town.message("Har ni öppet?", ago=DAY, account=IG, thread=THREAD)
    answer = town.message("Ja", ago=HOUR, account=IG, thread=THREAD, by_account=True)
    items = by_id(fetch(adapter))

    assert {items[m.id].thread_id for m in (question, answer)} == {THREAD}
    assert (items[question.id].by_account, items[answer.id].by_account) == (False, True)
    assert items[question.id].visibility is Visibility.PRIVATE


def test_without_a_page_there_are_no_messages_and_no_trouble(town: Town, adapter: PlatformAdapter) -> None:
    town.message("Har ni öppet?", ago=DAY, account=IG, thread=THREAD)
    result = fetch(adapter, account=instagram_account(extra={}))

    assert result.coverage is Coverage.COMPLETE
    assert "messages" not in result.cursors
    assert result.items == ()


def test_more_messages_than_can_be_seen_are_told_once(town: Town, adapter: PlatformAdapter) -> None:
    town.message("Först", ago=DAY, account=IG, thread=THREAD)
    cursors = fetch(adapter).cursors
    for minute in range(30):
        town.message(f"Meddelande {minute}", ago=timedelta(minutes=minute), account=IG, thread=THREAD)
    result = fetch(adapter, cursors)

    assert reasons(result) == [(Reason.INCOMPLETE, "messages")]
    assert sum(1 for i in result.items if i.kind is ItemKind.MESSAGE) == 20
    assert fetch(adapter, result.cursors).coverage is Coverage.COMPLETE


def test_a_persons_token_reads_comments_only_as_far_as_they_show(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Bild", ago=DAY, account=IG), "När?", ago=HOUR)
    result = fetch(adapter, account=instagram_account(credential="person"))

    assert (Reason.SUSPICIOUS_EMPTY, "comments") in reasons(result)
    assert (Reason.PERMISSION, "messages") in reasons(result)
    assert "comments" not in result.cursors


def test_comments_that_are_counted_but_not_listed_are_no_silence(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Bild", ago=DAY, account=IG)
    for number in range(3):
        town.comment(media, f"Fråga {number}?", ago=HOUR)
    town.fault(FaultKind.EMPTY_LIST, account=IG, path="comments")

    assert reasons(fetch(adapter)) == [(Reason.SUSPICIOUS_EMPTY, "comments")]


def test_media_that_were_there_and_are_not_listed_are_no_silence(town: Town, adapter: PlatformAdapter) -> None:
    town.post("Bild", ago=DAY, account=IG)
    cursors = fetch(adapter).cursors
    town.fault(FaultKind.EMPTY_LIST, account=IG, path="media")

    assert reasons(fetch(adapter, cursors)) == [(Reason.SUSPICIOUS_EMPTY, "posts")]


def test_another_accounts_id_is_gone_for_this_token(adapter: PlatformAdapter) -> None:
    result = fetch(adapter, account=instagram_account(native_id="17841999999999999"))

    assert reasons(result) == [(Reason.GONE, None)]
    assert result.troubles[0].needs_person


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
    town: Town, adapter: PlatformAdapter, kind: FaultKind, reason: Reason
) -> None:
    town.fault(kind, account=None)
    result = fetch(adapter)

    assert result.coverage is Coverage.FAILED
    assert reasons(result) == [(reason, None)]


@pytest.mark.parametrize(("path", "stream"), [("tags", "tags"), ("conversations", "messages")])
def test_a_missing_permission_costs_only_its_stream(
    town: Town, adapter: PlatformAdapter, path: str, stream: str
) -> None:
    media = town.post("Bild", ago=DAY, account=IG)
    town.fault(FaultKind.MISSING_PERMISSION, account=IG if path == "tags" else None, path=path)
    result = fetch(adapter)

    assert reasons(result) == [(Reason.PERMISSION, stream)]
    assert media.id in by_id(result)


def test_when_comments_are_refused_media_still_come(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Bild", ago=DAY, account=IG)
    town.comment(media, "När?", ago=HOUR)
    town.fault(FaultKind.MISSING_PERMISSION, account=IG, path="comments")
    result = fetch(adapter)

    assert reasons(result) == [(Reason.PERMISSION, "comments")]
    assert media.id in by_id(result)
    assert "comments" not in result.cursors


def test_a_malformed_comment_is_counted_and_the_rest_is_kept(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Bild", ago=DAY, account=IG)
    whole, broken = town.comment(media, "Hel", ago=2 * HOUR), town.comment(media, "Trasig", ago=HOUR)
    town.fault(FaultKind.MALFORMED_ITEM, account=IG, path="comments")
    result = fetch(adapter)

    assert result.malformed == 1
    assert reasons(result) == [(Reason.MALFORMED, "comments")]
    assert whole.id in by_id(result)
    assert broken.id not in by_id(result)


def test_the_same_fetch_gives_the_same_cursors_whenever_it_runs(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Bild", ago=DAY, account=IG), "När?", ago=HOUR)
    first = fetch(adapter).cursors
    town.clock.now += timedelta(minutes=7)

    assert fetch(adapter).cursors == first


def test_comments_are_asked_for_again_and_others_things_are_not(town: Town, adapter: PlatformAdapter) -> None:
    media = town.post("Bild", ago=DAY, account=IG)
    kept, gone = town.comment(media, "Kvar?", ago=HOUR), town.comment(media, "Borta?", ago=HOUR)
    reply = town.comment(media, "Ja", ago=HOUR / 2, under=kept, by_account=True)
    tag = town.mention("Tagg", ago=HOUR, account=IG)
    message = town.message("Hej", ago=HOUR, account=IG, thread=THREAD)
    items = fetch(adapter).items
    town.world.delete(gone)
    town.world.hide(town.world.edit(kept, "Kvar! Eller?"))
    found = {r.external_id: r for r in adapter.recheck(instagram_account(), items)}

    assert found[gone.id].visibility is Visibility.DELETED
    assert found[kept.id].visibility is Visibility.HIDDEN
    assert [r.item.text for r in found.values() if r.item and r.external_id == kept.id] == ["Kvar! Eller?"]
    assert found[reply.id].item == by_id(fetch(adapter))[reply.id]
    assert {found[tag.id].visibility, found[message.id].visibility} == {None}


def test_a_token_that_sees_nothing_deletes_nothing(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Bild", ago=DAY, account=IG), "När?", ago=HOUR)
    items = fetch(adapter).items
    town.fault(FaultKind.EXPIRED_TOKEN, account=IG)
    found = list(adapter.recheck(instagram_account(), items))

    assert {r.visibility for r in found} == {None}
    assert {r.trouble.reason for r in found if r.trouble} == {Reason.UNAUTHORISED}


def test_the_profile_is_what_the_public_sees(town: Town, adapter: PlatformAdapter) -> None:
    town.post("Bild", ago=DAY, account=IG)
    profile = adapter.profile(instagram_account())

    assert (profile.name, profile.text) == ("Exempelbiblioteket", "Böcker i Exempelkommun")
    assert profile.link == "https://www.instagram.com/exempelbiblioteket/"
    assert profile.last_own_activity_at == NOW - DAY


@pytest.mark.parametrize(("credential", "is_valid"), [("bibliotek", True), ("med-app", True), ("fel", False)])
def test_a_credential_is_tried_or_debugged(adapter: PlatformAdapter, credential: str, is_valid: bool) -> None:
    assert adapter.credential(instagram_account(credential=credential)).is_valid is is_valid


def test_more_comments_at_a_time_than_instagram_gives_are_a_fault_in_the_file(town: Town) -> None:
    from watchdaemon.errors import ConfigError

    with pytest.raises(ConfigError) as caught:
        plugin.create({"comments_page_size": 51}, town.context)
    assert [f.key for f in caught.value.faults] == ["platforms.instagram.comments_page_size"]


def test_nothing_is_ever_written(town: Town, adapter: PlatformAdapter) -> None:
    town.comment(town.post("Bild", ago=DAY, account=IG), "När?", ago=HOUR)
    list(adapter.recheck(instagram_account(), fetch(adapter).items))

    assert town.asked
    assert {method for method, _, _ in town.asked} == {"GET"}
