"""Returned mails are read from a mailbox over IMAP. Costs a second."""

import ssl
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.mail.imap import ImapServer, serving
from tests.mail.test_bounces import OURS, READER, RETURNED

from watchdaemon.errors import ConfigError, MailboxError
from watchdaemon.mail.mailbox import ImapBox

PASSWORD = "correct_horse"


def mailbox() -> ImapServer:
    """A mailbox with an absence note and a report in it, and one report that was read before."""
    mails = {uid: (RETURNED / f"{name}.eml").read_bytes() for uid, name in ((3, "vacation"), (7, "exim"), (9, "exim"))}
    return ImapServer(mails=mails, password=PASSWORD, flags={9: {r"\Seen"}})


def box_at(server: ImapServer, *, scheme: str = "imap", password: str = PASSWORD, **rest: object) -> ImapBox:
    """A box on that server."""
    url = f"{scheme}://studs%40exempelkommun.example@127.0.0.1:{server.port}/{rest.pop('folder', 'INBOX')}"
    return ImapBox(url, READER, password=SecretStr(password), timeout_seconds=5, **rest)  # type: ignore[arg-type]  # a test's shorthand


def test_unread_mails_are_given_once_they_are_settled_and_peoples_own_are_flagged() -> None:
    with serving(mailbox()) as server, closing(box_at(server)) as box:
        first = list(box.unread())
        for mail in box.unread():
            box.settle(mail)
        last = list(box.unread())

    assert [(m.handle, [r.message_id for r in m.reports]) for m in first] == [("3", []), ("7", [OURS])]
    assert last == []
    assert (server.flags[3], server.flags[7]) == ({r"\Seen", r"\Flagged"}, {r"\Seen"})


def test_reading_alone_marks_nothing_and_the_connection_is_ended_properly() -> None:
    with serving(mailbox()) as server:
        with closing(box_at(server)) as box:
            list(box.unread())

        assert server.commands[0] == "CAPABILITY"
        assert server.commands[1] == "LOGIN studs@exempelkommun.example"
        assert server.commands[-1] == "LOGOUT"
        assert server.flags_of(7) == set()
        assert not any("BODY[]" in c and "PEEK" not in c for c in server.commands)


def test_a_protected_mailbox_is_read_when_its_certificate_is_trusted_and_not_otherwise(
    certificate: Path, tls: ssl.SSLContext
) -> None:
    with serving(mailbox(), tls) as server:
        with closing(box_at(server, scheme="imaps", ca_file=certificate)) as box:
            assert len(list(box.unread())) == 2
        with (
            closing(box_at(server, scheme="imaps")) as stranger,
            pytest.raises(MailboxError, match=r"certificate of 127\.0\.0\.1 is not trusted"),
        ):
            list(stranger.unread())


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"password": "wrong"}, "refuses the login"),
        ({"folder": "Elsewhere"}, "refuses opening Elsewhere"),
    ],
)
def test_a_refusal_is_told_in_our_own_words(settings: dict[str, str], told: str) -> None:
    with (
        serving(mailbox()) as server,
        closing(box_at(server, **settings)) as box,
        pytest.raises(MailboxError, match=told) as caught,
    ):
        list(box.unread())

    assert "bad password" not in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_a_server_that_is_not_there_is_a_mailbox_error() -> None:
    with serving(mailbox()) as server:
        pass

    with closing(box_at(server)) as box, pytest.raises(MailboxError, match=r"127\.0\.0\.1 does not answer"):
        list(box.unread())


def test_certificates_that_cannot_be_read_are_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mail\.ca_file"):
        ImapBox("imaps://a@b/INBOX", READER, password=SecretStr(""), ca_file=tmp_path / "none.pem")
