"""An owner's digest says what waits, worst first, and never that all is quiet when it does not know."""

import re
from dataclasses import replace

import pytest
from tests.mail.reading import Page, file_rows, html, parsed, text
from tests.mail.samples import (
    ANNA,
    CHRIS,
    LIBRARY,
    NOW,
    POOL,
    STREETS,
    SampleLinks,
    digest,
    entry,
    full_digest,
    key,
    linking_renderer,
    local,
    renderer,
    watch,
)

from watchdaemon.domain.delivery import OutgoingMail
from watchdaemon.domain.digest import AccountWatch, DigestEntry, Section
from watchdaemon.domain.item import ItemKind
from watchdaemon.domain.watch import WatchState
from watchdaemon.errors import Reason
from watchdaemon.mail.language import catalog


def rendered(*entries: DigestEntry, watched: tuple[AccountWatch, ...] = ()) -> OutgoingMail:
    """Render a digest for Anna."""
    return renderer().digest(digest(entries, watched), key())


def everywhere(mail: OutgoingMail) -> tuple[str, str]:
    """Return what both parts show, white space folded."""
    return " ".join(text(mail).split()), Page(html(mail)).shown


@pytest.mark.parametrize(
    ("entries", "watched", "subject"),
    [
        ([entry()], [], "1 fråga väntar – Stadsbiblioteket"),
        (
            [entry(Section.OVERDUE), entry(Section.DUE_TODAY), entry()],
            [],
            "3 frågor väntar, 1 försenad – Stadsbiblioteket",
        ),
        (
            [entry(Section.OVERDUE), entry(Section.OVERDUE, of=POOL)],
            [],
            "2 frågor väntar, 2 försenade – Stadsbiblioteket och 1 till",
        ),
        ([entry(Section.DUE_TODAY)], [], "1 fråga väntar, 1 ska besvaras i dag – Stadsbiblioteket"),
        ([entry(Section.REMOVE, of=STREETS)], [], "1 att ta bort – Gator och parker"),
        ([], [watch()], "Inga frågor väntar – Stadsbiblioteket"),
        (
            [],
            [watch(POOL, WatchState.NOT_WATCHED, Reason.OUTAGE), watch()],
            "1 konto är inte helt bevakat – Simhallen Exempelbadet",
        ),
    ],
)
def test_the_subject_says_the_number_that_matters_and_where(
    entries: list[DigestEntry], watched: list[AccountWatch], subject: str
) -> None:
    mail = rendered(*entries, watched=tuple(watched))

    assert mail.subject == subject
    assert parsed(mail)["Subject"] == subject


def test_the_subject_holds_no_words_and_no_name_from_an_item() -> None:
    hostile = entry(text="870306-2383 är mitt personnummer", author="Maja Testsson")

    assert rendered(hostile).subject == "1 fråga väntar – Stadsbiblioteket"


def test_an_item_comes_with_text_author_account_time_due_time_and_link() -> None:
    mail = rendered(
        entry(
            Section.OVERDUE,
            text="Går det att låna om?\nMvh Maja",
            author="Maja Testsson",
            published_at=local(19, 16, 40),
            due_at=local(20, 17),
        )
    )

    for shown in everywhere(mail):
        assert "Försenad sedan i fredags kl. 17.00" in shown
        assert "Stadsbiblioteket" in shown
        assert "Facebook" in shown
        assert "Från Maja Testsson" in shown
        assert "Kommentar · skrevs i torsdags kl. 16.40" in shown
    assert "> Går det att låna om?\n> Mvh Maja" in text(mail)
    assert "Öppna på Facebook: https://facebook.example.org/p/1" in text(mail)
    assert "https://facebook.example.org/p/1" in list(Page(html(mail)).links())


def test_an_unknown_author_is_called_unknown() -> None:
    assert all("Från okänd avsändare" in shown for shown in everywhere(rendered(entry(author=None))))


def test_an_item_without_text_says_so() -> None:
    assert all("(ingen text, kanske en bild)" in shown for shown in everywhere(rendered(entry(text=""))))


def test_an_edited_message_says_what_it_is_and_when_it_was_changed() -> None:
    mail = rendered(entry(kind=ItemKind.MESSAGE, edited_at=local(23, 8, 30)))

    assert "Direktmeddelande · skrevs i dag kl. 08.12 · ändrades i dag kl. 08.30" in text(mail)


@pytest.mark.parametrize(
    "secret",
    [
        entry(Section.REMOVE, text=None, author="Maja Testsson"),
        entry(Section.REMOVE, text="mitt nummer är 870306-2383", author="Maja Testsson", is_secret=True),
    ],
)
def test_a_secret_item_shows_no_text_and_no_name_but_a_link_and_what_to_do(secret: DigestEntry) -> None:
    mail = rendered(secret)

    for shown in everywhere(mail):
        assert "Ett inlägg som måste tas bort och diarieföras. Texten visas inte här." in shown
        assert "870306" not in shown
        assert "Maja" not in shown
    assert "https://facebook.example.org/p/1" in list(Page(html(mail)).links())


def test_sections_come_worst_first() -> None:
    headings = ["Försenade (1)", "Ska besvaras i dag (1)", "Väntar på svar (2)", "Bör tas bort, ta ställning (2)"]
    mail = renderer().digest(full_digest(), key())

    in_text = [text(mail).index(heading.upper()) for heading in headings]
    in_html = [Page(html(mail)).shown.index(heading) for heading in headings]

    assert in_text == sorted(in_text)
    assert in_html == sorted(in_html)


def test_only_what_the_reader_was_not_told_before_is_marked_new() -> None:
    assert "Stadsbiblioteket (Facebook) – ny" in text(rendered(entry(is_news=True)))
    assert "– ny" not in text(rendered(entry(is_news=False)))


def test_a_long_text_is_trimmed_with_a_note_and_its_link() -> None:
    mail = rendered(entry(text="ord " * 1_000))

    assert "Texten fortsätter med 2000 tecken till." in text(mail)
    assert text(mail).count("ord") < 510


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (WatchState.NOT_WATCHED, Reason.OUTAGE, "Inte bevakat. Plattformen svarar inte, eller svarar med fel. Vad som"),
        (WatchState.NOT_WATCHED, None, "Inte bevakat. Vad som kan ha skrivits där är inte känt: titta själv"),
        (WatchState.PARTLY, Reason.INCOMPLETE, "Delvis bevakat. Hämtningen avbröts innan allt hade kommit. Det kan"),
        (WatchState.PENDING, None, "Ännu inte hämtat. Vad som kan ha skrivits där är inte känt ännu."),
    ],
)
def test_an_account_that_was_not_fetched_in_full_is_never_called_quiet(
    state: WatchState, reason: Reason | None, said: str
) -> None:
    mail = rendered(watched=(watch(state=state, reason=reason),))

    assert said in text(mail)
    assert all("Inget väntar" not in shown and "Inga frågor" not in shown for shown in everywhere(mail))


def test_a_watched_account_with_nothing_waiting_is_called_quiet_and_one_with_questions_is_not() -> None:
    assert "Stadsbiblioteket (Facebook): Bevakat. Inget väntar." in text(rendered(watched=(watch(),)))
    assert "Inget väntar" not in text(rendered(entry(), watched=(watch(),)))


def test_a_gap_is_announced_at_the_top_too() -> None:
    mail = rendered(entry(), watched=(watch(POOL, WatchState.PARTLY, Reason.QUOTA),))

    assert "Obs: 1 konto är inte helt bevakat. Se slutet av mejlet." in text(mail)


def test_the_foot_says_who_else_is_told() -> None:
    alone = replace(watch(), readers=(ANNA,))

    assert "Mejlet går också till: Bengt Öst" in text(rendered(watched=(watch(),)))
    assert "Ingen annan får mejl om det här kontot." in text(rendered(watched=(alone,)))
    assert "Mejlet går" not in text(rendered(watched=(replace(watch(), readers=()),)))


def test_what_to_do_speaks_of_removal_only_when_something_is_to_be_removed() -> None:
    assert "spara en kopia" in text(rendered(entry(Section.REMOVE)))
    assert "spara en kopia" not in text(rendered(entry()))


def test_a_removal_reason_without_a_translation_is_left_out() -> None:
    known = rendered(entry(Section.REMOVE, removal_reason="spam link"))
    unknown = rendered(entry(Section.REMOVE, removal_reason="something new"))

    assert "Möjligt skäl: skräplänk" in text(known)
    assert "something new" not in text(unknown)


def test_an_english_reader_gets_english() -> None:
    mail = renderer().digest(full_digest(CHRIS), key(recipient="chris"))

    assert mail.subject == "4 questions waiting, 1 overdue, 2 to remove – Stadsbiblioteket and 2 more"
    assert parsed(mail)["Content-Language"] == "en"
    assert "Overdue since last Friday at 17:00" in text(mail)
    assert Page(html(mail)).tags[0] == ("html", {"lang": "en", "dir": "ltr"})


def test_a_reader_of_a_language_we_do_not_have_gets_the_organisations() -> None:
    mail = renderer().digest(digest([entry()], recipient=replace(ANNA, language="fi")), key())

    assert parsed(mail)["Content-Language"] == "sv"


def test_the_lock_screen_shows_our_numbers_and_not_the_citizens_words() -> None:
    preheader, _, rest = Page(html(rendered(entry(text="hemligt")))).shown.partition("Exempelkommun")

    assert "1 fråga väntar" in preheader
    assert "hemligt" not in preheader
    assert "hemligt" in rest


def test_every_account_named_is_the_registers_name() -> None:
    assert LIBRARY.name in text(rendered(entry(), watched=(watch(),)))


def linked(*entries: DigestEntry, watched: tuple[AccountWatch, ...] = ()) -> OutgoingMail:
    """Render a digest for Anna with signed links."""
    return linking_renderer().digest(digest(entries, watched), key())


@pytest.mark.parametrize(
    ("section", "labels"),
    [
        (Section.OVERDUE, ["Besvarad på annat håll", "Inget svar behövs", "Fler val"]),
        (Section.TO_FINISH, ["Besvarad på annat håll", "Fler val"]),
        (Section.MAYBE, ["Ingen fråga", "Inget svar behövs", "Fler val"]),
        (Section.REMOVE, ["Är borttagen", "Får vara kvar", "Fler val"]),
    ],
)
def test_each_item_has_the_likeliest_words_as_links_and_a_page_with_all(section: Section, labels: list[str]) -> None:
    mail = linked(entry(section))
    links = SampleLinks()
    page = links.item("anna", "library-fb", "1", at=NOW)

    row = html(mail).partition('class="words-of"')[2].partition("</p>")[0]
    assert re.findall(r">([^<>]+)</a>", row) == labels
    assert page in list(Page(html(mail)).links())
    assert f"{catalog('sv').gettext('Say what became of it')}: {page}" in text(mail)


def test_a_secret_cannot_be_said_to_stay_by_one_click() -> None:
    assert "Får vara kvar" not in html(linked(entry(Section.REMOVE, text=None)))


def test_one_link_says_that_all_was_seen_and_it_comes_after_what_is_to_be_seen() -> None:
    mail = linked(entry(text="frågan"), watched=(watch(),))
    seen = SampleLinks().seen_all("anna", digest().window, at=NOW)

    for shown in (text(mail), html(mail)):
        assert shown.count(seen) == 1
        assert shown.index("frågan") < shown.index(seen)


def test_without_served_links_the_mail_speaks_of_none() -> None:
    mail = rendered(entry())

    assert all("Jag har sett" not in shown and "Fler val" not in shown for shown in everywhere(mail))
    assert "länkarna" not in text(mail)


def test_an_answer_by_a_profile_that_is_not_registered_is_flagged() -> None:
    flagged = "Någon verkar ha svarat för er med en profil som inte är registrerad."

    assert all(flagged in shown for shown in everywhere(rendered(entry(unregistered_reply="9001"))))
    assert flagged not in text(rendered(entry()))


def test_an_item_says_how_old_it_is_and_who_else_gets_it() -> None:
    old = rendered(entry(published_at=local(19, 16, 40)), watched=(watch(),))
    alone = rendered(entry(), watched=(replace(watch(), readers=(ANNA,)),))

    assert all("4 dagar gammalt · Mejlet går också till: Bengt Öst" in shown for shown in everywhere(old))
    assert all("Bara du får veta det här." in shown for shown in everywhere(alone))


def test_a_promise_shows_when_it_is_to_be_kept_and_not_when_the_question_was_due() -> None:
    mail = rendered(entry(Section.TO_FINISH, due_at=local(19, 17), finish_due_at=local(25, 17)))

    assert mail.subject == "1 att slutföra – Stadsbiblioteket"
    assert "Senast onsdag 25 november kl. 17.00" in text(mail)
    assert "Försenad" not in text(mail)


def test_a_subject_has_three_numbers_at_most() -> None:
    every = [entry(section, external_id=section.value) for section in Section]

    assert rendered(*every).subject == "3 frågor väntar, 1 försenad, 1 att ta bort – Stadsbiblioteket"


def test_a_flood_is_shown_as_far_as_a_mail_goes_and_all_of_it_is_in_the_file() -> None:
    flood = [
        entry(Section.OVERDUE, text="ord " * 300, external_id=str(n), url=f"https://x.test/{n}") for n in range(300)
    ]
    secret = entry(Section.REMOVE, text=None, author="Maja Testsson", external_id="s")

    mail = linked(*flood, secret)
    rows = file_rows(mail)

    assert "FÖRSENADE (300)" in text(mail)
    assert "Ytterligare 276 inlägg finns i den bifogade filen, som har alla." in text(mail)
    assert len(html(mail).encode()) < 102_000
    assert [cells[8] for cells in rows[1:-1]] == [f"https://x.test/{n}" for n in range(300)]
    assert rows[1][7] == ("ord " * 300).strip()
    assert rows[-1][6:8] == ["", "Ett inlägg som måste tas bort och diarieföras. Texten visas inte här."]


def test_a_mail_that_shows_all_has_no_file() -> None:
    assert file_rows(linked(entry())) == []
