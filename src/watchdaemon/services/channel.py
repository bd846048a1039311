"""The second channel: a short text to those who want one, by apprise. Mail stays the record, and never waits for it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from pydantic import SecretStr

from watchdaemon.domain.alert import AlertNotice
from watchdaemon.errors import WatchdaemonError
from watchdaemon.services._trace import where

log = structlog.get_logger(__name__)

TEXTS: Final = {
    "sv": ("Bevakningen", "Nytt larm: {opened}. Påminnelser: {reminded}. Över: {closed}. Läs mejlet."),
    "en": ("The watching", "New alerts: {opened}. Reminders: {reminded}. Over: {closed}. Read the mail."),
}
"""Title and text. Numbers alone: what goes over other people's servers names nobody and quotes nothing."""

Send = Callable[[str, str, str], bool]


class Channel:
    """Announces notices to those of their readers who have a channel, beside the caller's thread.

    A channel that fails, hangs or is not installed is logged, and costs nothing else.
    """

    def __init__(
        self,
        people: Mapping[str, str],
        address: Callable[[str], SecretStr],
        *,
        send: Send | None = None,
    ) -> None:
        """Make the channel.

        Args:
            people: By person's key the name of the credential that holds the person's apprise URL.
            address: Reads such a credential; raises WatchdaemonError.
            send: Sends (address, title, text) and tells whether it was taken; None: apprise's.
        """
        self._people = people
        self._address = address
        self._send = send or send_by_apprise
        self._threads: list[threading.Thread] = []

    def announce(self, notices: Sequence[AlertNotice]) -> None:
        """Tell the persons who have a channel; never raises, and does not wait."""
        chosen = [n for n in notices if n.recipient.key in self._people]
        self._threads = [t for t in self._threads if t.is_alive()]
        if not chosen:
            return
        # A thread of its own: a gateway that does not answer must not hold the pass, nor the process at its end.
        thread = threading.Thread(target=self._announce, args=(chosen,), name="channel", daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self, seconds: float) -> None:
        """Wait so long for what is on its way, at the end of the process."""
        for thread in self._threads:
            thread.join(seconds)

    def _announce(self, notices: Sequence[AlertNotice]) -> None:
        for notice in notices:
            person = notice.recipient.key
            title, text = short_text(notice)
            try:
                address = self._address(self._people[person]).get_secret_value()
                is_taken = self._send(address, title, text)
            except WatchdaemonError as error:
                log.warning("channel_failed", person=person, why=str(error))
            except Exception as error:  # noqa: BLE001 - a plug-in may raise anything, and say the address
                log.warning("channel_failed", person=person, why=where(error))
            else:
                log.info("channel_told" if is_taken else "channel_failed", person=person)


def short_text(notice: AlertNotice) -> tuple[str, str]:
    """Return title and text in the person's language: how many alerts there are, and nothing of what they say."""
    title, text = TEXTS.get(notice.recipient.language, TEXTS["en"])
    numbers = {"opened": len(notice.opened), "reminded": len(notice.reminded), "closed": len(notice.closed)}
    return title, text.format(**numbers)


def send_by_apprise(address: str, title: str, text: str) -> bool:
    """Send by apprise. Raises ConfigError's kin when it is not installed."""
    try:
        import apprise  # heavy, and an extra: `watchdaemon[channels]`
    except ImportError as error:
        raise WatchdaemonError("apprise is not installed: pip install 'watchdaemon[channels]'") from error
    sender = apprise.Apprise()
    if not sender.add(address):
        raise WatchdaemonError("the credential holds no address that apprise knows")
    return bool(sender.notify(title=title, body=text))
