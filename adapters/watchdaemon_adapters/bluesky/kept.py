"""Sessions that outlive the process: kept encrypted beside the credential they were made from.

Only to spare new sessions (300 a day and account): one that is lost is made anew from the app password, and a refresh
token whose answer was lost is good for two hours more, so that no crash costs anything here.
"""

from datetime import datetime

from pydantic import SecretStr

from watchdaemon.errors import ConfigError, StorageError
from watchdaemon.ports import CredentialSource, CredentialStore
from watchdaemon_adapters.bluesky.sessions import MemorySessions, Session, SessionStore

_SUFFIX = ".session"


def sessions_in(source: CredentialSource) -> SessionStore:
    """Return where sessions are kept: with the credentials, where those can be written to; else in memory."""
    return KeptSessions(source) if isinstance(source, CredentialStore) else MemorySessions()


class KeptSessions:
    """Implements `SessionStore` over a `CredentialStore`; its caller holds a lock for each name."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._memory = MemorySessions()

    def load(self, name: str) -> Session | None:
        """Return the session made from the credential of that name, or None."""
        known = self._memory.load(name)
        if known is not None:
            return known
        try:
            fields = {k: v.get_secret_value() for k, v in self._store.read(name + _SUFFIX).items()}
            return _session(fields)
        except (ConfigError, StorageError, KeyError, ValueError):  # none yet, no key, not ours: the password makes one
            return None

    def save(self, name: str, session: Session) -> None:
        """Keep it instead of the one before, or, where that cannot be, for as long as the process lives."""
        self._memory.save(name, session)
        try:
            self._store.write(name + _SUFFIX, _fields(session))
        except (ConfigError, StorageError):  # no key, or the database is away: the session itself is good
            return


def _fields(session: Session) -> dict[str, SecretStr]:
    return {
        "access": session.access,
        "refresh": session.refresh,
        "origin": session.origin,
        "did": SecretStr(session.did),
        "handle": SecretStr(session.handle or ""),
        "made_at": SecretStr(session.made_at.isoformat()),
        "expires_at": SecretStr(session.expires_at.isoformat()),
        "scope": SecretStr(session.scope),
        "status": SecretStr(session.status),
    }


def _session(fields: dict[str, str]) -> Session:
    return Session(
        access=SecretStr(fields["access"]),
        refresh=SecretStr(fields["refresh"]),
        origin=SecretStr(fields["origin"]),
        did=fields["did"],
        handle=fields["handle"] or None,
        made_at=datetime.fromisoformat(fields["made_at"]),
        expires_at=datetime.fromisoformat(fields["expires_at"]),
        scope=fields["scope"],
        status=fields["status"],
    )
