"""An alert says what is not watched, since when, why, what to do, and when it is over."""

from dataclasses import replace

import pytest
from tests.mail.reading import Page, file_rows, html, text
from tests.mail.samples import CHRIS, alert, entry, full_notice, key, local, notice, renderer

from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.errors import Reason

KEY = key(MailKind.ALERT, "anna", "1")
OVER = alert(Reason.OUTAGE, ("streets-x",), closed_at=local(23, 8, 31))


def rendered(*opened: Alert, closed: tuple[Alert, ...] = ()) -> OutgoingMail:
    """Render a notice to Anna."""
    return renderer().alert(notice(opened, closed), KEY)


@pytest.mark.parametrize(
    ("the_notice", "subject"),
    [
        (notice([alert()]), "1 konto bevakas inte – Simhallen Exempelbadet"),
        (
            notice([alert(accounts=("pool-ig", "library-fb"))]),
            "2 konton bevakas inte – Simhallen Exempelbadet och 1 till",
        ),
        (
            notice([alert(kind=AlertKind.PARTLY_WATCHED)]),
            "1 konto bevakas bara delvis – Simhallen Exempelbadet",
        ),
        (notice(closed=[OVER]), "Bevakas igen – Gator och parker"),
        (notice([alert()], [OVER]), "1 konto bevakas inte – Simhallen Exempelbadet"),
    ],
)
def test_the_subject_says_what_and_where(the_notice: AlertNotice, subject: str) -> None:
    assert renderer().alert(the_notice, KEY).subject == subject


def test_an_alert_says_why_since_when_which_accounts_and_what_to_do() -> None:
    mail = rendered(alert(detail="Graph error 190"))

    for said in (" ".join(text(mail).split()), Page(html(mail)).shown):
        assert "Vår åtkomst till kontot har gått ut eller dragits in" in said
        assert "Sedan i fredags kl. 15.10" in said
        assert "Simhallen Exempelbadet" in said
        assert "Be någon som administrerar kontot på plattformen att godkänna åtkomsten på nytt." in said
        assert "titta själv på kontot, minst två gånger varje arbetsdag" in said
        assert "Teknisk uppgift: Graph error 190" in said


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_becomes_an_alert_in_both_languages(reason: Reason) -> None:
    swedish = renderer().alert(notice([alert(reason)]), KEY)
    english = renderer().alert(notice([alert(reason)], recipient=CHRIS), KEY)

    assert "Gör så här:\n- " in text(swedish)
    assert "What to do:\n- " in text(english)
    assert text(swedish) != text(english)


def test_what_is_over_says_from_when_to_when_and_that_the_gap_stays() -> None:
    said = text(rendered(closed=(OVER,)))

    assert "Det var: plattformen svarar inte, eller svarar med fel." in said
    assert "Från i fredags kl. 15.10 till i dag kl. 08.31." in said
    assert "Luckan finns kvar i bevakningsloggen." in said
    assert "Gör så här" not in said


def test_an_account_that_left_the_register_is_named_by_its_key() -> None:
    assert "- old-account\n" in text(rendered(alert(accounts=("old-account",))))


def test_an_alert_about_hundreds_names_some_and_has_all_in_its_file() -> None:
    mail = rendered(alert(accounts=tuple(f"a{number}" for number in range(300))))

    assert "260 till, i den bifogade filen" in text(mail)
    assert [cells[2] for cells in file_rows(mail)[1:]] == [f"a{number}" for number in range(300)]
    assert file_rows(mail)[1][:2] == ["Inte bevakat", "2026-11-20 15:10"]


def test_an_alert_that_names_everything_has_no_file() -> None:
    assert file_rows(renderer().alert(full_notice(), KEY)) == []


@pytest.mark.parametrize(("kind", "shown"), [(AlertKind.QUESTION_OVERDUE, True), (AlertKind.SECRET, False)])
def test_a_file_of_items_has_the_words_of_overdue_questions_and_of_nothing_to_be_removed(
    kind: AlertKind, shown: bool
) -> None:
    asked = {("library-fb", str(n)): entry(text="=HYPERLINK(1)", external_id=str(n)).question for n in range(50)}
    told = replace(alert(accounts=("library-fb",), kind=kind), items=tuple(key for _, key in asked), reason=None)

    mail = renderer().alert(replace(notice([told]), questions=asked), KEY)

    assert "10 till, i den bifogade filen" in text(mail)
    assert {cells[5] for cells in file_rows(mail)[1:]} == {"'=HYPERLINK(1)" if shown else ""}
    assert len(file_rows(mail)) == 51


def test_news_and_what_is_over_stand_in_one_mail() -> None:
    said = text(renderer().alert(full_notice(), KEY))

    assert said.index("INTE BEVAKAT") < said.index("ÄR ÖVER")


# ---- credentials -------------------------------------------------------------------------------------------------

EXPIRING = replace(alert(kind=AlertKind.CREDENTIAL_EXPIRING), ends_at=local(30, 9, 0))
DEAD = alert(kind=AlertKind.CREDENTIAL_DEAD, detail="the token was revoked")


@pytest.mark.parametrize(
    ("the_notice", "subject"),
    [
        (notice([EXPIRING]), "Åtkomsten till 1 konto upphör snart – Simhallen Exempelbadet"),
        (notice([DEAD, EXPIRING]), "Åtkomsten till 1 konto har upphört – Simhallen Exempelbadet"),
        (notice([EXPIRING, alert()]), "1 konto bevakas inte – Simhallen Exempelbadet"),
        (
            notice(closed=[replace(EXPIRING, closed_at=local(23, 8, 31))]),
            "Åtkomsten är förnyad – Simhallen Exempelbadet",
        ),
    ],
)
def test_a_subject_about_access_says_what_is_at_stake(the_notice: AlertNotice, subject: str) -> None:
    assert renderer().alert(the_notice, KEY).subject == subject


def test_a_warning_says_when_the_access_ends_that_it_works_till_then_and_what_to_do() -> None:
    mail = rendered(EXPIRING)

    for said in (" ".join(text(mail).split()), Page(html(mail)).shown):
        assert "Vår åtkomst upphör måndag 30 november. Fram till dess bevakas kontot som vanligt." in said
        assert "godkänna åtkomsten på nytt innan dess" in said
        assert "watchdaemon auth" in said
        assert "titta själv" not in said
    assert "Our access ends on Monday 30 November." in " ".join(
        text(renderer().alert(notice([EXPIRING], recipient=CHRIS), KEY)).split()
    )


def test_a_dead_access_says_to_look_by_hand_until_it_is_renewed() -> None:
    said = " ".join(text(rendered(DEAD)).split())

    assert "vår åtkomst till konton som du ansvarar för måste förnyas" in said
    assert "titta själv på kontot" in said
    assert "Teknisk uppgift: the token was revoked" in said


def test_a_renewed_access_leaves_no_gap_to_speak_of() -> None:
    said = text(rendered(closed=(replace(EXPIRING, closed_at=local(23, 8, 31)),)))

    assert "är i ordning igen" in said
    assert "Åtkomsten är förnyad." in said
    assert "Luckan" not in said
