"""Mail: what renders a message, what hands it to a server, and where it comes back to."""

from collections.abc import Iterator
from typing import Protocol

from watchdaemon.domain.alert import AlertNotice
from watchdaemon.domain.delivery import DeliveryKey, OutgoingMail, ReturnedMail
from watchdaemon.domain.digest import Digest, WeeklyReport
from watchdaemon.domain.overview import MonthlyOverview


class Renderer(Protocol):
    """Turns what is to be said into a whole message."""

    def digest(self, digest: Digest, key: DeliveryKey) -> OutgoingMail:
        """Render an owner's digest."""
        ...

    def weekly(self, report: WeeklyReport, key: DeliveryKey) -> OutgoingMail:
        """Render a manager's weekly report."""
        ...

    def monthly(self, overview: MonthlyOverview, key: DeliveryKey) -> OutgoingMail:
        """Render the communications unit's monthly overview."""
        ...

    def alert(self, notice: AlertNotice, key: DeliveryKey) -> OutgoingMail:
        """Render an alert mail."""
        ...


class ReturnBox(Protocol):
    """The mailbox that mails come back to."""

    def unread(self) -> Iterator[ReturnedMail]:
        """Yield what nobody has read yet, oldest first.

        Raises:
            MailboxError: It does not answer.
        """
        ...

    def settle(self, mail: ReturnedMail) -> None:
        """Mark a mail as read: it is not given again. Raises MailboxError."""
        ...

    def close(self) -> None:
        """End the connection, if there is one."""
        ...


class Mailer(Protocol):
    """Hands one message to a mail server."""

    def send(self, mail: OutgoingMail) -> None:
        """Send it.

        Raises:
            DeliveryError: Not taken; `permanent` when the server refused this mail for good (SMTP 5xx).
        """
        ...

    def close(self) -> None:
        """End the connection, if there is one."""
        ...
