"""What a person must look at for removal. All texts invented; the words are as ugly as those that must be found."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.triage import LISTED_CLASSES, classify, find_hits
from watchdaemon.triage._folding import lowered
from watchdaemon.triage._offensive import PATTERNS, may_hold_any


def kinds(text: str) -> set[tuple[str, str]]:
    return {(hit.type, hit.certainty) for hit in find_hits(text)}


@pytest.mark.parametrize(
    ("text", "kind", "certainty"),
    [
        ("Jag kommer att döda dig", "threat", "certain"),
        ("vi vet var din familj bor", "threat", "certain"),
        ("hoppas ni dör allihop", "threat", "probable"),
        ("we know where you live", "threat", "certain"),
        ("någon borde bränna ner skiten", "incitement", "probable"),
        ("anslut dig till isis", "terrorism", "certain"),
        ("alla muslimer ska ut ur landet", "hate", "certain"),
        ("jävla blatte", "hate", "certain"),
        ("din hora", "abuse", "certain"),
        ("du är en idiot", "abuse", "certain"),
        ("skicka nudes", "sexual", "certain"),
        ("så jävla bra", "profanity", "certain"),
        ("Tjäna snabba pengar på https://vinst.example/x", "spam link", "certain"),
        ("lån utan uc, ansök i dag", "spam link", "certain"),
    ],
)
def test_a_hit_names_its_class_and_its_certainty(text: str, kind: str, certainty: str) -> None:
    assert (kind, certainty) in kinds(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("din h o r a", "abuse"),
        ("din h.o.r.a", "abuse"),
        ("din h0ra", "abuse"),
        ("din h*ra", "abuse"),
        ("din hoooora", "abuse"),
        ("din fitttta", "abuse"),
        ("din h\u200bora", "abuse"),
        ("din hоrа", "abuse"),  # Cyrillic letters
        ("f*ck you", "abuse"),
        ("b1tch", "abuse"),
        ("jag ska  döda   dig", "threat"),
        ("J@G SKA DÖDA DIG", "threat"),
    ],
)
def test_a_disguise_is_looked_through(text: str, kind: str) -> None:
    assert kind in {found for found, _ in kinds(text)}


def test_a_disguised_hit_stands_where_it_is_written() -> None:
    text = "nej du, h o r a är du"
    hit = next(h for h in find_hits(text) if h.type == "abuse")

    assert text[hit.start : hit.end] == "h o r a"
    assert hit.certainty == "probable"


@pytest.mark.parametrize(
    ("text", "kind", "certainty"),
    [
        ("min son har adhd och får ingen hjälp", "health", "certain"),
        ("Jag har depression sedan i våras", "health", "certain"),
        ("soc tog hand om vår dotter efter en orosanmälan", "social", "certain"),
        ("Ni har en bra sida om adhd", "health", "probable"),
        ("socialtjänsten har öppet till fyra", "social", "probable"),
    ],
)
def test_a_matter_is_private_when_somebody_it_is_about_stands_near(text: str, kind: str, certainty: str) -> None:
    assert (kind, certainty) in kinds(text)


def test_a_private_matter_is_looked_at_and_a_topic_is_not() -> None:
    assert classify("min mamma är dement och hemtjänsten kom aldrig").removal_reason == "private matter"
    assert not classify("Bra föreläsning om demens på biblioteket").needs_removal


def test_profanity_alone_is_no_reason_to_remove_anything() -> None:
    assert not classify("Det är så jävla bra").needs_removal


def test_the_gravest_class_is_the_reason() -> None:
    assert classify("din jävla hora, jag ska döda dig").removal_reason == "threat"


def test_a_personal_number_outweighs_every_other_reason() -> None:
    assert classify("din hora 780203-2396").removal_reason == "personal number"


def test_a_mistyped_personal_number_is_secret_too() -> None:
    assert classify("Mitt nummer är 780203-2397").is_secret


def test_the_classes_of_the_act_stand_apart() -> None:
    assert {"threat", "hate", "incitement"} < LISTED_CLASSES
    assert not {"abuse", "sexual", "profanity", "spam link"} & LISTED_CLASSES


@pytest.mark.parametrize(
    "text",
    [
        "Det är slut på sand",
        "Ni ska skjuta upp mötet till fredag",
        "Rom är en fin stad",
        "Fredriksbad är bättre",
        "Passa er för halkan",
        "Kolla in vår nya lekplats på https://exempelkommun.example/lek",
        "10-15 barn, 3 vuxna, kl 17.30",
        "Tom och Jerry går på bio",
        "Vi har 100 platser kvar, 50% rabatt",
        "Haaaalla vad kul!!!",
        "Muslimer och judar är välkomna på mötet",
    ],
)
def test_plain_speech_has_no_hits(text: str) -> None:
    assert kinds(text) == set()


@given(st.text(max_size=300))
def test_the_quick_look_misses_nothing_that_a_pattern_finds(text: str) -> None:
    low = lowered(text).text

    assert may_hold_any(low) or not any(pattern.search(low) for _, _, pattern in PATTERNS)


@pytest.mark.parametrize("pattern", [p for _, _, p in PATTERNS], ids=range(len(PATTERNS)))
def test_the_quick_look_lets_through_what_each_pattern_finds(pattern: re.Pattern[str]) -> None:
    @given(st.from_regex(pattern, fullmatch=True))
    def every_match(match: str) -> None:
        assert may_hold_any(match)

    every_match()


PIECES = st.sampled_from(
    ["din h0ra", "f*ck", "a b c d", "\u200b", "ööööö", "İ", "https://x.example", "min son", "adhd", "****", "SSS", "ﬀ"]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=12).map(" ".join))
def test_hits_lie_in_the_text_in_order_and_are_the_same_each_time(text: str) -> None:
    hits = find_hits(text)

    assert all(0 <= h.start < h.end <= len(text) for h in hits)
    assert all(a.start <= b.start for a, b in pairwise(hits))
    assert hits == find_hits(text)
    assert classify(text) == classify(text)
