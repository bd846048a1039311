"""The keys that sign links: from a credential, or one that the store keeps; a replaced one is believed for a while."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from pydantic import SecretStr

from watchdaemon.errors import ConfigError

log = structlog.get_logger(__name__)

_STATE = "web_keys"
_SHORTEST = 32  # characters: what `openssl rand -base64 32` or `watchdaemon credentials new-key` write is longer
_PRIMARY = ("key", "token")  # a file with one bare line reads as "token"


class KeyFiles(Protocol):
    """Where a credential of that name may lie."""

    def holds(self, name: str) -> bool:
        """Tell whether there is one."""
        ...

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return its fields. Raises ConfigError."""
        ...


class KeyStore(Protocol):
    """What is needed of the store."""

    def get_state(self, name: str) -> str | None:
        """Return a fact, or None."""
        ...

    def set_state(self, name: str, value: str) -> None:
        """Keep a fact."""
        ...

    def credential_turn(self, name: str) -> AbstractContextManager[None]:
        """Wait for, and hold, the right to change what has that name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A key that the store keeps. `retired_at`: since when another one signs."""

    key: str = field(repr=False)
    retired_at: str | None = None

    def is_believed(self, now: datetime, life: timedelta) -> bool:
        return self.retired_at is None or now < datetime.fromisoformat(self.retired_at) + life


class LinkKeys:
    """Read anew each time, so that a new key counts at once in every process. Safe from any thread."""

    def __init__(
        self, store: KeyStore, files: KeyFiles, *, credential: str, is_required: bool, life: timedelta
    ) -> None:
        """Join the parts.

        Args:
            store: Keeps a key of its own when there is no credential.
            files: Where the credential lies, if there is one.
            credential: Its name. A file with one line is the key; of a table, ``key`` signs and every other field is
                an older key, believed for as long as it stands there.
            is_required: Whether a missing credential is a fault.
            life: So long a link is good, and a replaced key of the store believed.
        """
        self._store = store
        self._files = files
        self._credential = credential
        self._is_required = is_required
        self._life = life
        self._last_given: list[bytes] = []

    @property
    def is_from_credential(self) -> bool:
        """Whether the operator's own key signs, not the store's."""
        return self._is_required or self._files.holds(self._credential)

    def check(self) -> None:
        """Read the credential, if there is one. Raises ConfigError when it is no key."""
        self._last_given = self._given()

    def signing(self, now: datetime) -> bytes:
        """Return the key that signs; the first time without a credential, makes it.

        Raises:
            ConfigError: The credential cannot be read or is too short to be a key.
            StorageError: The database does not answer.
        """
        try:
            self._last_given = self._given()
        except ConfigError as error:
            if not self._last_given:
                raise
            # It was good when the program began. That it is broken now keeps no mail from being written.
            log.error("web_key_unreadable", detail=str(error), used="the key as it was")
        given = self._last_given
        kept = self._kept()
        if given:
            if any(k.retired_at is None for k in kept):
                self._change(now, fresh=False)
            return given[0]
        if not kept or kept[0].retired_at is not None:
            kept = self._change(now, fresh=True, only_if_none=True)
        return _digested(kept[0].key)

    def accepted(self, now: datetime) -> list[bytes]:
        """Return every key that is believed, the signing one first. Changes nothing. Raises as `signing` does."""
        kept = [_digested(k.key) for k in self._kept() if k.is_believed(now, self._life)]
        return [*self._given(), *kept]

    def renew(self, now: datetime) -> None:
        """Make a fresh key in the store.

        Raises:
            ConfigError: A credential holds the key; says how to replace that one.
        """
        if self.is_from_credential:
            raise ConfigError(
                f"the key is the credential {self._credential!r}: put a new one there as `key`, and the old one beside "
                "it as `old` until its links have expired"
            )
        self._change(now, fresh=True)

    def _given(self) -> list[bytes]:
        if not self.is_from_credential:
            return []
        fields = self._files.read(self._credential)
        primary = next((name for name in _PRIMARY if name in fields), None)
        if primary is None:
            raise ConfigError(f"credential {self._credential!r} has no field named key")
        texts = [fields[primary], *(value for name, value in fields.items() if name != primary)]
        if any(len(text.get_secret_value()) < _SHORTEST for text in texts):
            raise ConfigError(
                f"credential {self._credential!r} is too short for a key: {_SHORTEST} characters at least; "
                "`watchdaemon credentials new-key` makes one"
            )
        return [_digested(text.get_secret_value()) for text in texts]

    def _kept(self) -> list[_Kept]:
        stored = self._store.get_state(_STATE)
        return [_Kept(**row) for row in json.loads(stored)] if stored else []

    def _change(self, now: datetime, *, fresh: bool, only_if_none: bool = False) -> list[_Kept]:
        with self._store.credential_turn(_STATE):
            kept = self._kept()
            if only_if_none and kept and kept[0].retired_at is None:
                return kept  # another process was faster
            kept = [k if k.retired_at else replace(k, retired_at=now.isoformat()) for k in kept]
            kept = [k for k in kept if k.is_believed(now, self._life)]
            if fresh:
                kept.insert(0, _Kept(key=secrets.token_urlsafe(32)))
            self._store.set_state(_STATE, json.dumps([asdict(k) for k in kept]))
            return kept


def _digested(text: str) -> bytes:
    """Return a key of one length, whatever it was written as."""
    return hashlib.sha256(b"watchdaemon web key\0" + text.strip().encode()).digest()
