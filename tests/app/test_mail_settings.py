"""What the configuration says of mail reaches what mails are made and sent with. Costs three seconds."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from tests.app.conftest import Works, start

from watchdaemon.app import return_box, smtp_mailer
from watchdaemon.errors import ConfigError
from watchdaemon.mail.mailbox import ImapBox, MaildirBox
from watchdaemon.settings import load_settings

RETURNED = Path(__file__).parents[1] / "mail" / "returned" / "postfix.eml"


def with_mail(config: Path, *lines: str) -> Path:
    """Add lines to the section [mail]."""
    config.write_text(config.read_text().replace("[mail]\n", "\n".join(["[mail]", *lines, ""])))
    return config


def test_the_senders_name_and_a_return_address_of_its_own_are_on_every_mail(works: Works) -> None:
    with_mail(
        works.config,
        'sender_name = "Vakten"',
        'bounce_address = "studs@example.org"',
        "verp = true",
        'local_hostname = "vakt"',
    )
    works.app.close()
    works.app = start(works.config, works.clock, works.platform)
    works.app.outbox._mailer = smtp_mailer(load_settings(works.config))
    works.enrol("a")
    works.platform.somebody_writes("a", "c1", "När öppnar ni?", works.clock())
    works.app.pass_once()

    for taken in works.sink.messages:
        message = message_from_bytes(taken.message, policy=policy.default)
        opaque = message["Message-ID"].strip("<>").partition("@")[0]
        assert message["From"].addresses[0].display_name == "Vakten"
        assert taken.sender == f"studs+{opaque}@example.org"
    assert len(works.sink.messages) == 2


def test_a_report_in_the_mailbox_for_returned_mails_is_booked_in_the_next_pass(works: Works) -> None:
    with_mail(works.config, 'bounces = "returned"')
    works.app.close()
    works.app = start(works.config, works.clock, works.platform)
    works.enrol("a")
    works.platform.somebody_writes("a", "c1", "När öppnar ni?", works.clock())
    works.app.pass_once()
    [sent] = works.sink.received_by("anna@example.org")
    message_id = str(message_from_bytes(sent.message, policy=policy.default)["Message-ID"])
    box = works.config.parent / "returned" / "new"
    box.mkdir(parents=True)
    report = RETURNED.read_text("utf-8").replace("<00112233445566778899aabbccddeeff@exempelkommun.example>", message_id)
    (box / "1.a").write_text(report, "utf-8")
    works.at(2026, 11, 23, 7, 30)

    assert [(t.person, t.status) for t in works.app.store.mail_troubles()] == [("anna", "5.1.1")]
    assert list(box.iterdir()) == []


def test_message_ids_stay_the_same_over_restarts_and_differ_between_organisations(works: Works) -> None:
    before = works.app.store.get_state("mail_secret")
    works.app.close()
    works.app = start(works.config, works.clock, works.platform)

    assert before
    assert works.app.store.get_state("mail_secret") == before


def test_certificates_that_cannot_be_read_are_told_at_the_start(works: Works) -> None:
    settings = load_settings(with_mail(works.config, 'ca_file = "none.pem"'))

    with pytest.raises(ConfigError, match=r"mail\.ca_file"):
        smtp_mailer(settings)


def test_the_mailbox_for_returned_mails_is_a_folder_an_imap_mailbox_or_none(works: Works, tmp_path: Path) -> None:
    none = return_box(load_settings(works.config))
    (tmp_path / "credentials").mkdir(exist_ok=True)
    (tmp_path / "credentials" / "bounces").write_text("secret\n")
    text = works.config.read_text()
    folder = return_box(load_settings(with_mail(works.config, 'bounces = "returned"')))
    works.config.write_text(f'{text}\n[credentials]\ndirectory = "{tmp_path / "credentials"}"\n')
    where = 'bounces = "imaps://studs%40example.org@imap.example.org/INBOX"'
    mailbox = return_box(load_settings(with_mail(works.config, where, 'bounces_credential = "bounces"')))

    assert none is None
    assert isinstance(folder, MaildirBox)
    assert isinstance(mailbox, ImapBox)
