"""A mail that only tries whether mails arrive."""

from datetime import datetime
from typing import Final

from watchdaemon.domain.account import Person
from watchdaemon.domain.delivery import DeliveryKey, MailKind, OutgoingMail
from watchdaemon.mail import _clean
from watchdaemon.mail._message import Letter, compose, message_id

_SUBJECTS: Final = {"sv": "Provmejl från bevakningen", "en": "Test mail from the watching service"}
_TEXTS: Final = {
    "sv": """\
Det här är ett provmejl från bevakningen av sociala medier hos {organisation}.

Kommer det fram kommer också sammanställningar och larm fram. Du behöver inte göra något.
""",
    "en": """\
This is a test mail from the service that watches the social media accounts of {organisation}.

If it arrives, digests and alerts arrive, too. There is nothing for you to do.
""",
}


def trial_mail(
    person: Person, *, organisation: str, sender: str, sender_name: str | None, language: str, now: datetime
) -> OutgoingMail:
    """Write a test mail to a person, in the person's language or else in the organisation's.

    Args:
        person: The recipient.
        organisation: Its name.
        sender: The address mails come from.
        sender_name: The name beside it; None: the organisation's.
        language: The organisation's.
        now: Aware; makes each test mail another one.
    """
    code = next(code for code in (person.language, language, "en") if code in _TEXTS)
    subject, text = _SUBJECTS[code], _TEXTS[code].format(organisation=_clean.line(organisation, limit=80))
    key = DeliveryKey(kind=MailKind.ALERT, recipient=person.key, period=f"test/{now.isoformat()}")
    paragraphs = "".join(f"<p>{part.strip()}</p>\n" for part in _escaped(text).split("\n\n"))
    head = f'<!DOCTYPE html>\n<html lang="{code}"><head><title>{subject}</title></head>'
    letter = Letter(
        key=str(key),
        sender_name=_clean.line(sender_name or organisation, limit=80),
        sender=sender,
        recipient_name=_clean.line(person.name, limit=80),
        recipient=person.mail,
        reply_to=None,
        subject=subject,
        list_name="test",
        language=code,
        written_at=now,
        text=text,
        html=f"{head}<body>\n{paragraphs}</body></html>\n",
    )
    return OutgoingMail(
        key=key,
        address=person.mail,
        subject=subject,
        message=compose(letter),
        message_id=message_id(letter).strip("<>"),
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
