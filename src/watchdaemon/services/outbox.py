"""Sending: takes mails that are due from the outbox, hands them to the mail server, and books what became of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from watchdaemon.domain.account import Register
from watchdaemon.domain.delivery import Delivery, MailTrouble
from watchdaemon.errors import DeliveryError
from watchdaemon.ports import Clock, Mailer, Outbox
from watchdaemon.rules.delivery import CLAIM_LEASE, arrives_again, meaning, moved, next_attempt, next_probe, stale
from watchdaemon.services._trace import where

log = structlog.get_logger(__name__)

_GIVE_UP_AFTER = 3
"""So many mails in a row not taken for a while: the server is away, and the rest would only wait for its time-outs."""

_SWEEP_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """What one run of the outbox did."""

    sent: int = 0
    postponed: int = 0
    bounced: int = 0
    superseded: int = 0


class OutboxService:
    """Sends what is due. Claim, send, record: a crash between the last two may repeat a mail, with its Message-ID."""

    def __init__(self, *, outbox: Outbox, mailer: Mailer, clock: Clock, keep: timedelta = timedelta(days=90)) -> None:
        """Make the service.

        Args:
            outbox: The store.
            mailer: What hands a mail over.
            clock: The time.
            keep: The text of a mail that does not wait any more is forgotten this long after it was queued.
        """
        self._outbox = outbox
        self._mailer = mailer
        self._clock = clock
        self._keep = keep
        self._swept_at: datetime | None = None
        self._failures = 0  # connections in a row that came to nothing
        self._probe_at: datetime | None = None
        self._troubles: dict[str, MailTrouble] = {}

    def run(self, register: Register | None = None, *, should_stop: Callable[[], bool] = lambda: False) -> SendReport:
        """Send until nothing is due, the server seems away, or `should_stop` says so.

        With the register, what waits for somebody who left it is not sent any more, and what waits for somebody with
        a new address goes there.
        """
        now = self._clock()
        superseded = self._tidy(register)
        self._forget(now)
        if self._probe_at is not None and now < self._probe_at:
            return SendReport(superseded=superseded)
        sent = postponed = bounced = in_a_row = 0
        self._troubles = {t.person: t for t in self._outbox.mail_troubles()}
        try:
            while in_a_row < _GIVE_UP_AFTER and not should_stop():
                claimed = self._outbox.claim(now=self._clock(), lease=CLAIM_LEASE, limit=1)
                if not claimed:
                    break
                error = self._send(claimed[0])
                if error is None:
                    sent, in_a_row = sent + 1, 0
                elif error.permanent:
                    bounced, in_a_row = bounced + 1, 0
                else:
                    postponed, in_a_row = postponed + 1, in_a_row + 1
                if error is not None and error.is_server:
                    break
        finally:
            self._mailer.close()
        return SendReport(sent=sent, postponed=postponed, bounced=bounced, superseded=superseded)

    def _tidy(self, register: Register | None) -> int:
        """Take out what matters no more, and follow those who moved."""
        waiting = self._outbox.waiting()
        if not waiting:
            return 0
        superseded = 0
        for mail, reason in stale(waiting, None if register is None else register.persons):
            if self._outbox.supersede(mail.id, reason=reason):
                superseded += 1
                log.info("mail_superseded", mail=str(mail.key), reason=reason)
        for mail, address in moved(waiting, {} if register is None else register.persons):
            if self._outbox.readdress(mail.id, address):
                log.info("mail_readdressed", mail=str(mail.key))
        return superseded

    def _forget(self, now: datetime) -> None:
        if self._swept_at is None or now >= self._swept_at + _SWEEP_EVERY:
            forgotten = self._outbox.forget_bodies(before=now - self._keep)
            self._swept_at = now
            if forgotten:
                log.info("mail_bodies_forgotten", mails=forgotten)

    def _send(self, delivery: Delivery) -> DeliveryError | None:
        key = delivery.mail.key
        try:
            self._mailer.send(delivery.mail)
        except DeliveryError as error:
            self._book_failure(delivery, error, self._clock())
            return error
        except Exception as error:  # noqa: BLE001 - an odd mail is put off, not allowed to block all others
            log.error("mailer_fault", mail=str(key), where=where(error))
            failure = DeliveryError("a fault in the mailer; see the log", recipient=key.recipient, permanent=False)
            self._book_failure(delivery, failure, self._clock())
            return failure
        self._book_sent(delivery, self._clock())
        return None

    def _book_sent(self, delivery: Delivery, now: datetime) -> None:
        self._outbox.book_sent(delivery.id, at=now)
        self._failures, self._probe_at = 0, None
        log.info("mail_sent", mail=str(delivery.mail.key))
        trouble = self._troubles.get(delivery.mail.key.recipient)
        # What a server reported afterwards is not over because the next mail was taken, too: `BounceService` sees.
        if trouble is not None and not trouble.is_reported:
            over = arrives_again(trouble, delivery.mail.address, now)
            if over and self._outbox.clear_mail_trouble(trouble.person):
                log.info("mail_arrives_again", person=trouble.person, reason=over)

    def _book_failure(self, delivery: Delivery, error: DeliveryError, now: datetime) -> None:
        key, attempt = delivery.mail.key, delivery.attempts + 1
        retry_at = next_attempt(attempt, now)
        if error.is_server:
            # Not this mail's fault: it stays due, so that everything leaves, in order, as soon as the server is back.
            self._failures += 1
            self._probe_at = next_probe(self._failures, now)
            retry_at = now
        self._outbox.book_failed(
            delivery.id, at=now, error=str(error), next_attempt_at=None if error.permanent else retry_at
        )
        log.warning(
            "mail_not_taken",
            mail=str(key),
            permanent=error.permanent,
            server_away=error.is_server,
            code=error.code,
            status=error.status or None,
            attempt=attempt,
        )
        if error.permanent:
            status = error.status or (str(error.code) if error.code else "5.0.0")
            trouble = MailTrouble(
                person=key.recipient,
                address=delivery.mail.address,
                since=now,
                status=status,
                detail=meaning(status),
                last_at=now,
            )
            self._outbox.book_mail_trouble(trouble)
            self._troubles[key.recipient] = trouble
