"""What is kept when the same thing is seen again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.fetch import Coverage, Recheck
from watchdaemon.domain.item import Item, ItemKind, Visibility, Wording
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.errors import Reason
from watchdaemon.rules.keeping import add_attempt, add_gap, apply_recheck, merge_item, storable, storable_item

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
WINDOW = Window(on=date(2026, 11, 23), index=1, opens_at=NOW, closes_at=NOW + timedelta(hours=4))
GAP = WatchEntry(account="a", window=WINDOW, coverage=Coverage.FAILED, reason=Reason.NOT_RUNNING)
ITEM = Item(
    account="a",
    platform="x",
    external_id="1",
    thread_id="t",
    kind=ItemKind.COMMENT,
    published_at=NOW,
    parent_id="p",
    root_id="r",
    author="Kim Exempel",
    author_id="u1",
    text="När öppnar ni?",
    url="https://social.example/1",
    edited_at=NOW,
    extra={"a": "1"},
)
OLDER, NEWER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vanlig text 😀\r\n", "vanlig text 😀\r\n"),
        ("\x00a\x00", "\ufffda\ufffd"),
        ("\ud83d", "\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("å\udc00\x00ö", "å\ufffd\ufffdö"),
        ("", ""),
    ],
)
def test_a_text_is_made_storable(text: str, expected: str) -> None:
    assert storable(text) == expected


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_every_storable_text_encodes_and_stays_as_it_is(text: str) -> None:
    clean = storable(text)

    assert "\x00" not in clean
    assert clean.encode().decode() == clean
    assert storable(clean) == clean


def test_an_item_that_is_storable_is_not_copied() -> None:
    assert storable_item(ITEM) is ITEM


@pytest.mark.parametrize(
    ("because", "fetched", "expected"),
    [
        ("nothing changed", ITEM, ITEM),
        ("a withheld author stays known", replace(ITEM, author=None, author_id=None), ITEM),
        ("a link, a parent, a root and a time of edit that are left out stay", replace(
            ITEM, url=None, parent_id=None, root_id=None, edited_at=None), ITEM),
        ("facts add up", replace(ITEM, extra={"b": "2"}), replace(ITEM, extra={"a": "1", "b": "2"})),
        ("a newer fact replaces the older", replace(ITEM, extra={"a": "2"}), replace(ITEM, extra={"a": "2"})),
        ("an edit is taken, with what was said before", replace(ITEM, text="Ny", edited_at=NEWER),
            replace(ITEM, text="Ny", edited_at=NEWER, earlier=(Wording(text=ITEM.text, since=NOW, until=NEWER),))),
        ("an answer without the time of a known edit is from before it", replace(ITEM, text="Nr?", edited_at=None),
            replace(ITEM, earlier=(Wording(text="Nr?", until=NOW),))),
        ("an older answer does not bring its text back", replace(ITEM, text="Gammal", edited_at=OLDER),
            replace(ITEM, earlier=(Wording(text="Gammal", since=OLDER, until=NOW),))),
        ("a deleted item without its text keeps it", replace(ITEM, text="", visibility=Visibility.DELETED),
            replace(ITEM, visibility=Visibility.DELETED)),
        ("a text that was emptied is empty", replace(ITEM, text="", edited_at=NEWER),
            replace(ITEM, text="", edited_at=NEWER, earlier=(Wording(text=ITEM.text, since=NOW, until=NEWER),))),
        ("a changed name is taken", replace(ITEM, author="Kim E"), replace(ITEM, author="Kim E")),
    ],
)  # fmt: skip
def test_of_an_item_seen_again_is_kept(because: str, fetched: Item, expected: Item) -> None:
    assert merge_item(ITEM, fetched) == expected


def test_an_own_reply_stays_ours_when_its_author_is_withheld() -> None:
    own = replace(ITEM, by_account=True, is_automatic=True)

    assert merge_item(own, replace(ITEM, author_id=None)) == own
    assert merge_item(own, ITEM) == ITEM  # a named author decides anew: the register's own ids may have changed


@pytest.mark.parametrize(
    ("because", "before", "told", "after"),
    [
        ("nothing is known", Visibility.PUBLIC, None, Visibility.PUBLIC),
        ("it is gone", Visibility.PUBLIC, Visibility.DELETED, Visibility.DELETED),
        ("it was hidden", Visibility.PUBLIC, Visibility.HIDDEN, Visibility.HIDDEN),
        ("it is shown again", Visibility.HIDDEN, Visibility.PUBLIC, Visibility.PUBLIC),
        ("a mere word revives nothing", Visibility.DELETED, Visibility.PUBLIC, Visibility.DELETED),
    ],
)
def test_a_recheck_changes_the_visibility(
    because: str, before: Visibility, told: Visibility | None, after: Visibility
) -> None:
    recheck = Recheck(account="a", external_id="1", visibility=told)

    assert apply_recheck(replace(ITEM, visibility=before), recheck) == replace(ITEM, visibility=after)


def test_a_recheck_that_read_the_item_revives_it_under_its_own_key() -> None:
    read = replace(ITEM, external_id="another form of the id", text="Ny", edited_at=NEWER)
    recheck = Recheck(account="a", external_id="1", visibility=Visibility.PUBLIC, item=read)

    assert apply_recheck(replace(ITEM, visibility=Visibility.DELETED), recheck) == replace(
        ITEM, text="Ny", edited_at=NEWER, earlier=(Wording(text=ITEM.text, since=NOW, until=NEWER),)
    )


@given(st.permutations([(None, "Nr öppnar ni?"), (OLDER, "När öppnar ni?"), (NOW, "Och stänger?"), (NEWER, "Tack!")]))
def test_earlier_words_are_the_same_in_whatever_order_they_came(versions: list[tuple[datetime | None, str]]) -> None:
    first, *rest = [replace(ITEM, text=text, edited_at=edited_at) for edited_at, text in versions]
    kept = first
    for fetched in rest:
        kept = merge_item(kept, fetched, at=NEWER)

    assert (kept.text, kept.edited_at) == ("Tack!", NEWER)
    assert kept.earlier == (
        Wording(text="Nr öppnar ni?", since=None, until=OLDER),
        Wording(text="När öppnar ni?", since=OLDER, until=NOW),
        Wording(text="Och stänger?", since=NOW, until=NEWER),
    )


def test_an_edit_whose_time_nobody_tells_is_dated_by_when_it_was_noticed() -> None:
    first = replace(ITEM, edited_at=None)

    assert merge_item(first, replace(first, text="Ny"), at=NEWER).earlier == (Wording(text=ITEM.text, until=NEWER),)
    assert merge_item(first, first, at=NEWER) is first


def test_an_own_reply_that_is_edited_keeps_no_earlier_words() -> None:
    own = replace(ITEM, by_account=True)

    assert merge_item(own, replace(own, text="Ny", edited_at=NEWER), at=NEWER).earlier == ()


def test_no_more_than_twenty_earlier_wordings_are_kept() -> None:
    kept = ITEM
    for minute in range(30):
        later = NEWER + timedelta(minutes=minute)
        kept = merge_item(kept, replace(ITEM, text=f"Ändring {minute}", edited_at=later), at=later)

    assert len(kept.earlier) == 20
    assert kept.earlier[-1].text == "Ändring 28"


def tried(coverage: Coverage, minutes: int, **values: object) -> FetchAttempt:
    """An attempt that ended so many minutes after `NOW`."""
    at = NOW + timedelta(minutes=minutes)
    reason = None if coverage is Coverage.COMPLETE else Reason.OUTAGE
    attempt = FetchAttempt(
        account="a", window=WINDOW, started_at=at, ended_at=at, coverage=coverage, items=1, reason=reason
    )
    return replace(attempt, **values)  # type: ignore[arg-type]  # keyword arguments of a test


FAILED, PARTIAL, COMPLETE = Coverage.FAILED, Coverage.PARTIAL, Coverage.COMPLETE


@pytest.mark.parametrize(
    ("because", "coverages", "kept", "fetched_minute"),
    [
        ("one speaks for itself", [PARTIAL], PARTIAL, 0),
        ("complete outdoes partial", [PARTIAL, COMPLETE], COMPLETE, 1),
        ("failed after complete spoils nothing", [COMPLETE, FAILED], COMPLETE, 0),
        ("partial outdoes failed, whatever came later", [FAILED, PARTIAL, FAILED], PARTIAL, 1),
        ("of equals the last one speaks", [FAILED, FAILED], FAILED, 1),
    ],
)
def test_a_window_keeps_its_best_attempt(
    because: str, coverages: list[Coverage], kept: Coverage, fetched_minute: int
) -> None:
    entry: WatchEntry | None = GAP
    for minute, coverage in enumerate(coverages):
        entry = add_attempt(entry, tried(coverage, minute))

    assert entry is not None
    assert (entry.coverage, entry.fetched_at) == (kept, NOW + timedelta(minutes=fetched_minute))
    assert (entry.attempts, entry.items) == (len(coverages), len(coverages))
    assert entry.last_attempt_at == NOW + timedelta(minutes=len(coverages) - 1)


def test_what_to_do_next_is_the_newest_attempts_word() -> None:
    entry = add_attempt(None, tried(PARTIAL, 0, retry_at=NOW))
    entry = add_attempt(entry, tried(FAILED, 5, retry_at=NEWER, needs_person=True))

    assert (entry.coverage, entry.retry_at, entry.needs_person) == (PARTIAL, NEWER, True)

    entry = add_attempt(entry, tried(COMPLETE, 9))

    assert (entry.retry_at, entry.needs_person) == (None, False)


@given(st.permutations([tried(FAILED, 1), tried(PARTIAL, 2), tried(PARTIAL, 3), tried(FAILED, 4)]))
def test_the_order_of_booking_does_not_matter(attempts: list[FetchAttempt]) -> None:
    entry: WatchEntry | None = None
    for attempt in attempts:
        entry = add_attempt(entry, attempt)

    assert entry is not None
    assert (entry.coverage, entry.fetched_at) == (PARTIAL, NOW + timedelta(minutes=3))
    assert entry.last_attempt_at == NOW + timedelta(minutes=4)


def test_a_gap_fills_only_what_is_unknown() -> None:
    told = WatchEntry(account="a", window=WINDOW, told_at=NOW, told_to=("anna",))

    assert add_gap(None, GAP) == GAP
    assert add_gap(GAP, GAP) is None
    assert add_gap(add_attempt(None, tried(FAILED, 0)), GAP) is None
    assert add_gap(told, GAP) == replace(GAP, told_at=NOW, told_to=("anna",))
