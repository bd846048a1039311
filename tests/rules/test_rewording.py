"""Which edits ask something else, who speaks for the organisation, and which words hold. Milliseconds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.item import Item, ItemKind, Wording
from watchdaemon.rules.rewording import asked_anew_at, asks_anew
from watchdaemon.triage import classify

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


def asks(text: str) -> bool:
    """What the daemon itself would say."""
    return classify(text).grade.value != "no"


@pytest.mark.parametrize(
    ("before", "after", "anew"),
    [
        ("När öpnar ni på lördag?", "När öppnar ni på lördag?", False),
        ("Nr öppnar biblioteket", "När öppnar biblioteket?", True),  # two letters for three: not told from "Var"
        ("När öppnar bibilotket?", "När öppnar biblioteket?", False),
        ("När öppnar ni?", "När öppnar ni? Tack på förhand!", False),
        ("När öppnar ni?", "Hej! När öppnar ni?", False),
        ("När öppnar ni, snälla?", "När öppnar ni?", False),
        ("När öppnar ni?", "när öppnar ni", False),
        ("När öppnar ni?", "Löst, tack!", False),
        ("När öppnar ni på lördag?", "När öppnar ni på söndag?", True),
        ("Öppnar ni klockan 8?", "Öppnar ni klockan 9?", True),
        ("Är det öppet i juni?", "Är det öppet i juli?", True),
        ("När öppnar ni?", "När öppnar ni? Och vad kostar det?", True),
        ("Tack för svaret!", "Tack för svaret! Men när öppnar ni på söndag?", True),
        ("When do you open?", "When do you open? And how much is it?", True),
        ("", "När öppnar ni?", True),
    ],
)
def test_an_edit_asks_something_else_or_not(before: str, after: str, anew: bool) -> None:
    assert asks_anew(before, after, asks) is anew


@given(st.text(max_size=300))
def test_no_text_asks_something_else_than_itself(text: str) -> None:
    assert not asks_anew(text, text, lambda _: True)


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_asks_nothing_asks_nothing_anew(before: str, after: str) -> None:
    assert not asks_anew(before, after, lambda _: False)


def item(text: str, *earlier: Wording, edited_at: datetime | None = None) -> Item:
    """A comment with its earlier wordings."""
    return Item(
        account="a",
        platform="x",
        external_id="1",
        thread_id="1",
        kind=ItemKind.COMMENT,
        published_at=NOON,
        text=text,
        earlier=earlier,
        edited_at=edited_at,
    )


def test_the_last_edit_that_asked_something_else_counts() -> None:
    at = [NOON + timedelta(minutes=m) for m in (10, 20, 30)]
    edited = item(
        "När öppnar badhuset på söndag? Tack!",
        Wording(text="När öppnar badhuset på lördag?", until=at[0]),
        Wording(text="När öpnar badhuset på söndag?", since=at[0], until=at[1]),
        Wording(text="När öppnar badhuset på söndag?", since=at[1], until=at[2]),
        edited_at=at[2],
    )

    assert asked_anew_at(edited, asks) == at[0]


def test_an_edit_that_nobody_saw_the_words_before_counts_as_asking_anew() -> None:
    assert asked_anew_at(item("När öppnar ni?", edited_at=NOON), asks) == NOON
    assert asked_anew_at(item("Tack!", edited_at=NOON), asks) is None
    assert asked_anew_at(item("När öppnar ni?"), asks) is None
