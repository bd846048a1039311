"""Sending: takes mails that are due from the outbox, hands them to the mail server, and books what became of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from watchdaemon.domain.delivery import Delivery
from watchdaemon.errors import DeliveryError
from watchdaemon.ports import Clock, Mailer, Outbox
from watchdaemon.rules.delivery import CLAIM_LEASE, next_attempt
from watchdaemon.services._trace import where

log = structlog.get_logger(__name__)

_GIVE_UP_AFTER = 3
"""So many mails in a row not taken for a while: the server is away, and the rest would only wait for its time-outs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """What one run of the outbox did."""

    sent: int = 0
    postponed: int = 0
    bounced: int = 0


class OutboxService:
    """Sends what is due. Claim, send, record: a crash between the last two may repeat a mail, with its Message-ID."""

    def __init__(self, *, outbox: Outbox, mailer: Mailer, clock: Clock) -> None:
        self._outbox = outbox
        self._mailer = mailer
        self._clock = clock

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> SendReport:
        """Send until nothing is due, the server seems away, or `should_stop` says so."""
        sent = postponed = bounced = in_a_row = 0
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
        finally:
            self._mailer.close()
        return SendReport(sent=sent, postponed=postponed, bounced=bounced)

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
        self._outbox.book_sent(delivery.id, at=self._clock())
        log.info("mail_sent", mail=str(key))
        return None

    def _book_failure(self, delivery: Delivery, error: DeliveryError, now: datetime) -> None:
        retry_at = None if error.permanent else next_attempt(delivery.attempts + 1, now)
        self._outbox.book_failed(delivery.id, at=now, error=str(error), next_attempt_at=retry_at)
        log.warning(
            "mail_not_taken", mail=str(delivery.mail.key), permanent=error.permanent, attempt=delivery.attempts + 1
        )
