"""What acts is taken away, what says something stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.mail import _clean

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=300)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("Maja Testsson", "Maja Testsson"),
        ("  Maja \t\r\n Testsson ", "Maja Testsson"),
        ("Åsa O'Öberg-Ñandú", "Åsa O'Öberg-Ñandú"),
        ("a\x00b\x1bc", "abc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("می‌خواهم", "می‌خواهم"),
        ("\ud83d!", "\ufffd!"),
        ("\u3164\u2800 \u00a0", ""),
        ("\u0301\u0301", ""),
        (None, ""),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_a_name_is_one_line_that_acts_on_nothing(given_name: str | None, shown: str) -> None:
    assert _clean.line(given_name) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hej!\r\n\r\nÄr det öppet?", "Hej!\n\nÄr det öppet?"),
        ("a\rb\u2028c\u2029d\x85e\x0bf", "a\nb\nc\nd\ne\nf"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("a\tb", "a    b"),
        ("\n\n  indrag kvar  \n", "  indrag kvar"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4),
    ],
)
def test_a_text_keeps_its_own_lines(written: str, shown: str) -> None:
    assert _clean.block(written) == shown


@given(ANY_TEXT)
def test_whatever_comes_in_can_be_encoded_and_has_no_acting_characters(text: str) -> None:
    for cleaned in (_clean.line(text), _clean.block(text), _clean.name(text)):
        cleaned.encode("utf-8")
        controls = {c for c in cleaned if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}}

        assert all(c in "\n\u200c\u200d\u2068\u2069" or 0xE0020 <= ord(c) < 0xE0080 for c in controls)


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert _clean.line(_clean.line(text)) == _clean.line(text)
    assert _clean.block(_clean.block(text)) == _clean.block(text)


def test_a_text_of_two_thousand_characters_is_whole() -> None:
    assert _clean.trim("å" * 2_000) == ("å" * 2_000, 0)


def test_a_longer_text_is_cut_between_words_and_says_how_much_is_left() -> None:
    text = "ord " * 600

    kept, left_out = _clean.trim(text)

    assert kept.endswith("ord")
    assert 1_990 <= len(kept) <= 2_000
    assert len(kept) + left_out == len(text)


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    assert _clean.trim("x" * 5_000) == ("x" * 2_000, 3_000)
