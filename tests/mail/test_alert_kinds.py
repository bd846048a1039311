"""Every kind of alert in words, in both languages, with the number that matters. Costs about a second."""

from dataclasses import replace

import pytest
from tests.mail.reading import Page, html, text
from tests.mail.samples import CHRIS, alert, key, linking_renderer, local, notice, renderer

from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.domain.delivery import MailKind
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.question import Grade, Question, QuestionState, Triage, Verdict

KEY = key(MailKind.ALERT, "anna", "1")
SECRET_TEXT = "Mitt nummer är 19811218-9876"
K = AlertKind


def question(item: str, words: str, *, account: str = "library-fb", secret: bool = False) -> Question:
    """A citizen's comment of last Thursday, due on Friday."""
    written = Item(
        account=account,
        platform="facebook",
        external_id=item,
        thread_id=item,
        kind=ItemKind.COMMENT,
        published_at=local(19, 14, 2),
        text=words,
        author="Kim Medborgare",
        url=f"https://www.facebook.com/{item}",
    )
    triage = Triage(grade=Grade.YES, reason="", is_secret=secret)
    state = QuestionState.OPEN
    verdict = Verdict(account=account, external_id=item, triage=triage, state=state, reason="", due_at=local(20, 17))
    return Question(item=written, verdict=verdict, first_seen_at=local(19, 14, 30))


def of(kind: AlertKind, *accounts: str, items: tuple[str, ...] = (), **more: object) -> Alert:
    """An alert of that kind."""
    given = {"kind": kind, "cause": accounts[0] if accounts else "daemon:pause", "accounts": accounts, "items": items}
    return replace(alert(), reason=None, detail="", **{**given, **more})  # type: ignore[arg-type]  # a test's shorthand


def told(*opened: Alert, reminded: tuple[Alert, ...] = (), closed: tuple[Alert, ...] = ()) -> AlertNotice:
    """A notice with two questions at hand, one of them secret."""
    found = [question("1_1", "När öppnar ni på lördag?"), question("2_2", SECRET_TEXT, account="pool-ig", secret=True)]
    made = notice([*opened, *reminded], closed)
    persons = {"chris": CHRIS}
    return replace(made, opened=opened, reminded=reminded, questions={q.item.key: q for q in found}, persons=persons)


LIBRARY, POOL = "library-fb", "pool-ig"
SUBJECTS = [
    (of(K.SECRET, POOL, items=("2_2",)), "1 inlägg med känsliga uppgifter måste tas bort – Simhallen Exempelbadet"),
    (of(K.QUESTION_OVERDUE, LIBRARY, items=("1_1", "1_2", "1_3")), "3 frågor försenade – Stadsbiblioteket"),
    (of(K.QUESTION_OVERDUE, LIBRARY, items=("1_1",)), "1 fråga försenad – Stadsbiblioteket"),
    (of(K.TOO_FEW_OWNERS, LIBRARY), "1 konto har för få ansvariga – Stadsbiblioteket"),
    (of(K.STALE, LIBRARY), "1 konto utan inlägg – Stadsbiblioteket"),
    (of(K.MAIL_UNDELIVERABLE, LIBRARY, cause="chris", items=("chris",)), "Mejl till 1 person kommer inte fram – Stads"),
    (of(K.QUOTA, LIBRARY, POOL), "En kvot tar slut: 2 konton berörs – Stadsbiblioteket och 1 till"),
    (of(K.DAEMON_LATE, LIBRARY, POOL), "2 konton hämtades inte i tid – Stadsbiblioteket och 1 till"),
    (of(K.DAEMON_LATE), "Bevakningstjänsten har stått still"),
]


@pytest.mark.parametrize(("one", "subject"), SUBJECTS)
def test_the_subject_has_the_number_that_matters(one: Alert, subject: str) -> None:
    assert renderer().alert(told(one), KEY).subject.startswith(subject)


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_says_what_to_do_in_both_languages_and_how_it_ended(kind: AlertKind) -> None:
    one = of(kind, LIBRARY, items=("1_1",))
    over = replace(one, closed_at=local(23, 8))
    swedish = renderer().alert(told(one), KEY)
    english = renderer().alert(replace(told(one), recipient=CHRIS), KEY)
    ended = renderer().alert(told(closed=(over,)), KEY)

    assert "Gör så här:\n- " in text(swedish)
    assert "What to do:\n- " in text(english)
    assert "ÄR ÖVER" in text(ended)
    assert swedish.subject != english.subject != ended.subject


def test_a_secret_is_never_quoted_and_must_be_registered() -> None:
    mail = linking_renderer().alert(told(of(K.SECRET, POOL, items=("2_2",))), KEY)

    for said in (text(mail), Page(html(mail)).shown):
        assert "9876" not in said
        assert "Kim" not in said
        assert "Diarieför det" in said
    assert "https://www.facebook.com/2_2" in text(mail)
    assert "Säg hur det gick: https://" in text(mail)


def test_what_may_have_to_be_removed_is_not_quoted_even_as_an_overdue_question() -> None:
    assert "9876" not in text(renderer().alert(told(of(K.QUESTION_OVERDUE, POOL, items=("2_2",))), KEY))


def test_an_overdue_question_is_known_by_its_words_its_time_and_its_link() -> None:
    said = text(renderer().alert(told(of(K.QUESTION_OVERDUE, LIBRARY, items=("1_1",))), KEY))

    assert "> När öppnar ni på lördag?" in said
    assert "Skrevs i torsdags kl. 14.02, försenad sedan i fredags kl. 17.00" in said
    assert "https://www.facebook.com/1_1" in said
    assert "\nSedan " not in said  # when the alert was opened is not since when this question is overdue


def test_a_reminder_says_so_unless_something_as_grave_is_new() -> None:
    old = of(K.QUESTION_OVERDUE, LIBRARY, items=("1_1",))
    new = of(K.QUESTION_OVERDUE, POOL, items=("9_9",))

    assert renderer().alert(told(reminded=(old,)), KEY).subject.startswith("Påminnelse: 1 fråga försenad")
    assert renderer().alert(told(new, reminded=(old,)), KEY).subject.startswith("2 frågor försenade")
    assert renderer().alert(told(of(K.STALE, POOL), reminded=(old,)), KEY).subject.startswith("Påminnelse: 1 fråga")


def test_what_to_do_is_said_once_however_many_accounts_are_late() -> None:
    late = [of(K.QUESTION_OVERDUE, f"account-{n}", items=("1",)) for n in range(5)]

    assert text(renderer().alert(told(*late), KEY)).count("Gör så här") == 1


def test_a_person_whose_mail_comes_back_is_named() -> None:
    one = of(K.MAIL_UNDELIVERABLE, LIBRARY, cause="chris", items=("chris",))

    assert f"Mejl till {CHRIS.name} kommer i retur." in text(renderer().alert(told(one), KEY))
