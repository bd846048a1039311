"""Question or not: what people write under a municipality's posts, with and without marks. All of it invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.question import Grade
from watchdaemon.triage import judge_question

ASKS = [
    # marks
    "När öppnar badhuset?",
    "Pris?",
    "متى يفتح المسبح؟",  # the Arabic mark
    "何時に開きますか？",  # the wide one
    "öppettider?",
    "Jättefint! Men var ställer man cykeln? Vi kommer gärna igen.",
    "What time do you open?",
    # a question word in front
    "när öppnar badhuset",
    "hur mycket kostar ett årskort",
    "hur e öppettiderna i jul",
    "vart vänder man sej",
    "vem bestämmer sånt här",
    "varför svarar ingen i växeln",
    "vilken tid börjar sagostunden",
    "var e ni",
    "vad innebär det nya beslutet",
    "i vilken skola hålls mötet",
    "what time do you close",
    "where can i park",
    "how long does it take",
    # a verb in front
    "får man ta med hund",
    "kan ni sanda gångvägen vid skolan",
    "e det öppet imorrn",
    "e badet stängt",
    "öppnar badhuset imorgon",
    "finns de parkering",
    "har ni öppet på lördag",
    "blir det nån julmarknad i år",
    "kan inte ni ha öppet längre",
    "är simning gratis",
    "Ni har väl öppet på lördag",
    "is it open tomorrow",
    "could you open earlier",
    "har ni tid kan ni ringa mig",
    "är det öppet kan jag komma i morgon",
    "hittar ingen adress, kan ni mejla den",
    "var nånstans hålls mötet",
    # in the middle of something else
    "Stigen var fin men kommer den tillbaka i vår",
    "det ligger glas på stigen, kommer nån och sopar",
    "Vilken underbar personal ni har, när stänger ni på fredag, vi vill komma igen",
    "Hej! Tack för senast. hur anmäler jag mig till kursen Ha det gott!",
    "Tack för infon men när öppnar ni",
    "vi har bott här i tio år, kan man få en brunn besiktigad",
    # phrases that ask
    "nån som vet när bussen går",
    "Någon som har tips på ett bra utegym",
    "Undrar hur det går med bygget",
    "jag undrar om återvinningen är öppen",
    "Skulle vilja veta vad som händer med torget",
    "Hör av er till mig",
    "tacksam för svar",
    "Ring mig när ni kan",
    "snälla ploga vår gata",
    "Please fix the lamp by the bridge",
    "anyone know if the library is open",
    "I was wondering about the pool",
    "would like to know who to contact",
]

DOES_NOT_ASK = [
    "Tack för en fin dag!",
    "Bra jobbat!",
    "Vad fint det blev!",
    "Vilken fin bild",
    "Så mysigt, vi kommer definitivt",
    "Ska bli kul!",
    "Har varit där, jättefint",
    "Kan inte komma, tyvärr",
    "Kommer definitivt",
    "Läste den på en kväll, så bra",
    "Fick plats till sist",
    "Alla är nöjda och får den hjälp som behövs",
    "Ni svarar ju aldrig!!",
    "När jag var liten badade vi alltid där",
    "Jag var där i går och det var kul",
    "om du är sjuk, ska du stanna hemma",
    "Är du sjuk ska du stanna hemma",
    "Har du frågor, kontakta växeln",
    "gör det nu",
    "Bry er inte om det, sa jag",
    'Hon frågade "När öppnar ni?" och fick svar direkt',
    "> När öppnar ni?\nDet står på webbplatsen.",
    "Läs mer på https://exempelkommun.example/sok?q=bad",
    "@badhuset #sommar",
    "Hela familjen älskar lekplatsen, t.ex. den stora gungan",
    "What a lovely picture",
    "Have a nice day",
    "Thanks, great work",
    "When I was little we always went there",
    "🙏❤️",
    "",
    "   ",
    "\x00\x00",
]

MAY_ASK = [
    "Va??",
    "???",
    "Hur svårt kan det vara?!",
    "Vem bryr sig?",
    "Underbart, eller hur?",
    "Lampan på Storgatan är trasig",
    "Hissen fungerar inte",
    "The swing is broken",
]


@pytest.mark.parametrize("text", ASKS)
def test_what_asks_is_graded_yes(text: str) -> None:
    grade, reason = judge_question(text)

    assert grade is Grade.YES, reason


@pytest.mark.parametrize("text", DOES_NOT_ASK)
def test_what_does_not_ask_is_graded_no(text: str) -> None:
    grade, reason = judge_question(text)

    assert grade is Grade.NO, reason


@pytest.mark.parametrize("text", MAY_ASK)
def test_what_may_be_meant_as_a_question_is_graded_maybe(text: str) -> None:
    grade, reason = judge_question(text)

    assert grade is Grade.MAYBE, reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("När öppnar ni?", "a question mark"),
        ("när öppnar ni", "a question word in front: när"),
        ("får man bada", "a verb before its subject: får man"),
        ("nån som vet mer", "asks for something: nån som vet"),
        ("Hissen är sönder", "tells of something that does not work"),
        ("Fint!", "nothing asks for an answer"),
        ("", "no text"),
    ],
)
def test_the_grade_comes_with_its_reason(text: str, reason: str) -> None:
    assert judge_question(text)[1] == reason


def test_an_invisible_mark_in_a_word_hides_no_question() -> None:
    assert judge_question("f\u200bår m\u00adan bada")[0] is Grade.YES


def test_a_question_at_the_end_of_a_very_long_text_is_seen() -> None:
    assert judge_question("Det var en fin dag. " * 5000 + "När öppnar ni?")[0] is Grade.YES


@given(st.text())
def test_any_text_gets_a_grade_and_a_reason(text: str) -> None:
    grade, reason = judge_question(text)

    assert grade in Grade
    assert reason


@given(st.sampled_from(ASKS), st.sampled_from(["Hej! ", "Tack för en fin dag. ", "Hejsan, "]))
def test_a_greeting_before_it_takes_no_question_away(question: str, greeting: str) -> None:
    assert judge_question(greeting + question)[0] is not Grade.NO


@given(st.sampled_from(ASKS))
def test_capitals_make_no_difference(question: str) -> None:
    assert judge_question(question.upper())[0] is not Grade.NO


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("onko uimahalli auki huomenna", "Finnish"),
        ("milloin kirjasto aukeaa", "Finnish"),
        ("har dere åpent på søndag", "Norwegian"),
        ("hvornår åbner svømmehallen", "Danish"),
        ("هل المكتبة مفتوحة اليوم", "Arabic"),
        ("متى يبدأ الدرس", "Arabic"),
        ("leat go don doppe", "Northern Sámi"),
        ("goas lea čoahkkin", "Northern Sámi"),
    ],
)
def test_other_languages_ask_without_marks_too(text: str, language: str) -> None:
    assert judge_question(text)[0] is not Grade.NO, language


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("onko uimahalli auki huomenna", "the ending that asks: onko uimahalli"),
        ("هل المكتبة مفتوحة اليوم", "a question word in front: هل المكتبة"),
    ],
)
def test_what_no_rule_of_swedish_sees_has_a_reason_all_the_same(text: str, reason: str) -> None:
    assert judge_question(text)[1] == reason


def test_a_lower_threshold_finds_more_and_never_less() -> None:
    grades = [judge_question("ligger anslaget kvar", t)[0] for t in (0.6, 0.35, 0.05)]
    rank = [Grade.NO, Grade.MAYBE, Grade.YES].index

    assert [rank(g) for g in grades] == sorted(rank(g) for g in grades)


def test_a_statement_with_its_full_stop_is_less_likely_a_question() -> None:
    asks = {judge_question(f"Kommer gärna tillbaka dit{end}")[0] for end in (".", "!")}

    assert asks == {Grade.NO}
