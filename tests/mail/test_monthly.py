"""The communications unit's overview: every account against the guideline, the worst first, and all of it in a file."""

from tests.mail.reading import Page, file_rows, html, parsed, text
from tests.mail.samples import (
    ANNA,
    BENGT,
    CHRIS,
    LIBRARY,
    POOL,
    account,
    full_overview,
    key,
    month_row,
    overview,
    renderer,
)

from watchdaemon.domain.account import Audience
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.domain.overview import Answers, Breach, MonthlyOverview, OverviewRow

KEY = key(MailKind.MONTHLY, "bengt", "2026-11")


def rendered(*rows: OverviewRow, whole: MonthlyOverview | None = None) -> OutgoingMail:
    """Render an overview for Bengt."""
    return renderer().monthly(whole or overview(rows, BENGT), KEY)


def test_the_subject_says_how_many_accounts_do_not_follow_the_guideline() -> None:
    subjects = [
        rendered(month_row(POOL, Breach.STALE), month_row()).subject,
        rendered(month_row(POOL), month_row()).subject,
        renderer().monthly(full_overview(CHRIS), KEY).subject,
    ]

    assert subjects == [
        "Månadsöversikt, november 2026: 1 av 2 konton följer inte riktlinjerna – Exempelkommun",
        "Månadsöversikt, november 2026: alla 2 konton följer riktlinjerna – Exempelkommun",
        "Monthly overview, November 2026: 4 of 7 accounts do not follow the guideline – Exempelkommun",
    ]


def test_both_parts_say_the_totals() -> None:
    mail = rendered(whole=full_overview(BENGT))

    for shown in (" ".join(text(mail).split()), Page(html(mail)).shown):
        assert "96 % (243 av 252)" in shown
        assert "87 % (41 av 47)" in shown
        assert "2 tim 10 min kontorstid (median)" in shown
        assert "2 frågor" in shown
        assert "För få kontoansvariga" in shown


def test_an_account_in_breach_has_a_card_that_says_what_it_rests_on() -> None:
    said = text(rendered(whole=full_overview(BENGT)))
    _, _, card = said.partition("1. Simhallen Exempelbadet (Instagram), Kultur och fritid\n")

    assert card.splitlines()[:6] == [
        "   2 försenade frågor; Åtkomsten ska förnyas; Inte helt bevakat; 4 besvarade för sent",
        "   Bevakat: 78 % (33 av 42)",
        "   Åtkomst: Vår åtkomst till kontot har gått ut eller dragits in, till exempel efter ett lösenordsbyte",
        "   Besvarade i tid: 70 % (14 av 20)",
        "   Svarstid: 6 tim 28 min kontorstid (median)",
        "   Kontoansvariga: Anna Åkerlund och Bengt Öst",
    ]


def test_accounts_in_order_have_a_line_each_and_exempt_ones_their_reason() -> None:
    exempt = account("klass", "Klass 6B", audience=Audience.EXEMPT, audience_reason="bara för klassen")
    said = text(rendered(month_row(), month_row(exempt, answers=Answers())))

    assert "- Stadsbiblioteket (Facebook): bevakat 100 %, i tid 100 %, svarstid 1 tim 35 min" in said
    assert "- Klass 6B (Facebook): bevakat 100 %, i tid –, svarstid –" in said
    assert "- Klass 6B (Facebook): bara för klassen" in said


def test_the_file_has_every_account_with_its_figures() -> None:
    rows = file_rows(rendered(whole=full_overview(BENGT)))
    by_head = [dict(zip(rows[0], cells, strict=True)) for cells in rows[1:]]

    assert [cells["Konto"] for cells in by_head][:2] == ["Simhallen Exempelbadet", "Exempelmuseet"]
    assert by_head[0]["Avvikelser"] == "Försenade frågor, Åtkomsten ska förnyas, Inte helt bevakat, Sena svar"
    assert (by_head[0]["Bevakat"], by_head[0]["Bevakat, procent"], by_head[0]["I tid, procent"]) == ("33", "78", "70")
    assert by_head[2]["Status"] == "ansökt om"
    assert by_head[5]["Undantag från offentlighet"] == "bara för elever och vårdnadshavare"
    assert len(by_head) == 7


def test_five_hundred_accounts_are_shown_as_far_as_a_mail_goes_and_all_in_the_file() -> None:
    wrong = [month_row(account(f"w{n}", f"Fel {n}"), *Breach, windows_watched=1) for n in range(250)]
    right = [month_row(account(f"r{n}", f"Rätt {n}")) for n in range(250)]

    mail = rendered(*wrong, *right)

    assert mail.subject.startswith("Månadsöversikt, november 2026: 250 av 500 konton")
    assert "ATT ÅTGÄRDA (250)" in text(mail)
    assert "Ytterligare 242 konton finns i den bifogade filen." in text(mail)
    assert len(html(mail).encode()) < 102_000
    assert len(file_rows(mail)) == 501


def test_the_file_is_what_a_swedish_excel_opens_with_a_double_click() -> None:
    file = next(iter(parsed(rendered(month_row(LIBRARY, owners=(ANNA,)))).iter_attachments()))
    content = file.get_payload(decode=True)

    assert isinstance(content, bytes)
    assert file.get_filename() == "konton-2026-11.csv"
    assert content.startswith(b'\xef\xbb\xbf"Konto";"Plattform";')
    assert content.count(b"\r\n") == 2
