"""Accounts that only a person can watch, in the digest, the weekly report and the alert: asked for, and told apart."""

import pytest
from tests.mail.reading import Page, html, text
from tests.mail.samples import (
    ANNA,
    BENGT,
    CHRIS,
    LIBRARY,
    account,
    alert,
    digest,
    entry,
    key,
    missed,
    notice,
    renderer,
    report,
    row,
    watch,
)

from watchdaemon.domain.account import Person
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.domain.digest import AccountWatch, DigestEntry
from watchdaemon.domain.watch import WatchState
from watchdaemon.errors import Reason

TIKTOK = account("kommunen-tiktok", "Exempelkommun", "tiktok")


def waits() -> AccountWatch:
    return watch(TIKTOK, WatchState.PENDING, Reason.NOT_CONFIRMED)


def mail(*watched: AccountWatch, entries: tuple[DigestEntry, ...] = (), to: Person = ANNA) -> OutgoingMail:
    return renderer().digest(digest(entries, watched, to), key(recipient=to.key))


def both(of: OutgoingMail) -> tuple[str, str]:
    return " ".join(text(of).split()), Page(html(of)).shown


@pytest.mark.parametrize(
    ("entries", "watched", "subject"),
    [
        ((), (waits(),), "1 konto att titta på själv – Exempelkommun"),
        ((), (waits(), watch()), "1 konto att titta på själv – Exempelkommun"),
        ((entry(),), (waits(),), "1 fråga väntar, 1 konto att titta på själv – Stadsbiblioteket"),
    ],
)
def test_the_subject_says_that_somebody_must_look(
    entries: tuple[DigestEntry, ...], watched: tuple[AccountWatch, ...], subject: str
) -> None:
    assert mail(*watched, entries=entries).subject == subject


def test_both_parts_ask_for_the_look_with_link_time_and_how_to_confirm() -> None:
    asking = mail(waits())

    for part in both(asking):
        assert "titta själv (1)" in part.lower()
        assert "Titta på vart och ett av dem, senast kl. 12.00" in part
        assert "Bekräfta med: watchdaemon seen kommunen-tiktok --by anna" in part
        assert "Öppna på TikTok" in part
        assert "Väntar på en person" in part
    assert "https://tiktok.example.org/kommunen-tiktok" in text(asking)
    assert "https://tiktok.example.org/kommunen-tiktok" in list(Page(html(asking)).links())


def test_the_same_in_english() -> None:
    asking = mail(waits(), to=CHRIS)

    assert asking.subject == "1 account to look at yourself – Exempelkommun"
    for part in both(asking):
        assert "look yourself (1)" in part.lower()
        assert "Look at each of them, at the latest at 12:00, answer what waits there" in part
        assert "Confirm with: watchdaemon seen kommunen-tiktok --by chris" in part


def test_a_look_still_to_come_is_no_warning_about_our_own_watching() -> None:
    for part in both(mail(waits(), entries=(entry(),))):
        assert "inte helt bevakat" not in part


def test_a_look_that_was_taken_is_told_as_a_persons() -> None:
    looked = watch(TIKTOK, WatchState.WATCHED, Reason.NOT_CONFIRMED)

    for part in both(mail(looked, watch(), entries=(entry(of=LIBRARY),))):
        assert "Bevakat av en person" in part
        assert "Någon har tittat och bekräftat det." in part
        assert "titta själv" not in part.lower()


def test_an_account_without_a_web_address_is_asked_for_all_the_same() -> None:
    place = account("anslag", "Anslagstavlan", "manual", link="på torget")
    asking = mail(watch(place, WatchState.PENDING, Reason.NOT_CONFIRMED))

    for part in both(asking):
        assert "Anslagstavlan" in part
        assert "watchdaemon seen anslag --by anna" in part
    assert "på torget" not in html(asking)


def test_the_weekly_report_says_how_many_watches_were_a_persons() -> None:
    confirmed = row(
        TIKTOK, windows_watched=9, windows_by_person=9, missed=(missed(20, 2, Reason.NOT_CONFIRMED),), windows_owed=10
    )
    weekly = renderer().weekly(report([confirmed]), key(MailKind.WEEKLY, BENGT.key, "2026-W47"))

    for part in both(weekly):
        assert "9 av 10 bevakningstillfällen (9 av en person)" in part
        assert "bara en person kan titta på det här kontot, och ingen har bekräftat att de gjort det" in part.lower()


def test_the_alert_says_what_a_missed_look_means() -> None:
    told = renderer().alert(notice([alert(Reason.NOT_CONFIRMED, (LIBRARY.key,))]), key(MailKind.ALERT))

    for part in both(told):
        assert "Bara en person kan titta på det här kontot, och ingen har bekräftat att de gjort det." in part
        assert "en bekräftelse i efterhand fyller inte luckan" in part
