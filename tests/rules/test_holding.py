"""What promises an answer, and what is one. Milliseconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.rules.holding import is_courtesy, is_holding_reply

PROMISES = (
    "Vi återkommer!",
    "Hej! Vi återkommer.",
    "Tack för din fråga, vi återkommer med svar.",
    "Återkommer så fort jag vet mer 😊",
    "Återkommer med besked",
    "Vi ber att få återkomma.",
    "Jag får återkomma till dig om det.",
    "Det ska vi kolla upp!",
    "Vi kollar upp det",
    "vi kollar med vår tekniska avdelning",
    "Jag ska kolla med en kollega.",
    "Hej Eva! Vi undersöker saken.",
    "Vi tar reda på det åt dig.",
    "Tar reda på det!",
    "Vi ska ta reda på hur det ligger till.",
    "Jag frågar runt.",
    "Vi hör med trafikenheten och hör av oss.",
    "Vi hör av oss så snart vi vet.",
    "Vi tittar på frågan.",
    "Badet öppnar klockan nio. Priset återkommer vi med.",
    "Vi återkopplar i morgon.",
    "Vi hoppas kunna återkomma under veckan.",
    "We'll get back to you.",
    "We’ll get back to you soon",
    "Thanks for asking! Let me check with the team.",
    "We are looking into it.",
    "I will find out and be in touch.",
    "Looking into this now!",
    "I'll check!",
    "Vi kikar på det!",
    "Kollar!",
    "Återkommer snarast",
    "Återkommer i frågan",
    "Vi tar det vidare och återkommer.",
    "Hej! Vi måste stämma av det här internt, återkommer!",
    "Vi har ställt frågan till vår driftavdelning, återkommer.",
    "Vi letar efter svar på det och hör av oss snart",
    "Vi arbetar löpande med det och återkommer med besked.",
    "Vi återkommer i höst med mer information.",
    "Hej! Tack för frågan, svar kommer under dagen.",
    "Vi väntar fortfarande på besked.",
    "Vi uppdaterar här så snart vi vet.",
    "Låt oss kolla upp det.",
    "Jag behöver höra med en kollega.",
    "Vi ska be någon på tekniska svara dig.",
    "Vi vet inte ännu men återkommer när det är klart.",
    "Vi ska titta på det.",
    "Hej, vi jobbar på ett svar till dig.",
    "Vi hör oss för med gatukontoret.",
    "Vi har frågat trafikenheten och väntar på svar.",
    "Svar kommer!",
    "Du ska få svar inom kort.",
    "Vi svarar dig så fort vi kan.",
    "I’ll ask and let you know!",
    "We will return with an answer.",
)
ANSWERS = (
    "",
    "Klockan nio.",
    "Vi öppnar klockan nio på lördag. Välkommen!",
    "Återkom gärna om du undrar något mer.",
    "Klockan nio. Hör av dig om du har fler frågor!",
    "Hoppas att du återkommer till oss!",
    "Välkommen åter!",
    "Kontakta kundtjänst på telefon så får du hjälp.",
    "Vi återkommer inte i det här ärendet.",
    "Kolla gärna på vår webbplats.",
    "Du kan kolla saldot i appen.",
    "Vi kollar alltid vattnet två gånger om dagen.",
    "Please get back to us if you have more questions.",
    "You can check with the library.",
    "Feel free to get back to us when you know.",
    "Yes, it opens at nine.",
    "Tack!",
    "Vi återkommer varje år med marknaden kl 10",
    "Vi återkommer även nästa sommar med lekparksturnén, den 12 juni.",
    "Badet öppnar klockan tio, och vattengympan återkommer på torsdagar.",
    "Utställningen återkommer i höst, den 3 oktober.",
    "Vi undersöker vattnet varje vecka.",
    "Du får kolla med Trafikverket, det är deras väg.",
    "Man får kolla med sin handläggare.",
    "Vi har kollat med driften: det är stängt på lördag.",
    "Besked om plats kommer i april.",
    "Mejla oss så återkommer vi.",
    "Fyll i formuläret på webben så hör vi av oss.",
    "Ja, vi återkommer med julmarknaden den 5 december kl 10.",
    "Vi återkommer till Exempeltorget den 3 maj kl 12.",
    "Du får svar på ansökan inom två veckor.",
    "Vi tittar på fotboll på storskärm kl 18 på torget!",
    "Låt oss veta om det inte fungerar.",
    "Let us know if it does not work.",
)
COURTESIES = (
    "Varsågod!",
    "Varsågod Eva! 😊",
    "Tack själv! /Anna",
    "Ingen fara, ha en fin dag!",
    "❤️",
    "You’re welcome!",
)
NO_COURTESIES = (
    "",
    "Klockan nio.",
    "Varsågod, klockan nio.",
    "Tack, nu är det lagat.",
    "Ingen fara, vi öppnar nio.",
    "Nej.",
)


@pytest.mark.parametrize("text", COURTESIES)
def test_you_are_welcome_is_a_courtesy(text: str) -> None:
    assert is_courtesy(text)


@pytest.mark.parametrize("text", NO_COURTESIES)
def test_what_says_something_is_more_than_a_courtesy(text: str) -> None:
    assert not is_courtesy(text)


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_is_one(text: str) -> None:
    assert is_holding_reply(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_no_promise(text: str) -> None:
    assert not is_holding_reply(text)


@given(st.sampled_from(PROMISES), st.sampled_from(["Hej!\n", "Tack för din kommentar. ", "Bra fråga! "]))
def test_a_greeting_in_front_changes_nothing(text: str, greeting: str) -> None:
    assert is_holding_reply(greeting + text)
    assert is_holding_reply(text.upper())


@given(st.text(max_size=3_000))
def test_any_text_is_judged(text: str) -> None:
    assert is_holding_reply(text) in {True, False}
