"""Personal data in texts. Every personal number here is one of the tax agency's published test numbers, every phone
number one of those the telecom authority keeps for fiction, the bank account the IBAN registry's example."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.triage import find_spans


def found(text: str) -> list[tuple[str, str, str]]:
    return [(text[s.start : s.end], s.type, s.certainty) for s in find_spans(text)]


@pytest.mark.parametrize(
    ("written", "certainty"),
    [
        ("19780203-2396", "certain"),
        ("197802032396", "certain"),
        ("19780203 2396", "certain"),
        ("1978-02-03-2396", "certain"),
        ("780203-2396", "certain"),
        ("780203+2396", "certain"),
        ("780203–2396", "certain"),
        ("780203 2396", "certain"),
        ("78 02 03-2396", "certain"),
        ("780203 - 2396", "certain"),
        ("7802032396", "probable"),
        ("198309662396", "certain"),  # coordination numbers: sixty is added to the day
        ("830966-2396", "certain"),
        ("41 03 72-2395", "certain"),
        ("٧٨٠٢٠٣-٢٣٩٦", "certain"),  # another script's digits
    ],
)
def test_a_personal_number_is_found_however_it_is_written(written: str, certainty: str) -> None:
    text = f"Mitt nummer är {written}, ring mig."

    assert found(text) == [(written, "personnummer", certainty)]


@pytest.mark.parametrize(
    "text",
    [
        "7802032397",  # the check digit is wrong, and nothing else says what it is
        "202611231700",  # a time
        "781303-2396",  # there is no thirteenth month
        "780231-2396",  # nor a thirty-first of February
        "802406-2302",  # an organisation's number
        "Mötet är 2026-11-23 17.00",
        "2026-11-23 1700",
        "Diarienummer KS-2018/00425",
        "Faktura 78020323960001",
        "A7802032396B",
        "kl 08-16 eller 09-14",
        "Öppet 08-16 10-14",
        "Ring 112",
        "1234567890123456789012345678901234567890",
    ],
)
def test_digits_that_only_look_like_it_are_nothing(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("written", "kind", "certainty"),
    [
        ("780203-2397", "personnummer_unchecked", "probable"),  # the check digit is wrong
        ("19780203-2397", "personnummer_unchecked", "probable"),
        ("197802032397", "personnummer_unchecked", "probable"),
        ("010061-2381", "personnummer", "certain"),  # a coordination number without its month
        ("18791221+9990", "personnummer", "certain"),
        ("000101-N220", "personnummer", "certain"),  # an interim number
        ("5050-1055", "bankgiro", "certain"),
        ("5050-1056", "bankgiro", "probable"),
        ("8327-9, 123 456 789-0", "bank_account", "probable"),
        ("Provgatan 12 B", "address", "certain"),
        ("Provgatan 12, 123 45 Exempelstad", "address", "certain"),
        ("Norra Provvägen 7 lgh 1101", "address", "certain"),
        ("provgatan 5", "address", "probable"),
    ],
)
def test_what_identifies_a_person_is_found_with_its_certainty(written: str, kind: str, certainty: str) -> None:
    word = {"bankgiro": "bg ", "bank_account": "konto "}.get(kind, "")

    assert found(f"Skriv {word}{written} så ordnar det sig") == [(written, kind, certainty)]


@pytest.mark.parametrize(
    "text",
    ["Riksväg 40 är hal", "spelplan 2", "arbetsplatsen 12 personer", "Vägen 40 år senare", "storgatan är fin", "bg 12"],
)
def test_a_road_a_place_or_a_number_alone_is_no_address_and_no_account(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("written", ["780203-XXXX", "19780203-xxxx", "780203-****", "780203-23xx"])
def test_a_masked_personal_number_is_marked_as_partial(written: str) -> None:
    assert found(f"Född {written}.") == [(written, "personnummer_partial", "probable")]


@pytest.mark.parametrize(
    "written",
    ["070-174 06 65", "0701740665", "+46 70 174 06 65", "08-465 004 70", "+46 (0)31-3900627", "0046 8 465 004 07"],
)
def test_a_phone_number_is_found(written: str) -> None:
    assert found(f"Ring {written} i morgon") == [(written, "phone", "certain")]


def test_a_mail_address_is_found_without_the_full_stop_after_it() -> None:
    assert found("Skriv till anna.alm+fritid@exempelkommun.example.") == [
        ("anna.alm+fritid@exempelkommun.example", "email", "certain")
    ]


@pytest.mark.parametrize("written", ["SE45 5000 0000 0583 9825 7466", "SE4550000000058398257466"])
def test_a_bank_account_is_found_and_the_next_word_left_out(written: str) -> None:
    assert found(f"Konto {written} tack") == [(written, "iban", "certain")]


def test_several_are_found_in_their_order() -> None:
    text = "780203-2396 eller 070-174 06 65, anna@exempelkommun.example"

    assert [kind for _, kind, _ in found(text)] == ["personnummer", "phone", "email"]


def test_places_are_those_of_the_text_as_given() -> None:
    text = "nr\u200b: 78\u200b0203-23\u00ad96 \u200btack"

    assert found(text) == [("78\u200b0203-23\u00ad96", "personnummer", "certain")]


@given(st.text(alphabet="0123456789-+ .()@aXSE\u200b", max_size=300))
def test_spans_lie_in_the_text_in_order_and_apart(text: str) -> None:
    spans = find_spans(text)

    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
