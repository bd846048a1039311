"""Sessions: made once from the app password, then renewed by their rotating refresh token for as long as it lives.

Bluesky allows an account 300 new sessions a day, and any number of renewals. A refresh token that was used gives the
same pair again for two hours (measured on a real PDS, 2026-11), so that an answer lost on its way costs nothing.
"""

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
from pydantic import SecretStr

from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon.ports import Clock
from watchdaemon_adapters.bluesky.mapping import DID, handle_in
from watchdaemon_adapters.bluesky.problems import PLATFORM, NotThereError, error_from, error_name

CREATE = "com.atproto.server.createSession"
REFRESH = "com.atproto.server.refreshSession"

# renewed this long before its end, so that it does not run out in the middle of a fetch
MARGIN = timedelta(minutes=10)

# an access token lives two hours; one that does not say when it ends is taken to live that long
USUAL_LIFE = timedelta(hours=2)

_ENDED = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a credential holds."""

    identifier: str  # a DID, a handle or a mail address
    password: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Both tokens, and whose they are."""

    access: SecretStr
    refresh: SecretStr
    did: str
    handle: str | None
    made_at: datetime
    expires_at: datetime  # the access token's end
    scope: str = ""  # what kind of password it was made from
    status: str = ""  # why the account is not active; "" when it is
    origin: SecretStr  # the password it came from: a new one in the file makes this session void


class SessionStore(Protocol):
    """Where sessions are kept between calls. `save` is called before a new session is used for the first time."""

    def load(self, name: str) -> Session | None:
        """Return the session made from the credential of that name, or None."""
        ...

    def save(self, name: str, session: Session) -> None:
        """Keep it instead of the one before."""
        ...


class MemorySessions:
    """Keeps sessions for as long as the process lives. Its caller holds a lock for each name."""

    def __init__(self) -> None:
        self._kept: dict[str, Session] = {}

    def load(self, name: str) -> Session | None:
        """Return the session made from the credential of that name, or None."""
        return self._kept.get(name)

    def save(self, name: str, session: Session) -> None:
        """Keep it instead of the one before."""
        self._kept[name] = session


Post = Callable[[str, Mapping[str, str] | None, SecretStr | None], httpx.Response]
"""Sends a procedure: its name, its JSON body, its token."""


class SessionKeeper:
    """Gives sessions by credential name. Thread-safe; two threads never renew the same one at the same time."""

    def __init__(self, clock: Clock, sessions: SessionStore | None = None) -> None:
        self._clock = clock
        self._sessions = sessions if sessions is not None else MemorySessions()
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def session(
        self, name: str, credential: Credential, post: Post, *, account: str, instead_of: SecretStr | None = None
    ) -> Session:
        """Return a session that should be good.

        Args:
            name: The credential's name.
            credential: What it holds.
            post: Sends a procedure.
            account: The account's key, for errors.
            instead_of: An access token that was just refused: a kept session with it is renewed.

        Raises:
            AccountError: Bluesky does not take the password: the account must be connected again.
            RetriableError: Bluesky did not answer, or allows no more sessions for now.
        """
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            kept = self._sessions.load(name)
            if kept is None or kept.origin != credential.password:
                kept = self._keep(name, self._create(credential, post, account))
            elif kept.access == instead_of or self._is_due(kept):
                kept = self._keep(name, self._renew(kept, credential, post, account))
            return kept

    def _keep(self, name: str, session: Session) -> Session:
        self._sessions.save(name, session)
        return session

    def _is_due(self, session: Session) -> bool:
        now = self._clock()
        # one that was just made is not renewed, whatever its end: a wrong clock would renew it for every call
        return session.expires_at <= now + MARGIN and not timedelta(0) <= now - session.made_at < MARGIN

    def _create(self, credential: Credential, post: Post, account: str) -> Session:
        body = {"identifier": credential.identifier, "password": credential.password.get_secret_value()}
        answer = post(CREATE, body, None)
        return self._read(answer, credential.password, call=CREATE, account=account)

    def _renew(self, kept: Session, credential: Credential, post: Post, account: str) -> Session:
        answer = post(REFRESH, None, kept.refresh)
        if answer.status_code in (400, 401) and error_name(_json(answer)) in _ENDED:
            return self._create(credential, post, account)
        renewed = self._read(answer, credential.password, call=REFRESH, account=account)
        return renewed if renewed.handle else replace(renewed, handle=kept.handle)

    def _read(self, answer: httpx.Response, password: SecretStr, *, call: str, account: str) -> Session:
        now, body = self._clock(), _json(answer)
        error = error_from(answer.status_code, answer.headers, body, account=account, call=call, now=now)
        if error is not None:
            raise _as_account_error(error, account)
        fields = body if isinstance(body, dict) else {}
        access, refresh, did = (fields.get(name) for name in ("accessJwt", "refreshJwt", "did"))
        if not (_is_token(access) and _is_token(refresh) and isinstance(did, str) and DID.fullmatch(did)):
            message = "Bluesky gave no session"
            raise RetriableError(message, platform=PLATFORM, reason=Reason.MALFORMED, account=account)
        claims = _claims(str(access))
        status = fields.get("status")
        return Session(
            access=SecretStr(str(access)),
            refresh=SecretStr(str(refresh)),
            did=did,
            handle=handle_in(fields),
            made_at=now,
            expires_at=_expiry(claims, now),
            scope=claims.get("scope", "") if isinstance(claims.get("scope"), str) else "",  # type: ignore[arg-type]
            status="" if fields.get("active") is not False else status if isinstance(status, str) else "inactive",
            origin=password,
        )


def read_credential(fields: Mapping[str, SecretStr], *, native_id: str, account: str) -> Credential:
    """Sort a credential's fields: ``password`` (or a bare line) and, where it is not the register's id, ``identifier``.

    Raises:
        AccountError: It holds no password.
    """
    password = next((fields[name] for name in ("password", "app_password", "token") if name in fields), None)
    if password is None:
        message = "the credential lacks password"
        raise AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account)
    identifier = next(
        (fields[name].get_secret_value() for name in ("identifier", "handle") if name in fields), native_id
    )
    return Credential(identifier=identifier.removeprefix("@"), password=password)


def _as_account_error(error: AdapterError, account: str) -> AdapterError:
    """A session that is refused in whatever words is the account's trouble, not a missing post."""
    if isinstance(error, NotThereError):
        return AccountError(str(error), platform=PLATFORM, reason=Reason.GONE, account=account)
    return error


def _is_token(value: object) -> bool:
    # what a header can hold; anything else would break the request, not the session
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable() and " " not in value


def _claims(token: str) -> dict[str, object]:
    """Return what a JWT says of itself. It is not proven: only used for when to renew, and to name its kind."""
    parts = token.split(".")
    try:
        body = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _expiry(claims: Mapping[str, object], now: datetime) -> datetime:
    seconds = claims.get("exp")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 10**11:
        return datetime.fromtimestamp(seconds, UTC)
    return now + USUAL_LIFE


def _json(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None
