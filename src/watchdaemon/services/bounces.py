"""What comes back: reads reports of mails that could not be delivered, and books on the person that mail is in vain."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from watchdaemon.domain.account import Register
from watchdaemon.domain.delivery import BounceReport, MailTrouble
from watchdaemon.errors import MailboxError
from watchdaemon.ports import Outbox, ReturnBox, Together
from watchdaemon.rules.delivery import arrives_again, counts_until, meaning

log = structlog.get_logger(__name__)

READ_EVERY: Final = timedelta(minutes=10)
"""A report comes minutes to days after the mail: looking more often finds nothing sooner that anybody acts on."""


class BounceStore(Outbox, Together, Protocol):
    """What booking returned mails needs of the store."""


class BounceService:
    """Reads the mailbox for returned mails, and notices when mail to somebody arrives again."""

    def __init__(self, *, store: BounceStore, box: ReturnBox | None) -> None:
        """`box` is None where nothing is read: then only refusals at hand-over are known."""
        self._store = store
        self._box = box
        self._read_at: datetime | None = None

    def run(self, register: Register, now: datetime) -> int:
        """Book what came back, and whose trouble is over. Returns how many of our mails came back for good.

        A mailbox that does not answer is told in the log and read again later: it holds up nothing else.
        """
        returned = 0
        if self._box is not None and (self._read_at is None or now >= self._read_at + READ_EVERY):
            self._read_at = now
            try:
                returned = self._read(self._box, register, now)
            except MailboxError as error:
                log.warning("bounce_mailbox_away", error=str(error))
            finally:
                self._box.close()
        self._clear(register, now)
        return returned

    def _read(self, box: ReturnBox, register: Register, now: datetime) -> int:
        returned = 0
        for mail in box.unread():
            returned += self._book(mail.reports, register, now)
            # Only now: a crash in between reads the same report again, and booking it again changes nothing.
            box.settle(mail)
        return returned

    def _book(self, reports: Iterable[BounceReport], register: Register, now: datetime) -> int:
        returned = 0
        for report in reports:
            mail = self._store.sent_mail(report.message_id)
            if mail is None:
                # Forged, or a mail of somebody else's with our return address.
                log.info("bounce_of_unknown_mail")
                continue
            if not report.is_permanent:
                log.info("mail_delayed", mail=str(mail.key), status=report.status)
                continue
            log.warning("mail_returned", mail=str(mail.key), status=report.status)
            words, person = meaning(report.status), register.persons.get(mail.key.recipient)
            with self._store.together():
                self._store.book_returned(mail.id, error=f"returned: {report.status} {words}")
                if person is not None and person.mail == mail.address:
                    trouble = MailTrouble(
                        person=person.key,
                        address=mail.address,
                        since=now,
                        status=report.status,
                        detail=words,
                        last_at=now,
                        is_reported=True,
                    )
                    self._store.book_mail_trouble(trouble)
            returned += 1
        return returned

    def _clear(self, register: Register, now: datetime) -> None:
        for trouble in self._store.mail_troubles():
            person = register.persons.get(trouble.person)
            sent_at = self._store.last_sent_at(trouble.person, address=trouble.address, by=counts_until(trouble, now))
            over = arrives_again(trouble, person.mail if person else None, sent_at)
            if over and self._store.clear_mail_trouble(trouble.person):
                log.info("mail_arrives_again", person=trouble.person, reason=over)
