"""The pages over real HTTP: looking changes nothing, the button acts once. (2 s)"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.services.conftest import register_of
from tests.web.conftest import ITEMS, LIBRARY, NINE, SIGHT, Hall, accounts, comment, hidden, ways

from watchdaemon.domain.question import DecisionKind

WORDS = [kind for kind in DecisionKind if kind is not DecisionKind.REOPENED]


def links(hall: Hall) -> list[str]:
    """Every link that a digest may have."""
    words = [hall.word(kind, item) for kind, item in zip(DecisionKind, ["q1", "rude", "secret"] * 3, strict=True)]
    return [*words, hall.item(), hall.item("secret"), hall.seen_all()]


def test_looking_at_every_link_changes_nothing(hall: Hall) -> None:
    everything = links(hall)
    before = hall.dump()

    answers = [getattr(hall.browser, method)(link) for link in everything for method in ("get", "head")]
    further = [hall.get(link) for page in answers if page.text for link in ways(page).values()]

    assert {a.status_code for a in [*answers, *further]} == {200}
    assert hall.dump() == before


def test_a_head_is_a_get_without_its_body(hall: Hall) -> None:
    link = hall.seen_all()
    get, head = hall.browser.get(link), hall.browser.head(link)

    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.content))


@pytest.mark.parametrize("kind", WORDS)
def test_the_button_says_the_word_once_and_leads_to_a_receipt(hall: Hall, kind: DecisionKind) -> None:
    link = hall.word(kind)

    answer = hall.press(link, note="till gatukontoret")
    receipt = hall.follow(answer)

    assert answer.status_code == 303
    assert receipt.status_code == 200
    assert "Registrerat" in receipt.text
    assert hall.said() == [(kind, "anna", "till gatukontoret")]


def test_each_word_has_its_effect_at_once(hall: Hall) -> None:
    for kind, item in [
        (DecisionKind.SEEN, "q1"),
        (DecisionKind.FORWARDED, "q2"),
        (DecisionKind.REMOVED, "rude"),
    ]:
        hall.press(hall.word(kind, item), note="x")

    assert (hall.state("q1"), hall.state("q2"), hall.state("rude")) == ("open", "forwarded", "removed")


def test_a_used_link_is_refused_with_when_it_was_used_and_changes_nothing(hall: Hall) -> None:
    link = hall.word(DecisionKind.NO_REPLY_NEEDED)
    fields = hidden(hall.get(link).text)
    hall.browser.post(link, data=fields)
    hall.clock.move_to(NINE + timedelta(hours=2))
    before = hall.dump()

    again = hall.browser.post(link, data={**fields, "note": "en gång till"})

    assert again.status_code == 409
    assert "Redan registrerat av dig i dag kl. 09.00" in again.text
    assert hall.dump() == before


def test_a_used_link_stays_used_after_its_word_was_taken_back(hall: Hall) -> None:
    link = hall.word(DecisionKind.NO_REPLY_NEEDED)
    fields = hidden(hall.get(link).text)
    receipt = hall.follow(hall.browser.post(link, data=fields))
    hall.press(ways(receipt)["Ta tillbaka"])
    before = hall.dump()

    assert hall.browser.post(link, data=fields).status_code == 409
    assert hall.dump() == before
    assert hall.state() == "open"


def test_of_buttons_pressed_at_the_same_time_one_acts(hall: Hall) -> None:
    link = hall.word(DecisionKind.NO_REPLY_NEEDED)
    fields = hidden(hall.get(link).text)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: hall.browser.post(link, data=fields), range(4)))

    assert sorted(a.status_code for a in answers) == [303, 409, 409, 409]
    assert len(hall.said()) == 1


def test_the_page_to_take_back_shows_what_is_taken_back(hall: Hall) -> None:
    receipt = hall.follow(hall.press(hall.word(DecisionKind.FORWARDED), note="Gatukontoret"))
    page = hall.get(ways(receipt)["Ta tillbaka"])
    shown = page.text.partition("Detta tas tillbaka")[2]

    assert "Vidarebefordrad, enligt Anna Exempel i dag kl. 09.00: Gatukontoret" in shown
    hall.press(str(page.request.url))
    assert [kind for kind, _, _ in hall.said()] == [DecisionKind.FORWARDED, DecisionKind.REOPENED]
    assert hall.state() == "open"


def test_what_somebody_else_said_meanwhile_is_not_taken_back_unseen(hall: Hall) -> None:
    hall.press(hall.word(DecisionKind.NO_REPLY_NEEDED))
    link = hall.word(DecisionKind.REOPENED)
    fields = hidden(hall.get(link).text)
    hall.clock.move_to(NINE + timedelta(minutes=1))
    hall.press(hall.word(DecisionKind.ANSWERED_ELSEWHERE, person="bo"))

    answer = hall.browser.post(link, data=fields)

    assert answer.status_code == 409
    assert "Något har ändrats" in answer.text
    assert hall.state() == "answered"
    assert hall.press(link).status_code == 303  # looked again, and pressed


@pytest.mark.parametrize("kind", [DecisionKind.NO_REPLY_NEEDED, DecisionKind.MUST_BE_REMOVED])
def test_nobody_speaks_of_a_text_that_was_edited_after_the_page_was_shown(hall: Hall, kind: DecisionKind) -> None:
    link = hall.word(kind)
    fields = hidden(hall.get(link).text)
    edited = replace(ITEMS[0], text="Varför är biblioteket stängt hela veckan?", edited_at=NINE)
    hall.take(edited)

    answer = hall.browser.post(link, data=fields)

    assert answer.status_code == 409
    assert "Varför är biblioteket stängt" in answer.text
    assert hall.said() == []
    assert hall.browser.post(link, data=hidden(answer.text)).status_code == 303


def test_what_was_seen_is_seen_whatever_came_after(hall: Hall) -> None:
    link = hall.word(DecisionKind.SEEN)
    fields = hidden(hall.get(link).text)
    hall.press(hall.word(DecisionKind.ANSWERED_ELSEWHERE, person="bo"))

    assert hall.browser.post(link, data=fields).status_code == 303


def test_a_secret_cannot_be_guessed_from_what_its_page_sends_along(hall: Hall) -> None:
    one, other = (hidden(hall.get(hall.word(DecisionKind.REMOVED, "secret", person=p)).text) for p in ("anna", "bo"))

    assert one["about"] != other["about"]


def test_forwarded_to_a_sign_that_nobody_sees_is_forwarded_to_nobody(hall: Hall) -> None:
    assert hall.press(hall.word(DecisionKind.FORWARDED), note="\u200b …").status_code == 400
    assert hall.said() == []


def test_a_word_can_be_said_again_from_the_items_page_after_it_was_taken_back(hall: Hall) -> None:
    receipt = hall.follow(hall.press(hall.word(DecisionKind.NO_REPLY_NEEDED)))
    back = hall.follow(hall.press(ways(receipt)["Ta tillbaka"]))
    every = hall.get(ways(back)["Säg något annat om den"])

    assert hall.press(ways(every)["Inget svar behövs"]).status_code == 303
    assert hall.state() == "dismissed"


def test_an_answered_item_can_be_said_to_wait_still(hall: Hall) -> None:
    page = hall.get(hall.word(DecisionKind.REOPENED))

    assert "Den väntar fortfarande" in page.text
    assert "Ingen har sagt något om den" in page.text


def test_forwarding_wants_to_know_to_whom(hall: Hall) -> None:
    link = hall.word(DecisionKind.FORWARDED)
    before = hall.dump()
    answer = hall.press(link, note="   ")

    assert answer.status_code == 400
    assert "Skriv till vem" in answer.text
    assert hall.dump() == before
    assert hall.press(link, note="Gatukontoret").status_code == 303


def test_the_words_that_are_offered_fit_the_item(hall: Hall) -> None:
    question = set(ways(hall.get(hall.item("q1"))))
    threat = set(ways(hall.get(hall.item("rude"))))

    assert {"Sedd", "Inget svar behövs", "Vidarebefordrad", "Ingen fråga", "Måste tas bort"} <= question
    assert not {"Är borttagen", "Får vara kvar", "Ta tillbaka"} & question
    assert {"Är borttagen", "Får vara kvar"} <= threat


def test_a_link_that_leads_on_lives_no_longer_than_the_mails(hall: Hall) -> None:
    link = hall.item()
    hall.clock.move_to(NINE + timedelta(days=29))
    onward = next(iter(ways(hall.get(link)).values()))
    hall.clock.move_to(NINE + timedelta(days=30))

    assert hall.get(onward).status_code == 410


def test_seen_all_is_the_seen_of_the_watch_log(hall: Hall) -> None:
    receipt = hall.follow(hall.press(hall.seen_all()))

    entries = {e.account: e for e in hall.app.store.entries()}
    assert "Registrerat av dig i dag kl. 09.00" in receipt.text
    assert {e.seen_by for e in entries.values()} == {"anna"}
    assert entries[SIGHT].is_watched
    assert entries[LIBRARY].seen_at == NINE


def test_seen_all_after_the_window_is_kept_and_says_that_it_came_late(hall: Hall) -> None:
    link = hall.seen_all()
    hall.clock.move_to(NINE + timedelta(hours=5))
    page = hall.get(link)
    hall.press(link)

    entries = {e.account: e for e in hall.app.store.entries()}
    assert "Bevakningspasset stängde i dag kl. 12.00" in page.text
    assert "de förblir obevakade" in page.text
    assert entries[SIGHT].seen_by == "anna"
    assert not entries[SIGHT].is_watched


def test_seen_all_counts_the_accounts_that_its_reader_answers_for(hall: Hall) -> None:
    page = hall.get(hall.seen_all("bo")).text
    mine = hall.get(hall.seen_all("anna")).text

    assert "badet" in page
    assert "Stadsbiblioteket" in mine


def test_a_secret_is_linked_and_never_shown(hall: Hall) -> None:
    pages = [hall.get(hall.word(kind, "secret")).text for kind in DecisionKind] + [hall.get(hall.item("secret")).text]

    for page in pages:
        assert "19811218" not in page
        assert "Kim Medborgare" not in page
        assert 'href="https://fake.example/secret"' in page
        assert "känsliga uppgifter" in page


def test_a_page_speaks_its_readers_language(hall: Hall) -> None:
    swedish, english = hall.get(hall.item()).text, hall.get(hall.item(person="bo")).text

    assert '<html lang="sv">' in swedish
    assert "Vad hände med den?" in swedish
    assert '<html lang="en">' in english
    assert "What became of it?" in english
    assert 'class="text" lang="sv"' in english  # the citizen's words are in the organisation's language


def test_a_unit_s_manager_may_speak_and_a_former_owner_may_not(hall: Hall) -> None:
    yesterday = NINE.date() - timedelta(days=1)
    library, *others = accounts()
    anna, bo = library.owners
    link = hall.word(DecisionKind.SEEN)
    hall.register(register_of(replace(library, owners=(replace(anna, to_on=yesterday), bo)), *others))
    before = hall.dump()

    assert hall.get(link).status_code == 403
    assert "Länken är inte din längre" in hall.get(link).text
    assert hall.dump() == before
    assert hall.get(hall.word(DecisionKind.SEEN, person="chris")).status_code == 200


def test_what_happened_by_itself_stands_among_what_was_said(hall: Hall) -> None:
    hall.press(hall.word(DecisionKind.SEEN))
    hall.clock.move_to(NINE + timedelta(hours=2))
    reply = comment("r1", "Hej! Klockan tio.", thread_id="q1", parent_id="q1", by_account=True, author_id=LIBRARY)
    hall.take(replace(reply, published_at=NINE + timedelta(hours=1)))
    page = hall.get(hall.item()).text.partition("Det här har hänt")[2]

    assert re.findall("<li>(.*?)</li>", page)[:2] == [
        "Sedd, enligt Anna Exempel i dag kl. 09.00",
        "Besvarad i dag kl. 10.00",
    ]


def test_taking_back_a_word_about_removal_leaves_the_one_about_the_answer(hall: Hall) -> None:
    hall.press(hall.word(DecisionKind.NO_REPLY_NEEDED))
    hall.clock.move_to(NINE + timedelta(minutes=1))
    hall.press(hall.word(DecisionKind.MUST_BE_REMOVED))
    hall.clock.move_to(NINE + timedelta(minutes=2))
    link = hall.word(DecisionKind.REOPENED)
    page = hall.get(link).text

    assert "Måste tas bort, enligt Anna Exempel" in page.partition("Detta tas tillbaka")[2]
    assert "Det som sagts om borttagning tas tillbaka" in page
    hall.press(link)
    hall.clock.move_to(NINE + timedelta(minutes=3))
    assert hall.state() == "dismissed"
    assert "Inget svar behövs" in hall.get(hall.word(DecisionKind.REOPENED)).text.partition("Detta tas tillbaka")[2]
