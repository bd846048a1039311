"""Items, cursors and marks, on every store."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from tests.storage.make import ACCOUNT, NOW, fetched, item, partly, verdict

from watchdaemon.domain.fetch import Recheck, Trouble
from watchdaemon.domain.item import ItemKind, Visibility, Wording
from watchdaemon.errors import Reason
from watchdaemon.ports import PendingThread, Saved, Store

LATER = NOW + timedelta(hours=2)


def test_a_saved_item_comes_back_equal(store: Store) -> None:
    whole = item(
        parent_id="c0",
        root_id="p1",
        by_account=True,
        is_automatic=True,
        edited_at=NOW,
        visibility=Visibility.HELD,
        extra={"fbid": "1", "ä": "ö"},
    )

    assert store.save_fetch(fetched(whole), at=NOW) == Saved(new_items=1, changed_items=0)
    assert store.items() == [whole]


def test_times_come_back_aware_in_utc_to_the_microsecond(store: Store) -> None:
    stockholm = timezone(timedelta(hours=1))
    published_at = NOW.replace(microsecond=123_456)

    store.save_fetch(fetched(item(published_at=published_at.astimezone(stockholm))), at=NOW)

    [kept] = store.items()
    assert kept.published_at == published_at
    assert kept.published_at.utcoffset() == timedelta(0)


def test_items_and_cursors_are_saved_together(store: Store) -> None:
    store.save_fetch(fetched(item(), cursors={"comments": "c1", "messages": "m1"}), at=NOW)
    store.save_fetch(fetched(cursors={"messages": "m2"}), at=LATER)

    assert store.cursors([ACCOUNT, "never-fetched"]) == {
        ACCOUNT: {"comments": "c1", "messages": "m2"},
        "never-fetched": {},
    }


def test_the_same_item_again_changes_nothing(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    before = store.pending_threads()

    assert store.save_fetch(partly(item()), at=LATER) == Saved(new_items=0, changed_items=0)
    assert store.pending_threads() == before


def test_an_item_twice_in_one_answer_counts_once(store: Store) -> None:
    assert store.save_fetch(fetched(item(), item()), at=NOW) == Saved(new_items=1, changed_items=0)


def test_an_edit_is_stored_and_marks_the_thread_anew(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    edited = item(text="När öppnar ni på lördag?", edited_at=NOW)

    assert store.save_fetch(fetched(edited), at=LATER) == Saved(new_items=0, changed_items=1)
    assert store.items() == [replace(edited, earlier=(Wording(text=item().text, until=NOW),))]
    assert store.pending_threads() == [PendingThread(account=ACCOUNT, thread_id="t1", revision=2)]


def test_a_withheld_author_stays_known(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)

    store.save_fetch(fetched(item(author=None, author_id=None, url=None)), at=LATER)

    assert store.items() == [item()]


def test_first_seen_stays_when_an_item_changes(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    store.save_fetch(fetched(item(text="Ändrat?")), at=LATER)
    store.save_judgements([(store.pending_threads()[0], [verdict()])], at=NOW)

    assert [q.first_seen_at for q in store.questions()] == [NOW]


def test_an_item_that_moves_marks_both_threads(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    store.save_fetch(fetched(item(thread_id="t2")), at=LATER)

    assert [(p.thread_id, p.revision) for p in store.pending_threads()] == [("t1", 2), ("t2", 1)]


def test_accounts_with_equal_external_ids_are_apart(store: Store) -> None:
    other = replace(item(), account="ig-badet")
    store.save_fetch(fetched(item()), at=NOW)

    assert store.save_fetch(fetched(other), at=NOW).new_items == 1
    assert store.items(account="ig-badet") == [other]


def test_another_accounts_item_in_a_result_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="another account"):
        store.save_fetch(fetched(item(), replace(item(), account="ig-badet")), at=NOW)

    assert store.items() == []


def test_items_come_by_time_then_account_then_id(store: Store) -> None:
    early = item("z", published_at=NOW - timedelta(days=2))
    # By code point, whatever the server's locale: capitals before small letters, å after z.
    same_time = [item(external_id) for external_id in ("A", "a", "z2", "å")]
    store.save_fetch(fetched(*reversed(same_time), early), at=NOW)

    assert [i.external_id for i in store.items()] == ["z", "A", "a", "z2", "å"]


def test_since_is_inclusive(store: Store) -> None:
    store.save_fetch(
        fetched(item("old", published_at=NOW - timedelta(seconds=1)), item("new", published_at=NOW)), at=NOW
    )

    assert [i.external_id for i in store.items(since=NOW)] == ["new"]


def test_a_thread_holds_its_items_oldest_first(store: Store) -> None:
    question = item("c2", published_at=NOW - timedelta(minutes=5))
    answer = item("c1", published_at=NOW, by_account=True)
    store.save_fetch(fetched(answer, question, item("c3", thread_id="t2")), at=NOW)

    assert store.thread(ACCOUNT, "t1").items == (question, answer)
    assert store.thread(ACCOUNT, "missing").items == ()


def test_pending_threads_are_limited(store: Store) -> None:
    store.save_fetch(fetched(*(item(f"c{n}", thread_id=f"t{n}") for n in range(5))), at=NOW)

    assert [p.thread_id for p in store.pending_threads(limit=2)] == ["t0", "t1"]


def test_marking_all_brings_judged_threads_back(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    store.save_judgements([(store.pending_threads()[0], [])], at=NOW)
    assert store.pending_threads() == []

    store.mark_all_pending()

    assert [p.thread_id for p in store.pending_threads()] == ["t1"]


def _judged(store: Store, *visibilities: Visibility) -> None:
    items = [item(f"c{n}", visibility=v) for n, v in enumerate(visibilities, 1)]
    store.save_fetch(fetched(*items), at=NOW)
    store.save_judgements([(store.pending_threads()[0], [])], at=NOW)


def test_a_recheck_that_finds_an_item_gone_marks_its_thread(store: Store) -> None:
    _judged(store, Visibility.PUBLIC)
    gone = Recheck(account=ACCOUNT, external_id="c1", visibility=Visibility.DELETED)

    assert store.set_visibility([gone], at=LATER) == 1
    assert [i.visibility for i in store.items()] == [Visibility.DELETED]
    assert [p.thread_id for p in store.pending_threads()] == ["t1"]


def test_a_recheck_that_knows_nothing_changes_nothing(store: Store) -> None:
    _judged(store, Visibility.PUBLIC)
    unknown = Recheck(
        account=ACCOUNT, external_id="c1", visibility=None, trouble=Trouble(reason=Reason.OUTAGE, detail="no answer")
    )
    elsewhere = Recheck(account=ACCOUNT, external_id="never-seen", visibility=Visibility.DELETED)

    assert store.set_visibility([unknown, elsewhere], at=LATER) == 0
    assert store.items() == [item()]
    assert store.pending_threads() == []


def test_a_recheck_brings_an_edited_text(store: Store) -> None:
    _judged(store, Visibility.PUBLIC)
    edited = item(text="Ändrat?", author=None, author_id=None)

    changed = store.set_visibility(
        [Recheck(account=ACCOUNT, external_id="c1", visibility=Visibility.HIDDEN, item=edited)], at=LATER
    )

    assert changed == 1
    earlier = (Wording(text=item().text, until=LATER),)
    assert store.items() == [item(text="Ändrat?", visibility=Visibility.HIDDEN, earlier=earlier)]


def test_a_deleted_item_does_not_come_back_by_a_mere_word(store: Store) -> None:
    _judged(store, Visibility.DELETED)
    word = Recheck(account=ACCOUNT, external_id="c1", visibility=Visibility.PUBLIC)

    assert store.set_visibility([word], at=LATER) == 0
    assert [i.visibility for i in store.items()] == [Visibility.DELETED]


def test_a_deleted_item_that_is_fetched_again_is_visible_again(store: Store) -> None:
    _judged(store, Visibility.DELETED)

    assert store.save_fetch(fetched(item()), at=LATER).changed_items == 1
    assert store.items() == [item()]


def test_the_newest_own_post_counts_and_nothing_else(store: Store) -> None:
    own = {"kind": ItemKind.POST, "by_account": True}
    store.save_fetch(
        fetched(
            item("p1", published_at=NOW - timedelta(days=9), **own),
            item("p2", published_at=NOW - timedelta(days=3), **own),
            item("reply", published_at=NOW, by_account=True),
            item("visitor", published_at=NOW, kind=ItemKind.POST),
        ),
        at=NOW,
    )

    assert store.last_own_post_at() == {ACCOUNT: NOW - timedelta(days=3)}
    assert store.own_posts_at(since=NOW - timedelta(days=9)) == {
        ACCOUNT: [NOW - timedelta(days=9), NOW - timedelta(days=3)]
    }
    assert store.own_posts_at(since=NOW - timedelta(days=2)) == {}


def test_texts_no_database_takes_are_made_storable_and_stay_equal(store: Store) -> None:
    odd = item("c\x001", text="noll\x00 halv\ud83d par\ud83d\ude00", author="\x00", extra={"k\x00": "v\udc00"})

    store.save_fetch(fetched(odd, cursors={"comments": "\x00"}), at=NOW)

    [kept] = store.items()
    assert (kept.external_id, kept.text) == ("c\ufffd1", "noll\ufffd halv\ufffd par😀")
    assert (kept.author, kept.extra) == ("\ufffd", {"k\ufffd": "v\ufffd"})
    assert store.cursors([ACCOUNT]) == {ACCOUNT: {"comments": "\ufffd"}}
    assert store.save_fetch(fetched(odd), at=LATER) == Saved(new_items=0, changed_items=0)


def test_a_text_of_100_kb_with_everything_in_it_comes_back_whole(store: Store) -> None:
    text = "<b>'\";--\r\n\u202e%s {} å😀" * 5_000
    store.save_fetch(fetched(item(text=text)), at=NOW)

    assert store.items()[0].text == text


def test_more_items_than_fit_one_statement_are_compared_and_stored(store: Store) -> None:
    many = [item(f"c{n:05}", thread_id=f"t{n % 7}") for n in range(1_201)]

    assert store.save_fetch(fetched(*many), at=NOW).new_items == 1_201
    assert store.save_fetch(fetched(*many, item("last")), at=LATER) == Saved(new_items=1, changed_items=0)
    assert len(store.cursors(f"a{n}" for n in range(1_201))) == 1_201
