"""Threads' long-lived token: sixty days, renewed by itself while it is good.

``GET /refresh_access_token?grant_type=th_refresh_token`` gives sixty days more to a token that is at least 24 hours old
and has not ended (Threads API, "Long-lived access tokens", read 2026-11). An ended one cannot be renewed: a person must
connect the profile again. A renewal that fails costs nothing, since the token stays good until its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr

from watchdaemon.errors import AdapterError, ConfigError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import Clock, CredentialSource, CredentialStore
from watchdaemon_adapters._oauth import Exchange
from watchdaemon_adapters.threads.client import PLATFORM
from watchdaemon_adapters.threads.settings import ThreadsSettings

Fields = Mapping[str, SecretStr]

EXPIRES_AT: Final = "token_expires_at"
"""Beside `token`: when it ends, ISO."""

RENEWED_AT: Final = "token_renewed_at"
"""Beside `token`: when it was made or last renewed, ISO."""

YOUNGEST: Final = timedelta(hours=24)
"""A younger token is not renewed by Threads."""

AHEAD: Final = timedelta(days=30)
"""A token is renewed from so long before its end: thirty daily tries before it ends, and no needless ones."""

_LONGEST_SECONDS: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What is known of a token's life; None is not known."""

    made_at: datetime | None
    ends_at: datetime | None

    def is_due(self, now: datetime) -> bool:
        """Tell whether the token should be renewed at `now` (aware UTC). One whose end nobody knows, once a month."""
        if self.made_at is not None and now < self.made_at + YOUNGEST:
            return False
        if self.ends_at is not None:
            return self.ends_at - AHEAD <= now < self.ends_at
        return self.made_at is None or self.made_at + AHEAD <= now


def life_of(fields: Fields) -> Life:
    """Return what was written down beside the token."""
    return Life(made_at=_moment(fields.get(RENEWED_AT)), ends_at=_moment(fields.get(EXPIRES_AT)))


def fields_of(exchange: Exchange, answer: Mapping[str, object], now: datetime) -> dict[str, SecretStr]:
    """Return what is kept of an answer that gives a token. Raises RetriableError when it gives none."""
    seconds = answer.get("expires_in")
    found = {"token": exchange.text(answer, "access_token"), RENEWED_AT: SecretStr(now.isoformat())}
    # Another token's end must not stay beside this one: without a length its end is not known.
    is_length = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < _LONGEST_SECONDS
    end = (now + timedelta(seconds=seconds)).isoformat() if is_length and isinstance(seconds, int) else ""
    return {**found, EXPIRES_AT: SecretStr(end)}


class TokenKeeper:
    """Renews the tokens of Threads profiles. Thread-safe; one renewal of a credential at a time, over all processes."""

    def __init__(self, road: Road, settings: ThreadsSettings, credentials: CredentialSource, clock: Clock) -> None:
        self._road = road
        self._settings = settings
        self._credentials = credentials
        self._clock = clock

    def renewed(self, name: str, *, account: str, life: Life) -> Fields | None:
        """Renew the token of the credential when that is due, and return the new fields, durable; else None.

        Args:
            name: The credential's name.
            account: The account's key, for errors.
            life: What the platform says of the token; what is written down completes it.

        Raises:
            AdapterError: It is due and was not renewed; the old token is as good as it was.
            StorageError: The database does not answer.
        """
        store = self._credentials
        if not isinstance(store, CredentialStore) or not life.is_due(self._clock()):
            return None
        try:
            with store.refreshing(name) as refresh:
                written = life_of(refresh.fields)
                if not Life(made_at=written.made_at or life.made_at, ends_at=life.ends_at).is_due(self._clock()):
                    return refresh.fields  # somebody else was quicker: the platform spoke of the token before
                refresh.begin()
                try:
                    new = {**refresh.fields, **self._exchange(refresh.fields, account)}
                except AdapterError:
                    refresh.finish(refresh.fields)  # nothing was used up: the token counts as before
                    raise
                refresh.finish(new)
                return new
        except ConfigError as error:
            raise AdapterError(str(error), platform=PLATFORM, account=account, reason=Reason.NO_CREDENTIAL) from None

    def _exchange(self, fields: Fields, account: str) -> Fields:
        exchange = Exchange(self._road, platform=PLATFORM, account=account, timeout=self._settings.timeout_seconds)
        token = fields.get("token")
        if token is None:
            raise RetriableError("no token", platform=PLATFORM, account=account, reason=Reason.NO_CREDENTIAL)
        grant = {"grant_type": "th_refresh_token", "access_token": token.get_secret_value()}
        url = f"{self._settings.base_url.rstrip('/')}/refresh_access_token"
        return fields_of(exchange, exchange.get(url, grant), self._clock())


def _moment(value: SecretStr | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value.get_secret_value().strip()) if value is not None else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
