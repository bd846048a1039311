"""No name or text from outside can break a mail or inject into its headers, its text or its HTML."""

import csv
import re
from dataclasses import dataclass, replace
from email.message import EmailMessage
from io import StringIO

import pytest
from tests.mail.attacks import ATTACKS, LINKS_THAT_ARE_NONE
from tests.mail.reading import Page, html, parsed, text
from tests.mail.samples import (
    ANNA,
    BENGT,
    LIBRARY,
    NOW,
    SENDER,
    STOCKHOLM,
    alert,
    digest,
    entry,
    key,
    linking_renderer,
    missed,
    month_row,
    overview,
    renderer,
    report,
    row,
    watch,
)

from watchdaemon.domain.account import Audience, Person
from watchdaemon.domain.alert import AlertNotice
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.domain.digest import Section
from watchdaemon.domain.overview import Breach
from watchdaemon.domain.watch import WatchState
from watchdaemon.errors import Reason
from watchdaemon.mail._digest import digest_table
from watchdaemon.mail._monthly import monthly_table
from watchdaemon.mail._weekly import weekly_table
from watchdaemon.mail.language import Words

HEADERS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "List-Id",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]
BODY = ["multipart/alternative", "text/plain", "text/html"]
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066\u2067\ufeff\ud800-\udfff]")


def mails_with(words: str) -> list[OutgoingMail]:
    """Render each kind of mail with these words in every place that comes from outside."""
    hostile = f"x{words}y"
    renders = linking_renderer(hostile)
    recipient = Person(key="anna", name=hostile, mail=ANNA.mail)
    other = Person(key="other", name=hostile, mail=BENGT.mail)
    account = replace(LIBRARY, name=hostile, platform=hostile)
    line = replace(watch(account, WatchState.NOT_WATCHED, Reason.OUTAGE), detail=hostile, readers=(recipient, other))
    entries = [
        entry(Section.OVERDUE, of=account, text=hostile, author=hostile),
        entry(Section.REMOVE, of=account, text=hostile, author=hostile, removal_reason=hostile, due_at=None),
    ]
    notice = AlertNotice(
        recipient=recipient,
        now=NOW,
        opened=(alert(accounts=("library-fb", "pool-ig"), detail=hostile),),
        closed=(alert(Reason.GONE, ("library-fb",), closed_at=NOW),),
        accounts=(account,),
    )
    weekly = row(account, owners=(recipient, other), windows_watched=9, missed=(missed(18, 1, Reason.OUTAGE),))
    exempt = replace(account, audience=Audience.EXEMPT, audience_reason=hostile, purpose=hostile)
    month = month_row(exempt, Breach.STALE, unit=hostile, manager=other, owners=(recipient, other))
    return [
        renders.digest(digest(entries, [line], recipient), key()),
        renders.weekly(report([weekly], recipient), key(MailKind.WEEKLY)),
        renders.alert(notice, key(MailKind.ALERT)),
        renders.monthly(overview([month, month_row(exempt)], recipient), key(MailKind.MONTHLY, period="2026-11")),
    ]


@dataclass(frozen=True)
class Shape:
    """What of a mail no word from outside may change."""

    own_lines: int
    skeleton: list[tuple[str, tuple[str, ...]]]


def shape(mail: OutgoingMail) -> Shape:
    """Return a mail's shape, as it is when no text was too long to be shown."""
    trimmed = re.compile(r"<p[^>]*>Texten fortsätter[^<]*</p>")
    own = [line for line in text(mail).split("\n") if not line.startswith((">", "   Texten fortsätter"))]
    return Shape(own_lines=len(own), skeleton=Page(trimmed.sub("", html(mail))).skeleton)


@pytest.fixture(scope="module")
def harmless() -> list[Shape]:
    """The shapes of the same mails with a harmless word everywhere."""
    return [shape(mail) for mail in mails_with("ord")]


def test_there_are_at_least_two_hundred_attacks() -> None:
    assert len(set(ATTACKS)) >= 200


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_words_from_outside_stay_in_their_place(attack: str, harmless: list[Shape]) -> None:
    for mail, expected in zip(mails_with(attack), harmless, strict=True):
        check_wire(mail)
        check_headers(parsed(mail))
        shown = (str(parsed(mail)["Subject"]), text(mail), html(mail))

        assert not any(ACTING.search(words) for words in shown)
        assert all(line.count("\u2068") == line.count("\u2069") for line in text(mail).split("\n"))
        assert shape(mail) == expected


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_words_from_outside_stay_in_their_cell_of_a_file(attack: str) -> None:
    hostile = f"{attack}y"
    item = entry(of=replace(LIBRARY, name=hostile), text=hostile, author=hostile, url=hostile)
    secret = entry(Section.REMOVE, text=None, author=hostile, due_at=None)
    row_of = month_row(replace(LIBRARY, name=hostile, purpose=hostile), unit=hostile)
    words = Words("sv", STOCKHOLM)

    for file in (
        digest_table(digest([item, secret]), words),
        monthly_table(overview([row_of, row_of]), words),
        weekly_table(report([row(replace(LIBRARY, name=hostile)), row()]), words),
    ):
        rows = cells_of(file.content)

        assert len(rows) == 3
        assert {len(cells) for cells in rows} == {len(rows[0])}
        assert not [text for cells in rows for text in cells if is_formula(text) or ACTING.search(text)]
    assert cells_of(digest_table(digest([secret]), words).content)[1][6] == ""


def cells_of(content: bytes) -> list[list[str]]:
    """Read a file as a spreadsheet does."""
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take it for one, parting at semicolons, or at any other separator."""
    parts = [part.lstrip(' "') for part in re.split("[,;|]", text)]
    return any(part[:1] in {*"=+-@\uff1d\uff0b\uff0d\uff20"} for part in parts if part)


def check_wire(mail: OutgoingMail) -> None:
    """Bytes any mail server takes: ASCII, CRLF only, no long lines."""
    assert mail.message.isascii()
    assert b"\x00" not in mail.message
    assert all(len(line) <= 200 for line in mail.message.split(b"\r\n"))
    assert not re.search(rb"[\r\n]", mail.message.replace(b"\r\n", b""))


def check_headers(message: EmailMessage) -> None:
    """Our headers, each once, one sender, one recipient, two parts, and the file if there is one."""
    assert message.keys() == HEADERS
    assert not message.defects
    types = [part.get_content_type() for part in message.walk()]
    assert types in (BODY, ["multipart/mixed", *BODY, "text/csv"])
    assert [address.addr_spec for address in message["From"].addresses] == [SENDER]
    assert [address.addr_spec for address in message["To"].addresses] == [ANNA.mail]


@pytest.mark.parametrize("url", LINKS_THAT_ARE_NONE, ids=range(len(LINKS_THAT_ARE_NONE)))
def test_only_web_links_can_be_clicked(url: str) -> None:
    account = replace(LIBRARY, link=url)

    mail = renderer().digest(digest([entry(of=account, url=url)], [watch(account)]), key())

    assert list(Page(html(mail)).links()) == []
    assert "Adress (inte en webblänk)" in text(mail)


def test_a_web_link_can_be_clicked() -> None:
    url = "https://facebook.example.org/p/1?comment_id=2&reply=3#å"

    mail = renderer().digest(digest([entry(url=url)]), key())

    assert list(Page(html(mail)).links()) == [url]
    assert url in text(mail)


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "@example.org", "a@example.org\r\nRCPT TO:<b@example.org>", "A <a@example.org>", "a@b@c"],
)
def test_an_address_that_is_none_reaches_no_header(address: str) -> None:
    mail = renderer().digest(digest([entry()], recipient=replace(ANNA, mail=address)), key())

    assert parsed(mail)["To"] == "undisclosed-recipients:;"
    assert parsed(mail).keys() == HEADERS


def test_a_name_written_from_right_to_left_is_isolated_from_our_words() -> None:
    mail = renderer().digest(digest([entry(of=replace(LIBRARY, name="مكتبة"))]), key())

    assert mail.subject == "1 fråga väntar – \u2068مكتبة\u2069"
    assert "\u2068مكتبة\u2069 (Facebook)" in text(mail)
