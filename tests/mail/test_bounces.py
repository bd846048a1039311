"""Reports of real mail servers are understood, and nothing else is taken for one. Costs a second."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon.domain.delivery import BounceReport, ReturnedMail
from watchdaemon.errors import MailboxError
from watchdaemon.mail.bounces import BounceReader
from watchdaemon.mail.mailbox import MaildirBox

RETURNED = Path(__file__).parent / "returned"
OURS = "00112233445566778899aabbccddeeff@exempelkommun.example"

READER = BounceReader(sender="bevakning@exempelkommun.example", bounce_address="studs@exempelkommun.example")


def read(name: str, **changes: str) -> tuple[BounceReport, ...]:
    """Read one of the recorded shapes, with words in it replaced."""
    text = (RETURNED / f"{name}.eml").read_text("utf-8")
    for old, new in changes.items():
        text = text.replace(old, new)
    return READER.read(text.encode())


@pytest.mark.parametrize(
    ("name", "recipient", "status", "is_permanent"),
    [
        ("postfix", "anna@exempelkommun.example", "5.1.1", True),
        ("postfix-delayed", "anna@exempelkommun.example", "4.4.1", False),
        ("postfix-expired", "anna@exempelkommun.example", "4.4.1", True),
        ("exchange", "anna@exempelkommun.example", "5.1.10", True),
        ("exim", "anna@exempelkommun.example", "5.2.2", True),
        ("exim-prose", "anna@exempelkommun.example", "5.2.1", True),
        ("qmail", "", "5.1.1", True),
        ("smtputf8", "åsa@exempelkommun.example", "5.1.1", True),
        ("opensmtpd", "anna@dead.example", "5.1.1", True),
        ("delivered", "anna@exempelkommun.example", "2.0.0", False),
    ],
)
def test_each_servers_report_is_understood(name: str, recipient: str, status: str, is_permanent: bool) -> None:
    [report] = read(name)

    assert report == BounceReport(message_id=OURS, recipient=report.recipient, status=status, is_permanent=is_permanent)
    assert report.recipient == recipient


@pytest.mark.parametrize("name", ["vacation", "read-receipt", "exim-delayed"])
def test_absence_notes_receipts_and_warnings_are_no_reports(name: str) -> None:
    assert read(name) == ()


def test_a_report_names_the_mail_by_its_return_address_when_it_returns_no_headers() -> None:
    text = (RETURNED / "postfix.eml").read_text("utf-8").replace("Message-ID: <", "X-Gone: <")
    named = text.replace("To: studs@", f"To: studs+{OURS.partition('@')[0]}@")

    assert READER.read(text.encode()) == ()
    assert [r.message_id for r in READER.read(named.encode())] == [OURS]


def test_a_return_address_of_another_form_names_nothing() -> None:
    text = (RETURNED / "postfix.eml").read_text("utf-8").replace("Message-ID: <", "X-Gone: <")
    for other in ("studs+abc@exempelkommun.example", f"studs+{'0' * 32}@evil.example", f"xstuds+{'z' * 32}@x.example"):
        assert READER.read(text.replace("studs@exempelkommun.example", other).encode()) == ()


def test_a_report_about_several_recipients_gives_each() -> None:
    text = (RETURNED / "exchange.eml").read_text("utf-8")
    block = re.search(r"Original-Recipient:.*?lookup\n", text, re.DOTALL)
    assert block is not None
    twice = text.replace(block[0], block[0] + "\n" + block[0].replace("anna@", "bo@").replace("failed", "delayed"))

    assert [(r.recipient, r.is_permanent) for r in READER.read(twice.encode())] == [
        ("anna@exempelkommun.example", True),
        ("bo@exempelkommun.example", False),
    ]


def test_a_report_keeps_nothing_of_what_it_says() -> None:
    told = repr(read("exchange"))

    assert "RESOLVER" not in told
    assert "hittades" not in told


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_mail_breaks_the_reader(data: st.DataObject) -> None:
    """Any bytes, and real reports with any piece replaced by any bytes."""
    name = data.draw(st.sampled_from(["", "postfix", "exchange", "exim-prose", "smtputf8"]))
    raw = (RETURNED / f"{name}.eml").read_bytes() if name else b""
    at = data.draw(st.integers(0, len(raw)))
    upto = data.draw(st.integers(at, min(len(raw), at + 200)))

    reports = READER.read(raw[:at] + data.draw(st.binary(max_size=60)) + raw[upto:])

    assert all(re.fullmatch(r"[245](\.\d{1,3}){2}", r.status) for r in reports)


def test_a_mail_of_a_thousand_parts_within_parts_is_no_report() -> None:
    heads = "".join(f'Content-Type: multipart/report; boundary="b{n}"\n\n--b{n}\n' for n in range(1500))

    assert READER.read(heads.encode()) == ()


# ---- a Maildir -------------------------------------------------------------------------------------------------


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """A Maildir with a report and an absence note in it."""
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
    for number, name in enumerate(("postfix", "vacation")):
        (tmp_path / "new" / f"17954200{number}.M1P1.host").write_bytes((RETURNED / f"{name}.eml").read_bytes())
    return tmp_path


def test_a_maildir_gives_its_unread_mails_once_they_are_settled(maildir: Path) -> None:
    box = MaildirBox(maildir, READER)

    first, again = list(box.unread()), list(box.unread())
    for mail in again:
        box.settle(mail)

    assert first == again
    assert [len(mail.reports) for mail in first] == [1, 0]
    assert list(box.unread()) == []
    assert sorted(p.name for p in (maildir / "cur").iterdir()) == [
        "179542000.M1P1.host:2,S",
        "179542001.M1P1.host:2,FS",
    ]


def test_a_maildir_that_is_not_there_is_told_without_a_trace(tmp_path: Path) -> None:
    box = MaildirBox(tmp_path / "nowhere", READER)

    with pytest.raises(MailboxError, match="cannot be read: No such file"):
        list(box.unread())
    with pytest.raises(MailboxError, match="cannot be marked"):
        box.settle(ReturnedMail(handle="x", reports=()))
