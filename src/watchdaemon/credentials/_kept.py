"""Credentials from the database and from files, as one source that can be written to.

Which of two counts when both have a credential of a name: the newer. What is stored remembers which file lay there
when it was stored; a file that was put there or changed since is the newer one. So a token that was refreshed wins over
the file it once came from (whose own is spent), and a file that an operator replaces wins over what is stored.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr

from watchdaemon.credentials._keys import KeyRing
from watchdaemon.domain.credential import CredentialRecord, CredentialState
from watchdaemon.errors import ConfigError, RefusedCredentialError, StorageError
from watchdaemon.ports import Clock, CredentialRecords, CredentialSource

Fields = Mapping[str, SecretStr]


class CredentialFiles(CredentialSource, Protocol):
    """The files beside the database."""

    def holds(self, name: str) -> bool:
        """Tell whether there is a file of that name."""
        ...


class Origin(StrEnum):
    """Where a credential is read from."""

    STORED = "stored"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What may be told of a credential."""

    name: str
    origin: Origin
    state: CredentialState = CredentialState.GOOD
    changed_at: datetime | None = None
    changed_by: str = ""
    fault: str = ""  # why it cannot be read, "" when it can


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A credential as it counts now, and the record it stands on (None: there is none yet)."""

    fields: Fields = field(repr=False)
    seed: str | None  # the fingerprint of the file that lay there when it was stored, or that it is
    record: CredentialRecord | None
    origin: Origin

    @property
    def state(self) -> CredentialState:
        """A file has no past: what became of the record it replaces does not concern it."""
        return self.record.state if self.record and self.origin is Origin.STORED else CredentialState.GOOD


class KeptCredentials:
    """Implements `ports.CredentialStore`. Safe from any thread; several processes may share the database."""

    def __init__(self, records: CredentialRecords, files: CredentialFiles, *, key: str, clock: Clock) -> None:
        """Join database and files. `key` names the credential (always a file) that holds the keys."""
        self._records = records
        self._files = files
        self._keys = KeyRing(files, key)
        self._clock = clock

    def read(self, name: str) -> Fields:
        """Return a credential's fields.

        Raises:
            RefusedCredentialError: The platform refused to refresh it; a person must connect the account again.
            ConfigError: There is none of that name, or it cannot be opened.
        """
        found = self._find(name)
        if found.state is CredentialState.REFUSED:
            raise _refused(name)
        return found.fields

    def write(self, name: str, fields: Fields, *, by: str = "") -> None:
        """Keep a credential, encrypted and durable; whatever state it was in, it is good now.

        Raises:
            ConfigError: There is no key to encrypt with; says how to make one.
            StorageError: The database does not take it.
        """
        self._keys.check()
        with self._records.credential_turn(name):
            record = self._records.credential_record(name)
            self._put(name, fields, self._file_seed(name), record, by=by)

    def check_key(self) -> None:
        """Raise ConfigError when there is no key to keep anything with; says how to make one."""
        self._keys.check()

    def forget(self, name: str) -> bool:
        """Remove what is stored under that name; False when there was nothing. Files are left alone."""
        with self._records.credential_turn(name):
            return self._records.remove_credential(name)

    @contextlib.contextmanager
    def refreshing(self, name: str) -> "Iterator[KeptRefresh]":
        """Take the credential's turn; see the port.

        Raises:
            RefusedCredentialError: It was refused before.
            ConfigError: There is no such credential, or no key to keep the new one with: nothing was used up.
        """
        self._keys.check()
        with self._records.credential_turn(name):
            found = self._find(name)
            if found.state is CredentialState.REFUSED:
                raise _refused(name)
            yield KeptRefresh(self, name, found)

    def rotate(self) -> int:
        """Seal everything anew with the first key; afterwards the older keys may go. Returns how many there were."""
        names = [r.name for r in self._records.credential_records()]
        for name in names:
            with self._records.credential_turn(name):
                record = self._records.credential_record(name)
                if record is not None:  # not forgotten meanwhile
                    sealed = self._keys.seal(name, self._keys.open(name, record.sealed))
                    self._must_put(replace(record, sealed=sealed, revision=record.revision + 1))
        return len(names)

    def overview(self) -> list[Overview]:
        """Return what is stored, by name; credentials that are only files are not listed."""
        return [self._overview(record) for record in self._records.credential_records()]

    def _overview(self, record: CredentialRecord) -> Overview:
        told = Overview(
            name=record.name,
            origin=Origin.STORED,
            state=record.state,
            changed_at=record.changed_at,
            changed_by=record.changed_by,
        )
        try:
            found = self._find(record.name)
        except ConfigError as error:
            return replace(told, fault=str(error))
        return told if found.origin is Origin.STORED else Overview(name=record.name, origin=Origin.FILE)

    def _find(self, name: str) -> _Found:
        record = self._records.credential_record(name)
        if record is None:
            fields = self._files.read(name)
            return _Found(fields=fields, seed=_fingerprint(fields), record=None, origin=Origin.FILE)
        # Without its key nobody can tell whether the file is newer or its token spent: better a clear error than to
        # use up a token twice.
        facts = self._keys.open(name, record.sealed)
        seed = facts.get("seed")
        if self._files.holds(name):
            fields = self._files.read(name)
            if _fingerprint(fields) != seed:
                return _Found(fields=fields, seed=_fingerprint(fields), record=record, origin=Origin.FILE)
        stored = facts.get("fields")
        return _Found(
            fields={k: SecretStr(str(v)) for k, v in stored.items()} if isinstance(stored, dict) else {},
            seed=seed if isinstance(seed, str) else None,
            record=record,
            origin=Origin.STORED,
        )

    def _file_seed(self, name: str) -> str | None:
        return _fingerprint(self._files.read(name)) if self._files.holds(name) else None

    def _put(
        self,
        name: str,
        fields: Fields,
        seed: str | None,
        record: CredentialRecord | None,
        *,
        state: CredentialState = CredentialState.GOOD,
        by: str = "",
    ) -> CredentialRecord:
        now = self._clock()
        facts = {"fields": {k: v.get_secret_value() for k, v in fields.items()}, "seed": seed}
        new = CredentialRecord(
            name=name,
            sealed=self._keys.seal(name, facts),
            state=state,
            revision=(record.revision if record else 0) + 1,
            changed_at=now,
            changed_by=by,
            begun_at=now if state is CredentialState.REFRESHING else None,
        )
        self._must_put(new)
        return new

    def _must_put(self, record: CredentialRecord) -> None:
        if not self._records.put_credential(record):
            raise StorageError(f"could not keep credential {record.name!r}: it was changed at the same time")


class KeptRefresh:
    """Implements `ports.Refresh`; made by `KeptCredentials.refreshing`, and of use only inside its block."""

    def __init__(self, kept: KeptCredentials, name: str, found: _Found) -> None:
        self.fields = found.fields
        self.was_interrupted = found.state is CredentialState.REFRESHING
        self._kept = kept
        self._name = name
        self._seed = found.seed
        self._record = found.record

    def begin(self) -> None:
        """Write down that the old token is about to be used up. Durable when it returns."""
        self._put(self.fields, CredentialState.REFRESHING)

    def finish(self, fields: Fields) -> None:
        """Replace all fields by the new ones. Durable when it returns; only then may the new token be used."""
        self._put(fields, CredentialState.GOOD)
        self.fields = fields
        self.was_interrupted = False

    def refused(self) -> None:
        """Write down that the platform refuses the old token for good."""
        self._put(self.fields, CredentialState.REFUSED)

    def _put(self, fields: Fields, state: CredentialState) -> None:
        by = self._record.changed_by if self._record else ""
        self._record = self._kept._put(self._name, fields, self._seed, self._record, state=state, by=by)  # noqa: SLF001 - one thing in two classes


def _refused(name: str) -> RefusedCredentialError:
    return RefusedCredentialError(
        f"credential {name!r}: the platform refused to renew it; a person must connect the account again "
        "(watchdaemon auth)"
    )


def _fingerprint(fields: Fields) -> str:
    """Return what tells one file's content from another's. It is only ever kept sealed."""
    plain = json.dumps({k: v.get_secret_value() for k, v in fields.items()}, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()
