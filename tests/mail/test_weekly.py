"""A manager's report is complete, worst first, and also comes when all is well."""

import re

import pytest
from tests.mail.reading import Page, file_rows, html, text
from tests.mail.samples import (
    ANNA,
    CHRIS,
    LIBRARY,
    POOL,
    SIX_WEEKS,
    account,
    full_report,
    key,
    local,
    missed,
    renderer,
    report,
    row,
)

from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.domain.digest import Activity, Staleness, WeeklyReport, WeeklyRow
from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason

KEY = key(MailKind.WEEKLY, "bengt", "2026-W47")


def rendered(*rows: WeeklyRow) -> OutgoingMail:
    """Render a report to Bengt."""
    return renderer().weekly(report(rows), KEY)


def stale(activity: Activity, days: int | None) -> Staleness:
    """Make an activity."""
    return Staleness(activity=activity, days=days, last_activity_at=None if days is None else local(20, 9), reason="r")


@pytest.mark.parametrize(
    ("the_report", "subject"),
    [
        (report([row()]), "Veckorapport, vecka 47: Allt är i ordning – Stadsbiblioteket"),
        (report([row(), row(POOL)]), "Veckorapport, vecka 47: Allt är i ordning – Stadsbiblioteket och 1 till"),
        (
            full_report(),
            (
                "Veckorapport, vecka 47: 2 försenade frågor, 1 konto är inte helt bevakat – "
                "Simhallen Exempelbadet och 3 till"
            ),
        ),
        (
            report([row(too_few_owners=True)]),
            "Veckorapport, vecka 47: 1 konto behöver ses över – Stadsbiblioteket",
        ),
        (report([]), "Veckorapport, vecka 47: Inga konton att rapportera om"),
    ],
)
def test_the_subject_says_the_worst_of_the_week(the_report: WeeklyReport, subject: str) -> None:
    assert renderer().weekly(the_report, KEY).subject == subject


def test_a_report_is_complete_also_when_all_is_well() -> None:
    said = text(rendered(row()))

    for line in (
        "Veckorapport, vecka 47 (16–22 november 2026)",
        "Allt är i ordning.",
        "Bevakat: 10 av 10 bevakningstillfällen",
        "Frågor: Inga öppna",
        "Svar: 6 besvarade i tid",
        "Senaste egna inlägg: För 3 dagar sedan (fredag 20 november)",
        "Kontoansvariga: Anna Åkerlund och Bengt Öst",
    ):
        assert f"\n{line}\n" in said


@pytest.mark.parametrize(
    ("the_row", "remark"),
    [
        (row(overdue_questions=1, open_questions=1), "1 försenad fråga"),
        (row(windows_watched=9), "Inte helt bevakat"),
        (row(answered_late=2), "2 besvarade för sent"),
        (row(staleness=stale(Activity.WARN, 35)), "Inaktivt"),
        (row(staleness=stale(Activity.CLOSE, 190)), "Inaktivt: bör stängas"),
        (row(too_few_owners=True, owners=(ANNA,)), "För få kontoansvariga"),
    ],
)
def test_what_is_not_in_order_is_remarked(the_row: WeeklyRow, remark: str) -> None:
    mail = rendered(the_row)

    assert f"\nAtt se över: {remark}\n" in text(mail)
    assert remark in Page(html(mail)).shown
    assert "Allt är i ordning" not in text(mail)


def test_gaps_of_one_cause_are_told_together_with_their_times() -> None:
    gaps = (
        missed(18, 2, Reason.OUTAGE, Coverage.PARTIAL),
        missed(19, 1, Reason.NOT_RUNNING),
        missed(19, 2, Reason.NOT_RUNNING),
    )
    said = text(rendered(row(windows_watched=7, windows_partly=1, missed=gaps)))

    assert "Bevakat: 7 av 10 bevakningstillfällen, 1 delvis" in said
    assert "- Ons 18 nov. kl. 13–17: bara delvis, plattformen svarar inte, eller svarar med fel" in said
    assert "- Tors 19 nov. kl. 08–12 och tors 19 nov. kl. 13–17: bevakningstjänsten var inte igång" in said


def test_a_long_row_of_gaps_ends_in_a_number() -> None:
    gaps = tuple(missed(day, index, Reason.NO_CREDENTIAL) for day in range(9, 14) for index in (1, 2))

    assert "ons 11 nov. kl. 13–17 och 4 till: det finns ingen sparad åtkomst" in text(
        rendered(row(windows_watched=0, missed=gaps))
    )


def test_an_account_that_never_posted_says_so() -> None:
    assert "Senaste egna inlägg: Inget eget inlägg har setts ännu" in text(
        rendered(row(staleness=stale(Activity.UNKNOWN, None)))
    )


def test_a_resting_account_says_until_when() -> None:
    assert "vilande till söndag 10 januari 2027" in text(renderer().weekly(full_report(), KEY))


def test_the_rows_come_in_the_order_given() -> None:
    said = text(renderer().weekly(full_report(), KEY))
    names = ["Simhallen Exempelbadet (", "Gator och parker (", "Exempelarenan (", "Stadsbiblioteket ("]

    assert [said.index(name) for name in names] == sorted(said.index(name) for name in names)


def test_sums_are_given_for_several_accounts() -> None:
    said = text(renderer().weekly(full_report(), KEY))

    assert "Bevakat: 36 av 40 bevakningstillfällen" in said
    assert "Frågor: 3 öppna, varav 2 försenade" in said
    assert "Svar: 10 besvarade i tid, 1 för sent" in said


def test_an_english_manager_gets_english() -> None:
    mail = renderer().weekly(full_report(CHRIS), KEY)

    assert mail.subject.startswith("Weekly report, week 47: 2 overdue questions, 1 account not fully watched")
    assert "Owners: Anna Åkerlund and Bengt Öst" in text(mail)


def test_a_hundred_accounts_are_some_in_the_mail_and_all_in_its_file() -> None:
    rows = [row(account(f"a{number}", f"Konto {number}")) for number in range(100)]

    mail = rendered(*rows)

    assert mail.subject.endswith("Konto 0 och 99 till")
    assert text(mail).count("Allt är i ordning.") == 25
    assert "Ytterligare 75 konton finns i den bifogade filen, som har alla." in text(mail)
    assert [cells[0] for cells in file_rows(mail)[1:]] == [f"Konto {number}" for number in range(100)]
    assert len(html(mail).encode()) < 102_000


def test_a_chart_of_weeks_reads_as_text_and_its_bars_follow_the_figures() -> None:
    mail = renderer().weekly(full_report(), KEY)
    shown = Page(html(mail)).shown

    assert "Vecka 42: 5 tim 10 min (9 svar)\nVecka 43: 10 tim (7 svar)\n" in text(mail)
    assert "Vecka 45: Inga besvarade\n" in text(mail)
    assert "Vecka 45: 2 egna inlägg, 0 frågor\n" in text(mail)
    assert "Vecka 42 5 tim 10 min (9 svar)" in shown
    assert re.findall(r'<table class="bar"[^>]*? width="(\d+)%"', html(mail))[:5] == ["48", "100", "43", "30", "23"]


def test_one_week_alone_makes_no_chart() -> None:
    mail = renderer().weekly(report([row()], history=SIX_WEEKS[-1:]), KEY)

    assert "VECKA FÖR VECKA" not in text(mail)


def test_the_time_to_answer_of_all_accounts_is_the_weeks_own_median_and_no_mean_of_medians() -> None:
    rows = [row(LIBRARY, median_minutes=10), row(POOL, median_minutes=600)]

    assert "Svarstid: 2 tim 25 min kontorstid (median)" in text(renderer().weekly(report(rows, history=SIX_WEEKS), KEY))
