"""The demo's mail server keeps what it gets, under names a person can read."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from tests.mail.samples import ANNA, BENGT, SENDER, full_digest, full_report, key, renderer

from watchdaemon.domain.delivery import MailKind
from watchdaemon.mail.sink import Received, SmtpSink, file_name
from watchdaemon.mail.smtp import SmtpMailer


def test_mails_become_files_that_read_like_an_inbox(tmp_path: Path) -> None:
    digest = renderer().digest(full_digest(), key())
    weekly = renderer().weekly(full_report(), key(MailKind.WEEKLY, "bengt", "2026-W47"))

    with SmtpSink(directory=tmp_path / "mails") as sink:
        made = SmtpMailer(host=sink.host, port=sink.port, sender=SENDER, security="none", local_hostname="a.example")
        made.send(digest)
        made.send(weekly)
        made.close()
    files = sorted((tmp_path / "mails").iterdir())

    assert [file.name for file in files] == [
        "001-2026-11-23-0846-anna-akerlund-4-fragor-vantar-1-forsenad-2-att-ta-bort-stadsbiblioteket.eml",
        "002-2026-11-23-0730-bengt-ost-veckorapport-vecka-47-2-forsenade-fragor-1-konto-ar-inte.eml",
    ]
    assert message_from_bytes(files[0].read_bytes(), policy=policy.SMTP)["Subject"] == digest.subject


def test_mails_can_be_looked_up_by_recipient() -> None:
    with SmtpSink() as sink:
        made = SmtpMailer(host=sink.host, port=sink.port, sender=SENDER, security="none", local_hostname="a.example")
        made.send(renderer().digest(full_digest(), key()))
        made.close()

    assert len(sink.received_by(ANNA.mail)) == 1
    assert sink.received_by(BENGT.mail) == []


@pytest.mark.parametrize("message", [b"", b"Subject: ../../etc/passwd\r\n\r\n", b"Date: nonsense\r\n\r\n", b"\xff\x00"])
def test_a_file_name_never_leaves_its_folder(message: bytes) -> None:
    name = file_name(1, Received(sender="", recipients=("../x@example.org",), message=message))

    assert name.startswith("001-undated-x-")
    assert Path(name).name == name
